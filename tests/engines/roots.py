# The Debian roots that hold the engines: made once by debootstrap, kept in a cache, and used read-only by every test.
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys

from namespaces import in_own

CACHE = pathlib.Path(os.environ.get("DOCKSWEEP_TEST_CACHE") or "/var/cache/docksweep-tests")

# Which packages each root holds. docker-cli is a package of its own from trixie on; busybox-static is what the
# containers of the tests run. forky (the release after trixie) has the first Docker that mounts an image into a container.
PACKAGES = {
    "bookworm": ["docker.io", "podman", "runc", "iptables", "ca-certificates", "busybox-static"],
    "trixie": ["docker.io", "docker-cli", "iptables", "ca-certificates", "busybox-static"],
    "forky": ["docker.io", "docker-cli", "iptables", "ca-certificates", "busybox-static"],
}
STAMP = ".docksweep-engine-root"
SCRIPTS = pathlib.Path("/usr/share/debootstrap/scripts")
BUILD_SECONDS = 1500


class root_failure(Exception):
    """A root could not be made; the message says why and what to do."""


def engine_root(release):
    """The root of a Debian release (a path), made when it is not in the cache yet. Several tests may ask at once."""
    packages = PACKAGES[release]
    root = CACHE / release
    if _is_complete(root, packages):
        return root
    if os.geteuid() != 0:
        raise root_failure(f"making {root} needs root: run tests/engines/install first")
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE / f"{release}.lock"):
        if not _is_complete(root, packages):
            _build(release, root, packages)
    return root


def fresh_root(release):
    """A Debian release as a new machine has it (a path), made when it is not in the cache yet; tests/deploy/chroots has it too."""
    root = CACHE / f"fresh-{release}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE / f"fresh-{release}.lock"):
        if not (root / ".complete").exists():
            shutil.rmtree(root, ignore_errors=True)
            with open(root.with_name(f"{root.name}.log"), "w") as out:
                _run(out, *debootstrap(release, root))
            (root / ".complete").touch()
    return root


def debootstrap(release, root):
    """The command that makes a minimal root. An older debootstrap has no script for a newer release: unstable's serves for it."""
    script = [] if (SCRIPTS / release).exists() else [str(SCRIPTS / "sid")]
    return ["debootstrap", "--variant=minbase", "--include=ca-certificates", release, str(root),
            apt_mirror() or "http://deb.debian.org/debian", *script]


def _is_complete(root, packages):
    try:
        return json.loads((root / STAMP).read_text())["packages"] == packages
    except (OSError, ValueError, KeyError):
        return False


@contextlib.contextmanager
def locked(path):
    """Holds the lock on this file; one process at a time."""
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(release, root, packages):
    """Builds beside the final place and renames at the end, so that a half-built root is never taken for a whole one."""
    partial = root.with_name(f"{release}.partial")
    log = root.with_name(f"{release}.log")
    for old in (partial, root):
        if old.exists():
            print(f"engine roots: removing the incomplete or outdated {old}", flush=True)
            shutil.rmtree(old)
    print(f"engine roots: building {root} with {', '.join(packages)} (about a minute)", flush=True)
    with open(log, "w") as out:
        _run(out, *debootstrap(release, partial))
        # No daemon starts in here when its package is installed.
        policy = partial / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        # debootstrap alone does not get through the circular dependencies of podman's packages; apt does.
        _run(out, "chroot", str(partial), "apt-get", "install", "-q", "-y", "--no-install-recommends", *packages)
    shutil.rmtree(partial / "var/cache/apt/archives", ignore_errors=True)
    (partial / STAMP).write_text(json.dumps({"packages": packages}))
    partial.rename(root)
    print(f"engine roots: {root} is ready", flush=True)


def _run(log, *command):
    """Runs it in a mount and PID namespace of its own: ended early, it leaves no process and no mount behind."""
    guarded = in_own(*command)
    try:
        status = subprocess.run(guarded, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
                                timeout=BUILD_SECONDS).returncode
    except subprocess.TimeoutExpired:
        status = f"no end after {BUILD_SECONDS} s"
    except OSError as error:
        raise root_failure(f"{guarded[0]}: {error}: run tests/engines/install first") from error
    if status != 0:
        log.flush()
        tail = "".join(pathlib.Path(log.name).read_text(errors="replace").splitlines(keepends=True)[-20:])
        raise root_failure(f"{command[0]} failed ({status}); the end of {log.name}:\n{tail}")


def apt_mirror():
    """The mirror that this machine's own apt uses for Debian itself; None leaves it to debootstrap."""
    try:
        answer = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE) $(ORIGIN) $(CODENAME)",
                                 "Created-By: Packages"], capture_output=True, text=True, timeout=60)
    except OSError:
        return None
    for line in answer.stdout.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] == "Debian" and "-" not in words[2]:
            return words[0]
    return None


if __name__ == "__main__":
    try:
        for name in sys.argv[1:] or PACKAGES:
            print(f"engine roots: {engine_root(name)} holds what {name} needs", flush=True)
    except root_failure as failure:
        sys.exit(f"engine roots: {failure}")
