# Every query of the dashboards and every rule, asked of a real Prometheus that scraped two real agents, one that
# enforces and one that observes, on a real Docker with sweeps going on: each returns data.
import math
import pathlib
import re
import sys
import threading
import time
import unittest

import images
import scenario
import sweeping
from docksweep import agent
from engine import docker
from prometheus import prometheus

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "dashboards"))
import dashboard  # noqa: E402

# What may be empty, each with its reason: at most five. A text of the query or rule → why.
MAY_BE_EMPTY = {
    "increase(docksweep_sweep_failures_total{M}[$__rate_interval]) > 0": "annotates failed sweeps, and none fails here",
}
MATCHERS = 'cluster=~"$cluster",job=~"$job",instance=~"$instance"'
POLICIES = [
    # No disk is ever this empty: every sweep of it misses its goal.
    {"name": "disk", "when": {"disk_above": 0.002, "for": "0s"}, "until": {"disk_below": 0.001},
     "remove": {"images": {"references": ["disk/*"]}}, "cooldown": "2s"},
    {"name": "many", "when": {"images_above": 24, "for": "0s"}, "until": {"images_below": 20},
     "remove": {"images": {"references": ["many/*"]}}, "cooldown": "2s"},
    {"name": "space", "when": {"disk_free_below": "1B"}, "until": {"disk_free_above": "2B"},
     "remove": {"images": "unused"}},
    {"name": "nightly", "when": {"schedule": "0 2 * * *"}, "remove": {"images": "dangling"}},
]
RATE_SECONDS, WATCHED_SECONDS = 20, 60


def mixed(engine, stop):
    """Images that come all the time, so that there is always something to sweep."""
    number = 0
    while not stop.is_set():
        number += 1
        images.load_images(engine, [images.image(f"{kind}/{number}:1", [images.layer.of_size(5_000 + number)])
                                    for kind in ("disk", "many", "many")])
        stop.wait(1)


def each_comparison_answers(expression):
    """The same with bool comparisons: 0 or 1 where a filter would leave nothing, as on a node that is well."""
    return re.sub(r"""(\{[^}]*\})|(==|!=|<=|>=|<|>)(?!\s*bool)""",
                  lambda found: found.group(1) or f"{found.group(2)} bool", expression)


def may_be_empty(expression):
    plain = expression.replace(MATCHERS, "M")
    return any(text in plain for text in MAY_BE_EMPTY)


