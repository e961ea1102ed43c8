# Certificates for a test, made by the openssl command at the time of the test.
import pathlib
import subprocess

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class authority:
    """A CA of its own with its files in this folder: .ca is what trusts it."""

    def __init__(self, folder, name="ca"):
        self.folder = pathlib.Path(folder)
        self.ca, self._key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        _openssl("req", "-x509", *KEY, "-days", "2", "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.ca)

    def issue(self, name, alternative="IP:127.0.0.1"):
        """→ (certificate's file, key's file)"""
        shown, key, asked = (self.folder / f"{name}.{kind}" for kind in ("pem", "key", "csr"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternative}\n")
        _openssl("req", *KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", asked)
        _openssl("x509", "-req", "-days", "2", "-in", asked, "-CA", self.ca, "-CAkey", self._key, "-CAcreateserial",
                 "-extfile", extensions, "-out", shown)
        return shown, key


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(map(str, arguments))}: {done.stderr.strip()}")
