# The agent itself sweeps a real engine: thresholds, schedules, cooldown, settling, restarts, SIGTERM, other processes.
import signal
import sqlite3
import time

import containers
import images
import scenario
import sweeping
from docksweep import agent
from proxy import counting_proxy
from sweeping import EVERYTHING, KEEP_NOTHING

SECONDS = 60


class triggers:
    def setUp(self):
        self.engine = self.enterContext(self.start())
        self.proxy = self.enterContext(counting_proxy(self.engine.socket, f"{self.engine.folder}/s/proxy.sock"))
        containers.runnable(self.engine)
        containers.create(self.engine, containers.REFERENCE, "holder")
        self.state = self.enterContext(sweeping.policies(self.proxy.host)).folder + "/agent.db"

    def agent(self, *listed, keep=None, **more):
        settings = {"mode": "enforce", "settle": "0s", "state": {"path": self.state},
                    "keep": {**KEEP_NOTHING, **(keep or {})}, "policy": list(listed), **more}
        return self.enterContext(agent(self.proxy.host, settings))

    def load(self, count, prefix="app", size=5_000):
        images.load_images(self.engine, [images.image(f"{prefix}/{number}:1", [images.layer.of_size(size + number)])
                                         for number in range(count)])

    def left(self, prefix="app"):
        return len([tag for tag in sweeping.tags(self.engine) if tag.startswith(prefix + "/")])

    def deletes(self):
        return [one for one in self.proxy.requests() if one.method == "DELETE"]

    def log_of(self, sweep):
        return sweep.log(lines=100_000)

    # --- quantities -------------------------------------------------------------------------------------------------

    def test_a_quantity_starts_a_sweep_that_stops_at_its_goal(self):
        sweep = self.agent({"name": "many", "when": {"images_above": 10, "for": "0s"}, "until": {"images_below": 6},
                            "remove": {"images": "unused"}})
        self.load(9)
        time.sleep(3)
        self.assertEqual(self.deletes(), [], "ten images are not above ten")
        began = time.monotonic()
        self.load(1, "more")
        sweep.wait_for(lambda: self.left() + self.left("more") == 4, "a sweep down to its goal", SECONDS, 0.05)
        print(f"\n{self.engine.name}: goal met {time.monotonic() - began:.2f} s after the load began, first DELETE after "
              f"{self.deletes()[0].at - began:.2f} s", end="", flush=True)
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_removed_images_total", policy="many") == 6, "the count", SECONDS)
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_sweeps_total", policy="many", trigger="threshold") == 1,
                       "the count of sweeps", SECONDS)
        metrics = sweep.metrics()
        self.assertEqual(metrics.value("docksweep_sweep_targets_missed_total", policy="many"), 0)
        self.assertEqual(metrics.value("docksweep_policy_threshold", policy="many", quantity="images"), 10)
        self.assertEqual(metrics.value("docksweep_policy_target", policy="many", quantity="images"), 6)
        recorded = sweep.cli_json("history")["sweeps"]
        self.assertEqual([(one["policy"], one["trigger"], one["outcome"]) for one in recorded], [("many", "threshold", "reached")])

    def test_for_holds_a_quantity_back(self):
        sweep = self.agent({"name": "many", "when": {"images_above": 3, "for": "15s"}, "remove": {"images": "unused"},
                            "limits": {"images": 100}})
        self.load(4)
        time.sleep(2)
        for number in range(3):
            self.engine.api("DELETE", f"/images/app/{number}:1").expect(200)
        time.sleep(15)
        self.assertEqual(self.left(), 1, "it was above its threshold for some seconds only")
        self.load(5, "more")
        sweep.wait_for(lambda: self.left() + self.left("more") == 0, "a sweep when it stayed above", SECONDS, 0.1)

    def test_cooldown_survives_a_restart(self):
        rule = {"name": "many", "when": {"images_above": 3, "for": "0s"}, "remove": {"images": "unused"},
                "limits": {"images": 2}, "cooldown": "1h"}
        self.load(8)
        sweep = self.agent(rule)
        sweep.wait_for(lambda: self.left() == 6, "the first sweep", SECONDS, 0.1)
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_sweeps_skipped_total", policy="many", reason="cooldown") == 1,
                       "it is held back by its cooldown", SECONDS, 0.2)
        time.sleep(3)
        self.assertEqual(sweep.metrics().value("docksweep_sweeps_skipped_total", policy="many", reason="cooldown"), 1,
                         "counted once, not with every look")
        sweep.stop()
        again = self.agent(rule)
        again.wait_for(lambda: again.metrics().value("docksweep_sweeps_skipped_total", policy="many", reason="cooldown") == 1,
                       "after a restart, too", SECONDS, 0.2)
        self.assertEqual(self.left(), 6)

    def test_no_automatic_sweep_while_settling(self):
        self.load(5)
        sweep = self.agent({"name": "many", "when": {"images_above": 3, "for": "0s"}, "remove": {"images": "unused"},
                            "limits": {"images": 50}}, settle="1h", engine={"paths": ["/proc"]})
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_sweeps_skipped_total", policy="many", reason="settling") == 1,
                       "it waits", SECONDS, 0.2)
        self.assertEqual(self.left(), 5)
        status, _, err = sweep.cli("sweep", "many", "--yes")
        self.assertEqual(status, 0, f"by hand it runs at once: {err}")
        self.assertEqual(self.left(), 0)

    def test_observe_plans_records_and_removes_nothing(self):
        self.load(5)
        sweep = self.agent({"name": "many", "when": {"images_above": 3, "for": "0s"}, "remove": {"images": "unused"},
                            "limits": {"images": 50}}, mode="observe")
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_sweeps_skipped_total", policy="many", reason="observe") == 1,
                       "it observes", SECONDS, 0.2)
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_policy_plan_images", policy="many") == 5, "its plan", SECONDS, 0.2)
        self.assertEqual((self.left(), self.deletes()), (5, []))
        sweep.wait_for(lambda: [one["outcome"] for one in sweep.cli_json("history")["sweeps"]] == ["observed"], "the record", SECONDS)
        # Used again: the plan would have been regretted.
        containers.create(self.engine, "app/1:1", "again")
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_image_shadow_regrets_total", policy="many") == 1,
                       "the shadow regret", SECONDS, 0.2)

    # --- schedules --------------------------------------------------------------------------------------------------

    def test_a_schedule_runs_at_its_minute(self):
        self.load(3)
        images.load_images(self.engine, [images.image([], [images.layer.of_size(4_000)])])
        if time.time() % 60 > 50:
            time.sleep(12)  # not so close to the minute that the agent starts after it
        sweep = self.agent({"name": "minutely", "when": {"schedule": "* * * * *", "time_zone": "Asia/Kolkata"},
                            "remove": {"images": "dangling"}})
        due = sweep.metrics().value("docksweep_policy_next_run_timestamp_seconds", policy="minutely")
        self.assertEqual(due % 60, 0)
        sweep.wait_for(lambda: scenario.counted(scenario.image_states(self.engine), ["dangling"])["dangling"] == 0,
                       "the scheduled sweep", 90, 0.2)
        self.assertGreaterEqual(time.time(), due)
        self.assertEqual(self.left(), 3)
        sweep.wait_for(lambda: [one["trigger"] for one in sweep.cli_json("history")["sweeps"]] == ["schedule"], "the record",
                       SECONDS, 0.2)

    # --- restarts and other processes -------------------------------------------------------------------------------

    def test_restart_under_pressure(self):
        """kill -9 in the middle of a sweep: the next start settles what was left, and goes on when the cooldown allows."""
        images.load_images(self.engine, images.many_images(60, tops=12))
        rule = {"name": "many", "when": {"images_above": 20, "for": "0s"}, "until": {"images_below": 5},
                "remove": {"images": "unused"}, "cooldown": "0s"}
        self.proxy.before = lambda request: time.sleep(0.05) if request.method == "DELETE" else None
        sweep = self.agent(rule)
        sweep.wait_for(lambda: len(self.deletes()) > 8, "a sweep in the middle", SECONDS, 0.01)
        sweep.kill()
        self.engine.restart()
        again = self.agent(rule)
        again.wait_for(lambda: self.left("many") == 3, "the rest of the work", SECONDS, 0.1)
        again.wait_for(lambda: all(one["outcome"] != "running" for one in again.cli_json("history")["sweeps"]), "its record",
                       SECONDS, 0.1)
        sweeps = again.cli_json("history")["sweeps"]
        self.assertEqual(sweeps[-1]["outcome"], "interrupted", "the one that was killed tells the truth")
        there = sweeping.ids(self.engine)
        for number in (one["id"] for one in sweeps):
            for removal in sweeping.removals_in(again.cli_json("history", "--sweep", str(number))):
                self.assertNotIn(removal["outcome"], ("planned", "attempted"))
                if removal["outcome"] == "removed":
                    self.assertNotIn(removal["id"], there)

    def test_sigterm_lets_the_removal_in_hand_finish(self):
        images.load_images(self.engine, images.many_images(60, tops=12))
        self.proxy.before = lambda request: time.sleep(0.2) if request.method == "DELETE" else None
        sweep = self.agent({"name": "many", "when": {"images_above": 20, "for": "0s"}, "remove": {"images": "unused"},
                            "limits": {"images": 500}})
        sweep.wait_for(lambda: len(self.deletes()) > 3, "a sweep in the middle", SECONDS, 0.01)
        sweep.process.send_signal(signal.SIGTERM)
        self.assertEqual(sweep.process.wait(SECONDS), 0)
        status, out, err = sweep.cli("history", "--json")
        self.assertEqual(status, 0, err)
        self.assertIn('"stopped"', out)
        number = sweep.cli_json("history")["sweeps"][0]["id"]
        removals, there = sweeping.removals_in(sweep.cli_json("history", "--sweep", str(number))), sweeping.ids(self.engine)
        for one in removals:
            self.assertIn(one["outcome"], ("removed", "skipped"))
            self.assertEqual(one["outcome"] == "removed", one["id"] not in there)
        self.assertGreater(len(there), 30)

    def test_pause_by_another_process_stops_the_agent(self):
        self.load(5)
        sweep = self.agent({"name": "many", "when": {"images_above": 8, "for": "0s"}, "remove": {"images": "unused"},
                            "limits": {"images": 500}})
        self.assertEqual(sweep.cli("pause", "--for", "1h", "somebody looks at it")[0], 0)
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_paused") == 1, "the pause", 30, 0.1)
        self.load(6, "more")
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_sweeps_skipped_total", policy="many", reason="paused") == 1,
                       "it is held back", SECONDS, 0.2)
        self.assertEqual(self.left() + self.left("more"), 11)
        self.assertEqual(sweep.cli("resume")[0], 0)
        sweep.wait_for(lambda: self.left() + self.left("more") == 0, "the sweep afterwards", SECONDS, 0.1)

    def test_one_sweep_at_a_time(self):
        images.load_images(self.engine, images.many_images(40, tops=8))
        node = self.enterContext(sweeping.policies(self.proxy.host, state=self.state))
        self.proxy.before = lambda request: time.sleep(0.1) if request.method == "DELETE" else None
        first = node.start("sweep", "all", "--yes")
        deadline = time.monotonic() + SECONDS
        while not self.deletes() and time.monotonic() < deadline:
            time.sleep(0.02)
        status, out, err = node.sweep()
        self.assertEqual(status, sweeping.SHORT, err + out)
        self.assertIn("another", err)
        out, err = first.communicate(timeout=120)
        self.assertEqual(first.returncode, 0, err + out)
        self.assertEqual(sweeping.tags(self.engine), {containers.REFERENCE})

    # --- what others remove, what comes back ------------------------------------------------------------------------

    def test_foreign_removals_are_counted_and_on_record(self):
        self.load(3)
        sweep = self.agent(EVERYTHING)
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_images", state="unused") == 3, "all images", SECONDS)
        gone = sweeping.id_of(self.engine, "app/1:1")
        self.engine.api("DELETE", "/images/app/1:1").expect(200)
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_foreign_removals_total") == 1, "the removal by others", SECONDS, 0.2)
        self.assertEqual(sweep.cli("sweep", "all", "--yes")[0], 0)
        time.sleep(8)
        self.assertEqual(sweep.metrics().value("docksweep_foreign_removals_total"), 1, "our own are not foreign")
        self.assertIn(gone, sweep.cli("history", "--json")[1])

    def test_the_state_is_sound(self):
        self.load(3)
        sweep = self.agent(EVERYTHING)
        self.assertEqual(sweep.cli("sweep", "all", "--yes")[0], 0)
        sweep.stop()
        with sqlite3.connect(self.state) as state:
            self.assertEqual(state.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
