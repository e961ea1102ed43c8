# Real registries (package docker-registry) in an engine's own network namespace, with passwords where a test wants them,
# and a link in front of one that can be slow or cut: what images are pulled from in tests.
import base64
import crypt
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import images

REGISTRY_PORT, LINK_PORT = 5000, 5001
# The slow side: reads what the registry sends in pieces, with a pause after each; cuts each connection after so many
# bytes, and lets no new one in then.
LINK = """
import os, socket, sys, threading, time
pause, piece, whole = float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
def copy(source, target, slowly):
    passed = 0
    try:
        while data := source.recv(piece if slowly else 65536):
            target.sendall(data)
            passed += len(data)
            if slowly and whole and passed >= whole:
                os._exit(0)
            if slowly:
                time.sleep(pause)
    except OSError:
        pass
    for one in (source, target):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    client, _ = listener.accept()
    server = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    threading.Thread(target=copy, args=(client, server, False), daemon=True).start()
    threading.Thread(target=copy, args=(server, client, True), daemon=True).start()
"""


class registry:
    """
    A running registry beside this engine: .host ("127.0.0.1:5000") as the engine knows it. With `users` ({"name":
    "password"}) it lets only these in. Several run side by side on ports of their own.
    """

    def __init__(self, engine, users=None, port=REGISTRY_PORT):
        program = shutil.which("docker-registry")
        if program is None:
            raise RuntimeError("no docker-registry: tests/run fetches it (deploy/packages, group monitor)")
        self.engine, self.port, self.host, self.users = engine, port, f"127.0.0.1:{port}", dict(users or {})
        self.folder = pathlib.Path(engine.folder) / f"registry-{port}"
        self.folder.mkdir()
        config = {"version": 0.1, "log": {"level": "error"}, "http": {"addr": self.host},
                  "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}}}
        if users:
            lines = [f"{name}:{crypt.crypt(password, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))}\n"
                     for name, password in users.items()]
            (self.folder / "htpasswd").write_text("".join(lines))
            config["auth"] = {"htpasswd": {"realm": "tests", "path": str(self.folder / "htpasswd")}}
        (self.folder / "config.yml").write_text(json.dumps(config))  # JSON is YAML
        self._processes = []
        self.start()

    def start(self):
        """Starts it on what it holds; the first time, or after stop()."""
        with open(self.folder / "log", "ab") as log:
            self._server = self._begin([shutil.which("docker-registry"), "serve", str(self.folder / "config.yml")],
                                       stdout=log, stderr=log)
        self._wait()

    def stop(self):
        """Nobody listens there any more; what it holds stays."""
        self._server.kill()
        self._server.wait(10)

    def credential(self):
        """X-Registry-Auth of its first user; of nobody where everybody may come in."""
        for name, password in self.users.items():
            return auth_header(name, password, self.host)
        return "e30="

    def _begin(self, command, **more):
        """In the engine's network namespace; ends with this process at the latest."""
        whole = ["setpriv", "--pdeathsig", "KILL", "nsenter", "--target", str(self.engine.init), "--net", "--", *command]
        self._processes.append(subprocess.Popen(whole, stdin=subprocess.DEVNULL, **more))
        return self._processes[-1]

    def _wait(self):
        deadline = time.monotonic() + 30
        probe = ["nsenter", "--target", str(self.engine.init), "--net", "--", "curl", "-sS", f"http://{self.host}/v2/"]
        while subprocess.run(probe, capture_output=True, env={**os.environ, "no_proxy": "*"}).returncode != 0:
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the registry does not answer: {(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def slow_link(self, pause=0.02, piece=16_384, port=LINK_PORT, cut_after=0):
        """
        Another way to the same registry that carries one piece of bytes per pause; with `cut_after`, the first connection
        that has carried so many bytes ends the link, for good. → its host
        """
        words = [str(word) for word in (port, self.port, pause, piece, cut_after)]
        link = self._begin([sys.executable, "-c", LINK, *words], stdout=subprocess.PIPE)
        link.stdout.readline()
        return f"127.0.0.1:{port}"

    def push(self, reference, name):
        """Gives the image `reference` the name HOST/`name`, pushes it, and takes that name away. → HOST/`name`"""
        repository, _, tag = f"{self.host}/{name}".rpartition(":")
        self.engine.api("POST", f"/images/{reference}/tag", {"repo": repository, "tag": tag}).expect(201)
        answer = self.engine.api("POST", f"/images/{repository}/push", {"tag": tag},
                                 headers={"X-Registry-Auth": self.credential()}, timeout=300).expect(200)
        images.messages(answer)
        self.engine.api("DELETE", f"/images/{repository}:{tag}").expect(200)
        return f"{repository}:{tag}"

    def forget(self, repository):
        """Its manifests and tags are gone, as a clean-up of the registry leaves it."""
        shutil.rmtree(self.folder / "data/docker/registry/v2/repositories" / repository)

    def close(self):
        for one in self._processes:
            one.kill()
            one.wait(10)
            if one.stdout is not None:
                one.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def auth_header(name, password, host):
    """The value of X-Registry-Auth."""
    return base64.urlsafe_b64encode(json.dumps({"username": name, "password": password,
                                                "serveraddress": host}).encode()).decode()


def pull(engine, reference, timeout=300):
    """POST /images/create; an error in the stream is raised. → the image's ID"""
    repository, _, tag = reference.partition("@") if "@" in reference else reference.rpartition(":")
    answer = engine.api("POST", "/images/create", {"fromImage": repository, "tag": tag}, timeout=timeout).expect(200)
    images.messages(answer)
    return engine.get(f"/images/{reference}/json")["Id"]


def known_by_digest_alone(engine, reference):
    """Makes of a pulled image what every image of a Swarm service is: pulled by digest, without a tag."""
    digest = engine.get(f"/images/{reference}/json")["RepoDigests"][0]
    engine.api("DELETE", f"/images/{reference}").expect(200)
    pull(engine, digest)
