# The linter sees each fault that it is there for: copies of the dashboards and rules, broken one way each.
import copy
import json
import pathlib
import shutil
import tempfile
import unittest

import conventions
import dashboard

NODE, FLEET = "docksweep-node.json", "docksweep-fleet.json"


def variable(board, name):
    return next(one for one in board["templating"]["list"] if one["name"] == name)


def first(board):
    return next(dashboard.panels(board))


def with_query(expression, instant=False):
    def change(board):
        first(board)["targets"][0].update(expr=expression, instant=instant)
    return change


MATCHERS = 'cluster=~"$cluster",job=~"$job",instance=~"$instance"'

# What is broken → a word of the fault that must be found.
BROKEN = {
    "another uid": (lambda board: board.update(uid="x"), "uid 'x'"),
    "another title": (lambda board: board.update(title="Docker"), "title 'Docker'"),
    "editable": (lambda board: board.update(editable=True), "editable"),
    "no tag": (lambda board: board.update(tags=[]), "no tag"),
    "an id": (lambda board: board.update(id=7), "an id"),
    "no description": (lambda board: board.update(description=""), "no description"),
    "no data source to choose": (lambda board: variable(board, "datasource").update(query="loki"), "no variable datasource"),
    "no cluster": (lambda board: board["templating"]["list"].remove(variable(board, "cluster")), "no variable cluster"),
    "one job only": (lambda board: variable(board, "job").update(multi=False), "variable job"),
    "All that is something else": (lambda board: variable(board, "instance").update(allValue=".*"), "variable instance"),
    "a cluster that must be there": (lambda board: variable(board, "cluster").update(allValue=".+"), "variable cluster"),
    "a variable read once": (lambda board: variable(board, "job").update(refresh=1), "follows the time range"),
    "a variable of a fixed source": (lambda board: variable(board, "job").update(datasource={"uid": "abc"}), "variable job does not"),
    "no title": (lambda board: first(board).update(title=""), "no title"),
    "a panel without a description": (lambda board: first(board).pop("description"), "no description"),
    "no unit": (lambda board: first(board)["fieldConfig"]["defaults"].pop("unit"), "no unit"),
    "no query": (lambda board: first(board).update(targets=[]), "asks nothing"),
    "a fixed source": (lambda board: first(board)["targets"][0].update(datasource={"uid": "abc"}), "the chosen data source"),
    "the same id twice": (lambda board: first(board).update(id=board["panels"][-1]["id"]), "two panels have the id"),
    "panels that overlap": (lambda board: first(board)["gridPos"].update(board["panels"][-1]["gridPos"]), "overlap"),
    "a panel too wide": (lambda board: first(board)["gridPos"].update(x=20, w=8), "beyond the grid"),
    "no matcher at all": (with_query("docksweep_images"), "no matcher instance"),
    "no job": (with_query('docksweep_images{cluster=~"$cluster",instance=~"$instance"}'), 'no matcher job=~"$job"'),
    "one selector of two": (with_query(f"docksweep_images{{{MATCHERS}}} / docksweep_disk_files"), "docksweep_disk_files has no"),
    "a bare counter": (with_query(f"docksweep_sweeps_total{{{MATCHERS}}}"), "stands outside rate"),
    "a fixed rate": (with_query(f"rate(docksweep_sweeps_total{{{MATCHERS}}}[5m])"), "not [$__rate_interval]"),
    "a fixed increase": (with_query(f"increase(docksweep_sweeps_total{{{MATCHERS}}}[1d])"), "over [1d]"),
    "an increase of the whole range at each step":
        (with_query(f"increase(docksweep_sweeps_total{{{MATCHERS}}}[$__range])"), "over [$__range]"),
    "no metric": (with_query("vector(1)"), "asks for no metric"),
    "an annotation of all nodes":
        (lambda board: dashboard.annotations(board)[0].update(expr="docksweep_sweep_last_success_timestamp_seconds"), "annotation"),
    "no annotations": (lambda board: board["annotations"].update(list=[]), "sweeps are no annotations"),
}


class boards(unittest.TestCase):
    def test_both_are_without_fault(self):
        self.assertEqual([name for name, _ in dashboard.all_of()], sorted(conventions.UIDS))
        self.assertEqual(conventions.faults(), [])

    def test_each_fault_is_seen(self):
        for name in conventions.UIDS:
            for what, (change, words) in BROKEN.items():
                with self.subTest(name, what=what):
                    board = copy.deepcopy(dashboard.load(dashboard.FOLDER / name))
                    change(board)
                    self.assertIn(words, "\n".join(conventions.faults_of(name, board)))

    def test_missing_links_are_seen(self):
        for name in conventions.UIDS:
            board = dashboard.load(dashboard.FOLDER / name)
            board["links"] = []
            for panel in dashboard.panels(board):
                panel["fieldConfig"]["overrides"] = []
            found = "\n".join(conventions.faults_of(name, board))
            self.assertIn("no link to docksweep-", found)
            self.assertIn("no link to the node's own page", found)

    def test_an_increase_over_the_range_is_fine_where_it_is_one_figure(self):
        board = dashboard.load(dashboard.FOLDER / NODE)
        with_query(f"increase(docksweep_sweeps_total{{{MATCHERS}}}[$__range])", instant=True)(board)
        self.assertEqual(conventions.faults_of(NODE, board), [])


