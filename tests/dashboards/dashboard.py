# Reads dashboards (classic Grafana JSON) and the rules beside them: panels, queries, alerts.
import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "dashboards"
RULES = ("rules.yml", "rules-info.yml")


def load(path):
    return json.loads(pathlib.Path(path).read_text())


def all_of(folder=FOLDER):
    """[(file name, dashboard)]"""
    return [(path.name, load(path)) for path in sorted(pathlib.Path(folder).glob("*.json"))]


def panels(board):
    """Every panel but the rows; those inside collapsed rows too."""
    for one in board["panels"]:
        if one["type"] == "row":
            yield from one.get("panels", [])
        else:
            yield one


def queries(board):
    """[(where, expression, instant)] of all panels and annotations."""
    for panel in panels(board):
        for target in panel.get("targets", []):
            yield f"{panel.get('title')!r} {target['refId']}", target["expr"], bool(target.get("instant"))
    for one in annotations(board):
        yield f"annotation {one['name']!r}", one["expr"], False


def annotations(board):
    """Those that ask Prometheus."""
    return [one for one in board["annotations"]["list"] if "expr" in one]


SELECTOR = re.compile(r"\b((?:[a-z_]+:)?(?:docksweep|process)_[a-z0-9_:]+|up)\b(\{(?:[^}\"]|\"[^\"]*\")*\})?(\[[^\]]*\])?")


def selectors(expression):
    """[(metric, matchers, range, the function whose argument it is)]; a text without the braces and brackets."""
    found = []
    for match in SELECTOR.finditer(expression):
        before = re.search(r"(\w+)\s*\(\s*$", expression[:match.start()])
        matchers, span = match.group(2), match.group(3)
        found.append((match.group(1), matchers[1:-1] if matchers else "", span[1:-1] if span else None,
                      before.group(1) if before else None))
    return found


def rules(path):
    """[{"alert" or "record", "expr", "severity", "summary", "description", "runbook_url"}], by the lines of the file."""
    found, key = [], None
    for line in pathlib.Path(path).read_text().splitlines():
        begin = re.match(r"      - (alert|record): (.*)", line)
        field = re.match(r" {8,10}(\w+): ?(.*)", line)
        if begin:
            found.append({begin.group(1): begin.group(2)})
        elif field and found:
            key = field.group(1)
            found[-1][key] = "" if field.group(2) in ("|", ">-") else field.group(2)
        elif found and line.startswith(" " * 10):
            found[-1][key] += " " + line.strip()
    return found
