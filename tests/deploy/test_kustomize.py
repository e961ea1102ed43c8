# The kustomizations, built by kubectl and read as Kubernetes would.
import unittest

import manifests
from manifests import OVERLAYS, built, environment, of_kind, one_of, pod_spec

NAMES = sorted(path.parent.name for path in OVERLAYS.glob("*/kustomization.yaml"))


class overlays(unittest.TestCase):
    def test_each_is_what_kubernetes_takes(self):
        self.assertEqual(NAMES, ["canary", "enforce", "observe", "prometheus-operator"])
        for name in NAMES:
            with self.subTest(name):
                manifests.check(built(OVERLAYS / name))
        manifests.check(built(OVERLAYS.parent / "base"))

    def test_the_base_is_what_the_chart_makes(self):
        base, chart = built(OVERLAYS.parent / "base"), manifests.rendered()
        ours, theirs = pod_spec(base), pod_spec(chart)
        for spec in (ours, theirs):
            for volume in spec["volumes"]:
                if "configMap" in volume:
                    volume["configMap"]["name"] = (
                        "docksweep"  # kustomize appends a hash, the chart annotates a checksum
                    )
        self.assertEqual(ours, theirs)
        self.assertEqual(one_of(base, "ConfigMap")["data"], one_of(chart, "ConfigMap")["data"])
        self.assertEqual(
            one_of(base, "DaemonSet")["spec"]["updateStrategy"], one_of(chart, "DaemonSet")["spec"]["updateStrategy"]
        )

    def test_its_namespace_takes_a_host_path(self):
        labels = one_of(built(OVERLAYS.parent / "base"), "Namespace")["metadata"]["labels"]
        self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "privileged")

    def test_modes(self):
        for mode in ("observe", "enforce"):
            self.assertEqual(environment(built(OVERLAYS / mode))["DOCKSWEEP_MODE"], mode)
        self.assertNotIn("DOCKSWEEP_MODE", environment(built(OVERLAYS.parent / "base")))

    def test_a_node_has_the_canary_or_the_other_one(self):
        found = built(OVERLAYS / "canary")
        first, canary = one_of(found, "DaemonSet", "docksweep"), one_of(found, "DaemonSet", "docksweep-canary")
        self.assertNotEqual(first["spec"]["selector"], canary["spec"]["selector"])
        for one in (first, canary):
            self.assertLessEqual(
                one["spec"]["selector"]["matchLabels"].items(), one["spec"]["template"]["metadata"]["labels"].items()
            )
        self.assertEqual(canary["spec"]["template"]["spec"]["nodeSelector"]["docksweep/track"], "canary")
        (term,) = first["spec"]["template"]["spec"]["affinity"]["nodeAffinity"][
            "requiredDuringSchedulingIgnoredDuringExecution"
        ]["nodeSelectorTerms"]
        self.assertEqual(
            term["matchExpressions"], [{"key": "docksweep/track", "operator": "NotIn", "values": ["canary"]}]
        )
        self.assertNotIn("affinity", canary["spec"]["template"]["spec"])

    def test_the_canary_has_its_own_configuration_and_shares_the_rest(self):
        found = built(OVERLAYS / "canary")
        configs = {one["metadata"]["name"]: one["data"]["docksweep.toml"] for one in of_kind(found, "ConfigMap")}
        modes = {}
        for name in ("docksweep", "docksweep-canary"):
            spec = pod_spec(found, name)
            (mounted,) = [one["configMap"]["name"] for one in spec["volumes"] if "configMap" in one]
            modes[name] = configs[mounted]
            self.assertEqual(spec["serviceAccountName"], one_of(found, "ServiceAccount")["metadata"]["name"])
        self.assertIn('mode = "observe"', modes["docksweep"])
        self.assertIn('mode = "enforce"', modes["docksweep-canary"])
        selector = one_of(found, "Service")["spec"]["selector"]
        for one in of_kind(found, "DaemonSet"):
            self.assertLessEqual(selector.items(), one["spec"]["template"]["metadata"]["labels"].items())

    def test_the_monitor_finds_the_pods_and_the_rules_are_those_of_the_repository(self):
        found = built(OVERLAYS / "prometheus-operator")
        service, monitor = one_of(found, "Service"), one_of(found, "ServiceMonitor")
        self.assertLessEqual(monitor["spec"]["selector"]["matchLabels"].items(), service["metadata"]["labels"].items())
        self.assertEqual(monitor["spec"]["endpoints"][0]["port"], service["spec"]["ports"][0]["name"])
        original = manifests.yaml.safe_load((manifests.REPOSITORY / "dashboards/rules.yml").read_text())
        self.assertEqual(one_of(found, "PrometheusRule")["spec"], original)


if __name__ == "__main__":
    unittest.main()
