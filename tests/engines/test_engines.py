# Proves that the harness gives real engines: each starts, runs containers, loads, imports, commits, builds and deletes
# images, comes back after a SIGKILL with its data, and leaves nothing behind, however the test ends.
import json
import os
import signal
import subprocess
import sys
import time
import unittest

import containers
import images
from engine import docker, podman
from traces import traces

HERE = os.path.dirname(os.path.abspath(__file__))


class smoke:
    """The same for every engine; the classes below say which. Each test has an engine of its own."""

    prefix = ""  # what the engine puts before a reference without a host
    restarting = True  # whether a container that fails again and again can be seen "restarting"

    def setUp(self):
        self.engine = self.enterContext(self.start())

    def ids(self):
        return {item["Id"] for item in self.engine.get("/images/json", all="true")}

    def test_runs_containers_in_every_state(self):
        reference = containers.runnable(self.engine)
        wanted = ["created", "running", "paused", "exited"] + ["restarting"] * self.restarting
        made = {containers.in_state(self.engine, reference, f"is-{state}", state): state for state in wanted}
        found = {item["Id"]: item["State"] for item in self.engine.get("/containers/json", all="true")}
        self.assertEqual(found, made)

    def test_container_really_runs(self):
        reference = containers.runnable(self.engine)
        containers.run(self.engine, reference, "writer", ("sh", "-c", "echo alive > /proof; sleep 1000000"))
        pid = self.engine.get("/containers/writer/json")["State"]["Pid"]
        deadline, said = time.monotonic() + 10, ""
        while said != "alive\n" and time.monotonic() < deadline:
            said = self.engine.enter("cat", f"/proc/{pid}/root/proof", check=False).stdout
        self.assertEqual(said, "alive\n")

    def test_loads_shared_layers_imports_commits_builds_and_deletes(self):
        base = images.layer.of_size(100_000)
        loaded = [images.image("app:1", [base, images.layer.of_size(1_000)], labels={"who": "test"}),
                  images.image(["app:2", "also:2"], [base, images.layer.of_size(2_000)], history="empty"),
                  images.image([], [base, images.layer.of_size(3_000)]),
                  images.image("plain:1", [images.layer.of_size(4_000)], history=None)]
        images.load_images(self.engine, loaded)
        listed = self.engine.get("/images/json", all="true")
        tags = sorted(tag for item in listed for tag in item["RepoTags"] or [] if tag != "<none>:<none>")
        self.assertEqual(tags, sorted(self.prefix + tag for tag in ["app:1", "app:2", "also:2", "plain:1"]))
        self.assertEqual(len(listed), 4)
        dangling = self.engine.get("/images/json", filters={"dangling": ["true"]})
        self.assertEqual(len(dangling), 1)

        reference = containers.runnable(self.engine)
        containers.run(self.engine, reference, "source")
        made = {images.import_image(self.engine, "imported:1", {"file": b"123"}),
                images.commit(self.engine, "source", "committed:1"),
                images.build(self.engine, "built:1", f"FROM {reference}\nENV A=1\nRUN echo built > /built\n")}
        made = {one if one.startswith("sha256:") else "sha256:" + one for one in made}
        self.assertLessEqual(made, self.ids())
        self.assertEqual(len(made), 3)

        before = self.ids()
        self.engine.api("DELETE", f"/images/{self.prefix}app:1").expect(200)
        self.assertEqual(len(before - self.ids()), 1)

    def test_comes_back_after_a_kill_with_its_data(self):
        reference = containers.runnable(self.engine)
        containers.create(self.engine, reference, "kept")
        before, pid = self.ids(), self.engine.pid
        self.assertEqual(self.engine.kill(), -signal.SIGKILL)
        self.assertIsNone(self.engine.pid)
        with self.assertRaises(OSError):
            self.engine.api("GET", "/_ping")
        self.engine.start()
        self.assertNotIn(self.engine.pid, (None, pid))
        self.assertEqual(self.ids(), before)
        self.assertEqual(containers.state_of(self.engine, "kept"), "created")

    def test_leaves_nothing_behind(self):
        reference = containers.runnable(self.engine)
        for state in ("running", "paused", "exited"):
            containers.in_state(self.engine, reference, state, state)
        with traces.of(self.engine) as looked_for:
            self.assertGreater(len(looked_for.left()), 5, "the check itself sees the running engine")
            self.engine.close()
            self.assertEqual(looked_for.left(), [])

    def test_leaves_nothing_behind_when_the_test_is_killed(self):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                child = subprocess.Popen([sys.executable, "-B", __file__, "victim", self.id().split(".")[-2]],
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=HERE)
                with traces(**json.loads(child.stdout.readline())) as looked_for:
                    self.assertGreater(len(looked_for.left()), 5)
                    child.send_signal(number)
                    child.wait(30)
                    child.stdout.close()
                    deadline = time.monotonic() + 30
                    while looked_for.left() and time.monotonic() < deadline:
                        time.sleep(0.1)
                    self.assertEqual(looked_for.left(), [])


