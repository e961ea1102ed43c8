# Stands on a Unix socket between the agent and an engine, passes everything on, and writes down every request. It can
# also hold back, cut, or refuse the event stream, which no engine does on demand.
import contextlib
import os
import socket
import threading
import time
import urllib.parse


class request:
    """One request line: .at (monotonic seconds), .method, .path (version and query cut off), .query, .target (whole)."""

    def __init__(self, line):
        self.at = time.monotonic()
        self.method, self.target, _ = line.split(" ", 2)
        path, _, query = self.target.partition("?")
        first, _, rest = path[1:].partition("/")
        versioned = first.startswith("v") and first[1:2].isdigit()
        self.path = f"/{rest}" if versioned else path
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))

    @property
    def is_listing(self):
        """A listing of everything of a kind; one object, or one that only proves that listing works, is none."""
        narrowed = self.query.get("filters", "{}") not in ("{}", "") or self.query.get("limit") == "1"
        return self.method == "GET" and self.path in ("/images/json", "/containers/json") and not narrowed

    def __repr__(self):
        return f"{self.method} {self.target}"


class counting_proxy:
    """Listens on `path` and passes on to the engine's socket until closed."""

    def __init__(self, engine_socket, path):
        self.host = f"unix://{path}"
        self._engine_socket, self._path = engine_socket, path
        self._lock = threading.Lock()
        self._requests, self._event_links, self._links = [], [], set()
        self._flowing = threading.Event()
        self._flowing.set()
        self.refuse_events = False
        self.before = None  # called with each request before it is passed on, on a thread of the proxy
        self.answer = None  # called likewise: bytes are the answer, and the engine hears nothing of it; None: it is passed on
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    # --- what a test asks -------------------------------------------------------------------------------------------

    def mark(self):
        """A place in the record; requests(mark) gives what came after it."""
        with self._lock:
            return len(self._requests)

    def requests(self, mark=0):
        with self._lock:
            return self._requests[mark:]

    def listings(self, mark=0):
        return [one for one in self.requests(mark) if one.is_listing]

    def hold_events(self):
        """From now on events wait in the proxy; release_events() lets all of them through at once."""
        self._flowing.clear()

    def release_events(self):
        self._flowing.set()

    def cut_events(self):
        """Closes every open event stream, as a connection that breaks does."""
        with self._lock:
            links, self._event_links = self._event_links, []
        for link in links:
            _shut(link)
        return len(links)

    # --- passing on -------------------------------------------------------------------------------------------------

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with self._lock:
            self._links |= {client, server}
        try:
            server.connect(self._engine_socket)
            kind = {"events": False}
            threading.Thread(target=self._answers, args=(server, client, kind), daemon=True).start()
            self._asks(client, server, kind)
        except OSError:
            pass  # the engine is not there, or one side went away: the other one is told by closing
        finally:
            _shut(client)
            _shut(server)
            with self._lock:
                self._links -= {client, server}

    def _asks(self, client, server, kind):
        """Requests, one after another on the same connection: a head, and a body where Content-Length says so."""
        buffer = b""
        while True:
            while b"\r\n\r\n" not in buffer:
                more = client.recv(65536)
                if not more:
                    return
                buffer += more
            head, _, rest = buffer.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            one = request(lines[0])
            with self._lock:
                self._requests.append(one)
            if self.before is not None:
                self.before(one)
            if one.path == "/events":
                if self.refuse_events:
                    return
                kind["events"] = True
                with self._lock:
                    self._event_links += [client, server]
            length = next((int(line.partition(":")[2]) for line in lines if line.lower().startswith("content-length:")), 0)
            while len(rest) < length:
                more = client.recv(65536)
                if not more:
                    return
                rest += more
            buffer = rest[length:]
            said = self.answer and self.answer(one)
            if said:
                client.sendall(said)
            else:
                server.sendall(head + b"\r\n\r\n" + rest[:length])

    def _answers(self, server, client, kind):
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if kind["events"]:
                    self._flowing.wait()
                client.sendall(data)
        _shut(client)
        _shut(server)

    def close(self):
        _shut(self._listener)
        self._flowing.set()
        with self._lock:
            links = list(self._links)
        for link in links:
            _shut(link)
        with contextlib.suppress(OSError):
            os.unlink(self._path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _shut(link):
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
    link.close()
