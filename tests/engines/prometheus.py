# A real Prometheus (package prometheus) in a folder of its own, on a loopback port, and a recorder that it can scrape the
# agent through, to see what it asks for and what it gets.
import http.client
import http.server
import json
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse

from docksweep import free_port
from server_process import server_process


class prometheus_failure(Exception):
    """Prometheus did not start, answer, or say what it should; the message says which."""


def program(name):
    """A program of the package prometheus. A missing one is a failure, not a skip."""
    found = shutil.which(name)
    if found is None:
        raise prometheus_failure(f"no {name} on PATH: tests/run puts it there (package prometheus)")
    return found


def _targets(ports):
    return [f"127.0.0.1:{port}" for port in ([ports] if isinstance(ports, int) else ports)]


class prometheus(server_process):
    """
    A running Prometheus that scrapes {job: port, or several ports} twice a second, with these files of rules. It tells
    the Alertmanagers at these ports of its alerts, each second again; token_file holds the bearer token of its scrapes.
    """

    failure = prometheus_failure

    def __init__(self, jobs, rules=(), alertmanagers=(), token_file=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dsp-", dir="/var/tmp"))
        self.port = free_port()
        self.log = self.folder / "log"
        credential = {"authorization": {"credentials_file": str(token_file)}} if token_file else {}
        config = {"global": {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "1s"},
                  "rule_files": [str(path) for path in rules],
                  "alerting": {"alertmanagers": [{"static_configs": [{"targets": _targets(alertmanagers)}]}]},
                  "scrape_configs": [{"job_name": job, "static_configs": [{"targets": _targets(ports)}], **credential}
                                     for job, ports in jobs.items()]}
        (self.folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [program("prometheus"), f"--config.file={self.folder}/prometheus.yml",
                 f"--storage.tsdb.path={self.folder}/data", f"--web.listen-address=127.0.0.1:{self.port}",
                 "--rules.alert.resend-delay=1s"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            self.wait_for(lambda: self._get("/-/ready") is not None, "Prometheus' readiness", 30)
        except BaseException:
            self.close()
            raise

    def _get(self, path):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            body = answer.read()
            return body if answer.status == 200 else None
        finally:
            link.close()

    def api(self, path, **query):
        body = self._get(f"/api/v1/{path}?{urllib.parse.urlencode(query)}")
        if body is None:
            raise prometheus_failure(f"{path} {query}: an error; its log ends:\n{self.log.read_text()[-2000:]}")
        return json.loads(body)["data"]

    def query(self, expression):
        """[(labels, value)] of an instant query."""
        return [(one["metric"], float(one["value"][1])) for one in self.api("query", query=expression)["result"]]

    def query_range(self, expression, seconds, step):
        """[(labels, [value])] over the last so many seconds."""
        now = time.time()
        found = self.api("query_range", query=expression, start=now - seconds, end=now, step=step)["result"]
        return [(one["metric"], [float(value) for _, value in one["values"]]) for one in found]

    def value(self, expression):
        """The value of a query that has one series as its result."""
        found = self.query(expression)
        if len(found) != 1:
            raise ValueError(f"{expression}: {len(found)} series, not one")
        return found[0][1]


class recorder:
    """Passes each GET on to a port and remembers (path, request's headers, status, answer's headers); .port, .seen"""

    def __init__(self, to_port):
        seen = self.seen = []

        class handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                link = http.client.HTTPConnection("127.0.0.1", to_port, timeout=10)
                try:
                    link.request("GET", self.path, headers=dict(self.headers))
                    answer = link.getresponse()
                    body = answer.read()
                finally:
                    link.close()
                seen.append((self.path, dict(self.headers), answer.status, dict(answer.headers)))
                self.send_response(answer.status)
                for name in ("Content-Type", "Content-Encoding"):
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
