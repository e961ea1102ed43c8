# plan, explain, images and the API as a person or a script uses them, against a scripted engine.
import json
import unittest

from binary import agent
from fake_engine import image
from policies_node import known, with_node


class plans(with_node):
    def test_steps_in_order_with_what_each_frees_and_why_the_rest_stays(self):
        text = self.expect(0, "plan", "nightly").stdout
        self.assertRegex(text, r"(?m)^ *1 +container +job +1.2 kB +1.2 kB")
        self.assertRegex(text, r"(?m)^ *\d +image +mariadb:11 +400 MB ")
        self.assertRegex(text, r"(?m)^ *\d +image +alpine:3.19 +0 B .* after step 1 ")
        self.assertIn("Would remove 1 container and 5 images, which frees 502 MB.", text)
        self.assertRegex(text, r"(?m)^in_use +1 +1 ")
        self.assertRegex(text, r"(?m)^local_only +1 ")
        self.assertEqual(self.engine.removed, [])

    def test_marks_where_the_goal_is_reached_and_takes_no_more(self):
        text = self.expect(0, "plan", "little").stdout
        self.assertIn("Goal: layers of all images: 602 MB now, to be below 500 MB, 102 MB to go", text)
        self.assertRegex(text, r"(?m)^1 +image +mariadb:11 +400 MB +400 MB +goal reached ")
        self.assertIn("The goal is reached with step 1.", text)
        self.assertRegex(text, r"(?m)^goal_reached +3 ")

    def test_says_what_stands_in_the_way_of_a_goal_and_exits_with_three(self):
        text = self.expect(3, "plan", "much").stdout
        self.assertIn("The goal cannot be reached: 50.0 MB would still lack.", text)
        self.assertRegex(text, r"(?m)^IN THE WAY +IMAGES +HOLD +BECAUSE\nin_use +2 +30.0 MB ")

    def test_json_is_the_model_of_a_plan(self):
        plan = self.json("plan", "little")
        self.assertEqual(set(plan), {"policy", "made_at", "inventory_at", "partial", "goal", "goals", "steps", "goal_step",
                                     "shortfall", "blockers", "verdicts"})
        self.assertEqual(plan["policy"], "little")
        self.assertEqual(plan["goal"], {"quantity": "images_bytes", "now": 602_000_000, "target": 500_000_000})
        self.assertEqual((plan["goal_step"], plan["shortfall"]), (1, 0))
        step = plan["steps"][0]
        self.assertEqual((step["kind"], step["id"], step["names"]), ("image", self.maria.id, ["mariadb:11"]))
        self.assertEqual(step["freed"], {"at_least": 400_000_000, "at_most": 400_000_000})
        self.assertEqual(step["cumulative"], step["freed"])
        verdicts = {one["id"]: (one["kind"], one["action"], one["reason"]) for one in plan["verdicts"]}
        self.assertEqual(len(verdicts), 9)
        self.assertEqual(verdicts[self.built.id], ("image", "keep", "local_only"))
        self.assertEqual(verdicts[self.maria.id], ("image", "remove", "selected"))
        self.assertEqual(verdicts[self.web.id], ("container", "keep", "in_use"))
        short = self.json("plan", "much", status=3)
        self.assertEqual((short["goal_step"], short["shortfall"]), (None, 50_000_001))
        self.assertEqual([one["reason"] for one in short["blockers"]], ["in_use", "local_only"])
        self.assertIsNone(self.json("plan")["goal"])

    def test_quiet_gives_ids_and_names_to_a_pipe(self):
        lines = self.expect(0, "plan", "nightly", "-q").stdout.splitlines()
        self.assertEqual(lines[0], "job")
        self.assertEqual(set(lines[1:]), {one.id for one in (self.old, self.alpine, self.maria, self.tool, self.two)})

    def test_without_a_name_everything_unused(self):
        text = self.expect(0, "plan").stdout
        self.assertIn("Everything unused, under the rules of [keep]", text)
        self.assertNotIn("container  job", text)
        self.assertIn("Would remove 4 images", text)

    def test_all_shows_each_that_stays_with_its_rule(self):
        for option in ("--all", "-v"):
            text = self.expect(0, "plan", option).stdout
            self.assertRegex(text, r"(?m)^built:1 +image +local_only +keep.local_only = true")
            self.assertRegex(text, r"(?m)^web +container +in_use")

    def test_a_policy_that_is_not_there_names_those_that_are(self):
        for command in (["plan", "nope"], ["sweep", "nope", "--yes"]):
            done = self.expect(2, *command)
            self.assertEqual(done.stdout, "")
            self.assertIn("there is no policy 'nope'; there are nightly, little, much", done.stderr)

    def test_a_fresh_machine_is_told_why_nothing_would_go(self):
        self.configure(keep="")
        done = self.expect(0, "plan")
        self.assertIn("Nothing to remove.", done.stdout)
        self.assertRegex(done.stdout, r"(?m)^min_age +4 ")
        self.assertIn("every image counts as used just now, and min_age (1h) keeps it", done.stderr)

    def test_what_an_agent_has_seen_counts(self):
        with agent(self, self.config(f'[engine]\nhost = "{self.engine.host}"\n[web]\nlisten = ["127.0.0.1:0"]\n'), ) as it:
            it.wait_for(lambda: self.rows("SELECT count(*) FROM uses")[0][0] == 7, "the uses on disk", 60)
            it.end()
        self.configure(keep='min_age = "1ms"')
        done = self.expect(0, "plan")
        self.assertNotIn("counts as used just now", done.stderr)
        self.assertIn("Would remove 4 images", done.stdout)

    def test_nobody_there_is_a_failure(self):
        for command in (["plan"], ["explain", "x"], ["sweep", "nightly", "--yes"], ["remove", "x", "--yes"]):
            done = self.ask(*command, "--host", "unix:///nowhere/engine.sock")
            self.assertEqual((done.returncode, done.stdout), (1, ""), command)
            self.assertIn("/nowhere/engine.sock", done.stderr)


