# docksweep pull as a person or a script uses it, against a scripted engine.
import json
import re
import signal
import subprocess
import time
import unittest

from binary import BINARY, terminal
from fake_engine import digest, image
from screen import screen
from test_commands import with_engine

DIGEST = digest("what the registry calls it")


def progress_of(name, layers=("aaaaaaaaaaaa", "bbbbbbbbbbbb"), rest=0.0):
    yield {"status": "Pulling from x", "id": name.rpartition(":")[2]}
    for layer in layers:
        yield {"status": "Pulling fs layer", "progressDetail": {}, "id": layer}
    for layer in layers:
        for current in (1_000_000, 2_000_000, 3_000_000):
            yield {"status": "Downloading", "progressDetail": {"current": current, "total": 3_000_000}, "id": layer}
            yield rest
        yield {"status": "Download complete", "progressDetail": {}, "id": layer}
        yield {"status": "Pull complete", "progressDetail": {}, "id": layer}
    yield {"status": f"Digest: {DIGEST}"}
    yield {"status": f"Status: Downloaded newer image for {name}"}


UP_TO_DATE = [{"status": "Pulling from x", "id": "1"}, {"status": f"Digest: {DIGEST}"},
              {"status": "Status: Image is up to date for x"}]


class with_registry(with_engine):
    def setUp(self):
        super().setUp()
        self.shop = image(["shop:1"], [("base", 1000), ("shop", 2000)], digests=[f"shop@{DIGEST}"])
        self.offer("docker.io/library/shop:1", progress_of("shop:1"))

    def offer(self, name, says, found=None, status=500):
        self.engine.pullable[name] = (found or self.shop, (says, status) if isinstance(says, str) else list(says))

    def pull(self, status, *arguments, **environment):
        done = self.ask("pull", *arguments, **environment)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done


