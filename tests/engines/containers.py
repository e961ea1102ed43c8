# Containers on a real engine, in each state that a test may ask for. They run busybox from an image of images.py and
# have no network.
import time

import images

REFERENCE = "test/busybox:1"


def runnable(engine):
    """Makes sure that an image to run containers from is there. → its reference"""
    if engine.api("GET", f"/images/{REFERENCE}/json").status == 404:
        images.load_images(engine, [images.image(REFERENCE, [images.layer.busybox()])])
    return REFERENCE


def create(engine, image, name, command=("sleep", "1000000"), labels=None, **host):
    """POST /containers/create; host: more of HostConfig. → the container's ID"""
    body = {"Image": image, "Cmd": list(command), "Labels": labels or {}, "StopSignal": "SIGKILL",
            "NetworkDisabled": True,
            "HostConfig": {"NetworkMode": "none", "CgroupParent": f"/{engine.cgroup}", **host}}
    return engine.api("POST", "/containers/create", {"name": name}, body=body).expect(201).json()["Id"]


def run(engine, image, name, command=("sleep", "1000000"), **more):
    """Creates and starts it; returns once the engine says that it was started. → the container's ID"""
    made = create(engine, image, name, command, **more)
    act(engine, name, "start")
    return made


def act(engine, name, action, **query):
    """start, stop, pause, unpause, kill, restart"""
    engine.api("POST", f"/containers/{name}/{action}", query).expect(200, 204)


def remove(engine, name):
    engine.api("DELETE", f"/containers/{name}", {"force": 1, "v": 1}).expect(200, 204, 404)


def state_of(engine, name):
    return engine.get(f"/containers/{name}/json")["State"]["Status"]


def in_state(engine, image, name, state, **host):
    """A container in this state: created, running, paused, restarting or exited. → its ID"""
    if state == "created":
        return create(engine, image, name, **host)
    if state == "exited":
        made = run(engine, image, name, ("true",), **host)
    elif state == "restarting":
        # It fails at once; the engine waits longer and longer between two attempts, and says "restarting" meanwhile.
        made = run(engine, image, name, ("false",), RestartPolicy={"Name": "always"}, **host)
    else:
        made = run(engine, image, name, **host)
        if state == "paused":
            act(engine, name, "pause")
    deadline = time.monotonic() + 20
    while state_of(engine, name) != state:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{engine.name}: container {name} is {state_of(engine, name)}, not {state}")
        time.sleep(0.05)
    return made
