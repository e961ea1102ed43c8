# kill -9 at random moments of sweeps: the record opens and tells the truth every time.
import random
import signal
import sqlite3
import time

import containers
import docksweep
import images
import sweeping
from cases_freed import SEED


class crash:
    kills = 20        # of a sweep by hand
    agent_kills = 50  # of the agent in a sweep of its own
    images = 30

    def setUp(self):
        self.engine = self.enterContext(self.start())
        containers.runnable(self.engine)
        containers.create(self.engine, containers.REFERENCE, "holder")
        self.node = self.enterContext(sweeping.policies(self.engine.host))
        self.node.run("resume")  # the state is there from the beginning

    def fill(self):
        """Images that share their layers, so that loading them again costs little; some have two names."""
        loaded = images.many_images(self.images, tops=6)
        for number, item in enumerate(loaded):
            if number % 4 == 0:
                item.references.append(f"second/{number}:1")
        images.load_images(self.engine, loaded)

    def test_killed_at_random_moments(self):
        source, killed_in_it = random.Random(f"{SEED}-crash"), 0
        self.fill()
        began = time.monotonic()
        self.assertEqual(self.node.sweep()[0], 0)
        whole, recorded = time.monotonic() - began, 1
        # Where a sweep takes long to begin, few of the first kills hit one at work: then there are more.
        number, wanted = 0, self.kills // 5 + 1
        while number < self.kills or (killed_in_it < wanted and number < 3 * self.kills):
            number += 1
            if len(sweeping.ids(self.engine)) < self.images // 2:
                self.fill()
            before = sweeping.ids(self.engine)
            sweep = self.node.start("sweep", "all", "--yes")
            time.sleep(source.uniform(0, whole))
            sweep.send_signal(signal.SIGKILL)
            sweep.communicate(timeout=60)
            what = f"kill {number} of seed {SEED}"
            self.sound(what)
            sweeps = self.node.sweeps()
            if len(sweeps) > recorded and sweeps[0]["outcome"] == "running":
                killed_in_it += 1
                self.told_so_far(before, what)
            recorded = len(sweeps)
        print(f"\n{self.engine.name}: {killed_in_it} of {number} kills hit a sweep at work", flush=True)
        self.assertGreaterEqual(killed_in_it, wanted)
        # The last sweep settles what the one before left, and removes the rest.
        self.fill()
        status, out, err = self.node.sweep()
        self.assertEqual(status, 0, err + out)
        there = sweeping.ids(self.engine)
        self.assertEqual(sweeping.tags(self.engine), {containers.REFERENCE})
        for one in self.node.json("history", "--limit", "1000")["sweeps"]:
            self.assertIn(one["outcome"], ("interrupted", "reached"), one)
            for removal in self.node.removals(one["id"]):
                self.assertIn(removal["outcome"], ("removed", "gone", "skipped", "failed", "kept", "refused"), removal)
        self.assertEqual(len(there), 1)

    def test_the_agent_killed_at_random_moments(self):
        """Each start settles what the one before left; the record then agrees with the engine."""
        source = random.Random(f"{SEED}-agent")
        rule = {"name": "many", "when": {"images_above": 4, "for": "0s"}, "until": {"images_below": 3},
                "remove": {"images": "unused"}, "cooldown": "0s"}
        settings = {"mode": "enforce", "settle": "0s", "keep": sweeping.KEEP_NOTHING, "policy": [rule],
                    "state": {"path": self.node.state}}
        hit = 0
        for number in range(self.agent_kills):
            self.fill()
            before = sweeping.ids(self.engine)
            with docksweep.agent(self.engine.host, settings) as one:
                one.wait_for(lambda: len(sweeping.ids(self.engine)) < len(before), "a sweep at work", 60, 0.001)
                time.sleep(source.uniform(0, 0.3))
                one.kill()
            self.sound(f"kill {number}")
            if self.node.sweeps()[0]["outcome"] == "running":
                hit += 1
                self.told_so_far(before, f"kill {number} of seed {SEED}")
        with docksweep.agent(self.engine.host, settings) as one:
            one.wait_for(lambda: "running" not in {sweep["outcome"] for sweep in self.node.sweeps()}, "all settled", 60, 0.2)
            one.wait_for(lambda: len(sweeping.ids(self.engine)) < 3, "the rest of the work", 60, 0.1)
        print(f"\n{self.engine.name}: {hit} of {self.agent_kills} kills hit the agent in a sweep", flush=True)
        self.assertGreater(hit, self.agent_kills // 5)
        there = sweeping.ids(self.engine)
        newest = {}
        for sweep in reversed(self.node.json("history", "--limit", "1000")["sweeps"]):
            newest |= {one["id"]: one["outcome"] for one in self.node.removals(sweep["id"])}
        for image_id, outcome in newest.items():
            self.assertEqual(outcome in ("removed", "gone"), image_id not in there, (image_id, outcome))

    def sound(self, what):
        with sqlite3.connect(f"file:{self.node.state}?mode=ro", uri=True) as state:
            self.assertEqual(state.execute("PRAGMA quick_check").fetchall(), [("ok",)], what)

    def told_so_far(self, before, what):
        """Before anybody settles it: what is said to be removed is gone, and what is gone is not said to be untouched."""
        there = sweeping.ids(self.engine)
        for one in self.node.removals():
            if one["outcome"] == "removed":
                self.assertNotIn(one["id"], there, what)
            if one["outcome"] in ("planned", "skipped"):
                self.assertIn(one["id"], there, what)
            self.assertIn(one["id"], before, what)
