# `docksweep run`: start, end, reload, and what it says on the way, against a scripted engine.
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import time
import unittest

from binary import agent, in_a_folder
from fake_engine import container, fake_engine, image

ENDS_WITHIN_SECONDS = 2.0


class running_agent(in_a_folder):
    def setUp(self):
        super().setUp()
        one, two = image(["alpine:3.19"], [("base", 50_000_000)]), image([], [("old", 7_000_000)])
        self.engine = fake_engine(self.path("e.sock"), [one, two], [container("web", one)], root=str(self.folder))

    def settings(self, more="", web='listen = ["127.0.0.1:0"]'):
        return self.config(f'[engine]\nhost = "{self.engine.host}"\n[web]\n{web}\n{more}')

    def assert_clean_end(self, running, how=signal.SIGTERM):
        status, seconds = running.end(how)
        self.assertEqual(status, 0, running.log)
        self.assertLess(seconds, ENDS_WITHIN_SECONDS, running.log)
        self.assertIn("event=stopped", running.log)
        for word in ("AddressSanitizer", "LeakSanitizer", "runtime error"):
            self.assertNotIn(word, running.log)


class ends(running_agent):
    def test_on_sigterm_and_sigint(self):
        with self.engine:
            for how in (signal.SIGTERM, signal.SIGINT):
                with agent(self, self.settings()) as running:
                    running.wait_for_metric("docksweep_engine_up", 1)
                    self.assert_clean_end(running, how)

    def test_with_open_connections(self):
        with self.engine, agent(self, self.settings()) as running:
            running.wait_for_metric("docksweep_engine_up", 1)
            with contextlib.ExitStack() as links:
                links.enter_context(running.connect())
                half = links.enter_context(running.connect())
                half.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
                kept = links.enter_context(running.connect())
                kept.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertIn(b"200", kept.recv(4096))
                self.assert_clean_end(running)

    def test_during_each_engine_call_that_hangs(self):
        for path in ("/_ping", "/version", "/images/json", "/history", "/containers/json", "/system/df", "/events"):
            with self.subTest(path), fake_engine(self.path("h.sock"), self.engine.images, self.engine.containers) as engine:
                engine.hangs = path
                self.engine = engine
                with agent(self, self.settings()) as running:
                    running.wait_for(lambda: any(re.search(path, asked) for asked in engine.asked), f"{path} asked")
                    time.sleep(0.1)
                    self.assert_clean_end(running)
            for name in ("h.sock", "state.db"):  # or the agent would know the answer of /system/df
                pathlib.Path(self.path(name)).unlink(missing_ok=True)

    def test_while_no_engine_is_there(self):
        with agent(self, self.settings()) as running:
            running.wait_for_metric("docksweep_engine_absent", 1)
            self.assert_clean_end(running)

    def test_leaves_no_unix_socket_behind(self):
        path = self.path("web.sock")
        with agent(self, self.settings(web=f'listen = ["127.0.0.1:0", "unix://{path}"]')) as running:
            running.wait_for(lambda: os.path.exists(path), "its Unix socket")
            self.assert_clean_end(running)
        self.assertFalse(os.path.exists(path))

    def test_a_second_signal_ends_it_at_once(self):
        with self.engine, agent(self, self.settings()) as running:
            running.wait_for_metric("docksweep_engine_up", 1)
            with running.connect() as half:  # a request in progress, which holds up the first end for a moment
                half.sendall(b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
                running.process.send_signal(signal.SIGTERM)
                running.wait_for_log("event=stopping")
                running.process.send_signal(signal.SIGTERM)
                began = time.monotonic()
                status = running.process.wait(10)
                self.assertIn(status, (0, -signal.SIGTERM), running.log)
                self.assertLess(time.monotonic() - began, 1)


class starts(running_agent):
    def test_serves_metrics_of_the_engine(self):
        with self.engine, agent(self, self.settings()) as running:
            running.wait_for_metric('docksweep_images{state="in_use"}', 1)
            running.wait_for_metric('docksweep_images{state="dangling"}', 1)
            running.wait_for_metric("docksweep_images_dangling_reclaimable_bytes", 7_000_000)
            self.assertEqual(running.metric('docksweep_containers{state="running"}'), 1)
            running.wait_for(lambda: running.metric(f'docksweep_disk_size_bytes{{path="{self.folder}"}}'), "the disk")
            self.assertEqual(running.ask("GET", "/-/ready")[0], 200)
            self.assertIn("process_resident_memory_bytes", running.ask("GET", "/metrics")[1])
            self.assertEqual(running.metric("docksweep_state_durable"), 1)
            found = json.loads(running.ask("GET", "/api/v1/inventory")[1])
            self.assertEqual(len(found["images"]), 2)
            status, page = running.ask("GET", "/")
            self.assertEqual(status, 200)
            self.assertIn("alpine:3.19", page)

    def test_waits_for_an_engine_and_says_so(self):
        with agent(self, self.settings()) as running:
            running.wait_for_metric("docksweep_engine_absent", 1)
            # A node without an engine has nothing to wait for.
            self.assertEqual(running.ask("GET", "/-/ready")[0], 200)
            self.assertEqual(running.ask("GET", "/-/healthy")[0], 200)
            with self.engine:
                running.wait_for_metric("docksweep_engine_up", 1, seconds=40)
                self.assertEqual(running.metric("docksweep_engine_absent"), 0)
                self.assertEqual(running.ask("GET", "/-/ready")[0], 200)

    def test_a_node_that_has_no_engine_any_more_is_ready(self):
        with self.engine, agent(self, self.settings()) as running:
            running.wait_for_metric("docksweep_engine_up", 1)
            running.wait_for(self.an_engine_is_on_record, "the engine in the state")
        pathlib.Path(self.engine.path).unlink(missing_ok=True)
        with agent(self, self.settings()) as running:
            running.wait_for_metric("docksweep_engine_up", 0)
            running.wait_for_metric("docksweep_engine_absent", 0)  # it was there, so its end is worth an alert
            self.assertEqual(running.ask("GET", "/-/ready")[0], 200)

    def an_engine_is_on_record(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.path('state.db')}?mode=ro", uri=True)) as state:
            return state.execute("SELECT count(*) FROM engines").fetchone()[0] > 0

    def test_an_engine_that_is_there_and_does_not_answer_is_not_ready(self):
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.bind(self.engine.path)  # a socket file that nobody listens on
            with agent(self, self.settings()) as running:
                running.wait_for(lambda: self.engine.path in running.ask("GET", "/-/ready")[1], "why it is not ready")
                self.assertEqual(running.ask("GET", "/-/ready")[0], 503)
                self.assertEqual(running.metric("docksweep_engine_absent"), 1)

    def test_a_taken_port_is_said_and_ends_it(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = self.docksweep("--config", self.settings(web=f'listen = ["{address}"]'), "run")
        self.assertEqual(done.returncode, 2)
        self.assertIn(address, done.stderr)

    def test_without_a_writable_state_it_runs_and_says_so(self):
        settings = self.settings('[state]\npath = "/proc/nowhere/state.db"\n')
        with self.engine, agent(self, settings) as running:
            running.wait_for_metric("docksweep_engine_up", 1)
            self.assertEqual(running.metric("docksweep_state_durable"), 0)
            self.assertIn("event=state_in_memory", running.log)
            self.assert_clean_end(running)

    def test_policies_are_followed(self):
        settings = 'mode = "enforce"\n' + pathlib.Path(self.settings()).read_text()
        settings += '\n[[policy]]\nname = "nightly"\nwhen = { schedule = "0 2 * * *" }\nremove = { images = "dangling" }\n'
        with self.engine, agent(self, self.config(settings)) as running:
            running.wait_for_metric("docksweep_engine_up", 1)
            self.assertEqual(running.metric("docksweep_enforcing"), 1)
            running.wait_for(lambda: running.metric('docksweep_policy_next_run_timestamp_seconds{policy="nightly"}'),
                             "when the policy runs next")

    def test_without_a_writable_state_policies_are_only_observed_and_it_says_so(self):
        settings = 'mode = "enforce"\n' + pathlib.Path(self.settings('[state]\npath = "/proc/nowhere/state.db"\n')).read_text()
        settings += '\n[[policy]]\nname = "nightly"\nwhen = { schedule = "0 2 * * *" }\nremove = { images = "dangling" }\n'
        with self.engine, agent(self, self.config(settings)) as running:
            running.wait_for_metric("docksweep_engine_up", 1)
            self.assertEqual(running.log.count("event=policies_only_observed"), 1)
            self.assertEqual(running.metric('docksweep_sweeps_skipped_total{policy="nightly",reason="observe"}'), 0)

    def test_says_when_a_policy_runs_next_and_what_it_would_remove(self):
        policy = '[[policy]]\nname = "nightly"\nwhen = { schedule = "0 2 * * *" }\nremove = { images = "dangling" }\n'
        with self.engine, agent(self, self.settings(policy)) as running:
            running.wait_for(lambda: running.metric('docksweep_policy_plan_images{policy="nightly"}') is not None, "its plan")
            due = running.metric('docksweep_policy_next_run_timestamp_seconds{policy="nightly"}')
            self.assertEqual(due % 86400, 2 * 3600)
            self.assertEqual(json.loads(running.ask("GET", "/api/v1/plan?policy=nightly")[1])["policy"], "nightly")
            self.assertEqual(running.ask("GET", "/api/v1/plan?policy=weekly")[0], 404)
            self.assertEqual(json.loads(running.ask("GET", "/api/v1/history")[1])["sweeps"], [])
            self.assert_clean_end(running)

    def test_serves_a_socket_that_systemd_hands_over(self):
        with socket.create_server(("127.0.0.1", 0)) as handed:
            port = handed.getsockname()[1]
            # As systemd does it (sd_listen_fds(3)): descriptor 3, and its reader's own process ID.
            environment = {"LISTEN_FDS": "1"}
            shell = 'exec 3<&"$HANDED"; LISTEN_PID=$$ exec "$@"'
            with self.engine, agent(self, self.settings(web='listen = ["systemd"]'), handed=handed,
                                    through=["bash", "-c", shell, "-"], **environment) as running:
                running.wait_for_metric("docksweep_engine_up", 1)
                self.assertEqual(running.port, port)
                kept = [os.readlink(f"/proc/{running.process.pid}/fd/3")]
                self.assertIn("socket:", kept[0])
                flags = pathlib.Path(f"/proc/{running.process.pid}/fdinfo/3").read_text()
                octal = re.search(r"flags:\s*(\d+)", flags).group(1)
                self.assertTrue(int(octal, 8) & 0o2000000, "children would inherit it: no O_CLOEXEC")
                self.assert_clean_end(running)
            with socket.create_connection(("127.0.0.1", port)):
                pass  # the socket is the service manager's, and goes on

    def test_says_that_systemd_handed_nothing_over(self):
        for environment in ({}, {"LISTEN_FDS": "1", "LISTEN_PID": "1"}):
            done = self.docksweep("--config", self.settings(web='listen = ["systemd"]'), "run", **environment)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(".socket unit", done.stderr)

    def test_logs_json_lines_when_asked(self):
        with agent(self, self.settings('[log]\nformat = "json"\n')) as running:
            running.wait_for_log('"event":"listening"')
            status, _ = running.end()
            self.assertEqual(status, 0)
            events = [json.loads(line)["event"] for line in running.log.splitlines()]
            self.assertEqual((events[0], events[-1]), ("starting", "stopped"))

    def test_tells_a_service_manager(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(self.path("notify"))
            manager.settimeout(10)
            with agent(self, self.settings(), NOTIFY_SOCKET=self.path("notify"), WATCHDOG_USEC="200000") as running:
                self.assertEqual(manager.recv(100), b"READY=1")
                self.assertEqual([manager.recv(100) for _ in range(3)], [b"WATCHDOG=1"] * 3)
                self.assertEqual(running.end()[0], 0)
                rest = manager.recv(100)
                while rest == b"WATCHDOG=1":
                    rest = manager.recv(100)
                self.assertEqual(rest, b"STOPPING=1")


class reloads(running_agent):
    def rewrite(self, more, **settings):
        return self.settings(more, **settings)

    def test_on_sighup(self):
        with self.engine, agent(self, self.settings()) as running:
            running.wait_for_metric("docksweep_engine_up", 1)
            self.assertIsNone(running.metric("docksweep_image_series_omitted"))
            self.rewrite("[metrics]\nper_image = 1\n")
            running.process.send_signal(signal.SIGHUP)
            running.wait_for_log("event=config_reloaded asked_by=SIGHUP")
            running.wait_for_metric("docksweep_image_series_omitted", 1)
            running.wait_for_metric("docksweep_config_last_reload_successful", 1)
            self.assert_clean_end(running)

    def test_keeps_the_old_configuration_when_the_new_one_is_bad(self):
        with self.engine, agent(self, self.settings("[metrics]\nper_image = 1\n")) as running:
            running.wait_for_metric("docksweep_image_series_omitted", 1)
            settings = self.rewrite("[metrics]\nper_image = 0\nnonsense = 1\n")
            running.process.send_signal(signal.SIGHUP)
            running.wait_for_log("event=config_rejected")
            self.assertRegex(running.log, rf'level=error event=config_rejected asked_by=SIGHUP why="{settings}:\d+:\d+: ')
            running.wait_for_metric("docksweep_config_last_reload_successful", 0)
            self.assertEqual(running.metric("docksweep_image_series_omitted"), 1)

    def test_of_intervals_drops_nothing_that_is_known(self):
        with self.engine, agent(self, self.settings()) as running:
            running.wait_for_metric("docksweep_engine_up", 1)
            found = running.log.count("event=engine_found")
            self.rewrite('[inventory]\nresync = "7m"\n')
            running.process.send_signal(signal.SIGHUP)
            running.wait_for_log("event=config_reloaded asked_by=SIGHUP")
            self.assertEqual(running.metric("docksweep_engine_up"), 1)
            self.assertIn("listed anew every 7m", running.ask("GET", "/metrics")[1])
            self.assertEqual(running.log.count("event=engine_found"), found, "the same watcher goes on")
            self.assert_clean_end(running)

    def test_by_http_with_a_token(self):
        token = pathlib.Path(self.path("token"))
        token.write_text("let-me-in-please\n")
        with self.engine, agent(self, self.settings(web=f'listen = ["127.0.0.1:0"]\ntoken_file = "{token}"')) as running:
            self.assertEqual(running.ask("POST", "/-/reload")[0], 401)
            bearer = {"Authorization": "Bearer let-me-in-please"}
            self.assertEqual(running.ask("POST", "/-/reload", bearer)[0], 200)
            self.rewrite("nonsense = 1\n", web=f'listen = ["127.0.0.1:0"]\ntoken_file = "{token}"')
            status, body = running.ask("POST", "/-/reload", bearer)
            self.assertEqual(status, 500)
            self.assertIn("nonsense", body)

    def test_a_swapped_configmap_is_noticed(self):
        config_map = self.folder / "map"
        for version, level in (("v1", "info"), ("v2", "debug")):
            (config_map / version).mkdir(parents=True)
            text = pathlib.Path(self.settings(f'[log]\nlevel = "{level}"\n')).read_text()
            (config_map / version / "docksweep.toml").write_text(text)
        (config_map / "..data").symlink_to("v1")
        (config_map / "docksweep.toml").symlink_to("..data/docksweep.toml")
        with self.engine, agent(self, str(config_map / "docksweep.toml")) as running:
            running.wait_for_metric("docksweep_engine_up", 1)
            (config_map / "..new").symlink_to("v2")
            (config_map / "..new").rename(config_map / "..data")
            running.wait_for_log("event=config_reloaded asked_by=file")

    def test_another_engine_is_taken_over_while_it_runs(self):
        other = fake_engine(self.path("o.sock"), [image([f"other:{i}"], [(f"l{i}", 10)]) for i in range(5)])
        with self.engine, other, agent(self, self.settings()) as running:
            running.wait_for_metric('docksweep_images{state="in_use"}', 1)
            self.config(f'[engine]\nhost = "{other.host}"\n[web]\nlisten = ["127.0.0.1:0"]\n')
            running.process.send_signal(signal.SIGHUP)
            running.wait_for_metric('docksweep_images{state="unused"}', 5)
            self.assertEqual(running.metric('docksweep_images{state="in_use"}'), 0)
            self.assert_clean_end(running)

    def test_what_needs_a_restart_is_said(self):
        with self.engine, agent(self, self.settings()) as running:
            running.wait_for_metric("docksweep_engine_up", 1)
            self.settings(f'[state]\npath = "{self.folder}/other.db"\n')
            running.process.send_signal(signal.SIGHUP)
            running.wait_for_log("event=restart_needed key=state.path")


if __name__ == "__main__":
    unittest.main()
