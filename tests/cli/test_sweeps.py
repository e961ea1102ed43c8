# sweep, remove, pause, resume and history as a person or a script uses them, against a scripted engine.
import os
import signal
import subprocess
import unittest

from binary import BINARY, terminal
from fake_engine import container
from policies_node import known, with_node


class sweeps(with_node):
    def test_removes_what_the_plan_showed_and_puts_it_on_record(self):
        planned = [one["id"] for one in self.json("plan", "nightly")["steps"]]
        done = self.expect(0, "sweep", "nightly", "--yes")
        self.assertIn("Removed 1 container, 5 images: 502 MB freed, 502 MB predicted", done.stdout)
        self.assertEqual([one.id for one in self.engine.images], [self.app.id, self.built.id])
        self.assertEqual([one.name for one in self.engine.containers], ["web"])
        sweep = self.sweeps()[0]
        self.assertEqual([one["object_id"] for one in sweep["removals"]], planned)
        self.assertEqual((sweep["policy"], sweep["trigger"], sweep["outcome"]), ("nightly", "manual", "reached"))
        self.assertRegex(sweep["actor"], r"\(uid \d+\)")
        self.assertEqual(self.rows("SELECT count(*) FROM policies")[0][0], 1)  # cooldown counts from this run, too

    def test_lines_tell_how_it_goes_where_there_is_no_terminal(self):
        done = self.expect(0, "sweep", "nightly", "--yes")
        self.assertRegex(done.stderr, r"(?m)^container job: removed, 1.2 kB\n(.*\n)*image mariadb:11: removed, 400 MB$")

    def test_asks_on_a_terminal_and_takes_only_yes_for_a_yes(self):
        for answer in ("n", "", "yess"):
            with terminal(self, "--config", self.settings, "sweep", "nightly") as it:
                it.wait_for("Remove these 6, 502 MB in all? [y/N]")
                it.type(answer + "\n")
                self.assertEqual(it.end(), 3, it.text)
                self.assertIn("Nothing was removed.", it.text)
        self.assertEqual(self.engine.removed, [])
        with terminal(self, "--config", self.settings, "sweep", "nightly") as it:
            it.wait_for("[y/N]")
            it.type("y\n")
            self.assertEqual(it.end(), 0, it.text)
            self.assertIn("Removed 1 container, 5 images", it.text)

    def test_without_a_terminal_and_without_yes_it_says_what_to_do(self):
        done = self.ask("sweep", "nightly", input="y\n")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("--yes", done.stderr)
        self.assertEqual(self.engine.removed, [])

    def test_a_plan_shown_is_the_plan_run(self):
        with terminal(self, "--config", self.settings, "sweep", "nightly") as it:
            it.wait_for("[y/N]")
            self.engine.images.append(known("late", "1", [("late", 1_000_000)]))   # would be in a plan made now
            self.engine.containers.append(container("new", self.tool, "created"))  # holds what was shown
            it.type("y\n")
            self.assertEqual(it.end(), 0, it.text)
        self.assertEqual({one.id for one in self.engine.images} - {self.app.id, self.built.id},
                         {self.engine.images[-1].id, self.tool.id})
        outcomes = {one["object_id"]: one["outcome"] for one in self.sweeps()[0]["removals"]}
        self.assertEqual(outcomes[self.tool.id], "kept")
        self.assertNotIn(self.engine.images[-1].id, outcomes)

    def test_observe_mode_shows_the_plan_and_removes_only_when_told_to(self):
        self.configure(mode="observe")
        done = self.expect(3, "sweep", "nightly", "--yes")
        self.assertIn("Would remove 1 container and 5 images", done.stdout)
        self.assertIn("--enforce", done.stderr)
        self.assertEqual(self.engine.removed, [])
        self.assertEqual(self.json("sweep", "nightly", "--yes", status=3)["sweep"], None)
        self.expect(0, "sweep", "nightly", "--yes", "--enforce")
        self.assertEqual(len(self.engine.images), 2)

    def test_stops_at_its_goal_and_misses_one_that_it_cannot_reach(self):
        self.expect(0, "sweep", "little", "--yes")
        self.assertEqual(self.engine.removed, ["images/mariadb:11"])
        done = self.expect(3, "sweep", "much", "--yes")
        self.assertEqual(self.sweeps()[0]["outcome"], "missed")
        self.assertIn("The sweep missed", done.stdout)

    def test_nothing_to_remove_is_done_unless_a_goal_is_missed(self):
        self.expect(0, "sweep", "nightly", "--yes")
        self.assertIn("Nothing to remove.", self.expect(0, "sweep", "nightly", "--yes").stdout)
        self.expect(3, "sweep", "much", "--yes")
        self.assertEqual(len(self.sweeps()), 1)

    def test_one_refused_and_one_failed_removal_do_not_stop_the_rest(self):
        self.engine.fails = "DELETE /images/tool:1"
        done = self.expect(1, "sweep", "nightly", "--yes")  # not all that was selected is gone
        self.assertRegex(done.stdout, r"(?m)^Not removed: tool:1 \(failed\): .*the test wants it so")
        outcomes = [one["outcome"] for one in self.sweeps()[0]["removals"]]
        self.assertEqual((outcomes.count("removed"), outcomes.count("failed")), (5, 1))

    def test_json_holds_plan_and_record(self):
        made = self.json("sweep", "nightly", "--yes")
        self.assertEqual((made["plan"]["policy"], made["refused"]), ("nightly", None))
        self.assertEqual([one["id"] for one in made["plan"]["steps"]],
                         [one["object_id"] for one in made["sweep"]["removals"]])
        self.assertEqual((made["sweep"]["predicted_bytes"], made["sweep"]["freed_bytes"]), (502_001_234, 502_001_234))

    def test_quiet_says_only_what_was_removed(self):
        done = self.expect(0, "sweep", "nightly", "--yes", "-q")
        self.assertEqual(done.stderr, "")
        self.assertEqual(set(done.stdout.splitlines()),
                         {"job", *(one.id for one in (self.old, self.alpine, self.maria, self.tool, self.two))})

    def test_progress_bar_on_a_terminal(self):
        self.engine.slow_removal = 0.05
        with terminal(self, "--config", self.settings, "sweep", "nightly", "--yes") as it:
            self.assertEqual(it.end(), 0, it.text)
        self.assertRegex(it.text, r"\r\[=*>? *\] 0/6, 0 B freed, 502 MB to go: ")
        self.assertRegex(it.text, r"\r\[=+>? *\] 6/6, 502 MB freed, 0 B to go\x1b\[K\r\x1b\[KRemoved ")

    def test_ctrl_c_lets_the_removal_in_hand_finish(self):
        self.engine.slow_removal = 1
        with terminal(self, "--config", self.settings, "sweep", "nightly", "--yes") as it:
            self.wait_until(lambda: self.engine.removed)
            it.type("\x03")
            it.wait_for("Stopping when the removal in hand has ended")
            self.assertEqual(it.end(), 3, it.text)
        self.assertEqual(self.engine.removed, ["containers/" + self.job.id])
        sweep = self.sweeps()[0]
        self.assertEqual((sweep["outcome"], sweep["removed"]), ("stopped", 1))
        self.assertEqual([one["outcome"] for one in sweep["removals"]], ["removed"] + ["skipped"] * 5)

    def test_a_second_signal_ends_at_once_and_the_next_sweep_settles(self):
        self.engine.hangs = "DELETE /containers"
        running = subprocess.Popen([BINARY, "--config", self.settings, "sweep", "nightly", "--yes"], env=self.environment,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.wait_until(lambda: any(path.startswith("DELETE ") for path in self.engine.asked))
        running.send_signal(signal.SIGTERM)
        while "once more to end at once" not in (line := running.stderr.readline()):
            self.assertNotEqual(line, "")
        self.assertIsNone(running.poll())
        running.send_signal(signal.SIGTERM)
        self.assertEqual(running.wait(30), -signal.SIGTERM)
        running.stderr.close()
        self.engine.hangs = None
        self.expect(0, "sweep", "nightly", "--yes")
        newest, killed = self.sweeps()
        self.assertEqual((newest["outcome"], killed["outcome"]), ("reached", "interrupted"))

    def test_two_sweeps_do_not_run_at_once(self):
        self.engine.slow_removal = 2
        first = subprocess.Popen([BINARY, "--config", self.settings, "sweep", "little", "--yes"], env=self.environment,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_until(lambda: self.engine.removed)
        done = self.ask("sweep", "nightly", "--yes")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("another process sweeps this engine", done.stderr)
        self.assertEqual(first.wait(60), 0)

    def test_without_a_state_that_can_be_written_nothing_is_removed(self):
        settings = self.config(f'mode = "enforce"\n[engine]\nhost = "{self.engine.host}"\n[keep]\nmin_age = "0s"\n'
                               '[state]\npath = "/proc/nowhere/state.db"\n[[policy]]\nname = "nightly"\n'
                               'remove = { images = "unused" }\n')
        for command in (["sweep", "nightly", "--yes"], ["remove", "tool:1", "--yes"], ["pause", "why"], ["resume"]):
            done = self.docksweep("--config", settings, *command)
            self.assertEqual((done.returncode, done.stdout), (1, ""), command)
            self.assertIn("/proc/nowhere/state.db cannot be written, and without a record nothing is changed", done.stderr)
        self.assertEqual(self.engine.removed, [])
        self.assertEqual(self.docksweep("--config", settings, "plan", "nightly").returncode, 0)

    def test_sudo_is_on_record_only_where_root_says_so(self):
        self.expect(0, "sweep", "nightly", "--yes")
        done = self.ask("pause", "x", SUDO_USER="alice", SUDO_UID="1000")
        self.assertEqual("alice (uid 1000) by sudo" in done.stdout, os.getuid() == 0)


class removes(with_node):
    def test_an_image_by_tag_by_id_and_by_digest(self):
        self.expect(0, "remove", "mariadb:11", "--yes")
        self.expect(0, "remove", self.tool.id[7:19], "--yes")
        self.expect(0, "remove", self.two.digests[0], "--yes")
        self.assertEqual({one.id for one in self.engine.images}, {one.id for one in (self.app, self.alpine, self.old, self.built)})
        self.assertEqual([one["policy"] for one in self.sweeps()], [None] * 3)

    def test_one_tag_of_two_goes_alone(self):
        done = self.expect(0, "remove", "deux:1", "--yes")
        self.assertEqual(self.two.tags, ["two:1"])
        self.assertIn("0 B freed", done.stdout)
        self.expect(0, "remove", "two:1", "--yes")
        self.assertNotIn(self.two, self.engine.images)

    def test_both_tags_are_the_whole_image(self):
        made = self.json("remove", "deux:1", "two:1", "--yes")
        self.assertEqual(made["sweep"]["freed_bytes"], 5_000_000)
        self.assertNotIn(self.two, self.engine.images)

    def test_a_container_and_then_its_image(self):
        self.expect(0, "remove", "alpine:3.19", "job", "--yes")
        self.assertEqual([one.name for one in self.engine.containers], ["web"])
        self.assertNotIn(self.alpine, self.engine.images)

    def test_what_is_protected_stays_and_nothing_else_goes_either(self):
        for name, reason in (("alpine:3.19", "in_use (held by container job (exited))"), ("web", "in_use"),
                             ("built:1", "local_only (keep.local_only = true); --even-if local_only")):
            done = self.expect(3, "remove", "mariadb:11", name, "--yes")
            self.assertIn(f"{name} stays: {reason}", done.stderr)
            self.assertIn("nothing was removed", done.stderr)
        self.assertEqual(self.engine.removed, [])
        self.assertIn("in_use", self.json("remove", "web", "--yes", status=3)["refused"])

    def test_two_rules_give_way_when_asked_and_no_other(self):
        self.configure(keep='min_age = "1h"\nimages = ["tool:*"]')
        self.assertIn("min_age", self.expect(3, "remove", "mariadb:11", "--yes").stderr)
        self.expect(0, "remove", "mariadb:11", "built:1", "--yes", "--even-if", "min_age,local_only")
        self.assertNotIn(self.built, self.engine.images)
        done = self.expect(3, "remove", "tool:1", "--yes", "--even-if", "min_age,local_only")
        self.assertIn("tool:1 stays: reference (keep.images = tool:*)", done.stderr)
        self.assertIn("min_age nor local_only", self.expect(2, "remove", "tool:1", "--even-if", "reference").stderr)

    def test_asks_first(self):
        self.assertIn("--yes", self.expect(2, "remove", "mariadb:11").stderr)
        with terminal(self, "--config", self.settings, "remove", "mariadb:11") as it:
            it.wait_for("Remove this, 400 MB in all? [y/N]")
            it.type("n\n")
            self.assertEqual(it.end(), 3)
        self.assertEqual(self.engine.removed, [])

    def test_a_name_that_means_nothing_or_two_things_removes_nothing(self):
        self.assertIn("no image and no container here is called 'nope'",
                      self.expect(1, "remove", "mariadb:11", "nope", "--yes").stderr)
        self.engine.containers.append(container("tool", self.app, "exited"))
        self.engine.images.append(known("tool", "latest", [("x", 1)]))
        self.assertIn("'tool' is an image and a container", self.expect(1, "remove", "tool", "--yes").stderr)
        self.assertEqual(self.engine.removed, [])

    def test_held_at_the_last_moment_is_kept_and_exit_three(self):
        with terminal(self, "--config", self.settings, "remove", "tool:1") as it:
            it.wait_for("[y/N]")
            self.engine.containers.append(container("new", self.tool, "created"))
            it.type("y\n")
            self.assertEqual(it.end(), 3, it.text)
        self.assertIn(self.tool, self.engine.images)


class pauses(with_node):
    def test_a_pause_refuses_sweeps_and_removals_until_resume(self):
        text = self.expect(0, "pause", "--for", "4h", "deploying", "the", "shop").stdout
        self.assertRegex(text, r"^Removals are paused just now by .*\(uid \d+\), until 20\d\d-.*Z: deploying the shop\.\n$")
        for command in (["sweep", "nightly", "--yes"], ["remove", "mariadb:11", "--yes"]):
            self.assertRegex(self.expect(3, *command).stderr, "nothing was removed: removals are paused .*deploying the shop")
        self.assertIn("Removals are paused", self.expect(0, "plan", "nightly").stderr)
        self.assertEqual(self.json("history")["paused"]["reason"], "deploying the shop")
        self.assertEqual(self.engine.removed, [])
        self.assertEqual(self.expect(0, "resume").stdout, "Removals go on.\n")
        self.assertEqual(self.expect(0, "resume").stdout, "Removals were not paused.\n")
        self.expect(0, "sweep", "nightly", "--yes")

    def test_a_pause_needs_no_engine_and_ends_by_itself(self):
        self.assertEqual(self.ask("pause", "--for", "1ms", "short", "--host", "unix:///nowhere/e.sock").returncode, 0)
        self.expect(0, "sweep", "little", "--yes")

    def test_a_pause_stops_a_sweep_that_runs(self):
        self.engine.on_removal = lambda path: self.expect(0, "pause", "stop") if len(self.engine.removed) == 1 else None
        self.expect(3, "sweep", "nightly", "--yes")
        self.assertEqual(len(self.engine.removed), 1)
        self.assertEqual(self.sweeps()[0]["outcome"], "stopped")


class histories(with_node):
    def setUp(self):
        super().setUp()
        self.expect(0, "sweep", "nightly", "--yes")
        self.built.digests = [f"built@sha256:{'7' * 64}"]
        self.expect(0, "remove", "built:1", "--yes")

    def test_a_row_for_each_sweep_newest_first(self):
        header, *rows = self.expect(0, "history").stdout.splitlines()
        self.assertEqual(header.split(), ["SWEEP", "WHEN", "POLICY", "OUTCOME", "REMOVED", "FREED", "BACK?", "TRIGGER", "BY"])
        self.assertRegex(rows[0], r"^ +2 .* \(remove\) +reached +built:1 +20.0 MB +yes +manual ")
        self.assertRegex(rows[1], r"^ +1 .* nightly +reached +1 container, 5 images +502 MB +4 of 6 +manual ")

    def test_one_sweep_with_each_of_its_removals(self):
        text = self.expect(0, "history", "--sweep", "1").stdout
        self.assertRegex(text, r"(?m)^outcome +reached$")
        self.assertRegex(text, r"(?m)^image +mariadb:11 +\S{12} +removed +400 MB +yes +remove.images = unused$")
        self.assertRegex(text, r"(?m)^container +job +\S{12} +removed +1.2 kB +no ")
        self.assertIn("there is no sweep 99 on record", self.expect(1, "history", "--sweep", "99").stderr)

    def test_chooses_by_policy_and_moment(self):
        self.assertEqual(self.expect(0, "history", "-q").stdout, "2\n1\n")
        self.assertEqual(self.expect(0, "history", "-q", "--policy", "nightly").stdout, "1\n")
        self.assertEqual(self.expect(0, "history", "-q", "--since", "1h").stdout, "2\n1\n")
        self.assertEqual(self.expect(0, "history", "-q", "--since", "2099-01-01").stdout, "")
        self.assertEqual(self.expect(0, "history", "-q", "-n", "1").stdout, "2\n")
        self.assertIn("'yesterday' is no moment", self.expect(2, "history", "--since", "yesterday").stderr)

    def test_json_has_predicted_and_freed_bytes_for_sweeps_and_removals(self):
        for sweep in self.sweeps():
            for one in (sweep, *sweep["removals"]):
                for key in ("predicted_bytes", "predicted_bytes_at_most", "freed_bytes"):
                    self.assertIsInstance(one[key], int, key)
        removal = self.sweeps()[0]["removals"][0]
        self.assertEqual((removal["references"], removal["digests"]), (["built:1"], self.json_digests()))
        self.assertTrue(removal["restorable"])

    def json_digests(self):
        return [f"built@sha256:{'7' * 64}"]

    def test_needs_no_engine(self):
        done = self.ask("history", "--host", "unix:///nowhere/e.sock")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 3)

    def test_without_a_record_it_says_so(self):
        os.unlink(self.path("state.db"))
        self.assertIn("there is no record to be read", self.expect(1, "history").stderr)


if __name__ == "__main__":
    unittest.main()
