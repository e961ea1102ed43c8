# The tools of the engine tests do what those tests rely on: a proxy that misses no request, and a strict reading of
# metrics.
import http.client
import threading
import time
import unittest

import containers
import metrics_text
import unix_http
from engine import docker, event_stream
from proxy import counting_proxy


class proxy(unittest.TestCase):
    def setUp(self):
        self.engine = self.enterContext(docker("20.10"))
        self.path = f"{self.engine.folder}/s/proxy.sock"
        self.proxy = self.enterContext(counting_proxy(self.engine.socket, self.path))
        containers.runnable(self.engine)

    def ask(self, method, path, query=None, body=None):
        return unix_http.ask(lambda: unix_http.connection(self.path), method, path, query, body)

    def test_counts_requests_and_tells_listings(self):
        self.ask("GET", "/v1.41/images/json", {"all": "1"}).expect(200)
        self.ask("GET", "/containers/json", {"all": "1", "filters": "{}"}).expect(200)
        self.ask("GET", "/containers/json", {"all": "1", "filters": {"id": ["abc"]}}).expect(200)
        self.ask("GET", "/containers/json", {"limit": "1"}).expect(200)
        mark = self.proxy.mark()
        self.ask("POST", "/v1.41/volumes/create", body={"Name": "new"}).expect(201)
        self.assertEqual([one.path for one in self.proxy.listings()], ["/images/json", "/containers/json"])
        self.assertEqual([(one.method, one.path) for one in self.proxy.requests(mark)], [("POST", "/volumes/create")])

    def test_counts_each_request_of_a_kept_connection(self):
        link = unix_http.connection(self.path)
        for _ in range(5):
            link.request("GET", "/v1.41/version")
            link.getresponse().read()
        link.close()
        self.assertEqual([one.path for one in self.proxy.requests()], ["/version"] * 5)

    def test_holds_releases_and_cuts_events(self):
        stream = event_stream(self.path, "/events")
        self.addCleanup(stream.close)
        names = (event["Actor"]["Attributes"]["name"] for event in stream)
        self.proxy.hold_events()
        threading.Timer(1, self.proxy.release_events).start()
        began = time.monotonic()
        containers.create(self.engine, containers.REFERENCE, "first")
        self.assertEqual(next(names), "first")
        self.assertGreater(time.monotonic() - began, 0.9, "it was held")
        containers.create(self.engine, containers.REFERENCE, "second")
        self.assertEqual(next(names), "second")
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(self.proxy.cut_events(), 2, "both sides of one stream")
        with self.assertRaises((StopIteration, http.client.HTTPException, OSError)):
            next(names)

    def test_refuses_events_alone(self):
        self.proxy.refuse_events = True
        with self.assertRaises(OSError):
            self.ask("GET", "/events")
        self.ask("GET", "/version").expect(200)


class metrics(unittest.TestCase):
    def test_reads_labels_and_values(self):
        found = metrics_text.parse('# HELP a b\na 1\nb{x="1",y="a\\"b\\\\\\n,}"} 2.5e3\nb{x="2"} +Inf\n')
        self.assertEqual(found.value("a"), 1)
        self.assertEqual(found.value("b", x="1", y='a"b\\\n,}'), 2500)
        self.assertEqual(found.family("b", "x"), {"1": 2500, "2": float("inf")})

    def test_refuses_what_is_malformed(self):
        for text in ("a", "a{x=1} 2", 'a{x="1"} 2\na{x="1"} 3', "a b"):
            with self.subTest(text), self.assertRaises(ValueError):
                metrics_text.parse(text)
