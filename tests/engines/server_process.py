# What the servers that tests start have in common: a folder of their own, a log, and an end.
import http.client
import shutil
import time


class server_process:
    """Has .folder, .log (a path) and .process (None: not started); `failure` is what it raises."""

    failure = RuntimeError

    def wait_for(self, holds, what, seconds=20):
        deadline, last = time.monotonic() + seconds, None
        while True:
            try:
                if holds():
                    return
                last = None
            except (OSError, ValueError, http.client.HTTPException) as error:
                last = error
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise self.failure(f"not within {seconds} s: {what} ({last}); its log ends:\n"
                                   f"{self.log.read_text()[-2000:]}")
            time.sleep(0.1)

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
