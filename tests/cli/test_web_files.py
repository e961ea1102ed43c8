# The web server's certificates, keys and tokens change on disk while the agent runs: without a signal, as a mounted
# Secret or an ACME client changes them.
import http.client
import os
import pathlib
import ssl
import subprocess

from binary import agent, in_a_folder

TOKENS = ("0123456789abcdef0123", "fedcba9876543210fedc")


class web_files(in_a_folder):
    def make(self, name, folder):
        """A self-signed certificate for 127.0.0.1 with this common name, as tls.crt and tls.key."""
        folder = pathlib.Path(self.path(folder))
        folder.mkdir(exist_ok=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", folder / "tls.key", "-out", folder / "tls.crt"], check=True, capture_output=True)
        return folder

    def running(self, folder, more=""):
        return agent(self, self.config(f"""[engine]
host = "unix://{self.path('none.sock')}"
[web]
listen = ["127.0.0.1:0"]
tls = {{ cert = "{folder}/tls.crt", key = "{folder}/tls.key" }}
{more}"""))

    def link(self, running):
        """A connection that has seen its certificate. → (connection, the certificate in DER)"""
        link = http.client.HTTPSConnection("127.0.0.1", running.port, timeout=10, context=ssl._create_unverified_context())
        link.connect()
        return link, link.sock.getpeercert(binary_form=True)

    def shown(self, running):
        link, certificate = self.link(running)
        link.close()
        return certificate

    def ask(self, link, method, path, **headers):
        link.request(method, path, headers=headers)
        answer = link.getresponse()
        answer.read()
        return answer.status

    def metric(self, running, name):
        link, _ = self.link(running)
        link.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKENS[0]}"})
        text = link.getresponse().read().decode()
        link.close()
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(name + " "))

    def der(self, folder):
        return ssl.PEM_cert_to_DER_cert((folder / "tls.crt").read_text())

    def test_a_swapped_secret_is_taken_over_while_connections_are_open(self):
        first, second = self.make("first", "v1"), self.make("second", "v2")
        for folder, token in zip((first, second), TOKENS):
            (folder / "token").write_text(token)
        os.symlink("v1", self.path("data"))
        with self.running(self.path("data"), f'token_file = "{self.path("data")}/token"') as running:
            link, certificate = self.link(running)
            self.assertEqual(certificate, self.der(first))
            self.assertEqual(self.ask(link, "GET", "/metrics", Authorization=f"Bearer {TOKENS[0]}"), 200)
            os.symlink("v2", self.path("new"))
            os.rename(self.path("new"), self.path("data"))
            running.wait_for_log("event=web_files_reloaded")
            self.assertEqual(self.shown(running), self.der(second))
            self.assertEqual(self.ask(link, "GET", "/metrics", Authorization=f"Bearer {TOKENS[0]}"), 401)
            self.assertEqual(self.ask(link, "GET", "/metrics", Authorization=f"Bearer {TOKENS[1]}"), 200)
            link.close()
            self.assertNotIn(TOKENS[1], running.log)
            self.assertEqual(running.end()[0], 0)

    def test_a_rotation_half_way_keeps_the_old_ones_and_says_so(self):
        used, fresh = self.make("first", "used"), self.make("second", "fresh")
        old = self.der(used)
        self.token()
        with self.running(used, f'token_file = "{self.path("token")}"') as running:
            self.assertEqual(self.shown(running), old)
            (used / "tls.crt").write_bytes((fresh / "tls.crt").read_bytes())
            running.wait_for_log("event=web_files_rejected")
            self.assertIn("is not the key of the certificate", running.log)
            self.assertEqual(self.shown(running), old)
            self.assertEqual(self.metric(running, "docksweep_config_last_reload_successful"), 0)
            (used / "tls.key").write_bytes((fresh / "tls.key").read_bytes())
            running.wait_for_log("event=web_files_reloaded")
            self.assertEqual(self.shown(running), self.der(fresh))
            self.assertEqual(self.metric(running, "docksweep_config_last_reload_successful"), 1)
            self.assertEqual(running.log.count("event=web_files_rejected"), 1)
            self.assertEqual(running.end()[0], 0)

    def test_a_file_that_comes_back_as_it_was_ends_the_complaint(self):
        used = self.make("first", "used")
        old, key = self.der(used), (used / "tls.key").read_bytes()
        self.token()
        with self.running(used, f'token_file = "{self.path("token")}"') as running:
            self.assertEqual(self.shown(running), old)
            (used / "tls.key").unlink()  # alone this is no change: an editor may be at it
            pathlib.Path(self.path("token")).write_text(TOKENS[1])
            running.wait_for_log("event=web_files_rejected")
            self.assertEqual(self.shown(running), old)
            (used / "tls.key").write_bytes(key)
            running.wait_for_log("event=web_files_reloaded")
            link, _ = self.link(running)
            self.assertEqual(self.ask(link, "GET", "/metrics", Authorization=f"Bearer {TOKENS[1]}"), 200)
            link.close()

    def token(self):
        pathlib.Path(self.path("token")).write_text(TOKENS[0])
