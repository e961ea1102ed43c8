# The chart, rendered by Helm 3 and 4 for the value sets of values/, and read as Kubernetes would.
import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import chart_values
import manifests
import tools
from manifests import container, environment, one_of, pod_spec, rendered

HERE = pathlib.Path(__file__).resolve().parent
# What the kubelet does by default: evictionHard; it collects images from imageGCHighThresholdPercent, 85, down to
# imageGCLowThresholdPercent, 80.
EVICTION = {"imagefs.available": 0.15, "nodefs.available": 0.10, "nodefs.inodesFree": 0.05}
KUBERNETES = [manifests.REPOSITORY / "config/examples/kubernetes.toml",
              *sorted((manifests.REPOSITORY / "deploy/kubernetes").rglob("docksweep.toml"))]  # fmt: skip
VALUE_SETS = sorted((HERE / "values").glob("*.yaml"))


def with_set(name, *more, **how):
    return rendered("-f", HERE / "values" / f"{name}.yaml", *more, **how)


class chart(unittest.TestCase):
    def test_every_value_set_is_what_kubernetes_takes(self):
        self.assertGreaterEqual(len(VALUE_SETS), 10)
        for values in VALUE_SETS:
            with self.subTest(values.stem):
                manifests.check(rendered("-f", values))

    def test_both_majors_of_helm_make_the_same(self):
        for values in VALUE_SETS:
            with self.subTest(values.stem):
                self.assertEqual(rendered("-f", values), rendered("-f", values, major=4))

    def test_lint(self):
        for values in VALUE_SETS:
            done = subprocess.run(
                [tools.helm(), "lint", "--strict", manifests.CHART, "-f", values], capture_output=True, text=True
            )
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_validators_see_faults(self):
        def daemon_set():
            return one_of(rendered(), "DaemonSet")

        for path, value in (
            (("spec", "template", "spec", "unknown"), 1),
            (("spec", "selector"), "text"),
            (("spec", "updateStrategy", "rollingUpdate", "maxUnavailabe"), 1),
        ):
            broken = daemon_set()
            place = broken
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = value
            with self.assertRaises(manifests.invalid):
                manifests.check([broken])
        monitor = one_of(with_set("service-monitor"), "ServiceMonitor")
        monitor["spec"]["endpoints"][0]["intervall"] = "1m"
        with self.assertRaisesRegex(manifests.invalid, "unknown: .*intervall"):
            manifests.check([monitor])
        with self.assertRaisesRegex(manifests.invalid, "2 times"):
            manifests.check([daemon_set(), daemon_set()])

    # --- the default is safe ----------------------------------------------------------------------------------------

    def test_default_has_only_what_it_needs(self):
        found = rendered()
        manifests.check(found)
        self.assertEqual(sorted(one["kind"] for one in found), ["ConfigMap", "DaemonSet", "Service", "ServiceAccount"])
        pod, only = pod_spec(found), container(found)
        self.assertEqual(
            pod["securityContext"], {"runAsUser": 0, "runAsGroup": 0, "seccompProfile": {"type": "RuntimeDefault"}}
        )
        self.assertEqual(
            only["securityContext"],
            {
                "allowPrivilegeEscalation": False,
                "privileged": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
        )
        self.assertIs(pod["automountServiceAccountToken"], False)
        for shared in ("hostNetwork", "hostPID", "hostIPC"):
            self.assertNotIn(shared, pod)
        self.assertEqual([one["name"] for one in only["volumeMounts"] if not one.get("readOnly")], ["state"])
        self.assertEqual(one_of(found, "Service")["spec"]["clusterIP"], "None")
        self.assertNotIn("DOCKSWEEP_MODE", environment(found))

    def test_default_belongs_on_every_node_and_stays_there(self):
        """What the README promises of the DaemonSet, figure by figure."""
        found = rendered()
        spec, pod, only = one_of(found, "DaemonSet")["spec"], pod_spec(found), container(found)
        self.assertEqual(pod["tolerations"], [{"operator": "Exists"}])
        self.assertEqual(pod["nodeSelector"], {"kubernetes.io/os": "linux"})
        self.assertNotIn("affinity", pod)
        self.assertEqual(pod["priorityClassName"], "system-node-critical")
        self.assertEqual(
            spec["updateStrategy"], {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}}
        )
        self.assertEqual(spec["revisionHistoryLimit"], 10)
        self.assertGreater(pod["terminationGracePeriodSeconds"], 60)
        self.assertEqual(
            only["resources"],
            {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}},
        )
        live, ready = only["livenessProbe"], only["readinessProbe"]
        self.assertEqual(live["httpGet"], {"path": "/-/healthy", "port": "metrics"})
        self.assertEqual(ready["httpGet"], {"path": "/-/ready", "port": "metrics"})
        self.assertEqual((live["periodSeconds"], live["timeoutSeconds"], live["failureThreshold"]), (20, 5, 3))
        self.assertEqual((ready["periodSeconds"], ready["timeoutSeconds"], ready["failureThreshold"]), (10, 5, 3))

    def test_a_node_without_the_sockets_directory_has_a_pod_all_the_same(self):
        for found in (rendered(), rendered("--set", "engine.socketPath=/run/k3s/docker.sock")):
            types = {one["name"]: one["hostPath"]["type"] for one in pod_spec(found)["volumes"] if "hostPath" in one}
            self.assertEqual(set(types.values()), {"DirectoryOrCreate"}, types)

    def test_the_socket_and_the_data_root_are_never_mounted_themselves(self):
        for found in (
            rendered(),
            rendered("--set", "engine.socketPath=/run/k3s/docker.sock,engine.dataRoot=/data/docker"),
        ):
            paths = {one["name"]: one["hostPath"]["path"] for one in pod_spec(found)["volumes"] if "hostPath" in one}
            mounts = {one["name"]: one["mountPath"] for one in container(found)["volumeMounts"]}
            self.assertFalse([path for path in paths.values() if path.endswith(".sock")])
            for root in ("data-root", "containerd-root"):
                self.assertEqual(paths[root], f"{mounts[root]}/docksweep-statvfs")
            self.assertEqual(environment(found)["DOCKER_HOST"], f"unix://{mounts['engine']}/docker.sock")
        self.assertEqual((paths["engine"], paths["data-root"]), ("/run/k3s", "/data/docker/docksweep-statvfs"))

    # --- values -----------------------------------------------------------------------------------------------------

    def test_mode(self):
        self.assertEqual(environment(with_set("enforce"))["DOCKSWEEP_MODE"], "enforce")
        status, _, err = manifests.helm_template("--set", "mode=enforced")
        self.assertNotEqual(status, 0)
        self.assertIn("'enforced' is neither observe nor enforce", err)

    def test_a_changed_configuration_rolls_out(self):
        def checksum(found):
            return one_of(found, "DaemonSet")["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

        first, other = rendered(), with_set("own-config-and-secret")
        self.assertNotEqual(checksum(first), checksum(other))
        text = (manifests.CHART / "files/docksweep.toml").read_text()
        self.assertEqual(one_of(first, "ConfigMap")["data"]["docksweep.toml"], text)
        self.assertEqual(checksum(first), hashlib.sha256(text.encode()).hexdigest())

    def test_secrets(self):
        found = with_set("own-config-and-secret")
        self.assertEqual(one_of(found, "Secret")["stringData"], {"alertmanager-token": "t0ken"})
        self.assertEqual(self.secret_of(found), "docksweep")
        found = with_set("existing-objects")
        self.assertEqual(sorted(one["kind"] for one in found), ["DaemonSet"])
        self.assertEqual(self.secret_of(found), "docksweep-secret")
        self.assertIsNone(self.secret_of(rendered()))

    def secret_of(self, found):
        return next((one["secret"]["secretName"] for one in pod_spec(found)["volumes"] if "secret" in one), None)

    def test_a_user_other_than_root(self):
        found = with_set("nonroot")
        self.assertEqual(
            pod_spec(found)["securityContext"],
            {
                "runAsUser": 65532,
                "runAsGroup": 65532,
                "runAsNonRoot": True,
                "fsGroup": 65532,
                "supplementalGroups": [998],
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        )
        self.assertNotIn("containerd-root", [one["name"] for one in pod_spec(found)["volumes"]])

    def test_a_root_of_containerd_inside_of_the_data_root_is_not_mounted_there(self):
        """The runtime could not make the place: the mount above it is read-only."""
        for data, containerd, mounted in (("/data", "/data/containerd", False), ("/data/", "/data/containerd", False),
                                          ("/data", "/data", False), ("/data", "/database", True)):
            with self.subTest(containerd):
                pod = pod_spec(rendered("--set", f"engine.dataRoot={data},engine.containerdRoot={containerd}"))
                for names in (pod["volumes"], pod["containers"][0]["volumeMounts"]):
                    self.assertEqual("containerd-root" in [one["name"] for one in names], mounted)

    def test_the_secret_is_readable_by_whoever_runs_and_nobody_else(self):
        for more, user in ((), 0), (("--set", "engine.groupId=998"), 65532):
            pod = pod_spec(rendered("--set", "existingSecret=s", *more))
            (mode,) = [one["secret"]["defaultMode"] for one in pod["volumes"] if "secret" in one]
            context = pod["securityContext"]
            # Its files are root's. With an fsGroup the kubelet gives them to that group, and lets the group read.
            readable = mode & 0o400 and (user == 0 or context.get("fsGroup") in (context["runAsGroup"], user))
            self.assertTrue(readable, context)
            self.assertEqual(mode & 0o077, 0)

    def test_security_contexts_are_merged_and_keep_the_defaults(self):
        found = with_set("selinux-private-registry")
        self.assertEqual(container(found)["securityContext"]["capabilities"], {"drop": ["ALL"]})
        self.assertEqual(container(found)["securityContext"]["seLinuxOptions"], {"type": "spc_t"})
        self.assertEqual(pod_spec(found)["securityContext"]["seccompProfile"]["type"], "Localhost")

    def test_image_names(self):
        self.assertEqual(container(rendered())["image"], "docksweep:0.1.0")
        self.assertEqual(
            container(with_set("selinux-private-registry"))["image"],
            "registry.example.com:5000/infra/docksweep:0.1.0-1",
        )
        self.assertEqual(container(with_set("names-and-placement"))["image"], "docksweep@sha256:" + "a" * 64)

    def test_names_and_labels(self):
        found = with_set("names-and-placement")
        self.assertEqual(
            {(one["metadata"]["name"], one["metadata"]["namespace"]) for one in found}, {("node-sweeper", "infra")}
        )
        labels = one_of(with_set("own-config-and-secret"), "DaemonSet")["metadata"]["labels"]
        self.assertEqual(labels["example.com/part"], "nodes")

    def test_monitors_find_the_pods(self):
        found = with_set("service-monitor")
        service, monitor = one_of(found, "Service"), one_of(found, "ServiceMonitor")
        self.assertLessEqual(monitor["spec"]["selector"]["matchLabels"].items(), service["metadata"]["labels"].items())
        self.assertEqual(monitor["spec"]["endpoints"][0]["port"], service["spec"]["ports"][0]["name"])
        pods = one_of(found, "DaemonSet")["spec"]["template"]["metadata"]["labels"]
        self.assertLessEqual(service["spec"]["selector"].items(), pods.items())
        pod_monitor = one_of(with_set("pod-monitor"), "PodMonitor")["spec"]
        self.assertLessEqual(pod_monitor["selector"]["matchLabels"].items(), pods.items())
        self.assertIn(
            pod_monitor["podMetricsEndpoints"][0]["port"], [port["name"] for port in container(found)["ports"]]
        )
        status, _, err = manifests.helm_template("--set", "prometheus.monitor.enabled=true,service.enabled=false")
        self.assertNotEqual(status, 0)
        self.assertIn("podMonitor", err)

    def test_the_job_is_docksweep_under_any_name(self):
        """DocksweepDown, the dashboards' default and the documents go by it."""
        name = "nameOverride=sweeper,fullnameOverride=sweeper"
        for kind, key, place in (("ServiceMonitor", "monitor", "endpoints"),
                                 ("PodMonitor", "podMonitor", "podMetricsEndpoints")):  # fmt: skip
            for more in ((), ("--set-json", f"prometheus.{key}.relabelings=[]")):
                found = rendered("--set", f"{name},prometheus.{key}.enabled=true", *more)
                manifests.check(found)
                (endpoint,) = one_of(found, kind)["spec"][place]
                fixed = [one["replacement"] for one in endpoint["relabelings"] if one["targetLabel"] == "job"]
                self.assertEqual(fixed, ["docksweep"], kind)
        rules = manifests.yaml.safe_load((manifests.REPOSITORY / "dashboards/rules.yml").read_text())
        (down,) = [one for group in rules["groups"] for one in group["rules"] if one.get("alert") == "DocksweepDown"]
        self.assertRegex("docksweep", re.search(r'job=~"(.*?)"', down["expr"])[1])

    def test_rules_are_those_of_the_repository_less_the_disabled(self):
        original = manifests.yaml.safe_load((manifests.REPOSITORY / "dashboards/rules.yml").read_text())
        found = one_of(rendered("--set", "prometheusRule.enabled=true"), "PrometheusRule")["spec"]
        self.assertEqual(found, original)
        alerts = self.alerts(one_of(with_set("rules-and-dashboards"), "PrometheusRule")["spec"])
        self.assertEqual(alerts, [one for one in self.alerts(original) if one != "DocksweepStateNotDurable"])
        status, _, err = manifests.helm_template(
            "--set", "prometheusRule.enabled=true,prometheusRule.disabledAlerts={DocksweepDwon}"
        )
        self.assertNotEqual(status, 0)
        self.assertIn("there is no alert DocksweepDwon", err)

    def alerts(self, spec):
        return [rule["alert"] for group in spec["groups"] for rule in group["rules"] if "alert" in rule]

    def test_dashboards_are_those_of_the_repository(self):
        boards = {path.name: path.read_text() for path in (manifests.REPOSITORY / "dashboards").glob("*.json")}
        found = manifests.of_kind(with_set("rules-and-dashboards"), "ConfigMap")
        shown = {
            name: text
            for one in found
            if one["metadata"]["namespace"] == "monitoring"
            for name, text in one["data"].items()
        }
        self.assertEqual(
            {name: text.rstrip() for name, text in shown.items()},
            {name: text.rstrip() for name, text in boards.items()},
        )

    def test_extras(self):
        found = with_set("extras")
        self.assertEqual(container(found)["args"], ["run", "--trace"])
        self.assertEqual(
            container(found)["livenessProbe"]["httpGet"], {"path": "/-/healthy", "port": "metrics", "scheme": "HTTPS"}
        )
        self.assertEqual(one_of(found, "ConfigMap", "more")["metadata"]["namespace"], "docksweep")
        self.assertEqual(one_of(found, "ConfigMap", "docksweep-text")["data"], {"c": "d"})
        self.assertEqual(one_of(found, "NetworkPolicy")["spec"]["policyTypes"], ["Ingress"])


class values(unittest.TestCase):
    """Every value of values.yaml: it goes where chart_values.py says, and one that is misspelt is refused."""

    @classmethod
    def setUpClass(cls):
        cls.defaults = manifests.yaml.safe_load((manifests.CHART / "values.yaml").read_text())

    def test_the_table_has_every_value(self):
        every = list(chart_values.leaves(self.defaults))
        self.assertGreater(len(every), 70)
        self.assertEqual([path for path in every if not chart_values.covered(path)], [])

    def test_each_goes_where_it_belongs(self):
        for path, (sentinel, kind, place, *becomes) in chart_values.VALUES.items():
            with self.subTest(path):
                more = [word for words in chart_values.needed(path) for word in ("--set", words)]
                found = rendered(*more, "--set-json", f"{path}={json.dumps(sentinel)}")
                manifests.check(found)
                if place is None:
                    self.assertEqual(manifests.of_kind(found, kind), [])
                    continue
                kind, _, name = kind.partition("/")
                there = chart_values.looked_up(one_of(found, kind, name or None), place)
                self.assertTrue(chart_values.holds(there, becomes[0] if becomes else sentinel), there)
                self.assertNotEqual(found, rendered(*more), "nothing else than without it")

    def test_a_changed_secret_rolls_out(self):
        def checksum(*arguments):
            notes = one_of(rendered(*arguments), "DaemonSet")["spec"]["template"]["metadata"]["annotations"]
            return notes.get("checksum/secret")

        one, other = checksum("--set", "secret.token=one"), checksum("--set", "secret.token=other")
        self.assertRegex(one, "^[0-9a-f]{64}$")
        self.assertNotEqual(one, other)
        self.assertIsNone(checksum())
        self.assertIsNone(checksum("--set", "existingSecret=s"), "its content is not known here")

    def test_what_is_misspelt_is_refused(self):
        tables = {path.rpartition(".")[0] for path in chart_values.VALUES}
        self.assertGreater(len(tables), 8)
        for major in (3, 4):
            for table in sorted(tables):
                path = f"{table}.enabeld" if table else "tolerration"
                status, _, err = manifests.helm_template("--set", f"{path}=true", major=major)
                self.assertNotEqual(status, 0, path)
                self.assertRegex(err, path.rpartition(".")[2])

    def test_what_is_of_another_type_is_refused(self):
        for wrong in ("service.port=http", "tolerations=all", "service.enabled=on", "engine.groupId=docker",
                      "prometheusRule.disabledAlerts=Docksweep", "image.tag=true", "extraArgs=--trace"):  # fmt: skip
            for major in (3, 4):
                status, _, err = manifests.helm_template("--set", wrong, major=major)
                self.assertNotEqual(status, 0, wrong)
                self.assertIn(wrong.partition("=")[0].rpartition(".")[2], err)

    def test_it_may_be_part_of_another_chart(self):
        """Helm hands `global` to every chart below another one."""
        for major in (3, 4):
            self.assertEqual(rendered("--set", "global.region=north", major=major), rendered(major=major))


class copies(unittest.TestCase):
    def test_they_are_what_their_originals_are(self):
        done = subprocess.run([manifests.REPOSITORY / "deploy/copies", "--check"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_configurations_are_valid(self):
        places = (manifests.REPOSITORY / "deploy").rglob("docksweep.toml")
        found = [*places, manifests.REPOSITORY / "deploy/debian/rootless.toml"]
        self.assertGreaterEqual(len(found), 5)
        for path in found:
            done = subprocess.run(
                [os.environ["DOCKSWEEP_BINARY"], "check-config", "--config", path],
                capture_output=True,
                text=True,
                env={"NODE_NAME": "node-1", "HOST_IP": "192.0.2.1", "STATE_DIRECTORY": "/var/lib/docksweep"},
            )
            self.assertEqual((done.returncode, done.stderr), (0, ""), path)

    def test_the_marks_stay_clear_of_the_kubelets(self):
        """Each mark that starts a policy is well below the first of its kind at which the kubelet does anything."""
        first = {"disk": min(0.80, *(1 - EVICTION[name] for name in ("imagefs.available", "nodefs.available"))),
                 "inodes": 1 - EVICTION["nodefs.inodesFree"]}  # fmt: skip
        for path in KUBERNETES:
            rows = self.effective(path)
            for quantity, kubelet in first.items():
                above = {key: value for key, value in rows.items() if key.endswith(f".{quantity}_above")}
                below = {key: value for key, value in rows.items() if key.endswith(f".{quantity}_below")}
                self.assertTrue(above and below, f"{path}: {quantity}")
                for key, value in above.items():
                    self.assertLessEqual(value, kubelet - 0.05, f"{path}: {key}")
                for key, value in below.items():
                    self.assertLessEqual(value, min(above.values()) - 0.1, f"{path}: {key}")

    def test_the_kubelets_marks_are_told_as_they_are(self):
        facts = [f"{name}<{share:.0%}" for name, share in EVICTION.items()]
        for path in (KUBERNETES[0], manifests.REPOSITORY / "docs/kubernetes.md"):
            text = path.read_text()
            for fact in (*facts, "85 %", "80 %"):
                self.assertIn(fact, text, path)

    def effective(self, path):
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(
                [os.environ["DOCKSWEEP_BINARY"], "check-config", "--effective", "--json", "--config", path],
                capture_output=True,
                text=True,
                env={"NODE_NAME": "n", "HOST_IP": "192.0.2.1", "HOME": home},
            )
        return {row["key"]: row["value"] for row in json.loads(done.stdout)["settings"]}


if __name__ == "__main__":
    unittest.main()
