# Makes images on a real engine without any network: layers of random bytes, loaded, imported, committed or built.
#
#     base = layer.of_size(100_000)
#     load_images(engine, [image("app:1", [base, layer.of_size(5_000)]), image("app:2", [base])])
import hashlib
import io
import json
import os
import pathlib
import shutil
import tarfile
import tempfile

from roots import engine_root

CREATED = "2024-01-02T03:04:05Z"
# What the containers of the tests run; it does not open a shell script and ends at once on SIGTERM.
BUSYBOX_COMMANDS = ["sh", "sleep", "true", "false", "echo", "cat", "dd", "touch", "rm", "mkdir"]


class layer:
    """An uncompressed layer: .tar (bytes), .diff_id, .size (bytes of files in it, as overlay2 counts them)."""

    def __init__(self, files):
        self.size = 0
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.mtime = 1704164645
                if content is None:
                    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                    archive.addfile(entry)
                elif isinstance(content, str):
                    entry.type, entry.linkname = tarfile.SYMTYPE, content
                    self.size += len(content)  # a link has the size of its target, for overlay2 too
                    archive.addfile(entry)
                else:
                    entry.size, entry.mode = len(content), 0o755
                    self.size += len(content)
                    archive.addfile(entry, io.BytesIO(content))
        self.tar = out.getvalue()
        self.diff_id = "sha256:" + hashlib.sha256(self.tar).hexdigest()

    @classmethod
    def of_size(cls, size, random=None):
        """One file of random bytes; with a random.Random the same ones again."""
        content = random.randbytes(size) if random else os.urandom(size)
        return cls({f"data-{hashlib.sha256(content).hexdigest()[:16]}": content})

    @classmethod
    def busybox(cls):
        """Enough to run a container: busybox as /bin/busybox, with a few of its commands."""
        program = (engine_root("bookworm") / "bin/busybox").read_bytes()
        return cls({"bin/busybox": program, **{f"bin/{name}": "busybox" for name in BUSYBOX_COMMANDS}})


class image:
    """
    An image to load: one or more references ("repo:tag"; none gives a dangling image) and its layers.

    history: "full" (one entry a layer), "empty" (entries of empty layers between them, as a Dockerfile's ENV and CMD
    leave), or None (no history at all).
    """

    def __init__(self, references, layers, history="full", labels=None, command=("sleep", "1000000"), environment=()):
        self.references = [references] if isinstance(references, str) else list(references)
        self.layers = list(layers)
        self.config = {"architecture": "amd64", "os": "linux", "created": CREATED,
                       "config": {"Cmd": list(command), "Labels": labels or {},
                                  "Env": ["PATH=/bin", *environment]},
                       "rootfs": {"type": "layers", "diff_ids": [item.diff_id for item in self.layers]}}
        if history is not None:
            self.config["history"] = list(self._history(history == "empty"))

    def _history(self, with_empty):
        for number, _ in enumerate(self.layers):
            if with_empty:
                yield {"created": CREATED, "created_by": f"ENV N={number}", "empty_layer": True}
            yield {"created": CREATED, "created_by": f"COPY {number}"}
        if with_empty:
            yield {"created": CREATED, "created_by": "CMD sleep", "empty_layer": True}

    @property
    def size(self):
        return sum(item.size for item in self.layers)

    @property
    def config_bytes(self):
        return json.dumps(self.config, sort_keys=True).encode()

    @property
    def id(self):
        """Its ID on a graphdriver store (the containerd store takes its manifest's digest instead)."""
        return "sha256:" + hashlib.sha256(self.config_bytes).hexdigest()


def many_images(count, tops=250):
    """
    That many images "many/N:1" of three layers each, quick to load (an engine needs 50 ms or more for each new layer):
    one base, ten middles, and `tops` top layers, which several images share as rebuilds with another label do.
    """
    base = layer.of_size(20_000)
    middles = [layer.of_size(10_000 + number) for number in range(10)]
    chains = [[base, middles[number % 10], layer.of_size(1_000 + number)] for number in range(tops)]
    return [image(f"many/{number}:1", chains[number % tops], labels={"number": str(number)}) for number in range(count)]


def load_images(engine, images):
    """Loads all of them with one POST /images/load, layers that they share once. → the engine's own messages"""
    with tempfile.TemporaryFile(dir=engine.folder) as archive:
        _write_archive(archive, images)
        archive.seek(0)
        answer = engine.api("POST", "/images/load", {"quiet": 1}, body=archive, timeout=600,
                            headers={"Content-Type": "application/x-tar"}).expect(200)
    return messages(answer)


def _write_archive(out, images):
    """The format of `docker save`: manifest.json, a config for each image, and a folder for each layer."""
    manifest, layers, configs = [], {}, {}
    for item in images:
        for one in item.layers:
            layers[one.diff_id] = one
        config = f"{item.id.removeprefix('sha256:')}.json"
        configs[config] = item.config_bytes
        manifest.append({"Config": config, "RepoTags": item.references,
                         "Layers": [_layer_path(one) for one in item.layers]})
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for one in layers.values():
            _add(archive, _layer_path(one), one.tar)
        for name, content in configs.items():
            _add(archive, name, content)
        _add(archive, "manifest.json", json.dumps(manifest).encode())


def _layer_path(one):
    return f"{one.diff_id.removeprefix('sha256:')}/layer.tar"


def _add(archive, name, content):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def import_image(engine, reference, files):
    """`docker import` of a tar with these files ({name: bytes, or None for a folder}). → the image's ID"""
    repository, _, tag = reference.partition(":")
    answer = engine.api("POST", "/images/create", {"fromSrc": "-", "repo": repository, "tag": tag or "latest"},
                        body=layer(files).tar, headers={"Content-Type": "application/x-tar"}).expect(200)
    return messages(answer)[-1]["status"]


def commit(engine, container, reference):
    """`docker commit`. → the new image's ID"""
    repository, _, tag = reference.partition(":")
    return engine.api("POST", "/commit", {"container": container, "repo": repository, "tag": tag or "latest"},
                      body={}).expect(201).json()["Id"]


def build(engine, reference, dockerfile, files=()):
    """A classic build (no BuildKit, no network) of a Dockerfile's text. → the image's ID"""
    context = layer({"Dockerfile": dockerfile.encode(), **dict(files)}).tar
    answer = engine.api("POST", "/build", {"t": reference, "networkmode": "none", "version": "1", "rm": 1,
                                           "forcerm": 1}, body=context,
                        headers={"Content-Type": "application/x-tar"}, timeout=300).expect(200)
    return [one["aux"]["ID"] for one in messages(answer) if "ID" in one.get("aux", {})][-1]


def build_with_cache(engine, reference, dockerfile, files):
    """
    The same by BuildKit, which leaves its cache. Through the docker command of 20.10: the later ones need a plugin for it.
    """
    folder = pathlib.Path(tempfile.mkdtemp(prefix="context-", dir=engine.folder))
    for name, content in {"Dockerfile": dockerfile.encode(), **files}.items():
        (folder / name).write_bytes(content)
    client = shutil.copy(engine_root("bookworm") / "usr/bin/docker", folder / "docker")
    (folder / ".dockerignore").write_text("docker\n")
    engine.enter("env", "DOCKER_BUILDKIT=1", str(client), "--host", engine.host, "build", "--network", "none", "-t", reference,
                 str(folder))


def messages(answer):
    """The JSON messages of a progress stream; an error among them is raised."""
    found = [json.loads(line) for line in answer.text.splitlines() if line.strip()]
    for one in found:
        if one.get("error"):
            raise RuntimeError(f"{answer.request}: {one['error']}")
    return found
