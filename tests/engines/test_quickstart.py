# deploy/quickstart on this machine, with the binary under test instead of a build: what it prints, and that nothing of it
# is left, however it ends. (In fresh roots, with packages and build: tests/deploy/chroots.)
import contextlib
import glob
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import tempfile
import time
import unittest

import images
from docksweep import REPOSITORY, binary
from engine import docker
from keeper import child_of
from namespaces import in_own

QUICKSTART = str(REPOSITORY / "deploy/quickstart")
# What it prints once everything runs; then it follows the agent's log.
ALL_RUNS = "The agent's log follows."
START_SECONDS = 300  # most of it where it has to fetch an engine first
END_SECONDS = 20
FOLDER = re.compile(r"/tmp/docksweep-[A-Za-z0-9]{6}")


def environment():
    return {**os.environ, "DOCKSWEEP_BINARY": binary(), "TMPDIR": "/tmp"}


def leftovers(folder):
    """Processes, mounts and control groups that name the temporary folder of a run, and the folder itself."""
    name = os.path.basename(folder)
    found = [folder] if os.path.exists(folder) else []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if name in words:
            found.append(f"process {entry}: {words}")
    found += [line for line in pathlib.Path("/proc/mounts").read_text().splitlines() if name in line]
    return found + [group for pattern in ("*", "*/*") for group in glob.glob(f"/sys/fs/cgroup/{pattern}") if name in group]


class terminal:
    """A command, quickstart as a rule, in a terminal of its own, up to where everything runs: .text, .folder, .pid"""

    def __init__(self, *arguments, command=(QUICKSTART,)):
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], [*command, *arguments], environment())
        self.text = ""
        deadline = time.monotonic() + START_SECONDS
        while ALL_RUNS not in self.text:
            if not self.read() or time.monotonic() > deadline:
                raise AssertionError(f"quickstart did not get to the end:\n{self.text}")
        self.folder = FOLDER.search(self.text)[0]

    def read(self):
        if not select.select([self.screen], [], [], 1)[0]:
            return True
        try:
            more = os.read(self.screen, 65536).decode(errors="replace")
        except OSError:  # the other side is closed
            more = ""
        self.text += more
        return more

    def end(self):
        """→ its exit status (negative: the signal that killed it), once it ended"""
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.screen)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError(f"quickstart did not end within {END_SECONDS} s:\n{self.text}")


# Runs a command where /run holds nothing but docker.sock, a link to $0; the rest of the machine is as it is.
WITH_DOCKER_SOCK = ("unshare", "--mount", "--propagation", "private", "sh", "-c",
                    'mount -t tmpfs tmpfs /run && ln -s "$0" /run/docker.sock && exec "$@"')


# The same for a user with sudo, where docker.sock is root's alone. $0: the engine's socket, $1: the checkout, $2: the
# binary, which the user may not reach where they are. All of it (/etc too) is gone with the namespaces. The shell is what
# a login shell is in a terminal: it outlives a quickstart that is killed, and with it the terminal.
AS_A_USER_WITH_SUDO = """
mount -t proc proc /proc
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir /run/etc /run/work /run/checkout
mount -t overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/work overlay /etc
useradd --system --home-dir /run/tester tester
install -d -o tester /run/tester
echo "tester ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/tester
touch /run/docker.sock /run/docksweep
mount --bind "$0" /run/docker.sock
mount --bind "$1" /run/checkout
mount --bind "$2" /run/docksweep
shift 2
trap : INT
setpriv --reuid=tester --regid=tester --init-groups -- env -u DOCKER_HOST HOME=/run/tester USER=tester \
  DOCKSWEEP_BINARY=/run/docksweep /run/checkout/deploy/quickstart "$@" || status=$?
if [ "${status:-0}" -eq 137 ]; then cat; fi
exit "${status:-0}"
"""


def printed_commands(text):
    """The command lines that it tells to try in another terminal."""
    text = text.replace("\r", "").partition("In another terminal:\n")[2]
    return [line.strip() for line in text.partition("Ctrl-C")[0].splitlines() if line.startswith("  ")]


