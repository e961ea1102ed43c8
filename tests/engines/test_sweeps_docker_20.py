# Policies against a real Docker 20.10 (the graphdriver overlay2): invariants, complaints, triggers, bytes, crashes, a full disk.
import unittest

import cases_crash
import cases_field
import cases_full_disk
import cases_invariants
import cases_swept_bytes
import cases_triggers
from engine import docker


def start(**more):
    return docker("20.10", **more)


class invariants(cases_invariants.invariants, unittest.TestCase):
    start = staticmethod(start)


class field(cases_field.field, unittest.TestCase):
    start = staticmethod(start)


class triggers(cases_triggers.triggers, unittest.TestCase):
    start = staticmethod(start)


class swept_bytes(cases_swept_bytes.swept_bytes, unittest.TestCase):
    start = staticmethod(start)


class crash(cases_crash.crash, unittest.TestCase):
    start = staticmethod(start)


class full_disk(cases_full_disk.full_disk, unittest.TestCase):
    start = staticmethod(start)
