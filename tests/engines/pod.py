# A DaemonSet's pod as `docker run` would start it: what the kubelet makes of its spec, as flags.
import base64
import os
import pathlib

import manifests

POD_FIELDS = {"spec.nodeName": "node-1", "status.hostIP": "192.0.2.1"}
# What says nothing about what the container may do: where and when it runs, and whom the kubelet asks how it is.
OF_THE_KUBELET = {
    "serviceAccountName",
    "automountServiceAccountToken",
    "enableServiceLinks",
    "priorityClassName",
    "terminationGracePeriodSeconds",
    "tolerations",
    "nodeSelector",
    "affinity",
    "name",
    "imagePullPolicy",
    "imagePullSecrets",
    "livenessProbe",
    "readinessProbe",
    "ports",
}


class not_translated(Exception):
    """The spec has something that this does not know: a test that left it out would prove less than it says."""


def prepare(spec, found, folder):
    """Makes what the kubelet makes before the start. → {volume: path on the node}"""
    return {volume["name"]: _prepare(dict(volume), spec, found, folder) for volume in spec["volumes"]}


def _prepare(volume, spec, found, folder):
    name = volume.pop("name")
    ((kind, source),) = volume.items()
    if kind == "hostPath":
        path, kind = pathlib.Path(source["path"]), source["type"]
        if kind == "DirectoryOrCreate":
            path.mkdir(mode=0o755, parents=True, exist_ok=True)
        elif kind != "Directory" or not path.is_dir():
            raise not_translated(f"{name}: {source}: no such directory")
        return str(path)
    place = pathlib.Path(folder) / f"volume-{name}"
    place.mkdir(exist_ok=True)
    if kind == "configMap":
        data = manifests.one_of(found, "ConfigMap", source["name"])["data"]
        _write(place, {key: text.encode() for key, text in data.items()}, 0o644)
    elif kind == "secret":
        secret = manifests.one_of(found, "Secret", source["secretName"])
        data = {key: text.encode() for key, text in secret.get("stringData", {}).items()}
        data |= {key: base64.b64decode(text) for key, text in secret.get("data", {}).items()}
        _write(place, data, source["defaultMode"], spec["securityContext"].get("fsGroup"))
    else:
        raise not_translated(f"{name}: {kind}")
    return str(place)


def _write(place, data, mode, group=None):
    """As the kubelet does it: files are root's; with fsGroup they belong to that group, which may read them."""
    for name, content in data.items():
        path = place / name
        path.write_bytes(content)
        if group is not None:
            os.chown(path, 0, group)
            path.chmod(mode | 0o040)
        else:
            path.chmod(mode)


def flags(spec, paths, without=()):
    """The flags of `docker run`, and after them the image and its arguments. `without`: volumes to leave out."""
    spec = dict(spec)
    (one,) = spec.pop("containers")
    one = dict(one)
    spec.pop("volumes")
    words = [
        *_of_the_pod(dict(spec.pop("securityContext"))),
        *_of_the_container(dict(one.pop("securityContext"))),
        *(f"--env={name}={value}" for name, value in map(_variable, one.pop("env"))),
        *_mounts(one.pop("volumeMounts"), paths, without),
        *_limits(one.pop("resources")["limits"]),
    ]
    image, arguments = one.pop("image"), one.pop("args")
    if unknown := (set(spec) | set(one)) - OF_THE_KUBELET:
        raise not_translated(f"of the pod or its container: {', '.join(sorted(unknown))}")
    return [*words, image, *arguments]


def _of_the_pod(security):
    user, group = security.pop("runAsUser"), security.pop("runAsGroup")
    if security.pop("runAsNonRoot", False) and user == 0:
        raise not_translated("runAsNonRoot and user 0: the kubelet would refuse it")
    groups = [*security.pop("supplementalGroups", []), *filter(None, [security.pop("fsGroup", None)])]
    if security.pop("seccompProfile") != {"type": "RuntimeDefault"} or security:  # which is docker's default
        raise not_translated(f"securityContext of the pod: {security}")
    return [f"--user={user}:{group}", *(f"--group-add={each}" for each in groups)]


def _of_the_container(security):
    words = [f"--cap-drop={name}" for name in security["capabilities"].pop("drop")]
    if security.pop("capabilities") or security.pop("privileged"):
        raise not_translated("capabilities or privileged")
    if security.pop("readOnlyRootFilesystem"):
        words.append("--read-only")
    if not security.pop("allowPrivilegeEscalation"):
        words.append("--security-opt=no-new-privileges")
    if security:
        raise not_translated(f"securityContext: {security}")
    return words


def _variable(one):
    return one["name"], one["value"] if "value" in one else POD_FIELDS[one["valueFrom"]["fieldRef"]["fieldPath"]]


def _mounts(mounts, paths, without):
    for mount in mounts:
        if mount["name"] in without:
            continue
        options = ["ro" if mount.get("readOnly") else "rw"]
        if "mountPropagation" in mount:
            options.append({"HostToContainer": "rslave"}[mount["mountPropagation"]])
        yield f"--volume={paths[mount['name']]}:{mount['mountPath']}:{','.join(options)}"


def _limits(limits):
    """A kubelet gives no swap beside the limit of memory."""
    memory = f"{limits['memory'].removesuffix('Mi')}m"
    return [f"--memory={memory}", f"--memory-swap={memory}", f"--cpus={int(limits['cpu'].removesuffix('m')) / 1000}"]
