# The configurations for Kubernetes nodes, as an agent on such a node acts on them.
import datetime
import json
import re
import unittest

import manifests
from scraped import replaced, with_an_agent
from fake_engine import digest, image  # isort: skip (the line above says where it is)

BASE = manifests.REPOSITORY / "deploy/kubernetes/base/docksweep.toml"
CANARY = manifests.REPOSITORY / "deploy/kubernetes/overlays/canary/canary/docksweep.toml"
URL = 'urls = ["http://alertmanager-operated.monitoring.svc:9093"]'
TOKEN = "0123456789abcdef0123"
# Where images for pods' sandboxes come from, by tag and by digest alone.
PAUSE = (
    "registry.k8s.io/pause:3.9",
    "k8s.gcr.io/pause-amd64:3.1",
    "rancher/mirrored-pause:3.6",
    "602401143452.dkr.ecr.eu-west-1.amazonaws.com/eks/pause:3.5",
    "registry.example.com:5000/mirror/pause:3.9",
    "pause:3.9",
    "registry.k8s.io/pause@" + digest("one"),
    "rancher/mirrored-pause@" + digest("two"),
    "k8s.gcr.io/pause-amd64@" + digest("three"),
)
OTHERS = ("registry.example.com/menopause:1", "registry.example.com/app:pause", "pause/app:1", "team/pauses:1")


def named(name, size):
    """An image that a registry is known to have, by this tag or by this digest alone."""
    if "@" in name:
        return image([], [(name, size)], digests=[name])
    return image([name], [(name, size)], digests=[f"{name.rpartition(':')[0]}@{digest(name)}"])


class checks:
    path = None

    def test_the_pause_image_stays_by_whatever_name(self):
        engine = [[named(name, 1000 + number) for number, name in enumerate(PAUSE + OTHERS)], []]
        config = replaced(self.path.read_text(), ('min_age = "1h"', 'min_age = "0s"'))
        config += '[[policy]]\nname = "all"\nremove = { images = "unused" }\n'
        self.agent(config, engine, NODE_NAME="n", HOST_IP="192.0.2.1")
        plan = json.loads(self.command("plan", "all", "--json", NODE_NAME="n", HOST_IP="192.0.2.1"))
        going = sorted(name for step in plan["steps"] for name in step["names"])
        self.assertEqual(going, sorted(OTHERS))

    def test_alerts_about_this_node_are_taken(self):
        self.check_alerts(("node-1", "node-1:9100", "192.0.2.1:9100"), ("node-10:9100", "192.0.2.10:9100"), "192.0.2.1")

    def test_alerts_about_this_node_are_taken_by_its_ipv6_address(self):
        own = ("node-1:9100", "[fd00::1]:9100", "[fd00::1]", "fd00::1")
        self.check_alerts(own, ("node-10", "[fd00::12]:9100", "[fd00::]:9100", "192.0.2.1:9100"), "fd00::1")

    def check_alerts(self, own, others, address):
        token = self.folder / "token"
        token.write_text(TOKEN + "\n")
        config = replaced(self.path.read_text(), (URL, 'urls = ["http://127.0.0.1:9"]'))
        engine = [[named("app:1", 1000)], []]
        port = self.agent(config, engine, web=f'token_file = "{token}"', NODE_NAME="node-1", HOST_IP=address)
        self.wait_for(lambda: self.told(port, [])[0] == 200, "alerts taken")
        for instances, result in ((own, "queued"), (others, "other_node")):
            for instance in instances:
                (one,) = json.loads(self.told(port, [instance])[1])["alerts"]
                self.assertEqual((instance, one["result"]), (instance, result))

    def told(self, port, instances):
        """A webhook about these instances. → (status, text)"""
        began = datetime.datetime.now(datetime.timezone.utc).isoformat()
        alerts = [
            {"status": "firing", "labels": {"alertname": "DocksweepDiskPressure", "instance": one}, "startsAt": began,
             "endsAt": "0001-01-01T00:00:00Z", "fingerprint": digest(one)[7:23]}
            for one in instances
        ]  # fmt: skip
        body = json.dumps({"version": "4", "status": "firing", "receiver": "r", "groupKey": "{}", "alerts": alerts})
        return self.get(f"http://127.0.0.1:{port}/api/v1/alerts", body, Authorization=f"Bearer {TOKEN}")

    def test_a_node_without_an_engine_fires_no_alert(self):
        """Nor does it for an Alertmanager that is not there: nothing could follow from its alerts."""
        config = replaced(self.path.read_text(), (URL, 'urls = ["http://127.0.0.1:9"]\npoll = "1s"'))
        agent = self.agent(config, NODE_NAME="n", HOST_IP="192.0.2.1")
        self.wait_for(lambda: "docksweep_engine_absent 1\n" in self.metrics(agent), "docksweep_engine_absent 1")
        failed = re.compile(r"^docksweep_alertmanager_request_failures_total [1-9]", re.MULTILINE)
        self.wait_for(lambda: failed.search(self.metrics(agent)), "an Alertmanager that does not answer")
        port = self.prometheus(agent, rules=[("[10m]", "[5s]"), ("for: 10m", "for: 0s")])
        self.wait_for(
            lambda: self.asked(port, "query?query=docksweep_engine_absent==1")["result"], "docksweep_engine_absent 1"
        )
        self.assert_no_alert(port)


class base(checks, with_an_agent):
    path = BASE


class canary(checks, with_an_agent):
    path = CANARY


if __name__ == "__main__":
    unittest.main()
