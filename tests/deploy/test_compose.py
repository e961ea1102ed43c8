# deploy/compose.yaml, read by docker compose itself; and what it mounts, used by a real Prometheus and a real
# agent (and by a real Alertmanager: test_alerted.py).
import base64
import ipaddress
import json
import os
import re
import socket
import subprocess
import unittest

import manifests
import tools
from scraped import CONFIG, ENGINE, FILES, with_an_agent

import alertmanager  # found by what scraped puts on the path

COMPOSE = manifests.REPOSITORY / "deploy/compose.yaml"
PASSWORD, HASH = "correct horse", "$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"
yaml = manifests.yaml


def own_address():
    """An IPv4 address of this machine that is not loopback, as everybody outside sees it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError as error:
            raise AssertionError("this test needs an address beyond loopback, and a route") from error
        found = probe.getsockname()[0]
    assert not ipaddress.ip_address(found).is_loopback, "this test needs an address beyond loopback"
    return found


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

    def test_amtool_finds_nothing(self):
        done = subprocess.run(
            [alertmanager.program("amtool"), "check-config", FILES / "alertmanager.yml"], capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class at_work(with_an_agent):
    def test_prometheus_scrapes_the_agent_and_has_the_rules(self):
        port = self.prometheus(self.agent(CONFIG, ENGINE))
        self.wait_for(lambda: self.asked(port, "query?query=docksweep_engine_up==1")["result"], "docksweep_engine_up 1")
        (series,) = self.asked(port, "query?query=docksweep_engine_up")["result"]
        self.assertEqual(series["metric"]["job"], "docksweep")
        original = yaml.safe_load((self.folder / "rules.yml").read_text())
        self.assertEqual(
            {group["name"]: [rule["name"] for rule in group["rules"]] for group in self.asked(port, "rules")["groups"]},
            {
                group["name"]: [rule.get("alert", rule.get("record")) for rule in group["rules"]]
                for group in original["groups"]
            },
        )

    def test_a_node_without_an_engine_fires_no_alert(self):
        port = self.prometheus(self.agent(CONFIG))
        self.wait_for(
            lambda: self.asked(port, "query?query=docksweep_engine_absent==1")["result"], "docksweep_engine_absent 1"
        )
        self.assert_no_alert(port)

    # --- the page ---------------------------------------------------------------------------------------------------

    def test_what_is_open_through_a_published_port(self):
        """Docker passes such a connection on from an address of the bridge: to the agent it comes from elsewhere."""
        port = self.agent(CONFIG, ENGINE, address="0.0.0.0")
        base = f"http://{own_address()}:{port}"
        self.wait_for(lambda: self.get(base + "/-/ready")[0] == 200, "the agent's readiness")
        self.assertEqual([self.get(base + path)[0] for path in ("/metrics", "/-/healthy")], [200, 200])
        self.assertEqual([self.get(base + path)[0] for path in ("/", "/api/v1/inventory")], [403, 403])
        for place in ("deploy/compose.yaml", "docs/install.md"):
            text = (manifests.REPOSITORY / place).read_text()
            self.assertNotRegex(text, r"(agent|page)[\w ]* at http://localhost:9713", place)
            self.assertIn("403", text, place)

    def test_a_user_of_the_documents_has_the_page_and_prometheus_its_scrapes(self):
        text = (manifests.REPOSITORY / "docs/install.md").read_text().partition("\n## Compose\n")[2]
        web, scrape = (re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL)[1] for kind in ("toml", "yaml"))
        name = re.search(r"^users\.(\w+)", web, re.MULTILINE)[1]
        (self.folder / "password").write_text(PASSWORD)
        line = re.sub(r'"\$2y\$.*"', f'"{HASH}"', web).replace("[web]\n", "")
        port = self.agent(CONFIG, ENGINE, address="0.0.0.0", web=line)
        base, credential = f"http://{own_address()}:{port}/", base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()
        self.wait_for(lambda: self.get(base + "-/ready")[0] == 200, "the agent's readiness")
        self.assertEqual([self.get(base + path)[0] for path in ("", "metrics")], [401, 401])
        status, page = self.get(base, Authorization=f"Basic {credential}")
        self.assertEqual(status, 200)
        self.assertIn("<html", page)
        mounted = re.search(r"password_file: (\S+?)\}?$", scrape, re.MULTILINE)[1]
        prometheus = self.prometheus(port, scrape=scrape.replace(mounted, f"{self.folder}/password"))
        self.wait_for(lambda: self.asked(prometheus, "query?query=docksweep_engine_up==1")["result"], "a scrape")


if __name__ == "__main__":
    unittest.main()
