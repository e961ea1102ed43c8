# What a real engine leaves on the machine while it runs: processes, mounts, cgroups, its folder. None of it may be there
# after it was closed.
import os
import pathlib


class traces:
    """Remembers what to look for while the engine runs; left() says what of it is still there (or its namespace's)."""

    def __init__(self, folder, cgroup, init):
        self.folder, self.cgroup = folder, cgroup
        # Held open: the kernel gives the number of a namespace that is gone to the next one, which may be that of another
        # engine. Not the mount namespace, whose mounts would stay; its processes are in the other two or name the folder.
        self._held = [open(f"/proc/{init}/ns/{kind}") for kind in ("pid", "net")]
        self._namespaces = {os.fstat(one.fileno()).st_ino for one in self._held}

    @classmethod
    def of(cls, engine):
        return cls(engine.folder, engine.cgroup, engine.init)

    def close(self):
        for one in self._held:
            one.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def left(self):
        """A list of strings; empty when nothing is left."""
        found = [f"process {pid}" for pid in filter(str.isdigit, os.listdir("/proc")) if self._is_ours(pid)]
        mounts = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
        found += [f"mount {line}" for line in mounts if self.cgroup in line]
        # os.walk takes it that folders vanish while it looks.
        found += [f"cgroup {place}/{name}" for place, names, _ in os.walk("/sys/fs/cgroup") for name in names
                  if name.startswith(self.cgroup)]
        found += [f"folder {self.folder}"] if os.path.lexists(self.folder) else []
        return found

    def _is_ours(self, pid):
        try:
            if self.folder in pathlib.Path(f"/proc/{pid}/cmdline").read_text(errors="replace"):
                return True
            return any(os.stat(f"/proc/{pid}/ns/{kind}").st_ino in self._namespaces for kind in ("pid", "net"))
        except OSError:
            return False  # it ended meanwhile
