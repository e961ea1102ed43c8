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
PATIENCE = 60  # seconds for what has to happen some time; how soon it does is measured in cases_events.py


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
        self.rest(sweep)
        return sweep

    def rest(self, sweep):
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_disk_usage_bytes", resource="containers") >= 0,
                       "the first disk usage", PATIENCE)
        sweep.wait_for(self.is_quiet, "an agent at rest", PATIENCE, pause=0.1)

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

    def asked(self, mark):
        """What was asked since then, without the health checks: these come by the clock, at any moment."""
        return [one for one in self.proxy.requests(mark)
                if one.path not in ("/version", "/_ping") and one.query.get("limit") != "1"]

    def started_without_events(self):
        """
        The requests of a start during which no event came, and the agent, at rest. It subscribes from the running second
        of the engine's clock on, so what happened just before may come as an event, too, and is rightly looked at again
        (Podman's loads name no image: that takes another listing).
        """
        for _ in range(10):
            time.sleep(1.1)
            mark = self.proxy.mark()
            sweep = agent(self.proxy.host)
            try:
                self.rest(sweep)
                if sum(sweep.metrics().family("docksweep_engine_events_total", "kind").values()) == 0:
                    return self.proxy.requests(mark), self.enterContext(sweep)
            except BaseException:
                sweep.close()
                raise
            sweep.stop()
            sweep.close()
        raise AssertionError(f"{self.engine.name} has events all the time")

    def test_start_lists_once_and_idle_agent_lists_nothing(self):
        start, _ = self.started_without_events()
        print(f"\n{self.engine.name}: start: {self.kinds(start)}", end="", flush=True)
        listed = collections.Counter(one.path for one in start if one.is_listing)
        self.assertEqual(listed, {"/images/json": 1, "/containers/json": 1})
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
        sweep = self.settled({"inventory": {"resync": "3s"}})
        mark = self.proxy.mark()
        sweep.wait_for(lambda: len(self.proxy.listings(mark)) >= 6, "three resyncs", PATIENCE)
        listed = self.proxy.listings(mark)[:6]
        first = listed[0].path  # the mark may lie between the two kinds
        self.assertEqual({one.path for one in listed}, {"/images/json", "/containers/json"})
        self.assertEqual([one.path for one in listed[::2]], [first] * 3, "one kind after the other")
        self.assertGreater(listed[4].at - listed[0].at, 5, "two intervals of 3 s, with allowance for late writing down")
        self.assertEqual(self.of("/system/df", self.proxy.requests(mark)), [])

    def test_scrapes_ask_the_engine_nothing(self):
        sweep = self.settled()
        mark = self.proxy.mark()
        for _ in range(200):
            sweep.scrape()
        for path in ("/", "/-/healthy", "/-/ready", "/api/v1/inventory"):
            sweep.get(path)
        self.assertEqual(self.asked(mark), [])

    def test_event_refreshes_only_what_it_names(self):
        sweep = self.settled()
        mark = self.proxy.mark()
        made = containers.create(self.engine, containers.REFERENCE, "new")
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_containers", state="created") == 1, "the new container",
                       PATIENCE)
        sweep.wait_for(self.is_quiet, "an agent at rest", PATIENCE, pause=0.1)
        asked = self.asked(mark)
        self.assertEqual(self.proxy.listings(mark), [])
        self.assertGreater(len(asked), 0)
        self.assertLessEqual(len(asked), 4, asked)
        for one in asked:
            self.assertIn(made, one.target)

        mark = self.proxy.mark()
        known = next(item["Id"] for item in self.engine.get("/images/json") if "app:3" in " ".join(item["RepoTags"]))
        self.engine.api("POST", f"/images/{known}/tag", {"repo": "again", "tag": "1"}).expect(201)
        sweep.wait_for(lambda: self.asked(mark), "a look at the image", PATIENCE)
        sweep.wait_for(self.is_quiet, "an agent at rest", PATIENCE, pause=0.1)
        self.assertEqual(self.proxy.listings(mark), [])
        for one in self.asked(mark):
            self.assertTrue(known.removeprefix("sha256:") in one.target or "again" in one.target or "app" in one.target, one)

    def test_burst_falls_back_to_one_listing(self):
        sweep = self.settled()
        mark = self.proxy.mark()
        self.proxy.hold_events()
        for number in range(BURST):
            containers.create(self.engine, containers.REFERENCE, f"burst-{number}")
        time.sleep(2)  # Podman sends its events with delay: a burst is what has come to the proxy by now
        self.assertEqual(self.asked(mark), [])
        self.proxy.release_events()
        took = sweep.wait_for(lambda: self.right(sweep), f"{BURST} containers more", PATIENCE)
        sweep.wait_for(self.is_quiet, "an agent at rest", PATIENCE, pause=0.1)
        asked = self.asked(mark)
        print(f"\n{self.engine.name}: burst of {BURST}: right after {took:.2f} s; {self.kinds(asked)}", end="", flush=True)
        listed = collections.Counter(one.path for one in self.proxy.listings(mark))
        # One; a second one where the machine was so slow that most of the events came after the first had begun.
        self.assertIn(listed["/containers/json"], (1, 2), listed)
        self.assertLessEqual(listed["/images/json"], 2, listed)
        self.assertLess(len(asked), BURST // 2, "one listing instead of many refreshes")

    def test_lost_event_stream_is_repaired(self):
        sweep = self.settled()
        mark = self.proxy.mark()
        self.proxy.refuse_events = True
        self.assertGreater(self.proxy.cut_events(), 0)
        containers.create(self.engine, containers.REFERENCE, "unseen")
        images.load_images(self.engine, [images.image("unseen:1", [images.layer.of_size(77)])])
        sweep.wait_for(lambda: self.of("/events", self.proxy.requests(mark)), "a stream that is refused", PATIENCE)
        time.sleep(1.5)  # what happened is no longer within the second from which the next stream begins
        self.proxy.refuse_events = False
        took = sweep.wait_for(lambda: self.right(sweep), "what happened while nobody listened", PATIENCE)
        print(f"\n{self.engine.name}: lost stream repaired {took:.2f} s after it could be", end="", flush=True)
        sweep.wait_for(self.is_quiet, "an agent at rest", PATIENCE, pause=0.1)
        self.assertGreaterEqual(len(self.of("/events", self.proxy.requests(mark))), 2, "refused first, then opened")
        self.assertGreaterEqual(len(self.proxy.listings(mark)), 2)
        self.assertLessEqual(len(self.proxy.listings(mark)), 4)
        # And it follows events again.
        containers.create(self.engine, containers.REFERENCE, "seen")
        sweep.wait_for(lambda: self.right(sweep), "an event on the new stream", PATIENCE)

    def test_details_of_an_image_are_read_once_for_all(self):
        settings = {"state": {"path": f"{self.engine.folder}/state.db"}}
        with agent(self.proxy.host, settings) as sweep:
            sweep.wait_for(lambda: self.right(sweep), "the right figures", PATIENCE)
            self.rest(sweep)
        read = collections.Counter(one.path for one in self.proxy.requests() if one.path.endswith("/history"))
        self.assertEqual(len(read), len(scenario.image_states(self.engine)))
        self.assertEqual(set(read.values()), {1}, "each history once")
        mark = self.proxy.mark()
        self.settled(settings)
        again = [one for one in self.proxy.requests(mark) if one.path.endswith("/history")]
        self.assertEqual(again, [], "known from the state file")
