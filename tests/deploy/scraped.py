# A real agent with one of the configurations of deploy/, and a real Prometheus with the files of compose that scrapes
# it, a second between two scrapes.
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(REPOSITORY / "tests" / folder) for folder in ("cli", "engines")]
from docksweep import free_port  # noqa: E402
from fake_engine import fake_engine, image  # noqa: E402

# The configuration of compose, and an engine with an image that is used by nobody and a dangling one.
FILES = REPOSITORY / "deploy/compose"
CONFIG = (FILES / "docksweep.toml").read_text()
ENGINE = [[image(["alpine:3.19"], [("base", 5_000_000)]), image([], [("old", 3_000_000)])], []]
RULES = REPOSITORY / "dashboards/rules.yml"


def replaced(text, *pairs):
    """The text with each (old, new): what is to be replaced has to be there."""
    for old, new in pairs:
        if old not in text:
            raise AssertionError(f"'{old}' is not in\n{text}")
        text = text.replace(old, new)
    return text


class with_an_agent(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="dsc-", dir="/tmp")))

    def agent(self, config, engine=(), top="", web="", address="127.0.0.1", **environment):
        """
        Starts an agent with this text of a configuration, on an engine with these (images, containers); without any
        there is no engine. `top` goes before the text, `web` into its table. → its port
        """
        port = free_port()
        (self.folder / "docksweep.toml").write_text(
            f'{top}\n{config}\n[state]\npath = "{self.folder}/state.db"\n[web]\nlisten = ["{address}:{port}"]\n{web}\n'
            f'[engine]\nhost = "unix://{self.folder}/e.sock"\n'
        )
        if engine:
            self.enterContext(fake_engine(f"{self.folder}/e.sock", *engine, root=str(self.folder)))
        self.start(
            os.environ["DOCKSWEEP_BINARY"],
            "--config",
            self.folder / "docksweep.toml",
            "run",
            log=self.folder / "agent.log",
            env=os.environ | environment,
        )
        return port

    def command(self, *words, **environment):
        """docksweep with the agent's configuration. → what it prints"""
        done = subprocess.run(
            [os.environ["DOCKSWEEP_BINARY"], *words, "--config", self.folder / "docksweep.toml"],
            capture_output=True,
            text=True,
            env=os.environ | environment,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def prometheus(self, agent_port, alertmanager_port=None, rules=(), scrape=""):
        """Starts one. `rules` are replacements in the alert rules, `scrape` goes into the job's entry. → its port"""
        port = free_port()
        pairs = [
            ("docksweep:9713", f"127.0.0.1:{agent_port}"),
            ("/etc/prometheus/docksweep.rules.yml", f"{self.folder}/rules.yml"),
            ("scrape_interval: 15s", "scrape_interval: 1s"),
            ("evaluation_interval: 15s", "evaluation_interval: 1s"),
            ("  - job_name: docksweep\n", f"  - job_name: docksweep\n{scrape}"),
        ]
        if alertmanager_port:
            pairs.append(("alertmanager:9093", f"127.0.0.1:{alertmanager_port}"))
        (self.folder / "prometheus.yml").write_text(replaced((FILES / "prometheus.yml").read_text(), *pairs))
        (self.folder / "rules.yml").write_text(replaced(RULES.read_text(), *rules))
        self.start(
            "prometheus",
            f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            log=self.folder / "prometheus.log",
        )
        return port

    def assert_no_alert(self, port):
        """Not even a pending one, after several evaluations of every rule."""
        time.sleep(5)
        rules = [rule for group in self.asked(port, "rules")["groups"] for rule in group["rules"]]
        self.assertTrue(rules and all(rule["health"] == "ok" for rule in rules), rules)
        self.assertEqual([rule["name"] for rule in rules if rule.get("state", "inactive") != "inactive"], [])

    def wait_for(self, holds, what, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(KeyError):
                if found := holds():
                    return found
            if time.monotonic() > deadline:
                logs = "".join(path.read_text()[-3000:] for path in sorted(self.folder.glob("*.log")))
                self.fail(f"not within {seconds} s: {what}\n{logs}")
            time.sleep(0.3)

    def start(self, *command, log, env=None):
        with open(log, "wb") as out:
            running = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env
            )
        self.addCleanup(running.wait)
        self.addCleanup(running.terminate)

    def asked(self, port, what):
        """What Prometheus says, {} while it says nothing."""
        status, text = self.get(f"http://127.0.0.1:{port}/api/v1/{what}")
        return json.loads(text)["data"] if status == 200 else {}

    def get(self, url, body=None, **headers):
        """→ (status, text); (0, "") without an answer"""
        request = urllib.request.Request(url, data=body and body.encode(), headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self, port, **headers):
        return self.get(f"http://127.0.0.1:{port}/metrics", **headers)[1]
