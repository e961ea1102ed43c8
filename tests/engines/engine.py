# Real engines for tests, each in a temporary folder and in namespaces of its own:
#
#     with docker("20.10") as engine:              # also "26-overlay2", "26-containerd"; or podman()
#         engine.get("/images/json")
#
# The machine's own engine is never touched, and nothing is left when it ends (keeper.py sees to that). Needs root.
# An engine belongs to the thread that started it.
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import unix_http
from keeper import child_of
from roots import engine_root

HERE = pathlib.Path(__file__).resolve().parent
START_SECONDS = 60
# On a disk, short (a Unix socket's path has at most 107 characters), and the same path inside the engine's root.
FOLDERS = "/var/tmp"


class engine_failure(Exception):
    """An engine did not start, answer or end as it should; the message holds the end of its log."""


class real_engine:
    """A running engine: .socket, .host (unix://…), .folder, .data_root, .name, .pid (as the machine sees it)."""

    def __init__(self, name, release, command, disk=None, own_root=False):
        if os.geteuid() != 0:
            raise engine_failure("tests against real engines need root")
        self.name = name
        self.root = str(engine_root(release))
        self.folder = tempfile.mkdtemp(prefix="dse-", dir=FOLDERS)
        self.data_root = f"{self.folder}/data"
        self.socket = f"{self.folder}/s/engine.sock"
        self.host = f"unix://{self.socket}"
        self.cgroup = os.path.basename(self.folder)
        os.makedirs(f"{self.folder}/s")
        self._settings = {"root": self.root, "folder": self.folder, "cgroup": self.cgroup,
                          "disk": disk, "own_root": own_root,
                          "command": [word.format(folder=self.folder, cgroup=self.cgroup) for word in command],
                          "environment": self._environment()}
        with open(f"{self.folder}/engine.log", "ab") as log:
            self._keeper = subprocess.Popen([sys.executable, "-B", str(HERE / "keeper.py"), json.dumps(self._settings)],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                            start_new_session=True)

    def _environment(self):
        return {"HOME": self.folder, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "LC_ALL": "C.UTF-8", "TMPDIR": "/tmp", "DOCKER_CONFIG": f"{self.folder}/docker-config"}

    # --- life -------------------------------------------------------------------------------------------------------

    def start(self):
        """Starts the engine on its data and waits until it answers."""
        self._tell("start")
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError, unix_http.http_failure):
                self.version = self.api("GET", "/version", timeout=5).expect(200).json()
                return
            if not self._tell("alive")["alive"]:
                raise engine_failure(f"{self.name} ended while starting; its log ends:\n{self.log()}")
            if time.monotonic() > deadline:
                raise engine_failure(f"{self.name} does not answer after {START_SECONDS} s; its log ends:\n{self.log()}")
            time.sleep(0.05)

    def kill(self):
        """SIGKILL to the daemon alone; its data and the shims of its containers stay, as after a crash."""
        return self._tell("kill")["ended"]

    def restart(self):
        """SIGKILL, and again on the same data."""
        self.kill()
        self.start()

    def close(self):
        """Ends everything and waits until the folder, the mounts and the cgroups are gone."""
        self._keeper.stdin.close()
        try:
            self._keeper.wait(60)
        except subprocess.TimeoutExpired as error:
            raise engine_failure(f"{self.name}: the keeper (process {self._keeper.pid}) did not end") from error
        finally:
            self._keeper.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _tell(self, word):
        try:
            self._keeper.stdin.write(word.encode() + b"\n")
            self._keeper.stdin.flush()
            return json.loads(self._keeper.stdout.readline())
        except (OSError, ValueError) as error:
            raise engine_failure(f"{self.name}: {word} was not done; the log ends:\n{self.log()}") from error

    @property
    def init(self):
        """The first process of the engine's PID namespace, as the machine numbers it."""
        unshare = child_of(self._keeper.pid)
        return unshare and child_of(unshare)

    @property
    def pid(self):
        """The daemon's process; None when it does not run."""
        wanted = [word.encode() for word in self._settings["command"]]
        with contextlib.suppress(OSError):
            for entry in filter(str.isdigit, os.listdir("/proc")):
                with contextlib.suppress(OSError):
                    words = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
                    if words[:-1] == wanted:
                        return int(entry)
        return None

    def inner(self, path):
        """How a process of this machine reaches a path of the engine's mount namespace."""
        return f"/proc/{self.init}/root{path}"

    def log(self, lines=25):
        with contextlib.suppress(OSError):
            text = pathlib.Path(f"{self.folder}/engine.log").read_text(errors="replace")
            return "".join(text.splitlines(keepends=True)[-lines:])
        return "(no log)"

    # --- asking it --------------------------------------------------------------------------------------------------

    def api(self, method, path, query=None, body=None, headers=None, timeout=120):
        """One request; a path without a version means the engine's newest API. → unix_http.answer"""
        return unix_http.ask(lambda: unix_http.connection(self.socket, timeout), method, path, query, body, headers)

    def get(self, path, **query):
        return self.api("GET", path, query).expect(200).json()

    def events(self, **query):
        """The engine's events from now on, as an iterator over dicts; close() ends it."""
        return event_stream(self.socket, unix_http.with_query("/events", query))

    def enter(self, *command, check=True, input=None, timeout=300):
        """Runs a command of the Debian root within the engine's namespaces. → subprocess.CompletedProcess (text)"""
        chroot = [] if self._settings["own_root"] else ["chroot", self.root]
        whole = ["nsenter", "--target", str(self.init), "--net", "--mount", "--pid", "--root", "--", *chroot, *command]
        done = subprocess.run(whole, capture_output=True, text=True, input=input, env=self._environment(), timeout=timeout)
        if check and done.returncode != 0:
            raise engine_failure(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip() or done.stdout}")
        return done

    def cli(self, *arguments, check=True):
        """The docker command of the Debian root against this engine. → its standard output"""
        return self.enter("docker", "--host", self.host, *arguments, check=check).stdout


