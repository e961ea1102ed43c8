# The command that runs another one in namespaces of its own, with every mount private, and ends with its parent.
import functools
import subprocess

# Changes into the root of the mount namespace, makes the caller's root (file descriptor 8) a mount there, and comes back.
FROM_A_CHROOT = """
root=$(readlink /proc/self/fd/8)
exec 8<&-
mount --rbind "$root" "$root"
exec chroot "$root" "$@"
"""


@functools.cache
def _root_is_a_mount():
    """False in a chroot that is an ordinary folder: what is not a mount cannot be made private."""
    return subprocess.run(["unshare", "--mount", "--propagation", "private", "true"], capture_output=True).returncode == 0


def in_own(*command, net=False):
    """The whole command: own mount and PID namespace (and network), everything killed when the parent of it dies."""
    unshare = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"] + ["--net"] * net
    if _root_is_a_mount():
        return ["setpriv", "--pdeathsig", "KILL", *unshare, *command]
    return ["setpriv", "--pdeathsig", "KILL", "sh", "-euc", 'exec 8</; exec "$@"', "sh",
            "nsenter", "--mount=/proc/self/ns/mnt", *unshare, "sh", "-euc", FROM_A_CHROOT, "sh", *command]
