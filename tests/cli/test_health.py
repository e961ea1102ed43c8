# `docksweep health`, against real agents at each kind of listen address.
import pathlib
import socket
import subprocess
import sys
import unittest

from binary import agent, in_a_folder
from fake_engine import fake_engine

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from ports import free_port  # noqa: E402


class healths(in_a_folder):
    def asked(self, web, *arguments, engine="unix:///nowhere/e.sock"):
        """Runs an agent with this [web] and asks it once it listens. → what `docksweep health` did"""
        config = self.config(f'[engine]\nhost = "{engine}"\n[web]\n{web}\n')
        with agent(self, config) as running:
            running.wait_for_log("event=listening")
            return self.docksweep("--config", config, "health", *arguments)

    def test_tcp_unix_socket_and_every_address(self):
        port = free_port()
        for listen in (
            f'"127.0.0.1:{port}"',
            f'"0.0.0.0:{port}"',
            f'":{port}"',
            f'"[::1]:{port}"',
            f'"unix://{self.path("h.sock")}"',
            f'"127.0.0.1:0", "127.0.0.1:{port}"',
        ):
            with self.subTest(listen):
                done = self.asked(f"listen = [{listen}]")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertNotEqual(done.stdout, "")

    def test_tls_with_a_certificate_of_another_name_and_users(self):
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=node.example.com",
                "-keyout",
                self.path("key.pem"),
                "-out",
                self.path("cert.pem"),
            ],
            check=True,
            capture_output=True,
        )
        web = (
            f'listen = ["127.0.0.1:{free_port()}"]\ntls.cert = "{self.path("cert.pem")}"\ntls.key = "{self.path("key.pem")}"\n'
            f'tls.client_ca = "{self.path("cert.pem")}"'
        )
        done = self.asked(web)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_ready_is_another_question(self):
        web = f'listen = ["127.0.0.1:{free_port()}"]'
        with fake_engine(self.path("e.sock"), [], []) as engine:
            engine.hangs = "/images/json"
            self.assertEqual(self.asked(web, engine=engine.host).returncode, 0)
            done = self.asked(web, "--ready", engine=engine.host)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("answers 503", done.stderr)

    def test_nobody_there(self):
        config = self.config(f'[web]\nlisten = ["127.0.0.1:{free_port()}"]\n')
        done = self.docksweep("--config", config, "health")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Connection refused", done.stderr)

    def test_an_agent_that_hangs(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            config = self.config(f'[web]\nlisten = ["127.0.0.1:{silent.getsockname()[1]}"]\n')
            done = self.docksweep("--config", config, "health", timeout=20)
        self.assertEqual(done.returncode, 1)
        self.assertIn("5 s", done.stderr)

    def test_no_address_to_ask(self):
        done = self.docksweep("--config", self.config('[web]\nlisten = ["systemd"]\n'), "health")
        self.assertEqual(done.returncode, 1)
        self.assertIn("[web] listen has no address that can be asked", done.stderr)


if __name__ == "__main__":
    unittest.main()
