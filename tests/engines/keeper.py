# Stands between a test and its engine and cleans up when the test is gone, however it went: it is a process of its own,
# and its standard input is a pipe from the test. When that closes (the end of a test, an exception, SIGKILL), it ends
# every process of the engine, and removes the folder and the cgroups.
#
# Called by engine.py with one argument, the settings as JSON: {root, folder, cgroup, command, environment}.
# Lines from the test go to inside.py, its answers go back to the test.
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from namespaces import in_own

HERE = pathlib.Path(__file__).resolve().parent
CGROUPS = pathlib.Path("/sys/fs/cgroup")


def child_of(pid):
    """The first child of a process, or None."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                # The name, in brackets, may hold anything; the parent is the second field after it.
                if int(pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    return int(entry)
            except (OSError, IndexError, ValueError):
                pass  # it ended while we looked
    return None


def thaw(name):
    """Lets paused containers run: a frozen process does not even notice a SIGKILL (cgroup v1)."""
    for hierarchy in CGROUPS.glob("*"):
        for state in (hierarchy / name).rglob("freezer.state"):
            try:
                state.write_text("THAWED")
            except OSError:
                pass  # it vanished


def end_everything(unshare, cgroup):
    """Kills the init of the engine's PID namespace; the kernel then kills all others before unshare sees it end."""
    while unshare.poll() is None:
        thaw(cgroup)
        init = child_of(unshare.pid)
        if init is not None:
            try:
                os.kill(init, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            unshare.wait(1)
        except subprocess.TimeoutExpired:
            pass


def remove_cgroups(name):
    """Removes the empty cgroups that the engine's containers left, in every hierarchy, the deepest first."""
    for parent in [CGROUPS, *(p for p in CGROUPS.iterdir() if p.is_dir())]:
        # The kernel frees a dead process a moment after it is gone from /proc; until then rmdir answers "busy".
        for _ in range(100):
            for folder, _, _ in os.walk(parent / name, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass
            if not (parent / name).exists():
                break
            time.sleep(0.05)


def remove_folder(folder):
    for _ in range(50):  # the mounts in it vanish with the namespace, a moment after its last process
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            return
        time.sleep(0.1)


def main():
    settings = json.loads(sys.argv[1])
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # the closing of the pipe is what ends it
    command = in_own(sys.executable, "-B", str(HERE / "inside.py"), sys.argv[1], net=True)
    unshare = None
    try:
        unshare = subprocess.Popen(command, stdin=subprocess.PIPE)
        for line in sys.stdin.buffer:
            try:
                unshare.stdin.write(line)
                unshare.stdin.flush()
            except BrokenPipeError:
                break
    finally:
        if unshare is not None:
            end_everything(unshare, settings["cgroup"])
        remove_cgroups(settings["cgroup"])
        remove_folder(settings["folder"])


if __name__ == "__main__":
    main()
