# What a Kubernetes API server would say about manifests, and what tests want to know of them.
import pathlib
import subprocess

import tools

tools.validators()
import kubernetes_validate  # noqa: E402 (installed by the line above)
import yaml  # noqa: E402
from cloudcoil.models.prometheus_operator import v1 as operator  # noqa: E402

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CHART = REPOSITORY / "deploy/helm/docksweep"
OVERLAYS = REPOSITORY / "deploy/kubernetes/overlays"
OLDEST, NEWEST = "1.25", "1.37"  # of Kubernetes: Chart.yaml's kubeVersion, and the newest schemas there are


class invalid(Exception):
    """A manifest that Kubernetes would refuse; the message says which and why."""


def helm_template(*arguments, major=3):
    """→ (exit status, manifests as text, errors)"""
    done = subprocess.run(
        [tools.helm(major), "template", "docksweep", CHART, "--namespace", "docksweep", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def rendered(*arguments, major=3):
    """The chart's objects for these values. → [object]"""
    status, text, err = helm_template(*arguments, major=major)
    if status != 0:
        raise invalid(err)
    return objects(text)


def built(folder):
    """The objects of a kustomization. → [object]"""
    done = subprocess.run([tools.kubectl(), "kustomize", folder], capture_output=True, text=True, timeout=60)
    if done.returncode != 0 or done.stderr:  # a warning is a deprecated field
        raise invalid(f"{folder}: {done.stderr}")
    return objects(done.stdout)


def objects(text):
    return [one for one in yaml.safe_load_all(text) if one]


def check(found):
    """Each object against the schemas of its kind, unknown fields included, in the oldest and the newest Kubernetes."""
    names = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in found]
    for name in set(names):
        if names.count(name) > 1:
            raise invalid(f"{name} is there {names.count(name)} times")
    for one in found:
        if one["apiVersion"] == "monitoring.coreos.com/v1":
            _check_operator(one)
            continue
        for version in (OLDEST, NEWEST):
            try:
                kubernetes_validate.validate(one, version, strict=True)
            except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
                raise invalid(
                    f"{one['kind']} {one['metadata']['name']}, Kubernetes {version}: {error.message}"
                ) from error


def _check_operator(one):
    name = f"{one['kind']} {one['metadata']['name']}"
    try:
        read = getattr(operator, one["kind"]).model_validate(one)
    except ValueError as error:
        raise invalid(f"{name}: {error}") from error
    unknown = list(_lost(one, read.model_dump(mode="json", by_alias=True, exclude_unset=True), ""))
    if unknown:  # the models ignore what they do not know; prometheus-operator's schema refuses it
        raise invalid(f"{name}: unknown: {', '.join(unknown)}")


def _lost(given, kept, path):
    """The paths of what is in the one and not in the other."""
    if isinstance(given, dict):
        for key, value in given.items():
            if not isinstance(kept, dict) or key not in kept:
                yield f"{path}.{key}"
            else:
                yield from _lost(value, kept[key], f"{path}.{key}")
    elif isinstance(given, list):
        for number, value in enumerate(given):
            yield from _lost(value, kept[number], f"{path}[{number}]")


def of_kind(found, kind):
    return [one for one in found if one["kind"] == kind]


def one_of(found, kind, name=None):
    """The only one of its kind (of this name)."""
    fitting = [one for one in of_kind(found, kind) if name in (None, one["metadata"]["name"])]
    if len(fitting) != 1:
        raise invalid(f"{len(fitting)} objects of kind {kind} {name or ''}, not one")
    return fitting[0]


def pod_spec(found, name=None):
    return one_of(found, "DaemonSet", name)["spec"]["template"]["spec"]


def container(found, name=None):
    (only,) = pod_spec(found, name)["containers"]
    return only


def environment(found, name=None):
    """The plain variables of the container. → {name: value}"""
    return {one["name"]: one["value"] for one in container(found, name)["env"] if "value" in one}
