# Alerts start sweeps: a real Prometheus whose rule fires on a real Docker 20.10 that was filled, real Alertmanagers
# that deliver or are asked, and agents that enforce.
import base64
import concurrent.futures
import crypt
import datetime
import json
import os
import pathlib
import tempfile
import unittest

import certificates
import containers
import docksweep
import images
import scenario
import sweeping
from alertmanager import alertmanager
from docksweep import agent
from engine import docker
from prometheus import prometheus

TOKEN = "a-token-that-only-this-test-knows"
SECONDS = 30
SWEPT = ("on-alert", "alert", "reached")  # a sweep that an alert started, as node.sweeps gives it
# What of a disk is enough for the rule below, above what it holds at first; how far a sweep goes below that; and how far
# below it images fill the disk.
FULL, ENOUGH, NEARLY = 0.25, 0.1, 0.04
MIB = 1 << 20


class node(unittest.TestCase):
    """An engine of its own, and an agent with one policy that an alert starts."""
    disk = None

    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(docker("20.10", disk=cls.disk))
        containers.runnable(cls.engine)
        containers.create(cls.engine, containers.REFERENCE, "holder")

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="dst-", dir="/var/tmp")))
        self.token = self.folder / "token"
        self.token.write_text(TOKEN)
        held = sweeping.id_of(self.engine, containers.REFERENCE)
        scenario.delete_images(self.engine, sweeping.ids(self.engine) - {held})

    def agent(self, policy, **more):
        settings = {"mode": "enforce", "settle": "0s", "keep": sweeping.KEEP_NOTHING, "policy": [policy],
                    **more.pop("settings", {})}
        return self.enterContext(agent(self.engine.host, settings, **{"token": TOKEN, **more}))

    def alertmanager(self, delivers_to=None, token=None, **more):
        """One that tells the agent at this URL, with the right token if none is given (a file)."""
        webhook = delivers_to and (f"{delivers_to}/api/v1/alerts", token or self.token)
        return self.enterContext(alertmanager(webhook, **more))

    def left(self):
        return sum(tag.startswith("app/") for tag in sweeping.tags(self.engine))

    def sweeps(self, one):
        """What is on record, the newest first: [(policy, trigger, outcome)]"""
        return [(sweep["policy"], sweep["trigger"], sweep["outcome"]) for sweep in self.record(one)]

    @staticmethod
    def record(one):
        return one.get("/api/v1/history").expect(200).json()["sweeps"]

    @staticmethod
    def received(one, source, status="firing"):
        return one.metrics().value("docksweep_alerts_received_total", source=source, status=status)

    @staticmethod
    def rejected(one, reason):
        return one.metrics().value("docksweep_alerts_rejected_total", reason=reason)


