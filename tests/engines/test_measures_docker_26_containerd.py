# The agent against a real Docker 26 with the containerd image store: counts, sizes, freed bytes, events, outages, and what it asks of the engine.
import unittest

import cases_events
import cases_freed
import cases_measures
import cases_outages
import cases_traffic
from engine import docker


def start():
    return docker("26-containerd")


class measures(cases_measures.measures_in_bounds, unittest.TestCase):
    start = staticmethod(start)
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
