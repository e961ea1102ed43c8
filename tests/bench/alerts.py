# How soon /metrics is answered while webhooks come in, one of which starts a sweep of a real Docker.
import datetime
import json
import os
import pathlib
import re
import subprocess
import tempfile

import containers
import docksweep
import images
import sweeping
from engine import docker
from figures import figure
from processes import cores_for_server_and_load, on_cores

POSTS_LIMIT, POSTS_PACE = 2000, 2050  # a second; the pace is a little above what is wanted
SCRAPE_P99_LIMIT_MS = 5
SCRAPES_PACE = 100
SECONDS = 10
IMAGES = 1000
TOKEN = "a-token-that-only-this-benchmark-knows"
PACED = pathlib.Path(__file__).with_name("paced.lua")
POLICY = {"name": "on-alert", "when": {"alerts": ['alertname="DiskFull"']}, "remove": {"images": "unused"},
          "limits": {"images": IMAGES}}


def figures():
    with docker("20.10") as engine:
        containers.runnable(engine)
        containers.create(engine, containers.REFERENCE, "holder")
        images.load_images(engine, images.many_images(IMAGES))
        settings = {"mode": "enforce", "settle": "0s", "keep": sweeping.KEEP_NOTHING, "policy": [POLICY],
                    "alertmanager": {"node": 'instance="here"'}, "log": {"level": "warn"}}
        with docksweep.agent(engine.host, settings, token=TOKEN) as one:
            known = lambda: one.metrics().value("docksweep_policy_plan_images", policy="on-alert") == IMAGES
            one.wait_for(known, "a plan for all images", 120, 0.2)
            server, load = cores_for_server_and_load()
            for task in os.listdir(f"/proc/{one.process.pid}/task"):
                os.sched_setaffinity(int(task), server)
            yield from measured(one, load)


def measured(one, load):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as bodies:
        bodies.write("".join(json.dumps(body) + "\n" for body in payloads()))
        bodies.flush()
        posting = wrk(load, 16, f"{one.url}/api/v1/alerts", str(POSTS_PACE), bodies.name)
        scraping = wrk(load, 1, f"{one.url}/metrics", str(SCRAPES_PACE))
        posts, scrapes = finished(posting), finished(scraping)
    # A sweep that the load has outlived ends within a minute.
    ended = lambda: one.metrics().value("docksweep_sweep_in_progress") == 0
    one.wait_for(ended, "the end of the sweep", 60, 0.2)
    sweeps = one.get("/api/v1/history").json()["sweeps"]
    swept = [(sweep["trigger"], sweep["outcome"]) for sweep in sweeps]
    if swept != [("alert", "reached")]:
        raise RuntimeError(f"one sweep was to be started by all these posts: {swept}")
    began, end = (datetime.datetime.fromisoformat(sweeps[0][name]) for name in ("began_at", "ended_at"))
    removed = one.metrics().value("docksweep_removed_images_total", policy="on-alert")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", posts)[1])
    yield figure("webhook posts a second", rate, POSTS_LIMIT, "/s", at_least=True,
                 beside=f"{percentile(posts, 99):.2f} ms at p99; one of them started a sweep of {removed:,.0f} images, "
                        f"{(end - began).total_seconds():.1f} s of {SECONDS} s")
    yield figure("GET /metrics meanwhile, p99", percentile(scrapes, 99), SCRAPE_P99_LIMIT_MS, "ms",
                 beside=f"{SCRAPES_PACE} a second; p50 {percentile(scrapes, 50):.2f} ms, "
                        f"p90 {percentile(scrapes, 90):.2f} ms")


def payloads():
    """What Alertmanager would post: an alert that starts the policy, another, another node's, and one that is over."""
    for name, instance, status in (("DiskFull", "here", "firing"), ("Other", "here", "firing"),
                                   ("DiskFull", "there", "firing"), ("DiskFull", "here", "resolved")):
        labels = {"alertname": name, "instance": instance, "job": "docksweep", "severity": "critical", "status": status}
        alert = {"status": status, "labels": labels, "startsAt": "2026-01-02T03:04:05.678Z",
                 "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-01-02T03:14:05.678Z",
                 "annotations": {"summary": "The disk is full", "description": "It fills up for an hour now. " * 10},
                 "generatorURL": "http://prometheus.example.com:9090/graph?g0.expr=up"}
        yield {"version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": status, "receiver": "docksweep",
               "groupLabels": labels, "commonLabels": labels, "commonAnnotations": {}, "alerts": [alert],
               "externalURL": "http://alertmanager.example.com:9093"}


def wrk(cores, connections, url, *arguments):
    return subprocess.Popen(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", f"-s{PACED}",
                             f"-HAuthorization: Bearer {TOKEN}", url, "--", *arguments], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=on_cores(cores))


def finished(run):
    text, _ = run.communicate(timeout=SECONDS + 60)
    if run.returncode != 0 or "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(f"wrk ended with {run.returncode}:\n{text}")
    return text


def percentile(text, share):
    """Milliseconds, out of what wrk --latency prints: "99%    1.25ms" """
    number, unit = re.search(rf"^\s+{share}%\s+([\d.]+)(us|ms|s)$", text, re.MULTILINE).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]