class full_disk(node):
    """From the metric to the alert, to the sweep, and back to a metric that is well and an alert that is over."""
    disk = "240m"

    def used(self):
        room = os.statvfs(self.disk_root())
        return 1 - room.f_bavail / room.f_blocks

    def disk_root(self):
        return pathlib.Path(self.engine.inner(self.engine.data_root))

    def used_as_measured(self):
        return self.prometheus.value("1 - docksweep_disk_avail_bytes / docksweep_disk_size_bytes")

    def begin(self, told_by):
        """An agent that hears of alerts this way, an Alertmanager, and a Prometheus with a rule; the disk has room."""
        port = docksweep.free_port()
        if told_by == "webhook":
            self.manager = self.alertmanager(f"http://127.0.0.1:{port}", repeat_interval="1s")
            asks = {}
        else:
            self.manager = self.alertmanager()
            asks = {"alertmanager": {"urls": [self.manager.url], "poll": "1s", "node": f'instance="127.0.0.1:{port}"'}}
        self.full = round(self.used() + FULL, 3)
        policy = {"name": "on-alert", "when": {"alerts": ['alertname="DiskFull"', 'severity=~"critical|warning"']},
                  "until": {"disk_below": round(self.full - ENOUGH, 3)}, "remove": {"images": "unused"},
                  "cooldown": "1s"}
        self.one = self.agent(policy, port=port, within=docksweep.inside(self.engine), settings={
            "engine": {"host": self.engine.host, "paths": [self.engine.data_root]}, **asks})
        rules = self.folder / "rules.yml"
        rules.write_text(json.dumps({"groups": [{"name": "disk", "interval": "1s", "rules": [{
            "alert": "DiskFull", "expr": f"1 - docksweep_disk_avail_bytes / docksweep_disk_size_bytes > {self.full}",
            "labels": {"severity": "critical"}}]}]}))  # JSON is YAML
        self.prometheus = self.enterContext(prometheus({"docksweep": port}, [rules], [self.manager.port], self.token))
        self.prometheus.wait_for(lambda: self.used_as_measured() < self.full, "a disk that is not full")
        self.assertEqual((self.sweeps(self.one), self.manager.alerts()), ([], []))

    def fill(self):
        """
        Images until it is nearly full, then a file that fills it at one stroke: there is one alert, and none before. (A
        load needs its room twice while it runs, so it would begin an alert, end it, and begin another.) → the images
        """
        number = 0
        while self.used() < self.full - NEARLY:
            images.import_image(self.engine, f"app/{number}:1", {"data": os.urandom(4 * MIB)})
            number += 1
        room = os.statvfs(self.disk_root())
        filler = self.disk_root() / "filler"
        self.addCleanup(filler.unlink, missing_ok=True)
        with open(filler, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, int((self.full + 0.02 - self.used()) * room.f_blocks * room.f_frsize))
        return number

    def check(self, told_by):
        loaded = self.fill()
        self.one.wait_for(lambda: self.sweeps(self.one) == [SWEPT], "the sweep", SECONDS, 0.1)
        self.assertIn("alert DiskFull{", self.record(self.one)[0]["cause"])
        self.assertIn(f"by {told_by}", self.record(self.one)[0]["cause"])
        self.assertLess(self.left(), loaded)
        self.assertGreater(self.left(), 0, "it stops at its goal")
        self.prometheus.wait_for(lambda: self.used_as_measured() < self.full - ENOUGH, "the metric to fall")
        self.manager.wait_for(lambda: self.manager.alerts() == [], "the alert to end", SECONDS)
        self.one.wait_for(lambda: self.received(self.one, told_by, "resolved") >= 1, "to hear of its end", SECONDS, 0.1)
        counted = 'docksweep_sweeps_total{policy="on-alert",trigger="alert"}'
        self.prometheus.wait_for(lambda: self.prometheus.value(counted) == 1, "the count")
        self.assertEqual(self.sweeps(self.one), [SWEPT])
        self.assertEqual(self.one.metrics().value("docksweep_sweep_targets_missed_total", policy="on-alert"), 0)

    def test_alert_by_webhook_starts_a_sweep_and_resolves(self):
        self.begin("webhook")
        self.check("webhook")
        self.assertIn("event=alert_resolved", self.one.log(100_000))

    def test_alert_asked_for_starts_a_sweep_and_resolves(self):
        self.begin("alertmanager")
        self.check("alertmanager")
        self.assertEqual(self.received(self.one, "webhook"), 0)


