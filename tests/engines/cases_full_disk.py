# A file system with 0 bytes left, which holds the engine's data and docksweep's own state.
import contextlib
import os
import signal
import time

import containers
import docksweep
import images
import sweeping
from proxy import counting_proxy
from sweeping import KEEP_NOTHING

SECONDS = 60
MIB = 1 << 20


class full_disk:
    """Docker itself cannot take a tag away where it cannot write; what has no tag can go, and makes room for the rest."""

    def setUp(self):
        self.engine = self.enterContext(self.start(disk="160m"))
        containers.runnable(self.engine)
        containers.create(self.engine, containers.REFERENCE, "holder")
        self.data = self.engine.inner(self.engine.data_root)  # as this process reaches it
        self.state = f"{self.engine.data_root}/docksweep/state.db"
        os.mkdir(f"{self.data}/docksweep")
        self.within = docksweep.inside(self.engine)

    def fill(self, name="ballast"):
        """Writes until nothing is left, not a byte. → bytes written"""
        written = 0
        with open(f"{self.data}/{name}", "wb", buffering=0) as out, contextlib.suppress(OSError):
            for piece in (MIB, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        written += out.write(b"x" * piece)
        room = os.statvfs(self.data)
        self.assertEqual(room.f_bavail, 0)
        return written

    def used(self):
        room = os.statvfs(self.data)
        return 1 - room.f_bavail / room.f_blocks

    def load(self):
        images.load_images(self.engine, [images.image([], [images.layer.of_size(5 * MIB)]),
                                         *(images.image(f"app/{number}:1", [images.layer.of_size(5 * MIB)])
                                           for number in range(6))])

    def test_what_of_the_disk_is_not_the_engines_is_told(self):
        settings = {"state": {"path": self.state}, "engine": {"paths": [self.engine.data_root]},
                    "inventory": {"disk_usage": "2s"}}
        with docksweep.agent(self.engine.host, settings, within=self.within) as sweep:
            rest = lambda: sweep.metrics().value("docksweep_disk_unaccounted_bytes", path=self.engine.data_root)
            sweep.wait_for(lambda: rest() >= 0, "a figure", SECONDS)
            before = rest()
            with open(f"{self.data}/foreign.log", "wb") as out:
                out.write(b"x" * (20 * MIB))
            sweep.wait_for(lambda: abs(rest() - before - 20 * MIB) < MIB, "20 MiB more", SECONDS, 0.1)
            images.load_images(self.engine, [images.image("app:1", [images.layer.of_size(20 * MIB)])])
            sweep.wait_for(lambda: sweep.metrics().value("docksweep_images_reclaimable_bytes") >= 20 * MIB, "it", SECONDS)
            sweep.wait_for(lambda: abs(rest() - before - 20 * MIB) < MIB, "an image is the engine's", SECONDS, 0.1)
            containers.run(self.engine, containers.REFERENCE, "writer",
                           ("dd", "if=/dev/zero", "of=/file", "bs=1048576", "count=10"))
            grown = lambda: sweep.metrics().value("docksweep_disk_usage_bytes", resource="containers") >= 10 * MIB
            sweep.wait_for(grown, "10 MiB of a container", SECONDS, 0.1)
            sweep.wait_for(lambda: abs(rest() - before - 20 * MIB) < MIB, "so is what it wrote", SECONDS, 0.1)

    def test_a_disk_above_its_mark_is_answered_within_two_seconds(self):
        proxy = self.enterContext(counting_proxy(self.engine.socket, f"{self.engine.folder}/s/proxy.sock"))
        self.load()
        mark = round(self.used() + 0.1, 2)
        rule = {"name": "full", "when": {"disk_above": mark, "for": "0s"}, "until": {"disk_below": mark - 0.05},
                "remove": {"images": "unused"}, "cooldown": "1s"}
        settings = {"mode": "enforce", "settle": "0s", "keep": KEEP_NOTHING, "policy": [rule],
                    "state": {"path": self.state}, "engine": {"paths": [self.engine.data_root]}}
        with docksweep.agent(proxy.host, settings, within=self.within) as sweep:
            sweep.wait_for(lambda: sweep.metrics().value("docksweep_images", state="unused") == 6, "all images", SECONDS)
            time.sleep(3)  # every detail was read, nothing else is asked
            begun = proxy.mark()
            with open(f"{self.data}/ballast", "wb") as out:
                out.write(b"x" * (40 * MIB))
            crossed = time.monotonic()
            sweep.wait_for(lambda: any(one.method == "DELETE" for one in proxy.requests(begun)), "a removal", SECONDS, 0.02)
            # The first question of the sweep: the look at an image just before its removal.
            asked = next(one for one in proxy.requests(begun) if one.path.startswith("/images/") and one.path.endswith("/json"))
            self.assertLess(asked.at - crossed, 2)

    def test_the_agent_makes_room_on_a_disk_with_0_bytes_left(self):
        self.load()
        rule = {"name": "full", "when": {"disk_above": 0.97, "for": "0s"}, "until": {"disk_below": 0.85},
                "remove": {"images": "unused"}, "cooldown": "1s"}
        settings = {"mode": "enforce", "settle": "0s", "keep": KEEP_NOTHING, "policy": [rule],
                    "state": {"path": self.state}, "engine": {"paths": [self.engine.data_root]}}
        with docksweep.agent(self.engine.host, settings, within=self.within) as sweep:
            sweep.wait_for(lambda: sweep.metrics().value("docksweep_images", state="unused") == 6, "all images", SECONDS)
            self.assertEqual(sweep.metrics().value("docksweep_state_durable"), 1)
            self.fill()
            sweep.wait_for(lambda: self.used() < 0.85, "room", 2 * SECONDS, 0.1)
            sweeps = sweep.cli_json("history")["sweeps"]
            self.assertEqual({one["policy"] for one in sweeps}, {"full"})
            removed = [removal for one in sweeps for removal in
                       sweeping.removals_in(sweep.cli_json("history", "--sweep", str(one["id"]))) if removal["outcome"] == "removed"]
            there = sweeping.ids(self.engine)
            self.assertGreaterEqual(len(removed), 2)
            self.assertFalse({one["id"] for one in removed} & there)

    def test_a_sweep_by_hand_with_0_bytes_left(self):
        self.load()
        node = self.enterContext(sweeping.policies(self.engine.host, state=self.state, within=self.within))
        self.assertEqual(node.run("pause", "only to make the state")[0], 0)
        self.assertEqual(node.run("resume")[0], 0)
        self.fill()
        status, out, err = node.sweep()
        self.assertEqual(status, 0, err + out)
        self.assertEqual(sweeping.tags(self.engine), {containers.REFERENCE})
        self.assertEqual({one["outcome"] for one in node.removals()}, {"removed"})

    def test_kill_9_with_0_bytes_left(self):
        self.load()
        node = self.enterContext(sweeping.policies(self.engine.host, state=self.state, within=self.within))
        self.assertEqual(node.run("pause", "only to make the state")[0], 0)
        self.assertEqual(node.run("resume")[0], 0)
        self.fill()
        for number in range(5):
            sweep = node.start("sweep", "all", "--yes")
            with contextlib.suppress(Exception):
                sweep.wait(0.02 + 0.03 * number)
            sweep.send_signal(signal.SIGKILL)
            sweep.communicate(timeout=60)
            self.fill(f"ballast-{number}")
        status, out, err = node.sweep()
        self.assertEqual(status, 0, err + out)
        for one in node.sweeps():
            self.assertIn(one["outcome"], ("interrupted", "reached"), one)
