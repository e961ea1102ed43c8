# Alerts and sweeps by request with the real binary: a webhook, an Alertmanager that is asked (scripted), the credentials.
import http.client
import http.server
import json
import threading
import urllib.parse
import unittest

from binary import agent
from policies_node import with_node

TOKEN = "0123456789abcdef0123"
POLICY = '''
[[policy]]
name = "on-alert"
when = { alerts = ['alertname="DiskFull"', 'severity!="info"'] }
remove = { images = "dangling" }
keep = { min_age = "0s" }
'''


def webhook(status="firing", start=0, **labels):
    labels = {"alertname": "DiskFull", "instance": "node-7:9100"} | labels
    alert = {"status": status, "labels": labels, "startsAt": f"2026-11-24T10:00:{start:02}.123456789Z",
             "endsAt": "0001-01-01T00:00:00Z", "fingerprint": f"{abs(hash(str(labels))) % 2**64:016x}"}
    return json.dumps({"version": "4", "status": status, "receiver": "r", "groupKey": "{}", "alerts": [alert]})


class alertmanager(http.server.ThreadingHTTPServer):
    """Answers GET /api/v2/alerts with `fires`, and remembers what it was asked."""

    def __init__(self):
        self.fires, self.asked, self.status = [], [], 200
        outer = self

        class handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                body = json.dumps(outer.fires).encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        super().__init__(("127.0.0.1", 0), handler)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def fire(self, name, state="active", **labels):
        self.fires.append({"labels": {"alertname": name} | labels, "startsAt": "2026-11-24T10:00:00.123Z",
                           "fingerprint": "00000000000000aa", "status": {"state": state, "silencedBy": [], "inhibitedBy": []}})


class alerts(with_node):
    def settings_with(self, more="", mode="enforce"):
        token = self.path("token")
        with open(token, "w") as file:
            file.write(TOKEN + "\n")
        # Top-level keys come first: [web] and [alertmanager] are tables of their own.
        self.configure(mode=mode, more=f'[web]\nlisten = ["127.0.0.1:0"]\ntoken_file = "{token}"\n{more}\n{POLICY}')
        with open(self.settings) as file:
            text = file.read()
        with open(self.settings, "w") as file:
            file.write('settle = "0s"\n' + text)
        return self.settings

    def post(self, running, path, body="", token=TOKEN):
        link = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
        try:
            link.request("POST", path, body, {"Authorization": f"Bearer {token}"} if token else {})
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        finally:
            link.close()

    def get(self, running, path):
        status, body = running.ask("GET", path, {"Authorization": f"Bearer {TOKEN}"})
        return status, json.loads(body) if body.startswith("{") else body

    def ready(self, running):
        running.wait_for(lambda: self.post(running, "/api/v1/alerts", '{"version":"4","alerts":[]}')[0] == 200, "alerts taken")

    def swept(self, running, trigger, times=1):
        name = f'docksweep_sweeps_total{{policy="on-alert",trigger="{trigger}"}}'
        running.wait_for(lambda: running.ask("GET", "/metrics", {"Authorization": f"Bearer {TOKEN}"})[1].find(f"{name} {times}\n") >= 0,
                         f"{times} sweeps by {trigger}")

    def test_a_webhook_starts_one_sweep_also_after_a_restart(self):
        settings = self.settings_with()
        with agent(self, settings) as running:
            self.ready(running)
            for token in (None, "wrong"):
                self.assertEqual(self.post(running, "/api/v1/alerts", webhook(), token)[0], 401)
            status, body = self.post(running, "/api/v1/alerts", webhook())
            self.assertEqual((status, json.loads(body)["alerts"][0]["result"]), (202, "queued"))
            self.swept(running, "alert")
            self.assertEqual(self.post(running, "/api/v1/alerts", webhook())[0], 200)
            self.assertIn('event=alert_begun', running.log)
            self.assertEqual(running.end()[0], 0)
        with agent(self, settings) as running:
            self.ready(running)
            status, body = self.post(running, "/api/v1/alerts", webhook())
            self.assertEqual((status, json.loads(body)["alerts"][0]["result"]), (200, "duplicate"))
            self.assertEqual(self.post(running, "/api/v1/alerts", webhook("resolved"))[0], 200)
            running.wait_for_log("event=alert_resolved")
        self.assertEqual([one["trigger"] for one in self.sweeps()], ["alert"])
        self.assertIn("alert DiskFull{", self.sweeps()[0]["cause"])

    def test_an_alertmanager_that_is_asked_starts_one_and_its_outage_is_two_lines(self):
        with alertmanager() as manager:
            manager.fire("DiskFull", instance="node-7:9100")
            manager.fire("DiskFull", state="suppressed", instance="node-7:9100")
            settings = self.settings_with(f'[alertmanager]\nurls = ["{manager.url}"]\npoll = "1s"\n'
                                          'node = \'instance=~"node-7(:.*)?"\'\n')
            with agent(self, settings) as running:
                self.swept(running, "alert")
                asked = urllib.parse.parse_qs(urllib.parse.urlsplit(manager.asked[0]).query)
                self.assertEqual(asked["filter"], ['alertname="DiskFull"', 'severity!="info"', 'instance=~"node-7(:.*)?"'])
                self.assertEqual((asked["silenced"], asked["inhibited"]), (["false"], ["false"]))
                before = len(manager.asked)
                running.wait_for(lambda: len(manager.asked) > before + 1, "more polls")
                manager.status = 500
                running.wait_for_log("event=alertmanager_down")
                manager.status = 200
                running.wait_for_log("event=alertmanager_up")
                self.assertEqual(running.log.count("event=alertmanager_down"), 1)
                self.assertEqual(running.end()[0], 0)
        self.assertEqual(len(self.sweeps()), 1)

    def test_a_sweep_by_request_is_followed_by_its_number(self):
        settings = self.settings_with()
        with agent(self, settings) as running:
            self.ready(running)
            running.wait_for(lambda: self.post(running, "/api/v1/sweep?policy=on-alert&dry_run=1")[0] == 200, "a plan")
            self.assertEqual(self.sweeps(), [])
            self.assertEqual(self.post(running, "/api/v1/sweep?policy=nope")[0], 404)
            self.assertEqual(self.post(running, "/api/v1/sweep?policy=on-alert", token=None)[0], 401)

            def begun():
                status, body = self.post(running, "/api/v1/sweep?policy=on-alert")
                return json.loads(body) if status == 202 else None
            begun = running.wait_for(begun, "a sweep")
            running.wait_for(lambda: self.get(running, begun["follow"])[1]["outcome"] == "reached", "its end")
            self.assertEqual(self.get(running, begun["follow"])[1]["actor"], "token from 127.0.0.1")
            running.end()
        with agent(self, settings) as running:
            self.assertEqual(self.get(running, begun["follow"])[1]["trigger"], "manual")
            self.assertEqual(self.get(running, "/api/v1/sweeps/999")[0], 404)

    def test_in_observe_mode_a_sweep_by_request_is_refused_with_its_plan(self):
        with agent(self, self.settings_with(mode="observe")) as running:
            self.ready(running)
            running.wait_for(lambda: '"steps":[{' in str(self.post(running, "/api/v1/sweep?policy=on-alert&dry_run=1")[1]),
                             "a plan with a step")
            status, body = self.post(running, "/api/v1/sweep?policy=on-alert")
            self.assertEqual(status, 409)
            self.assertTrue(json.loads(body)["plan"]["steps"])
        self.assertEqual(self.engine.removed, [])
        self.assertEqual(self.sweeps(), [])


if __name__ == "__main__":
    unittest.main()
