# A small node with one of everything that is measured, and what the raw API says about it.
import containers
import images
import unix_http

STATES = ("created", "running", "paused", "restarting", "exited")
WRITTEN_BYTES = 12_345
VOLUME_BYTES = 20_000


class node:
    """Fills an engine; afterwards .layer_bytes holds what the sizes by state must be on a graphdriver."""

    def __init__(self, engine, states=STATES):
        self.engine = engine
        base = images.layer.of_size(100_000)
        busybox = images.layer.busybox()
        loaded = [images.image(containers.REFERENCE, [busybox]),
                  images.image("app:1", [base, images.layer.of_size(1_000)], labels={"who": "test"}),
                  images.image(["app:2", "also:2"], [base, images.layer.of_size(2_000)], history="empty"),
                  images.image([], [base, images.layer.of_size(3_000)]),
                  images.image("plain:1", [images.layer.of_size(4_000)], history=None)]
        images.load_images(engine, loaded)
        for state in states:
            containers.in_state(engine, containers.REFERENCE, f"is-{state}", state)
        containers.run(engine, containers.REFERENCE, "writer",
                       ("sh", "-c", f"dd if=/dev/zero of=/file bs={WRITTEN_BYTES} count=1; "
                                    f"dd if=/dev/zero of=/volume/file bs={VOLUME_BYTES} count=1"), Binds=["named:/volume"])
        engine.api("POST", "/containers/writer/wait").expect(200)
        engine.api("POST", "/volumes/create", body={"Name": "empty"}).expect(201)
        images.commit(engine, "writer", "committed:1")
        app = next(tag for item in engine.get("/images/json") for tag in item["RepoTags"] or [] if tag.endswith("app:1"))
        images.build(engine, "built:1", f"FROM {app}\nCOPY one /one\nENV A=1\nCOPY two /two\n",
                     {"one": b"1" * 500, "two": b"2" * 700})
        self.layer_bytes = {"in_use": busybox.size, "dangling": 3_000, "intermediate": 0,
                            "unused": 100_000 + 1_000 + 2_000 + 4_000 + WRITTEN_BYTES + 500 + 700}


def named(item):
    """The tags and digests of a listed image that mean something."""
    return [name for name in (item["RepoTags"] or []) + (item["RepoDigests"] or []) if "<none>" not in name]


def image_states(engine):
    """{image ID: state}, from the listings alone and as POLICY.md words the states."""
    listed = engine.get("/images/json", all="true")
    used = {item["ImageID"] for item in engine.get("/containers/json", all="true")}
    parents = {"sha256:" + item["ParentId"].removeprefix("sha256:") for item in listed if item.get("ParentId")}
    found = {}
    for item in listed:
        untagged = not named(item)
        found[item["Id"]] = ("in_use" if item["Id"] in used else
                             "intermediate" if untagged and item["Id"] in parents else
                             "dangling" if untagged else "unused")
    return found


def container_states(engine):
    """{container ID: state}"""
    return {item["Id"]: item["State"] for item in engine.get("/containers/json", all="true")}


def counted(states, names):
    """How many are in each of these states."""
    return {name: sum(1 for state in states.values() if state == name) for name in names}


def disk_usage(engine):
    """GET /system/df; asked again when another one runs (Docker 20.10 refuses two at a time)."""
    for _ in range(50):
        try:
            return engine.get("/system/df")
        except unix_http.http_failure as failure:
            if "disk usage operation is already running" not in str(failure):
                raise
    raise unix_http.http_failure("/system/df is always busy")


def delete_images(engine, ids):
    """Deletes them as the agent would: each name or ID at a time, children before parents, never by force."""
    left = set(ids)
    while left:
        before = len(left)
        for one in sorted(left):
            answer = engine.api("GET", f"/images/{one}/json")
            if answer.status == 404:
                left.discard(one)
                continue
            for name in answer.json()["RepoTags"] or [one]:
                done = engine.api("DELETE", f"/images/{name}")
                if done.status not in (200, 404, 409):
                    done.expect(200)
        left = {one for one in left if engine.api("GET", f"/images/{one}/json").status != 404}
        if len(left) == before:
            raise unix_http.http_failure(f"the engine does not delete {sorted(left)}")
