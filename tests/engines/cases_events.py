# What happens on the engine shows in /metrics within a second.
import operator
import time

import containers
import images
import scenario
import sweeping
from cases_measures import IMAGE_STATES
from docksweep import agent, agent_failure

ROUNDS = 5
LIMIT_SECONDS = 1.0
LATE_AT_MOST = 1  # of five: it may meet a busy moment of the machine
LATEST_SECONDS = 5.0  # even then
FILLERS = 300  # images that nothing happens to
SERIES = 2 * FILLERS  # of images: more than there ever are, so that none is missing for not being among the largest
WAIT_SECONDS = 30.0  # how long to look: resyncs are minutes apart, so only an event can have shown it


class events:
    """A subclass says which engine; prefix: what it puts before a reference without a host."""

    prefix = ""
    one_inspect_more = False  # on the containerd store a change may take one inspect longer
    fillers = FILLERS

    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(cls.start())
        containers.runnable(cls.engine)
        images.load_images(cls.engine, [images.image(f"filler:{n}", [images.layer.of_size(100 + n)]) for n in range(cls.fillers)])
        cls.agent = cls.enterClassContext(agent(cls.engine.host, {"metrics": {"per_image": SERIES}}))
        cls.agent.wait_for(lambda: cls.agent.metrics().value("docksweep_disk_usage_bytes", resource="containers") >= 0,
                           "the first disk usage", WAIT_SECONDS)
        cls.first = sweeping.ids(cls.engine)
        time.sleep(1)

    def setUp(self):
        self.latencies = {}
        self.addCleanup(self.remove_what_came)

    def remove_what_came(self):
        """The next test has the same node: a listing takes Podman longer with each image."""
        scenario.delete_images(self.engine, sweeping.ids(self.engine) - self.first)
        self.agree()

    def tearDown(self):
        for what, seconds in self.latencies.items():
            print(f"\n{self.engine.name}: {what}: " + ", ".join(f"{one * 1000:.0f}" for one in seconds) + " ms", end="",
                  flush=True)

    def allowed(self):
        if not self.one_inspect_more:
            return LIMIT_SECONDS
        began = time.monotonic()
        self.engine.get(f"/images/{containers.REFERENCE}/json")
        return LIMIT_SECONDS + time.monotonic() - began

    def shows(self, what, act, holds):
        """Does it, and measures from its end until /metrics shows it."""
        self.assertFalse(holds(self.agent.metrics()), f"{what}: shown before it happened")
        act()
        took = self.agent.wait_for(lambda: holds(self.agent.metrics()), f"{what} in /metrics", WAIT_SECONDS)
        self.latencies.setdefault(what, []).append(took)

    def in_time(self):
        limit = self.allowed()
        late = {what: seconds for what, seconds in self.latencies.items()
                if sum(one > limit for one in seconds) > LATE_AT_MOST or max(seconds) > LATEST_SECONDS}
        self.assertEqual(late, {}, f"later than {limit:.2f} s more than once, or than {LATEST_SECONDS} s at all")

    def api(self, method, path, query=None):
        self.engine.api(method, path, query).expect(200, 201, 204)

    def agree(self):
        """Waits until the images by state are what the engine's own listings say."""
        def counts():
            return (self.agent.metrics().family("docksweep_images", "state"),
                    scenario.counted(scenario.image_states(self.engine), IMAGE_STATES))
        try:
            self.agent.wait_for(lambda: operator.eq(*counts()), "agreement", WAIT_SECONDS)
        except agent_failure as failure:
            raise agent_failure(f"{failure}\nagent and engine: {counts()}") from failure

    def has_image(self, reference):
        """A check whether the series of that reference is there."""
        return lambda metrics: self.prefix + reference in metrics.family("docksweep_image_size_bytes", "image")

    def lacks_image(self, reference):
        has = self.has_image(reference)
        return lambda metrics: not has(metrics)

    def counts(self, state, change):
        """A check whether there are that many more containers in this state than now."""
        wanted = self.agent.metrics().value("docksweep_containers", state=state) + change
        return lambda metrics: metrics.value("docksweep_containers", state=state) == wanted

    def test_images_come_and_go(self):
        for number in range(ROUNDS):
            first, second = f"event{number}:1", f"event{number}:2"
            item = images.image(first, [images.layer.of_size(1_000 + number)])
            self.shows("load", lambda: images.load_images(self.engine, [item]), self.has_image(first))
            self.shows("tag", lambda: self.api("POST", f"/images/{self.prefix}{first}/tag",
                                               {"repo": f"{self.prefix}event{number}", "tag": "2"}), self.has_image(second))
            self.shows("untag", lambda: self.api("DELETE", f"/images/{self.prefix}{second}"), self.lacks_image(second))
            self.shows("delete", lambda: self.api("DELETE", f"/images/{self.prefix}{first}"), self.lacks_image(first))
        self.in_time()

    def test_images_are_made_here(self):
        def more():
            self.agree()  # what the last one brought (a build: more than one image) may still be coming
            before = sum(self.agent.metrics().family("docksweep_images", "state").values())
            return lambda metrics: sum(metrics.family("docksweep_images", "state").values()) > before
        containers.run(self.engine, containers.REFERENCE, "to-commit")
        self.addCleanup(containers.remove, self.engine, "to-commit")
        for number in range(ROUNDS):
            self.shows("import", lambda: images.import_image(self.engine, f"imported:{number}", {"a": b"%d" % number}), more())
            self.shows("commit", lambda: images.commit(self.engine, "to-commit", f"committed:{number}"), more())
            self.shows("build", lambda: images.build(
                self.engine, f"built:{number}", f"FROM {self.prefix}{containers.REFERENCE}\nCOPY a /a{number}\n",
                {"a": b"%d" % number}), more())
        self.in_time()

    def test_an_image_loses_its_tag_to_another(self):
        for number in range(ROUNDS):
            reference = f"moving{number}:1"
            old, new = (images.image(reference, [images.layer.of_size(500 + size)]) for size in (number, 10 + number))
            images.load_images(self.engine, [old])
            self.agent.wait_for(lambda: self.holder(self.agent.metrics(), reference), "the old image", WAIT_SECONDS)
            before = self.holder(self.agent.metrics(), reference)
            self.shows("tag moves", lambda: images.load_images(self.engine, [new]),
                       lambda metrics: self.holder(metrics, reference) not in (None, before))
            self.agree()  # the old one is dangling now, or (containerd store) gone
        self.in_time()

    def holder(self, metrics, reference):
        """The ID of the image that has this reference; None when there is none."""
        return next((labels["id"] for labels in metrics.labels("docksweep_image_size_bytes")
                     if labels["image"] == self.prefix + reference), None)

    def test_containers_live_and_die(self):
        for number in range(ROUNDS):
            name = f"event{number}"
            self.shows("create", lambda: containers.create(self.engine, containers.REFERENCE, name), self.counts("created", 1))
            self.shows("start", lambda: containers.act(self.engine, name, "start"), self.counts("running", 1))
            self.shows("pause", lambda: containers.act(self.engine, name, "pause"), self.counts("paused", 1))
            self.shows("unpause", lambda: containers.act(self.engine, name, "unpause"), self.counts("paused", -1))
            self.shows("stop", lambda: containers.act(self.engine, name, "stop", t=1), self.counts("exited", 1))
            self.shows("destroy", lambda: self.api("DELETE", f"/containers/{name}"), self.counts("exited", -1))
        self.in_time()

    def test_an_image_becomes_in_use_and_free_again(self):
        for number in range(ROUNDS):
            in_use = self.agent.metrics().value("docksweep_images", state="in_use")
            self.shows("image in use", lambda: containers.create(self.engine, f"{self.prefix}filler:{number}", f"user{number}"),
                       lambda metrics: metrics.value("docksweep_images", state="in_use") == in_use + 1)
            self.shows("image free", lambda: self.api("DELETE", f"/containers/user{number}"),
                       lambda metrics: metrics.value("docksweep_images", state="in_use") == in_use)
        self.in_time()
