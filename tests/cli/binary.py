# The docksweep binary under test, run as a person or a script would run it: in a folder and an environment of its own.
import contextlib
import fcntl
import http.client
import os
import pathlib
import pty
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import time
import unittest

BINARY = os.environ["DOCKSWEEP_BINARY"]


class in_a_folder(unittest.TestCase):
    """A test with a folder of its own (short: a Unix socket's path has at most 107 characters)."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ds-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        # Nothing of the machine's own: no DOCKER_HOST, no docker context, no /var/lib/docksweep.
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                            "DOCKER_CONFIG": str(self.folder / "docker")}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def path(self, name):
        return str(self.folder / name)

    def config(self, text="", name="docksweep.toml"):
        """Writes a configuration whose state is in the folder. → its path"""
        if "[state]" not in text:
            text += f'\n[state]\npath = "{self.folder}/state.db"\n'
        pathlib.Path(self.path(name)).write_text(text)
        return self.path(name)

    def wait_until(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it did not come to this")
            time.sleep(0.02)

    def docksweep(self, *arguments, input=None, timeout=60, **environment):
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True, input=input, timeout=timeout,
                              env=self.environment | environment, cwd=self.folder)

    def on_terminal(self, *arguments, columns=80, **environment):
        """Runs it with stdout and stderr on a terminal. → (exit status, what the terminal received)"""
        screen, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        running = subprocess.Popen([BINARY, *arguments], stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal,
                                   env=self.environment | {"TERM": "xterm"} | environment, cwd=self.folder)
        os.close(terminal)
        received = b""
        with contextlib.suppress(OSError):  # EIO: the other end is closed
            while piece := os.read(screen, 65536):
                received += piece
        os.close(screen)
        return running.wait(30), received.decode().replace("\r\n", "\n")


class terminal:
    """`with terminal(test, …) as it`: a command with stdin, stdout and stderr on a terminal, and somebody at it."""

    def __init__(self, test, *arguments, columns=80, **environment):
        self.screen, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen([BINARY, *arguments], stdin=end, stdout=end, stderr=end, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
                                        env=test.environment | {"TERM": "xterm", "NO_COLOR": "1"} | environment,
                                        cwd=test.folder)
        os.close(end)
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.screen)

    @property
    def text(self):
        return self.received.decode(errors="replace").replace("\r\n", "\n")

    def wait_for(self, text, seconds=60):
        deadline = time.monotonic() + seconds
        while text not in self.text:
            ready, _, _ = select.select([self.screen], [], [], max(0, deadline - time.monotonic()))
            if not ready or not self._read():
                raise AssertionError(f"'{text}' did not come; there is:\n{self.text}")

    def type(self, text):
        os.write(self.screen, text.encode())

    def end(self, seconds=60):
        """→ exit status"""
        while self._read():
            pass
        return self.process.wait(seconds)

    def _read(self):
        try:
            piece = os.read(self.screen, 65536)
        except OSError:  # EIO: the other end is closed
            return False
        self.received += piece
        return bool(piece)


class agent:
    """`with agent(test, config) as running`: docksweep run; its log is in a file, its port is found there."""

    def __init__(self, test, config, *arguments, through=(), handed=None, **environment):
        """`through` is a program that runs it; `handed` is a socket that this one inherits, as descriptor $HANDED."""
        inherited = () if handed is None else (handed.fileno(),)
        if handed is not None:
            environment["HANDED"] = str(handed.fileno())
        self.log_path = test.path(f"agent-{time.monotonic_ns()}.log")
        self.log_file = open(self.log_path, "wb")
        self.process = subprocess.Popen([*through, BINARY, "--config", config, *arguments, "run"], stderr=self.log_file,
                                        pass_fds=inherited, stdin=subprocess.DEVNULL, env=test.environment | environment, cwd=test.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log_file.close()

    @property
    def log(self):
        return pathlib.Path(self.log_path).read_text()

    def wait_for(self, condition, what, seconds=20):
        deadline = time.monotonic() + seconds
        while True:
            over = time.monotonic() > deadline or self.process.poll() is not None
            if found := condition():  # after looking whether it is over: its last words count
                return found
            if over:
                raise AssertionError(f"{what}: not within {seconds} s; the log:\n{self.log}")
            time.sleep(0.02)

    def wait_for_log(self, text, seconds=20):
        self.wait_for(lambda: text in self.log, f"'{text}' in the log", seconds)

    @property
    def port(self):
        def find():
            for line in self.log.splitlines():
                if "event=listening" in line and "address=127.0.0.1:" in line:
                    return int(line.split("address=127.0.0.1:")[1].split()[0])
            return None
        return self.wait_for(find, "listening on a port")

    def ask(self, method, path, headers=None, timeout=10):
        """→ (status, body)"""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            link.request(method, path, headers=headers or {})
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        finally:
            link.close()

    def metric(self, name):
        """The value of a series (name with labels as exposed); None: there is none."""
        for line in self.ask("GET", "/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.rpartition(" ")[2])
        return None

    def wait_for_metric(self, name, value, seconds=20):
        self.wait_for(lambda: self.metric(name) == value, f"{name} {value}", seconds)

    def connect(self):
        """A bare connection that says nothing."""
        return socket.create_connection(("127.0.0.1", self.port))

    def end(self, how=signal.SIGTERM):
        """Ends it by signal. → (exit status, seconds that took)"""
        began = time.monotonic()
        self.process.send_signal(how)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"did not end within 20 s; the log:\n{self.log}") from error
        return status, time.monotonic() - began
