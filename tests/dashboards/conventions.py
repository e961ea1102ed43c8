#!/usr/bin/env python3
# What every dashboard and rule of dashboards/ keeps to. `conventions.py [FOLDER]` prints each fault and ends with 1.
import pathlib
import re
import sys

import dashboard

UIDS = {"docksweep-node.json": "docksweep-node", "docksweep-fleet.json": "docksweep-fleet"}
# Several of each may be chosen. A cluster label may be missing: only ".*" matches no label too.
ALL_VALUES = {"cluster": ".*", "job": ".+", "instance": ".+"}
GRID_COLUMNS = 24
SEVERITIES = ("critical", "warning", "info")
OWN_PAGE = ("http://${instance}/", "http://${__value.raw}/")


def faults_of(name, board):
    """Every fault of one dashboard, in words."""
    return [f"{name}: {fault}" for part in (_head, _variables, _panels, _grid, _queries, _annotations, _links)
            for fault in part(name, board)]


def _head(name, board):
    if board.get("uid") != UIDS.get(name):
        yield f"uid {board.get('uid')!r} is not the one that links and bookmarks know ({UIDS.get(name)!r})"
    if not re.fullmatch(r"docksweep / \w+", board.get("title", "")):
        yield f"title {board.get('title')!r} is not 'docksweep / NAME'"
    if board.get("editable") is not False:
        yield "editable is not false"
    if "docksweep" not in board.get("tags", []):
        yield "no tag docksweep"
    if board.get("id") is not None:
        yield "an id, which belongs to one Grafana"
    if not board.get("description"):
        yield "no description"


def _variables(_, board):
    known = {one["name"]: one for one in board["templating"]["list"]}
    source = known.get("datasource", {})
    if (source.get("type"), source.get("query")) != ("datasource", "prometheus"):
        yield "no variable datasource that chooses a Prometheus"
    for name, everything in ALL_VALUES.items():
        one = known.get(name)
        if one is None:
            yield f"no variable {name}"
            continue
        if one.get("type") != "query" or one.get("refresh") != 2:
            yield f"variable {name} is not a query that follows the time range"
        if one.get("multi") is not True or one.get("allValue") != everything:
            yield f"variable {name} is not multi with All = {everything!r}"
        if one.get("datasource", {}).get("uid") != "${datasource}":
            yield f"variable {name} does not ask the chosen data source"


def _panels(_, board):
    seen = set()
    for panel in board["panels"] + [inner for one in board["panels"] for inner in one.get("panels", [])]:
        if panel["id"] in seen:
            yield f"two panels have the id {panel['id']}"
        seen.add(panel["id"])
    for panel in dashboard.panels(board):
        title = panel.get("title")
        if not title or not panel.get("description"):
            yield f"panel {panel['id']} ({title!r}) has no title or no description"
        if not panel.get("fieldConfig", {}).get("defaults", {}).get("unit"):
            yield f"panel {title!r} has no unit"
        if not panel.get("targets"):
            yield f"panel {title!r} asks nothing"
        for source in [panel.get("datasource")] + [target.get("datasource") for target in panel.get("targets", [])]:
            if not source or source.get("uid") != "${datasource}":
                yield f"panel {title!r} does not ask the chosen data source"


def _grid(_, board):
    taken = {}
    for panel in board["panels"]:
        place, title = panel["gridPos"], panel.get("title")
        if place["x"] < 0 or place["x"] + place["w"] > GRID_COLUMNS:
            yield f"panel {title!r} reaches beyond the grid"
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if (x, y) in taken:
                    yield f"panels {taken[x, y]!r} and {title!r} overlap"
                    return
                taken[x, y] = title


def _queries(_, board):
    for where, expression, instant in dashboard.queries(board):
        found = dashboard.selectors(expression)
        if not found:
            yield f"{where} asks for no metric: {expression}"
        for metric, matchers, span, function in found:
            for label in ALL_VALUES:
                if f'{label}=~"${label}"' not in matchers:
                    yield f"{where}: {metric} has no matcher {label}=~\"${label}\""
            if metric.endswith("_total") and (span is None or function not in ("rate", "increase")):
                yield f"{where}: the counter {metric} stands outside rate and increase"
            if function in ("rate", "irate") and span != "$__rate_interval":
                yield f"{where}: {function} of {metric} over [{span}] and not [$__rate_interval]"
            if function == "increase" and span not in ("$__rate_interval", "$__range" if instant else None):
                yield f"{where}: increase of {metric} over [{span}]"


def _annotations(_, board):
    asked = [one["expr"] for one in dashboard.annotations(board)]
    for metric in ("docksweep_sweep_last_success_timestamp_seconds", "docksweep_sweep_failures_total",
                   "docksweep_sweep_targets_missed_total"):
        if not any(metric in expression for expression in asked):
            yield f"sweeps are no annotations: none asks {metric}"


def _links(name, board):
    urls = [one["url"] for one in board["links"]] + _column_links(board)
    for uid in set(UIDS.values()) - {UIDS.get(name)}:
        if not any(url.startswith(f"/d/{uid}") for url in urls):
            yield f"no link to {uid}"
    if not any(url in OWN_PAGE for url in urls):
        yield "no link to the node's own page"


def _column_links(board):
    return [link["url"] for panel in dashboard.panels(board) for override in panel["fieldConfig"]["overrides"]
            for one in override["properties"] if one["id"] == "links" for link in one["value"]]


def faults_of_rules(folder):
    """Every fault of the rules, of their tests, and of the runbook beside them."""
    folder = pathlib.Path(folder)
    listed = [one for name in dashboard.RULES for one in dashboard.rules(folder / name)]
    alerts = [one["alert"] for one in listed if "alert" in one]
    tests = "".join(path.read_text() for path in sorted((folder / "tests").glob("*_test.yml")))
    runbook = re.findall(r"^## (\w+)$", (folder.parent / "docs/runbook.md").read_text(), re.MULTILINE)
    boards = "".join(path.read_text() for path in folder.glob("*.json"))
    for one in listed:
        if "record" in one and one["record"] not in boards:
            yield f"no dashboard uses what {one['record']} records"
    for one in (one for one in listed if "alert" in one):
        name = one["alert"]
        if not re.fullmatch(r"Docksweep[A-Z]\w+", name):
            yield f"alert {name} is not Docksweep and more in CamelCase"
        if one.get("severity") not in SEVERITIES:
            yield f"{name}: severity {one.get('severity')!r} is none of {', '.join(SEVERITIES)}"
        if not one.get("summary") or not one.get("description"):
            yield f"{name} has no summary or no description"
        if one.get("runbook_url") != f"docs/runbook.md#{name.lower()}":
            yield f"{name}: runbook_url {one.get('runbook_url')!r} does not lead to its section"
        for ending, words in ((r" \[\]", "stay quiet"), (r"\n", "fire")):
            if not re.search(rf"alertname: {name}\n +exp_alerts:{ending}", tests):
                yield f"no test sees {name} {words}"
    for name in sorted(set(alerts) ^ set(runbook)):
        yield f"{name} is {'an alert' if name in alerts else 'a section of the runbook'} alone"


def faults(folder=dashboard.FOLDER):
    boards = dashboard.all_of(folder)
    missing = [f"{name} is missing" for name in UIDS if name not in dict(boards)]
    found = [fault for name, board in boards for fault in faults_of(name, board)]
    return missing + found + list(faults_of_rules(folder))


if __name__ == "__main__":
    found = faults(*sys.argv[1:2])
    print("\n".join(found) or "every dashboard and rule keeps to the conventions")
    sys.exit(1 if found else 0)
