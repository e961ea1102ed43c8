# Credentials with real registries that want a password: every place that they may come from, what is wrong with them, and
# that no secret is seen anywhere.
import base64
import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

import docksweep
import images
import registry
import sweeping
from engine import docker

SECRET, OTHER_SECRET = "s3cret-of-the-first", "s3cret-of-the-second"


def auth_of(name, password):
    return {"auth": base64.b64encode(f"{name}:{password}".encode()).decode()}


class credentials:
    """On one engine, with two registries that let in different users."""

    kind = None

    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(docker(cls.kind))
        cls.hub = cls.enterClassContext(registry.registry(cls.engine, users={"ann": SECRET}, port=5010))
        cls.other = cls.enterClassContext(registry.registry(cls.engine, users={"bob": OTHER_SECRET}, port=5020))
        images.load_images(cls.engine, [images.image("source:1", [images.layer.of_size(50_000)])])
        cls.first, cls.second = cls.hub.push("source:1", "team/app:1"), cls.other.push("source:1", "app:1")
        cls.engine.api("DELETE", "/images/source:1").expect(200)

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="dsk-", dir="/var/tmp")))
        self.environment = {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                            "DOCKER_CONFIG": str(self.folder)}
        self.settings = {"state": {"path": f"{self.folder}/state.db"}}
        self.addCleanup(self.forget_all)

    def forget_all(self):
        for reference in (self.first, self.second):
            self.engine.api("DELETE", f"/images/{reference}")

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def helper(self, name, *lines):
        """docker-credential-NAME on the PATH: a shell script."""
        path = self.write(f"bin/docker-credential-{name}", "\n".join(["#!/bin/sh", *lines, ""]))
        os.chmod(path, 0o755)

    def answers(self, name, server, user, password):
        self.helper(name, 'read -r asked', f'[ "$asked" = "{server}" ] || {{ echo "credentials not found in native keychain"; exit 1; }}',
                    f"""echo '{json.dumps({"ServerURL": server, "Username": user, "Secret": password})}'""")

    def run_it(self, *arguments, status=0, timeout=120):
        config = self.write("docksweep.toml", docksweep.toml(self.settings))
        done = subprocess.run([docksweep.binary(), "--config", config, "--host", self.engine.host, *arguments],
                              capture_output=True, text=True, timeout=timeout, env=self.environment)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        for secret in (SECRET, OTHER_SECRET, "wrong-password", auth_of("ann", SECRET)["auth"], auth_of("bob", OTHER_SECRET)["auth"],
                       self.hub.credential(), self.other.credential()):
            self.assertNotIn(secret, done.stdout + done.stderr)
        return done

    def pulls(self, reference=None, *more):
        reference = reference or self.first
        self.run_it("pull", "-q", reference, *more)
        self.assertEqual(self.engine.api("GET", f"/images/{reference}/json").status, 200)
        self.forget_all()

    def refused(self, *more, reference=None, words="[uU]nauthorized|no basic auth|authentication required", timeout=60):
        done = self.run_it("pull", reference or self.first, *more, status=1, timeout=timeout)
        self.assertRegex(done.stderr, words)
        self.assertEqual(self.engine.api("GET", f"/images/{reference or self.first}/json").status, 404)
        return done.stderr

    # --- where they come from ---------------------------------------------------------------------------------------

    def test_config_json(self):
        self.write("config.json", {"auths": {self.hub.host: auth_of("ann", SECRET)}})
        self.pulls()

    def test_docker_auth_config(self):
        self.environment["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {self.hub.host: auth_of("ann", SECRET)}})
        self.pulls()

    def test_a_kubernetes_pull_secret_as_auth_file(self):
        secret = {"auths": {f"https://{self.hub.host}/v1/": {"username": "ann", "password": SECRET, **auth_of("ann", SECRET)}}}
        self.pulls(self.first, "--auth-file", self.write("dockerconfigjson", secret))

    def test_the_configuration_with_a_password_file(self):
        password = self.write("password", SECRET + "\n")
        config = self.write("own.toml", docksweep.toml({"state": self.settings["state"]}) +
                            f'[registry."{self.hub.host}"]\nusername = "ann"\npassword_file = "{password}"\n')
        done = subprocess.run([docksweep.binary(), "--config", config, "--host", self.engine.host, "pull", self.first],
                              capture_output=True, text=True, timeout=60, env=self.environment)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_helper_for_one_registry_and_a_store_for_all(self):
        self.answers("one", self.hub.host, "ann", SECRET)
        self.answers("store", self.other.host, "bob", OTHER_SECRET)
        self.write("config.json", {"credHelpers": {self.hub.host: "one"}, "credsStore": "store"})
        self.pulls(self.first)
        self.pulls(self.second)

    def test_two_registries_each_with_its_own(self):
        self.write("config.json", {"auths": {self.hub.host: auth_of("ann", SECRET), self.other.host: auth_of("bob", OTHER_SECRET)}})
        self.pulls(self.first)
        self.pulls(self.second)
        self.write("config.json", {"auths": {self.other.host: auth_of("ann", SECRET), self.hub.host: auth_of("bob", OTHER_SECRET)}})
        self.refused()
        self.refused(reference=self.second)

    # --- what is wrong with them ------------------------------------------------------------------------------------

    def test_none_and_a_wrong_one(self):
        self.assertIn("config.json", self.refused(), "it says where credentials are looked for")
        self.write("config.json", {"auths": {self.hub.host: auth_of("ann", "wrong-password")}})
        self.refused()
        self.write("config.json", {"auths": {"another.example": auth_of("ann", SECRET)}})
        self.refused()

    def test_a_file_that_is_no_configuration(self):
        self.write("config.json", '{"auths": {"x": {"auth": "' + auth_of("ann", SECRET)["auth"])
        self.refused(words="config.json")

    def test_an_auth_file_that_is_not_there(self):
        self.refused("--auth-file", f"{self.folder}/none", words="none")

    def test_a_helper_that_hangs(self):
        self.helper("slow", "sleep 1000 & sleep 1000")
        self.write("config.json", {"credHelpers": {self.hub.host: "slow"}})
        began = time.monotonic()
        self.refused(words="docker-credential-slow")
        self.assertLess(time.monotonic() - began, 30)

    def test_helpers_that_lie_or_fail(self):
        self.write("config.json", {"credHelpers": {self.hub.host: "odd"}})
        self.refused(words="docker-credential-odd")  # not there
        self.answers("odd", "another.example", "ann", SECRET)
        self.refused()  # knows nothing of this registry
        self.helper("odd", f"""echo '{{"ServerURL":"another.example","Username":"ann","Secret":"{SECRET}"}}'""")
        self.refused(words="docker-credential-odd")
        self.helper("odd", f"echo '{SECRET}'")
        self.refused(words="docker-credential-odd")
        self.helper("odd", f"echo '{SECRET}'; echo broken >&2; exit 3")
        self.refused(words="docker-credential-odd")

    # --- where they must not be -------------------------------------------------------------------------------------

    def test_the_secret_is_seen_nowhere(self):
        self.answers("one", self.hub.host, "ann", SECRET)
        with open(self.folder / "bin/docker-credential-one", "a") as script:
            script.write(f"cat /proc/$PPID/cmdline /proc/$$/cmdline /proc/$$/environ > {self.folder}/seen\n")
        self.write("config.json", {"credHelpers": {self.hub.host: "one"}})
        done = self.run_it("pull", "--trace", self.first)
        self.assertIn("X-Registry-Auth: ***", done.stderr)
        self.assertNotIn(SECRET, (self.folder / "seen").read_text(errors="replace"))
        self.assertIn("docksweep", (self.folder / "seen").read_text(errors="replace"))

    def test_restore_and_ask_registry_with_a_password(self):
        """The agent asks a registry that wants a password; its log and its state have nothing of it."""
        self.write("config.json", {"auths": {self.hub.host: auth_of("ann", SECRET)}})
        self.run_it("pull", self.first)
        image_id = sweeping.id_of(self.engine, self.first)
        os.environ["DOCKER_CONFIG"] = str(self.folder)
        self.addCleanup(os.environ.pop, "DOCKER_CONFIG")
        settings = {"mode": "enforce", "settle": "0s", "keep": {"min_age": "0s", "ask_registry": True},
                    "policy": [{"name": "many", "when": {"images_above": 0, "for": "0s"}, "limits": {"images": 5},
                                "remove": {"images": "unused"}}]}
        with docksweep.agent(self.engine.host, settings) as sweep:
            sweep.wait_for(lambda: self.engine.api("GET", f"/images/{image_id}/json").status == 404, "the sweep", 60, 0.1)
            sweep.wait_for(lambda: sweep.cli_json("history")["sweeps"][0]["ended_at"], "its record", 30, 0.1)
            sweep.stop()
            log = sweep.log(lines=1_000_000)
            state = b"".join(path.read_bytes() for path in pathlib.Path(sweep.folder).glob("state/*"))
            (self.folder / "config.json").rename(self.folder / "elsewhere.json")
            status, out, err = sweep.cli("restore", "--yes")
            self.assertEqual(status, 3, out + err)
            status, out, err = sweep.cli("restore", "--yes", "--auth-file", f"{self.folder}/elsewhere.json")
            self.assertEqual(status, 0, out + err)
        self.assertEqual(sweeping.id_of(self.engine, self.first), image_id)
        for secret in (SECRET, auth_of("ann", SECRET)["auth"], self.hub.credential()):
            self.assertNotIn(secret, log + out + err)
            self.assertNotIn(secret.encode(), state)


class docker_20(credentials, unittest.TestCase):
    kind = "20.10"


class docker_26_containerd(credentials, unittest.TestCase):
    kind = "26-containerd"
