# Undo, with a real registry and a real engine: what a sweep removed comes back with its ID and every tag, by a pull or
# from an archive; and what cannot be had back stays where a policy asks for that.
import os
import subprocess
import tempfile

import containers
import docksweep
import images
import registry
import sweeping
from sweeping import DONE, EVERYTHING, SHORT


class restore:
    """Each test has an engine and a registry of its own; one image is in use."""

    def setUp(self):
        self.engine = self.enterContext(self.start())
        containers.runnable(self.engine)
        containers.create(self.engine, containers.REFERENCE, "holder")
        self.hub = self.enterContext(registry.registry(self.engine))

    def policies(self, *listed, **more):
        return self.enterContext(sweeping.policies(self.engine.host, listed or (EVERYTHING,), **more))

    def load(self, references, *sizes, **more):
        images.load_images(self.engine, [images.image(references, [images.layer.of_size(size) for size in sizes], **more)])

    def from_registry(self, name, *sizes, more_tags=()):
        """An image that was pushed and pulled, as a registry's are. → its reference"""
        self.load("source:1", *sizes, labels={"name": name})
        reference = self.hub.push("source:1", name)
        self.engine.api("DELETE", "/images/source:1").expect(200)
        registry.pull(self.engine, reference)
        for tag in more_tags:
            self.tag(reference, tag)
        return reference

    def tag(self, reference, name):
        repository, _, tag = name.rpartition(":")
        self.engine.api("POST", f"/images/{reference}/tag", {"repo": repository, "tag": tag}).expect(201)

    def everything(self):
        """{ID: (tags, digests)} of all images."""
        return {item["Id"]: (sorted(item["RepoTags"] or []), sorted(item["RepoDigests"] or []))
                for item in self.engine.get("/images/json")}

    def swept(self, node, policy="all", *more, status=DONE):
        got, out, err = node.sweep(policy, *more)
        self.assertEqual(got, status, err + out)
        return node.removals()

    def restored(self, node, *what, status=DONE):
        answer = node.json("restore", *what, "--yes", allowed=(status,))
        return {one["image_id"]: one for one in answer["images"]}

    # --- by a pull --------------------------------------------------------------------------------------------------

    def test_sweep_of_30_images_and_restore_of_all_30(self):
        """Every tag and ID as before; images share layers, some have several tags, one is known by its digest alone."""
        base = [20_000, 10_000]
        for number in range(28):
            self.from_registry(f"many/{number}:1", *base, 1_000 + number,
                               more_tags=[f"also/{number}:a", f"also/{number}:b"] if number % 7 == 0 else ())
        five = self.from_registry("five:1", 5_000, more_tags=["five:2", "five:3", "other/five:4", "x.example:5/five:5"])
        alone = self.from_registry("alone:1", 6_000)
        digest = next(item for item in self.engine.get(f"/images/{alone}/json")["RepoDigests"] if "@" in item)
        repository, _, version = digest.partition("@")
        self.engine.api("DELETE", f"/images/{alone}").expect(200)
        self.engine.api("POST", "/images/create", {"fromImage": repository, "tag": version}).expect(200)
        before = self.everything()
        self.assertEqual(len(before), 31)

        node = self.policies()
        self.swept(node)
        self.assertEqual(len(self.everything()), 1)
        all_of_them = self.restored(node)
        self.assertEqual({one["outcome"] for one in all_of_them.values()}, {"restored"}, all_of_them)
        self.assertEqual(len(all_of_them), 30)
        after = self.everything()
        self.assertEqual({one: tags for one, (tags, _) in after.items()}, {one: tags for one, (tags, _) in before.items()})
        self.assertEqual(after, before, "digests, too")
        self.assertEqual(sweeping.id_of(self.engine, five), sweeping.id_of(self.engine, "other/five:4"))

        again = self.restored(node)
        self.assertEqual({one["outcome"] for one in again.values()}, {"already_back"}, "safe to repeat")
        removals = node.removals()
        self.assertTrue(all(one["restored_at"] for one in removals))
        # Restored images count as used now: a policy that spares what is young spares them.
        with sweeping.policies(self.engine.host, [EVERYTHING], keep={"min_age": "1h"}, state=node.state) as careful:
            self.assertEqual({one["reason"] for one in careful.verdicts().values()
                              if one["kind"] == "image" and one["id"] in all_of_them}, {"min_age"})

    def test_one_image_by_tag_digest_or_id(self):
        for number in range(3):
            self.from_registry(f"app/{number}:1", 3_000 + number, more_tags=[f"app/{number}:2"])
        before = self.everything()
        node = self.policies()
        removals = self.swept(node)
        names = [f"{self.hub.host}/app/0:1", next(one["digests"][0] for one in removals
                                                  if f"{self.hub.host}/app/1:1" in one["references"]),
                 next(one["object_id"] for one in removals if f"{self.hub.host}/app/2:1" in one["references"])[7:19]]
        for count, name in enumerate(names, 2):
            self.assertEqual(len(self.restored(node, name)), 1, name)
            self.assertEqual(len(self.everything()), count, name)
        self.assertEqual(self.everything(), before)
        status, _, err = node.run("restore", "never-here:1", "--yes")
        self.assertEqual(status, 1)
        self.assertIn("never-here:1", err)

    def test_an_image_that_was_pulled_by_its_digest_too_goes(self):
        """On the containerd store the digest is a name of its own, which stays when the tags are gone."""
        reference = self.from_registry("app:1", 3_000, more_tags=["mine:1"])
        repository, _, version = self.engine.get(f"/images/{reference}/json")["RepoDigests"][0].partition("@")
        self.engine.api("POST", "/images/create", {"fromImage": repository, "tag": version}).expect(200)
        node = self.policies()
        self.swept(node)
        self.assertEqual(sweeping.tags(self.engine), {containers.REFERENCE})
        self.assertEqual([one["outcome"] for one in node.removals()], ["removed"])

    def test_a_tag_that_means_another_image_by_now_is_left_alone(self):
        self.from_registry("app:1", 3_000, more_tags=["mine:1", "mine:2"])
        node = self.policies()
        self.swept(node)
        self.load("mine:1", 4_000)
        newcomer = sweeping.id_of(self.engine, "mine:1")
        one, = self.restored(node, status=SHORT).values()
        self.assertEqual(one["outcome"], "incomplete")
        self.assertEqual([taken["image_id"] for taken in one["names_taken"]], [newcomer])
        self.assertEqual(sweeping.id_of(self.engine, "mine:1"), newcomer)
        self.assertEqual(sweeping.id_of(self.engine, "mine:2"), one["image_id"])

    def test_what_a_registry_no_longer_has_is_said_and_the_rest_comes_back(self):
        lost = self.from_registry("lost:1", 3_000)
        self.from_registry("kept:1", 4_000)
        lost_id = sweeping.id_of(self.engine, lost)
        node = self.policies()
        self.swept(node)
        self.hub.forget("lost")
        images_by_id = self.restored(node, status=SHORT)
        self.assertEqual(images_by_id[lost_id]["outcome"], "failed")
        self.assertIn("no longer has", images_by_id[lost_id]["problem"])
        self.assertEqual({one["outcome"] for one in images_by_id.values()}, {"failed", "restored"})

    def test_what_cannot_come_back_is_shown_with_the_reason(self):
        self.load("built-here:1", 3_000)
        node = self.policies()
        self.swept(node)
        status, out, err = node.run("history", "--sweep", "1", "--no-trunc")
        self.assertEqual(status, 0, err)
        self.assertIn("not restorable:", out)
        one, = self.restored(node, status=SHORT).values()
        self.assertEqual(one["outcome"], "not_possible" if self.exact else "failed", "in doubt it is tried")
        self.assertTrue(one["problem"])

    def test_a_dry_run_changes_nothing(self):
        self.from_registry("app:1", 3_000)
        node = self.policies()
        self.swept(node)
        status, out, err = node.run("restore", "--dry-run")
        self.assertEqual(status, 0, err)
        self.assertIn("app@sha256:", out)
        self.assertEqual(len(self.everything()), 1)

    # --- the registry is asked first --------------------------------------------------------------------------------

    def test_ask_registry_keeps_what_is_gone_or_cannot_be_asked_for(self):
        there, gone = self.from_registry("there:1", 3_000), self.from_registry("gone:1", 4_000)
        there_id, gone_id = sweeping.id_of(self.engine, there), sweeping.id_of(self.engine, gone)
        self.load("built-here:1", 5_000)
        local_id = sweeping.id_of(self.engine, "built-here:1")
        self.hub.forget("gone")
        node = self.policies(keep={"ask_registry": True, "images": ["built-here:*"]})
        removals = {one["object_id"]: one for one in self.swept(node)}
        self.assertEqual(removals[there_id]["outcome"], "removed")
        self.assertEqual((removals[gone_id]["outcome"], removals[gone_id]["reason"]), ("kept", "local_only"))
        self.assertIn("no longer has", removals[gone_id]["problem"])
        self.assertNotIn(local_id, removals)
        self.restored(node)
        self.hub.stop()
        for one in self.swept(node):
            self.assertEqual((one["outcome"], one["reason"]), ("kept", "local_only"), one)
        self.assertEqual(len(self.everything()), 4, "nobody can be asked: everything stays")

    # --- from an archive --------------------------------------------------------------------------------------------

    def folder(self, size=None):
        """A folder for an archive, on a file system of its own where a size is given; this process and docksweep see it."""
        place = self.enterContext(tempfile.TemporaryDirectory(prefix="dsb-", dir="/var/tmp"))
        if size:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], check=True)
            self.addCleanup(subprocess.run, ["umount", "-l", place], check=True)
        return place

    def test_local_images_are_saved_first_and_loaded_again(self):
        archive = self.folder("64m")
        self.load(["built-here:1", "built-here:2", "team/other:3"], 30_000, 5_000)
        self.load("second:1", 30_000)
        self.from_registry("pulled:1", 3_000)
        before = self.everything()
        node = self.policies({**EVERYTHING, "archive": archive})
        removals = {one["object_id"]: one for one in self.swept(node)}
        self.assertEqual(len(self.everything()), 1)
        saved = [one for one in removals.values() if one["archive"]]
        # On the containerd store, the one that no agent saw being pulled counts as local, too.
        self.assertEqual(len(saved), 2 if self.exact else 3, removals)
        for one in saved:
            self.assertEqual(one["archive"], f"{archive}/{one['object_id'][7:]}.tar.zst")
            self.assertEqual(os.stat(one["archive"]).st_mode & 0o777, 0o600)
            self.assertTrue(one["restorable"])
        outcomes = {one["outcome"] for one in self.restored(node).values()}
        self.assertEqual(outcomes, {"restored"})
        after = self.everything()
        self.assertEqual({one: tags for one, (tags, _) in after.items()}, {one: tags for one, (tags, _) in before.items()})
        self.assertEqual(sorted(os.listdir(archive)), sorted(f"{one['object_id'][7:]}.tar.zst" for one in saved))

    def test_sweep_with_an_archive_for_once(self):
        archive = self.folder("64m")
        self.load("built-here:1", 30_000)
        image_id = sweeping.id_of(self.engine, "built-here:1")
        node = self.policies(keep={"local_only": True})
        self.swept_nothing(node)
        self.swept(node, "all", "--archive", archive)
        self.assertEqual(os.listdir(archive), [f"{image_id[7:]}.tar.zst"])
        self.restored(node, "built-here:1")
        self.assertEqual(sweeping.id_of(self.engine, "built-here:1"), image_id)

    def swept_nothing(self, node):
        status, out, err = node.sweep("all")
        self.assertEqual(status, DONE, err + out)
        self.assertEqual(node.sweeps(), [])

    def test_without_room_the_image_stays(self):
        archive = self.folder("1m")
        self.load("built-here:1", 3_000_000)
        node = self.policies({**EVERYTHING, "archive": archive})
        one, = self.swept(node)
        self.assertEqual((one["outcome"], one["reason"]), ("kept", "local_only"), one)
        self.assertIn("No space left on device", one["problem"])
        self.assertEqual(os.listdir(archive), [], "and nothing is left of it")
        self.assertEqual(len(self.everything()), 2)
        missing = self.policies({**EVERYTHING, "archive": f"{archive}/not-there"})
        one, = self.swept(missing)
        self.assertEqual(one["outcome"], "kept")
        self.assertIn("No such file or directory", one["problem"])

    def test_a_damaged_archive_is_told(self):
        archive = self.folder("64m")
        self.load("built-here:1", 30_000)
        node = self.policies({**EVERYTHING, "archive": archive})
        one, = self.swept(node)
        with open(one["archive"], "r+b") as file:
            file.truncate(os.path.getsize(one["archive"]) // 2)
        image, = self.restored(node, status=SHORT).values()
        self.assertEqual(image["outcome"], "failed")
        self.assertEqual(len(self.everything()), 1)

    # --- the agent --------------------------------------------------------------------------------------------------

    def test_the_agent_counts_restored_images_and_regrets(self):
        reference = self.from_registry("app:1", 30_000)
        settings = {"mode": "enforce", "settle": "0s", "keep": {"min_age": "0s", "local_only": False},
                    "policy": [{"name": "all", "remove": {"images": "unused"}}]}
        sweep = self.enterContext(docksweep.agent(self.engine.host, settings))
        status, out, err = sweep.cli("sweep", "all", "--yes")
        self.assertEqual(status, DONE, err + out)
        status, out, err = sweep.cli("restore", "--yes")
        self.assertEqual(status, DONE, err + out)
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_restored_images_total") == 1, "the count", 30, 0.2)
        sweep.wait_for(lambda: sweep.metrics().value("docksweep_regret_pulls_total", policy="all") == 1, "the regret", 30, 0.2)
        self.assertGreater(sweep.metrics().value("docksweep_regret_bytes_total", policy="all"), 0)
        self.assertEqual(sweeping.tags(self.engine), {containers.REFERENCE, reference})
