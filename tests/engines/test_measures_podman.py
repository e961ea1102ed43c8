# The agent against a real Podman 4.3: counts, sizes, events, outages, and what it asks of the engine.
import unittest

import cases_events
import cases_measures
import cases_outages
import cases_traffic
from engine import podman


def start():
    return podman()


class measures(cases_measures.measures_on_podman, unittest.TestCase):
    start = staticmethod(start)
    engine_name = "podman"


class events(cases_events.events, unittest.TestCase):
    start = staticmethod(start)
    prefix = "localhost/"
    fillers = 20  # 300 take it minutes to load


class outages(cases_outages.outages, unittest.TestCase):
    start = staticmethod(start)


class traffic(cases_traffic.traffic, unittest.TestCase):
    start = staticmethod(start)
