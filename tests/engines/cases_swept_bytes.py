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

    rounds = 25        # each grows the forest, then
    sweeps = 4         # so many sweeps follow
    exact = True

    def setUp(self):
        self.engine = self.enterContext(self.start())
        containers.runnable(self.engine)
        containers.create(self.engine, containers.REFERENCE, "holder")

    def bytes_held(self):
        return scenario.disk_usage(self.engine)["LayersSize"]

    def bytes_on_disk(self):
        return sweeping.used_bytes(f"{self.engine.data_root}/overlay2")

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
        trees, exactly, swept = forest(self.engine, source), 0, 0
        for _ in range(self.rounds):
            trees.grow(complete=self.exact)
            for _ in range(self.sweeps):
                swept += 1
                exactly += self.sweep_once(source, f"sweep {swept} of seed {SEED}")
        print(f"\n{self.engine.name}: {exactly} of {swept} sweeps predicted to the byte", flush=True)
        self.assertEqual(swept, self.rounds * self.sweeps)

    def sweep_once(self, source, what):
        with sweeping.policies(self.engine.host, [self.policy(source)]) as node:
            plan = node.plan()
            before, on_disk, there = self.bytes_held(), self.bytes_on_disk(), sweeping.ids(self.engine)
            status, out, err = node.sweep()
            self.assertIn(status, (0, sweeping.SHORT), f"{what}: {err}{out}")
            freed, shrunk = before - self.bytes_held(), on_disk - self.bytes_on_disk()
            if not plan["steps"]:
                self.assertEqual(freed, 0, what)
                return 1
            sweep = node.sweeps()[0]
            removals = node.removals()
            self.assertEqual({one["outcome"] for one in removals} - {"removed", "skipped"}, set(), (what, removals))
            gone = there - sweeping.ids(self.engine)
            self.assertLessEqual({one["id"] for one in removals if one["outcome"] == "removed"}, gone | self.untagged(plan))
            self.check(plan, sweep, freed, shrunk, what)
            at_least, at_most = (plan["steps"][-1]["cumulative"][key] for key in ("at_least", "at_most"))
            print(f"\n{what}: {len(gone)} images freed {freed}, predicted {at_least} to {at_most}", end="", flush=True)
            return at_least == at_most == freed

    @staticmethod
    def untagged(plan):
        """Steps that only take names away (the image is the parent of one that stays)."""
        return {step["id"] for step in plan["steps"] if step["freed"]["at_most"] == 0}

    def check(self, plan, sweep, freed, shrunk, what):
        predicted = plan["steps"][-1]["cumulative"]
        self.assertEqual((predicted["at_least"], predicted["at_most"]), (freed, freed), what)
        self.assertEqual((sweep["predicted_bytes"], sweep["predicted_bytes_at_most"], sweep["freed_bytes"]), (freed,) * 3, what)
        # Blocks on the disk: at least what the files held, and at most a few blocks more for each folder and file.
        self.assertGreaterEqual(shrunk, freed, what)


class swept_in_bounds(swept_bytes):
    """On the containerd store: what goes lies between the plan's at-least and at-most."""

    rounds = 12
    sweeps = 3
    exact = False

    def bytes_held(self):
        return containerd_bytes(self.engine)

    def bytes_on_disk(self):
        return 0

    def policy(self, source):
        rule = super().policy(source)
        rule.pop("until", None)
        rule["limits"] = {"images": source.randint(1, 6)}
        return rule

    def check(self, plan, sweep, freed, shrunk, what):
        predicted = plan["steps"][-1]["cumulative"]
        self.assertLessEqual(predicted["at_least"], freed, what)
        self.assertGreaterEqual(predicted["at_most"], freed, what)
