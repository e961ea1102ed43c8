# The first process (PID 1) of an engine's own PID, mount and network namespace: it mounts what the engine needs into
# the Debian root, starts the engine there, and kills or starts it again when the test says so.
#
# Reads lines from standard input, answers each with one JSON line: "start" → {"started": true};
# "alive" → {"alive": bool}; "kill" (SIGKILL) or "term" (SIGTERM) → {"ended": status} once the engine's process is gone.
import json
import os
import select
import signal
import subprocess
import sys
import time


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")


def prepare(root, folder, disk):
    """Makes the root ready to be changed into. All of it is seen in this namespace only, and goes away with it."""
    run("ip", "link", "set", "lo", "up")
    run("mount", "--bind", root, root)  # a container's pivot_root needs its root to be a mount
    run("mount", "-t", "proc", "proc", f"{root}/proc")
    run("mount", "--rbind", "/sys", f"{root}/sys")
    run("mount", "--rbind", "/dev", f"{root}/dev")
    # What engines write beside their data; the cached root itself stays as it is.
    for place in ("run", "tmp", "var/tmp", "var/lib", "opt"):
        run("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", f"{root}/{place}")
    if disk:  # a file system of its own, that a test can fill
        os.makedirs(f"{folder}/data", exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", f"mode=0711,size={disk}", "tmpfs", f"{folder}/data")
    os.makedirs(f"{root}{folder}")
    run("mount", "--rbind", folder, f"{root}{folder}")
    os.makedirs(f"{folder}/etc-docker", exist_ok=True)
    os.makedirs(f"{root}/etc/docker", exist_ok=True)
    run("mount", "--bind", f"{folder}/etc-docker", f"{root}/etc/docker")  # Docker 20.10 keeps its identity there


def move_into(root):
    """Makes it the root of the whole namespace: in a chroot, runc's exec does not find the root of a container."""
    run("sh", "-euc", 'cd "$1"; pivot_root . mnt; umount -l /mnt', "sh", root)


def start(settings):
    enter = [] if settings["own_root"] else ["chroot", settings["root"]]
    with open(f"{settings['folder']}/engine.log", "ab") as log:
        return subprocess.Popen([*enter, *settings["command"]], stdin=subprocess.DEVNULL,
                                stdout=log, stderr=log, start_new_session=True,
                                env={**os.environ, **settings["environment"]})


def reap():
    """Collects what ended: the engine, and the shims that became ours when their parent died. {pid: status}"""
    ended = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = os.waitstatus_to_exitcode(status)


def lines(ended):
    """The test's lines; collects what ends while none comes."""
    text = b""
    while True:
        if select.select([0], [], [], 0.1)[0]:
            more = os.read(0, 4096)
            if not more:
                return
            *whole, text = (text + more).split(b"\n")
            yield from (line.decode() for line in whole)
        else:
            ended.update(reap())


def main():
    settings = json.loads(sys.argv[1])
    prepare(settings["root"], settings["folder"], settings.get("disk"))
    if settings["own_root"]:
        move_into(settings["root"])
    engine, ended = None, {}
    for word in lines(ended):
        if word == "start":
            engine = start(settings)
            ended, answer = {}, {"started": True}
        elif word == "alive":
            ended.update(reap())
            answer = {"alive": engine.pid not in ended}
        else:
            ended.update(reap())
            try:
                os.kill(engine.pid, signal.SIGKILL if word == "kill" else signal.SIGTERM)
            except ProcessLookupError:
                ended.setdefault(engine.pid, None)
            while engine.pid not in ended:
                time.sleep(0.01)
                ended.update(reap())
            answer = {"ended": ended[engine.pid]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
