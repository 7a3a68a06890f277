"""Measure: `make bench`, or `python -m tests.bench [--quick] [--only WORD]`.

Every figure is a median. A ratio compares the app with a bare program on the same machine in the
same minute, so it says more than the figure beside it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench import inbox_cost, reduce_cost, throughput, traffic
from tests.bench.programs import Program, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTLE_S = 4.0
DISPLAY = ":94"
RATES = (100, 1_000)  # events a second that rows are painted at
SIZES = (10, 1_000, 10_000)  # sessions of the fleets that events come to


@dataclass(frozen=True)
class Row:
    """A line of the table. `ratio` and `goal` are "" where there is none."""

    name: str
    ratio: str = ""
    goal: str = ""
    app: str = ""
    bare: str = ""
    note: str = ""


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    starts: int = 9
    weighings: int = 3
    streams: int = 5
    frames: int = 20_000
    events: int = 1_000
    idle_s: float = 30.0
    paces: int = 5
    pace_s: float = 5.0
    hours: int = 24  # of a day that is compressed


QUICK = Plan(
    starts=3, weighings=1, streams=3, frames=5_000, events=200, idle_s=15.0, paces=1, hours=6
)


def paired(mine: list[float], base: list[float]) -> float:
    """The median ratio of what was measured one after the other."""
    return median(one / other for one, other in zip(mine, base, strict=True))


@contextmanager
def bare(env: dict[str, str]) -> Iterator[Program]:
    with Program("tests.bench.bare_window", [], env) as program:
        program.wait_for("painted")
        yield program


@contextmanager
def app(env: dict[str, str], *args: str) -> Iterator[Program]:
    with (
        tempfile.TemporaryDirectory(prefix="cc-bench-") as folder,
        Program("tests.bench.app_window", ["--config", folder, *args], env) as program,
    ):
        program.wait_for("hidden" if "--hide" in args else "fleet")
        yield program


@contextmanager
def gateway(sessions: int, frames: int = 0) -> Iterator[str]:
    args = [str(sessions), str(frames)]
    with Program("tests.bench.gateway", args, environment("offscreen")) as program:
        yield program.wait_for("url")


@contextmanager
def xvfb() -> Iterator[str]:
    """The name of a new display."""
    server = subprocess.Popen(
        ["Xvfb", DISPLAY, "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(1.5)
        yield DISPLAY
    finally:
        server.kill()
        server.wait()


def start_rows(plan: Plan) -> Iterator[Row]:
    with ExitStack() as stack:
        places = [("offscreen", environment("offscreen"))]
        if sys.platform == "linux" and shutil.which("Xvfb"):
            places.append(("xcb", environment("xcb", stack.enter_context(xvfb()))))
        for platform, env in places:
            found: dict[str, list[float]] = {"bare": [], "painted": [], "fleet": []}
            cpu: dict[str, list[float]] = {"bare": [], "painted": []}
            for turn in range(plan.starts + 1):
                with bare(env) as program:
                    base = program.seconds_until("painted")
                    base_cpu = float(program.wait_for("painted-cpu"))
                with app(env, "--demo") as program:
                    times = {what: program.seconds_until(what) for what in ("painted", "fleet")}
                    own_cpu = float(program.wait_for("painted-cpu"))
                if turn:  # the first run warms the caches of both
                    found["bare"].append(base)
                    cpu["bare"].append(base_cpu)
                    cpu["painted"].append(own_cpu)
                    for what, seconds in times.items():
                        found[what].append(seconds)
            base = median(found["bare"])
            for what, words in (("painted", "to the window"), ("fleet", "to the agents in it")):
                mine = median(found[what])
                yield Row(
                    f"start {words}, {platform}",
                    f"{paired(found[what], found['bare']):.2f}",
                    "≤ 1.5" if what == "painted" else "",
                    f"{mine * 1000:.0f} ms",
                    f"{base * 1000:.0f} ms",
                    f"{plan.starts} pairs",
                )
            yield Row(
                f"the same of CPU time, {platform}",
                f"{paired(cpu['painted'], cpu['bare']):.2f}",
                "",
                f"{median(cpu['painted']) * 1000:.0f} ms",
                f"{median(cpu['bare']) * 1000:.0f} ms",
                "to the window",
            )


def memory_rows(plan: Plan) -> Iterator[Row]:
    env = environment("offscreen")
    for sessions, goal in ((traffic.AGENTS, "≤ 1.35"), (1_000, "≤ 1.6")):
        mine: list[tuple[float, float]] = []
        base: list[tuple[float, float]] = []
        with gateway(sessions) as url:
            for _ in range(plan.weighings):
                # One after the other: side by side they would share Qt, and USS would leave it out.
                with bare(env) as program:
                    time.sleep(SETTLE_S)
                    base.append(program.memory())
                with app(env, "--url", url) as program:
                    time.sleep(SETTLE_S)
                    mine.append(program.memory())
        for kind, name in enumerate(("USS", "RSS")):
            one, other = [pair[kind] for pair in mine], [pair[kind] for pair in base]
            yield Row(
                f"memory ({name}), {traffic.AGENTS} agents, {sessions:,} sessions",
                f"{paired(one, other):.2f}",
                goal,
                f"{median(one):.0f} MiB",
                f"{median(other):.0f} MiB",
                f"{plan.weighings} pair{'s' * (plan.weighings > 1)}",
            )


def where_rows(_plan: Plan) -> Iterator[Row]:
    """Where the memory is. What others have mapped too (another Qt app) counts in the note only."""
    if sys.platform != "linux":
        return
    env = environment("offscreen")
    with bare(env) as program:
        time.sleep(SETTLE_S)
        base = program.parts()
    with gateway(traffic.AGENTS) as url, app(env, "--url", url) as program:
        time.sleep(SETTLE_S)
        mine = program.parts()
    for name, (alone, whole) in sorted(mine.items(), key=lambda one: -one[1][1]):
        base_alone, base_whole = base.get(name, (0.0, 0.0))
        note = f"with what is shared {whole:.1f} and {base_whole:.1f}"
        yield Row(f"where: {name}", "", "", f"{alone:.1f} MiB", f"{base_alone:.1f} MiB", note)


def stream_rows(plan: Plan) -> Iterator[Row]:
    env = environment("offscreen")
    wall: dict[str, list[float]] = {way: [] for way in throughput.WAYS}
    cpu: dict[str, list[float]] = {way: [] for way in throughput.WAYS}
    with gateway(1_000, plan.frames) as url:
        for _ in range(plan.streams):
            for way in throughput.WAYS:
                args = [way, url, str(plan.frames)]
                with Program("tests.bench.throughput", args, env) as program:
                    wall[way].append(float(program.wait_for("wall")))
                    cpu[way].append(float(program.wait_for("cpu")))
    for mine, words in (("app", "socket to model"), ("app-qt", "the same on the Qt loop")):
        for base in ("json", "msgspec"):
            yield Row(
                f"frames a second, {words}, against {base}",
                f"{paired(wall[base], wall[mine]):.2f}",
                "≥ 0.5" if base == "json" else "",
                f"{plan.frames / median(wall[mine]):,.0f}",
                f"{plan.frames / median(wall[base]):,.0f}",
                f"{median(cpu[mine]) / plan.frames * 1e6:.0f} µs of CPU a frame",
            )


def event_rows(plan: Plan) -> Iterator[Row]:
    kinds = (
        ("row of 10 busy sessions", reduce_cost.changes),
        ("row of any session", reduce_cost.scattered),
        ("step of a run", reduce_cost.progress),
    )
    for name, kind in kinds:
        for agents in (traffic.AGENTS, 1):
            costs = reduce_cost.costs_us(kind, SIZES, agents, plan.events)
            for sessions in SIZES:
                yield Row(
                    f"event: {name}, {sessions:,} in {agents} agent{'s' * (agents > 1)}",
                    f"{paired(costs[sessions], costs[SIZES[0]]):.2f}",
                    "flat",
                    f"{median(costs[sessions]):.1f} µs",
                    "",
                    f"against {SIZES[0]} sessions",
                )


def inbox_rows(plan: Plan) -> Iterator[Row]:
    lines: list[tuple[str, str, dict[int, list[float]]]] = []
    for name, events in inbox_cost.KINDS.items():
        for what in inbox_cost.FILLED:
            stores = inbox_cost.open_stores(what, inbox_cost.OPEN)
            lines.append((name, what, inbox_cost.costs_us(stores, events, plan.events)))
        stores = {size: inbox_cost.with_gateways(size) for size in inbox_cost.GATEWAYS}
        lines.append((name, "gateways", inbox_cost.costs_us(stores, events, plan.events)))
    for name, what, costs in lines:
        first = next(iter(costs))
        for size, times in costs.items():
            yield Row(
                f"event: {name}, {size:,} {what}",
                f"{paired(times, costs[first]):.2f}",
                "≤ 1.5",
                f"{median(times):.1f} µs",
            )
    yield Row("summary of 1,000 agents", app=f"{inbox_cost.summary_us(1_000):.0f} µs")


def idle_rows(plan: Plan) -> Iterator[Row]:
    env = environment("offscreen")
    with gateway(traffic.AGENTS * 4) as url, ExitStack() as stack:
        programs = {
            "visible": stack.enter_context(app(env, "--url", url)),
            "hidden": stack.enter_context(app(env, "--hide", "--url", url)),
        }
        time.sleep(SETTLE_S * 2)
        before = {name: program.cpu_s() for name, program in programs.items()}
        time.sleep(plan.idle_s)
        for name, program in programs.items():
            spent = program.cpu_s() - before[name]
            yield Row(
                f"idle, window {name}",
                f"{100 * spent / plan.idle_s:.3f} %",
                "≤ 0.05 %" if name == "visible" else "≤ 0.02 %",
                f"{spent * 1000:.1f} ms",
                "",
                f"of CPU in {plan.idle_s:.0f} s",
            )


def painted_rows(plan: Plan) -> Iterator[Row]:
    """From the gateway's send to the painted row; how long the window's thread was held."""
    env = environment("offscreen")
    found: dict[int, list[dict[str, float]]] = {rate: [] for rate in RATES}
    with ExitStack() as stack:
        server = Program("tests.bench.gateway", ["1000"], environment("offscreen"))
        url = stack.enter_context(server).wait_for("url")
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="cc-bench-"))
        args = ["--config", folder, "--url", url]
        program = stack.enter_context(Program("tests.bench.painted_rows", args, env))
        program.wait_for("ready")
        time.sleep(SETTLE_S)
        for turn in range(plan.paces):
            for place, rate in enumerate(RATES):
                server.tell(f"{rate} {plan.pace_s}")
                said = program.wait_for(f"rows-{turn * len(RATES) + place + 1}")
                found[rate].append(json.loads(said))
    for rate, runs in found.items():
        half = {name: median(run[name] for run in runs) for name in runs[0]}
        note = f"median of {plan.paces} times {plan.pace_s:.0f} s, 1,000 sessions"
        name = f"{rate:,} events a second"
        yield Row(f"{name}: send to paint, 50 %", "", "", f"{half['p50_ms']:.0f} ms", "", note)
        goal = "≤ 150 ms" if rate == RATES[0] else ""
        yield Row(f"{name}: send to paint, 99 %", "", goal, f"{half['p99_ms']:.0f} ms", "", note)
        most = max(run["held_most_ms"] for run in runs)
        yield Row(f"{name}: window held, CPU, most", "", "≤ 50 ms", f"{most:.0f} ms", "", note)
        turn_ms = half["turn_most_ms"]
        yield Row(f"{name}: the same by the clock, median", "", "", f"{turn_ms:.0f} ms", "", note)


def transcript_rows(_plan: Plan) -> Iterator[Row]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.transcript_cost"],
        capture_output=True,
        check=True,
        env=environment("offscreen"),
    )
    found = json.loads(done.stdout)
    note = f"{found['messages']:,} messages, {found['rows']:,} rows"
    lines = (
        ("open", f"{found['open_ms']:.0f} ms", "≤ 300 ms"),
        ("a frame while scrolling, median", f"{found['frame_median_ms']:.1f} ms", "≤ 16.7 ms"),
        ("a frame while scrolling, 99 %", f"{found['frame_p99_ms']:.1f} ms", "≤ 16.7 ms"),
        ("a jump", f"{found['jump_median_ms']:.1f} ms", ""),
        ("a message more", f"{found['one_message_more_ms']:.1f} ms", ""),
        ("search", f"{found['search_ms']:.0f} ms", "≤ 50 ms"),
    )
    for name, mine, goal in lines:
        yield Row(f"transcript: {name}", "", goal, mine, "", note)


def details_rows(_plan: Plan) -> Iterator[Row]:
    yield from _printed("tests.bench.details_cost")


def search_rows(_plan: Plan) -> Iterator[Row]:
    yield from _printed("tests.bench.search_cost")


def growth_rows(_plan: Plan) -> Iterator[Row]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.growth"],
        env=environment("offscreen"),
        capture_output=True,
        text=True,
        check=True,
    )
    grown, did = (json.loads(line) for line in done.stdout.splitlines()[:2])
    note = f"{did['did']['window']} times window, tabs and inbox; {grown['widgets']:+} widgets"
    yield Row("growth (USS)", "", "≤ 5 MB", f"{grown['uss_mib']:.1f} MiB", "", note)


def day_rows(plan: Plan) -> Iterator[Row]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.day", "--hours", str(plan.hours)],
        env=environment("offscreen"),
        capture_output=True,
        text=True,
        check=True,
    )
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    last, readings = found[-1], [row["mib"] for row in found if "hour" in row]
    note = f"{last['events']:,} events, {last['seen']['tabs']:,} tabs looked at; after 2 h"
    mine = f"{last['grown_mib']:.1f} MiB"
    yield Row(f"growth over {last['hours']:.0f} h, compressed", "", "≤ 5 MB", mine, "", note)
    late = f"{readings[-1] - readings[-min(6, len(readings))]:.1f} MiB"
    yield Row("growth over the last 5 of them", "", "", late)


def _printed(program: str) -> Iterator[Row]:
    """What a program that measures prints: name, median, most and goal."""
    done = subprocess.run(
        [sys.executable, "-m", program],
        env=environment("offscreen"),
        capture_output=True,
        text=True,
        check=True,
    )
    for line in done.stdout.splitlines():
        name, half, most, goal = line.split("\t")
        yield Row(name, "", f"≤ {goal} ms", f"{half} ms", "", f"at most {most} ms")


PARTS: dict[str, Callable[[Plan], Iterator[Row]]] = {
    "start": start_rows,
    "memory": memory_rows,
    "where": where_rows,
    "stream": stream_rows,
    "event": event_rows,
    "inbox": inbox_rows,
    "idle": idle_rows,
    "painted": painted_rows,
    "transcript": transcript_rows,
    "details": details_rows,
    "search": search_rows,
    "growth": growth_rows,
    "day": day_rows,
}


def show(row: Row) -> None:
    cells = (row.ratio, row.goal, row.app, row.bare)
    print(f"{row.name:<58}", *(f"{cell:>10}" for cell in cells), f" {row.note}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part; may be repeated")
    args = parser.parse_args()
    plan = QUICK if args.quick else Plan()
    show(Row("", "ratio", "goal", "app", "bare"))
    for name, part in PARTS.items():
        if not args.only or name in args.only:
            for row in part(plan):
                show(row)
    return 0


if __name__ == "__main__":
    if not Path("cc_desktop").is_dir():
        print("Run this in the folder of the repository.", file=sys.stderr)
        raise SystemExit(2)
    raise SystemExit(main())
