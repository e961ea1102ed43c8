# The invariants of the design, each on a real engine: what docksweep must never do, whatever a policy says.
# A proxy stands before the engine: it tells what was asked of it, and lets a test act between two requests.
import json
import re
import signal
import threading
import time

import containers
import docksweep
import images
import sweeping
from proxy import counting_proxy
from sweeping import SHORT

def http(status, body):
    """A whole answer, as bytes."""
    return (f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


STATES = ("created", "running", "paused", "restarting", "exited")


class invariants:
    engine_name = ""

    def setUp(self):
        self.engine = self.enterContext(self.start())
        self.proxy = self.enterContext(counting_proxy(self.engine.socket, f"{self.engine.folder}/s/proxy.sock"))
        containers.runnable(self.engine)
        containers.create(self.engine, containers.REFERENCE, "holder")

    def policies(self, *listed, **more):
        return self.enterContext(sweeping.policies(self.proxy.host, listed or (sweeping.EVERYTHING,), **more))

    def load(self, *references, size=50_000, **more):
        """An image of one layer with these names. → its ID"""
        images.load_images(self.engine, [images.image(references, [images.layer.of_size(size)], **more)])
        return sweeping.id_of(self.engine, references[0])

    def deletes(self, mark=0):
        return [one for one in self.proxy.requests(mark) if one.method == "DELETE"]

    def before_first_delete(self, action):
        """Does this once, just before the first DELETE reaches the engine."""
        done = threading.Event()

        def act(request):
            if request.method == "DELETE" and not done.is_set():
                done.set()
                action(request)
        self.proxy.before = act
        return done

    def swept(self, node, policy="all", statuses=(0,)):
        status, out, err = node.sweep(policy)
        self.assertIn(status, statuses, err + out)
        return node.removals()

    def outcome_of(self, removals, image_id):
        return next(one["outcome"] for one in removals if one["id"] == image_id)

    # --- 1: nothing in use ------------------------------------------------------------------------------------------

    def test_1_no_image_of_any_container_goes(self):
        held = {}
        base = images.layer.busybox()
        for state in STATES:
            images.load_images(self.engine, [images.image(f"held/{state}:1", [base, images.layer.of_size(9_000)])])
            held[state] = sweeping.id_of(self.engine, f"held/{state}:1")
            containers.in_state(self.engine, f"held/{state}:1", f"is-{state}", state)
        free = [self.load(f"free/{number}:1") for number in range(3)]
        node = self.policies()
        verdicts = node.verdicts()
        removals = self.swept(node)
        there = sweeping.ids(self.engine)
        for state, image_id in held.items():
            self.assertIn(image_id, there, f"the image of a container that is {state}")
            self.assertEqual((verdicts[image_id]["action"], verdicts[image_id]["reason"]), ("keep", "in_use"), state)
        self.assertFalse(there & set(free))
        self.assertEqual({one["id"] for one in removals}, set(free))
        names = {name.lstrip("/") for item in self.engine.get("/containers/json", all="true") for name in item["Names"]}
        self.assertEqual(names, {"holder", *(f"is-{state}" for state in STATES)}, "no policy named containers")

    def test_1_no_running_container_goes(self):
        for state in STATES:
            containers.in_state(self.engine, containers.REFERENCE, f"is-{state}", state)
        node = self.policies({"name": "all", "remove": {"containers": {
            "states": ["exited", "dead", "created"], "stopped_for": "0s", "names": ["is-*"]}}})
        self.swept(node)
        left = {name.lstrip("/") for item in self.engine.get("/containers/json", all="true") for name in item["Names"]}
        self.assertEqual(left, {"holder", "is-running", "is-paused", "is-restarting"})

    def test_1_container_created_between_plan_and_delete_keeps_its_image(self):
        """What came after the plan is seen by the re-check; what comes after the re-check the engine refuses itself."""
        images.load_images(self.engine, [images.image(["late/one:1", "late/two:1", "other/three:1"],
                                                      [images.layer.busybox(), images.layer.of_size(5_000)])])
        image_id = sweeping.id_of(self.engine, "late/one:1")
        node = self.policies()
        planned = node.plan()
        self.assertIn(image_id, [step["id"] for step in planned["steps"]])
        self.before_first_delete(lambda _: containers.create(self.engine, image_id, "late"))
        removals = self.swept(node)
        self.assertIn(image_id, sweeping.ids(self.engine))
        self.assertLessEqual({"late/one:1", "late/two:1", "other/three:1"}, sweeping.tags(self.engine),
                             "names that went before somebody used the image are put back")
        self.assertIn(self.outcome_of(removals, image_id), ("kept", "refused"))
        containers.act(self.engine, "late", "start")
        self.assertEqual(containers.state_of(self.engine, "late"), "running")

    # --- 2: never by force ------------------------------------------------------------------------------------------

    def test_2_never_forced_and_looked_at_again_just_before(self):
        self.load("one:1", "two:1", "far/three:1")
        images.load_images(self.engine, [images.image([], [images.layer.of_size(4_000)])])
        node = self.policies()
        mark = self.proxy.mark()
        self.swept(node)
        asked = self.proxy.requests(mark)
        deletes = [number for number, one in enumerate(asked) if one.method == "DELETE"]
        self.assertEqual(len(deletes), 4, "one name or ID at a time")
        for one in asked:
            self.assertNotIn("force", one.query, one)
            self.assertNotEqual(one.path, "/images/prune")
            self.assertNotEqual(one.path, "/containers/prune")
        for before, number in zip([-1, *deletes], deletes):
            between = [one.path for one in asked[before + 1:number]]
            self.assertTrue(any(re.fullmatch(r"/images/.+/json", path) for path in between), (asked[number], between))
            self.assertIn("/containers/json", between, asked[number])

    def test_2_children_go_before_their_parents(self):
        self.load("base:1")
        reference = next(tag for item in self.engine.get("/images/json") for tag in item["RepoTags"] or []
                         if tag.endswith("base:1"))
        images.build(self.engine, "child:1", f"FROM {reference}\nCOPY one /one\nCOPY two /two\n",
                     {"one": b"1" * 500, "two": b"2" * 700})
        node = self.policies()
        removals = self.swept(node)
        self.assertEqual({one["outcome"] for one in removals}, {"removed"})
        self.assertEqual(sweeping.ids(self.engine), {sweeping.id_of(self.engine, containers.REFERENCE)})

    def test_2_tag_moved_between_plan_and_delete(self):
        old = self.load("app:1")
        new = self.load("next:1")
        node = self.policies({"name": "all", "remove": {"images": {"references": ["app:*"]}}})
        name = next(tag for item in self.engine.get("/images/json") for tag in item["RepoTags"] or []
                    if tag.endswith("app:1"))
        moved = threading.Event()

        def act(request):
            # The plan is made, and the sweep looks at the name for the first time.
            if request.method == "GET" and "app" in request.path and request.path.endswith("/json") and not moved.is_set():
                moved.set()
                self.engine.api("POST", f"/images/{new}/tag", {"repo": name.rpartition(":")[0], "tag": "1"}).expect(201)
        planned = node.plan()
        self.assertEqual([step["id"] for step in planned["steps"]], [old])
        self.proxy.before = act
        removals = self.swept(node, statuses=(0, SHORT))
        self.assertTrue(moved.is_set(), "the sweep looked at the name before it removed it")
        self.assertEqual(sweeping.id_of(self.engine, name), new, "a name is removed only from the image of the plan")
        self.assertIn(new, sweeping.ids(self.engine))
        self.assertEqual(self.outcome_of(removals, old), "kept")

    # --- 4, 5: what was just used, what cannot be had back ----------------------------------------------------------

    def test_4_what_just_came_is_safe_for_min_age(self):
        """Its build date is years ago; a node that docksweep has not watched counts all of it as used now."""
        image_id = self.load("app:1")
        node = self.policies(keep={"min_age": "1h"})
        verdict = node.verdicts()[image_id]
        self.assertEqual((verdict["action"], verdict["reason"]), ("keep", "min_age"))
        self.assertIsNotNone(verdict["eligible_at"])
        node.sweep()
        self.assertIn(image_id, sweeping.ids(self.engine))

    def test_5_what_no_registry_is_known_to_have_is_kept(self):
        image_id = self.load("local:1")
        images.load_images(self.engine, [images.image([], [images.layer.of_size(4_000)])])
        node = self.policies(keep={"local_only": True})
        verdict = node.verdicts()[image_id]
        self.assertEqual((verdict["action"], verdict["reason"]), ("keep", "local_only"))
        self.swept(node)
        there = sweeping.ids(self.engine)
        self.assertIn(image_id, there)
        self.assertEqual(len(there), 2, "the dangling one goes")

    # --- 6: volumes -------------------------------------------------------------------------------------------------

    def test_6_volumes_stay_unless_a_policy_says_which(self):
        self.engine.api("POST", "/volumes/create", body={"Name": "mine"}).expect(201)
        containers.run(self.engine, containers.REFERENCE, "ended", ("true",), Mounts=[
            {"Type": "volume", "Target": "/anonymous"}, {"Type": "volume", "Source": "named", "Target": "/named"}])
        self.engine.api("POST", "/containers/ended/wait").expect(200)
        before = {one["Name"] for one in self.engine.get("/volumes")["Volumes"]}
        self.assertEqual(len(before), 3)
        node = self.policies({"name": "all", "remove": {"images": "unused", "containers": {
            "stopped_for": "0s", "names": ["ended"]}}})
        self.swept(node)
        self.assertEqual(self.engine.api("GET", "/containers/ended/json").status, 404)
        self.assertEqual({one["Name"] for one in self.engine.get("/volumes")["Volumes"]}, before)

    def test_6_named_volumes_go_only_by_name(self):
        for name in ("cache-1", "cache-2", "data"):
            self.engine.api("POST", "/volumes/create", body={"Name": name}).expect(201)
        containers.create(self.engine, containers.REFERENCE, "user", Binds=["cache-2:/cache"])
        node = self.policies({"name": "all", "remove": {"volumes": {"names": ["cache-*"]}}})
        self.swept(node)
        self.assertEqual({one["Name"] for one in self.engine.get("/volumes")["Volumes"]}, {"cache-2", "data"})

    # --- 7: observe -------------------------------------------------------------------------------------------------

    def test_7_observe_removes_nothing_and_says_what_it_would(self):
        image_id = self.load("app:1")
        node = self.policies(mode="observe")
        mark = self.proxy.mark()
        status, out, err = node.sweep()
        self.assertEqual(status, SHORT, err)
        self.assertIn("app:1", out)
        self.assertEqual(self.deletes(mark), [])
        self.assertIn(image_id, sweeping.ids(self.engine))

    def test_7_without_a_durable_state_nothing_is_enforced(self):
        image_id = self.load("app:1")
        node = self.policies(state="/proc/docksweep/state.db")
        status, _, err = node.sweep()
        self.assertNotEqual(status, 0)
        self.assertIn("/proc/docksweep/state.db", err)
        self.assertEqual(self.deletes(), [])
        self.assertIn(image_id, sweeping.ids(self.engine))

    # --- 8: on record -----------------------------------------------------------------------------------------------

    def test_8_every_removal_is_on_record_before_it_is_attempted(self):
        image_id = self.load("one:1", "two:1", "far/three:1", size=30_000)
        node = self.policies()
        seen = []
        self.before_first_delete(lambda _: seen.extend(node.removals()))
        self.swept(node)
        self.assertEqual([one["outcome"] for one in seen if one["id"] == image_id], ["attempted"])
        removal = next(one for one in node.removals() if one["id"] == image_id)
        self.assertEqual(removal["outcome"], "removed")
        self.assertEqual({name.split("/")[-1] for name in removal["references"]}, {"one:1", "two:1", "three:1"})
        sweep = node.sweeps()[0]
        self.assertEqual((sweep["policy"], sweep["trigger"]), ("all", "manual"))
        self.assertTrue(sweep["actor"])
        for key in ("predicted_bytes", "predicted_bytes_at_most", "freed_bytes"):
            self.assertIn(key, sweep)
            self.assertIn(key, removal)

    # --- 9: the plan shown is the plan run --------------------------------------------------------------------------

    def test_9_nothing_is_added_to_the_plan(self):
        first = self.load("first:1")
        node = self.policies()
        late = []
        self.before_first_delete(lambda _: late.append(self.load("late:1")))
        removals = self.swept(node)
        self.assertEqual([one["id"] for one in removals], [first])
        self.assertIn(late[0], sweeping.ids(self.engine))

    # --- 3: a partial view removes nothing --------------------------------------------------------------------------

    def after_the_plan(self, said):
        """Answers each listing of containers but the first, which the plan is made of, with these bytes."""
        seen = []

        def answer(request):
            if request.method != "GET" or request.path != "/containers/json":
                return None
            seen.append(request)
            return said if len(seen) > 1 else None
        self.proxy.answer = answer
        return seen

    def test_3_a_listing_that_fails_removes_nothing(self):
        self.load("app:1")
        node = self.policies()
        for status in ("500 Internal Server Error", "404 Not Found"):
            listings = self.after_the_plan(http(status, '{"message":"something is broken"}'))
            got, out, err = node.sweep()
            self.assertNotEqual(got, 0, out)
            self.assertGreater(len(listings), 1, "the re-check asked")
            self.assertEqual(self.deletes(), [], err)
        self.proxy.answer = None
        self.swept(node)
        self.assertEqual(sweeping.tags(self.engine), {containers.REFERENCE})

    def test_3_an_entry_without_an_id_removes_nothing(self):
        self.load("app:1")
        node = self.policies()
        self.after_the_plan(http("200 OK", '[{"Id":"","Image":"?"}]'))
        got, out, err = node.sweep()
        self.assertNotEqual(got, 0, out)
        self.proxy.answer = lambda request: (http("200 OK", '[{"Id":"","Image":"?"}]')
                                             if request.path == "/containers/json" else None)
        got, out, err = node.sweep()
        self.assertNotEqual(got, 0, out)
        self.assertIn("partial", err)
        self.assertEqual(self.deletes(), [])

    # --- 10: nothing from outside chooses what to delete ------------------------------------------------------------

    def test_10_nothing_from_outside_chooses_what_to_delete(self):
        image_id = self.load("app:1")
        settings = {"mode": "enforce", "settle": "0s", "keep": sweeping.KEEP_NOTHING, "policy": [sweeping.EVERYTHING]}
        with docksweep.agent(self.proxy.host, settings) as one:
            self.assertEqual(one.get("/api/v1/plan?policy=nope").status, 404)
            for path in (f"/api/v1/sweep?image={image_id}", "/api/v1/sweep?policy=nope", f"/images/{image_id}", "/api/v1/plan"):
                self.assertGreaterEqual(one.post(path, body=image_id.encode()).status, 400, path)
            self.assertEqual(self.deletes(), [])

    # --- 11: the node comes first -----------------------------------------------------------------------------------

    def test_11_a_slow_engine_pauses_the_sweep(self):
        self.load("app:1")
        node, asked = self.policies(), []

        def before(request):
            if request.path == "/containers/json":
                asked.append(time.monotonic())
                if len(asked) == 2:  # the first is the plan's, the second the re-check's
                    time.sleep(2.2)
        self.proxy.before = before
        self.swept(node)
        self.assertGreater(len(asked), 2, "it was asked again")
        self.assertGreater(self.deletes()[0].at - asked[1], 6, "after a rest")

    def test_11_pause_stops_removals_within_a_second(self):
        images.load_images(self.engine, images.many_images(120, tops=20))
        node = self.policies()
        paused_at = []

        def act(request):
            if request.method == "DELETE":
                time.sleep(0.05)  # long enough for the pause to come in the middle
        self.proxy.before = act
        running = node.start("sweep", "all", "--yes")
        deadline = time.monotonic() + 60
        while len(self.deletes()) < 5 and time.monotonic() < deadline:
            time.sleep(0.02)
        status, _, err = node.run("pause", "people look at it")
        paused_at.append(time.monotonic())
        self.assertEqual(status, 0, err)
        out, err = running.communicate(timeout=60)
        self.assertEqual(running.returncode, SHORT, err + out)
        self.assertEqual([one for one in self.deletes() if one.at > paused_at[0] + 1], [])
        self.assertGreater(len(sweeping.tags(self.engine)), 50)
        self.assertEqual(node.sweeps()[0]["outcome"], "stopped")
        status, _, err = node.sweep()
        self.assertEqual(status, SHORT, "and no other one begins")
        self.assertIn("people look at it", err)
        self.assertEqual(node.run("resume")[0], 0)
        self.proxy.before = None
        self.swept(node)
        self.assertEqual(sweeping.tags(self.engine), {containers.REFERENCE})

    def test_11_a_signal_lets_the_removal_in_hand_finish(self):
        images.load_images(self.engine, images.many_images(60, tops=10))
        node = self.policies()
        self.proxy.before = lambda request: time.sleep(0.05) if request.method == "DELETE" else None
        running = node.start("sweep", "all", "--yes")
        deadline = time.monotonic() + 60
        while len(self.deletes()) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=60)
        self.assertEqual(running.returncode, SHORT, err + out)
        outcomes = {one["id"]: one["outcome"] for one in node.removals()}
        there = sweeping.ids(self.engine)
        for image_id, outcome in outcomes.items():
            self.assertEqual(outcome == "removed", image_id not in there, (image_id, outcome))
        self.assertIn("skipped", outcomes.values())
