# A port of 127.0.0.1 on this machine that leads to a port of 127.0.0.1 in an engine's own network.
import contextlib
import ctypes
import os
import socket
import threading

CLONE_NEWNET = 0x40000000  # sched.h; os.setns came with Python 3.12


class tunnel:
    """Open until closed: .port is this machine's end. `process` is one of the other network."""

    def __init__(self, process, port):
        self._process, self._target = process, port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        """On a thread that lives in the other network: the listener stays in the one that it was made in."""
        with open(f"/proc/{self._process}/ns/net") as network:
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.close()  # nobody listens there (now)
                continue
            threading.Thread(target=_join, args=(near, far), daemon=True).start()

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _join(near, far):
    with near, far:
        back = threading.Thread(target=_copy, args=(far, near), daemon=True)
        back.start()
        _copy(near, far)
        back.join()


def _copy(one, other):
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for end in (one, other):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
