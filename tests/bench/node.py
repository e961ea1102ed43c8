# Figures of the agent on a node with 1,000 images of three layers: a real Docker 20.10, and a replay of its answers.
import http.client
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import time

import docksweep
from engine import docker
from figures import figure
from images import load_images, many_images
from processes import MIB, allow_many_files, cores_for_server_and_load, cpu_seconds, memory, on_cores, peak_of
from replay import record, replayed

IMAGES = 1000
REFRESHES = 10_000
# A leak of 33 bytes for each refresh would be seen.
GROWTH_LIMIT = 256 * 1024


def figures(folder):
    """Every figure of this file, as they come; `folder` is for recordings and states."""
    with docker("20.10") as engine:
        print(f"loading {IMAGES} images of 3 layers into a real Docker 20.10", flush=True)
        load_images(engine, many_images(IMAGES))
        record(engine, folder)
        with agent(engine.host, f"{folder}/state") as one:
            wait_for_details(one)
            yield from memory_figures(one, engine)
        yield cpu_figure(engine, f"{folder}/state")
        real_start = start_seconds(engine.host, f"{folder}/state")
    with replayed(folder) as engine:
        yield start_figure(engine.host, f"{folder}/state", real_start)
        with agent(engine.host, f"{folder}/state") as one:
            yield growth_figure(one, engine)
    with replayed(folder) as engine:
        yield scrape_figure(engine.host, f"{folder}/state")


def agent(host, state, ready=True, **sections):
    """An agent with the default configuration, but for its state, which outlives it, and more sections of it."""
    os.makedirs(state, exist_ok=True)
    settings = {"state": {"path": f"{state}/state.db"}, "log": {"level": "warn"}, **sections}
    return docksweep.agent(host, settings, ready=ready)


def requests(one, endpoint):
    return one.metrics().value("docksweep_engine_requests_total", endpoint=endpoint)


def known_images(one):
    return sum(one.metrics().family("docksweep_images", "state").values())


def wait_for_details(one):
    """Until inspect and history of every image were read (once, and kept)."""
    one.wait_for(lambda: known_images(one) == IMAGES and requests(one, "image_history") >= IMAGES, "all details", 120, 0.2)
    time.sleep(2)


def refresh(one):
    """One full listing, asked for as a person would: SIGHUP."""
    before = requests(one, "images_list")
    one.process.send_signal(signal.SIGHUP)
    one.wait_for(lambda: requests(one, "images_list") > before, "a refresh after SIGHUP", 30, 0.1)


def memory_figures(one, engine):
    for _ in range(3):
        refresh(one)
        for headers in ({}, {"Accept": "application/openmetrics-text; version=1.0.0"}, {"Accept-Encoding": "gzip"}):
            one.scrape(headers)
        one.get("/").expect(200)
        one.get("/api/v1/inventory").expect(200)
    time.sleep(2)
    used = memory(one.process.pid)
    listing = "http://localhost/v1.41/images/json?all=1"
    curl = peak_of(["curl", "-sf", "--unix-socket", engine.socket, listing])
    yield figure("RssAnon, 1,000 images", used["RssAnon"] / MIB, 8, "MiB",
                 beside=f"while details were read, resident at most {used['VmHWM'] / MIB:.1f} MiB")
    yield figure("resident memory, 1,000 images", used["VmRSS"] / MIB, 24, "MiB",
                 beside=f"curl fetching the same list: {curl / MIB:.1f} MiB")


def cpu_figure(engine, state, count=40):
    """A listing every 1.5 s: each on its own, and within the share of wall time that listings may take."""
    with agent(engine.host, state, inventory={"resync": "1500ms"}) as one:
        one.wait_for(lambda: known_images(one) == IMAGES, "the first view", 30)
        time.sleep(5)
        listed, daemon = requests(one, "images_list"), engine.pid
        ours, theirs = cpu_seconds(one.process.pid), cpu_seconds(daemon)
        time.sleep(1.5 * count)
        ours, theirs = cpu_seconds(one.process.pid) - ours, cpu_seconds(daemon) - theirs
        listed = requests(one, "images_list") - listed
    if listed < count / 2:
        raise RuntimeError(f"{count} refreshes were to be made, {listed:.0f} listings came: is this machine busy?")
    return figure("agent CPU for a refresh of 1,000 images", 100 * ours / theirs, 5, "% of the engine's",
                  beside=f"agent {1000 * ours / listed:.2f} ms, engine {1000 * theirs / listed:.1f} ms, {listed:.0f} refreshes")


