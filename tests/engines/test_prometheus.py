# A real Prometheus scrapes a real agent that watches a real Docker 20.10, over loopback: what it can be asked equals what
# the engine says.
import subprocess
import unittest

import containers
import images
import scenario
from docksweep import agent
from engine import docker
from prometheus import program, prometheus, recorder

# A restarting container would change its state between the engine's answer and Prometheus'.
STATES = ("created", "running", "paused", "exited")


class scraped_by_prometheus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(docker("20.10"))
        scenario.node(cls.engine, STATES)
        cls.agent = cls.enterClassContext(agent(cls.engine.host))
        cls.agent.wait_for(lambda: cls.agent.metrics().value("docksweep_disk_usage_bytes", resource="images") >= 0,
                           "the first disk usage", 30)
        cls.recorder = cls.enterClassContext(recorder(cls.agent.port))
        cls.prometheus = cls.enterClassContext(prometheus({"docksweep": cls.agent.port, "recorded": cls.recorder.port}))
        cls.prometheus.wait_for(lambda: len(cls.prometheus.query("up == 1")) == 2, "up to be 1 for both jobs")

    def eventually(self, expression, truth):
        """The newest scrape may be half a second old."""
        self.prometheus.wait_for(lambda: self.prometheus.value(expression) == truth(), f"{expression} = {truth()}")

    def by_label(self, expression, label):
        return {labels[label]: value for labels, value in self.prometheus.query(expression)}

    def test_up_is_1_and_no_scrape_failed(self):
        self.assertEqual(self.by_label("up", "job"), {"docksweep": 1, "recorded": 1})
        self.assertEqual(self.prometheus.value('min_over_time(up{job="docksweep"}[1m])'), 1)
        for target in self.prometheus.api("targets")["activeTargets"]:
            self.assertEqual((target["lastError"], target["health"]), ("", "up"))
        self.assertGreater(self.prometheus.value('scrape_samples_scraped{job="docksweep"}'), 50)
        self.assertEqual(self.prometheus.value('docksweep_engine_up{job="docksweep"}'), 1)

    def test_images_equal_the_engine_s(self):
        self.eventually('sum(docksweep_images{job="docksweep"})', lambda: len(self.engine.get("/images/json", all="true")))
        self.assertEqual(self.by_label('docksweep_images{job="docksweep"}', "state"),
                         scenario.counted(scenario.image_states(self.engine),
                                          ("in_use", "unused", "dangling", "intermediate")))

    def test_containers_equal_the_engine_s(self):
        found = self.by_label('docksweep_containers{job="docksweep"} > 0', "state")
        truth = scenario.container_states(self.engine)
        self.assertEqual(found, scenario.counted(truth, sorted(set(truth.values()))))
        self.assertEqual(set(STATES), set(found))

    def test_bytes_equal_the_engine_s(self):
        layers = scenario.disk_usage(self.engine)["LayersSize"]
        self.assertEqual(self.prometheus.value('sum(docksweep_images_size_bytes{job="docksweep"})'), layers)
        self.assertEqual(self.prometheus.value('docksweep_disk_usage_bytes{job="docksweep",resource="images"}'), layers)

    def test_a_change_on_the_node_arrives(self):
        before = self.prometheus.value('sum(docksweep_images{job="docksweep"})')
        images.load_images(self.engine, [images.image("new:1", [images.layer.of_size(1_000)])])
        self.eventually('sum(docksweep_images{job="docksweep"})', lambda: before + 1)
        self.engine.api("DELETE", "/images/new:1").expect(200)
        self.eventually('sum(docksweep_images{job="docksweep"})', lambda: before)
        containers.create(self.engine, containers.REFERENCE, "another")
        self.eventually('docksweep_containers{job="docksweep",state="created"}', lambda: 2)
        containers.remove(self.engine, "another")
        self.eventually('docksweep_containers{job="docksweep",state="created"}', lambda: 1)

    def test_openmetrics_is_what_it_asks_for_and_gets(self):
        path, asked, status, answered = self.recorder.seen[-1]
        self.assertEqual((path, status), ("/metrics", 200))
        self.assertIn("application/openmetrics-text", asked["Accept"])
        self.assertTrue(answered["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"), answered)
        self.assertEqual(asked.get("Accept-Encoding"), "gzip")
        self.assertEqual(answered.get("Content-Encoding"), "gzip")

    def test_types_and_help_arrive(self):
        known = self.prometheus.api("metadata")
        for name, kind in (("docksweep_images", "gauge"), ("docksweep_engine_requests", "counter"),
                           ("docksweep_engine_request_duration_seconds", "histogram")):
            found = known.get(name) or known.get(f"{name}_total")
            self.assertIsNotNone(found, f"no metadata of {name}")
            self.assertEqual([one["type"] for one in found], [kind])
            self.assertTrue(found[0]["help"], f"{name} has no help")

    def test_promtool_finds_nothing(self):
        done = subprocess.run([program("promtool"), "check", "metrics"], input=self.agent.scrape().text,
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))


if __name__ == "__main__":
    unittest.main()