class explains(with_node):
    def test_every_policy_with_the_rule_that_decides(self):
        text = self.expect(0, "explain", "built:1").stdout
        self.assertRegex(text, r"(?m)^Without a policy .*: stays: local_only \(keep.local_only = true\)")
        self.assertRegex(text, r"(?m)^→ +local_only +yes ")
        for policy in ("nightly", "little", "much"):
            self.assertRegex(text, rf"(?m)^Policy {policy}: stays: local_only")
        self.assertRegex(self.expect(0, "explain", "mariadb:11").stdout,
                         r"(?m)^Policy little: would be removed, as step 1, which frees 400 MB")

    def test_says_when_that_changes(self):
        self.configure(keep='min_age = "1h"')
        self.assertRegex(self.expect(0, "explain", "tool:1").stdout,
                         r"stays: min_age \(keep.min_age = 1h\): .*; that ends in 59 minutes \(20\d\d-")

    def test_an_image_by_any_of_its_names(self):
        for name in ("mariadb:11", "docker.io/library/mariadb:11", self.maria.id, self.maria.id[7:19], self.maria.digests[0]):
            self.assertEqual(self.json("explain", name)["image"]["id"], self.maria.id, name)

    def test_the_start_of_several_ids_is_not_enough(self):
        ids = sorted(one.id[7:] for one in self.engine.images)
        extra, start = [], ids[0][:2]
        while not extra:
            one = image([f"more:{len(self.engine.images)}"], [("more", len(self.engine.images))])
            self.engine.images.append(one)
            extra = [one] if one.id[7:9] == start else []
        done = self.expect(1, "explain", start)
        self.assertRegex(done.stderr, rf"'{start}' is the start of \d+ images: ")
        self.assertIn("no image here is called 'nope'", self.expect(1, "explain", "nope").stderr)

    def test_json(self):
        found = self.json("explain", "alpine:3.19")
        self.assertEqual([one["policy"] for one in found["policies"]], [None, "nightly", "little", "much"])
        general, nightly = found["policies"][:2]
        self.assertEqual((general["action"], general["reason"], general["step"]), ("keep", "in_use", None))
        self.assertEqual((nightly["action"], nightly["reason"]), ("remove", "selected"))
        self.assertEqual({one["reason"] for one in general["findings"] if one["holds"]}, {"in_use"})


