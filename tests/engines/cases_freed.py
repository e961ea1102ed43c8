# The bytes that the agent says a removal frees are the bytes that the engine then gives back: for random sets of images
# that share layers, and for single images as `docksweep images` shows them.
#
# DOCKSWEEP_PREDICT names the program made of predict.cpp, which asks the agent's own code.
import json
import os
import pathlib
import random
import subprocess

import containers
import docksweep
import images
import scenario
from forest import forest

SEED = int(os.environ.get("DOCKSWEEP_TEST_SEED") or 20261123)


def predict(engine, ids):
    """
    What the agent's code says that removing this set frees, as a dict: at_least, at_most, gone (IDs of the images that go,
    with ancestors that nothing else needs), exact, total_at_least, total_at_most (all layers).
    """
    program = docksweep.binary("DOCKSWEEP_PREDICT", docksweep.REPOSITORY / "build/release/tests/engines/predict")
    done = subprocess.run([program, "--host", engine.host, *ids], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise docksweep.agent_failure(f"{program}: exit {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


class freed:
    """On a graphdriver: exact to the byte; images without history and empty layers, which come last, allow bounds."""

    exact = True
    layers_promised = 1.0  # of the layers that go, in all rounds together
    rounds = 24

    def setUp(self):
        self.engine = self.enterContext(self.start())
        containers.runnable(self.engine)
        containers.create(self.engine, containers.REFERENCE, "holder")  # something in use, which never goes

    def bytes_held(self):
        """Sum of all layers on the engine, each counted once."""
        return scenario.disk_usage(self.engine)["LayersSize"]

    def layer_bytes(self):
        """The same as far as the engine tells it: unpacked layers, each once."""
        return scenario.disk_usage(self.engine)["LayersSize"]

    def bytes_on_disk(self):
        """What the folder holds that layers are unpacked in: the engine's own sum leaves out what no image needs."""
        return sum(os.lstat(os.path.join(folder, name)).st_size
                   for diff in (pathlib.Path(self.engine.data_root) / "overlay2").glob("*/diff")
                   for folder, _, files in os.walk(diff) for name in files)

    def images(self):
        """{ID: size as listed}"""
        return {item["Id"]: item["Size"] for item in self.engine.get("/images/json", all="true")}

    def check(self, said, freed, complete, what):
        self.assertLessEqual(said["at_least"], freed, what)
        self.assertGreaterEqual(said["at_most"], freed, what)
        if complete and self.exact:
            self.assertEqual(said["at_least"], said["at_most"], f"{what}: complete histories leave no doubt")

    def test_random_sets_free_what_was_predicted(self):
        exactly, promised, gone_layers, trees = 0, 0, 0, forest(self.engine, random.Random(SEED))
        for number in range(self.rounds):
            # The rounds with incomplete images come last: what is left of those makes later rounds bounds, too.
            complete = number < self.rounds * 2 // 3
            trees.grow(complete)
            chosen = trees.choose()
            said, before, layers, there = predict(self.engine, chosen), self.bytes_held(), self.layer_bytes(), self.images()
            scenario.delete_images(self.engine, chosen)
            gone, layers, left = before - self.bytes_held(), layers - self.layer_bytes(), self.images()
            what = f"round {number} of seed {SEED}: {len(chosen)} images"
            self.check(said, gone, complete, what)
            self.assertEqual(set(there) - set(left), set(said["gone"]), what)
            self.assertLessEqual(said["at_most"], sum(there[one] for one in said["gone"]), f"{what}: their listed sizes")
            if complete:
                promised, gone_layers = promised + said["at_least"], gone_layers + layers
            if complete and self.exact:
                self.assertEqual(said["total_at_least"], before, f"{what}: all layers, each once")
            exactly += said["at_least"] == said["at_most"] == gone
            print(f"\nround {number}: {len(chosen)} images of {len(there)} freed {gone}, "
                  f"predicted {said['at_least']} to {said['at_most']}, layers {layers}", end="", flush=True)
        # Bounds that say something.
        self.assertGreaterEqual(promised, gone_layers * self.layers_promised)
        print(f"\n{exactly} of {self.rounds} random sets predicted to the byte", flush=True)

    def test_layers_of_a_container_whose_image_was_taken_by_force_are_not_promised(self):
        """`docker rmi --force` takes the image of a stopped container, which keeps the layers, of other images too."""
        source = random.Random(f"{SEED}-orphan")
        below, above, apart = (images.layer.of_size(size, source) for size in (20_000, 10_000, 25_000))
        images.load_images(self.engine, [images.image(["orphan/base:1"], [below], "full", {"of": "base"}),
                                         images.image(["orphan/app:1"], [below, above], "full", {"of": "app"}),
                                         images.image(["orphan/apart:1"], [apart], "full", {"of": "apart"})])
        ids = {name: next(item["Id"] for item in self.engine.get("/images/json")
                          if any(tag.endswith(name) for tag in item["RepoTags"] or [])) for name in ("base:1", "apart:1")}
        containers.create(self.engine, "orphan/app:1", "orphan")
        self.engine.api("DELETE", "/images/orphan/app:1", {"force": "true"}).expect(200)
        self.assertEqual([tag for item in self.engine.get("/images/json") for tag in item["RepoTags"] or [] if "app" in tag], [])
        for chosen, kept in ((["base:1"], True), (["apart:1"], False)):
            said, before = predict(self.engine, [ids[name] for name in chosen]), self.bytes_on_disk()
            scenario.delete_images(self.engine, [ids[name] for name in chosen])
            went = before - self.bytes_on_disk()
            self.assertLessEqual(said["at_least"], went, chosen)
            self.assertGreaterEqual(said["at_most"], went, chosen)
            if kept:
                self.assertLess(went, said["at_most"], "the container keeps nothing: there is nothing to see here")

    def test_images_command_tells_what_each_image_alone_frees(self):
        source = random.Random(f"{SEED}-single")
        forest(self.engine, source).grow(complete=True)
        state = f"{self.engine.folder}/single.toml"
        pathlib.Path(state).write_text(docksweep.toml({"state": {"path": f"{self.engine.folder}/single.db"}}))
        for _ in range(5):
            able = [one for one, kind in scenario.image_states(self.engine).items() if kind in ("unused", "dangling")]
            status, out, err = docksweep.run_cli("images", "--json", host=self.engine.host, config=state)
            self.assertEqual(status, 0, err)
            shown = {item["id"]: item for item in json.loads(out)["images"]}
            # Deletable by itself: not the parent of another.
            parents = {item.get("ParentId") for item in self.engine.get("/images/json", all="true")}
            one = source.choice(sorted(set(able) - parents))
            said, before = shown[one]["freed"], self.bytes_held()
            scenario.delete_images(self.engine, [one])
            self.check(said, before - self.bytes_held(), True, one)


def containerd_bytes(engine):
    """What the folders of Docker's own containerd hold: blobs by their length, snapshots by the blocks of their files."""
    store = pathlib.Path(engine.data_root) / "containerd/daemon"
    total = sum(file.stat().st_size for file in
                (store / "io.containerd.content.v1.content/blobs").rglob("*") if file.is_file())
    seen = set()
    for snapshot in (store / "io.containerd.snapshotter.v1.overlayfs/snapshots").glob("*/fs"):
        for folder, _, files in os.walk(snapshot):
            for path in [folder, *(os.path.join(folder, name) for name in files)]:
                status = os.lstat(path)
                if (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    total += status.st_blocks * 512
    return total


class freed_in_bounds(freed):
    """On the containerd store what goes is unpacked snapshots and compressed blobs; the figures are bounds."""

    exact = False
    layers_promised = 0.7  # an image that others' layers begin with may have no history there
    rounds = 12

    def bytes_held(self):
        return containerd_bytes(self.engine)

    bytes_on_disk = bytes_held
