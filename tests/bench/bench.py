# Measures speed and size, prints every figure beside its limit, and fails when one is missed. Needs root (real engines).
#
#     python3 bench.py BUILD-FOLDER      e.g. build/release, configured with -DDOCKSWEEP_BENCH=ON
#
# Called by tests/run --bench. The figures are meant for a machine that does nothing else meanwhile.
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "engines")]
from figures import figure, table  # noqa: E402

DECODE_LIMIT_MS = 1
FREED_LIMIT_MS = 10
PLAN_LIMIT_MS = 20
BIG_PLAN_LIMIT_MS = 400
# A plan over ten times as many images takes ten times as much memory, and a little for what rounds up.
PLAN_GROWTH_LIMIT = 11


def aggregates(program):
    """
    {name: median of five runs} of a Google Benchmark program: CPU time in milliseconds, and where the program measures a part
    of it itself, that part as "real_time"; counters as they are.
    """
    done = subprocess.run([program, "--benchmark_format=json", "--benchmark_repetitions=5",
                           "--benchmark_report_aggregates_only=true"], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{program}: exit status {done.returncode}: {done.stderr.strip()}")
    milliseconds = {"ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1e3}
    times = ("cpu_time", "real_time")
    return {one["run_name"]: {**one, **{time: one[time] * milliseconds[one["time_unit"]] for time in times}}
            for one in json.loads(done.stdout)["benchmarks"] if one.get("aggregate_name") == "median"}


def benchmarks(program):
    """{name: CPU milliseconds (median of five)}."""
    return {name: one["cpu_time"] for name, one in aggregates(program).items()}


def layer_figures(build):
    took = benchmarks(build / "tests/bench/layers_bench")
    worst = max(took[f"freed_by_set/{share}"] for share in (1, 50, 100))
    yield figure("bytes freed, set among 10,000 images", worst, FREED_LIMIT_MS, "ms",
                 beside=f"300,000 layer references; each image alone: {took['freed_by_each_alone']:.2f} ms for all; "
                        f"a fresh view first: {took['build_accounting']:.0f} ms")


def plan_figures(build):
    found = aggregates(build / "tests/bench/plan_bench")
    took = {name: one["cpu_time"] for name, one in found.items()}
    worst = {images: max(took[f"make_plans/{kind}/{images}"] for kind in ("half", "all", "missed"))
             for images in (10_000, 100_000)}
    yield figure("plan over 10,000 images", worst[10_000], PLAN_LIMIT_MS, "ms",
                 beside=f"300,000 layer references; half of them needed: {took['make_plans/half/10000']:.1f} ms, "
                        f"all: {took['make_plans/all/10000']:.1f} ms, and too little: "
                        f"{took['make_plans/missed/10000']:.1f} ms; half, largest first: "
                        f"{took['make_plans/largest/10000']:.1f} ms; globs and a regex: "
                        f"{took['make_plans/patterns/10000']:.1f} ms; a fresh view first: "
                        f"{took['build_view/10000']:.0f} ms")
    yield figure("plan over 100,000 images", worst[100_000], BIG_PLAN_LIMIT_MS, "ms",
                 beside=f"half of them needed: {took['make_plans/half/100000']:.0f} ms, "
                        f"all: {took['make_plans/all/100000']:.0f} ms, and too little: "
                        f"{took['make_plans/missed/100000']:.0f} ms")
    small, big = (found[f"make_plans/half/{images}"]["peak_bytes"] for images in (10_000, 100_000))
    yield figure("memory of a plan over ten times the images", big / small, PLAN_GROWTH_LIMIT, "times",
                 beside=f"{small / 1e6:.1f} MB and {big / 1e6:.1f} MB at most")


def decode_figures(build):
    # CPU time, too, but without that of giving the values back.
    took = {name.partition("/")[0]: one["real_time"] for name, one in aggregates(build / "tests/bench/decode_bench").items()}
    worst = max(took["decode_1000_images"], took["decode_1000_images_in_pieces"])
    yield figure("decode of a listing of 1,000 images", worst, DECODE_LIMIT_MS, "ms",
                 beside=f"three tags and labels each; of 1,000 containers: {took['decode_1000_containers']:.2f} ms")


def node_figures(build):
    os.environ["DOCKSWEEP_BINARY"] = str(build / "docksweep")
    import node  # needs the folder of the engines on the path
    folder = pathlib.Path(tempfile.mkdtemp(prefix="dsb-", dir="/var/tmp"))
    try:
        yield from node.figures(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_figures(build):
    os.environ["DOCKSWEEP_BINARY"] = str(build / "docksweep")
    import sweeps
    yield from sweeps.figures()


def alert_figures(build):
    os.environ["DOCKSWEEP_BINARY"] = str(build / "docksweep")
    import alerts
    yield from alerts.figures()


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    found, broken = [], 0
    for group in (layer_figures, plan_figures, decode_figures, node_figures, sweep_figures, alert_figures):
        try:
            for one in group(build):
                found.append(one)
                print("   ".join(cell for cell in one.cells() if cell), flush=True)
        except Exception:  # the other figures are still worth having
            traceback.print_exc()
            broken += 1
    print(f"\n{table(found)}\n", flush=True)
    missed = broken + sum(not one.met for one in found)
    if broken:
        print(f"{broken} of the measurements could not be made: see above")
    print(f"{sum(one.met for one in found)} passed, {missed} failed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
