# The commands that ask once, against a scripted engine.
import contextlib
import json
import os
import pathlib
import sqlite3
import stat
import subprocess
import time
import unittest

from binary import BINARY, agent, in_a_folder
from fake_engine import container, fake_engine, image

BASE = ("base", 50_000_000)


def some_images():
    """alpine and app share a layer; old is dangling; app has two names."""
    return [image(["alpine:3.19"], [BASE]),
            image(["registry.example.com/team/a-rather-long-repository-name/app:1.4.2", "app:latest"],
                  [BASE, ("app", 30_000_000)], created=1750000000),
            image([], [("old", 7_000_000)], created=1650000000),
            image(["mariadb:11"], [("maria", 400_000_000)], created=1600000000)]


class with_engine(in_a_folder):
    def setUp(self):
        super().setUp()
        images = some_images()
        containers = [container("web", images[1], "running", volumes=["data"]),
                      container("job-1", images[0], "exited", writable=1234), container("job-2", images[0], "exited")]
        volumes = [{"Name": name, "Driver": "local", "CreatedAt": "2026-01-01T00:00:00Z", "Labels": None, "Scope": "local",
                    "UsageData": {"RefCount": held, "Size": size}} for name, held, size in
                   (("data", 1, 5000), ("f" * 64, 0, 7000))]
        self.engine = fake_engine(self.path("e.sock"), images, containers, volumes, root=str(self.folder))
        self.engine.__enter__()
        self.addCleanup(self.engine.__exit__)
        self.settings = self.config(f'[engine]\nhost = "{self.engine.host}"\n')

    def ask(self, *arguments, **environment):
        return self.docksweep("--config", self.settings, *arguments, **environment)

    def lines(self, *arguments):
        done = self.ask(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def rows(self, table):
        with contextlib.suppress(sqlite3.OperationalError):  # not there yet
            with contextlib.closing(sqlite3.connect(f"file:{self.folder}/state.db?mode=ro", uri=True)) as state:
                return state.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return 0

    def by_name(self, tag):
        return next(one for one in self.engine.images if tag in one.tags)


class images(with_engine):
    def test_table_shows_state_size_and_what_each_alone_would_free(self):
        header, *rows = self.lines("images")
        self.assertEqual(header.split(), ["IMAGE", "ID", "SIZE", "FREED", "LAST", "USE", "VERDICT", "STATE", "AGE", "USED", "BY"])
        self.assertEqual([row.split()[0] for row in rows],
                         ["mariadb:11", self.by_name("app:latest").tags[0], "alpine:3.19", "<none>"])
        self.assertRegex(rows[0], r"mariadb:11 +\S{12} +400 MB +400 MB +(now|\d+ seconds?) +local_only +unused +\d+ years$")
        self.assertRegex(rows[1], r"app:1.4.2 \+1 +\S{12} +80.0 MB +30.0 MB +(now|\d+ seconds?) +in_use +in_use +\d+ \w+ +1$")
        self.assertRegex(rows[2], r"alpine:3.19 +\S{12} +50.0 MB +0 B +(now|\d+ seconds?) +in_use +in_use +\d+ \w+ +2$")
        self.assertRegex(rows[3], r"<none> +\S{12} +7.0 MB +7.0 MB +(now|\d+ seconds?) +min_age +dangling +\d+ years$")

    def test_orders(self):
        def names(*arguments):
            return [row["tags"][:1] for row in json.loads("\n".join(self.lines("images", "--json", *arguments)))["images"]]
        app, alpine, maria = [self.by_name("app:latest").tags[0]], ["alpine:3.19"], ["mariadb:11"]
        self.assertEqual(names("--sort", "size"), [maria, app, alpine, []])
        self.assertEqual(names("--sort", "freed"), [maria, app, [], alpine])
        self.assertEqual(names("--sort", "created"), [app, alpine, [], maria])
        self.assertEqual(names("--sort", "name"), [alpine, maria, app, []])

    def test_dangling_images_for_a_pipe(self):
        self.assertEqual(self.lines("images", "--filter", "dangling=true", "-q"), [self.engine.images[2].id])

    def test_images_by_exact_and_by_wildcard_reference(self):
        self.assertEqual(self.lines("images", "--filter", "reference=mariadb:11", "-q"), [self.by_name("mariadb:11").id])
        self.assertEqual(self.lines("images", "--filter", "reference=*a*", "-q", "--sort", "name"),
                         [self.by_name("alpine:3.19").id, self.by_name("mariadb:11").id, self.by_name("app:latest").id])

    def test_quiet_reads_no_layers(self):
        self.lines("images", "-q")
        self.assertFalse([path for path in self.engine.asked if path.endswith(("/history", "/df"))])

    def test_freed_is_a_property_of_the_node_whatever_is_shown(self):
        shown = json.loads("\n".join(self.lines("images", "--json", "--filter", "reference=alpine")))["images"]
        self.assertEqual([(one["id"], one["freed"]) for one in shown],
                         [(self.by_name("alpine:3.19").id, {"at_least": 0, "at_most": 0})])

    def test_json_has_bytes_times_and_containers(self):
        found = {one["id"]: one for one in json.loads("\n".join(self.lines("images", "--json")))["images"]}
        app = found[self.by_name("app:latest").id]
        self.assertEqual((app["state"], app["size_bytes"], app["created_at"]), ("in_use", 80_000_000, "2025-06-15T15:06:40Z"))
        self.assertEqual([one["name"] for one in app["containers"]], ["web"])
        self.assertEqual(len(found), 4)

    def test_intermediate_images_only_when_asked_for(self):
        step = image([], [("step", 1)])
        self.engine.images += [step, image(["built:1"], [("step", 1), ("top", 2)], parent=step.id)]
        self.assertNotIn(step.id, self.lines("images", "-q"))
        self.assertIn(step.id, self.lines("images", "-q", "--all"))

    def test_no_trunc_shows_whole_names_and_ids(self):
        _, wide = self.on_terminal("--config", self.settings, "images", "--no-trunc")
        app = self.by_name("app:latest")
        self.assertIn(", ".join(app.tags), wide)
        self.assertIn(app.id, wide)

    def test_a_filter_that_the_engine_does_not_know_is_its_own_error(self):
        done = self.ask("images", "--filter", "colour=red")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("Invalid filter 'colour'", done.stderr)

    def test_unreadable_layers_are_said_and_give_a_range(self):
        self.engine.fails = self.by_name("mariadb:11").id + "/history"
        done = self.ask("images")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"The layers of 1 image could not be read, so what is freed is a range: .*the test wants it so")
        self.assertRegex(done.stdout, r"mariadb:11 .* ≤400 MB")

    def test_layers_that_an_agent_has_read_are_not_read_again(self):
        self.settings = self.config(f'[engine]\nhost = "{self.engine.host}"\n[web]\nlisten = ["127.0.0.1:0"]\n')
        with agent(self, self.settings) as running:
            running.wait_for(lambda: self.rows("image_details") == 4 and self.rows("disk_usage") == 1, "all of it kept")
            self.assertEqual(running.end()[0], 0)
        self.engine.asked.clear()
        self.assertEqual(len(self.lines("images")), 5)
        self.assertFalse([path for path in self.engine.asked if path.endswith(("/history", "/df"))])