class leaves_nothing:
    """For test cases."""

    def nothing_is_left(self, folder, but=()):
        deadline = time.monotonic() + END_SECONDS
        while (found := leftovers(folder)) != [*but] and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual(found, [*but])


class quickstart(leaves_nothing, unittest.TestCase):
    def check(self, *before, **variables):
        """quickstart --check → what it printed, when it found all to be well"""
        inherited = {name: value for name, value in environment().items() if name != "DOCKER_HOST"}
        done = subprocess.run([*before, QUICKSTART, "--check"], env={**inherited, **variables}, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=START_SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_finds_the_engine_of_docker_host(self):
        with docker("20.10") as engine:
            images.load_images(engine, images.many_images(3))
            said = self.check(DOCKER_HOST=engine.host)
            self.assertIn(f"engine: {engine.host}\n", said)
            self.assertNotIn("private engine", said)
            self.assertRegex(said, r"checked +the engine itself lists 3 images and 0 containers too\n")

    def test_finds_the_engine_of_var_run_docker_sock(self):
        with docker("20.10") as engine:
            images.load_images(engine, images.many_images(3))
            said = self.check(*WITH_DOCKER_SOCK, engine.socket)
            self.assertIn("engine: unix:///var/run/docker.sock\n", said)
            self.assertRegex(said, r"checked +the engine itself lists 3 images and 0 containers too\n")
            said = self.check(*WITH_DOCKER_SOCK, engine.socket, DOCKER_HOST="unix:///nowhere/docker.sock")
            self.assertIn("no engine answers at unix:///nowhere/docker.sock\n", said)
            self.assertIn("engine: unix:///var/run/docker.sock\n", said)
            self.assertNotIn("private engine", said)

    def test_check_prints_the_figures_of_the_sample_node_and_ends(self):
        done = subprocess.run([QUICKSTART, "--check", "--private"], env=environment(), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=START_SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        # What deploy/sample-images makes: example/base, web, job, old, nightly and registry…/web; the former nightly.
        self.assertRegex(done.stdout, r"images +\d+: in_use 2, unused 4, dangling 1, intermediate \d+\n")
        self.assertRegex(done.stdout, r"containers +3: created 1, running 1, exited 1\n")
        self.assertRegex(done.stdout, r"engine's df +images [\d.]+ MiB, containers [\d.]+ KiB, volumes 2\.0 MiB, build_cache 0 B\n")
        self.assertRegex(done.stdout, r"checked +the engine itself lists \d+ images and 3 containers too\n")
        self.assertNotIn("unknown", done.stdout)
        self.nothing_is_left(FOLDER.search(done.stdout)[0])

    def test_a_failure_is_told_and_leaves_nothing(self):
        """The agent ends while the private engine runs already."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        broken = folder / "docksweep"
        broken.write_text(f'#!/bin/sh\n[ "$1" != --version ] || exec {binary()} --version\necho it is broken >&2\nexit 1\n')
        broken.chmod(0o755)
        done = subprocess.run([QUICKSTART, "--check", "--private"], env={**environment(), "DOCKSWEEP_BINARY": str(broken)},
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=START_SECONDS)
        self.assertEqual(done.returncode, 1)
        self.assertIn("it is broken", done.stderr)
        self.assertIn("error: ", done.stderr)
        self.nothing_is_left(FOLDER.search(done.stdout)[0])

    def test_an_address_that_it_cannot_ask_is_named(self):
        done = subprocess.run([QUICKSTART, "--check"], env={**environment(), "DOCKER_HOST": "ssh://somewhere"}, timeout=START_SECONDS,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 1)
        self.assertIn("ssh://somewhere", done.stderr)
        self.assertIn("--private", done.stderr)

    def test_shows_where_to_look(self):
        run = terminal("--private")
        try:
            url = re.search(r"http://127\.0\.0\.1:\d+", run.text)[0]
            for what in (f"{url}/metrics", f"{url}/api/v1/inventory"):
                self.assertIn(what, run.text)
            commands = printed_commands(run.text)
            self.assertEqual([line.split()[3] for line in commands], ["images", "containers", "df", "plan", "explain"])
            for line in commands:
                done = subprocess.run(line.replace("NAME", "example/web:1.0").split(), capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout}{done.stderr}")
                self.assertGreater(len(done.stdout.splitlines()), 3, line)
            page = subprocess.run(["curl", "-sf", f"{url}/"], capture_output=True, text=True)
            self.assertEqual(page.returncode, 0)
            self.assertGreater(len(leftovers(run.folder)), 4, "the test would not see what is left")
        finally:
            os.kill(run.pid, signal.SIGTERM)
            run.end()

    def test_ctrl_c_ends_everything(self):
        run = terminal("--private")
        os.write(run.screen, b"\x03")
        self.assertEqual(run.end(), 130)
        self.nothing_is_left(run.folder)

    def test_sigterm_ends_everything(self):
        run = terminal("--private")
        os.kill(run.pid, signal.SIGTERM)
        self.assertEqual(run.end(), 143)
        self.nothing_is_left(run.folder)

    def test_a_closed_terminal_ends_everything(self):
        run = terminal("--private")
        os.close(run.screen)
        os.waitpid(run.pid, 0)
        self.nothing_is_left(run.folder)

    def test_sigkill_leaves_only_files(self):
        run = terminal("--private")
        os.kill(run.pid, signal.SIGKILL)
        self.assertEqual(run.end(), -signal.SIGKILL)
        self.nothing_is_left(run.folder, but=[run.folder])
        self.assertEqual([name for name in os.listdir(run.folder) if name.endswith("-engine")], [])
        subprocess.run(["rm", "-rf", "--one-file-system", "--", run.folder], check=True)


class user_with_sudo(leaves_nothing, unittest.TestCase):
    """The engine's socket is for root only: engine and agent are reached through sudo."""

    @classmethod
    def setUpClass(cls):
        engine = cls.enterClassContext(docker("20.10"))
        images.load_images(engine, images.many_images(3))
        os.chmod(engine.socket, 0o600)
        cls.command = [*in_own("sh", "-euc", AS_A_USER_WITH_SUDO), engine.socket, str(REPOSITORY), binary()]

    def started(self):
        """→ the terminal, the process of quickstart"""
        run = terminal(command=self.command)
        self.addCleanup(self.end_shell, run)
        self.assertIn("the agent runs through sudo\n", run.text.replace("\r", ""))
        self.assertTrue(any(" run --config" in one for one in leftovers(run.folder)), "the test would not see what is left")
        for line in printed_commands(run.text):
            self.assertRegex(line, r"^sudo \S+ --config \S+ \w+")
        return run, child_of(child_of(run.pid))

    def end_shell(self, run):
        """Everything in its namespaces ends with it."""
        with contextlib.suppress(ChildProcessError):  # it ended, and was waited for
            if os.waitpid(run.pid, os.WNOHANG) == (0, 0):
                os.kill(run.pid, signal.SIGKILL)
                os.waitpid(run.pid, 0)
        subprocess.run(["rm", "-rf", "--one-file-system", "--", run.folder], check=True)

    def test_check_prints_the_figures(self):
        done = subprocess.run([*self.command, "--check"], env=environment(), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=START_SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("unix:///var/run/docker.sock is not for your user: asking through sudo\n", done.stdout)
        self.assertIn("engine: unix:///var/run/docker.sock\n", done.stdout)
        self.assertIn("the agent runs through sudo\n", done.stdout)
        self.assertRegex(done.stdout, r"images +3: unused 3\n")
        self.assertRegex(done.stdout, r"checked +the engine itself lists 3 images and 0 containers too\n")
        self.nothing_is_left(FOLDER.search(done.stdout)[0])

    def test_ctrl_c_ends_everything(self):
        run, _ = self.started()
        os.write(run.screen, b"\x03")
        self.assertEqual(run.end(), 130)
        self.nothing_is_left(run.folder)

    def test_sigterm_ends_everything(self):
        run, process = self.started()
        os.kill(process, signal.SIGTERM)
        self.assertEqual(run.end(), 143)
        self.nothing_is_left(run.folder)

    def test_sigkill_leaves_only_files(self):
        run, process = self.started()
        os.kill(process, signal.SIGKILL)
        self.nothing_is_left(run.folder, but=[run.folder])


if __name__ == "__main__":
    unittest.main()
