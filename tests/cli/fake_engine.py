# A Docker engine of invented images and containers on a Unix socket, for tests of the binary: API 1.41 as Docker 20.10
# answers it. It can be told to hang, to fail and to change, it counts what it is asked, and it removes what it is told
# to as Docker does: name by name, the image with its last one, nothing that a container holds.
import collections
import hashlib
import http.server
import json
import re
import socketserver
import threading
import urllib.parse

KNOWN_FILTERS = {"images": {"dangling", "reference", "label", "before", "since"},
                 "containers": {"status", "name", "label", "ancestor", "id"}}


def digest(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def familiar(name):
    """docker.io/library/alpine → alpine, as engines take and list it."""
    return re.sub("^docker.io/(library/)?", "", name)


class image:
    """`layers`: (name, bytes) pairs, lowest first; images that name the same layers share them."""

    def __init__(self, tags, layers, created=1700000000, parent="", labels=None, digests=None):
        self.tags, self.layers, self.created, self.parent = list(tags), list(layers), created, parent
        self.labels, self.digests = labels, digests
        self.id = digest(f"{tags}{layers}{created}")
        self.size = sum(size for _, size in layers)

    def listed(self):
        return {"Containers": -1, "Created": self.created, "Id": self.id, "Labels": self.labels,
                "ParentId": self.parent, "RepoDigests": self.digests, "RepoTags": self.tags or ["<none>:<none>"],
                "SharedSize": -1, "Size": self.size, "VirtualSize": self.size}

    def inspected(self):
        return {"Id": self.id, "RepoTags": self.tags, "RepoDigests": self.digests or [], "Parent": self.parent,
                "Created": "2023-11-14T22:13:20Z", "Config": {"Labels": self.labels}, "Architecture": "amd64",
                "Os": "linux", "Size": self.size, "VirtualSize": self.size,
                "GraphDriver": {"Data": {}, "Name": "overlay2"},
                "RootFS": {"Type": "layers", "Layers": [digest(name) for name, _ in self.layers]},
                "Metadata": {"LastTagTime": "0001-01-01T00:00:00Z"}}

    def chains(self):
        """Chain IDs, lowest first (OCI image-spec)."""
        found = []
        for name, _ in self.layers:
            found.append(digest(f"{found[-1]} {digest(name)}") if found else digest(name))
        return found

    def history(self):
        return [{"Comment": "", "Created": self.created, "CreatedBy": f"/bin/sh -c {name}", "Id": "<missing>",
                 "Size": size, "Tags": None} for name, size in reversed(self.layers)]


class container:
    def __init__(self, name, of, state="running", created=1700000000, writable=0, volumes=(), labels=None):
        self.name, self.of, self.state, self.created = name, of, state, created
        self.writable, self.volumes, self.labels = writable, list(volumes), labels or {}
        self.finished = "2024-01-01T00:00:00Z"
        self.id = digest(name)[7:]

    def listed(self, with_size=False):
        status = {"running": "Up 2 hours", "exited": "Exited (0) 3 days ago", "created": "Created"}
        found = {"Id": self.id, "Names": ["/" + self.name], "Image": (self.of.tags or [self.of.id])[0],
                 "ImageID": self.of.id, "Command": "/bin/true", "Created": self.created, "Ports": [], "Labels": self.labels,
                 "State": self.state, "Status": status.get(self.state, self.state), "HostConfig": {"NetworkMode": "none"},
                 "Mounts": [{"Type": "volume", "Name": name, "Source": "", "Destination": "/d", "Driver": "local"}
                            for name in self.volumes]}
        if with_size:
            found |= {"SizeRw": self.writable, "SizeRootFs": self.of.size + self.writable}
        return found


    def inspected(self):
        return {"Id": self.id, "Name": "/" + self.name, "Image": self.of.id, "Created": "2023-11-14T22:13:20Z",
                "State": {"Status": self.state, "Running": self.state == "running", "FinishedAt": self.finished},
                "HostConfig": {"RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}}, "SizeRw": self.writable,
                "SizeRootFs": self.of.size + self.writable, "Config": {"Labels": self.labels}, "Mounts": []}


class fake_engine:
    """`with fake_engine(socket, images, containers) as engine`; engine.asked counts requests by path."""

    def __init__(self, path, images=(), containers=(), volumes=(), build_cache=(), root="/nowhere/docker"):
        self.path, self.root = path, root
        self.images, self.containers = list(images), list(containers)
        self.volumes, self.build_cache = list(volumes), list(build_cache)
        self.asked = collections.Counter()
        self.hangs = None      # a regular expression: requests for such paths get no answer
        self.fails = None      # such requests get a 500
        self.slow = 0          # seconds before each answer
        self.removed = []      # what was asked to be removed, in order: "images/alpine:3.19", "containers/…"
        self.on_removal = lambda path: None  # called before a removal is made
        self.slow_removal = 0  # seconds that one takes
        self.pullable = {}     # "docker.io/library/alpine:3.19" → (image, what its pull says: JSON objects, or seconds to rest;
                               # (message, status) for an error)
        self.pulls = []        # (query, X-Registry-Auth) of each pull
        self.pulls_cut = 0     # whose client went away before the end
        self.closing = threading.Event()
        self._streams, self._guard = [], threading.Lock()

    @property
    def host(self):
        return f"unix://{self.path}"

    def __enter__(self):
        engine = self

        class server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads, request_queue_size = True, 64

            def handle_error(self, *_):
                pass  # clients that hang up are part of the tests

        class handler(answerer):
            state = engine

        self._server = server(self.path, handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def emit(self, kind, action, identity, **attributes):
        """Sends an event to everybody who listens."""
        line = json.dumps({"Type": kind, "Action": action, "status": action, "id": identity,
                           "Actor": {"ID": identity, "Attributes": attributes}, "scope": "local",
                           "time": 1700000000, "timeNano": 1700000000000000000}) + "\n"
        with self._guard:
            for stream in self._streams:
                stream.append(line)

    def select(self, what, filters):
        """The objects that the engine's filters choose; None: it does not know one of them."""
        if not set(filters) <= KNOWN_FILTERS[what]:
            return None
        chosen = list(self.images if what == "images" else self.containers)
        if "dangling" in filters:
            chosen = [one for one in chosen if (not one.tags) == ("true" in filters["dangling"])]
        if "reference" in filters:
            patterns = [re.compile(re.escape(p).replace(r"\*", "[^/]*") + "(:.*)?") for p in filters["reference"]]
            chosen = [one for one in chosen if any(p.fullmatch(tag) for p in patterns for tag in one.tags)]
        if "ancestor" in filters:
            chosen = [one for one in chosen if one.of.id in filters["ancestor"]]
        if "status" in filters:
            chosen = [one for one in chosen if one.state in filters["status"]]
        if "name" in filters:
            chosen = [one for one in chosen if any(name in one.name for name in filters["name"])]
        return chosen


class answerer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = None

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_DELETE(self):
        self.change(self.remove)

    def do_POST(self):
        if re.sub(r"^/v1\.\d+", "", urllib.parse.urlsplit(self.path).path) == "/images/create":
            self.pull()
        else:
            self.change(self.tag)

    def pull(self):
        state = self.state
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        state.pulls.append((query, self.headers.get("X-Registry-Auth")))
        name = query["fromImage"] + ("@" if ":" in query["tag"] else ":") + query["tag"]
        if name not in state.pullable:
            self.reply({"message": f"manifest for {name} not found: manifest unknown: manifest unknown"}, 404)
            return
        found, says = state.pullable[name]
        if isinstance(says, tuple):  # an error instead
            self.reply({"message": says[0]}, says[1])
            return
        self.begin_stream()
        try:
            for one in says:
                if isinstance(one, (int, float)):
                    state.closing.wait(one)
                else:
                    self.write_chunk(json.dumps(one).encode() + b"\r\n")
        except OSError:
            state.pulls_cut += 1
            self.close_connection = True
            return
        if found is not None and found not in state.images:
            state.images.append(found)
        self.wfile.write(b"0\r\n\r\n")

    def change(self, how):
        path = re.sub(r"^/v1\.\d+", "", urllib.parse.unquote(urllib.parse.urlsplit(self.path).path))
        self.state.asked[f"{self.command} {path}"] += 1
        if self.state.hangs and re.search(self.state.hangs, f"{self.command} {path}"):
            self.state.closing.wait()
        elif self.state.fails and re.search(self.state.fails, f"{self.command} {path}"):
            self.reply({"message": "the test wants it so"}, 500)
        else:
            self.reply(*how(path))

    def remove(self, path):
        state = self.state
        kind, _, name = path.strip("/").partition("/")
        state.removed.append(f"{kind}/{name}")
        state.on_removal(f"{kind}/{name}")
        state.closing.wait(state.slow_removal)
        return self.remove_container(name) if kind == "containers" else self.remove_image(name)

    def remove_container(self, name):
        for one in self.state.containers:
            if name in (one.id, one.name):
                if one.state == "running":
                    return {"message": f"You cannot remove a running container {one.id}"}, 409
                self.state.containers.remove(one)
                return "", 204
        return {"message": f"No such container: {name}"}, 404

    def remove_image(self, name):
        state = self.state
        for one in state.images:
            digests = one.digests or []
            if name not in (one.id, *one.tags, *digests):
                continue
            held = [each for each in state.containers if each.of is one]
            if name == one.id and len(one.tags) > 1:
                return {"message": "conflict: image is referenced in multiple repositories"}, 409
            left = [tag for tag in one.tags if tag != name and name != one.id]
            if held and not left:
                return {"message": f"conflict: unable to remove: container {held[0].id[:12]} is using it"}, 409
            lost = [each for each in digests if not any(tag.rpartition(":")[0] == each.partition("@")[0] for tag in left)]
            answer = [{"Untagged": each} for each in ([name] if name != one.id else one.tags) + lost]
            one.tags, one.digests = left, [each for each in digests if each not in lost]
            if one.tags or one.digests:
                return answer, 200
            state.images.remove(one)
            kept = {chain for other in state.images for chain in other.chains()}
            gone = [chain for chain in reversed(one.chains()) if chain not in kept]
            return answer + [{"Deleted": one.id}] + [{"Deleted": chain} for chain in gone], 200
        return {"message": f"No such image: {name}"}, 404

    def tag(self, path):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        for one in self.state.images:
            if path == f"/images/{one.id}/tag":
                one.tags.append(f"{query['repo']}:{query['tag']}")
                return "", 201
        return {"message": f"no such object: {path}"}, 404

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        path = re.sub(r"^/v1\.\d+", "", urllib.parse.unquote(url.path))
        self.state.asked[path] += 1
        self.state.closing.wait(self.state.slow)
        if self.state.hangs and re.search(self.state.hangs, path):
            self.state.closing.wait()
            return
        if self.state.fails and re.search(self.state.fails, path):
            self.reply({"message": "the test wants it so"}, 500)
        elif path == "/events":
            self.stream_events()
        else:
            self.reply(*self.answer(path, query))

    def answer(self, path, query):
        state = self.state
        filters = {key: list(value) for key, value in json.loads(query.get("filters", "{}")).items()}
        if path == "/_ping":
            return "OK", 200
        if path == "/version":
            return {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12", "Os": "linux", "Arch": "amd64",
                    "Components": [{"Name": "Engine", "Version": "20.10.24"}]}, 200
        if path == "/info":
            return {"ID": "FAKE:ENGINE", "Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]],
                    "DockerRootDir": state.root, "ServerVersion": "20.10.24", "Images": len(state.images)}, 200
        if path == "/images/json":
            chosen = state.select("images", filters)
            if chosen is None:
                return {"message": f"Invalid filter '{sorted(filters)[0]}'"}, 400
            if query.get("all") not in ("1", "true"):
                parents = {one.parent for one in state.images}
                chosen = [one for one in chosen if one.tags or one.id not in parents]
            return [one.listed() for one in chosen], 200
        if path == "/containers/json":
            chosen = state.select("containers", filters)
            if chosen is None:
                return {"message": f"Invalid filter '{sorted(filters)[0]}'"}, 400
            if query.get("all") not in ("1", "true") and "status" not in filters:
                chosen = [one for one in chosen if one.state == "running"]
            return [one.listed(query.get("size") in ("1", "true")) for one in chosen][:int(query.get("limit", 0)) or None], 200
        if path == "/system/df":
            layers = {layer for one in state.images for layer in one.layers}
            return {"LayersSize": sum(size for _, size in layers), "Images": [one.listed() for one in state.images],
                    "Containers": [one.listed(True) for one in state.containers], "Volumes": state.volumes,
                    "BuildCache": state.build_cache, "BuilderSize": 0}, 200
        return self.answer_about_object(path)

    def answer_about_object(self, path):
        for one in self.state.containers:
            if path in (f"/containers/{one.id}/json", f"/containers/{one.name}/json"):
                return one.inspected(), 200
        found = re.fullmatch("/images/(.+)/(json|history)", path)
        for one in self.state.images if found else ():
            if familiar(found[1]) in (one.id, *one.tags, *(one.digests or [])):
                return (one.inspected() if found[2] == "json" else one.history()), 200
        return {"message": f"no such object: {path}"}, 404

    def reply(self, content, status):
        if status == 204:
            self.send_response(status)
            self.send_header("Api-Version", "1.41")
            self.end_headers()
            return
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Api-Version", "1.41")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def begin_stream(self):
        self.send_response(200)
        self.send_header("Api-Version", "1.41")
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def write_chunk(self, bytes):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(bytes), bytes))

    def stream_events(self):
        self.begin_stream()
        waiting = collections.deque()
        with self.state._guard:
            self.state._streams.append(waiting)
        while not self.state.closing.wait(0.02):
            while waiting:
                self.write_chunk(waiting.popleft().encode())
