# What a real engine leaves on the machine while it runs: processes, mounts, cgroups, its folder. None of it may be there
# after it was closed.
import os
import pathlib


class traces:
    """Remembers what to look for while the engine runs; left() says what of it is still there (or its namespace's)."""

    def __init__(self, folder, cgroup, init):
        self.folder, self.cgroup = folder, cgroup
        self.namespaces = {os.readlink(f"/proc/{init}/ns/{kind}") for kind in ("pid", "mnt", "net")}

    @classmethod
    def of(cls, engine):
        return cls(engine.folder, engine.cgroup, engine.init)

    def left(self):
        """A list of strings; empty when nothing is left."""
        found = [f"process {pid}" for pid in filter(str.isdigit, os.listdir("/proc")) if self._is_ours(pid)]
        mounts = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
        found += [f"mount {line}" for line in mounts if self.cgroup in line]
        found += [f"cgroup {path}" for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/{self.cgroup}*")]
        found += [f"folder {self.folder}"] if os.path.lexists(self.folder) else []
        return found

    def _is_ours(self, pid):
        try:
            if self.folder in pathlib.Path(f"/proc/{pid}/cmdline").read_text(errors="replace"):
                return True
            return any(os.readlink(f"/proc/{pid}/ns/{kind}") in self.namespaces for kind in ("pid", "mnt", "net"))
        except OSError:
            return False  # it ended meanwhile
