# Undo on a real Docker 26-containerd.
import unittest

import cases_restore
from engine import docker


class restore(cases_restore.restore, unittest.TestCase):
    exact = False

    @staticmethod
    def start():
        return docker("26-containerd")
