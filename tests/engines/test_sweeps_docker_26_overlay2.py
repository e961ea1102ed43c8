# Policies against a real Docker 26 (the graphdriver overlay2): invariants and complaints. The rest is the same code path
# as on 20.10 (test_sweeps_docker_20.py).
import unittest

import cases_field
import cases_invariants
from engine import docker


def start(**more):
    return docker("26-overlay2", **more)


class invariants(cases_invariants.invariants, unittest.TestCase):
    start = staticmethod(start)


class field(cases_field.field, unittest.TestCase):
    start = staticmethod(start)
