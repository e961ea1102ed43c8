# The node that the tests of plan, explain, sweep, remove, pause and history work on.
import contextlib
import json
import sqlite3

from binary import in_a_folder
from fake_engine import container, fake_engine, image

BASE = ("base", 50_000_000)

POLICIES = """
[[policy]]
name = "nightly"
remove = { images = "unused", containers = { stopped_for = "1h" } }

[[policy]]
name = "little"
until = { images_bytes_below = "500MB" }
remove = { images = "unused" }

[[policy]]
name = "much"
until = { images_bytes_below = "50MB" }
remove = { images = "unused" }
"""


def known(name, tag, layers, **more):
    """An image that a registry has."""
    return image([f"{name}:{tag}"], layers, digests=[f"{name}@sha256:{hash_of(name)}"], **more)


def hash_of(name):
    return (name.encode().hex() * 64)[:64]


class with_node(in_a_folder):
    """app is in use by web, alpine by the exited job; old is dangling; maria, tool and two (with two names) could go;
    nobody but this node has built."""

    def setUp(self):
        super().setUp()
        self.app, self.alpine = known("shop/app", "1.4", [BASE, ("app", 30_000_000)]), known("alpine", "3.19", [BASE])
        self.old = image([], [("old", 7_000_000)])
        self.maria, self.tool = known("mariadb", "11", [("maria", 400_000_000)]), known("tool", "1", [BASE, ("tool", 90_000_000)])
        self.built = image(["built:1"], [BASE, ("built", 20_000_000)])
        self.two = image(["two:1", "deux:1"], [("two", 5_000_000)], digests=[f"two@sha256:{hash_of('two')}"])
        self.web, self.job = container("web", self.app), container("job", self.alpine, "exited", writable=1234)
        self.engine = fake_engine(self.path("e.sock"), [self.app, self.alpine, self.old, self.maria, self.tool, self.built,
                                                        self.two], [self.web, self.job], root=str(self.folder))
        self.engine.__enter__()
        self.addCleanup(self.engine.__exit__)
        self.configure()

    def configure(self, mode="enforce", keep='min_age = "0s"', more=""):
        self.settings = self.config(f'mode = "{mode}"\n[engine]\nhost = "{self.engine.host}"\n[keep]\n{keep}\n{more}\n'
                                    + POLICIES)

    def ask(self, *arguments, **environment):
        return self.docksweep("--config", self.settings, *arguments, **environment)

    def expect(self, status, *arguments):
        done = self.ask(*arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def json(self, *arguments, status=0):
        return json.loads(self.expect(status, *arguments, "--json").stdout)

    def sweeps(self):
        """What is on record."""
        return self.json("history")["sweeps"]

    def rows(self, query):
        with contextlib.suppress(sqlite3.OperationalError):  # not there yet
            with contextlib.closing(sqlite3.connect(f"file:{self.folder}/state.db?mode=ro", uri=True)) as state:
                return state.execute(query).fetchall()
        return [(0,)]