def is_complete(page):
    """Every image is counted, disk usage is there, and what would come back is known."""
    return (sum(page.family("docksweep_images", "state").values()) == IMAGES
            and len(page.family("docksweep_disk_usage_bytes", "resource")) == 4
            and len(page.labels("docksweep_images_reclaimable_bytes")) == 1)


def start_seconds(host, state):
    """Start of the process to the first complete metrics, wall time."""
    with agent(host, state, ready=False) as one:
        one.wait_for(lambda: is_complete(one.metrics()), "complete metrics", 30, 0.002)
        took = time.monotonic() - one.began
        if requests(one, "image_history") != 0:
            raise RuntimeError("the images were not known: the agent read their history again")
        return took


def start_figure(host, state, real_start, times=7):
    took = [start_seconds(host, state) for _ in range(times)]
    return figure("start to first complete metrics", 1000 * statistics.median(took), 300, "ms",
                  beside=f"wall time on an engine that answers at once; on Docker 20.10 {1000 * real_start:.0f} ms")


def growth_figure(one, engine):
    """
    Memory in the second tenth of the refreshes and in the last one: what caches and the allocator need is there by then.
    Medians of many moments: at one alone a listing may just be in hand, which takes half a mebibyte for a while.
    """
    began, since, seen = engine.listings(), time.monotonic(), {1: [], 9: []}
    while (done := engine.listings() - began) < REFRESHES:
        one.process.send_signal(signal.SIGHUP)
        time.sleep(0.02)
        if one.process.poll() is not None:
            raise RuntimeError(f"the agent ended during the refreshes:\n{one.log()}")
        tenth = 10 * done // REFRESHES
        if tenth in seen:
            seen[tenth].append(memory(one.process.pid)["RssAnon"])
    first, last = (statistics.median(seen[tenth]) for tenth in (1, 9))
    return figure(f"growth over {REFRESHES:,} refreshes", (last - first) / 1024, GROWTH_LIMIT / 1024, "KiB",
                  beside=f"RssAnon {first / MIB:.2f} and {last / MIB:.2f} MiB, after {time.monotonic() - since:.0f} s")


def wrk(port, cores, seconds=10):
    """Requests a second that /metrics of a port answers, all of them with success."""
    done = subprocess.run(["wrk", "-t1", "-c16", f"-d{seconds}s", f"http://127.0.0.1:{port}/metrics"], text=True, check=True,
                          capture_output=True, preexec_fn=on_cores(cores))
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"wrk met errors:\n{done.stdout}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])


def scrape_figure(host, state):
    allow_many_files()
    server, load = cores_for_server_and_load()
    with agent(host, state) as one:
        size = len(one.scrape().body)
        for task in os.listdir(f"/proc/{one.process.pid}/task"):
            os.sched_setaffinity(int(task), server)
        ours = wrk(one.port, load)
    return figure("scrapes a second, one core", ours, 5000, "/s", at_least=True,
                  beside=f"{size:,} bytes each; {node_exporter_scrapes(server, load)}")


def node_exporter_scrapes(server, load):
    program = shutil.which("prometheus-node-exporter")
    if program is None:
        raise RuntimeError("no prometheus-node-exporter on PATH: run tests/run --bench")
    port = docksweep.free_port()
    exporter = subprocess.Popen([program, f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, env={**os.environ, "GOMAXPROCS": "1"}, preexec_fn=on_cores(server))
    try:
        for _ in range(100):
            try:
                link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                link.request("GET", "/metrics")
                size = len(link.getresponse().read())
                break
            except OSError:
                time.sleep(0.1)
        return f"node_exporter: {wrk(port, load):,.0f} /s of {size:,} bytes"
    finally:
        exporter.kill()
        exporter.wait(10)
