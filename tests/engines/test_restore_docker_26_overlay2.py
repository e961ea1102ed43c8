# Undo on a real Docker 26-overlay2.
import unittest

import cases_restore
from engine import docker


class restore(cases_restore.restore, unittest.TestCase):
    exact = True

    @staticmethod
    def start():
        return docker("26-overlay2")
