# The agent under test: starts the binary that DOCKSWEEP_BINARY names with a configuration of its own, asks it over HTTP,
# and ends it as a service manager would.
import http.client
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time

import metrics_text
import unix_http

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(REPOSITORY / "tests/support"))
from ports import free_port  # noqa: E402
READY_SECONDS = 30
STOP_SECONDS = 10  # tests/cli measures how soon the agent ends


class agent_failure(Exception):
    """The agent did not start, answer or end as it should; the message holds the end of its log."""


def binary(variable="DOCKSWEEP_BINARY", default=REPOSITORY / "build/release/docksweep"):
    """The program under test. A missing one is a failure, not a skip."""
    path = os.environ.get(variable) or str(default)
    if not os.access(path, os.X_OK):
        raise agent_failure(f"no program at {path}: build it, or set {variable}")
    return path


def toml(sections):
    """
    {section: {key: value}} as TOML. A value that is no dict is a key of the top level; a list of dicts is an array of
    tables ("policy": [{…}, {…}]); a dict inside a section is an inline table.
    """
    lines = [f"{key} = {_toml_value(value)}" for key, value in sections.items() if not _is_section(value)]
    for section, values in sections.items():
        if _is_section(values):
            for one in [values] if isinstance(values, dict) else values:
                lines += [f"[{section}]" if one is values else f"[[{section}]]",
                          *(f"{key} = {_toml_value(value)}" for key, value in one.items())]
    return "\n".join(lines) + "\n"


def _is_section(value):
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _toml_value(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return json.dumps(value)  # strings, numbers and booleans are the same in both


def inside(engine):
    """What to put before a command, so that it sees the mounts of this engine (a disk of its own)."""
    return ["nsenter", "--target", str(engine.init), "--mount", "--"]


def run_cli(*arguments, host=None, config=None, timeout=60, within=()):
    """Runs a command of the program. → (exit status, standard output, standard error)"""
    whole = [*within, binary(), *arguments, *(["--host", host] if host else []), *(["--config", config] if config else [])]
    done = subprocess.run(whole, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


class agent:
    """
    A running `docksweep run`: .port, .config, .log(). More of the configuration as {section: {key: value}}:

        with agent(engine.host, {"inventory": {"resync": "2s"}}) as sweep:
            sweep.metrics().value("docksweep_images", state="unused")

    With `token` it wants this bearer token (.token_file), and is asked with it. `certificate` is what it shows: (file,
    key's file, file of the CA to check it by).
    """

    def __init__(self, host, settings=None, ready=True, within=(), port=None, token=None, certificate=None):
        self.within, self.killed = within, False
        self.folder = tempfile.mkdtemp(prefix="dsa-", dir="/var/tmp")
        self.port = port or free_port()
        sections = {"engine": {"host": host}, "state": {"path": f"{self.folder}/state/state.db"},
                    "web": {"listen": [f"127.0.0.1:{self.port}"]}, "log": {"level": "debug"}}
        for section, values in (settings or {}).items():
            if isinstance(values, dict):
                sections.setdefault(section, {}).update(values)
            else:
                sections[section] = values
        self.token_file, self.headers, self.tls = f"{self.folder}/token", {}, None
        if token:
            pathlib.Path(self.token_file).write_text(f"{token}\n")
            sections["web"]["token_file"] = self.token_file
            self.headers = {"Authorization": f"Bearer {token}"}
        if certificate:
            shown, key, ca = map(str, certificate)
            sections["web"]["tls"] = {"cert": shown, "key": key}
            self.tls = ssl.create_default_context(cafile=ca)
        os.makedirs(f"{self.folder}/state")
        self.config = f"{self.folder}/docksweep.toml"
        pathlib.Path(self.config).write_text(toml(sections))
        self.began = time.monotonic()
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen([*within, binary(), "run", "--config", self.config], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)
        if ready:
            try:
                self.wait_ready()
            except BaseException:
                self.close()
                raise

    def wait_ready(self, seconds=READY_SECONDS):
        """Waits for /-/ready. → seconds since the start of the process"""
        self.wait_for(lambda: self.get("/-/ready").status == 200, "/-/ready", seconds)
        return time.monotonic() - self.began

    def wait_for(self, holds, what, seconds=10, pause=0.005):
        """Waits until this holds (an error counts as not yet). → seconds it took"""
        began, last = time.monotonic(), None
        while True:
            try:
                if holds():
                    return time.monotonic() - began
                last = None
            except (OSError, http.client.HTTPException, KeyError, ValueError, unix_http.http_failure) as error:
                last = error
            if self.process.poll() is not None:
                raise agent_failure(f"the agent ended ({self.process.returncode}) while waiting for {what}; its log ends:"
                                    f"\n{self.log()}")
            if time.monotonic() - began > seconds:
                raise agent_failure(f"not within {seconds} s: {what} ({last or 'it says otherwise'}); its log ends:"
                                    f"\n{self.log()}")
            time.sleep(pause)

    # --- asking it: headers that are given take the place of its credential -------------------------------------------

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def get(self, path, headers=None):
        return self._ask("GET", path, headers)

    def post(self, path, headers=None, body=b""):
        return self._ask("POST", path, headers, body)

    def _ask(self, method, path, headers=None, body=None):
        headers = self.headers if headers is None else headers
        return unix_http.ask(self._connection, method, path, body=body, headers=headers)

    def _connection(self):
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def scrape(self, headers=None):
        """GET /metrics as a scraper does. → unix_http.answer"""
        return self.get("/metrics", headers).expect(200)

    def metrics(self):
        return metrics_text.parse(self.scrape().text)

    def cli(self, *arguments):
        """A command of the program with this agent's configuration. → (exit status, stdout, stderr)"""
        return run_cli(*arguments, config=self.config, within=self.within)

    def cli_json(self, *arguments):
        """The same with --json, which must succeed. → the decoded answer"""
        status, out, err = self.cli(*arguments, "--json")
        if status != 0:
            raise agent_failure(f"docksweep {' '.join(arguments)} --json: exit {status}: {err.strip()}")
        return json.loads(out)

    def log(self, lines=30):
        text = pathlib.Path(f"{self.folder}/log").read_text(errors="replace")
        return "".join(text.splitlines(keepends=True)[-lines:])

    # --- its end ----------------------------------------------------------------------------------------------------

    def stop(self, number=signal.SIGTERM):
        """
        Ends it as a service manager does: exit 0 within ten seconds, or it is a failure. → seconds it took; nothing to do
        when it was stopped before.
        """
        if self.process.returncode == 0 or self.killed:
            return 0.0
        began = time.monotonic()
        self.process.send_signal(number)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise agent_failure(f"the agent still runs {STOP_SECONDS} s after {number.name}; its log ends:"
                                f"\n{self.log()}") from error
        if status != 0:
            raise agent_failure(f"the agent ended with {status} after {number.name}; its log ends:\n{self.log()}")
        return time.monotonic() - began

    def kill(self):
        """SIGKILL, as a crash would end it."""
        self.killed = True
        self.process.kill()
        self.process.wait(10)

    def close(self):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.stop()
        finally:
            self.close()