class docker_20_10(smoke, unittest.TestCase):
    @staticmethod
    def start():
        return docker("20.10")

    def test_is_what_it_says(self):
        self.assertTrue(self.engine.version["Version"].startswith("20.10."))
        self.assertEqual(self.engine.get("/info")["Driver"], "overlay2")

    def test_the_docker_command_reaches_it(self):
        reference = containers.runnable(self.engine)
        self.assertEqual(self.engine.cli("images", "--format", "{{.Repository}}:{{.Tag}}").split(), [reference])

    def test_loads_a_thousand_images_in_time(self):
        many = images.many_images(1000)
        began = time.monotonic()
        images.load_images(self.engine, many)
        seconds = time.monotonic() - began
        print(f"\n1,000 images of 3 layers loaded in {seconds:.1f} s", flush=True)
        self.assertEqual(self.ids(), {item.id for item in many})
        self.assertLess(seconds, 60)


class docker_26_overlay2(smoke, unittest.TestCase):
    @staticmethod
    def start():
        return docker("26-overlay2")

    def test_is_what_it_says(self):
        self.assertTrue(self.engine.version["Version"].startswith("26."))
        self.assertEqual(self.engine.get("/info")["Driver"], "overlay2")

    def test_runs_beside_another_engine(self):
        with docker("20.10") as other:
            images.load_images(other, [images.image("only-there:1", [images.layer.of_size(10)])])
            self.assertEqual(self.engine.get("/images/json"), [])


class docker_26_containerd(smoke, unittest.TestCase):
    @staticmethod
    def start():
        return docker("26-containerd")

    def test_is_what_it_says(self):
        self.assertTrue(self.engine.version["Version"].startswith("26."))
        self.assertIn(["driver-type", "io.containerd.snapshotter.v1"], self.engine.get("/info")["DriverStatus"])


class podman_4(smoke, unittest.TestCase):
    prefix = "localhost/"
    restarting = False  # Podman starts it again at once

    @staticmethod
    def start():
        return podman()

    def test_is_what_it_says(self):
        self.assertTrue(self.engine.version["Version"].startswith("4.3."))
        self.assertEqual(self.engine.api("GET", "/_ping").headers["libpod-api-version"], self.engine.version["Version"])


def victim(name):
    """Starts the engine of a test class with a running and a paused container, tells where, and waits to be killed."""
    with globals()[name].start() as engine:
        reference = containers.runnable(engine)
        for state in ("running", "paused"):
            containers.in_state(engine, reference, state, state)
        print(json.dumps({"folder": engine.folder, "cgroup": engine.cgroup, "init": engine.init}), flush=True)
        while True:
            signal.pause()


if __name__ == "__main__" and sys.argv[1:2] == ["victim"]:
    victim(sys.argv[2])
