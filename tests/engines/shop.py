# A node as one finds it: an application in several releases on a common base, tools, an unfinished build, stopped
# containers, a volume; and an agent with two policies on it, one of which has swept. For tests of the page, and for the
# pictures of it.
import random

import containers
import images
import sweeping
from docksweep import agent, inside
from engine import docker

KB = 1_000
DISK = "120m"
REGISTRY = "registry.example.com/shop"
POLICIES = [
    {"name": "pressure", "when": {"disk_above": 0.85}, "until": {"disk_below": 0.55}, "remove": {"images": "unused"}},
    {"name": "nightly", "when": {"schedule": "0 2 * * *"},
     "remove": {"images": "dangling", "containers": {"stopped_for": "0s"}}},
]
KEEP = {"images": ["*/debugger:*"], "per_repository": 1}


def engine():
    """A Docker 26 whose data is on a small disk of its own."""
    return docker("26-overlay2", disk=DISK)


def fill(on):
    """The images and containers."""
    chance = random.Random(7)  # the same layers in every run

    def layer(kilobytes):
        return images.layer.of_size(kilobytes * KB, chance)
    base, runtime, python = layer(9_000), layer(6_500), layer(8_000)
    busybox = images.layer.busybox()
    loaded = [images.image(containers.REFERENCE, [busybox])]
    for number in range(1, 6):
        tags = [f"{REGISTRY}/api:1.{number}"] + ([f"{REGISTRY}/api:latest"] if number == 5 else [])
        loaded.append(images.image(tags, [busybox, base, runtime, layer(1_800 + 40 * number)]))
    for number in range(1, 4):
        loaded.append(images.image(f"{REGISTRY}/web:2.{number}", [busybox, base, layer(3_100 + 70 * number)]))
    loaded.append(images.image(f"{REGISTRY}/reports:7", [base, python, layer(5_200)]))
    loaded.append(images.image("postgres-backup:16", [python, layer(2_400)]))
    loaded.append(images.image(f"{REGISTRY}/debugger:3", [layer(4_400)]))
    loaded.append(images.image([], [base, layer(2_900)], labels={"left": "by a build"}))
    for one in loaded:  # one after another: a load needs its own size once more meanwhile
        images.load_images(on, [one])
    containers.run(on, f"{REGISTRY}/api:1.5", "api")
    containers.run(on, f"{REGISTRY}/web:2.3", "web")
    containers.run(on, containers.REFERENCE, "db",
                   ("sh", "-c", "dd if=/dev/zero of=/data/file bs=1000000 count=6; sleep 1000000"), Binds=["orders:/data"])
    containers.run(on, containers.REFERENCE, "migration", ("sh", "-c", "dd if=/dev/zero of=/log bs=1000000 count=2"))
    on.api("POST", "/containers/migration/wait").expect(200)


def sweep_once(on, node):
    """One sweep on record, with something that it removed."""
    images.load_images(on, [images.image([], [images.layer.of_size(1_500 * KB + number)]) for number in range(3)])
    node.wait_for(lambda: node.metrics().value("docksweep_images", state="dangling") >= 4, "the dangling images", 30)
    status, out, err = node.cli("sweep", "nightly", "--yes")
    if status != 0:
        raise AssertionError(f"docksweep sweep nightly: exit {status}: {err or out}")


def watching(on):
    """An agent that watches it and has read everything."""
    return agent(on.host, {"mode": "enforce", "settle": "1h", "inventory": {"disk_usage": "5s"},
                           "keep": {**sweeping.KEEP_NOTHING, **KEEP}, "policy": POLICIES}, within=inside(on))


def wait_until_measured(node):
    """Until the slow figures are there, and plans are of after the sweep."""
    def measured():
        metrics = node.metrics()
        return (metrics.value("docksweep_disk_usage_bytes", resource="volumes") > 5_000_000
                and metrics.value("docksweep_policy_plan_images", policy="nightly") == 0
                and metrics.value("docksweep_policy_plan_images", policy="pressure") > 0)
    node.wait_for(measured, "figures and plans", 60, 0.2)
