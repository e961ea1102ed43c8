# The image of deploy/Dockerfile on a real Docker: what is in it, and run as the Kubernetes manifests run it.
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import time
import unittest
import zlib

import containers
import docksweep_image
import images
import metrics_text
import pod
from engine import docker

sys.path.append(str(docksweep_image.REPOSITORY / "tests/deploy"))
import manifests  # noqa: E402

MOST_BYTES = 20_000_000
PORT = 9713
IDLE_SECONDS = 20


class image(unittest.TestCase):
    """One engine for all of it: a build takes minutes."""

    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(docker("20.10", settings={"live-restore": True}))
        cls.engine.enter(
            "mount", "--make-shared", cls.engine.folder
        )  # as systemd makes a node's root; mountPropagation needs it
        seconds = docksweep_image.provide(cls.engine)
        print(f"the image was built in {seconds:.0f} s" if seconds else "the image is from the cache", file=sys.stderr)
        cls.seen = json.loads(cls.engine.cli("image", "inspect", docksweep_image.NAME))[0]

    # --- what it is -------------------------------------------------------------------------------------------------

    def test_how_it_starts(self):
        config = self.seen["Config"]
        self.assertEqual((config["Entrypoint"], config["Cmd"]), (["docksweep"], ["run"]))
        self.assertEqual(config["Healthcheck"]["Test"], ["CMD", "docksweep", "health"])
        labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
        self.assertEqual((labels["title"], labels["version"], labels["licenses"]), ("docksweep", "0.1.0", "Apache-2.0"))
        self.assertRegex(labels["revision"], "^[0-9a-f]{7,12}$")
        self.assertIn(
            labels["revision"], self.engine.cli("run", "--rm", "--network=none", docksweep_image.NAME, "--version")
        )

    def test_it_is_small(self):
        saved = f"{self.engine.folder}/size.tar"
        self.engine.cli("save", "-o", saved, docksweep_image.NAME)
        packer, size = zlib.compressobj(6, wbits=31), 0
        with tarfile.open(saved) as archive:
            for member in archive.getmembers():
                if member.name.endswith("layer.tar"):
                    size += len(packer.compress(archive.extractfile(member).read()))
        size += len(packer.flush())
        os.unlink(saved)
        print(f"image: {size / 1e6:.1f} MB compressed, {self.seen['Size'] / 1e6:.1f} MB on disk", file=sys.stderr)
        self.assertLess(size, MOST_BYTES)

    def test_it_holds_nothing_but_what_it_needs(self):
        self.engine.cli("create", "--name", "files", docksweep_image.NAME)
        self.addCleanup(self.engine.cli, "rm", "files")
        exported = f"{self.engine.folder}/files.tar"
        self.engine.cli("export", "-o", exported, "files")
        with tarfile.open(exported) as archive:
            files = {member.name for member in archive.getmembers() if not member.isdir()}
        os.unlink(exported)
        by_engine = {".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"}
        rest = {
            name
            for name in files - by_engine
            if not name.startswith("usr/share/zoneinfo/")
            and not re.fullmatch(r"(usr/)?lib(64)?/.*\.so(\.[\w.]+)*", name)
        }
        self.assertEqual(rest, {"usr/bin/docksweep", "etc/passwd", "etc/ssl/certs/ca-certificates.crt"})
        self.assertIn("usr/share/zoneinfo/Asia/Shanghai", files)

    # --- as Kubernetes runs it --------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def running(self, *values, without=(), name="docksweep", config=None, probe="/-/ready"):
        """The pod of the chart, with the places of this engine. Yields {volume: path} when the agent's probe says 200."""
        engine = self.engine
        settings = [
            f"engine.socketPath={engine.socket}",
            f"engine.dataRoot={engine.data_root}",
            "engine.containerdRoot=",
            f"statePath={engine.folder}/state",
            *values,
        ]
        arguments = [word for one in settings for word in ("--set", one)]
        if config is not None:
            place = pathlib.Path(engine.folder) / "own.toml"
            place.write_text(config)
            arguments += ["--set-file", f"config={place}"]
        found = manifests.rendered(*arguments)
        spec = manifests.pod_spec(found)
        paths = pod.prepare(spec, found, engine.folder)
        *flags, reference, run = pod.flags(spec, paths, without)
        began = time.monotonic()
        try:
            engine.cli("run", "--detach", f"--name={name}", f"--cgroup-parent=/{engine.cgroup}", *flags, reference, run)
            self.until(lambda: self.get(probe)[0] == 200, probe, name)
            self.start_seconds = time.monotonic() - began
            yield paths
        finally:
            engine.cli("rm", "--force", name, check=False)

    def get(self, path):
        """→ (status, body) of the agent, asked in the engine's network"""
        done = subprocess.run(
            [
                "nsenter",
                "--target",
                str(self.engine.init),
                "--net",
                "curl",
                "-s",
                "-m",
                "5",
                "-w",
                "\n%{http_code}",
                f"http://127.0.0.1:{PORT}{path}",
            ],
            capture_output=True,
            text=True,
            timeout=20,
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def value(self, name, **labels):
        return metrics_text.parse(self.get("/metrics")[1]).value(name, **labels)

    def until(self, holds, what, name="docksweep", seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(KeyError, ValueError):
                if holds():
                    return
            if time.monotonic() > deadline:
                done = self.engine.enter(
                    "docker", "--host", self.engine.host, "logs", "--tail", "30", name, check=False
                )
                self.fail(f"not within {seconds} s: {what}\n{done.stdout}{done.stderr}")
            time.sleep(0.2)

    def exec(self, *arguments):
        """The program again, in the container's namespaces and environment, as `docker exec` does. (Where dockerd itself is in
        a chroot, as here, runc's exec joins the mounts but not the root of a container.)"""
        seen = json.loads(self.engine.cli("inspect", "docksweep"))[0]
        return self.engine.enter(
            "env",
            "-i",
            *seen["Config"]["Env"],
            "/usr/bin/nsenter",
            "--target",
            str(seen["State"]["Pid"]),
            "--mount",
            "--pid",
            "--net",
            "--root",
            "--wd",
            "--",
            "/usr/bin/docksweep",
            *arguments,
        ).stdout

    def test_it_watches_measures_and_is_healthy(self):
        with self.running():
            print(f"ready {self.start_seconds:.2f} s after docker run", file=sys.stderr)
            self.until(lambda: self.value("docksweep_engine_up") == 1, "docksweep_engine_up 1")
            self.assertEqual(self.value("docksweep_state_durable"), 1)
            began, used = time.monotonic(), self.value("process_cpu_seconds_total")
            time.sleep(IDLE_SECONDS)
            idle = (self.value("process_cpu_seconds_total") - used) / (time.monotonic() - began) * 1000
            print(f"idle: {idle:.1f} thousandths of a core", file=sys.stderr)
            self.assertLess(idle, 10, "what the pod requests")
            self.assertGreater(self.value("docksweep_disk_size_bytes", path=self.engine.data_root), 0)
            self.assertEqual(self.exec("health"), "docksweep is healthy.\n")

    def test_it_is_root_without_any_power(self):
        with self.running():
            pid = json.loads(self.engine.cli("inspect", "docksweep"))[0]["State"]["Pid"]
            status = self.engine.enter("cat", f"/proc/{pid}/status").stdout
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(fields[name], 16), 0, name)
        self.assertEqual((fields["NoNewPrivs"], fields["Seccomp"], fields["Uid"].split()[0]), ("1", "2", "0"))

    def test_each_mount_is_needed(self):
        with self.running(without=["engine"], probe="/-/healthy"):
            self.assertEqual(self.value("docksweep_engine_up"), 0)
        with self.running(without=["state"]):
            self.assertEqual(self.value("docksweep_state_durable"), 0)
        with self.running(without=["data-root"]):
            self.until(lambda: self.value("docksweep_engine_up") == 1, "docksweep_engine_up 1")
            self.assertNotIn("docksweep_disk_size_bytes{", self.get("/metrics")[1])

    def test_a_node_without_an_engine_is_ready(self):
        nothing = pathlib.Path(self.engine.folder) / "nothing"
        nothing.mkdir(exist_ok=True)
        with self.running(f"engine.socketPath={nothing}/docker.sock", f"statePath={self.engine.folder}/other-state"):
            self.assertEqual((self.value("docksweep_engine_up"), self.value("docksweep_engine_absent")), (0, 1))
            self.assertEqual(self.get("/-/ready")[0], 200)

    def test_it_sweeps_within_its_limits_and_keeps_what_is_kubernetes(self):
        busybox = images.layer.busybox()
        pause, system, old = (
            "registry.example.com/pause:3.9",
            "registry.example.com/dns:1",
            "registry.example.com/old:1",
        )
        images.load_images(
            self.engine, [images.image(name, [busybox, images.layer.of_size(1000)]) for name in (pause, system, old)]
        )
        containers.create(
            self.engine, system, "k8s_dns_kube-system", labels={"io.kubernetes.pod.namespace": "kube-system"}
        )
        self.addCleanup(containers.remove, self.engine, "k8s_dns_kube-system")
        config = (manifests.CHART / "files/docksweep.toml").read_text()
        config = (
            config.replace('min_age = "1h"', 'min_age = "0s"\nlocal_only = false')
            + '[[policy]]\nname = "all"\nremove = { images = "unused" }\n'
        )
        with self.running("mode=enforce", config=config):
            self.until(lambda: self.value("docksweep_engine_up") == 1, "docksweep_engine_up 1")
            self.assertEqual(self.value("docksweep_enforcing"), 1)
            self.exec("sweep", "all", "--yes")
            left = {tag for one in self.engine.get("/images/json") for tag in one["RepoTags"]}
            self.assertIn(pause, left)
            self.assertIn(system, left)
            self.assertNotIn(old, left)
            self.assertIn(docksweep_image.NAME, left, "its own image is in use")
            history = json.loads(self.exec("history", "--json"))
            self.assertEqual(history["sweeps"][0]["policy"], "all")
            peak = self.memory_peak()
            print(f"peak memory of the pod: {peak / 2**20:.1f} MiB", file=sys.stderr)
            self.assertLess(peak, 64 * 2**20)
        self.assertTrue((pathlib.Path(self.engine.folder) / "state/state.db").exists())

    def memory_peak(self):
        """Bytes, as the kernel accounts them to the container's control group."""
        identity = json.loads(self.engine.cli("inspect", "docksweep"))[0]["Id"]
        for name in ("memory.max_usage_in_bytes", "memory.peak"):
            for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/{self.engine.cgroup}/{identity}/{name}"):
                return int(path.read_text())
        raise AssertionError(f"no control group of {identity}")

    def test_dockerd_restarts_under_it(self):
        with self.running():
            self.until(lambda: self.value("docksweep_engine_up") == 1, "docksweep_engine_up 1")
            started, before = self.started_at(), os.stat(self.engine.socket).st_ino
            self.engine.kill()
            self.until(lambda: self.value("docksweep_engine_up") == 0, "docksweep_engine_up 0")
            self.engine.start()
            self.assertNotEqual(os.stat(self.engine.socket).st_ino, before, "a mounted socket would be stale by now")
            self.until(lambda: self.value("docksweep_engine_up") == 1, "docksweep_engine_up 1 after a restart")
            self.assertEqual(self.started_at(), started, "the same process")

    def started_at(self):
        return json.loads(self.engine.cli("inspect", "docksweep"))[0]["State"]["StartedAt"]


if __name__ == "__main__":  # tests/run --container: a build takes too long to be in ctest
    done = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(image))
    wrong = len(done.failures) + len(done.errors)
    print(f"{max(0, done.testsRun - wrong)} passed, {wrong} failed")
    sys.exit(0 if done.wasSuccessful() and done.testsRun else 1)
