# A real registry (package docker-registry) in an engine's own network namespace, and a link in front of it that can be
# slow or cut: what images are pulled from in tests.
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import images

REGISTRY_PORT, LINK_PORT = 5000, 5001
# The slow side: reads what the registry sends in pieces, with a pause after each.
LINK = """
import socket, sys, threading, time
pause, piece = float(sys.argv[3]), int(sys.argv[4])
def copy(source, target, slowly):
    try:
        while data := source.recv(piece if slowly else 65536):
            target.sendall(data)
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
    """A running registry beside this engine: .host ("127.0.0.1:5000") as the engine knows it."""

    def __init__(self, engine):
        program = shutil.which("docker-registry")
        if program is None:
            raise RuntimeError("no docker-registry: tests/run fetches it (deploy/packages, group monitor)")
        self.engine, self.host = engine, f"127.0.0.1:{REGISTRY_PORT}"
        self.folder = pathlib.Path(engine.folder) / "registry"
        self.folder.mkdir()
        config = {"version": 0.1, "log": {"level": "error"}, "http": {"addr": self.host},
                  "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}}}
        (self.folder / "config.yml").write_text(json.dumps(config))  # JSON is YAML
        self._processes = []
        with open(self.folder / "log", "ab") as log:
            self._begin([program, "serve", str(self.folder / "config.yml")], stdout=log, stderr=log)
        self._wait()

    def _begin(self, command, **more):
        """In the engine's network namespace; ends with this process at the latest."""
        whole = ["setpriv", "--pdeathsig", "KILL", "nsenter", "--target", str(self.engine.init), "--net", "--", *command]
        self._processes.append(subprocess.Popen(whole, stdin=subprocess.DEVNULL, **more))
        return self._processes[-1]

    def _wait(self):
        deadline = time.monotonic() + 30
        probe = ["nsenter", "--target", str(self.engine.init), "--net", "--", "curl", "-fsS", f"http://{self.host}/v2/"]
        while subprocess.run(probe, capture_output=True, env={**os.environ, "no_proxy": "*"}).returncode != 0:
            if self._processes[0].poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the registry does not answer: {(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def slow_link(self, pause=0.02, piece=16_384):
        """Another way to the same registry that carries one piece of bytes per pause. → its host"""
        link = self._begin([sys.executable, "-c", LINK, str(LINK_PORT), str(REGISTRY_PORT), str(pause), str(piece)],
                           stdout=subprocess.PIPE)
        link.stdout.readline()
        return f"127.0.0.1:{LINK_PORT}"

    def push(self, reference, name):
        """Gives the image `reference` the name HOST/`name`, pushes it, and takes that name away. → HOST/`name`"""
        repository, _, tag = f"{self.host}/{name}".rpartition(":")
        self.engine.api("POST", f"/images/{reference}/tag", {"repo": repository, "tag": tag}).expect(201)
        answer = self.engine.api("POST", f"/images/{repository}/push", {"tag": tag},
                                 headers={"X-Registry-Auth": "e30="}, timeout=300).expect(200)
        images.messages(answer)
        self.engine.api("DELETE", f"/images/{repository}:{tag}").expect(200)
        return f"{repository}:{tag}"

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


def pull(engine, reference, timeout=300):
    """POST /images/create; an error in the stream is raised. → the image's ID"""
    repository, _, tag = reference.rpartition(":")
    answer = engine.api("POST", "/images/create", {"fromImage": repository, "tag": tag}, timeout=timeout).expect(200)
    images.messages(answer)
    return engine.get(f"/images/{reference}/json")["Id"]