class pulls(with_registry):
    def test_a_log_gets_each_change_and_what_came(self):
        done = self.pull(0, "shop:1")
        digest_line, id_line, last = done.stdout.splitlines()
        self.assertEqual(done.stderr.splitlines(), ["Pulling from x", "aaaaaaaaaaaa: Pulling fs layer", "bbbbbbbbbbbb: Pulling fs layer",
                                 "aaaaaaaaaaaa: Downloading", "aaaaaaaaaaaa: Download complete",
                                 "aaaaaaaaaaaa: Pull complete", "bbbbbbbbbbbb: Downloading",
                                 "bbbbbbbbbbbb: Download complete", "bbbbbbbbbbbb: Pull complete"])
        self.assertEqual((digest_line, id_line), (f"Digest: {DIGEST}", f"ID: {self.shop.id}"))
        self.assertRegex(last, r"^shop:1 was pulled: 6\.0 MB in \d+\.\d s$")
        self.assertEqual(self.engine.pulls, [({"fromImage": "docker.io/library/shop", "tag": "1"}, None)])

    def test_up_to_date(self):
        self.offer("docker.io/library/shop:1", UP_TO_DATE)
        self.assertEqual(self.pull(0, "shop:1").stdout.splitlines()[-1], "shop:1 is up to date")

    def test_without_a_tag_it_is_latest_and_says_so(self):
        self.shop.tags.append("shop:latest")
        self.offer("docker.io/library/shop:latest", UP_TO_DATE)
        self.assertEqual(self.pull(0, "shop").stderr.splitlines()[0], "Using default tag: latest")
        self.assertEqual(self.pull(0, "shop", "-q").stdout, f"{self.shop.id}\n")
        self.assertEqual([query["tag"] for query, _ in self.engine.pulls], ["latest", "latest"])

    def test_a_digest_counts_whatever_the_tag(self):
        self.offer(f"docker.io/library/shop@{DIGEST}", UP_TO_DATE)
        for name in (f"shop@{DIGEST}", f"shop:nope@{DIGEST}"):
            self.assertIn(self.shop.id, self.pull(0, name).stdout)
        self.assertEqual({query["tag"] for query, _ in self.engine.pulls}, {DIGEST})

    def test_quiet_is_one_id(self):
        done = self.pull(0, "-q", "shop:1")
        self.assertEqual((done.stdout, done.stderr), (f"{self.shop.id}\n", ""))

    def test_json_is_one_object(self):
        found = json.loads(self.pull(0, "--json", "shop:1", "--platform", "linux/amd64").stdout)
        self.assertGreater(found.pop("seconds"), 0)
        self.assertEqual(found, {"reference": "shop:1", "id": self.shop.id, "digest": DIGEST, "status": "downloaded",
                                 "platform": "linux/amd64", "layers": 2, "bytes": 6_000_000, "error": None})
        self.assertEqual(self.engine.pulls[0][0]["platform"], "linux/amd64")
        failed = json.loads(self.pull(1, "--json", "nope:1").stdout)
        self.assertEqual((failed["status"], failed["id"], failed["reference"]), ("failed", None, "nope:1"))
        self.assertIn("manifest unknown", failed["error"])

    def test_a_wrong_reference_is_wrong_usage_and_asks_nobody(self):
        for name in ("Shop:1", "shop:", "shop@sha256:12", "", "a" * 64, "sha256:" + "a" * 64):
            done = self.pull(2, name)
            self.assertIn("is not a reference to an image", done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertEqual(sum(self.engine.asked.values()), 0)

    def test_what_is_not_there_says_what_to_look_at(self):
        done = self.pull(1, "registry.example.com:5000/team/nope:1")
        self.assertIn("registry.example.com:5000/team/nope:1 was not pulled", done.stderr)
        self.assertIn("manifest unknown", done.stderr)
        self.assertIn("docker login registry.example.com:5000", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_a_refused_credential_names_where_credentials_are_looked_for(self):
        self.offer("docker.io/library/shop:1", "unauthorized: incorrect username or password")
        done = self.pull(1, "shop:1")
        for words in ("incorrect username or password", "--auth-file", "DOCKER_AUTH_CONFIG", "~/.docker", "'docker login'"):
            self.assertIn(words, done.stderr)

    def test_an_error_after_success_is_a_failure(self):
        error = {"errorDetail": {"message": "no space left on device"}, "error": "no space left on device"}
        self.offer("docker.io/library/shop:1", [*progress_of("shop:1"), error])
        done = self.pull(1, "shop:1")
        self.assertIn("shop:1 was not pulled: no space left on device", done.stderr)
        self.assertNotIn("was pulled:", done.stdout)

    def test_a_stream_that_ends_without_a_word_is_a_failure(self):
        success = {"status": "Status: Downloaded newer image for shop:1"}
        layer = {"status": "Pull complete", "progressDetail": {}, "id": "aaaaaaaaaaaa"}
        for says in ([], [layer], [success, layer]):
            self.offer("docker.io/library/shop:1", says)
            done = self.pull(1, "-q", "shop:1")
            self.assertEqual(done.stdout, "")
            self.assertIn("without saying that all is there", done.stderr)

    def test_a_refusal_that_is_not_about_credentials_says_nothing_of_them(self):
        self.offer("docker.io/library/shop:1", "no such platform", status=400)
        done = self.pull(1, "shop:1")
        self.assertIn("no such platform", done.stderr)
        self.assertNotIn("--auth-file", done.stderr)

    def test_another_platform_than_was_asked_for_is_a_failure(self):
        done = self.pull(1, "shop:1", "--platform", "linux/arm64")
        self.assertIn("was asked for as linux/arm64, and the engine pulled it as linux/amd64", done.stderr)
        self.pull(0, "shop:1", "--platform", "linux/amd64/v2")

    def test_no_engine_is_a_failure(self):
        done = self.docksweep("--host", "unix:///nonexistent/e.sock", "pull", "shop:1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be reached", done.stderr)

    def test_a_signal_ends_the_engines_pull_too(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                self.engine.pulls_cut = 0
                self.offer("docker.io/library/shop:1", progress_of("shop:1", [f"{n:012x}" for n in range(200)], rest=0.05))
                running = subprocess.Popen([BINARY, "--config", self.settings, "pull", "shop:1"], text=True,
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)
                self.addCleanup(running.kill)
                self.assertIn("Pulling from", running.stderr.readline())
                running.send_signal(number)
                out, err = running.communicate(timeout=30)
                self.assertEqual(running.returncode, 1, err)
                self.assertIn("stopped", err)
                self.wait_until(lambda: self.engine.pulls_cut == 1)
                self.assertNotIn(self.shop, self.engine.images)


class terminals(with_registry):
    def test_layers_are_redrawn_in_place(self):
        self.offer("docker.io/library/shop:1", progress_of("shop:1", rest=0.3))
        status, text = self.on_terminal("--config", self.settings, "pull", "shop:1")
        self.assertEqual(status, 0)
        self.assertRegex(text, r"\x1b\[3A\raaaaaaaaaaaa  Downloading +\[=+> *\]  \d\.0 MB/3\.0 MB")
        last = text.rpartition("\x1b[J")
        self.assertRegex(last[0].rpartition("A\r")[2], r"(?s)Pull complete.*Pull complete.*2/2 layers done, 6\.0 MB of 6\.0 MB")
        self.assertRegex(last[2], r"^Digest: sha256:\w+\nID: sha256:\w+\nshop:1 was pulled: 6\.0 MB in \d+\.\d s\n$")

    def test_it_is_redrawn_ten_times_a_second_at_most(self):
        layer = {"status": "Downloading", "id": "aaaaaaaaaaaa"}
        says = [each for part in range(1000) for each in
                ({**layer, "progressDetail": {"current": part * 1000, "total": 1_000_000}}, 0.001)]
        self.offer("docker.io/library/shop:1", [*says, *UP_TO_DATE])
        began = time.monotonic()
        status, text = self.on_terminal("--config", self.settings, "pull", "shop:1")
        self.assertEqual(status, 0)
        frames = text.count("layers done")
        self.assertGreater(frames, 5)
        self.assertLessEqual(frames, (time.monotonic() - began) * 10 + 2)

    def test_what_stays_on_the_screen(self):
        self.offer("docker.io/library/shop:1", progress_of("shop:1", rest=0.15))
        for columns in (20, 34, 80):
            _, text = self.on_terminal("--config", self.settings, "pull", "shop:1", columns=columns)
            end = screen(text)
            self.assertEqual((end.column, end.visible), (0, True))
            first, second, totals, *outcome = end.text.splitlines()
            self.assertEqual([first[:12], second[:12], totals[:15]], ["aaaaaaaaaaaa", "bbbbbbbbbbbb", "2/2 layers done"])
            self.assertEqual([line.partition(" ")[0] for line in outcome], ["Digest:", "ID:", "shop:1"])
            self.assertLess(screen(text.partition("Digest: ")[0]).widest, columns)

    def test_more_layers_than_rows_and_a_narrow_terminal(self):
        layers = [f"{number:012x}" for number in range(60)]
        self.offer("docker.io/library/shop:1", progress_of("shop:1", layers, rest=0.005))
        _, text = self.on_terminal("--config", self.settings, "pull", "shop:1", columns=30)
        frames = [frame for frame in text.split("\x1b[J") if "layers done" in frame]
        self.assertGreater(len(frames), 3)
        for frame in frames:
            lines = re.sub(r"\x1b\[\d*[AK]|\r", "", frame).splitlines()
            drawn = [line for line in lines if not line.startswith(("Using", "Digest", "ID", "shop"))]
            self.assertLessEqual(len(drawn), 23)
            self.assertTrue(all(len(line) <= 29 for line in drawn), drawn)
        self.assertIn("layers are done)", text)

    def test_a_bad_character_of_an_engine_moves_no_cursor(self):
        self.offer("docker.io/library/shop:1", [{"status": "\x1b[2Jevil", "id": "\x1b[1Aaa"}, *UP_TO_DATE])
        _, text = self.on_terminal("--config", self.settings, "pull", "shop:1")
        self.assertNotIn("\x1b[2J", text)
        self.assertNotIn("\x1b[1Aaa", text)

    def test_ctrl_c_leaves_the_terminal_as_it_was(self):
        self.offer("docker.io/library/shop:1", progress_of("shop:1", [f"{n:012x}" for n in range(200)], rest=0.05))
        with terminal(self, "--config", self.settings, "pull", "shop:1") as it:
            it.wait_for("layers done")
            it.type("\x03")
            self.assertEqual(it.end(), 1, it.text)
            self.assertRegex(it.text, r"\x1b\[J(\^C)?docksweep: stopped, and with it the engine's pull.*\n$")
            self.assertNotIn("\x1b[?", it.text)
            end = screen(it.text.replace("^C", ""))
            self.assertEqual((end.column, end.visible), (0, True))
            self.assertTrue(end.text.splitlines()[-1].startswith("docksweep: stopped"), end.text)
        self.wait_until(lambda: self.engine.pulls_cut == 1)

    def test_progress_goes_to_the_terminal_and_the_outcome_to_the_pipe(self):
        with terminal(self, "--config", self.settings, "pull", "shop:1", NO_COLOR="1") as it:
            self.assertEqual(it.end(), 0)
        self.assertNotIn("aaaaaaaaaaaa: ", it.text)


if __name__ == "__main__":
    unittest.main()
