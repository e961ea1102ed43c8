# The systemd units, judged by systemd itself, without a running one. Under a real one: packages.
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
UNITS = REPOSITORY / "deploy/systemd"
MOST_EXPOSED = 2.5


class units(unittest.TestCase):
    def exposure(self, unit):
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", unit], capture_output=True, text=True
        )
        return float(re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)[1])

    def test_exposure(self):
        for name in ("docksweep.service", "docksweep@.service"):
            self.assertLessEqual(self.exposure(UNITS / name), MOST_EXPOSED, name)

    def test_drop_ins_of_the_documents_cost_little(self):
        """What the unit hides or forbids has its way out in docs/install.md; with all of them it is still hardened."""
        text = (UNITS / "docksweep.service").read_text()
        drop_ins = re.findall(r"```ini\n(.*?)```", (REPOSITORY / "docs/install.md").read_text(), re.DOTALL)
        settings = dict(line.split("=", 1) for one in drop_ins for line in one.splitlines() if "=" in line)
        self.assertEqual(settings["ProtectHome"], "read-only")
        self.assertIn("ReadWritePaths", settings)
        self.assertIn("ProtectHome=yes\n", text)
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder, "docksweep.service")
            unit.write_text("\n".join([text, *drop_ins]))
            self.assertLessEqual(self.exposure(unit), MOST_EXPOSED)
            unit.write_text("\n".join([text, *drop_ins, "[Service]\nProtectSystem=no\nUser=\n"]))
            self.assertGreater(self.exposure(unit), self.exposure(UNITS / unit.name), "what comes later is seen")

    def test_systemd_understands_them(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, manager in (
                ("docksweep.service", "--system"),
                ("docksweep@.service", "--system"),
                ("docksweep-user.service", "--user"),
            ):
                text = (UNITS / name).read_text().replace("/usr/bin/docksweep", shutil.which("true"))
                unit = pathlib.Path(folder, name.replace("@", "@one"))
                unit.write_text(text)
                done = subprocess.run(
                    ["systemd-analyze", "verify", manager, "--man=no", "--recursive-errors=no", unit],
                    capture_output=True,
                    text=True,
                    env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": folder, "HOME": folder},
                )
                own = [line for line in done.stderr.splitlines() if "docksweep" in line]
                self.assertEqual((done.returncode, own), (0, []), done.stderr)

    def test_both_services_differ_only_where_they_must(self):
        def lines(name):
            return {line for line in (UNITS / name).read_text().splitlines() if line and not line.startswith("#")}

        one, many = lines("docksweep.service"), lines("docksweep@.service")
        self.assertEqual(
            {line.partition("=")[0] for line in one ^ many}, {"Description", "ExecStart", "StateDirectory"}
        )


if __name__ == "__main__":
    unittest.main()
