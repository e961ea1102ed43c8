# A Debian mirror for builds in an engine's own network namespace, which has no way out: listens there, fetches from the
# mirror that this machine's apt uses, and keeps packages in the test cache.
import contextlib
import ctypes
import http.server
import os
import pathlib
import shutil
import socket
import threading
import urllib.error
import urllib.request

import roots

CLONE_NEWNET = 0x40000000
DEFAULT = "http://deb.debian.org/debian"


def _listener_in(namespace):
    """A listening socket of another network namespace; the thread itself comes back from there."""
    def enter(file):
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    with open("/proc/thread-self/ns/net") as own, open(namespace) as other:
        enter(other)
        try:
            return socket.create_server(("127.0.0.1", 0))
        finally:
            enter(own)


class _handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream, cache = "", pathlib.Path()

    def do_GET(self):
        kept = self.cache / pathlib.Path(self.path).name if self.path.endswith(".deb") else None
        if kept is not None and kept.exists():
            self._answer(kept)
            return
        try:
            with urllib.request.urlopen(self.upstream + self.path, timeout=60) as answer:
                partial = self.cache / f".{threading.get_ident()}"
                with open(partial, "wb") as out:
                    shutil.copyfileobj(answer, out)
        except urllib.error.HTTPError as error:
            self.send_response(error.code)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if kept is None:
            self._answer(partial)
            partial.unlink()
        else:
            partial.rename(kept)
            self._answer(kept)

    def _answer(self, path):
        with open(path, "rb") as content:
            self.send_response(200)
            self.send_header("Content-Length", str(os.fstat(content.fileno()).st_size))
            self.end_headers()
            shutil.copyfileobj(content, self.wfile)

    def log_message(self, *_):
        pass


class _server(http.server.ThreadingHTTPServer):
    def __init__(self, listener, handler):
        super().__init__(listener.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_port = listener.getsockname()[1]


@contextlib.contextmanager
def mirror(engine):
    """→ the URL of the mirror, as processes in this engine's network reach it"""
    cache = roots.CACHE / "debs"
    cache.mkdir(parents=True, exist_ok=True)
    handler = type("handler", (_handler,), {"upstream": (roots.apt_mirror() or DEFAULT).rstrip("/"), "cache": cache})
    server = _server(_listener_in(f"/proc/{engine.init}/ns/net"), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
