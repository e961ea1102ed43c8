# Images that are mounted into containers (Docker 28 and later): an image in use like any other, although no container was
# made from it.
import containers
import docksweep
import images
import sweeping
from proxy import counting_proxy

STATES = ("created", "running", "paused", "exited")


def mount(reference):
    return {"Type": "image", "Source": reference, "Target": "/mounted", "ReadOnly": True}


class image_mounts:
    def setUp(self):
        self.engine = self.enterContext(self.start())
        containers.runnable(self.engine)
        containers.create(self.engine, containers.REFERENCE, "holder")

    def load(self, reference):
        images.load_images(self.engine, [images.image(reference, [images.layer({"file": reference.encode() * 500})])])
        return sweeping.id_of(self.engine, reference)

    def mounting(self, reference, name, state):
        return containers.in_state(self.engine, containers.REFERENCE, name, state, Mounts=[mount(reference)])

    def test_1_no_image_that_is_mounted_goes(self):
        held = {state: self.load(f"held/{state}:1") for state in STATES}
        by_id, free = self.load("by-id:1"), self.load("free:1")
        for state in STATES:
            self.mounting(f"held/{state}:1", f"is-{state}", state)
        self.mounting(by_id, "is-by-id", "running")
        containers.create(self.engine, containers.REFERENCE, "reader", ("cat", "/mounted/file"), Mounts=[mount("held/created:1")])
        with sweeping.policies(self.engine.host) as node:
            verdicts = node.verdicts()
            for what, image_id in {**held, "by ID": by_id}.items():
                self.assertEqual((verdicts[image_id]["action"], verdicts[image_id]["reason"]), ("keep", "in_use"), what)
            out = node.run("explain", "held/exited:1")[1]
            self.assertIn("is-exited", out, "it says by whom")
            status, out, err = node.sweep()
            self.assertEqual(status, 0, err + out)
            self.assertEqual([one["id"] for one in node.removals()], [free])
            # Nobody has to plan it: asked for by name, it is refused just as well.
            status, out, err = node.run("remove", "held/created:1", "--yes")
            self.assertNotEqual(status, 0, out)
        self.assertEqual(sweeping.ids(self.engine), {*held.values(), by_id, sweeping.id_of(self.engine, containers.REFERENCE)})
        containers.act(self.engine, "is-created", "start")
        containers.act(self.engine, "reader", "start")
        self.engine.api("POST", "/containers/reader/wait").expect(200)
        self.assertIn("held/created:1", self.engine.cli("logs", "reader"), "what was mounted can be read")

    def test_1_a_mounted_image_stays_when_its_tag_moves_on(self):
        """The container goes on naming data:1, which by then is another image."""
        old = self.load("data:1")
        settings = {"mode": "enforce", "settle": "0s", "keep": sweeping.KEEP_NOTHING, "policy": [sweeping.EVERYTHING]}
        self.mounting("data:1", "user", "running")
        with docksweep.agent(self.engine.host, settings) as one:
            new = self.load("other:1")
            self.engine.api("POST", f"/images/{new}/tag", {"repo": "data", "tag": "1"}).expect(201)
            def of_old():
                return next(it for it in one.get("/api/v1/plan?policy=all").json()["verdicts"] if it["id"] == old)
            one.wait_for(lambda: of_old()["reason"] == "in_use", "the old image in use", 30, 0.2)
        # A command of its own has seen nothing of before, and the engine would delete it: what has no tag may be mounted.
        with sweeping.policies(self.engine.host) as node:
            self.assertEqual(node.verdicts()[old]["reason"], "in_use")
            node.sweep()
        self.assertIn(old, sweeping.ids(self.engine))
        self.assertIn(new, sweeping.ids(self.engine), "its new owner of the name, which the container would get now")

    def test_1_an_image_mounted_between_plan_and_delete_stays(self):
        image_id = self.load("late:1")
        with counting_proxy(self.engine.socket, f"{self.engine.folder}/s/proxy.sock") as proxy, \
                sweeping.policies(proxy.host) as node:
            self.assertEqual([step["id"] for step in node.plan()["steps"]], [image_id])
            mounted = []

            def before(request):
                # The plan is made, and the sweep looks at the image once more.
                if request.method == "GET" and request.path.startswith("/images/") and "late" in request.path and not mounted:
                    mounted.append(self.mounting("late:1", "user", "created"))
            proxy.before = before
            node.sweep()
            self.assertTrue(mounted)
            self.assertEqual([each["outcome"] for each in node.removals()], ["kept"])
        self.assertIn(image_id, sweeping.ids(self.engine))
        containers.act(self.engine, "user", "start")
