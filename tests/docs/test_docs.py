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


class documents(unittest.TestCase):
    def test_generated_pages_are_fresh(self):
        for name, make in pages.PAGES.items():
            with self.subTest(name):
                self.assertEqual(
                    (DOCS / name).read_text(),
                    make(),
                    f"docs/{name} is not what the program says: run tests/docs/pages.py",
                )

    def test_links_lead_somewhere(self):
        for document in DOCUMENTS:
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
                if "://" not in target:
                    self.assertTrue((document.parent / target).exists(), f"{document.name}: {target}")

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
            re.sub(r"\{[a-z]+\}", "{}", path)
            for path in re.findall(r"^\| (?:GET|HEAD|POST|DELETE)[A-Z, ]* \| `([^`]+)`", table, re.MULTILINE)
        }
        self.assertEqual(documented, set(self.endpoints()))

    def endpoints(self):
        """Every path that agent/engine asks for; {} where a name goes in."""
        for source in sorted((REPOSITORY / "agent/engine").glob("*.cpp")):
            for line in source.read_text().splitlines():
                if line.strip().startswith(("//", "#include")):
                    continue
                pieces = re.findall(r'"(/[^"]*)"(?: \+ net::encode_path\(\w+\)(?: \+ "([^"]*)")?)?', line)
                for first, second in pieces:
                    path = first + ("{}" if first.endswith("/") else "") + second
                    if re.match(r"/(_ping|[a-z]+)", path) and not path.startswith(
                        ("/v{}", "/var", "/dev", "/proc", "/run", "/etc")
                    ):
                        yield path


if __name__ == "__main__":
    unittest.main()
