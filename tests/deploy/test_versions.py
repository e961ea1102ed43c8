# Whoever installs by any way gets the version that is built.
import re
import unittest

import manifests

HERE = manifests.REPOSITORY
# File → where its versions stand, and how many there are at least.
PLACES = {
    "deploy/Dockerfile": (r"^ARG VERSION=(\S+)$", 1),
    "deploy/compose.yaml": (r"docksweep:([\w.-]*\d[\w.-]*)", 1),
    "deploy/helm/docksweep/Chart.yaml": (r'^(?:version|appVersion): "?([^"\n]+)', 2),
    "deploy/kubernetes/base/kustomization.yaml": (r"newTag: (\S+)", 1),
    "deploy/kubernetes/base/daemonset.yaml": (r"image: docksweep:(\S+)", 1),
    "docs/install.md": (r"docksweep:([\w.-]*\d[\w.-]*)", 2),
}


class versions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = (HERE / "CMakeLists.txt").read_text()
        cls.built = re.search(r"^project\(docksweep VERSION (\S+)", text, re.MULTILINE)[1]

    def test_every_place_has_the_one_that_is_built(self):
        for name, (pattern, least) in PLACES.items():
            found = re.findall(pattern, (HERE / name).read_text(), re.MULTILINE)
            self.assertGreaterEqual(len(found), least, name)
            self.assertEqual(set(found), {self.built}, name)

    def test_there_is_no_other_place(self):
        """An image of ours with a version, or the version itself, in what users read and run."""
        ours = re.compile(rf"docksweep:v?\d+\.\d+|(?<![\d.]){re.escape(self.built)}(?![\d.])")
        paths = [HERE / "README.md", *(HERE / "docs").glob("*.md"), *(HERE / "deploy").rglob("*")]
        found = {str(path.relative_to(HERE)) for path in paths if path.is_file() and ours.search(path.read_text())}
        self.assertEqual(found, set(PLACES))


if __name__ == "__main__":
    unittest.main()