class rules(unittest.TestCase):
    # File, what stands there, what stands there instead → a word of the fault.
    BROKEN = (
        ("dashboards/rules.yml", "alert: DocksweepThrashing", "alert: thrashing", "is not Docksweep and more"),
        ("dashboards/rules.yml", "severity: critical", "severity: page", "severity 'page'"),
        ("dashboards/rules.yml", "runbook_url: docs/runbook.md#docksweepdown", "runbook_url: docs/runbook.md", "does not lead to"),
        ("dashboards/rules.yml", "summary: docksweep on {{ $labels.instance }} cannot keep", "title: cannot keep", "no summary"),
        ("dashboards/rules.yml", "record: instance_path:docksweep_disk_used:ratio", "record: instance:unused:ratio", "no dashboard uses"),
        ("dashboards/rules-info.yml", "alert: DocksweepSwept", "alert: DocksweepRan", "no test sees DocksweepRan fire"),
        ("dashboards/tests/rules_test.yml", "alertname: DocksweepDown\n        exp_alerts: []",
         "alertname: DocksweepDown\n        exp_alerts:", "no test sees DocksweepDown stay quiet"),
        ("dashboards/tests/rules_info_test.yml", "alertname: DocksweepSwept\n        exp_alerts:\n",
         "alertname: DocksweepSwept\n        exp_alerts: []\n", "no test sees DocksweepSwept fire"),
        ("docs/runbook.md", "## DocksweepThrashing\n", "", "DocksweepThrashing is an alert alone"),
        ("docs/runbook.md", "## DocksweepDown\n", "## DocksweepDown\n## DocksweepOld\n", "DocksweepOld is a section of the runbook alone"),
    )

    def test_each_fault_is_seen(self):
        for file, stands, instead, words in self.BROKEN:
            with self.subTest(file, instead=instead), tempfile.TemporaryDirectory() as place:
                shutil.copytree(dashboard.FOLDER, f"{place}/dashboards")
                pathlib.Path(f"{place}/docs").mkdir()
                shutil.copy(dashboard.FOLDER.parent / "docs/runbook.md", f"{place}/docs")
                path = pathlib.Path(place, file)
                self.assertIn(stands, path.read_text())
                path.write_text(path.read_text().replace(stands, instead))
                self.assertIn(words, "\n".join(conventions.faults(f"{place}/dashboards")))

    def test_a_missing_dashboard_is_seen(self):
        with tempfile.TemporaryDirectory() as place:
            shutil.copytree(dashboard.FOLDER, f"{place}/dashboards")
            pathlib.Path(f"{place}/docs").mkdir()
            shutil.copy(dashboard.FOLDER.parent / "docs/runbook.md", f"{place}/docs")
            pathlib.Path(place, "dashboards", NODE).unlink()
            self.assertIn(f"{NODE} is missing", conventions.faults(f"{place}/dashboards"))


class reading(unittest.TestCase):
    def test_selectors(self):
        self.assertEqual(dashboard.selectors('sum by (job) (rate(docksweep_a_total{x="}",y=~"$y"}[5m])) / process_b'),
                         [("docksweep_a_total", 'x="}",y=~"$y"', "5m", "rate"), ("process_b", "", None, None)])
        self.assertEqual(dashboard.selectors("instance_path:docksweep_disk_used:ratio > 1"),
                         [("instance_path:docksweep_disk_used:ratio", "", None, None)])

    def test_rules_are_as_many_as_the_file_begins(self):
        for name in dashboard.RULES:
            text = (dashboard.FOLDER / name).read_text()
            listed = dashboard.rules(dashboard.FOLDER / name)
            self.assertEqual(len(listed), text.count("- alert: ") + text.count("- record: "))
            self.assertTrue(all(one["expr"] for one in listed))

    def test_a_rule_of_several_lines_is_read_whole(self):
        listed = {one.get("alert"): one for one in dashboard.rules(dashboard.FOLDER / "rules.yml")}
        self.assertEqual(listed["DocksweepInodesFillingUp"]["expr"].split(),
                         "predict_linear(docksweep_disk_files_free[6h], 86400) < 0 "
                         "and docksweep_disk_files_free / docksweep_disk_files < 0.4".split())

    def test_dashboards_are_written_as_json_writes_them(self):
        """So that a change shows as the lines that it is about."""
        for name, board in dashboard.all_of():
            text = json.dumps(board, indent=2, ensure_ascii=False) + "\n"
            self.assertEqual((dashboard.FOLDER / name).read_text(), text, name)


if __name__ == "__main__":
    unittest.main()