class terminals(with_engine):
    def test_tables_fit_eighty_columns(self):
        for command in (["images"], ["containers"], ["containers", "--size"], ["df", "-v"]):
            status, text = self.on_terminal("--config", self.settings, *command, NO_COLOR="1")
            self.assertEqual(status, 0, text)
            # Sentences are the terminal's to wrap.
            lines = [line for line in text.splitlines() if not line.startswith("No agent's record")]
            self.assertLessEqual(max(len(line) for line in lines), 80, text)

    def test_tables_fit_narrow_terminals(self):
        for columns in (48, 60, 72):
            for command in (["images"], ["containers"], ["df"]):
                status, text = self.on_terminal("--config", self.settings, *command, columns=columns, NO_COLOR="1")
                self.assertEqual(status, 0, text)
                rows = [line for line in text.splitlines() if "  " in line]
                self.assertGreater(len(rows), 3, text)
                self.assertLessEqual(max(len(line) for line in rows), columns, text)

    def test_colour_is_for_terminals_that_want_it(self):
        self.assertIn("\x1b[", self.on_terminal("--config", self.settings, "images")[1])
        self.assertNotIn("\x1b[", self.on_terminal("--config", self.settings, "images", NO_COLOR="1")[1])
        self.assertNotIn("\x1b[", self.ask("images").stdout)

    def test_a_pipe_gets_whole_names_and_no_summary(self):
        text = self.ask("images").stdout
        self.assertIn("registry.example.com/team/a-rather-long-repository-name/app:1.4.2", text)
        self.assertNotIn("images shown", text)
        self.assertIn("images shown", self.on_terminal("--config", self.settings, "images")[1])

    def test_slow_reading_shows_progress_on_stderr_and_wipes_it(self):
        self.engine.images = [image([f"many:{i}"], [(f"layer {i}", 1000 + i)]) for i in range(200)]
        self.engine.slow = 0.02
        status, text = self.on_terminal("--config", self.settings, "images", NO_COLOR="1")
        self.assertEqual(status, 0)
        self.assertRegex(text, r"\rreading the layers of images \[=*>? *\] \d+/200\x1b\[K")
        self.assertIn("\r\x1b[KIMAGE", text)

    def test_a_reader_that_has_enough_is_no_fault(self):
        self.engine.images = [image([f"many:{i}"], [(f"layer {i}", 1000 + i)]) for i in range(2000)]
        running = subprocess.Popen([BINARY, "--config", self.settings, "images", "-q"], env=self.environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        running.stdout.close()
        self.assertEqual((running.stderr.read(), running.wait(30)), (b"", 0))
        running.stderr.close()

    def test_a_full_disk_under_stdout_is_a_fault(self):
        for told in (["--config", self.settings, "images"], ["--version"], ["--help"], ["images", "--help"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([BINARY, *told], env=self.environment, stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 1, told)
            self.assertIn("No space left on device", done.stderr)


class containers(with_engine):
    def test_names_of_exited_containers_for_a_pipe(self):
        self.assertEqual(self.lines("containers", "--filter", "status=exited", "-q"), ["job-1", "job-2"])

    def test_all_states_running_first(self):
        self.assertEqual(self.lines("containers", "-q"), ["web", "job-1", "job-2"])
        header, *rows = self.lines("containers")
        self.assertEqual(header.split(), ["NAME", "STATE", "STATUS", "IMAGE", "AGE", "ID"])
        self.assertRegex(rows[1], r"^job-1 +exited +Exited \(0\) 3 days ago +alpine:3.19 +\d+ \w+ +\S{12}$")

    def test_sizes_are_asked_for_only_when_wanted(self):
        self.assertNotIn("1.2 kB", self.ask("containers").stdout)
        self.assertRegex(self.ask("containers", "--size").stdout, r"job-1 +exited +1.2 kB ")

    def test_json(self):
        found = json.loads(self.ask("containers", "--json", "--filter", "name=web").stdout)["containers"]
        self.assertEqual([(one["names"], one["state"], one["volumes"]) for one in found], [(["web"], "running", ["data"])])


class disk_use(with_engine):
    def test_counts_sizes_and_what_would_come_back(self):
        rows = {line[:12].strip(): line[12:].split() for line in self.ask("df").stdout.splitlines() if line}
        self.assertEqual(rows["images"][:5], ["4", "487", "MB", "407", "MB"])
        self.assertEqual(rows["containers"][:5], ["3", "1.2", "kB", "1.2", "kB"])
        self.assertEqual(rows["volumes"][:5], ["2", "12.0", "kB", "7.0", "kB"])

    def test_file_system_of_the_engine(self):
        text = self.ask("df").stdout
        self.assertRegex(text, rf"{self.folder} +[\d.]+ \wB +[\d.]+ \wB +[\d.]+ \wB +\d+ % +[\d.]+ \w?B")

    def test_volumes_with_v(self):
        self.assertNotIn("f" * 64, self.ask("df").stdout)
        self.assertRegex(self.ask("df", "-v").stdout, "f" * 64 + r" +7.0 kB +0 +\d+ \w+ +anonymous +local")

    def test_json(self):
        found = json.loads(self.ask("df", "--json").stdout)
        self.assertEqual((found["images"]["count"], found["exact"]), (4, True))
        self.assertEqual(found["images"]["reclaimable"], {"at_least": 407_000_000, "at_most": 407_000_000})
        self.assertEqual([one["name"] for one in found["volumes"]["items"]], ["data", "f" * 64])

    def test_an_engine_that_cannot_tell_leaves_the_rest(self):
        self.engine.fails = "/system/df"
        done = self.ask("df")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "Volumes and build cache are unknown: .*the test wants it so")
        self.assertRegex(done.stdout, r"images +4 +487 MB")


class textfile(with_engine):
    def test_page_has_state_but_no_timestamps_and_no_process(self):
        text = self.ask("metrics").stdout
        self.assertIn('docksweep_images{state="unused"} 1\n', text)
        self.assertIn("docksweep_engine_up 1\n", text)
        self.assertNotIn("process_", text)
        for line in text.splitlines():
            if not line.startswith("#"):
                self.assertRegex(line, r"^[a-z_]+(\{.*\})? \S+$")

    def test_output_replaces_the_file_whole_and_readable_for_all(self):
        target = pathlib.Path(self.path("docksweep.prom"))
        target.write_text("old\n")
        with open(target) as reader:
            self.assertEqual(self.ask("metrics", "--output", str(target)).returncode, 0)
            self.assertEqual(reader.read(), "old\n")
        self.assertIn("docksweep_engine_up 1\n", target.read_text())
        self.assertEqual(stat.S_IMODE(target.stat().st_mode), 0o644)
        self.assertEqual([name for name in os.listdir(self.folder) if "docksweep.prom" in name], ["docksweep.prom"])

    def test_without_an_engine_the_file_says_so(self):
        target = pathlib.Path(self.path("docksweep.prom"))
        done = self.docksweep("--host", "unix:///nowhere/engine.sock", "metrics", "--output", str(target))
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/engine.sock", done.stderr)
        self.assertIn("docksweep_engine_up 0\n", target.read_text())
        self.assertNotIn("docksweep_images{", target.read_text())

    def test_where_it_cannot_write_is_said(self):
        done = self.ask("metrics", "--output", "/nowhere/docksweep.prom")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/docksweep.prom cannot be written: No such file or directory", done.stderr)


class engines(with_engine):
    def test_nobody_there_says_where_and_what_to_do(self):
        for command in ("images", "containers", "df"):
            done = self.docksweep("--host", "unix:///nowhere/engine.sock", command)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, "^docksweep: .*/nowhere/engine.sock")

    def test_a_host_that_makes_no_sense_is_bad_usage(self):
        done = self.docksweep("--host", "ftp://engine", "images")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("ftp", done.stderr)

    def test_host_beats_configuration_and_environment(self):
        done = self.docksweep("images", "-q", "--host", self.engine.host, DOCKER_HOST="unix:///nowhere")
        self.assertEqual(len(done.stdout.splitlines()), 4)
        done = self.docksweep("images", "-q", DOCKER_HOST=self.engine.host)
        self.assertEqual(len(done.stdout.splitlines()), 4)

    def test_a_hanging_engine_ends_at_its_deadline(self):
        self.engine.hangs = "/images/json"
        settings = self.config(f'[engine]\nhost = "{self.engine.host}"\ntimeout = "1s"\n')
        began = time.monotonic()
        done = self.docksweep("--config", settings, "images")
        self.assertEqual(done.returncode, 1)
        self.assertLess(time.monotonic() - began, 10)

    def test_trace_shows_each_call_as_a_curl_line(self):
        done = self.ask("--trace", "containers", "-q")
        self.assertRegex(done.stderr, rf"curl .*--unix-socket {self.engine.path} .*/containers/json")
        self.assertEqual(done.stdout.splitlines(), ["web", "job-1", "job-2"])


class configuration(in_a_folder):
    def test_faults_have_line_and_column_and_exit_status_two(self):
        settings = self.config('mode = "observe"\n[inventory]\n  resynk = "5m"\ndisk_usage = "5x"\n')
        done = self.docksweep("check-config", "--config", settings)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, rf"(?m)^{settings}:3:3: .*resynk.*resync")
        self.assertRegex(done.stderr, rf"(?m)^{settings}:4:\d+: .*5x")

    def test_every_command_refuses_a_bad_configuration(self):
        settings = self.config("nonsense = 1\n")
        for command in ("run", "images", "containers", "df", "metrics"):
            done = self.docksweep("--config", settings, command)
            self.assertEqual((done.returncode, done.stdout), (2, ""), command)
            self.assertIn(f"{settings}:1:1:", done.stderr)

    def test_a_file_that_was_asked_for_must_be_there(self):
        done = self.docksweep("check-config", "--config", "/nowhere/docksweep.toml")
        self.assertEqual(done.returncode, 2)
        self.assertIn("/nowhere/docksweep.toml", done.stderr)

    def test_an_empty_name_is_no_default(self):
        """`--config "$VAR"` of a script whose variable is not set."""
        for option in ("--config", "--host"):
            done = self.docksweep("images", option, "")
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("an empty value", done.stderr)

    def test_a_pipe_may_take_its_time(self):
        done = subprocess.run(["sh", "-c", '(sleep 1; echo "mode = 1") | "$0" check-config --config /dev/stdin', BINARY],
                              env=self.environment, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("/dev/stdin:1:8: mode takes a word", done.stderr)

    def test_a_pipe_that_nobody_writes_to_is_no_empty_file(self):
        os.mkfifo(self.path("fifo"))
        done = self.docksweep("check-config", "--config", self.path("fifo"))
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("nothing came for 10 s", done.stderr)

    def test_files_of_the_web_server_that_the_agent_would_refuse(self):
        """What `run` refuses is not valid here."""
        pathlib.Path(self.path("short")).write_text("short\n")
        for name in ("a", "b"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                            "-subj", "/CN=x", "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.crt")],
                           check=True, capture_output=True)
        hash = "$2x$05$" + "a" * 53
        for keys, said in ((f'token_file = "{self.path("short")}"', "at least 16 characters"),
                           (f'tls = {{ cert = "{self.path("short")}", key = "{self.path("a.key")}" }}', "cert: "),
                           (f'tls = {{ cert = "{self.path("a.crt")}", key = "{self.path("b.key")}" }}', "is not the key of"),
                           (f'users = {{ a = "{hash}" }}', "no bcrypt hash")):
            settings = self.config(f"[web]\n{keys}\n")
            checked, run = self.docksweep("check-config", "--config", settings), self.docksweep("run", "--config", settings)
            self.assertEqual((checked.returncode, checked.stdout, run.returncode), (2, "", 2), keys)
            self.assertIn(said, checked.stderr)
            self.assertIn(said, run.stderr)
            shown = json.loads(self.docksweep("check-config", "--json", "--config", settings).stdout)
            self.assertFalse(shown["valid"])
            self.assertIn(said, shown["faults"][0]["message"])
        settings = self.config(f'[web]\ntls = {{ cert = "{self.path("a.crt")}", key = "{self.path("a.key")}" }}\n')
        self.assertEqual(self.docksweep("check-config", "--config", settings).returncode, 0)

    def test_faults_as_json(self):
        settings = self.config("nonsense = 1\n")
        done = self.docksweep("check-config", "--json", "--config", settings)
        self.assertEqual(done.returncode, 2)
        found = json.loads(done.stdout)
        self.assertFalse(found["valid"])
        self.assertEqual([(one["file"], one["line"], one["column"]) for one in found["faults"]], [(settings, 1, 1)])

    def test_effective_shows_values_and_sources(self):
        settings = self.config('[inventory]\nresync = "7m"\n')
        done = self.docksweep("check-config", "--effective", "--config", settings, DOCKSWEEP_MODE="enforce")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r'(?m)^resync = "7m" +# .*docksweep.toml:2')
        self.assertRegex(done.stdout, r'(?m)^mode = "enforce" +# .*DOCKSWEEP_MODE')
        rows = json.loads(self.docksweep("check-config", "--effective", "--json", "--config", settings).stdout)["settings"]
        self.assertIn({"key": "inventory.resync", "value": "7m", "source": f"{settings}:2"}, rows)
        self.assertIn({"key": "metrics.per_image", "value": 0, "source": "default"}, rows)

    def test_what_init_writes_is_accepted(self):
        for name in ([], ["small-server"], ["ci-runner"], ["kubernetes"], ["air-gapped"], ["nightly-script"]):
            target = self.path("-".join(["c", *name]) + ".toml")
            done = self.docksweep("init", *name, "--output", target)
            self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
            self.assertEqual(pathlib.Path(target).read_text(), self.docksweep("init", *name).stdout)
            env = {"NODE_NAME": "node-7", "HOST_IP": "192.0.2.7"}  # what a pod is told of its node
            done = self.docksweep("check-config", "--config", target, **env)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_init_overwrites_only_by_force(self):
        target = pathlib.Path(self.path("mine.toml"))
        target.write_text("mine\n")
        done = self.docksweep("init", "--output", str(target))
        self.assertEqual(done.returncode, 1)
        self.assertIn("--force", done.stderr)
        self.assertEqual(target.read_text(), "mine\n")
        self.assertEqual(self.docksweep("init", "--output", str(target), "--force").returncode, 0)
        self.assertNotEqual(target.read_text(), "mine\n")

    def test_init_names_what_there_is(self):
        done = self.docksweep("init", "laptop")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        for name in ("small-server", "ci-runner", "kubernetes", "air-gapped", "nightly-script"):
            self.assertIn(name, done.stderr)


if __name__ == "__main__":
    unittest.main()