class event_stream:
    """An open GET /events: iterate over it, close() it."""

    def __init__(self, socket_path, path):
        self._link = unix_http.connection(socket_path, timeout=60)
        self._link.request("GET", path)
        self._socket = self._link.sock
        self._response = self._link.getresponse()

    def __iter__(self):
        for line in self._response:
            if line.strip():
                yield json.loads(line)

    def close(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes a thread that reads
        self._response.close()
        self._link.close()


DOCKER = {"20.10": ("bookworm", False), "26-overlay2": ("trixie", False), "26-containerd": ("trixie", True),
          "28-overlay2": ("forky", False), "28-containerd": ("forky", True)}


@contextlib.contextmanager
def docker(kind, disk=None, settings=None, own_root=False, files=None):
    """
    A running Docker: "20.10" (overlay2), "26-overlay2" or "26-containerd" (the containerd image store), or 28 with
    either. With `disk` ("300m") its data is on a file system of that size, which this machine's processes reach as
    .inner(path). `settings`: more of its daemon.json; "hosts" are beside its socket, on the loopback of its own network
    (see tunnel.py). `files`: {name: text} that it finds in "{folder}" (in settings, too). With `own_root` the Debian root is that of its mount namespace, as on a machine of its own: `docker
    exec` works then, but .inner(path) and inside() show no file of this machine.
    """
    settings = dict(settings or {})
    release, containerd = DOCKER[kind]
    command = ["dockerd", "--config-file={folder}/daemon.json", "--data-root={folder}/data",
               "--exec-root={folder}/exec", "--pidfile={folder}/engine.pid",
               "--group=root", "--cgroup-parent=/{cgroup}", "--exec-opt=native.cgroupdriver=cgroupfs",
               "--bridge=none", "--iptables=false", "--ip6tables=false"]
    with real_engine(f"Docker {kind}", release, command, disk, own_root) as engine:
        options = {"features": {"containerd-snapshotter": True}} if containerd else {"storage-driver": "overlay2"}
        options["hosts"] = [engine.host, *settings.pop("hosts", ())]
        for name, text in {**(files or {}), "daemon.json": json.dumps({**options, **settings})}.items():
            pathlib.Path(f"{engine.folder}/{name}").write_text(text.replace("{folder}", engine.folder))
        engine.start()
        yield engine


@contextlib.contextmanager
def podman():
    """A running `podman system service` (Podman 4.3)."""
    command = ["podman", "--root={folder}/data", "--runroot={folder}/exec", "--tmpdir={folder}/exec/tmp",
               "--cgroup-manager=cgroupfs", "--events-backend=file", "--runtime=runc",
               "system", "service", "--time=0", "unix://{folder}/s/engine.sock"]
    with real_engine("Podman", "bookworm", command) as engine:
        engine.start()
        yield engine
