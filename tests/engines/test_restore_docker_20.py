# Undo on a real Docker 20.10.
import unittest

import cases_restore
from engine import docker


class restore(cases_restore.restore, unittest.TestCase):
    exact = True

    @staticmethod
    def start():
        return docker("20.10")
