# deploy/compose.yaml, read by docker compose itself; and what it mounts, used by a real Prometheus on a real agent.
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import manifests
import tools

sys.path.append(str(manifests.REPOSITORY / "tests/cli"))
from fake_engine import fake_engine, image  # noqa: E402

COMPOSE = manifests.REPOSITORY / "deploy/compose.yaml"
yaml = manifests.yaml


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class composed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run(
            [tools.compose(), "-f", COMPOSE, "config", "--format", "json"],
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        cls.services = json.loads(done.stdout)["services"]

    def test_it_has_all_four(self):
        self.assertEqual(sorted(self.services), ["alertmanager", "docksweep", "grafana", "prometheus"])

    def test_every_file_that_it_mounts_is_there(self):
        for name, service in self.services.items():
            for volume in service["volumes"]:
                if volume["type"] == "bind" and volume["source"].startswith(str(manifests.REPOSITORY)):
                    self.assertTrue(os.path.exists(volume["source"]), f"{name}: {volume['source']}")
                    self.assertTrue(volume["read_only"], f"{name}: {volume['source']}")

    def test_nothing_is_open_beyond_loopback(self):
        for name, service in self.services.items():
            for port in service["ports"]:
                self.assertEqual(port["host_ip"], "127.0.0.1", name)

    def test_docksweep_may_do_no_more_than_in_kubernetes(self):
        service, pod = self.services["docksweep"], manifests.container(manifests.rendered())
        self.assertEqual(
            (service["cap_drop"], service["read_only"], service["security_opt"], service["user"]),
            (["ALL"], True, ["no-new-privileges:true"], "0:0"),
        )
        self.assertNotIn("privileged", service)
        writable = [one["target"] for one in service["volumes"] if not one.get("read_only")]
        self.assertEqual(writable, ["/var/lib/docksweep"])
        binds = {one["source"]: one["target"] for one in service["volumes"]}
        self.assertEqual(
            (binds["/var/run"], binds["/var/lib/docker/docksweep-statvfs"]), ("/host/engine", "/var/lib/docker")
        )
        (host,) = [one["value"] for one in pod["env"] if one["name"] == "DOCKER_HOST"]
        self.assertEqual(service["environment"]["DOCKER_HOST"], host)

    def test_who_asks_whom(self):
        prometheus = yaml.safe_load((COMPOSE.parent / "compose/prometheus.yml").read_text())
        hosts = [
            target.partition(":")[0]
            for one in prometheus["scrape_configs"] + prometheus["alerting"]["alertmanagers"]
            for group in one["static_configs"]
            for target in group["targets"]
        ]
        grafana = COMPOSE.parent / "compose/grafana/provisioning"
        (source,) = yaml.safe_load((grafana / "datasources/prometheus.yml").read_text())["datasources"]
        hosts.append(source["url"].removeprefix("http://").partition(":")[0])
        self.assertLessEqual(set(hosts), set(self.services))
        mounted = {
            one["target"]: one["source"]
            for one in self.services["prometheus"]["volumes"] + self.services["grafana"]["volumes"]
        }
        self.assertEqual(
            [mounted[path] for path in prometheus["rule_files"]], [str(manifests.REPOSITORY / "dashboards/rules.yml")]
        )
        (boards,) = yaml.safe_load((grafana / "dashboards/docksweep.yml").read_text())["providers"]
        self.assertEqual(mounted[boards["options"]["path"]], str(manifests.REPOSITORY / "dashboards"))

    def test_alertmanager_has_a_receiver(self):
        config = yaml.safe_load((COMPOSE.parent / "compose/alertmanager.yml").read_text())
        self.assertIn(config["route"]["receiver"], [one["name"] for one in config["receivers"]])

    def test_prometheus_scrapes_the_agent_and_has_the_rules(self):
        folder, port = self.scraped(with_engine=True)
        self.wait_for(lambda: self.asked(port, "query?query=docksweep_engine_up==1")["result"], "docksweep_engine_up 1")
        (series,) = self.asked(port, "query?query=docksweep_engine_up")["result"]
        self.assertEqual(series["metric"]["job"], "docksweep")
        original = yaml.safe_load((folder / "rules.yml").read_text())
        self.assertEqual(
            {group["name"]: [rule["name"] for rule in group["rules"]] for group in self.asked(port, "rules")["groups"]},
            {
                group["name"]: [rule.get("alert", rule.get("record")) for rule in group["rules"]]
                for group in original["groups"]
            },
        )

    def test_a_node_without_an_engine_fires_no_alert(self):
        _, port = self.scraped(with_engine=False)
        self.wait_for(
            lambda: self.asked(port, "query?query=docksweep_engine_absent==1")["result"], "docksweep_engine_absent 1"
        )
        time.sleep(5)  # several evaluations of every rule, one a second
        rules = [rule for group in self.asked(port, "rules")["groups"] for rule in group["rules"]]
        self.assertTrue(all(rule["health"] == "ok" for rule in rules), rules)
        self.assertEqual(
            [rule["name"] for rule in rules if rule.get("state", "inactive") != "inactive"], [], "pending ones count"
        )

    def scraped(self, with_engine):
        """An agent and a Prometheus with the files of compose, a second between two scrapes. → (folder, Prometheus' port)"""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="dsc-", dir="/tmp")))
        agent_port, port = free_port(), free_port()
        config = (COMPOSE.parent / "compose/docksweep.toml").read_text()
        (folder / "docksweep.toml").write_text(
            config
            + f'[state]\npath = "{folder}/state.db"\n[web]\nlisten = ["127.0.0.1:{agent_port}"]\n[engine]\nhost = "unix://{folder}/e.sock"\n'
        )
        text = (COMPOSE.parent / "compose/prometheus.yml").read_text()
        for old, new in (
            ("docksweep:9713", f"127.0.0.1:{agent_port}"),
            ("/etc/prometheus/docksweep.rules.yml", f"{folder}/rules.yml"),
            ("scrape_interval: 15s", "scrape_interval: 1s"),
            ("evaluation_interval: 15s", "evaluation_interval: 1s"),
        ):
            self.assertIn(old, text)
            text = text.replace(old, new)
        (folder / "prometheus.yml").write_text(text)
        shutil.copy(manifests.REPOSITORY / "dashboards/rules.yml", folder / "rules.yml")
        if with_engine:
            self.enterContext(
                fake_engine(f"{folder}/e.sock", [image(["alpine:3.19"], [("base", 5_000_000)])], [], root=str(folder))
            )
        self.start(
            os.environ["DOCKSWEEP_BINARY"], "--config", folder / "docksweep.toml", "run", log=folder / "agent.log"
        )
        self.start(
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            log=folder / "prometheus.log",
        )
        return folder, port

    def wait_for(self, holds, what, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(KeyError):
                if holds():
                    return
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.3)

    def start(self, *command, log):
        with open(log, "wb") as out:
            running = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.addCleanup(running.wait)
        self.addCleanup(running.terminate)

    def asked(self, port, what):
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{what}", timeout=5) as answer,
        ):
            return json.load(answer)["data"]
        return {}


if __name__ == "__main__":
    unittest.main()
