# config/examples/nightly-script.toml beside the script that it replaces, on the same images on real Dockers. What the
# invariants make different is listed here; there is no other difference.
import pathlib
import subprocess
import unittest

import containers
import docksweep
import images
import registry
import sweeping
from engine import docker

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = docksweep.REPOSITORY / "config/examples/nightly-script.toml"


# What cannot be had back is kept (invariant 5); the script deletes it for good. And where one name says kube-system, no name
# goes: an image is judged whole.
KEPT = {"local/only:1": "kept by docksweep", "hub/two-names:1": "kept by docksweep"}


class beside_the_script:
    kind, differences = "", {}

    def node(self):
        """One of everything that the script decides about. The same on each engine, but for the bytes. → engine"""
        engine = self.enterContext(docker(self.kind))
        hub = self.enterContext(registry.registry(engine))
        containers.runnable(engine)
        busybox = images.layer.busybox()

        def load(references, size, **more):
            images.load_images(engine, [images.image(references, [busybox, images.layer.of_size(size)], **more)])

        def from_registry(name, size):
            load("source:1", size)
            there = hub.push("source:1", name)
            engine.api("DELETE", "/images/source:1").expect(200)
            registry.pull(engine, there)
            return there

        for name, size in (("app:1", 11_000), ("app:2", 12_000), ("team/kube-system/proxy:1", 13_000),
                           ("docker/library/base:1", 14_000), ("busy:1", 15_000), ("ended:1", 16_000), ("k8s-ended:1", 17_000),
                           ("two-names:1", 18_000)):
            from_registry(name, size)
        engine.api("POST", f"/images/{hub.host}/two-names:1/tag", {"repo": f"{hub.host}/kube-system/two", "tag": "1"}).expect(201)
        load("local/only:1", 19_000)
        load([], 20_000)
        load([], 21_000)
        from_registry("digest-only:1", 22_000)
        registry.known_by_digest_alone(engine, f"{hub.host}/digest-only:1")
        containers.run(engine, f"{hub.host}/busy:1", "busy")
        containers.in_state(engine, f"{hub.host}/ended:1", "ended", "exited")
        containers.in_state(engine, f"{hub.host}/k8s-ended:1", "k8s_ended", "exited")
        containers.create(engine, containers.REFERENCE, "never-started")
        self.host = hub.host
        return engine

    def what_is_there(self, engine):
        """Images by their names ("<none>" counted for those without), containers by theirs."""
        names, dangling = set(), 0
        for item in engine.get("/images/json"):
            tags = [tag for tag in item["RepoTags"] or [] if not tag.startswith("<none>")]
            digests = [one for one in item["RepoDigests"] or [] if not one.startswith("<none>")]
            names |= set(tags or [one.partition("@")[0] + "@" for one in digests])
            dangling += not tags and not digests
        return {name.replace(self.host, "hub") for name in names}, dangling, {
            name.lstrip("/") for item in engine.get("/containers/json", all="true") for name in item["Names"]}

    def by_script(self):
        engine = self.node()
        subprocess.run([str(HERE / "nightly_script.sh"), engine.socket], check=True, capture_output=True, timeout=300)
        return self.what_is_there(engine)

    def by_docksweep(self, keep=None):
        engine = self.node()
        folder = self.enterContext(sweeping.policies(engine.host)).folder
        config = pathlib.Path(folder) / "docksweep.toml"
        text = EXAMPLE.read_text().replace('mode = "observe"', 'mode = "enforce"')
        if keep is not None:
            text = text.replace('min_age = "1h"', keep)
        config.write_text(text + docksweep.toml({"engine": {"host": engine.host}, "state": {"path": f"{folder}/state.db"}}))
        status, out, err = docksweep.run_cli("sweep", "nightly", "--yes", config=str(config), timeout=300)
        self.assertIn(status, (0, sweeping.SHORT), err + out)
        return self.what_is_there(engine)

    def test_the_same_but_for_what_the_invariants_make_different(self):
        script_names, script_dangling, script_containers = self.by_script()
        names, dangling, left = self.by_docksweep(keep='min_age = "0s"')
        print(f"\nscript:    {sorted(script_names)} and {script_dangling} without a name; {sorted(script_containers)}"
              f"\ndocksweep: {sorted(names)} and {dangling} without a name; {sorted(left)}", flush=True)
        found = {name: "kept by docksweep" for name in names - script_names}
        found |= {name: "removed by docksweep" for name in script_names - names}
        self.assertEqual(found, self.differences)
        self.assertEqual(dangling, script_dangling)
        self.assertEqual(left, script_containers)

    def test_what_just_came_is_kept_as_the_example_has_it(self):
        """Invariant 4, the difference that a night makes no difference to: everything here is minutes old."""
        engine_names, dangling, left = self.by_docksweep()
        self.assertEqual(dangling, 2)
        self.assertLessEqual({"hub/app:1", "hub/app:2", "local/only:1"}, engine_names)
        self.assertNotIn("ended", left)


class docker_20(beside_the_script, unittest.TestCase):
    kind = "20.10"
    # Its container goes first: the image is free by then, and goes in the same night, not in the next.
    differences = {**KEPT, "hub/ended:1": "removed by docksweep"}


class docker_26_containerd(beside_the_script, unittest.TestCase):
    kind = "26-containerd"
    # Local images have digests there, too: without an agent that watched the pulls, nobody knows that a registry has these.
    differences = {**KEPT, "hub/app:1": "kept by docksweep", "hub/app:2": "kept by docksweep"}
