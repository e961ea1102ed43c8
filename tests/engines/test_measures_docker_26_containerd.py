# The agent against a real Docker 26 with the containerd image store: counts, sizes, freed bytes, events, outages, and what it asks of the engine.
import time
import unittest

import cases_events
import cases_freed
import cases_measures
import cases_outages
import cases_traffic
import images
import scenario
from docksweep import agent
from engine import docker
from proxy import counting_proxy


def start():
    return docker("26-containerd")


class measures(cases_measures.measures_in_bounds, unittest.TestCase):
    start = staticmethod(start)
    disk_usage_interval = "2s"  # containerd collects garbage of the node's making while the agent starts
    engine_name = "docker"


class freed(cases_freed.freed_in_bounds, unittest.TestCase):
    start = staticmethod(start)


class events(cases_events.events, unittest.TestCase):
    start = staticmethod(start)
    one_inspect_more = True


class outages(cases_outages.outages, unittest.TestCase):
    start = staticmethod(start)


class traffic(cases_traffic.traffic, unittest.TestCase):
    start = staticmethod(start)


class images_without_snapshots(unittest.TestCase):
    """
    An image loaded after one whose layers begin with all of its own gets no hold on its snapshots: when the other image
    goes they go, too. It is still listed and inspected, but the engine answers 404 for its history (26.1.5).
    """

    def test_are_counted_and_not_asked_about_for_ever(self):
        with start() as engine, counting_proxy(engine.socket, f"{engine.folder}/s/proxy.sock") as proxy:
            base = [images.layer.of_size(1_000 + n) for n in range(4)]
            images.load_images(engine, [images.image(f"part:{n}", base[:n]) for n in (4, 3, 2, 1)])
            listed = {item["RepoTags"][0]: item["Id"] for item in engine.get("/images/json")}
            scenario.delete_images(engine, [listed.pop("part:4")])
            broken = [one for one in listed.values() if engine.api("GET", f"/images/{one}/history").status == 404]
            self.assertEqual(len(broken), 3, "the engine does what this is about")
            with agent(proxy.host) as sweep:
                sweep.wait_for(lambda: sweep.metrics().family("docksweep_images", "state")["unused"] == len(listed),
                               "every image counted", 30)
                # At rest, and longer than the agent's pause before it asks again for what an event brought.
                deadline, mark, since = time.monotonic() + 90, None, time.monotonic()
                while time.monotonic() - since < 7:
                    self.assertLess(time.monotonic(), deadline, "it asks for ever")
                    asked = len([one for one in proxy.requests() if "/images/" in one.path])
                    if asked != mark:
                        mark, since = asked, time.monotonic()
                    time.sleep(0.1)
                self.assertEqual(sweep.metrics().value("docksweep_engine_up"), 1)
                shown = {item["id"]: item for item in sweep.cli_json("images")["images"]}
                self.assertEqual(set(shown), set(listed.values()))
                promised = sweep.metrics().value("docksweep_images_reclaimable_bytes")
                before = cases_freed.containerd_bytes(engine)
                scenario.delete_images(engine, listed.values())
                self.assertLessEqual(promised, before - cases_freed.containerd_bytes(engine), "no more than really goes")
