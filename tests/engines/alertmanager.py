# A real Alertmanager (package prometheus-alertmanager) in a folder of its own, on loopback ports: alone, or one of a
# cluster. What it is told survives a restart, as its data stays in the folder.
import datetime
import http.client
import json
import pathlib
import subprocess
import tempfile
import time
import urllib.parse

from docksweep import free_port
from prometheus import program
from server_process import server_process


# Debian's build reads its templates from a fixed place, and the package is only unpacked: a /usr/share of its own, which
# has nothing else. Needs root, as all engine tests do.
TEMPLATES = pathlib.Path("/usr/share/prometheus/alertmanager")
IN_PLACE = ('mount -t tmpfs none /usr/share && mkdir /usr/share/prometheus && '
            'cp -R "$1" /usr/share/prometheus/alertmanager && shift && exec "$@"')


def command():
    found = program("prometheus-alertmanager")
    if (TEMPLATES / "default.tmpl").exists():
        return [found]
    unpacked = pathlib.Path(found).resolve().parents[1] / "share/prometheus/alertmanager"
    return ["unshare", "--mount", "sh", "-c", IN_PLACE, "sh", str(unpacked), found]


class alertmanager_failure(Exception):
    """Alertmanager did not start, answer, or say what it should; the message says which."""


class alertmanager(server_process):
    """
    `with alertmanager() as it`. `webhook` is (URL, file with a bearer token): where every alert is delivered; `ca` signs
    the certificate there; `peers` are others of its cluster. While an alert Maintenance fires all others are inhibited.
    """

    failure = alertmanager_failure

    def __init__(self, webhook=None, peers=(), clustered=False, repeat_interval="1m", ca=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dsa-", dir="/var/tmp"))
        self.port, self.cluster_port = free_port(), free_port()
        self.peers, self.clustered = peers, clustered or bool(peers)
        receiver = {"name": "docksweep"}
        if webhook is not None:
            url, token_file = webhook
            receiver["webhook_configs"] = [{"url": url, "send_resolved": True, "http_config": {
                "authorization": {"type": "Bearer", "credentials_file": str(token_file)},
                "tls_config": {"ca_file": str(ca)} if ca else {}}}]
        (self.folder / "alertmanager.yml").write_text(json.dumps({  # JSON is YAML
            "route": {"receiver": "docksweep", "group_by": ["..."], "group_wait": "100ms", "group_interval": "1s",
                      "repeat_interval": repeat_interval},
            "inhibit_rules": [{"source_matchers": ["alertname=Maintenance"], "target_matchers": ["alertname!=Maintenance"]}],
            "receivers": [receiver]}))
        self.log = self.folder / "log"
        self.process = None
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        cluster = f"127.0.0.1:{self.cluster_port}" if self.clustered else ""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*command(), f"--config.file={self.folder}/alertmanager.yml",
                 f"--storage.path={self.folder}/data", f"--web.listen-address=127.0.0.1:{self.port}",
                 f"--cluster.listen-address={cluster}", "--cluster.settle-timeout=2s",
                 *(f"--cluster.peer=127.0.0.1:{peer.cluster_port}" for peer in self.peers)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait_for(lambda: self.ask("GET", "/-/ready")[0] == 200, "its readiness")

    def restart(self):
        """Ends it as a service manager would, and starts it again with what it wrote down."""
        self.process.terminate()
        self.process.wait(20)
        self.start()

    def ask(self, method, path, body=None, **query):
        """→ (status, text)"""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            link.request(method, f"{path}?{urllib.parse.urlencode(query)}", body=body and json.dumps(body),
                         headers={"Content-Type": "application/json"})
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        finally:
            link.close()

    def api(self, method, path, body=None, **query):
        status, text = self.ask(method, f"/api/v2/{path}", body, **query)
        if status != 200:
            raise alertmanager_failure(f"{method} {path}: {status} {text}")
        return json.loads(text) if text else None

    def fire(self, seconds=600, since=None, **labels):
        """
        An alert that ends by itself in `seconds` from now (at once with 0), unless it is sent again. Prometheus says
        each time since when (a datetime) it fires; without it Alertmanager takes the moment when it hears of it.
        """
        ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        starts = {"startsAt": since.isoformat()} if since else {}
        self.api("POST", "alerts", [{"labels": labels, "endsAt": ends.isoformat(), **starts}])

    def alerts(self, **query):
        """[(labels, state)] of what fires."""
        return [(one["labels"], one["status"]["state"]) for one in self.api("GET", "alerts", **query)]

    def silence(self, *matchers):
        """With amtool, as a person would. → the silence's ID"""
        return self._amtool("silence", "add", "--author=test", "--comment=test", "--duration=1h", *matchers)

    def end_silence(self, number):
        self._amtool("silence", "expire", number)

    def _amtool(self, *arguments):
        done = subprocess.run([program("amtool"), f"--alertmanager.url={self.url}", *arguments], capture_output=True,
                              text=True, timeout=30)
        if done.returncode != 0:
            raise alertmanager_failure(f"amtool {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()
