# What the users of other cleaners complain about most, each on a real engine: docksweep must not do it. Each test has the
# name of the complaint (project and issue); those about the scrape and the web side alone are in tests/report and tests/web.
import datetime
import io
import json
import os
import subprocess
import tarfile
import threading
import time

import containers
import images
import registry
import scenario
import sweeping
from docksweep import agent
from proxy import counting_proxy
from sweeping import EVERYTHING, KEEP_NOTHING, SHORT

SECONDS = 60


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def many_files(count):
    """A tar archive of so many empty files, in a hundred folders."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for number in range(count):
            archive.addfile(tarfile.TarInfo(f"many/{number % 100}/{number}"))
    return out.getvalue()


class field:
    """Each test has an engine of its own, with one image in use."""

    exact = True  # the store tells to the byte what a removal frees

    def setUp(self):
        self.engine = self.enterContext(self.start())
        containers.runnable(self.engine)
        self.holder = containers.create(self.engine, containers.REFERENCE, "holder")

    def policies(self, *listed, **more):
        return self.enterContext(sweeping.policies(self.engine.host, listed or (EVERYTHING,), **more))

    def agent(self, *listed, keep=None, **more):
        settings = {"mode": "enforce", "settle": "0s", "keep": {**KEEP_NOTHING, **(keep or {})}, **more}
        if listed:
            settings["policy"] = list(listed)
        return self.enterContext(agent(self.engine.host, settings))

    def load(self, references, layers, **more):
        images.load_images(self.engine, [images.image(references, layers, **more)])
        first = references if isinstance(references, str) else references[0]
        return sweeping.id_of(self.engine, first)

    def there(self, image_id):
        return self.engine.api("GET", f"/images/{image_id}/json").status == 200

    def bytes_held(self):
        """All layers, each once: by the engine's own count, or where that leaves out blobs, by docksweep's."""
        if self.exact:
            return scenario.disk_usage(self.engine)["LayersSize"]
        with sweeping.policies(self.engine.host, [{**EVERYTHING, "until": {"images_bytes_below": "1B"}}]) as node:
            return int(node.plan()["goal"]["now"])

    def swept(self, node, policy="all", statuses=(0,)):
        status, out, err = node.sweep(policy)
        self.assertIn(status, statuses, err + out)
        return node.removals()

    def last_use(self, sweep, image_id, policy="all"):
        """When the agent saw it used last, by what its plan says: eligible_at minus min_age (an hour here)."""
        plan = sweep.cli_json("plan", policy)
        verdict = next(one for one in plan["verdicts"] if one["id"] == image_id)
        if verdict["reason"] != "min_age":
            raise ValueError(f"not kept by min_age: {verdict}")
        return moment(verdict["eligible_at"]) - 3600

    def used_after(self, sweep, image_id, when, what):
        """Waits until the agent knows of a use of this image since then (the state is saved within seconds)."""
        def known():
            return self.last_use(sweep, image_id) >= when - 1
        sweep.wait_for(known, what, SECONDS, pause=0.3)

    # --- 1: claims to free bytes and frees none ---------------------------------------------------------------------

    def test_01_k8s_120659_three_images_that_share_layers(self):
        """Image three holds the layers of two, two those of one: the sizes add up to far more than what goes."""
        one, two, three = (images.layer.of_size(size) for size in (200_000, 30_000, 4_000))
        self.load("chain:1", [one])
        self.load("chain:2", [one, two])
        self.load("chain:3", [one, two, three])
        node = self.policies()
        plan, before = node.plan(), self.bytes_held()
        removals = self.swept(node)
        self.assertEqual({one["outcome"] for one in removals}, {"removed"})
        predicted = plan["steps"][-1]["cumulative"]
        if self.exact:
            gone = before - self.bytes_held()
            self.assertEqual(gone, one.size + two.size + three.size)
            self.assertEqual((predicted["at_least"], predicted["at_most"]), (gone, gone))
            self.assertEqual(node.sweeps()[0]["freed_bytes"], gone)
        else:
            self.assertLess(predicted["at_least"], sum(item["Size"] for item in self.engine.get("/images/json")) + 10**6)

    def test_01_two_images_of_which_neither_alone_frees_anything(self):
        """Both have the same layers (another label): only together do they free them."""
        layers = [images.layer.of_size(150_000)]
        for number in (1, 2):
            self.load(f"twin:{number}", layers, labels={"number": str(number)})
        goal = sweeping.amount(self.bytes_held() - 100_000)
        node = self.policies({"name": "all", "remove": {"images": "unused"}, "until": {"images_bytes_below": goal}})
        plan = node.plan()
        self.assertEqual(len([step for step in plan["steps"] if step["kind"] == "image"]), 2)
        if self.exact:
            self.assertEqual([step["freed"]["at_least"] for step in plan["steps"]], [0, 150_000])
        self.swept(node)
        self.assertEqual(sweeping.tags(self.engine), {containers.REFERENCE})

    # --- 2: deleted between pull or build and use -------------------------------------------------------------------

    def test_02_docuum_137_pulled_and_not_used_yet(self):
        hub = self.enterContext(registry.registry(self.engine))
        self.load("source:1", [images.layer.of_size(40_000)])
        name = hub.push("source:1", "app:1")
        self.engine.api("DELETE", "/images/source:1").expect(200)
        sweep = self.agent(EVERYTHING, keep={"min_age": "1h"})
        time.sleep(1)
        began = time.time()
        pulled = registry.pull(self.engine, name)
        self.used_after(sweep, pulled, began, "the pull")
        self.assertIn(sweep.cli("sweep", "all", "--yes")[0], (0, SHORT))
        self.assertTrue(self.there(name))

    def in_use(self, image_id):
        return any(item["ImageID"] == image_id for item in self.engine.get("/containers/json", all="true"))

    def test_02_docuum_320_cached_rebuild_refreshes_the_age(self):
        self.load("base:1", [images.layer.of_size(10_000)])
        base = next(tag for item in self.engine.get("/images/json") for tag in item["RepoTags"] if tag.endswith("base:1"))
        text = f"FROM {base}\nCOPY one /one\n"
        built = images.build(self.engine, "built:1", text, {"one": b"1" * 500})
        sweep = self.agent(EVERYTHING, keep={"min_age": "1h"})
        first = self.last_use(sweep, self.full(built))
        time.sleep(2.5)
        again = time.time()
        self.assertEqual(images.build(self.engine, "built:1", text, {"one": b"1" * 500}), built, "from the cache")
        self.used_after(sweep, self.full(built), again, "the cached rebuild")
        self.assertLess(first, again - 1)

    def full(self, image_id):
        return sweeping.id_of(self.engine, image_id)

    def test_02_a_container_that_came_and_went_counts_as_use(self):
        image_id = self.load("job:1", [images.layer.busybox(), images.layer.of_size(3_000)])
        sweep = self.agent(EVERYTHING, keep={"min_age": "1h"})
        first = self.last_use(sweep, image_id)
        time.sleep(2.5)
        again = time.time()
        containers.run(self.engine, "job:1", "short", ("true",), AutoRemove=True)
        self.used_after(sweep, image_id, again, "a run with --rm")
        self.assertLess(first, again - 1)

    # --- 3: builds and pulls in flight ------------------------------------------------------------------------------

    def test_03_moby_39547_builds_during_sweeps(self):
        base = self.load("base:1", [images.layer.of_size(10_000)])
        name = next(tag for item in self.engine.get("/images/json") for tag in item["RepoTags"] if tag.endswith("base:1"))
        node = self.agent({**EVERYTHING, "name": "all"}, keep={"min_age": "1h", "images": ["base:1"]})
        failures = []

        def build():
            for number in range(6):
                try:
                    images.build(self.engine, f"built/{number}:1", f"FROM {name}\nENV N={number}\nCOPY one /one\nCOPY two /two\n",
                                 {"one": str(number).encode() * 500, "two": b"2" * 700})
                except Exception as error:
                    failures.append(error)
        builder = threading.Thread(target=build)
        builder.start()
        while builder.is_alive():
            node.cli("sweep", "all", "--yes")
        builder.join()
        self.assertEqual(failures, [])
        self.assertTrue(self.there(base))
        self.assertLessEqual({f"built/{number}:1" for number in range(6)}, sweeping.tags(self.engine))

    def test_03_moby_53321_a_pull_in_flight_during_a_sweep(self):
        """Its layers are shared with images that the sweep removes at the same time."""
        hub = self.enterContext(registry.registry(self.engine))
        shared, own = images.layer.of_size(300_000), images.layer.of_size(900_000)
        self.load("source:1", [shared, own])
        name = hub.push("source:1", "app:1")
        self.engine.api("DELETE", "/images/source:1").expect(200)
        for number in range(15):
            self.load(f"old/{number}:1", [shared, images.layer.of_size(1_000 + number)])
        slow = hub.slow_link() + name.removeprefix(hub.host)
        node = self.policies({"name": "all", "remove": {"images": {"references": ["old/*"]}}})
        pulled = []
        puller = threading.Thread(target=lambda: pulled.append(self.pull_in_a_thread(slow)))
        puller.start()
        time.sleep(0.3)
        self.assertTrue(puller.is_alive(), "the pull is in flight")
        self.swept(node)
        puller.join(SECONDS)
        self.assertEqual(pulled, [None], "the pull ended well")
        self.assertTrue(self.there(slow))
        containers.create(self.engine, slow, "from-pull")
        self.assertEqual([tag for tag in sweeping.tags(self.engine) if tag.startswith("old/")], [])

    def pull_in_a_thread(self, name):
        try:
            registry.pull(self.engine, name)
        except Exception as error:
            return error
        return None

    # --- 4: burns the daemon by polling -----------------------------------------------------------------------------

    def test_04_moby_53077_policies_that_wait_ask_the_engine_nothing(self):
        with counting_proxy(self.engine.socket, f"{self.engine.folder}/s/count.sock") as proxy:
            settings = {"mode": "enforce", "settle": "0s", "policy": [
                {"name": "full", "when": {"disk_above": 0.999999, "images_above": 100000}, "until": {"disk_below": 0.9},
                 "remove": {"images": "unused", "containers": {"stopped_for": "1h"}}},
                {"name": "nightly", "when": {"schedule": "0 0 1 1 *"}, "remove": {"images": "dangling"}}]}
            with agent(proxy.host, settings) as sweep:
                sweep.wait_for(lambda: sweep.metrics().value("docksweep_disk_usage_bytes", resource="containers") >= 0,
                               "the first disk usage", SECONDS)
                # Plans that are shown want to know of stopped containers when they stopped: looked at every ten seconds,
                # and read where something has changed.
                holder = f"/containers/{self.holder}/json"
                sweep.wait_for(lambda: any(one.path == holder for one in proxy.requests()), "the stopped container", SECONDS)
                time.sleep(1)
                mark = proxy.mark()
                for _ in range(12):
                    sweep.scrape()
                    time.sleep(1)
                asked = [one for one in proxy.requests(mark) if one.path not in ("/version", "/_ping")
                         and one.query.get("limit") != "1"]
                self.assertEqual(asked, [])

    # --- 5: forgets last use on restart -----------------------------------------------------------------------------

    def test_05_k8s_119642_last_use_survives_restarts(self):
        image_id = self.load("job:1", [images.layer.busybox(), images.layer.of_size(3_000)])
        folder = self.enterContext(sweeping.policies(self.engine.host)).folder
        settings = {"mode": "enforce", "keep": {**KEEP_NOTHING, "min_age": "1h"}, "policy": [EVERYTHING],
                    "state": {"path": f"{folder}/kept.db"}}
        with agent(self.engine.host, settings) as sweep:
            containers.run(self.engine, "job:1", "short", ("true",), AutoRemove=True)
            sweep.wait_for(lambda: not self.in_use(image_id), "the end of the container", SECONDS, pause=0.1)
            time.sleep(6)  # until it is saved
            before = self.last_use(sweep, image_id)
        self.engine.restart()
        time.sleep(2)
        with agent(self.engine.host, settings) as sweep:
            self.assertAlmostEqual(self.last_use(sweep, image_id), before, delta=6)
            sweep.kill()
        with agent(self.engine.host, settings) as sweep:
            self.assertAlmostEqual(self.last_use(sweep, image_id), before, delta=6)

    # --- 6: watches the wrong quantity ------------------------------------------------------------------------------

    def test_06_docuum_271_the_disk_is_full_of_containers(self):
        """Images are fine; what a stopped container has written is not. The plan says so, and the policy removes it."""
        containers.run(self.engine, containers.REFERENCE, "writer", ("dd", "if=/dev/zero", "of=/file", "bs=1048576", "count=8"))
        self.engine.api("POST", "/containers/writer/wait").expect(200)
        node = self.policies({"name": "all", "remove": {"images": "unused", "containers": {"stopped_for": "0s"}}})
        plan = node.plan()
        step = plan["steps"][0]
        self.assertEqual((step["kind"], [name.lstrip("/") for name in step["names"]]), ("container", ["writer"]))
        self.assertGreaterEqual(step["freed"]["at_least"], 8 << 20)
        before = sweeping.used_bytes(self.engine.data_root)
        self.swept(node)
        self.assertGreater(before - sweeping.used_bytes(self.engine.data_root), 7 << 20)

    def test_06_docuum_292_the_disk_is_full_of_build_cache(self):
        """What builds leave is no image: it is shown, planned in its bounds, and pruned down to what the policy keeps."""
        for name in ("one", "two"):
            images.build_with_cache(self.engine, f"built/{name}:1", f"FROM {containers.REFERENCE}\nCOPY file /{name}\n",
                                    {"file": os.urandom(3_000_000)})
        built = set(sweeping.tags(self.engine))
        cache = lambda: sum(one["Size"] for one in self.engine.get("/system/df")["BuildCache"])
        before = cache()
        self.assertGreater(before, 6_000_000)
        node = self.policies({"name": "all", "remove": {"build_cache": {"over": "100kB"}}})
        steps = node.plan()["steps"]
        self.assertEqual([step["kind"] for step in steps], ["build_cache"])
        self.swept(node)
        after = cache()
        self.assertLess(after, before - 3_000_000)
        removal = node.removals()[0]
        self.assertEqual((removal["kind"], removal["outcome"]), ("build_cache", "removed"))
        freed = removal["freed_bytes"]
        self.assertGreater(freed, 3_000_000)
        self.assertLessEqual(steps[0]["freed"]["at_least"], freed)
        self.assertGreaterEqual(steps[0]["freed"]["at_most"], freed)
        self.assertEqual(sweeping.tags(self.engine), built, "images are not what this policy removes")

    # --- 7: what cannot be pulled again -----------------------------------------------------------------------------

    def test_07_coolify_11582_local_images_and_the_pause_image(self):
        hub = self.enterContext(registry.registry(self.engine))
        local = self.load("local:1", [images.layer.of_size(5_000)])
        self.load("source:1", [images.layer.of_size(6_000)])
        pulled_name = hub.push("source:1", "pulled:1")
        pause = hub.push("source:1", "pause:3.9")
        self.engine.api("DELETE", "/images/source:1").expect(200)
        time.sleep(2)  # the agent reads events from the second of its start on: the loads above are none of them
        with agent(self.engine.host, {"mode": "enforce", "keep": {"min_age": "0s", "images": ["*/pause:*"]},
                                      "policy": [EVERYTHING]}) as sweep:
            pulled = registry.pull(self.engine, pulled_name)
            known = lambda: pulled in {one["id"] for one in sweep.cli_json("images")["images"]}
            sweep.wait_for(known, "the pulled image", SECONDS, 0.3)
            time.sleep(6)  # until the agent has saved where it came from
            plan = sweep.cli_json("plan", "all")
            self.assertEqual([step["id"] for step in plan["steps"]], [pulled])
            verdict = next(one for one in plan["verdicts"] if one["id"] == local)
            self.assertEqual(verdict["reason"], "local_only")
            self.engine.api("POST", f"/images/{pulled}/tag", {"repo": pause.rpartition(":")[0], "tag": "3.9"}).expect(201)
            plan = sweep.cli("plan", "all", "--json")[1]
            verdict = next(one for one in json.loads(plan)["verdicts"] if one["id"] == pulled)
            self.assertEqual((verdict["action"], verdict["reason"]), ("keep", "reference"))

    def test_07_swarm_images_known_by_digest_alone(self):
        """The engine's own prune takes the images of Swarm services for dangling."""
        hub = self.enterContext(registry.registry(self.engine))
        self.load("source:1", [images.layer.of_size(40_000)])
        name = hub.push("source:1", "service:1")
        self.engine.api("DELETE", "/images/source:1").expect(200)
        image_id = registry.pull(self.engine, name)
        registry.known_by_digest_alone(self.engine, name)
        self.assertEqual({tag for tag in sweeping.tags(self.engine) if "@" not in tag}, {containers.REFERENCE})
        dangling = self.policies({"name": "all", "remove": {"images": "dangling"}})
        self.assertEqual([step["id"] for step in dangling.plan()["steps"]], [])
        kept = self.policies(keep={"digest_only": True})
        verdict = kept.verdicts()[image_id]
        self.assertEqual((verdict["action"], verdict["reason"]), ("keep", "digest_only"))
        kept.sweep()
        self.assertTrue(self.there(image_id))
        self.swept(self.policies())
        self.assertFalse(self.there(image_id))

    # --- 8: breaks when the engine's minimum API moves --------------------------------------------------------------

    def test_08_watchtower_2122_speaks_the_version_that_the_engine_has(self):
        """A fixed version (v1.24, v1.41) ends with "client version … is too old" or "too new" on one engine or another."""
        self.load("free:1", [images.layer.of_size(4_000)])
        with counting_proxy(self.engine.socket, f"{self.engine.folder}/s/version.sock") as proxy:
            with sweeping.policies(proxy.host) as node:
                self.swept(node)
            newest = self.engine.version["ApiVersion"]
            spoken = {one.target.split("/")[1] for one in proxy.requests() if one.path != "/_ping"}
        self.assertEqual(spoken, {f"v{newest}"})
        self.assertEqual(sweeping.tags(self.engine), {containers.REFERENCE})

    # --- 9: one odd object stops everything -------------------------------------------------------------------------

    def test_09_docuum_341_a_container_that_is_dead(self):
        """A file of its own that cannot go makes the engine leave it `dead`: the others are swept, and its image stays."""
        image_id = self.load("odd:1", [images.layer.busybox(), images.layer.of_size(3_000)])
        container = containers.in_state(self.engine, "odd:1", "odd", "exited")
        stuck = f"{self.engine.data_root}/containers/{container}/hostname"
        subprocess.run(["chattr", "+i", stuck], check=True)
        self.addCleanup(subprocess.run, ["chattr", "-i", stuck], check=True)
        self.engine.api("DELETE", f"/containers/{container}", timeout=60)
        self.assertEqual(containers.state_of(self.engine, container), "dead")
        free = self.load("free:1", [images.layer.of_size(4_000)])
        node = self.policies({"name": "all", "remove": {"images": "unused", "containers": {"stopped_for": "0s"}}})
        status, out, err = node.sweep()
        self.assertIn(status, (0, 1, SHORT), err)
        outcomes = {one["id"]: one["outcome"] for one in node.removals()}
        self.assertFalse(self.there(free), "one odd object does not stop the rest")
        self.assertTrue(self.there(image_id), "nor is its image taken for unused")
        self.assertNotEqual(outcomes.get(container), "removed")

    def test_09_docuum_341_a_container_that_is_being_removed(self):
        """Somebody else's removal takes seconds, so many files has it: meanwhile its image is in use; the rest is swept."""
        for files in (50_000, 100_000, 200_000):
            if self.swept_while_one_is_removed(files):
                return
        self.fail("each time it was gone before the sweep looked")

    def swept_while_one_is_removed(self, files):
        """False: it was removed too fast."""
        image_id = self.load("odd:1", [images.layer.busybox(), images.layer.of_size(3_000)])
        container = containers.create(self.engine, "odd:1", "odd")
        self.engine.api("PUT", "/containers/odd/archive", {"path": "/"}, body=many_files(files), timeout=240).expect(200)
        free = self.load("free:1", [images.layer.of_size(4_000)])
        proxy = self.enterContext(counting_proxy(self.engine.socket, f"{self.engine.folder}/s/{files}.sock"))
        node = self.enterContext(sweeping.policies(proxy.host, [
            {"name": "all", "remove": {"images": "unused", "containers": {"stopped_for": "0s"}}}]))
        answers = []
        removing = threading.Thread(
            target=lambda: answers.append(self.engine.api("DELETE", "/containers/odd", timeout=240)))
        asked = []  # (path, whether the removal still ran)
        proxy.before = lambda request: asked.append((request.path, removing.is_alive()))
        removing.start()
        while "removing" not in [one["State"] for one in self.engine.get("/containers/json", all="true")]:
            if not removing.is_alive():
                return False
        status, out, err = node.sweep()
        removing.join()
        answers[0].expect(204)
        listed = next(at for at, (path, _) in enumerate(asked) if path == "/containers/json")
        if not asked[listed + 1][1]:  # when the answer was there
            return False
        self.assertIn(status, (0, SHORT), err)
        self.assertFalse(self.there(free), "one odd object does not stop the rest")
        self.assertTrue(self.there(image_id), "it was in use when the plan was made")
        self.assertNotIn(container, [one["id"] for one in node.removals()])
        return True

    # --- 10: force-deletes ------------------------------------------------------------------------------------------

    def test_10_docuum_72_five_names_in_three_repositories(self):
        names = ["a/one:1", "a/one:2", "b/two:1", "b/two:2", "localhost:5000/c/three:1"]
        image_id = self.load(names, [images.layer.of_size(70_000)])
        before = self.bytes_held()
        node = self.policies()
        removals = self.swept(node)
        self.assertEqual([one["outcome"] for one in removals], ["removed"])
        self.assertFalse(self.there(image_id))
        if self.exact:
            self.assertEqual(before - self.bytes_held(), 70_000)

    def test_10_tags_of_an_image_in_use_stay(self):
        self.engine.api("POST", f"/images/{containers.REFERENCE}/tag", {"repo": "second/name", "tag": "1"}).expect(201)
        node = self.policies({"name": "all", "remove": {"images": {"untag": True}}})
        node.sweep()
        self.assertLessEqual({containers.REFERENCE, "second/name:1"}, sweeping.tags(self.engine))

    # --- 11: no dry run, no reason, no record -----------------------------------------------------------------------

    def test_11_eraser_929_a_reason_for_every_image_and_a_record_of_every_removal(self):
        self.load("free:1", [images.layer.of_size(4_000)])
        kept = self.load("kept:1", [images.layer.of_size(4_000)], labels={"docksweep.keep": "yes"})
        node = self.policies()
        plan = node.plan()
        verdicts = {one["id"]: one for one in plan["verdicts"]}
        self.assertEqual({one for one in verdicts if verdicts[one]["kind"] == "image"}, sweeping.ids(self.engine))
        self.assertEqual((verdicts[kept]["reason"], verdicts[kept]["action"]), ("label", "keep"))
        self.assertTrue(all(one["reason"] and one["rule"] for one in verdicts.values()))
        status, out, err = node.run("explain", "kept:1")
        self.assertEqual(status, 0, err)
        self.assertIn("docksweep.keep", out)
        removed = [(one["kind"], one["id"]) for one in self.swept(node)]
        self.assertEqual(removed, [(step["kind"], step["id"]) for step in plan["steps"]])

    # --- 12: overshoots ---------------------------------------------------------------------------------------------

    def test_12_k8s_92925_no_more_than_the_goal_needs(self):
        for number in range(10):
            self.load(f"part/{number}:1", [images.layer.of_size(100_000 + number)])
        goal = self.bytes_held() - 250_000
        node = self.policies({"name": "all", "remove": {"images": "unused"}, "until": {"images_bytes_below": sweeping.amount(goal)}})
        removals = [one for one in self.swept(node) if one["outcome"] == "removed"]
        if self.exact:
            self.assertEqual(len(removals), 3)
            self.assertLess(self.bytes_held(), goal)
        self.assertLess(len(removals), 10)
        status, _, _ = node.sweep()
        self.assertIn(status, (0, SHORT))
        if self.exact:
            self.assertEqual(len([tag for tag in sweeping.tags(self.engine) if tag.startswith("part/")]), 7,
                             "a goal that is met removes nothing more")

    # --- 13: age counted from the build date ------------------------------------------------------------------------

    def test_13_docs_10297_an_old_image_that_just_came(self):
        image_id = self.load("old:1", [images.layer.of_size(4_000)])
        self.assertIn("2024", json.dumps(self.engine.get(f"/images/{image_id}/json")["Created"]))
        node = self.policies({"name": "all", "remove": {"images": {"unused_for": "24h"}}})
        verdict = node.verdicts()[image_id]
        self.assertEqual((verdict["action"], verdict["reason"]), ("keep", "not_selected"))
        self.assertGreater(moment(verdict["eligible_at"]), time.time() + 23 * 3600)

    # --- 14: volumes destroyed silently -----------------------------------------------------------------------------

    def test_14_volumes_of_removed_containers_stay(self):
        containers.run(self.engine, containers.REFERENCE, "ended", ("true",),
                       Mounts=[{"Type": "volume", "Target": "/anonymous"}])
        self.engine.api("POST", "/containers/ended/wait").expect(200)
        before = [one["Name"] for one in self.engine.get("/volumes")["Volumes"]]
        node = self.policies({"name": "all", "remove": {"images": "unused", "containers": {"stopped_for": "0s"}}})
        self.swept(node)
        self.assertEqual(self.engine.api("GET", "/containers/ended/json").status, 404)
        self.assertEqual([one["Name"] for one in self.engine.get("/volumes")["Volumes"]], before)

    # --- 15, 16, 17: metrics ----------------------------------------------------------------------------------------

    def test_15_no_disk_usage_inside_a_scrape(self):
        with counting_proxy(self.engine.socket, f"{self.engine.folder}/s/count.sock") as proxy:
            with agent(proxy.host) as sweep:
                sweep.wait_for(lambda: sweep.metrics().value("docksweep_disk_usage_bytes", resource="containers") >= 0,
                               "the first disk usage", SECONDS)
                mark = proxy.mark()
                for _ in range(20):
                    sweep.scrape()
                self.assertEqual([one for one in proxy.requests(mark) if one.path == "/system/df"], [])

    def test_16_podman_exporter_490_an_image_with_several_names(self):
        self.load(["a/one:1", "a/one:2", "b/two:1"], [images.layer.of_size(70_000)])
        sweep = self.agent(metrics={"per_image": 2})
        lines = [line for line in sweep.scrape().text.splitlines() if line and not line.startswith("#")]
        series = [line.rpartition(" ")[0] for line in lines]
        self.assertEqual(len(series), len(set(series)), "no series twice")
        self.assertLessEqual(len([one for one in series if one.startswith("docksweep_image_size_bytes{")]), 2)
        self.assertLess(len(series), 400)

    def test_17_probes_need_no_credential(self):
        sweep = self.agent(web={"users": {"prometheus": "$2y$05$JJyBNFqnyAkgEsiQUKIYmOFcjLwHXVxVqY9kSPb3MS4YIh6kR9KeW"}})
        self.assertEqual([sweep.get(path).status for path in ("/-/healthy", "/-/ready", "/metrics")], [200, 200, 401])
