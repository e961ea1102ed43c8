# An engine that answers at once what a real one was recorded to answer: what is left of a duration or of CPU time
# measured against it is the agent's own. Recorded by record(), served by a process of its own:
#
#     python3 replay.py FOLDER SOCKET      FOLDER holds answers.json: {"/images/json": "the body", …}
#
# GET /listings (not of an engine) says how many listings of images it was asked for. Events never come.
import asyncio
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "engines"))
import unix_http  # noqa: E402


def record(engine, folder):
    """Everything that an agent asks of a real engine that nobody changes meanwhile, into folder/answers.json."""
    def ask(path, query=None):
        return engine.api("GET", path, query).expect(200).text
    answers = {"/_ping": "OK", "/version": ask("/version"), "/images/json": ask("/images/json", {"all": "1"}),
               "/containers/json": ask("/containers/json", {"all": "1"}), "/system/df": ask("/system/df")}
    # The recorded root does not outlive its engine; this one is there, for statvfs.
    answers["/info"] = json.dumps({**json.loads(ask("/info")), "DockerRootDir": str(folder)})
    for image in json.loads(answers["/images/json"]):
        for what in ("json", "history"):
            answers[f"/images/{image['Id']}/{what}"] = ask(f"/images/{image['Id']}/{what}")
    pathlib.Path(folder, "answers.json").write_text(json.dumps(answers))


@contextlib.contextmanager
def replayed(folder):
    """A running replay of what was recorded there. → an object with .host, .listings()"""
    with tempfile.TemporaryDirectory(prefix="dsr-", dir="/var/tmp") as place:
        socket = f"{place}/engine.sock"
        process = subprocess.Popen([sys.executable, "-B", str(HERE / "replay.py"), str(folder), socket])
        try:
            server = replay_server(socket)
            for _ in range(500):
                with contextlib.suppress(OSError):
                    server.listings()
                    break
                time.sleep(0.02)
            yield server
        finally:
            process.kill()
            process.wait(10)


class replay_server:
    def __init__(self, socket):
        self.socket, self.host = socket, f"unix://{socket}"

    def listings(self):
        return unix_http.ask(lambda: unix_http.connection(self.socket, 10), "GET", "/listings").json()


# --- the serving process --------------------------------------------------------------------------------------------------
class connection(asyncio.Protocol):
    answers, listings = {}, 0

    def __init__(self):
        self.text = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.text += data
        while b"\r\n\r\n" in self.text:
            head, _, self.text = self.text.partition(b"\r\n\r\n")
            self.answer(*head.split(b" ", 2)[:2])

    def answer(self, method, target):
        path = re.sub(r"^/v[0-9.]+/", "/", target.decode().partition("?")[0])
        if path == "/events":
            self.transport.write(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n"
                                 b"Transfer-Encoding: chunked\r\n\r\n")
        elif path == "/listings":
            self.transport.write(whole(str(connection.listings).encode()))
        elif path in connection.answers:
            if path == "/images/json":
                connection.listings += 1
            answer = connection.answers[path]
            self.transport.write(answer if method != b"HEAD" else answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        else:
            self.transport.write(whole(b'{"message": "page not found"}', b"404 Not Found"))


def whole(body, status=b"200 OK"):
    return (b"HTTP/1.1 %s\r\nApi-Version: 1.41\r\nOstype: linux\r\nServer: Docker/20.10\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (status, len(body), body))


async def serve(folder, socket):
    answers = json.loads(pathlib.Path(folder, "answers.json").read_text())
    connection.answers = {path: whole(body.encode()) for path, body in answers.items()}
    server = await asyncio.get_running_loop().create_unix_server(connection, socket)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
