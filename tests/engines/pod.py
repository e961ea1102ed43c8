# A DaemonSet's pod as `docker run` would start it: what the kubelet makes of its spec, as flags.
import pathlib

POD_FIELDS = {"spec.nodeName": "node-1", "status.hostIP": "192.0.2.1"}


class not_translated(Exception):
    """The spec has something that this does not know: a test that left it out would prove less than it says."""


def prepare(spec, found, folder):
    """Makes what the kubelet makes before the start. → {volume: path on the node}"""
    paths = {}
    for volume in spec["volumes"]:
        if "hostPath" in volume:
            path, kind = volume["hostPath"]["path"], volume["hostPath"]["type"]
            if kind == "DirectoryOrCreate":
                pathlib.Path(path).mkdir(mode=0o755, parents=True, exist_ok=True)
            elif kind != "Directory" or not pathlib.Path(path).is_dir():
                raise not_translated(f"{volume}: no such directory")
        elif "configMap" in volume:
            path = f"{folder}/configmap"
            pathlib.Path(path).mkdir(exist_ok=True)
            (data,) = [
                one["data"]
                for one in found
                if one["kind"] == "ConfigMap" and one["metadata"]["name"] == volume["configMap"]["name"]
            ]
            for name, text in data.items():
                (pathlib.Path(path) / name).write_text(text)
        else:
            raise not_translated(str(volume))
        paths[volume["name"]] = path
    return paths


def flags(spec, paths, without=()):
    """The flags of `docker run`, and after them the image and its arguments. `without`: volumes to leave out."""
    (one,) = spec["containers"]
    pod, security = dict(spec["securityContext"]), dict(one["securityContext"])
    words = [f"--user={pod.pop('runAsUser')}:{pod.pop('runAsGroup')}", "--network=host"]
    if pod.pop("seccompProfile") != {"type": "RuntimeDefault"} or pod:  # which is docker's default
        raise not_translated(f"securityContext of the pod: {pod}")
    words += [f"--cap-drop={name}" for name in security["capabilities"].pop("drop")]
    if security.pop("capabilities") or security.pop("privileged"):
        raise not_translated("capabilities or privileged")
    if security.pop("readOnlyRootFilesystem"):
        words.append("--read-only")
    if not security.pop("allowPrivilegeEscalation"):
        words.append("--security-opt=no-new-privileges")
    if security:
        raise not_translated(f"securityContext: {security}")
    for variable in one["env"]:
        value = variable["value"] if "value" in variable else POD_FIELDS[variable["valueFrom"]["fieldRef"]["fieldPath"]]
        words.append(f"--env={variable['name']}={value}")
    for mount in one["volumeMounts"]:
        if mount["name"] in without:
            continue
        options = ["ro" if mount.get("readOnly") else "rw"]
        if "mountPropagation" in mount:
            options.append({"HostToContainer": "rslave"}[mount["mountPropagation"]])
        words.append(f"--volume={paths[mount['name']]}:{mount['mountPath']}:{','.join(options)}")
    limits = one["resources"]["limits"]
    words += [
        f"--memory={limits['memory'].removesuffix('Mi')}m",
        f"--cpus={int(limits['cpu'].removesuffix('m')) / 1000}",
    ]
    return [*words, one["image"], *one["args"]]
