# Policies against a real Docker 26 (the containerd image store): invariants, complaints, triggers, bytes, crashes, a full disk.
import unittest

import cases_crash
import cases_field
import cases_full_disk
import cases_invariants
import cases_swept_bytes
import cases_triggers
import sweeping
from engine import docker


def start(**more):
    return docker("26-containerd", **more)


class invariants(cases_invariants.invariants, unittest.TestCase):
    start = staticmethod(start)


class field(cases_field.field, unittest.TestCase):
    exact = False
    start = staticmethod(start)


class triggers(cases_triggers.triggers, unittest.TestCase):
    start = staticmethod(start)


class swept_bytes(cases_swept_bytes.swept_in_bounds, unittest.TestCase):
    start = staticmethod(start)


class crash(cases_crash.crash, unittest.TestCase):
    images = 12  # a removal takes longer there
    agent_kills = 50 if sweeping.LONG else 10
    start = staticmethod(start)


class full_disk(cases_full_disk.full_disk, unittest.TestCase):
    start = staticmethod(start)
