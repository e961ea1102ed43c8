# What the agent asks of the engine, counted by a proxy in between: little, and nothing twice.
import collections
import time

import containers
import images
import scenario
from cases_measures import CONTAINER_STATES, IMAGE_STATES
from docksweep import agent
from proxy import counting_proxy

IDLE_SECONDS = 35
BURST = 60


class traffic:
    """A fresh engine, proxy and agent for each test."""

    def setUp(self):
        self.engine = self.enterContext(self.start())
        containers.runnable(self.engine)
        images.load_images(self.engine, [images.image(f"app:{number}", [images.layer.of_size(1_000 + number)])
                                         for number in range(10)])
        containers.in_state(self.engine, containers.REFERENCE, "one", "running")
        self.proxy = self.enterContext(counting_proxy(self.engine.socket, f"{self.engine.folder}/s/proxy.sock"))

    def settled(self, settings=None):
        """An agent that has finished its start: listing, details, the first disk usage."""
        sweep = self.enterContext(agent(self.proxy.host, settings))
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_disk_usage_bytes", resource="containers") >= 0,
                       "the first disk usage", 30)
        sweep.wait_for(self.is_quiet, "an agent at rest", 20, pause=0.1)
        return sweep

    def is_quiet(self, seconds=1.5):
        mark = self.proxy.mark()
        time.sleep(seconds)
        return self.proxy.mark() == mark

    def right(self, sweep):
        metrics = sweep.metrics()
        return (metrics.family("docksweep_images", "state")
                == scenario.counted(scenario.image_states(self.engine), IMAGE_STATES)
                and metrics.family("docksweep_containers", "state")
                == scenario.counted(scenario.container_states(self.engine), CONTAINER_STATES))

    def kinds(self, requests):
        return dict(collections.Counter(f"{one.method} {one.path}" for one in requests))

    def of(self, path, requests):
        return [one for one in requests if one.path == path]

    def test_start_lists_once_and_idle_agent_lists_nothing(self):
        self.settled()
        start = self.proxy.requests()
        print(f"\n{self.engine.name}: start: {self.kinds(start)}", end="", flush=True)
        self.assertEqual([one.path for one in self.proxy.listings()].count("/images/json"), 1)
        self.assertEqual([one.path for one in self.proxy.listings()].count("/containers/json"), 1)
        self.assertEqual(len(self.of("/events", start)), 1)
        self.assertEqual(len(self.of("/system/df", start)), 1)
        mark = self.proxy.mark()
        time.sleep(IDLE_SECONDS)
        idle = self.proxy.requests(mark)
        print(f"\n{self.engine.name}: idle for {IDLE_SECONDS} s: {self.kinds(idle)}", end="", flush=True)
        self.assertEqual(self.proxy.listings(mark), [])
        allowed = {"/version", "/_ping"} | {one.path for one in idle if one.query.get("limit") == "1"}
        self.assertEqual([one for one in idle if one.path not in allowed], [])
        self.assertGreater(len(idle), 0, "it does look whether the engine answers")
        self.assertLessEqual(len(idle), 8)

    def test_resync_lists_each_kind_once(self):
        self.settled({"inventory": {"resync": "3s"}})
        mark = self.proxy.mark()
        time.sleep(10)
        found = collections.Counter(one.path for one in self.proxy.listings(mark))
        for path in ("/images/json", "/containers/json"):
            self.assertIn(found[path], (2, 3, 4), found)
        self.assertEqual(self.of("/system/df", self.proxy.requests(mark)), [])

    def test_scrapes_ask_the_engine_nothing(self):
        sweep = self.settled()
        mark = self.proxy.mark()
        for _ in range(200):
            sweep.scrape()
        for path in ("/", "/-/healthy", "/-/ready", "/api/v1/inventory"):
            sweep.get(path)
        self.assertEqual([one for one in self.proxy.requests(mark) if one.path != "/version"], [])

    def test_event_refreshes_only_what_it_names(self):
        sweep = self.settled()
        mark = self.proxy.mark()
        made = containers.create(self.engine, containers.REFERENCE, "new")
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_containers", state="created") == 1, "the new container")
        sweep.wait_for(self.is_quiet, "an agent at rest", 20, pause=0.1)
        asked = [one for one in self.proxy.requests(mark) if one.path not in ("/version", "/_ping")]
        self.assertEqual(self.proxy.listings(mark), [])
        self.assertGreater(len(asked), 0)
        self.assertLessEqual(len(asked), 2, asked)
        for one in asked:
            self.assertIn(made, one.target)

        mark = self.proxy.mark()
        known = next(item["Id"] for item in self.engine.get("/images/json") if "app:3" in " ".join(item["RepoTags"]))
        self.engine.api("POST", f"/images/{known}/tag", {"repo": "again", "tag": "1"}).expect(201)
        sweep.wait_for(self.is_quiet, "an agent at rest", 20, pause=0.1)
        asked = [one for one in self.proxy.requests(mark) if one.path not in ("/version", "/_ping")]
        self.assertEqual(self.proxy.listings(mark), [])
        self.assertGreater(len(asked), 0)
        for one in asked:
            self.assertTrue(known.removeprefix("sha256:") in one.target or "again" in one.target or "app" in one.target, one)

    def test_burst_falls_back_to_one_listing(self):
        sweep = self.settled()
        mark = self.proxy.mark()
        self.proxy.hold_events()
        for number in range(BURST):
            containers.create(self.engine, containers.REFERENCE, f"burst-{number}")
        self.assertEqual(self.proxy.mark(), mark + len(self.of("/version", self.proxy.requests(mark))))
        self.proxy.release_events()
        took = sweep.wait_for(lambda: self.right(sweep), f"{BURST} containers more", 10)
        sweep.wait_for(self.is_quiet, "an agent at rest", 20, pause=0.1)
        asked = self.proxy.requests(mark)
        print(f"\n{self.engine.name}: burst of {BURST}: right after {took:.2f} s; {self.kinds(asked)}", end="", flush=True)
        listed = collections.Counter(one.path for one in self.proxy.listings(mark))
        self.assertEqual(listed["/containers/json"], 1, listed)
        self.assertLessEqual(listed["/images/json"], 1, listed)
        self.assertLess(len(asked), BURST // 2, "one listing instead of many refreshes")

    def test_lost_event_stream_is_repaired(self):
        sweep = self.settled()
        mark = self.proxy.mark()
        self.proxy.refuse_events = True
        self.assertGreater(self.proxy.cut_events(), 0)
        containers.create(self.engine, containers.REFERENCE, "unseen")
        images.load_images(self.engine, [images.image("unseen:1", [images.layer.of_size(77)])])
        time.sleep(1.5)
        self.proxy.refuse_events = False
        took = sweep.wait_for(lambda: self.right(sweep), "what happened while nobody listened", 20)
        print(f"\n{self.engine.name}: lost stream repaired {took:.2f} s after it could be", end="", flush=True)
        sweep.wait_for(self.is_quiet, "an agent at rest", 20, pause=0.1)
        self.assertGreaterEqual(len(self.of("/events", self.proxy.requests(mark))), 2, "refused first, then opened")
        self.assertGreaterEqual(len(self.proxy.listings(mark)), 2)
        self.assertLessEqual(len(self.proxy.listings(mark)), 4)
        # And it follows events again.
        containers.create(self.engine, containers.REFERENCE, "seen")
        sweep.wait_for(lambda: self.right(sweep), "an event on the new stream", 1.5)

    def test_details_of_an_image_are_read_once_for_all(self):
        settings = {"state": {"path": f"{self.engine.folder}/state.db"}}
        with agent(self.proxy.host, settings) as sweep:
            sweep.wait_for(lambda: self.right(sweep), "the right figures", 10)
            sweep.wait_for(self.is_quiet, "an agent at rest", 20, pause=0.1)
        read = collections.Counter(one.path for one in self.proxy.requests() if one.path.endswith("/history"))
        self.assertEqual(len(read), len(scenario.image_states(self.engine)))
        self.assertEqual(set(read.values()), {1}, "each history once")
        mark = self.proxy.mark()
        self.settled(settings)
        again = [one for one in self.proxy.requests(mark) if one.path.endswith("/history")]
        self.assertEqual(again, [], "known from the state file")
