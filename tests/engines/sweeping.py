# Policies on a real engine by the commands: a configuration and a state of its own, plan, sweep and history.
#
#     node = policies(engine.host, [{"name": "all", "remove": {"images": "unused"}}])
#     status, out, err = node.sweep("all")
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import docksweep

# No rule keeps anything but what is in use: tests switch on what they are about.
KEEP_NOTHING = {"min_age": "0s", "local_only": False}
EVERYTHING = {"name": "all", "remove": {"images": "unused"}}
# tests/run --long: as much on the containerd store as on the others, which are quicker.
LONG = bool(os.environ.get("DOCKSWEEP_LONG"))
DONE, FAILED, BAD_USAGE, SHORT = 0, 1, 2, 3


class policies:
    """A configuration file with these policies, and a state that is its own."""

    def __init__(self, host, listed=(EVERYTHING,), keep=None, folder=None, state=None, within=(), **top):
        self.within = within
        self.folder = folder or tempfile.mkdtemp(prefix="dsp-", dir="/var/tmp")
        self.config = f"{self.folder}/docksweep.toml"
        self.state = state or f"{self.folder}/state.db"
        sections = {"mode": "enforce", **top, "engine": {"host": host, **top.get("engine", {})},
                    "state": {"path": self.state}, "keep": {**KEEP_NOTHING, **(keep or {})}, "policy": list(listed)}
        pathlib.Path(self.config).write_text(docksweep.toml(sections))

    def run(self, *arguments, timeout=300):
        return docksweep.run_cli(*arguments, config=self.config, timeout=timeout, within=self.within)

    def start(self, *arguments, **more):
        """The same without waiting for it. → subprocess.Popen"""
        return subprocess.Popen([*self.within, docksweep.binary(), *arguments, "--config", self.config], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)

    def sweep(self, policy="all", *more):
        return self.run("sweep", policy, "--yes", *more)

    def json(self, *arguments, allowed=(DONE,)):
        status, out, err = self.run(*arguments, "--json")
        if status not in allowed:
            raise docksweep.agent_failure(f"{' '.join(arguments)}: exit {status}: {err or out}")
        return json.loads(out)

    def plan(self, policy="all"):
        """docksweep plan POLICY --json, whether or not the plan reaches its goal."""
        return self.json("plan", policy, allowed=(DONE, SHORT))

    def verdicts(self, policy="all"):
        """{ID: verdict} of the plan."""
        return {one["id"]: one for one in self.plan(policy)["verdicts"]}

    def sweeps(self):
        """Every sweep on record, the newest first."""
        return self.json("history", "--limit", "1000")["sweeps"]

    def removals(self, sweep=None):
        """What the newest sweep (or this one) did, in the order of its plan."""
        number = sweep or self.sweeps()[0]["id"]
        return removals_in(self.json("history", "--sweep", str(number)))

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def removals_in(history):
    """The removals of the one sweep in an answer of `history --sweep N --json`; "id" is that of the object."""
    return [{**one, "id": one["object_id"]} for one in history["sweeps"][0]["removals"]]


def ids(engine):
    """The images that are there, intermediate ones too."""
    return {item["Id"] for item in engine.get("/images/json", all="true")}


def tags(engine):
    """Every tag on the engine, spelled short."""
    found = {tag.removeprefix("docker.io/library/").removeprefix("docker.io/")
             for item in engine.get("/images/json") for tag in item["RepoTags"] or []}
    return {tag for tag in found if not tag.startswith("<none>")}


def amount(number):
    """An amount of bytes as the configuration takes it."""
    return f"{int(number)}B"


def id_of(engine, reference):
    return engine.get(f"/images/{reference}/json")["Id"]


def used_bytes(folder):
    """What the files below a folder take on the disk, each once; what vanishes meanwhile counts nothing."""
    return used(folder)[0]


def used(folder):
    """→ (the same bytes, how many files, folders and links these are)"""
    total, seen = 0, set()
    for place, _, names in os.walk(folder):
        for path in [place, *(os.path.join(place, name) for name in names)]:
            with contextlib.suppress(OSError):
                status = os.lstat(path)
                if (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    total += status.st_blocks * 512
    return total, len(seen)
