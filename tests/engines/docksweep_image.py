# The container image of deploy/Dockerfile, built on a real engine. The result is kept in the test cache, by what it was
# built from, so that the second run of its tests is quick.
import hashlib
import os
import pathlib
import shutil
import subprocess
import time

import roots
from mirror import mirror

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BASE, NAME = "debian:bookworm-slim", "docksweep:0.1.0"
SOURCES = [
    "agent",
    "config",
    "CMakeLists.txt",
    "CMakePresets.json",
    "LICENSE",
    "deploy/Dockerfile",
    "deploy/debian",
    ".dockerignore",
]
BUILD_SECONDS = 3600


def provide(engine):
    """Makes sure that the engine has NAME, by a build or from the cache. → seconds that a build took; None: no build"""
    kept = roots.CACHE / f"image-{_fingerprint()}.tar"
    if kept.exists():
        _load(engine, kept)
        return None
    began = time.monotonic()
    _import_base(engine)
    with mirror(engine) as url:
        _build(engine, url)
    seconds = time.monotonic() - began
    for old in roots.CACHE.glob("image-*.tar"):
        old.unlink()
    _save(engine, kept)
    engine.cli("rmi", BASE)
    engine.cli(
        "image", "prune", "--force"
    )  # the build stage: over a gigabyte, which the end of the test would wait for
    return seconds


def _fingerprint():
    digest = hashlib.sha256()
    for source in SOURCES:
        place = REPOSITORY / source
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file():
                digest.update(str(path.relative_to(REPOSITORY)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _import_base(engine):
    """debian:bookworm-slim, as debootstrap makes it."""
    root = roots.fresh_root("bookworm")
    archive = pathlib.Path(engine.folder) / "base.tar"
    subprocess.run(
        ["tar", "-C", root, "--exclude=./.complete", "--exclude=./var/cache/apt/archives/*.deb", "-cf", archive, "."],
        check=True,
    )
    engine.cli("import", str(archive), BASE)
    archive.unlink()


def _build(engine, url):
    context = pathlib.Path(engine.folder) / "context"
    shutil.copytree(
        REPOSITORY, context, symlinks=True, ignore=shutil.ignore_patterns("build", ".git", ".cache", "__pycache__")
    )
    command = [
        "docker",
        "--host",
        engine.host,
        "build",
        "--network",
        "host",
        "--build-arg",
        f"MIRROR={url}",
        "--build-arg",
        f"REVISION={_revision()}",
        "-t",
        NAME,
        "-f",
        str(context / "deploy/Dockerfile"),
        str(context),
    ]
    done = engine.enter(*command, check=False, timeout=BUILD_SECONDS)
    shutil.rmtree(context)
    if done.returncode != 0:
        raise AssertionError(f"docker build failed:\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}")


def _revision():
    done = subprocess.run(["git", "-C", REPOSITORY, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def _save(engine, path):
    partial = path.with_suffix(".partial")
    inside = f"{engine.folder}/saved.tar"
    engine.cli("save", "-o", inside, NAME)
    shutil.copyfile(inside, partial)
    os.unlink(inside)
    partial.rename(path)


def _load(engine, path):
    inside = f"{engine.folder}/load.tar"
    shutil.copyfile(path, inside)
    engine.cli("load", "-i", inside)
    os.unlink(inside)
