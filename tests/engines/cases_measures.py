# Counts and sizes of the agent equal what the engine's raw API says: one fixed node, several views of it.
import os

import metrics_text
import scenario
from docksweep import agent

IMAGE_STATES = ("in_use", "unused", "dangling", "intermediate")
CONTAINER_STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead")


class measures:
    """A subclass says which engine: start(), engine_name, exact (whether sizes are exact)."""

    states = scenario.STATES
    exact = True
    keeps_intermediates = True  # what a build leaves between its base and its end
    disk_usage_interval = "15m"

    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(cls.start())
        cls.node = scenario.node(cls.engine, cls.states)
        cls.agent = cls.enterClassContext(agent(cls.engine.host,
                                                {"inventory": {"disk_usage": cls.disk_usage_interval}}))
        cls.agent.wait_for(lambda: cls.agent.metrics().value("docksweep_disk_usage_bytes", resource="containers") >= 0,
                           "the first disk usage", 60)

    def eventually_equal(self, read, truth):
        """A restarting container changes its state all the time: the two need to agree once, not at every moment."""
        self.agent.wait_for(lambda: read() == truth(), "agreement with the engine", 30)
        self.assertTrue(read())

    def test_counts_images_by_state(self):
        truth = scenario.counted(scenario.image_states(self.engine), IMAGE_STATES)
        self.assertEqual(self.agent.metrics().family("docksweep_images", "state"), truth)
        self.assertGreater(truth["in_use"] * truth["unused"] * truth["dangling"], 0, "a node with one of each")
        self.assertEqual(truth["intermediate"] > 0, self.keeps_intermediates)

    def test_dangling_is_what_the_engine_calls_so(self):
        """Less what has a digest, which the engine's own prune would delete."""
        listed = self.engine.get("/images/json", filters={"dangling": ["true"]})
        theirs = {item["Id"] for item in listed if not scenario.named(item)}
        ours = {one["id"] for one in self.agent.get("/api/v1/inventory").json()["images"] if one["state"] == "dangling"}
        self.assertEqual(ours, theirs)
        self.assertTrue(ours)

    def test_counts_containers_by_all_seven_states(self):
        self.eventually_equal(lambda: self.agent.metrics().family("docksweep_containers", "state"),
                              lambda: scenario.counted(scenario.container_states(self.engine), CONTAINER_STATES))

    def test_sizes_count_each_layer_once(self):
        metrics = self.agent.metrics()
        sizes = metrics.family("docksweep_images_size_bytes", "state")
        self.assertEqual(set(sizes), set(IMAGE_STATES))
        self.check_sizes(metrics, sizes)

    def check_sizes(self, metrics, sizes):
        self.assertEqual(metrics.value("docksweep_sizes_exact"), 1)
        self.assertEqual(sizes, self.node.layer_bytes)
        self.assertEqual(sum(sizes.values()), scenario.disk_usage(self.engine)["LayersSize"])
        freed = self.node.layer_bytes["unused"] + self.node.layer_bytes["dangling"]
        self.assertEqual(metrics.value("docksweep_images_reclaimable_bytes"), freed)
        self.assertEqual(metrics.value("docksweep_images_dangling_reclaimable_bytes"), self.node.layer_bytes["dangling"])

    def reported(self):
        said = scenario.disk_usage(self.engine)
        truth = {"images": said["LayersSize"] or None,  # Podman says 0 whatever there is: no figure then
                 "containers": sum(item.get("SizeRw") or 0 for item in said["Containers"] or []),
                 "volumes": sum(max(item["UsageData"]["Size"], 0) for item in said["Volumes"] or []),
                 "build_cache": sum(item["Size"] for item in said.get("BuildCache") or [])}
        return {name: size for name, size in truth.items() if size is not None}

    def test_disk_usage_is_what_the_engine_reports(self):
        self.eventually_equal(lambda: self.agent.metrics().family("docksweep_disk_usage_bytes", "resource"),
                              self.reported)
        truth = self.reported()
        self.assertGreaterEqual(truth["containers"], scenario.WRITTEN_BYTES)
        self.assertGreaterEqual(truth["volumes"], scenario.VOLUME_BYTES)

    def test_file_system_is_measured(self):
        metrics = self.agent.metrics()
        sizes = metrics.family("docksweep_disk_size_bytes", "path")
        self.assertIn(self.engine.get("/info")["DockerRootDir"], sizes)
        for path, size in sizes.items():
            now = os.statvfs(path)
            self.assertEqual(size, now.f_blocks * now.f_frsize)
            # Others write on this disk meanwhile.
            self.agent.wait_for(lambda: abs(self.agent.metrics().value("docksweep_disk_avail_bytes", path=path) / size
                                            - os.statvfs(path).f_bavail / now.f_blocks) < 0.02, f"space left on {path}", 60)

    def test_says_which_engine_it_is(self):
        metrics = self.agent.metrics()
        info, = metrics.labels("docksweep_engine_info")
        self.assertEqual(info["engine"], self.engine_name)
        self.assertEqual(info["version"], self.engine.version["Version"])
        self.assertEqual(info["image_store"], "graphdriver" if self.exact else "containerd")
        self.assertEqual(info["storage_driver"], self.engine.get("/info")["Driver"])
        self.assertEqual(metrics.value("docksweep_engine_up"), 1)
        self.assertEqual(metrics.value("docksweep_engine_absent"), 0)

    def test_images_command_shows_every_image(self):
        shown = {item["id"]: item for item in self.agent.cli_json("images", "--all")["images"]}
        listed = {item["Id"]: item for item in self.engine.get("/images/json", all="true")}
        self.assertEqual(set(shown), set(listed))
        self.assertEqual({one: item["state"] for one, item in shown.items()}, scenario.image_states(self.engine))
        self.assertEqual({one: item["size_bytes"] for one, item in shown.items()},
                         {one: item["Size"] for one, item in listed.items()})

    def test_images_command_takes_the_engines_filters(self):
        exact = next(name for item in self.engine.get("/images/json") for name in item["RepoTags"] or []
                     if name.endswith("app:1"))
        for name, value in (("dangling", "true"), ("reference", "*app*"), ("reference", exact), ("label", "who=test")):
            with self.subTest(f"{name}={value}"):
                shown = self.agent.cli_json("images", "--filter", f"{name}={value}")["images"]
                truth = self.engine.get("/images/json", filters={name: [value]})
                self.assertEqual({item["id"] for item in shown}, {item["Id"] for item in truth})
                self.assertGreater(len(truth), 0)

    def test_df_command_is_what_the_engine_reports(self):
        """Read anew, beside the agent: sums, counts, and each volume."""
        said = lambda: self.agent.cli_json("df", "--fresh")

        def shown():
            now = said()
            return {"images": now["images"]["engine_bytes"], "containers": now["containers"]["bytes"],
                    "volumes": now["volumes"]["bytes"], "build_cache": now["build_cache"]["bytes"]}
        self.eventually_equal(shown, lambda: {"images": None, "build_cache": None, **self.reported()})
        self.assertEqual({one["name"]: (one["size_bytes"], one["references"]) for one in said()["volumes"]["items"]},
                         {one["Name"]: (one["UsageData"]["Size"], one["UsageData"]["RefCount"])
                          for one in scenario.disk_usage(self.engine)["Volumes"]})
        status, out, err = self.agent.cli("df")
        self.assertEqual(status, 0, err)
        counted = {"images": len(self.engine.get("/images/json", all="true")),
                   "containers": len(self.engine.get("/containers/json", all="true")),
                   "volumes": len(self.engine.get("/volumes")["Volumes"])}
        for name, count in counted.items():
            self.assertRegex(out, rf"(?m)^{name} +{count} ")

    def test_metrics_command_writes_what_the_agent_shows(self):
        families = (("docksweep_images", "state"), ("docksweep_images_size_bytes", "state"),
                    ("docksweep_containers", "state"), ("docksweep_disk_usage_bytes", "resource"))

        def written():
            status, out, err = self.agent.cli("metrics")
            self.assertEqual((status, err), (0, ""))
            page = metrics_text.parse(out)
            return {name: page.family(name, label) for name, label in families}
        self.eventually_equal(written, lambda: {name: self.agent.metrics().family(name, label) for name, label in families})

    def test_containers_command_shows_every_container(self):
        self.eventually_equal(
            lambda: {item["id"]: item["state"] for item in self.agent.cli_json("containers")["containers"]},
            lambda: scenario.container_states(self.engine))

    def test_names_of_exited_containers_for_a_pipe(self):
        status, out, err = self.agent.cli("containers", "--filter", "status=exited", "-q")
        self.assertEqual((status, err), (0, ""))
        truth = self.engine.get("/containers/json", all="true", filters={"status": ["exited"]})
        self.assertEqual(set(out.split()), {item["Names"][0].lstrip("/") for item in truth})

    def test_promises_of_the_exposition(self):
        answer = self.agent.scrape()
        self.assertEqual(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertLess(len(self.agent.metrics()), 400)


class measures_in_bounds(measures):
    """On the containerd store the sizes are at-least figures: between nothing and what lies on the disk."""

    exact = False

    def check_sizes(self, metrics, sizes):
        self.assertEqual(metrics.value("docksweep_sizes_exact"), 0)
        snapshots = scenario.disk_usage(self.engine)["LayersSize"]  # without the compressed blobs
        listed = sum(item["Size"] for item in self.engine.get("/images/json", all="true"))
        self.assertGreater(sum(sizes.values()), snapshots * 0.9)
        self.assertLessEqual(sum(sizes.values()), listed)
        self.assertGreaterEqual(sizes["in_use"], self.node.layer_bytes["in_use"])
        reclaimable = metrics.value("docksweep_images_reclaimable_bytes")
        self.assertGreaterEqual(reclaimable, sizes["dangling"])
        self.assertLessEqual(reclaimable, listed)


class measures_on_podman(measures):
    """Podman counts what it keeps for an image besides its layers in its size, and reports no sum of layers."""

    states = ("created", "running", "paused", "exited")  # it starts a failing container again at once

    def check_sizes(self, metrics, sizes):
        listed = sum(item["Size"] for item in self.engine.get("/images/json", all="true"))
        self.assertGreater(sum(sizes.values()), 0)
        self.assertLessEqual(sum(sizes.values()), listed)
        self.assertLessEqual(metrics.value("docksweep_images_reclaimable_bytes"), listed)