class judged_images(with_node):
    def test_last_use_and_verdict_in_table_and_json(self):
        header, *rows = self.expect(0, "images").stdout.splitlines()
        self.assertEqual(header.split(), ["IMAGE", "ID", "SIZE", "FREED", "LAST", "USE", "VERDICT", "STATE", "AGE", "USED", "BY"])
        by_name = {row.split()[0]: row for row in rows}
        self.assertRegex(by_name["built:1"], r" local_only +unused ")
        self.assertRegex(by_name["mariadb:11"], r" unused +unused ")
        self.assertRegex(by_name["alpine:3.19"], r" in_use +in_use ")
        found = {one["id"]: one for one in self.json("images")["images"]}
        self.assertEqual(found[self.built.id]["verdict"]["reason"], "local_only")
        self.assertEqual(found[self.maria.id]["verdict"]["action"], "remove")
        self.assertRegex(found[self.maria.id]["last_used_at"], "^20")

    def test_least_recently_used_first(self):
        with agent(self, self.config(f'[engine]\nhost = "{self.engine.host}"\n[web]\nlisten = ["127.0.0.1:0"]\n')) as it:
            it.wait_for(lambda: it.metric('docksweep_images{state="unused"}') is not None, "a view", 60)
            self.engine.images.append(known("newest", "1", [("newest", 1)]))
            self.engine.emit("image", "pull", "newest:1", name="newest")
            it.wait_for(lambda: self.rows("SELECT count(*) FROM uses")[0][0] == 8, "the uses on disk", 60)
            it.end()
        self.configure()
        names = [row["tags"][:1] for row in self.json("images", "--sort", "used")["images"] if row["state"] != "in_use"]
        self.assertEqual(names[-1], ["newest:1"])


class terminals(with_node):
    def test_tables_fit_eighty_columns(self):
        self.app.tags = ["registry.example.com/team/a-rather-long-repository-name/app:1.4.2", "app:latest"]
        self.engine.images.append(known("registry.example.com/team/another-long-repository-name/tool", "2.0.1", [("x", 1)]))
        self.expect(0, "sweep", "little", "--yes")
        for command in (["plan", "nightly", "--all"], ["plan", "much"], ["explain", "app:latest"], ["images"], ["history"],
                        ["history", "--sweep", "1"]):
            status, text = self.on_terminal("--config", self.settings, *command, NO_COLOR="1")
            self.assertIn(status, (0, 3), text)
            table = [line for line in text.splitlines() if "  " in line and not line.startswith(("digests", "tags", "image "))]
            self.assertTrue(table)
            for line in table:
                self.assertLessEqual(len(line), 80, text)

    def test_colour_is_for_terminals_that_want_it(self):
        for command in (["plan", "nightly"], ["explain", "alpine:3.19"]):
            self.assertIn("\x1b[", self.on_terminal("--config", self.settings, *command)[1])
            self.assertNotIn("\x1b[", self.on_terminal("--config", self.settings, *command, NO_COLOR="1")[1])
            self.assertNotIn("\x1b[", self.ask(*command).stdout)


class api(with_node):
    def setUp(self):
        super().setUp()
        self.configure(more='[web]\nlisten = ["127.0.0.1:0"]\n', mode="observe")

    def test_plan_and_history_are_the_commands_json(self):
        self.expect(0, "sweep", "little", "--yes", "--enforce")
        with agent(self, self.settings) as it:
            shown = self.json("plan", "nightly")

            def served():
                status, text = it.ask("GET", "/api/v1/plan?policy=nightly")
                return json.loads(text) if status == 200 else {"steps": []}
            # When all details are read.
            it.wait_for(lambda: len(served()["steps"]) == len(shown["steps"]), "a plan", 60)
            self.assertEqual(set(served()), set(shown))
            # In another order: the agent has seen later when each was used.
            self.assertEqual({one["id"] for one in served()["steps"]}, {one["id"] for one in shown["steps"]})
            status, text = it.ask("GET", "/api/v1/history")
            self.assertEqual((status, json.loads(text)), (200, self.json("history")))
            self.assertEqual(json.loads(it.ask("GET", "/api/v1/history?policy=other")[1])["sweeps"], [])
            status, text = it.ask("GET", "/api/v1/plan?policy=nope")
            self.assertEqual(status, 404)
            self.assertIn("nightly", text)


if __name__ == "__main__":
    unittest.main()
