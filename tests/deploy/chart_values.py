# Where each value of the chart goes: {path of the value: (what is set there, the kind of object, the path of what it
# becomes, and what that is where it is another thing)}.
# A value that is a table of Kubernetes' own, such as a probe, stands for all that is in it.
TEMPLATE = "spec.template.spec"
ONLY = f"{TEMPLATE}.containers.0"
LABELS, NOTES = {"example.com/sentinel": "there"}, {"example.com/note": "there"}
MANIFEST = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sentinel"}, "data": {"a": "b"}}
RELABELING = [{"sourceLabels": ["__address__"], "targetLabel": "sentinel"}]
VALUES = {
    "image.registry": ("r.example.com:5000", "DaemonSet", f"{ONLY}.image", "r.example.com:5000/docksweep:0.1.0"),
    "image.repository": ("infra/sentinel", "DaemonSet", f"{ONLY}.image", "infra/sentinel:0.1.0"),
    "image.tag": ("7.7.7", "DaemonSet", f"{ONLY}.image", "docksweep:7.7.7"),
    "image.digest": ("sha256:" + "a" * 64, "DaemonSet", f"{ONLY}.image", "docksweep@sha256:" + "a" * 64),
    "image.pullPolicy": ("Never", "DaemonSet", f"{ONLY}.imagePullPolicy"),
    "imagePullSecrets": ([{"name": "sentinel"}], "DaemonSet", f"{TEMPLATE}.imagePullSecrets"),
    "nameOverride": ("sentinel", "DaemonSet", "metadata.name", "docksweep-sentinel"),
    "fullnameOverride": ("sentinel", "DaemonSet", "metadata.name"),
    "namespaceOverride": ("sentinel", "DaemonSet", "metadata.namespace"),
    "commonLabels": (LABELS, "DaemonSet", "metadata.labels"),
    "revisionHistoryLimit": (3, "DaemonSet", "spec.revisionHistoryLimit"),
    "mode": ("enforce", "DaemonSet", f"{ONLY}.env[DOCKSWEEP_MODE].value"),
    "engine.socketPath": ("/run/s/e.sock", "DaemonSet", f"{TEMPLATE}.volumes[engine].hostPath.path", "/run/s"),
    "engine.dataRoot": ("/data/e", "DaemonSet", f"{ONLY}.volumeMounts[data-root].mountPath"),
    "engine.containerdRoot": ("/data/c", "DaemonSet", f"{ONLY}.volumeMounts[containerd-root].mountPath"),
    "engine.groupId": (997, "DaemonSet", f"{TEMPLATE}.securityContext.supplementalGroups", [997]),
    "statePath": ("/data/state", "DaemonSet", f"{TEMPLATE}.volumes[state].hostPath.path"),
    "config": ('mode = "observe"\n', "ConfigMap", "data.docksweep.toml"),
    "existingConfigMap": ("sentinel", "DaemonSet", f"{TEMPLATE}.volumes[config].configMap.name"),
    "secret": ({"token": "t0ken"}, "Secret", "stringData"),
    "existingSecret": ("sentinel", "DaemonSet", f"{TEMPLATE}.volumes[secret].secret.secretName"),
    "service.enabled": (False, "Service", None),
    "service.port": (8080, "Service", "spec.ports.0.port"),
    "service.annotations": (NOTES, "Service", "metadata.annotations"),
    "service.labels": (LABELS, "Service", "metadata.labels"),
    "prometheusRule.enabled": (True, "PrometheusRule", "metadata.name", "docksweep"),
    "prometheusRule.additionalLabels": (LABELS, "PrometheusRule", "metadata.labels"),
    "prometheusRule.disabledAlerts": (["DocksweepDown"], "PrometheusRule", "spec.groups.1.rules.0.alert",
                                      "DocksweepEngineUnreachable"),
    "dashboards.enabled": (True, "ConfigMap/docksweep-node", "metadata.name", "docksweep-node"),
    "dashboards.label": ("sentinel", "ConfigMap/docksweep-node", "metadata.labels", {"sentinel": "1"}),
    "dashboards.labelValue": ("sentinel", "ConfigMap/docksweep-node", "metadata.labels.grafana_dashboard"),
    "dashboards.annotations": (NOTES, "ConfigMap/docksweep-node", "metadata.annotations"),
    "dashboards.namespace": ("sentinel", "ConfigMap/docksweep-node", "metadata.namespace"),
    "networkPolicy.enabled": (True, "NetworkPolicy", "spec.ingress",
                              [{"ports": [{"port": "metrics", "protocol": "TCP"}]}]),
    "serviceAccount.create": (False, "ServiceAccount", None),
    "serviceAccount.name": ("sentinel", "DaemonSet", f"{TEMPLATE}.serviceAccountName"),
    "serviceAccount.annotations": (NOTES, "ServiceAccount", "metadata.annotations"),
    "securityContext": ({"fsGroup": 77}, "DaemonSet", f"{TEMPLATE}.securityContext"),
    "containerSecurityContext": ({"seLinuxOptions": {"type": "spc_t"}}, "DaemonSet", f"{ONLY}.securityContext"),
    "livenessProbe": ({"periodSeconds": 77}, "DaemonSet", f"{ONLY}.livenessProbe"),
    "readinessProbe": ({"periodSeconds": 78}, "DaemonSet", f"{ONLY}.readinessProbe"),
    "resources": ({"limits": {"cpu": "7m", "memory": "77Mi"}}, "DaemonSet", f"{ONLY}.resources"),
    "updateStrategy": ({"rollingUpdate": {"maxUnavailable": 7}}, "DaemonSet", "spec.updateStrategy"),
    "tolerations": ([{"key": "sentinel", "operator": "Exists"}], "DaemonSet", f"{TEMPLATE}.tolerations"),
    "nodeSelector": (LABELS, "DaemonSet", f"{TEMPLATE}.nodeSelector"),
    "affinity": ({"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}, "DaemonSet",
                 f"{TEMPLATE}.affinity"),
    "priorityClassName": ("sentinel", "DaemonSet", f"{TEMPLATE}.priorityClassName"),
    "podAnnotations": (NOTES, "DaemonSet", "spec.template.metadata.annotations"),
    "podLabels": (LABELS, "DaemonSet", "spec.template.metadata.labels"),
    "extraArgs": (["--trace"], "DaemonSet", f"{ONLY}.args", ["run", "--trace"]),
    "extraEnv": ([{"name": "SENTINEL", "value": "there"}], "DaemonSet", f"{ONLY}.env[SENTINEL].value", "there"),
    "extraVolumes": ([{"name": "sentinel", "emptyDir": {}}], "DaemonSet", f"{TEMPLATE}.volumes[sentinel]",
                     {"name": "sentinel", "emptyDir": {}}),
    "extraVolumeMounts": ([{"name": "sentinel", "mountPath": "/s"}], "DaemonSet",
                          f"{ONLY}.volumeMounts[sentinel].mountPath", "/s"),
    "extraManifests": ([MANIFEST], "ConfigMap/sentinel", "data", {"a": "b"}),
}  # fmt: skip
for _key, _kind, _place in (("monitor", "ServiceMonitor", "spec.endpoints.0"),
                            ("podMonitor", "PodMonitor", "spec.podMetricsEndpoints.0")):  # fmt: skip
    VALUES |= {
        f"prometheus.{_key}.enabled": (True, _kind, "metadata.name", "docksweep"),
        f"prometheus.{_key}.interval": ("77s", _kind, f"{_place}.interval"),
        f"prometheus.{_key}.scrapeTimeout": ("7s", _kind, f"{_place}.scrapeTimeout"),
        f"prometheus.{_key}.scheme": ("https", _kind, f"{_place}.scheme"),
        f"prometheus.{_key}.tlsConfig": ({"insecureSkipVerify": True}, _kind, f"{_place}.tlsConfig"),
        f"prometheus.{_key}.basicAuth": ({"username": {"name": "s", "key": "u"}}, _kind, f"{_place}.basicAuth"),
        f"prometheus.{_key}.additionalLabels": (LABELS, _kind, "metadata.labels"),
        f"prometheus.{_key}.relabelings": (RELABELING, _kind, f"{_place}.relabelings",
                                           [{"targetLabel": "job", "replacement": "docksweep"}, *RELABELING]),
        f"prometheus.{_key}.metricRelabelings": (RELABELING, _kind, f"{_place}.metricRelabelings"),
    }  # fmt: skip
# What has to be on for a value to show.
NEEDS = {"prometheusRule": "prometheusRule.enabled=true", "dashboards": "dashboards.enabled=true",
         "prometheus.monitor": "prometheus.monitor.enabled=true",
         "prometheus.podMonitor": "prometheus.podMonitor.enabled=true"}  # fmt: skip


def leaves(values, path=""):
    """The paths of all values; an empty table is one."""
    if isinstance(values, dict) and values:
        for key, value in values.items():
            yield from leaves(value, f"{path}.{key}" if path else key)
    else:
        yield path


def needed(path):
    """What has to be set for this value to show."""
    if path.endswith(".enabled"):
        return []
    return [words for prefix, words in NEEDS.items() if path.startswith(prefix + ".")]


def covered(path):
    return any(path == known or path.startswith(known + ".") for known in VALUES)


def looked_up(place, path):
    """What is at a path such as "a.0.list[NAME].b": a number counts, a name in brackets is that of an entry."""
    while path:
        for key in sorted(place, key=len, reverse=True) if isinstance(place, dict) else ():
            if path == key or path.startswith((key + ".", key + "[")):
                place, path = place[key], path[len(key):]  # fmt: skip
                break
        else:
            if path.startswith("["):
                name, _, path = path[1:].partition("]")
                (place,) = [one for one in place if one["name"] == name]
            else:
                step, _, path = path.partition(".")
                place = place[int(step)]
        path = path.removeprefix(".")
    return place


def holds(found, wanted):
    """A table may have more than what is wanted, at every depth; everything else is the same."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(key in found and holds(found[key], wanted[key]) for key in wanted)
    return found == wanted
