# Policies against a real Docker 28, the first that mounts images into containers, on both of its image stores.
import unittest

import cases_field
import cases_invariants
import cases_mounts
from engine import docker


def overlay2(**more):
    return docker("28-overlay2", **more)


def containerd(**more):
    return docker("28-containerd", **more)


class image_mounts_overlay2(cases_mounts.image_mounts, unittest.TestCase):
    start = staticmethod(overlay2)


class image_mounts_containerd(cases_mounts.image_mounts, unittest.TestCase):
    start = staticmethod(containerd)


class invariants_overlay2(cases_invariants.invariants, unittest.TestCase):
    start = staticmethod(overlay2)


class invariants_containerd(cases_invariants.invariants, unittest.TestCase):
    start = staticmethod(containerd)


class field_overlay2(cases_field.field, unittest.TestCase):
    start = staticmethod(overlay2)


class field_containerd(cases_field.field, unittest.TestCase):
    exact = False
    start = staticmethod(containerd)
