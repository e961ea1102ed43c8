#!/usr/bin/env python3
"""
The pages of docs/ that are made from the program: configuration.md from the description of the configuration's keys,
metrics.md from what a running agent exposes.

    DOCKSWEEP_BINARY=build/release/docksweep tests/docs/pages.py     writes them
"""

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
sys.path += [str(REPOSITORY / "tests" / folder) for folder in ("cli", "support")]

# Labels whose values are the same everywhere.
CLOSED = ("state", "reason", "trigger", "kind", "resource", "source", "status")
POLICIES = """
mode = "observe"
[metrics]
per_image = 2
[[policy]]
name = "pressure"
when = { disk_above = 0.99 }
until = { disk_below = 0.98 }
remove = { images = "unused" }
[[policy]]
name = "nightly"
when = { schedule = "0 2 * * *" }
remove = { images = "dangling" }
keep = { min_age = "0s" }
"""
METRICS_HEAD = """# Metrics

<!-- Made by tests/docs/pages.py from what the agent exposes. -->

`GET /metrics` serves them in the text format 0.0.4, or OpenMetrics when asked for; `docksweep metrics` writes, for
node_exporter's textfile collector, the gauges that one look at the node can tell (last uses, what protects an image and
pauses are an agent's to know). A scrape never talks to the engine: it serves what is known. When the engine has not
answered for three resyncs its series disappear; `docksweep_engine_up`, the file systems and the agent's own stay.
"""


def configuration_page():
    done = subprocess.run(
        [os.environ["DOCKSWEEP_BINARY"], "reference", "configuration"], capture_output=True, text=True, check=True
    )
    return done.stdout


def metrics_page():
    families = exposed()
    page = METRICS_HEAD
    for title, fits in (
        ("The node and its policies", lambda name: name.startswith("docksweep_")),
        ("The process", lambda name: name.startswith("process_")),
    ):
        page += f"\n## {title}\n\n| name | type | labels | meaning |\n|---|---|---|---|\n"
        for name, (kind, text, labels) in sorted(families.items()):
            if fits(name):
                shown = ", ".join(
                    label + ("=" + "\\|".join(sorted(values)) if label in CLOSED else "")
                    for label, values in sorted(labels.items())
                )
                page += f"| `{name}` | {kind} | {shown} | {text} |\n"
    return page


def exposed():
    """{name: (type, help, {label: {value}})} of an agent with an engine, policies, series for images, and a sweep."""
    from fake_engine import container, fake_engine, image
    from ports import free_port

    with tempfile.TemporaryDirectory(prefix="dsd-", dir="/tmp") as folder:
        port = free_port()
        one, two = image(["alpine:3.19"], [("base", 50_000_000)]), image([], [("old", 7_000_000)])
        with fake_engine(f"{folder}/e.sock", [one, two], [container("web", one)], root=folder) as engine:
            pathlib.Path(folder, "docksweep.toml").write_text(
                f'{POLICIES}\n[engine]\nhost = "{engine.host}"\n[state]\npath = "{folder}/state.db"\n[web]\nlisten = ["127.0.0.1:{port}"]\n'
            )
            with open(f"{folder}/log", "wb") as log:
                agent = subprocess.Popen(
                    [os.environ["DOCKSWEEP_BINARY"], "--config", f"{folder}/docksweep.toml", "run"], stderr=log
                )
            place = f"http://127.0.0.1:{port}/metrics", pathlib.Path(folder, "log")
            try:
                settled(*place, SETTLED)
                subprocess.run(
                    [os.environ["DOCKSWEEP_BINARY"], "--config", f"{folder}/docksweep.toml", "sweep", "nightly"]
                    + ["--yes", "--enforce"],
                    check=True,
                    capture_output=True,
                )
                return families_of(settled(*place, (*SETTLED, "docksweep_sweep_last_success_timestamp_seconds{")))
            finally:
                agent.terminate()
                agent.wait(20)


# The engine was listed, its disk measured, and the policies planned.
SETTLED = (
    "docksweep_engine_up 1\n",
    "docksweep_policy_plan_images{",
    "docksweep_disk_usage_bytes{",
    "docksweep_policy_value{",
)


def settled(url, log, wanted):
    """The exposition, once it has all of this."""
    deadline, text = time.monotonic() + 60, ""
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            text = answer.read().decode()
            if all(word in text for word in wanted):
                return text
        time.sleep(0.2)
    raise AssertionError(
        f"the agent did not expose {[word for word in wanted if word not in text]}; its log:\n{log.read_text()}"
    )


def families_of(text):
    found = {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, words = line[7:].split(" ", 1)
            found[name] = [None, words.replace("|", "\\|"), {}]
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            found[name][0] = kind
        else:
            name = re.match(r"[a-z0-9_]+", line)[0]
            family = name if name in found else re.sub(r"_(bucket|sum|count)$", "", name)
            for label, value in re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', line):
                if label != "le":
                    found[family][2].setdefault(label, set()).add(value)
    return {name: tuple(parts) for name, parts in found.items()}


PAGES = {"configuration.md": configuration_page, "metrics.md": metrics_page}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (DOCS / name).write_text(make())
