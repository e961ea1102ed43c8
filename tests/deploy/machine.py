# A Debian machine with a real systemd as its first process, in namespaces and control groups of its own:
#
#     with machine("bookworm", packages=["adduser"]) as debian:
#         debian.run("systemctl", "is-active", "dbus.service")
#
# Needs root. Its root is a copy of the fresh one in the test cache; nothing is left when it ends.
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "engines"))
import keeper  # noqa: E402
import roots  # noqa: E402
from namespaces import in_own  # noqa: E402

BOOT_SECONDS, APT_SECONDS = 60, 1800
CGROUPS = pathlib.Path("/sys/fs/cgroup")
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
    "HOME": "/root",
}
# $1 the root; the control groups that it may have follow, as "MOUNTPOINT TYPE OPTIONS".
INIT = """
root=$1; shift
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 tmpfs dev
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
  IFS=: read -r name major minor <<END
$device
END
  mknod -m 666 "dev/$name" c "$major" "$minor"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
[ $# -eq 1 ] || mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
for group in "$@"; do
  set -- $group
  mkdir -p "sys/fs/cgroup$1"
  mount -t "$2" -o "$3" cgroup "sys/fs/cgroup$1"
done
ip link set lo up
mkdir -p .outside
pivot_root . .outside
umount -l /.outside
exec env -i container=docksweep-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd </dev/null
"""


class machine_failure(Exception):
    """The machine did not come up, or a command in it failed; the message says what was seen."""


def in_root(root, *command, mounts=(), timeout=APT_SECONDS):
    """Runs a command in a root that is not booted, with this machine's network and the package cache. → its output"""
    release = (root / ".release").read_text()
    binds = [("/dev", "dev"), (str(roots.CACHE / f"machine-apt-{release}"), "var/cache/apt/archives"), *mounts]
    script = ['mount -t proc proc "$1/proc"']
    for source, target in binds:
        if source.startswith(str(roots.CACHE)):
            pathlib.Path(source, "partial").mkdir(parents=True, exist_ok=True)
        script += [f'mkdir -p "$1/{target}"', f'mount --rbind "{source}" "$1/{target}"']
    script.append('root=$1; shift; exec chroot "$root" "$@"')
    done = subprocess.run(
        in_own("sh", "-euc", "\n".join(script), "sh", str(root), *command),
        capture_output=True,
        text=True,
        timeout=timeout,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise machine_failure(
            f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        )
    return done.stdout


@contextlib.contextmanager
def copied_root(release):
    """A copy of the fresh root, to be changed at will."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="dsm-", dir="/var/tmp"))
    try:
        subprocess.run(["cp", "-a", f"{roots.fresh_root(release)}/.", root], check=True)
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", root / "etc" / name)
        (root / ".release").write_text(release)
        in_root(root, "apt-get", "-q", "update")
        yield root
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=False)


class machine:
    def __init__(self, root):
        self.root, self.name, self.process = root, root.name, None
        self.cgroups = list(self._cgroups())
        self.log = open(f"{self.root}.log", "wb")

    @staticmethod
    def _cgroups():
        """(folder below /sys/fs/cgroup, type, options) of each hierarchy that this kernel shows."""
        for line in pathlib.Path("/proc/mounts").read_text().splitlines():
            _, place, kind, options, *_ = line.split()
            if kind in ("cgroup", "cgroup2") and place.startswith(str(CGROUPS)):
                names = [
                    word
                    for word in options.split(",")
                    if word
                    not in (
                        "rw",
                        "relatime",
                        "nosuid",
                        "nodev",
                        "noexec",
                        "nsdelegate",
                        "memory_recursiveprot",
                        "xattr",
                    )
                ]
                if "name=systemd" in names:
                    names.insert(0, "none")
                yield place.removeprefix(str(CGROUPS)), kind, ",".join(names) or "rw"

    def boot(self):
        for place, _, _ in self.cgroups:
            folder = CGROUPS / place[1:] / self.name
            folder.mkdir(exist_ok=True)
            for name in ("cpuset.cpus", "cpuset.mems"):  # empty at first on cgroup v1: nothing could run there
                if (folder.parent / name).exists() and not (folder / name).read_text().strip():
                    (folder / name).write_text((folder.parent / name).read_text())
        into = "\n".join(f'echo $$ >"{CGROUPS}{place}/{self.name}/cgroup.procs"' for place, _, _ in self.cgroups)
        groups = [" ".join(one) for one in self.cgroups]
        unshare = [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "--pid",
            "--fork",
            "--kill-child",
            "--uts",
            "--ipc",
            "--cgroup",
            "--net",
        ]
        self.process = subprocess.Popen(
            [
                "setpriv",
                "--pdeathsig",
                "KILL",
                "sh",
                "-euc",
                f'{into}\nexec "$@"',
                "sh",
                *unshare,
                "sh",
                "-euc",
                INIT,
                "sh",
                str(self.root),
                *groups,
            ],
            stdout=self.log,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
        )
        self.wait_for(
            lambda: self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded"),
            "boot",
            BOOT_SECONDS,
        )

    @property
    def init(self):
        found = keeper.child_of(self.process.pid)
        if found is None:
            raise machine_failure(f"systemd is not there; {pathlib.Path(self.log.name).read_text()}")
        return found

    def path(self, inside):
        """How a process of this machine reaches a path of that one, mounts included."""
        return pathlib.Path(f"/proc/{self.init}/root{inside}")

    def run(self, *command, check=True, timeout=120):
        """→ subprocess.CompletedProcess (text)"""
        done = subprocess.run(
            ["nsenter", "--target", str(self.init), "--all", "--", *command],
            capture_output=True,
            text=True,
            timeout=timeout,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode != 0:
            raise machine_failure(f"{' '.join(command)}: exit {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def wait_for(self, holds, what, seconds=30):
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(machine_failure):
                if holds():
                    return
            if time.monotonic() > deadline:
                raise machine_failure(
                    f"not within {seconds} s: {what}; {pathlib.Path(self.log.name).read_text()[-2000:]}"
                )
            time.sleep(0.2)

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        os.unlink(self.log.name)
        for _ in range(100):
            left = [
                f"{CGROUPS}{place}/{self.name}"
                for place, _, _ in self.cgroups
                if os.path.exists(f"{CGROUPS}{place}/{self.name}")
            ]
            if not left:
                return
            for place in left:
                for folder, _, _ in os.walk(place, topdown=False):
                    with contextlib.suppress(OSError):  # busy until the kernel has freed the last process
                        os.rmdir(folder)
            time.sleep(0.1)
        raise machine_failure(f"{left} could not be removed")

    def __enter__(self):
        try:
            self.boot()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()
