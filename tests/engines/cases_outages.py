# The engine is killed, hangs, comes late: the agent says so, and its figures are right again when the engine is back.
import os
import signal
import time

import containers
import images
import scenario
from cases_measures import CONTAINER_STATES, IMAGE_STATES
from docksweep import agent

# By design 20 s: /version is asked every 15 s with a deadline of 5 s, reconnecting backs off to 15 s at most, and then
# lists. Three times that for a slow machine; a resync (5 minutes) is no part of it.
NOTICE_SECONDS = 60
RETURN_SECONDS = 60
SHOWN_SECONDS = 30
ENDED_SECONDS = 2  # after SIGTERM, whatever the engine does


class outages:
    """Each test has an engine of its own, with a few images and containers."""

    def setUp(self):
        self.engine = self.enterContext(self.start())
        containers.runnable(self.engine)
        images.load_images(self.engine, [images.image("app:1", [images.layer.of_size(1_000)]),
                                         images.image([], [images.layer.of_size(2_000)])])
        for state in ("created", "running", "exited"):
            containers.in_state(self.engine, containers.REFERENCE, f"is-{state}", state)

    def agent(self, settings=None, **more):
        return self.enterContext(agent(self.engine.host, settings, **more))

    def up(self, sweep, value):
        return sweep.wait_for(lambda: sweep.metrics().value("docksweep_engine_up") == value, f"engine_up {value}",
                              RETURN_SECONDS if value else NOTICE_SECONDS, pause=0.02)

    def figures_are_right(self, sweep):
        def agree():
            metrics = sweep.metrics()
            return (metrics.family("docksweep_images", "state")
                    == scenario.counted(scenario.image_states(self.engine), IMAGE_STATES)
                    and metrics.family("docksweep_containers", "state")
                    == scenario.counted(scenario.container_states(self.engine), CONTAINER_STATES))
        return sweep.wait_for(agree, "figures equal to the engine's", SHOWN_SECONDS)

    def test_engine_killed_and_restarted(self):
        sweep = self.agent()
        self.figures_are_right(sweep)
        before = sweep.metrics().family("docksweep_containers", "state")
        self.engine.kill()
        print(f"\n{self.engine.name}: kill noticed after {self.up(sweep, 0):.2f} s", end="", flush=True)
        self.assertEqual(sweep.metrics().value("docksweep_engine_absent"), 0, "it was there before")
        self.assertEqual(sweep.metrics().family("docksweep_containers", "state"), before, "what is known stays at first")
        self.engine.start()
        print(f"\n{self.engine.name}: back after {self.up(sweep, 1):.2f} s", end="", flush=True)
        self.figures_are_right(sweep)
        # And it follows events again.
        containers.create(self.engine, containers.REFERENCE, "afterwards")
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_containers", state="created") == 2, "a new container",
                       SHOWN_SECONDS)

    def test_state_series_disappear_after_three_resyncs(self):
        sweep = self.agent({"inventory": {"resync": "2s"}})
        self.figures_are_right(sweep)
        sweep.wait_for(lambda: sweep.metrics().labels("docksweep_disk_size_bytes"), "the file systems", SHOWN_SECONDS)
        paths = sweep.metrics().family("docksweep_disk_size_bytes", "path")
        self.engine.kill()
        took = sweep.wait_for(lambda: not sweep.metrics().labels("docksweep_images"), "no docksweep_images", NOTICE_SECONDS)
        print(f"\n{self.engine.name}: state series gone after {took:.1f} s of resync 2 s", end="", flush=True)
        metrics = sweep.metrics()
        listed = metrics.value("docksweep_inventory_last_success_timestamp_seconds")
        self.assertGreater(time.time() - listed, 5, "not at the first missed resync")
        self.assertEqual(metrics.labels("docksweep_containers") + metrics.labels("docksweep_images_size_bytes"), [])
        self.assertEqual(metrics.value("docksweep_engine_up"), 0)
        self.assertEqual(metrics.family("docksweep_disk_size_bytes", "path"), paths)
        self.engine.start()
        self.up(sweep, 1)
        self.figures_are_right(sweep)

    def test_hung_engine_is_noticed(self):
        sweep = self.agent()
        self.figures_are_right(sweep)
        stopped = self.engine.pid
        os.kill(stopped, signal.SIGSTOP)
        try:
            print(f"\n{self.engine.name}: hang noticed after {self.up(sweep, 0):.1f} s", end="", flush=True)
        finally:
            os.kill(stopped, signal.SIGCONT)
        print(f"\n{self.engine.name}: well again after {self.up(sweep, 1):.1f} s", end="", flush=True)
        self.figures_are_right(sweep)

    def test_engine_that_comes_later_is_found(self):
        self.engine.kill()
        sweep = self.agent(ready=False)
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_engine_absent") == 1, "engine_absent", SHOWN_SECONDS)
        self.assertEqual(sweep.metrics().value("docksweep_engine_up"), 0)
        self.assertEqual(sweep.get("/-/healthy").status, 200)
        self.assertEqual(sweep.get("/-/ready").status, 503)
        self.engine.start()
        print(f"\n{self.engine.name}: found after {self.up(sweep, 1):.1f} s", end="", flush=True)
        self.assertEqual(sweep.metrics().value("docksweep_engine_absent"), 0)
        self.figures_are_right(sweep)

    def test_ends_in_time_while_the_engine_hangs(self):
        sweep = self.agent()
        stopped = self.engine.pid
        os.kill(stopped, signal.SIGSTOP)
        try:
            self.assertEqual(sweep.get("/metrics").status, 200, "a scrape never waits for the engine")
            self.assertLess(sweep.stop(), ENDED_SECONDS)
        finally:
            os.kill(stopped, signal.SIGCONT)
