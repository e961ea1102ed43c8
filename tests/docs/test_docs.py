# The documents against what they are about: generated pages are fresh, links lead somewhere, TOML in them is valid, and the
# list of engine endpoints is the one that the code has.
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import pages
from pages import DOCS, REPOSITORY

DOCUMENTS = [REPOSITORY / "README.md", *sorted(DOCS.glob("*.md"))]


def anchors(text):
    """What may stand after a # in a link to this document: its headings, as GitHub makes anchors of them."""
    found, times = set(), {}
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    for heading in re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = times[name] = times.get(name, -1) + 1
        found.add(f"{name}-{count}" if count else name)
    return found


class documents(unittest.TestCase):
    def test_generated_pages_are_fresh(self):
        for name, make in pages.PAGES.items():
            with self.subTest(name):
                self.assertEqual(
                    (DOCS / name).read_text(),
                    make(),
                    f"docs/{name} is not what the program says: run tests/docs/pages.py",
                )

    def test_the_metrics_page_has_every_metric_of_the_code(self):
        named = set()
        for source in (REPOSITORY / "agent/report").glob("*.cpp"):
            named |= set(re.findall(r'"(docksweep_[a-z_]+)"', source.read_text()))
        self.assertGreater(len(named), 50)
        page = set(re.findall(r"^\| `(docksweep_[a-z_]+)` \|", (DOCS / "metrics.md").read_text(), re.MULTILINE))
        self.assertEqual(named, page)

    def test_what_cpack_needs_besides_is_named(self):
        """What the test of the package installs for its build, beyond the lines "build" of deploy/packages."""
        (line,) = re.findall(r'"install", \*names, (.*?)\)', (REPOSITORY / "tests/deploy/packages").read_text())[:1]
        more = set(re.findall(r'"([\w-]+)"', line)) - {"ccache"}  # which only makes it quick
        self.assertTrue(more)
        section = re.search(r"## Debian package\n(.*?)\n## ", (DOCS / "install.md").read_text(), re.DOTALL)[1]
        for name in more:
            self.assertRegex(section, rf"apt install .*{name}")

    def test_links_lead_somewhere(self):
        found = 0
        for document in DOCUMENTS:
            for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", document.read_text()):
                if "://" in target:
                    continue
                place = document.parent / target if target else document
                self.assertTrue(place.exists(), f"{document.name}: {target}")
                if anchor:
                    found += 1
                    self.assertIn(anchor, anchors(place.read_text()), f"{document.name}: {target}#{anchor}")
        self.assertGreater(found, 2)

    def test_anchors_are_those_of_headings(self):
        text = "# A `b` & C's\n```\n# no heading\n```\n## Twice\n## Twice\n"
        self.assertEqual(anchors(text), {"a-b--cs", "twice", "twice-1"})

    def test_configurations_in_them_are_valid(self):
        found = 0
        for document in DOCUMENTS:
            for text in re.findall(r"```toml\n(.*?)```", document.read_text(), re.DOTALL):
                found += 1
                with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
                    file.write(text)
                    file.flush()
                    done = subprocess.run(
                        [os.environ["DOCKSWEEP_BINARY"], "check-config", "--config", file.name],
                        capture_output=True,
                        text=True,
                        env={"NODE_NAME": "n", "HOST_IP": "192.0.2.1"},
                    )
                self.assertEqual(done.returncode, 0, f"{document.name}: {done.stderr}\n{text}")
        self.assertGreater(found, 5)

    def test_the_endpoints_for_a_proxy_are_those_of_the_code(self):
        table = (DOCS / "security.md").read_text()
        documented = {
            (method, re.sub(r"\{[a-z]+\}", "{}", path))
            for methods, path in re.findall(r"^\| ([A-Z, ]+) \| `([^`]+)`", table, re.MULTILINE)
            for method in methods.split(", ")
        }
        self.assertGreater(len(documented), 20)
        self.assertEqual(documented, set(self.endpoints()))

    def endpoints(self):
        """(method, path) of every call that agent/engine makes; {} where a name goes in."""
        methods = {"get": "GET", "head": "HEAD", "post": "POST", "remove": "DELETE"}
        for source in sorted((REPOSITORY / "agent/engine").glob("*.cpp")):
            text = re.sub(r"^\s*(//|#include).*$", "", source.read_text(), flags=re.MULTILINE)
            # A function of the file at a time: from a closing brace in the first column to the next.
            for function in re.split(r"^\}", text, flags=re.MULTILINE):
                paths = set(self.paths_in(function))
                said = set(re.findall(r"net::verb::(\w+)", function))
                if paths == {"/_ping"}:  # asked by HEAD, and by GET where that has no answer
                    said = set(re.findall(r"ask_ping\(net::verb::(\w+)\)", text))
                self.assertFalse(len(paths) > 1 and said, f"{source.name}: whose method is it?{function}")
                for path in paths:
                    for method in said or {"get"}:  # api_call's default
                        yield methods[method], path

    def paths_in(self, text):
        for first, second in re.findall(r'"(/[^"]*)"(?: \+ net::encode_path\(\w+\)(?: \+ "([^"]*)")?)?', text):
            path = first + ("{}" if first.endswith("/") else "") + second
            if re.match(r"/(_ping|[a-z]+)", path) and not path.startswith(
                ("/v{}", "/var", "/dev", "/proc", "/run", "/etc")
            ):
                yield path


if __name__ == "__main__":
    unittest.main()
