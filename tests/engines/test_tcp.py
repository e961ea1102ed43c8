# A real Docker over TCP, plain and with TLS, instead of its socket.
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import containers
import docksweep
import scenario
import sweeping
from certificates import authority
from engine import docker
from keeper import child_of
from namespaces import in_own
from tunnel import tunnel

PORT = 2376  # in the engine's own network


class by_tcp:
    """A subclass says how: more of the daemon's settings, its files, and keys of [engine] for the agent."""

    settings, files, keys = {}, {}, {}

    def setUp(self):
        self.engine = self.enterContext(docker("20.10", settings={"hosts": [f"tcp://127.0.0.1:{PORT}"], **self.settings},
                                               files=self.files))
        self.host = f"tcp://127.0.0.1:{self.enterContext(tunnel(self.engine.init, PORT)).port}"
        scenario.node(self.engine, states=("created", "running", "exited"))

    def test_an_agent_watches_and_sees_it_restart(self):
        with docksweep.agent(self.host, {"engine": self.keys}) as sweep:
            counts = lambda: sweep.metrics().family("docksweep_images", "state")
            truth = lambda: scenario.counted(scenario.image_states(self.engine), counts())
            self.assertEqual(counts(), truth())
            self.shows_a_start(sweep, "before")
            self.engine.kill()
            sweep.wait_for(lambda: sweep.metrics().value("docksweep_engine_up") == 0, "docksweep_engine_up 0", 30)
            self.engine.start()
            sweep.wait_for(lambda: sweep.metrics().value("docksweep_engine_up") == 1, "docksweep_engine_up 1", 60)
            self.shows_a_start(sweep, "after")
            sweep.wait_for(lambda: counts() == truth(), "the same again", 30)

    def shows_a_start(self, sweep, name):
        """By its event: the next listing is minutes away."""
        identity = containers.run(self.engine, containers.REFERENCE, name)
        states = lambda: {one["id"]: one["state"] for one in sweep.get("/api/v1/inventory").json()["containers"]}
        sweep.wait_for(lambda: states().get(identity) == "running", f"container {name}", 10)

    def test_a_sweep_removes_what_it_planned(self):
        with sweeping.policies(self.host, engine=self.keys) as node:
            planned = {one["id"] for one in node.plan()["verdicts"] if one["action"] == "remove"}
            self.assertGreater(len(planned), 3)
            status, out, err = node.sweep()
            self.assertEqual(status, sweeping.DONE, err or out)
            self.assertEqual(planned & set(scenario.image_states(self.engine)), set())

    def fails_with(self, keys, said):
        with sweeping.policies(self.host, engine=keys) as node:
            status, out, err = node.run("images")
        self.assertEqual((status, out), (sweeping.FAILED, ""))
        self.assertRegex(err, said)


# Its /proc has to be its own: the leak sanitizer looks for the threads there.
RESOLVED_BY = 'mount -t proc proc /proc; mount --bind "$0" "$(realpath /etc/resolv.conf)"; exec "$@"'
# A name server that hears everything and says nothing, for whoever is in its network; then the command.
SILENT_NAME_SERVER = """
import fcntl, os, socket, struct, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 0x49))  # SIOCSIFFLAGS: up, loopback, running
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
os.set_inheritable(server.fileno(), True)
os.execv(sys.argv[1], sys.argv[1:])
"""


class name_server(unittest.TestCase):
    def test_that_is_silent_holds_up_neither_the_agent_nor_its_end(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
        within = in_own("sh", "-euc", RESOLVED_BY, str(folder / "resolv.conf"), "python3", "-c", SILENT_NAME_SERVER, net=True)
        sweep = docksweep.agent("tcp://engine.example.com:2375", {"engine": {"timeout": "1s"}}, ready=False, within=within)
        self.addCleanup(sweep.close)
        sweep.wait_for(lambda: "was not resolved in time" in sweep.log(), "the end of the wait for the name", 30)
        began = time.monotonic()
        os.kill(child_of(sweep.process.pid), signal.SIGTERM)
        self.assertEqual(sweep.process.wait(30), 0, sweep.log())
        self.assertLess(time.monotonic() - began, 2)


class plain(by_tcp, unittest.TestCase):
    """What nobody should do, and some do on a loopback."""

    def test_tls_to_a_port_without_it_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            self.fails_with({"tls": {"ca": str(authority(folder).ca)}}, "TLS")


class with_tls(by_tcp, unittest.TestCase):
    """Both sides show a certificate."""

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.ours, self.other = authority(folder), authority(folder, "other")
        certificate, key = self.ours.issue("server")
        self.files = {"ca.pem": self.ours.ca.read_text(), "cert.pem": certificate.read_text(), "key.pem": key.read_text()}
        self.settings = {"tlsverify": True, "tlscacert": "{folder}/ca.pem", "tlscert": "{folder}/cert.pem",
                         "tlskey": "{folder}/key.pem"}
        self.keys = self.shown_by(self.ours)
        super().setUp()

    def shown_by(self, issuer, trusted=None):
        certificate, key = issuer.issue("client")
        return {"tls": {"ca": str((trusted or self.ours).ca), "cert": str(certificate), "key": str(key)}}

    def test_who_shows_no_certificate_or_trusts_another_is_told(self):
        self.fails_with({"tls": {"ca": str(self.ours.ca)}}, "certificate")
        self.fails_with(self.shown_by(self.other), "certificate")
        self.fails_with(self.shown_by(self.ours, trusted=self.other), "certificate")
        self.fails_with({}, "TLS|HTTPS")

    def test_the_docker_clis_own_variables_will_do(self):
        with tempfile.TemporaryDirectory() as folder:
            tls = self.keys["tls"]
            environment = {"DOCKER_HOST": self.host, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": folder}
            for name, path in tls.items():
                pathlib.Path(f"{folder}/{name}.pem").write_text(pathlib.Path(path).read_text())
            done = subprocess.run([docksweep.binary(), "images", "--all", "--quiet"], env={**os.environ, **environment},
                                  text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(set(done.stdout.split()), set(scenario.image_states(self.engine)))
