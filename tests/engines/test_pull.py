# docksweep pull, saves and loads against real Docker and a real registry.
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

import images
import registry
from docksweep import binary
from engine import docker

LAYER_BYTES = 3_000_000
NO_SUCH = "sha256:" + "0" * 64


class pulls:
    """On one engine; each test has repositories of its own."""

    kind = None  # of the engine

    @classmethod
    def setUpClass(cls):
        # One attempt at each layer: a test of a broken connection need not wait 75 s.
        cls.engine = cls.enterClassContext(docker(cls.kind, settings={"max-download-attempts": 1}))
        cls.hub = cls.enterClassContext(registry.registry(cls.engine))
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.environment = {"PATH": os.environ["PATH"], "HOME": str(cls.folder), "LC_ALL": "C.UTF-8"}
        (cls.folder / "docksweep.toml").write_text(f'[state]\npath = "{cls.folder}/state.db"\n')

    def push(self, name, count=3, hub=None, size=LAYER_BYTES):
        """Loads an image of so many layers, pushes it, and removes it from the engine. → HOST/name"""
        local = f"local/{hashlib.sha256(name.encode()).hexdigest()[:12]}:1"
        images.load_images(self.engine, [images.image(local, [images.layer.of_size(size) for _ in range(count)])])
        pushed = (hub or self.hub).push(local, name)
        self.engine.api("DELETE", f"/images/{local}").expect(200)
        return pushed

    def command(self, *arguments):
        return [str(binary()), "--config", str(self.folder / "docksweep.toml"), "--host", self.engine.host, *arguments]

    def pull(self, *arguments, status=0):
        done = subprocess.run(self.command("pull", *arguments), capture_output=True, text=True, timeout=240,
                              env=self.environment)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def pull_json(self, *arguments):
        return json.loads(self.pull("--json", *arguments).stdout)

    def transfer(self, *words, status=0):
        program = str(binary("DOCKSWEEP_TRANSFER"))
        done = subprocess.run([program, "--host", self.engine.host, *words], capture_output=True, text=True, timeout=240)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return (done.stdout if status == 0 else done.stderr).strip()

    def names(self):
        return {name for one in self.engine.get("/images/json") for name in (one["RepoTags"] or []) if "<none>" not in name}

    def ids(self):
        return {one["Id"] for one in self.engine.get("/images/json", all=1)}

    def digest_of(self, reference):
        return self.engine.get(f"/distribution/{reference}/json")["Descriptor"]["digest"]

    def repository(self, reference):
        return reference.rpartition(":")[0]

    # --- what arrives -----------------------------------------------------------------------------------------------

    def test_by_tag_with_the_engines_own_id_and_digest(self):
        name = self.push("tag/app:1")
        found = self.pull_json(name)
        engine = self.engine.get(f"/images/{name}/json")
        self.assertEqual((found["id"], found["digest"]), (engine["Id"], self.digest_of(name)))
        self.assertIn(f"{self.repository(name)}@{found['digest']}", engine["RepoDigests"])
        self.assertEqual((found["status"], found["platform"], found["layers"]), ("downloaded", "linux/amd64", 3))
        self.bytes_are_told(found["bytes"])
        again = self.pull_json(name)
        self.assertEqual((again["status"], again["id"], again["digest"]), ("up_to_date", found["id"], found["digest"]))
        self.assertEqual(self.pull("-q", name).stdout, found["id"] + "\n")
        self.assertTrue(self.pull(name).stdout.endswith(f"{name} is up to date\n"))

    def bytes_are_told(self, told):
        """Of a layer that comes quickly nothing may be said: on the containerd store as a rule, elsewhere by chance."""
        for number in range(4):
            if told is not None:
                self.assertAlmostEqual(told, 3 * LAYER_BYTES, delta=100_000)
                return
            told = self.pull_json(self.push(f"tag/more:{number}"))["bytes"]
        self.assertEqual(self.kind, "26-containerd", "no pull told of its bytes")

    def test_by_digest_and_by_both(self):
        name = self.push("digest/app:1")
        digest = self.digest_of(name)
        for reference in (f"{self.repository(name)}@{digest}", f"{self.repository(name)}:never-pushed@{digest}"):
            found = self.pull_json(reference)
            self.assertEqual((found["digest"], found["id"]),
                             (digest, self.engine.get(f"/images/{self.repository(name)}@{digest}/json")["Id"]))
        self.assertFalse({each for each in self.names() if "digest/app:" in each}, "a digest brings no tag")

    def test_without_a_tag_never_all_tags(self):
        for tag in ("1", "2", "latest"):
            self.push(f"many/app:{tag}", count=1, size=1000)
        done = self.pull(f"{self.hub.host}/many/app")
        self.assertEqual(done.stderr.splitlines()[0], "Using default tag: latest")
        self.assertEqual({each for each in self.names() if "many/app" in each}, {f"{self.hub.host}/many/app:latest"})

    def test_another_platform_is_no_success(self):
        name = self.push("platform/app:1", count=1, size=1000)
        if self.kind == "26-containerd":  # it takes what there is, and may have several under one ID
            return
        self.assertRegex(self.pull("--platform", "linux/arm64", name, status=1).stderr, "linux/arm64.*linux/amd64")

    # --- what does not ----------------------------------------------------------------------------------------------

    def test_unknown_tags_digests_and_repositories(self):
        name = self.push("known/app:1", count=1, size=1000)
        before = self.ids()
        for reference in (f"{self.repository(name)}:nope", f"{self.hub.host}/unknown/app:1", f"{self.repository(name)}@{NO_SUCH}"):
            done = self.pull(reference, status=1)
            self.assertIn("not found", done.stderr)
            self.assertIn("is that its name?", done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertEqual(self.ids(), before)

    def test_a_registry_that_is_down(self):
        done = self.pull("127.0.0.1:5999/team/app:1", status=1)
        self.assertIn("connection refused", done.stderr)
        self.assertNotIn("docker login", done.stderr)

    def test_a_registry_that_wants_a_password(self):
        with registry.registry(self.engine, users={"joe": "secret"}, port=5010) as closed:
            name = self.push("closed/app:1", count=1, size=1000, hub=closed)
            done = self.pull(name, status=1)
            self.assertIn("docker login 127.0.0.1:5010", done.stderr)
            self.assertIn("credentials are looked for in", done.stderr)
            right, wrong = (registry.auth_header("joe", word, closed.host) for word in ("secret", "wrong"))
            told = self.transfer("--auth", wrong, "pull", self.repository(name), "1", status=1)
            self.assertRegex(told, "(?i)unauthorized")
            self.assertNotIn(wrong, told)
            self.assertRegex(self.transfer("--auth", right, "pull", self.repository(name), "1"), "sha256:.{64}")

    def test_a_connection_that_is_cut_in_a_layer(self):
        name = self.push("cut/app:1", count=2)
        before = self.ids()
        link = self.hub.slow_link(pause=0.005, port=5021, cut_after=LAYER_BYTES // 2)
        done = self.pull(link + name.removeprefix(self.hub.host), status=1)
        self.assertIn("was not pulled", done.stderr)
        self.assertIn("Downloading", done.stderr)
        self.assertEqual(self.ids(), before)
        self.pull(name)  # and the engine goes on

    def test_ctrl_c_leaves_no_half_image_and_the_engine_goes_on(self):
        name = self.push("stopped/app:1")
        before = self.ids()
        slow = self.hub.slow_link(pause=0.02, port=5022) + name.removeprefix(self.hub.host)  # 4 s
        running = subprocess.Popen(self.command("pull", slow), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=self.environment)
        self.addCleanup(running.kill)
        for line in running.stderr:
            if "Downloading" in line or "Pulling fs layer" in line:
                break
        time.sleep(1)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=20)
        self.assertEqual(running.returncode, 1, err)
        self.assertIn("stopped", err)
        time.sleep(6)  # longer than the rest would have taken
        self.assertEqual(self.ids(), before, "the engine's pull must have ended, too")
        self.pull(name)

    # --- what is seen -----------------------------------------------------------------------------------------------

    def test_progress_on_a_terminal(self):
        name = self.push("seen/app:1")
        slow = self.hub.slow_link(pause=0.02, port=5023) + name.removeprefix(self.hub.host)
        screen, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        running = subprocess.Popen(self.command("pull", slow), stdin=end, stdout=end, stderr=end,
                                   env=self.environment | {"TERM": "xterm"})
        os.close(end)
        received = b""
        with contextlib.suppress(OSError):
            while piece := os.read(screen, 65536):
                received += piece
        os.close(screen)
        text = received.decode().replace("\r\n", "\n")
        self.assertEqual(running.wait(30), 0, text)
        self.assertRegex(text, r"\x1b\[4A\r[0-9a-f]{12}  Downloading +\[=*> *\]  [\d.]+ [kM]B/3\.0 MB")
        self.assertRegex(text, r"0/3 layers done, [\d.]+ MB of 9\.0 MB, [\d.]+ [kM]B/s, \d s left")
        self.assertRegex(text.rpartition("\x1b[J")[2], r"^Digest: .*\nID: .*\n.* was pulled: ([\d.]+ MB )?in [\d.]+ s\n$")
        totals = [float(number) for number in re.findall(r"layers done, ([\d.]+) MB", text)]
        self.assertEqual(totals, sorted(totals))

    # --- the port ---------------------------------------------------------------------------------------------------

    def test_what_a_registry_has(self):
        name = self.push("has/app:1", count=1, size=1000)
        repository, digest = self.repository(name), self.digest_of(name)
        self.assertEqual(self.transfer("has", repository, digest), "yes")
        self.assertEqual(self.transfer("has", repository, NO_SUCH), "no")
        self.assertEqual(self.transfer("has", f"{self.hub.host}/nobody/app", digest), "no")
        self.assertIn("connection refused", self.transfer("has", "127.0.0.1:5999/has/app", digest, status=1))
        with registry.registry(self.engine, users={"joe": "secret"}, port=5011) as closed:
            name = self.push("has/closed:1", count=1, size=1000, hub=closed)
            right, wrong = (registry.auth_header("joe", word, closed.host) for word in ("secret", "wrong"))
            digest = self.engine.api("GET", f"/distribution/{name}/json", headers={"X-Registry-Auth": right}).json()
            digest = digest["Descriptor"]["digest"]
            self.transfer("has", self.repository(name), digest, status=1)
            self.transfer("--auth", wrong, "has", self.repository(name), digest, status=1)
            self.assertEqual(self.transfer("--auth", right, "has", self.repository(name), digest), "yes")
            self.assertEqual(self.transfer("--auth", right, "has", self.repository(name), NO_SUCH), "no")

    def test_what_is_saved_by_id_comes_back_with_the_same_id_and_no_name(self):
        images.load_images(self.engine, [images.image("saved:1", [images.layer.of_size(LAYER_BYTES)] * 1 +
                                                      [images.layer.of_size(5000)])])
        found = self.engine.get("/images/saved:1/json")
        file = str(self.folder / "saved.tar")
        self.assertEqual(self.transfer("save", found["Id"], file), str(os.path.getsize(file)))
        self.engine.api("DELETE", "/images/saved:1").expect(200)
        self.assertNotIn(found["Id"], self.ids())
        self.assertEqual(self.transfer("load", file), found["Id"])
        again = self.engine.get(f"/images/{found['Id']}/json")
        self.assertEqual((again["RepoTags"], again["RootFS"]["Layers"]), ([], found["RootFS"]["Layers"]))
        self.assertIn("was not saved", self.transfer("save", NO_SUCH, file, status=1))

    def test_half_an_archive_is_refused(self):
        images.load_images(self.engine, [images.image("half:1", [images.layer.of_size(LAYER_BYTES)])])
        found, file = self.engine.get("/images/half:1/json")["Id"], str(self.folder / "half.tar")
        self.transfer("save", found, file)
        self.engine.api("DELETE", "/images/half:1").expect(200)
        os.truncate(file, os.path.getsize(file) // 2)
        before = self.ids()
        self.assertIn("the archive was not loaded", self.transfer("load", file, status=1))
        self.assertEqual(self.ids(), before)


class docker_20(pulls, unittest.TestCase):
    kind = "20.10"


class docker_26_overlay2(pulls, unittest.TestCase):
    kind = "26-overlay2"


class docker_26_containerd(pulls, unittest.TestCase):
    kind = "26-containerd"