class once(node):
    """
    Six images, of which each sweep takes two, and a cooldown of a second: nothing but what is known of an alert keeps
    it from starting more sweeps.
    """
    POLICY = {"name": "on-alert", "when": {"alerts": ['alertname="DiskFull"']}, "remove": {"images": "unused"},
              "limits": {"images": 2}, "cooldown": "1s"}

    def setUp(self):
        super().setUp()
        images.load_images(self.engine, [images.image(f"app/{number}:1", [images.layer.of_size(5_000 + number)])
                                         for number in range(6)])
        self.since = datetime.datetime.now(datetime.timezone.utc)

    def start(self, **more):
        return self.agent(self.POLICY, **more)

    @staticmethod
    def asks(*managers, **more):
        return {"alertmanager": {"urls": [one.url for one in managers], "poll": "1s", **more}}

    def wait_for_sweeps(self, one, count):
        """So many by alerts have ended, and their images are gone."""
        one.wait_for(lambda: self.sweeps(one) == [SWEPT] * count and self.left() == 6 - 2 * count,
                     f"{count} sweeps", SECONDS, 0.1)

    def payload(self, name="DiskFull", status="firing", since=None, **labels):
        return {"version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": status, "receiver": "docksweep",
                "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://localhost",
                "alerts": [{"status": status, "labels": {"alertname": name, **labels}, "annotations": {},
                            "startsAt": (since or self.since).isoformat(), "endsAt": "0001-01-01T00:00:00Z",
                            "generatorURL": "http://localhost"}]}

    def post(self, one, **more):
        return one.post("/api/v1/alerts", body=json.dumps(self.payload(**more)).encode())

    def post_at_once(self, agents, times):
        """The same payload so many times to each of them, all at once. → [(status, result)], sorted"""
        with concurrent.futures.ThreadPoolExecutor(times * len(agents)) as pool:
            answers = list(pool.map(self.post, agents * times))
        return sorted((one.status, one.json()["alerts"][0]["result"]) for one in answers)

    def heard_again(self, one, source, times):
        heard = self.received(one, source)
        one.wait_for(lambda: self.received(one, source) >= heard + times, f"{times} more by {source}", SECONDS, 0.1)

    def polled_again(self, one, times):
        def asked():
            metrics = one.metrics()
            return (metrics.value("docksweep_alertmanager_requests_total")
                    - metrics.value("docksweep_alertmanager_request_failures_total"))
        before = asked()
        one.wait_for(lambda: asked() >= before + times, f"{times} more answers", SECONDS, 0.1)

    def fires_anew(self, one, manager):
        """The alert ends and fires again: it starts its second sweep, so nothing but its being known held it back."""
        manager.fire(0, self.since, alertname="DiskFull")
        one.wait_for(lambda: "event=alert_resolved" in one.log(100_000), "its end", SECONDS, 0.1)
        # Later than its end: Alertmanager joins what overlaps.
        manager.fire(600, datetime.datetime.now(datetime.timezone.utc), alertname="DiskFull")
        self.wait_for_sweeps(one, 2)

    # --- told again -------------------------------------------------------------------------------------------------

    def test_alertmanager_that_repeats_itself_and_restarts(self):
        """Delivered and asked for both, again and again; then Alertmanager restarts, then the agent: one sweep."""
        port, state = docksweep.free_port(), f"{self.folder}/state.db"
        manager = self.alertmanager(f"http://127.0.0.1:{port}", repeat_interval="1s")
        settings = {"state": {"path": state}, **self.asks(manager)}
        one = self.start(port=port, settings=settings)
        manager.fire(600, self.since, alertname="DiskFull")
        self.wait_for_sweeps(one, 1)
        self.heard_again(one, "webhook", 2)
        self.polled_again(one, 2)
        manager.restart()
        manager.fire(600, self.since, alertname="DiskFull")  # Prometheus tells it again, too
        self.heard_again(one, "webhook", 1)
        self.polled_again(one, 2)
        self.wait_for_sweeps(one, 1)
        one.stop()
        one = self.start(port=port, settings=settings)
        self.heard_again(one, "webhook", 2)
        self.polled_again(one, 2)
        self.wait_for_sweeps(one, 1)
        self.fires_anew(one, manager)

    def test_the_same_payload_several_times_at_once(self):
        one = self.start()
        one.wait_for(lambda: self.post(one, name="Other").status == 200, "its engine", SECONDS, 0.1)
        self.assertEqual(self.post_at_once([one], 8), [(200, "duplicate")] * 7 + [(202, "queued")])
        self.wait_for_sweeps(one, 1)
        answer = self.post(one)
        self.assertEqual((answer.status, answer.json()["alerts"][0]["result"]), (200, "duplicate"))

    def test_two_alertmanagers(self):
        """Both are told, deliver and are asked; as a cluster, and as two that do not know of each other."""
        for number, clustered in enumerate((False, True), 1):
            with self.subTest(clustered=clustered):
                one = self.start() if number == 1 else one
                first = self.alertmanager(one.url, repeat_interval="1s", clustered=clustered)
                second = self.alertmanager(one.url, repeat_interval="1s", peers=[first] if clustered else [])
                if clustered:
                    first.wait_for(lambda: len(first.api("GET", "status")["cluster"]["peers"]) == 2, "two peers")
                self.ask_of(one, first, second)
                for manager in (first, second):
                    manager.fire(600, self.since, alertname="DiskFull", run=str(number))
                self.wait_for_sweeps(one, number)
                self.heard_again(one, "webhook", 3)
                self.polled_again(one, 4)
                self.wait_for_sweeps(one, number)

    def ask_of(self, one, *managers):
        """The agent takes over a configuration that asks these."""
        text = pathlib.Path(one.config).read_text().split("[alertmanager]")[0]
        pathlib.Path(one.config).write_text(text + docksweep.toml(self.asks(*managers)))
        one.post("/-/reload").expect(200)

    def test_two_agents_with_one_store(self):
        manager = self.alertmanager()
        settings = {"state": {"path": f"{self.folder}/state.db"}, **self.asks(manager)}
        both = [self.start(settings=settings) for _ in range(2)]
        for one in both:
            one.wait_for(lambda: self.post(one, name="Other").status == 200, "its engine", SECONDS, 0.1)
        self.assertEqual(self.post_at_once(both, 4), [(200, "duplicate")] * 7 + [(202, "queued")])
        self.wait_for_sweeps(both[0], 1)
        manager.fire(600, self.since, alertname="DiskFull", asked="yes")
        self.wait_for_sweeps(both[0], 2)
        for one in both:
            self.polled_again(one, 3)
            self.wait_for_sweeps(one, 2)

    # --- starts nothing ---------------------------------------------------------------------------------------------

    def test_a_silenced_alert_starts_nothing(self):
        manager = self.alertmanager()
        silence = manager.silence("alertname=DiskFull")
        manager.fire(600, self.since, alertname="DiskFull")
        manager.wait_for(lambda: [state for _, state in manager.alerts()] == ["suppressed"], "the silence")
        one = self.start(settings=self.asks(manager))
        self.polled_again(one, 3)
        self.assertEqual((self.sweeps(one), self.left(), self.received(one, "alertmanager")), ([], 6, 0))
        manager.end_silence(silence)
        self.wait_for_sweeps(one, 1)

    def test_an_inhibited_alert_starts_nothing(self):
        manager = self.alertmanager()
        manager.fire(600, self.since, alertname="Maintenance")
        manager.fire(600, self.since, alertname="DiskFull")
        manager.wait_for(lambda: ({"alertname": "DiskFull"}, "suppressed") in manager.alerts(), "its inhibition")
        one = self.start(settings=self.asks(manager))
        self.polled_again(one, 3)
        self.assertEqual((self.sweeps(one), self.left(), self.received(one, "alertmanager")), ([], 6, 0))
        manager.fire(0, self.since, alertname="Maintenance")
        self.wait_for_sweeps(one, 1)

    def test_an_alert_about_another_node_starts_nothing(self):
        port = docksweep.free_port()
        manager = self.alertmanager(f"http://127.0.0.1:{port}", repeat_interval="1s")
        one = self.start(port=port, settings=self.asks(manager, node='instance=~"node-7(:.*)?"'))
        manager.fire(600, self.since, alertname="DiskFull", instance="node-77:9100")
        one.wait_for(lambda: self.rejected(one, "other_node") >= 2, "what it rejects", SECONDS, 0.1)
        self.polled_again(one, 2)
        self.assertEqual((self.sweeps(one), self.left(), self.received(one, "alertmanager")), ([], 6, 0))
        manager.fire(600, self.since, alertname="DiskFull", instance="node-7:9100")
        self.wait_for_sweeps(one, 1)

    # --- who may post -----------------------------------------------------------------------------------------------

    def test_without_the_token_nothing_starts(self):
        reader = crypt.crypt("secret", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))
        one = self.start(settings={"web": {"users": {"reader": reader}}})
        body = json.dumps(self.payload()).encode()
        basic = {"Authorization": "Basic " + base64.b64encode(b"reader:secret").decode()}
        for headers, status in (({}, 401), ({"Authorization": "Bearer another-one"}, 401), (basic, 403)):
            self.assertEqual(one.post("/api/v1/alerts", headers, body).status, status, headers)
        mistaken = self.folder / "mistaken"
        mistaken.write_text("another-one")
        manager = self.alertmanager(one.url, mistaken)
        before = self.rejected(one, "auth")
        manager.fire(600, self.since, alertname="DiskFull")
        one.wait_for(lambda: self.rejected(one, "auth") > before, "Alertmanager with another token", SECONDS, 0.1)
        self.assertEqual((self.sweeps(one), self.left(), self.received(one, "webhook")), ([], 6, 0))
        self.assertEqual(self.post(one).expect(202).json()["alerts"][0]["result"], "queued")
        self.wait_for_sweeps(one, 1)

    def test_without_a_credential_configured_nobody_may_post(self):
        one = self.start(token=None)
        refused = one.post("/api/v1/alerts", {"Authorization": f"Bearer {TOKEN}"}, json.dumps(self.payload()).encode())
        self.assertEqual(refused.status, 403)
        self.assertIn("token_file", refused.text)
        self.assertEqual((self.sweeps(one), self.left(), self.received(one, "webhook")), ([], 6, 0))

    def test_over_tls(self):
        """Alertmanager delivers to a certificate that it trusts, and to no other; a new one needs no restart."""
        authority = certificates.authority(self.folder)
        other = certificates.authority(self.folder, "other")
        files = authority.issue("node")
        one = self.start(certificate=(*files, authority.ca))
        distrusts = self.alertmanager(one.url, ca=other.ca)
        distrusts.fire(600, self.since, alertname="DiskFull")
        distrusts.wait_for(lambda: "signed by unknown authority" in distrusts.log.read_text(), "its refusal")
        self.assertEqual((self.sweeps(one), self.left(), self.received(one, "webhook")), ([], 6, 0))
        trusts = self.alertmanager(one.url, ca=authority.ca)
        trusts.fire(600, self.since, alertname="DiskFull")
        self.wait_for_sweeps(one, 1)
        one.wait_for(lambda: self.received(one, "webhook") == 1, "the count of alerts", SECONDS, 0.1)
        one.tls.load_verify_locations(other.ca)
        for made, used in zip(other.issue("renewed"), files):
            os.replace(made, used)
        # Alertmanager tries again by itself.
        one.wait_for(lambda: self.received(one, "webhook") == 2, "the one that trusts the new one", SECONDS, 0.1)
        self.wait_for_sweeps(one, 1)


if __name__ == "__main__":
    unittest.main()
