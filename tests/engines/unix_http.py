# Plain HTTP over a Unix socket (or TCP), for asking an engine or the agent without any client library in between.
import http.client
import json
import socket
import urllib.parse


class http_failure(Exception):
    """The server answered with an error status, or with something else than asked for."""


class connection(http.client.HTTPConnection):
    """An HTTP connection to a Unix socket; Host is "localhost", as engines insist on one."""

    def __init__(self, path, timeout=60):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class answer:
    """What came back: .status, .headers (a dict, names in lower case), .body (bytes), .text, .json()."""

    def __init__(self, method, path, response):
        self.request = f"{method} {path}"
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode(errors="replace")

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise http_failure(f"{self.request}: {self.status}, not JSON: {self.text[:200]!r}") from error

    def expect(self, *statuses):
        """Itself when the status is one of these (any 2xx or 304 when none is given); else http_failure."""
        if self.status in statuses if statuses else self.status < 300 or self.status == 304:
            return self
        raise http_failure(f"{self.request}: {self.status}: {self.text[:500].strip()}")


def with_query(path, query):
    """The path with a query; values that are lists or dicts go as JSON, as the engine's filters do."""
    if not query:
        return path
    plain = {name: json.dumps(value) if isinstance(value, (dict, list)) else value for name, value in query.items()}
    return f"{path}?{urllib.parse.urlencode(plain)}"


def ask(open_connection, method, path, query=None, body=None, headers=None):
    """One request on a connection of its own. A body that is a dict goes as JSON; a file is streamed in chunks."""
    path, headers = with_query(path, query), dict(headers or {})
    if isinstance(body, dict):
        body = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    link = open_connection()
    try:
        link.request(method, path, body=body, headers=headers, encode_chunked=hasattr(body, "read"))
        return answer(method, path, link.getresponse())
    finally:
        link.close()
