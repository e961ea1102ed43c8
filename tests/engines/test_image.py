# The image of deploy/Dockerfile on real Dockers: what is in it, and run as the Kubernetes manifests run it.
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
from engine import docker

sys.path.append(str(docksweep_image.REPOSITORY / "tests/deploy"))
import manifests  # noqa: E402
import pod  # noqa: E402

MOST_BYTES = 20_000_000
PORT = 9713
IDLE_SECONDS = 20
MANY_IMAGES = 1000
MIB = 2**20
# Where the pod's network and that of the node meet, as a kubelet or a Prometheus reaches it.
NODE_ADDRESS, POD_ADDRESS = "192.0.2.1", "192.0.2.2"


class in_a_pod:
    """As Kubernetes runs it. One engine for all of it: a build takes minutes."""

    kind, containerd_root = "", ""
    token = ""  # that the agent asks for

    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(docker(cls.kind, settings={"live-restore": True}, own_root=True))
        cls.engine.enter(
            "mount", "--make-shared", cls.engine.folder
        )  # as systemd makes a node's root; mountPropagation needs it
        seconds = docksweep_image.provide(cls.engine)
        print(f"the image was built in {seconds:.0f} s" if seconds else "the image is from the cache", file=sys.stderr)
        cls.seen = json.loads(cls.engine.cli("image", "inspect", docksweep_image.NAME))[0]

    @contextlib.contextmanager
    def running(self, *values, without=(), name="docksweep", config=None, probe="/-/ready"):
        """The pod of the chart, with the places of this engine. Yields {volume: path} when the agent's probe says 200."""
        engine = self.engine
        settings = [
            f"engine.socketPath={engine.socket}",
            f"engine.dataRoot={engine.data_root}",
            f"engine.containerdRoot={engine.data_root}/{self.containerd_root}" if self.containerd_root else "engine.containerdRoot=",
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
            engine.cli("run", "--detach", f"--name={name}", "--network=none", f"--cgroup-parent=/{engine.cgroup}", *flags, reference, run)
            self.connect(name)
            self.until(lambda: self.get(probe)[0] == 200, probe, name)
            self.start_seconds = time.monotonic() - began
            yield paths
        finally:
            engine.cli("rm", "--force", name, check=False)

    def connect(self, name):
        """A link between the node and the pod, which has a network of its own."""
        pid = json.loads(self.engine.cli("inspect", name))[0]["State"]["Pid"]
        node = ["nsenter", "--target", str(self.engine.init), "--net", "--pid", "--"]
        inside = ["nsenter", "--target", str(self.outside(pid)), "--net", "--"]
        for command in (
            [*node, "ip", "link", "add", "pod", "type", "veth", "peer", "name", "eth0"],
            [*node, "ip", "link", "set", "eth0", "netns", str(pid)],
            [*node, "ip", "address", "add", f"{NODE_ADDRESS}/30", "dev", "pod"],
            [*node, "ip", "link", "set", "pod", "up"],
            [*inside, "ip", "address", "add", f"{POD_ADDRESS}/30", "dev", "eth0"],
            [*inside, "ip", "link", "set", "eth0", "up"],
        ):
            subprocess.run(command, check=True, capture_output=True, timeout=20)

    def outside(self, pid):
        """The number that this machine gives a process of the engine's namespace."""
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                numbers = re.search(r"^NSpid:\s*(.*)$", status.read_text(), re.MULTILINE)[1].split()
                if str(pid) in numbers[1:-1] and self.engine.cgroup in (status.parent / "cgroup").read_text():
                    return int(numbers[0])
        raise AssertionError(f"no process {pid} of the engine")

    def get(self, path):
        """→ (status, body) of the agent, asked from the node"""
        credential = ["-H", f"Authorization: Bearer {self.token}"] if self.token else []
        command = ["curl", "-s", "-m", "5", "-w", "\n%{http_code}", *credential, f"http://{POD_ADDRESS}:{PORT}{path}"]
        done = subprocess.run(["nsenter", "--target", str(self.engine.init), "--net", *command], capture_output=True,
                              text=True, timeout=20)
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
        return self.engine.cli("exec", "docksweep", "docksweep", *arguments)

    def health(self):
        """What the engine says of the container, by the image's own healthcheck."""
        return json.loads(self.engine.cli("inspect", "docksweep"))[0]["State"]["Health"]["Status"]

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
            self.until(lambda: self.health() == "healthy", "healthy, by the image's healthcheck")

    def test_it_is_root_without_any_power(self):
        with self.running():
            self.without_any_power("0")

    def test_as_another_user_in_the_group_of_the_socket(self):
        group, user, state = 4242, 65532, f"{self.engine.folder}/state-of-a-user"
        os.chown(self.engine.socket, 0, group)
        self.addCleanup(os.chown, self.engine.socket, 0, 0)
        os.mkdir(state)
        os.chown(state, user, user)
        config = '[web]\ntoken_file = "/run/secrets/docksweep/token"\n'
        token = "0123456789abcdef0123456789abcdef"
        with self.running(f"engine.groupId={group}", f"statePath={state}", f"secret.token={token}", config=config):
            self.assertEqual(self.get("/metrics")[0], 401, "the secret is read")
            self.token = token
            self.until(lambda: self.value("docksweep_engine_up") == 1, "docksweep_engine_up 1")
            self.assertEqual(self.value("docksweep_state_durable"), 1)
            self.without_any_power(str(user))

    def without_any_power(self, user):
        pid = json.loads(self.engine.cli("inspect", "docksweep"))[0]["State"]["Pid"]
        status = self.engine.enter("cat", f"/proc/{pid}/status").stdout
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(fields[name], 16), 0, name)
        self.assertEqual((fields["NoNewPrivs"], fields["Seccomp"], fields["Uid"].split()[0]), ("1", "2", user))

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

    def test_it_sweeps_and_keeps_what_is_kubernetes(self):
        busybox = images.layer.busybox()
        pause, system, old = (
            "registry.example.com/pause:3.9",
            "registry.example.com/dns:1",
            "registry.example.com/old:1",
        )
        images.load_images(
            self.engine, [images.image(name, [busybox, images.layer.of_size(1000)]) for name in (pause, system, old)]
        )
        ids = {name: self.engine.get(f"/images/{name}/json")["Id"] for name in (pause, system, old)}
        containers.create(
            self.engine, system, "k8s_dns_kube-system", labels={"io.kubernetes.pod.namespace": "kube-system"}
        )
        containers.in_state(self.engine, old, "k8s_ended", "exited")
        containers.in_state(self.engine, old, "ended", "exited")
        for name in ("k8s_dns_kube-system", "k8s_ended"):
            self.addCleanup(containers.remove, self.engine, name)
        config = (manifests.CHART / "files/docksweep.toml").read_text()
        config = (
            config.replace('min_age = "1h"', 'min_age = "0s"\nlocal_only = false')
            + '[[policy]]\nname = "all"\n'
            + 'remove = { images = "unused", containers = { states = ["exited", "created"], stopped_for = "0s" } }\n'
        )
        with self.running("mode=enforce", config=config):
            self.until(lambda: self.value("docksweep_engine_up") == 1, "docksweep_engine_up 1")
            self.assertEqual(self.value("docksweep_enforcing"), 1)
            verdicts = {one["id"]: one for one in json.loads(self.exec("plan", "all", "--json"))["verdicts"]}
            self.assertEqual(verdicts[ids[pause]]["reason"], "reference", "the pause image, although nothing uses it here")
            self.assertEqual(verdicts[ids[system]]["reason"], "in_use")
            shielded = [one for one in verdicts.values() if one["kind"] == "container" and one["action"] == "keep"]
            self.assertIn("container", {one["reason"] for one in shielded})
            self.exec("sweep", "all", "--yes")
            self.assertEqual(
                {name.lstrip("/") for one in self.engine.get("/containers/json", all="true") for name in one["Names"]},
                {"docksweep", "k8s_dns_kube-system", "k8s_ended"},
                "the kubelet's containers stay, stopped and new ones too",
            )
            containers.remove(self.engine, "k8s_ended")
            self.exec("sweep", "all", "--yes")
            left = {tag for one in self.engine.get("/images/json") for tag in one["RepoTags"]}
            self.assertIn(pause, left)
            self.assertIn(system, left)
            self.assertNotIn(old, left)
            self.assertTrue(any(tag.endswith(docksweep_image.NAME) for tag in left), "its own image is in use")
            history = json.loads(self.exec("history", "--json"))
            self.assertEqual(history["sweeps"][0]["policy"], "all")
        self.assertTrue((pathlib.Path(self.engine.folder) / "state/state.db").exists())

    def in_cgroup(self, pattern, *names):
        """What this matches, as a number, in these files of the container's control groups (both versions of them)."""
        identity = json.loads(self.engine.cli("inspect", "docksweep"))[0]["Id"]
        for name in names:
            for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/{self.engine.cgroup}/{identity}/{name}"):
                if found := re.search(pattern, path.read_text(), re.MULTILINE):
                    return int(found[1])
        raise AssertionError(f"no {pattern} in {names} of {identity}")

    def memory(self):
        """→ (most that there was, what it takes now without the page cache), as the kernel accounts the pod, in bytes"""
        return (self.in_cgroup(r"^(\d+)$", "memory.max_usage_in_bytes", "memory.peak"),
                self.in_cgroup(r"^(?:total_rss|anon) (\d+)$", "memory.stat"))

    def test_a_large_node_fits_into_requests_and_limits(self):
        images.load_images(self.engine, images.many_images(MANY_IMAGES, tops=50))
        self.addCleanup(self.engine.cli, "image", "prune", "--all", "--force", "--filter", "label=number")
        resources = manifests.container(manifests.rendered())["resources"]
        request, limit = (int(resources[kind]["memory"].removesuffix("Mi")) * MIB for kind in ("requests", "limits"))
        with self.running():
            began = time.monotonic()
            self.until(self.knows_everything, "every image counted and read", seconds=600)
            print(f"{MANY_IMAGES} images: whole after {time.monotonic() - began:.1f} s", file=sys.stderr)
            # Beside the agent, in the same memory; 3: min_age keeps them all, so that the goal is not reached.
            planned = self.engine.enter("docker", "--host", self.engine.host, "exec", "docksweep", "docksweep", "plan",
                                        "pressure", "--json", check=False)
            self.assertIn(planned.returncode, (0, 3), planned.stderr)
            self.assertGreaterEqual(len(json.loads(planned.stdout)["verdicts"]), MANY_IMAGES)
            self.assertEqual(self.get("/-/healthy")[0], 200)
            peak, now = self.memory()
            throttled = self.in_cgroup(r"^nr_throttled (\d+)$", "cpu.stat")
            print(
                f"{MANY_IMAGES} images: memory {now / MIB:.1f} MiB, at most {peak / MIB:.1f} MiB with a plan beside it; "
                f"held back by the limit of CPU in {throttled} periods of 0.1 s",
                file=sys.stderr,
            )
            self.assertLess(now, request)
            self.assertLess(peak, limit)

    def knows_everything(self):
        """Every image is counted, and its layers were asked for."""
        page = metrics_text.parse(self.get("/metrics")[1])
        return (sum(page.family("docksweep_images", "state").values()) >= MANY_IMAGES
                and page.value("docksweep_engine_requests_total", endpoint="image_history") >= MANY_IMAGES)

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


class image(in_a_pod, unittest.TestCase):
    """On a graphdriver; and what the image is."""

    kind = "20.10"

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
        self.assertEqual(rest, {"usr/bin/docksweep", "etc/nsswitch.conf", "etc/passwd", "etc/ssl/certs/ca-certificates.crt"})
        self.assertIn("usr/share/zoneinfo/Asia/Shanghai", files)


class on_containerd(in_a_pod, unittest.TestCase):
    """On the containerd image store, as fresh installations of Docker 29 have it."""

    kind, containerd_root = "26-containerd", "containerd"


if __name__ == "__main__":  # tests/run --container: a build takes too long to be in ctest
    done = unittest.TextTestRunner(verbosity=2).run(unittest.TestSuite(
        unittest.defaultTestLoader.loadTestsFromTestCase(kind) for kind in (image, on_containerd)))
    wrong = len(done.failures) + len(done.errors)
    print(f"{max(0, done.testsRun - wrong)} passed, {wrong} failed")
    sys.exit(0 if done.wasSuccessful() and done.testsRun else 1)
