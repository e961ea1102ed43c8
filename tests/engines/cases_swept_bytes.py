# What a sweep says it will free, says it has freed, and what then is gone: over a hundred random layered sets.
import random

import containers
import images
import scenario
import sweeping
from cases_freed import SEED, containerd_bytes
from forest import forest


class swept_bytes:
    """On a graphdriver: plan, record, the engine's own sum and the folder of the layers agree to the byte."""

    sets = 100   # sweeps that have something to remove
    sweeps = 4   # so many between two growths of the forest
    exact = True

    def setUp(self):
        self.engine = self.enterContext(self.start())
        containers.runnable(self.engine)
        containers.create(self.engine, containers.REFERENCE, "holder")

    def bytes_held(self):
        return scenario.disk_usage(self.engine)["LayersSize"]

    def on_disk(self):
        """→ (bytes, files) of the layers"""
        return sweeping.used(f"{self.engine.data_root}/overlay2")

    def policy(self, source):
        """A random policy: which images, in what order, how many, until when."""
        images_rule = {"order": source.choice(["lru", "oldest", "largest"]), "untag": source.random() < 0.3}
        rule = {"name": "all", "remove": {"images": images_rule}}
        if source.random() < 0.5:
            rule["until"] = {
                "images_bytes_below": sweeping.amount(self.bytes_held() * source.uniform(0.7, 0.98))}
        if source.random() < 0.7 or "until" not in rule:
            rule["limits"] = {"images": source.randint(1, 6)}
        return rule

    def test_a_hundred_random_sets(self):
        source = random.Random(f"{SEED}-swept")
        trees, swept = forest(self.engine, source), []
        while len(swept) < self.sets:
            trees.grow(complete=self.exact)
            for _ in range(self.sweeps):
                exactly = self.sweep_once(source, f"sweep {len(swept) + 1} of seed {SEED}")
                if exactly is not None:
                    swept.append(exactly)
        print(f"\n{self.engine.name}: {sum(swept)} of {len(swept)} sweeps predicted to the byte", flush=True)

    def sweep_once(self, source, what):
        """→ whether one figure was predicted and it was right; None: this policy found nothing to do"""
        with sweeping.policies(self.engine.host, [self.policy(source)]) as node:
            plan = node.plan()
            before, on_disk, there = self.bytes_held(), self.on_disk(), sweeping.ids(self.engine)
            status, out, err = node.sweep()
            self.assertIn(status, (0, sweeping.SHORT), f"{what}: {err}{out}")
            freed = before - self.bytes_held()
            if not plan["steps"]:
                self.assertEqual(freed, 0, what)
                return None
            self.check_disk(on_disk, self.on_disk(), freed, what)
            sweep = node.sweeps()[0]
            removals = node.removals()
            self.assertEqual({one["outcome"] for one in removals} - {"removed", "skipped"}, set(), (what, removals))
            gone = there - sweeping.ids(self.engine)
            self.assertLessEqual({one["id"] for one in removals if one["outcome"] == "removed"}, gone | self.untagged(plan))
            self.check(plan, sweep, freed, what)
            at_least, at_most = (plan["steps"][-1]["cumulative"][key] for key in ("at_least", "at_most"))
            print(f"\n{what}: {len(gone)} images freed {freed}, predicted {at_least} to {at_most}", end="", flush=True)
            return at_least == at_most == freed

    @staticmethod
    def untagged(plan):
        """Steps that only take names away (the image is the parent of one that stays)."""
        return {step["id"] for step in plan["steps"] if step["freed"]["at_most"] == 0}

    def check(self, plan, sweep, freed, what):
        predicted = plan["steps"][-1]["cumulative"]
        self.assertEqual((predicted["at_least"], predicted["at_most"]), (freed, freed), what)
        self.assertEqual((sweep["predicted_bytes"], sweep["predicted_bytes_at_most"], sweep["freed_bytes"]), (freed,) * 3, what)

    def check_disk(self, before, after, freed, what):
        """Blocks on the disk: at least what the files held, and at most one more for each file and folder that went."""
        shrunk, gone = before[0] - after[0], before[1] - after[1]
        self.assertGreaterEqual(shrunk, freed, what)
        self.assertLessEqual(shrunk, freed + 4096 * gone, what)


class swept_in_bounds(swept_bytes):
    """On the containerd store: what goes lies between the plan's at-least and at-most."""

    sets = 100 if sweeping.LONG else 36
    sweeps = 3
    exact = False

    def bytes_held(self):
        return containerd_bytes(self.engine)

    def on_disk(self):
        return None

    def check_disk(self, *_):
        """Blobs and snapshots are told apart by containerd alone."""

    def policy(self, source):
        rule = super().policy(source)
        rule.pop("until", None)
        rule["limits"] = {"images": source.randint(1, 6)}
        return rule

    def check(self, plan, sweep, freed, what):
        predicted = plan["steps"][-1]["cumulative"]
        self.assertLessEqual(predicted["at_least"], freed, what)
        self.assertGreaterEqual(predicted["at_most"], freed, what)
