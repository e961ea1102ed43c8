# Whose credential a pull sends, and that nothing shows it, against a scripted engine.
import base64
import json
import os
import pathlib
import signal
import stat
import subprocess
import time
import unittest

from binary import BINARY
from fake_engine import image
from test_commands import with_engine

SECRET = "hunter2-Tr0ub4dor"
HOST = "reg.example.com"
SUCCESS = {"status": "Status: Downloaded newer image for app:1"}


class credentials(with_engine):
    def setUp(self):
        super().setUp()
        self.app = image([f"{HOST}/app:1"], [("base", 1000)])
        self.says(SUCCESS)

    def says(self, *lines):
        self.engine.pullable[f"{HOST}/app:1"] = (self.app, list(lines))

    def pull(self, *arguments, **environment):
        return self.ask("pull", *arguments, **environment)

    def refused(self, *arguments, **environment):
        done = self.pull(*arguments, **environment)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertNotIn(SECRET, done.stderr)
        return done.stderr

    def entry(self, user, host=HOST, password=SECRET):
        return {"auths": {host: {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}}}

    def file(self, name, content):
        path = pathlib.Path(self.path(name))
        path.parent.mkdir(exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def helper(self, name, script):
        path = pathlib.Path(self.file(f"bin/docker-credential-{name}", "#!/bin/sh\n" + script))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        self.environment["PATH"] = f"{self.folder}/bin:{os.environ['PATH']}"

    def user(self, *arguments, **environment):
        """The user whose credential a pull sent; None: it sent none. Nothing shows the secret."""
        done = self.pull("--trace", f"{HOST}/app:1", *arguments, **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        header = self.engine.pulls[-1][1]
        for text in (done.stdout, done.stderr):
            self.assertNotIn(SECRET, text)
            self.assertNotIn(base64.b64encode(SECRET.encode()).decode()[:-2], text)
            if header:
                self.assertNotIn(header, text)
        if header is None:
            return None
        self.assertIn("X-Registry-Auth: ***", done.stderr)
        sent = json.loads(base64.urlsafe_b64decode(header))
        self.assertEqual((sent["password"], sent["serveraddress"]), (SECRET, HOST))
        return sent["username"]

    def test_none_is_sent_where_none_is_known(self):
        self.assertIsNone(self.user())
        self.file("docker/config.json", self.entry("other", "elsewhere.example.com"))
        self.assertIsNone(self.user(DOCKER_AUTH_CONFIG=json.dumps(self.entry("x", "y.example.com"))))

    def test_each_source_and_which_comes_first(self):
        self.file("docker/config.json", self.entry("from-file"))
        self.assertEqual(self.user(), "from-file")
        inline = json.dumps(self.entry("from-variable"))
        self.assertEqual(self.user(DOCKER_AUTH_CONFIG=inline), "from-variable")
        word = self.file("password", SECRET + "\n")
        self.settings = self.config(f'[engine]\nhost = "{self.engine.host}"\n[registry."{HOST}"]\n'
                                    f'username = "from-settings"\npassword_file = "{word}"\n')
        self.assertEqual(self.user(DOCKER_AUTH_CONFIG=inline), "from-settings")
        given = self.file(".dockerconfigjson", self.entry("from-auth-file"))
        self.assertEqual(self.user("--auth-file", given, DOCKER_AUTH_CONFIG=inline), "from-auth-file")
        elsewhere = self.file("other.json", self.entry("x", "elsewhere.example.com"))
        self.assertEqual(self.user("--auth-file", elsewhere, DOCKER_AUTH_CONFIG=inline), "from-settings")

    def test_helpers(self):
        self.helper("mine", f'read server; printf \'{{"ServerURL":"%s","Username":"from-helper","Secret":"{SECRET}"}}\' "$server"\n')
        self.file("docker/config.json", {"credsStore": "mine"})
        self.assertEqual(self.user(), "from-helper")
        self.file("docker/config.json", {"credHelpers": {HOST: "mine"}})
        self.assertEqual(self.user(), "from-helper")

    def test_a_helper_that_fails_ends_the_pull_before_it_begins(self):
        self.helper("mine", f"echo '{{\"Secret\":\"{SECRET}\"}}'; echo 'the vault is locked' >&2; exit 3\n")
        self.file("docker/config.json", {"credsStore": "mine"})
        done = self.pull("--trace", f"{HOST}/app:1")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("docker-credential-mine", done.stderr)
        self.assertIn("the vault is locked", done.stderr)
        self.assertNotIn(SECRET, done.stderr)
        self.assertEqual(self.engine.pulls, [])

    def test_an_auth_file_that_is_not_there_or_is_none(self):
        self.assertIn("/nowhere.json", self.refused(f"{HOST}/app:1", "--auth-file", "/nowhere.json"))
        broken = self.file("broken.json", f'{{"auths": {{"{HOST}": "{SECRET}')
        said = self.refused(f"{HOST}/app:1", "--auth-file", broken)
        self.assertIn(broken, said)
        self.assertNotIn(SECRET, said)
        self.assertEqual(self.engine.pulls, [])

    def test_an_engine_that_repeats_the_credential(self):
        self.file("docker/config.json", self.entry("somebody"))
        self.pull(f"{HOST}/app:1")
        header = self.engine.pulls[-1][1]
        self.says({"error": f"bad header {header}", "errorDetail": {"message": f"bad header {header}"}})
        self.assertIn("bad header ***", self.refused(f"{HOST}/app:1"))

    def test_a_signal_while_a_helper_is_asked(self):
        self.helper("slow", f"echo $$ > {self.folder}/asked; exec sleep 60\n")
        self.file("docker/config.json", {"credsStore": "slow"})
        running = subprocess.Popen([BINARY, "--config", self.settings, "pull", f"{HOST}/app:1"], stderr=subprocess.PIPE,
                                   text=True, cwd=self.folder, env=self.environment)
        self.addCleanup(running.kill)
        self.wait_until(lambda: (self.folder / "asked").exists() and (self.folder / "asked").read_text())
        began = time.monotonic()
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=20)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(running.returncode, 1)
        self.assertIn("stopped", said)
        self.assertEqual(self.engine.pulls, [])
        self.assertFalse(os.path.exists(f"/proc/{(self.folder / 'asked').read_text().strip()}"), "the helper is gone, too")


if __name__ == "__main__":
    unittest.main()
