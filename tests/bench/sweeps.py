# How fast a sweep of 500 images is beside a bare loop that asks a real Docker the same, and how soon the agent removes
# something once a threshold is crossed.
import http.client
import json
import os
import statistics
import threading
import time

import containers
import docksweep
import images
import sweeping
import unix_http
from engine import docker
from figures import figure
from proxy import counting_proxy

IMAGES = 500
RATIO_LIMIT = 1.10
ROUNDS = 9  # a disk that others use makes single rounds differ by half
FIRST_DELETE_LIMIT_SECONDS = 1
NODE_IMAGES = 1000


def figures():
    with docker("20.10") as engine:
        yield sweep_figure(engine)
    with docker("20.10") as engine:
        yield first_delete_figure(engine, FIRST_DELETE_LIMIT_SECONDS, NODE_IMAGES)
    with docker("26-containerd") as engine:
        print(first_delete_figure(engine, float("inf"), NODE_IMAGES // 5).cells(), flush=True)


class stopwatch:
    """By the engine's own clock: from the first event of an image that goes to the last one."""

    def __init__(self, engine):
        self._stream, self._times = engine.events(filters=json.dumps({"type": ["image"]})), []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            for event in self._stream:
                if event.get("Action") in ("untag", "delete"):
                    self._times.append(event["timeNano"])
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass  # closed

    def seconds(self):
        time.sleep(0.5)
        self._stream.close()
        return (max(self._times) - min(self._times)) / 1e9


def sweep_figure(engine):
    """Sweeps and loops in turn, now one first and now the other, on the same images, loaded again each time."""
    containers.runnable(engine)
    containers.create(engine, containers.REFERENCE, "holder")
    loaded = images.many_images(IMAGES, tops=100)
    asked = requests_of_a_sweep(engine, loaded)
    deletes = [one for one in asked if one[0] == "DELETE"]
    took = {"sweep": [], "loop": [], "deletes": []}
    works = [("sweep", lambda: sweep(engine.host)), ("loop", lambda: replay(engine, asked))]
    for _ in range(ROUNDS):
        for name, work in works:
            took[name].append(timed(engine, loaded, work))
        works.reverse()
    for _ in range(ROUNDS // 3):
        took["deletes"].append(timed(engine, loaded, lambda: replay(engine, deletes)))
    swept, looped, bare = (statistics.median(took[name]) for name in ("sweep", "loop", "deletes"))
    return figure(f"sweep of {IMAGES} images, times the same calls in a bare loop", swept / looped, RATIO_LIMIT, "",
                  beside=f"sweep {swept:.2f} s, the same calls {looped:.2f} s, the DELETEs alone {bare:.2f} s "
                         f"(medians of {ROUNDS}; of the last {ROUNDS // 3})")


def sweep(host):
    with sweeping.policies(host) as node:
        status, out, err = node.sweep()
        if status != 0:
            raise RuntimeError(f"the sweep ended with {status}: {err or out}")


def timed(engine, loaded, work):
    images.load_images(engine, loaded)
    watch = stopwatch(engine)
    time.sleep(0.5)
    work()
    took = watch.seconds()
    left = sweeping.tags(engine) - {containers.REFERENCE}
    if left:
        raise RuntimeError(f"{len(left)} images are still there")
    return took


def requests_of_a_sweep(engine, loaded):
    """[(method, target)] from the first re-check to the last DELETE."""
    images.load_images(engine, loaded)
    with counting_proxy(engine.socket, f"{engine.folder}/s/sweep.sock") as proxy:
        sweep(proxy.host)
        asked = [(one.method, one.target) for one in proxy.requests()]
    first = next(number for number, one in enumerate(asked) if one[0] == "DELETE")
    last = max(number for number, one in enumerate(asked) if one[0] == "DELETE")
    # What looked at the first image again comes just before its DELETE: as many calls as before the second one.
    second = next(number for number in range(first + 1, len(asked)) if asked[number][0] == "DELETE")
    return asked[first - (second - first - 1):last + 1]


def replay(engine, asked):
    """The same calls on one connection, each answer read to its end."""
    link = unix_http.connection(engine.socket, 120)
    for method, target in asked:
        link.request(method, target)
        answer = link.getresponse()
        answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {target}: {answer.status}")
    link.close()


def first_delete_figure(engine, limit, count):
    """From the engine's event of the image that is one too many to its event of the first name that goes."""
    containers.runnable(engine)
    containers.create(engine, containers.REFERENCE, "holder")
    images.load_images(engine, images.many_images(count))
    took = []
    for number in range(3):
        rule = {"name": "many", "when": {"images_above": count + 1, "for": "0s"}, "until": {"images_below": count},
                "remove": {"images": "unused"}, "cooldown": "0s"}
        settings = {"mode": "enforce", "settle": "0s", "keep": sweeping.KEEP_NOTHING, "policy": [rule],
                    "log": {"level": "info"}}
        with docksweep.agent(engine.host, settings) as one:
            known = lambda: sum(one.metrics().family("docksweep_images", "state").values()) >= count
            one.wait_for(known, "all images", 120, 0.2)
            ready = lambda: one.metrics().value("docksweep_engine_requests_total", endpoint="image_history") >= 0
            one.wait_for(ready, "their details", 120, 0.2)
            time.sleep(5)
            took.append(seconds_to_first_delete(engine, one, number))
    name = f"threshold crossed to first DELETE, {count:,} images, {engine.name}"
    return figure(name, statistics.median(took), limit, "s", beside=", ".join(f"{one:.3f}" for one in took))


def seconds_to_first_delete(engine, one, number):
    stream, times = engine.events(filters=json.dumps({"type": ["image"]})), {}
    done = threading.Event()

    def read():
        try:
            for event in stream:
                gone = event.get("Action") in ("untag", "delete")
                times.setdefault("gone" if gone else "came", event["timeNano"])
                if gone:
                    done.set()
                    return
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass  # closed
    threading.Thread(target=read, daemon=True).start()
    time.sleep(0.3)
    # One name more, of an image of its own: a commit is one event.
    images.commit(engine, "holder", f"too/many-{os.getpid()}-{number}:1")
    if not done.wait(60):
        raise RuntimeError(f"nothing was removed within a minute; the agent's log ends:\n{one.log()}")
    stream.close()
    return (times["gone"] - times["came"]) / 1e9