class dashboards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(docker("26-overlay2"))
        scenario.node(cls.engine, ("running", "paused", "exited"))
        settings = {"settle": "0s", "inventory": {"disk_usage": "10s"}, "metrics": {"per_image": 5},
                    "keep": {**sweeping.KEEP_NOTHING, "images": ["plain:*"]}, "policy": POLICIES}
        cls.enforcing = cls.enterClassContext(agent(cls.engine.host, {"mode": "enforce", **settings}))
        cls.observing = cls.enterClassContext(agent(cls.engine.host, {"mode": "observe", **settings}))
        rules = [dashboard.FOLDER / name for name in dashboard.RULES]
        cls.prometheus = cls.enterClassContext(
            prometheus({"docksweep": [cls.enforcing.port, cls.observing.port]}, rules))
        stop = threading.Event()
        loading = threading.Thread(target=mixed, args=(cls.engine, stop))
        loading.start()
        cls.addClassCleanup(loading.join)
        cls.addClassCleanup(stop.set)
        cls.sweeps_of("many", 2)
        cls.sweeps_of("disk", 2)
        cls.enforcing.wait_for(
            lambda: cls.enforcing.metrics().value("docksweep_sweep_targets_missed_total", policy="disk") > 1,
            "a missed goal", 90)
        time.sleep(RATE_SECONDS / 2)

    @classmethod
    def sweeps_of(cls, policy, count):
        cls.enforcing.wait_for(
            lambda: cls.enforcing.metrics().value("docksweep_sweeps_total", policy=policy, trigger="threshold") >= count,
            f"{count} sweeps of {policy}", 120, 0.2)

    def filled(self, expression, instance):
        """The expression with Grafana's variables replaced as Grafana does."""
        for name, value in (("$__rate_interval", f"{RATE_SECONDS}s"), ("$__range", "5m"), ("$cluster", ".*"),
                            ("$job", "docksweep"), ("$instance", instance)):
            expression = expression.replace(name, value)
        self.assertNotIn("$", expression, "a variable that this test does not know")
        return expression

    def has_data(self, expression, instant):
        if instant:
            return any(not math.isnan(value) for _, value in self.prometheus.query(expression))
        found = self.prometheus.query_range(expression, WATCHED_SECONDS, 1)
        return any(not math.isnan(value) for _, values in found for value in values)

    def check(self, expression, instant, instance=".+"):
        if may_be_empty(expression):
            return
        filled = self.filled(expression, instance)
        # The first evaluation of a rule, or the next scrape, may still be on its way.
        self.prometheus.wait_for(lambda: self.has_data(filled, instant), f"data for {filled}", 15)

    def check_board(self, name, instance):
        asked = 0
        for where, expression, instant in dashboard.queries(dashboard.load(dashboard.FOLDER / name)):
            with self.subTest(name, where=where):
                self.check(expression, instant, instance)
                asked += 1
        self.assertGreater(asked, 20)

    def test_every_query_of_node_returns_data(self):
        self.check_board("docksweep-node.json", f"127.0.0.1:{self.enforcing.port}")

    def test_every_query_of_fleet_returns_data(self):
        self.check_board("docksweep-fleet.json", ".+")

    def test_variables_find_both_nodes(self):
        for name in ("docksweep-node.json", "docksweep-fleet.json"):
            listed = dashboard.load(dashboard.FOLDER / name)["templating"]["list"]
            for one in listed:
                if one["type"] != "query":
                    continue
                series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", one["query"]).groups()
                found = self.prometheus.api(f"label/{label}/values", **{"match[]": self.filled(series, ".+")})
                expected = {"cluster": [], "job": ["docksweep"],
                            "instance": sorted(f"127.0.0.1:{one.port}" for one in (self.enforcing, self.observing))}
                self.assertEqual(sorted(found), expected[label], name)

    def test_every_rule_returns_data(self):
        for name in dashboard.RULES:
            for rule in dashboard.rules(dashboard.FOLDER / name):
                with self.subTest(rule.get("alert") or rule.get("record")):
                    self.check(each_comparison_answers(rule["expr"]), True)
                    for metric, matchers, _, _ in dashboard.selectors(rule["expr"]):
                        self.check(f"{metric}{{{matchers}}}", True)

    def test_prometheus_evaluates_them_without_error(self):
        self.prometheus.wait_for(lambda: all(rule["health"] == "ok" for rule in self.rules()), "the first evaluation")
        self.assertEqual([rule["name"] for rule in self.rules() if rule.get("lastError")], [])
        expected = sorted(rule.get("alert") or rule.get("record") for name in dashboard.RULES
                          for rule in dashboard.rules(dashboard.FOLDER / name))
        self.assertEqual(sorted(rule["name"] for rule in self.rules()), expected)

    def rules(self):
        return [rule for group in self.prometheus.api("rules")["groups"] for rule in group["rules"]]

    def test_alerts_tell_of_what_happens_here(self):
        """Goals are missed on one node; the other is past its thresholds and only observes."""
        def instances(name, state):
            found = self.prometheus.query(f'ALERTS{{alertname="{name}",alertstate="{state}",policy="disk"}}')
            return {labels["instance"] for labels, _ in found}
        self.prometheus.wait_for(
            lambda: instances("DocksweepTargetMissed", "firing") == {f"127.0.0.1:{self.enforcing.port}"}, "missed goals")
        self.prometheus.wait_for(
            lambda: instances("DocksweepStillObserving", "pending") == {f"127.0.0.1:{self.observing.port}"}, "observing")
        self.prometheus.wait_for(
            lambda: f"127.0.0.1:{self.enforcing.port}" in instances("DocksweepSwept", "firing"), "swept")

    def test_what_may_be_empty_is_little_and_asked_for(self):
        self.assertLessEqual(len(MAY_BE_EMPTY), 5)
        asked = [expression.replace(MATCHERS, "M") for _, board in dashboard.all_of()
                 for _, expression, _ in dashboard.queries(board)]
        for text in MAY_BE_EMPTY:
            self.assertTrue(any(text in expression for expression in asked), text)


if __name__ == "__main__":
    unittest.main()
