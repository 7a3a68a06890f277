"""The app beside what an operator would run instead: `make bench-peers`.

One machine, one run: the least that a Qt app can be, this app, two other tray apps in Python, and
the gateway's own Control UI in Chromium, with real gateways and the same events. Starts are medians
of turns in which one came after the other. What cannot be had here is left out, with the reason.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.peers import tree
from tests.bench.peers.fleet import BASE, Source, gateways
from tests.bench.peers.install import PROGRAMS, Installed, UnavailableError, default_cache
from tests.bench.peers.started import BARE, Desk, Started, Window, desk, monitored, ours, peer
from tests.bench.peers.table import OURS, Measure, render
from tests.lab.browser import find_browser
from tests.lab.install import LabUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.mock_model import MockModel
    from tests.lab.openclaw import RealGateway

BARE_NAME, PAGE = "bare", "Control UI"
HIDDEN = f"{OURS}, hidden"
NEEDED = ("Xvfb", "dbus-daemon", "lxqt-panel")
LOOK_S = 0.02
PATIENCE_S = 90.0
# Records when a label with the number of an event has been painted: the frame after the change.
_OBSERVE = """
(() => {
  const seen = {}, word = /\\bWORD (\\d+)\\b/g;
  window.__seen = seen;
  const look = (text) => {
    for (const found of (text || "").matchAll(word)) {
      const number = found[1];
      if (number in seen) continue;
      seen[number] = 0;
      requestAnimationFrame(() => setTimeout(
        () => { seen[number] = (performance.timeOrigin + performance.now()) / 1000; }, 0));
    }
  };
  const heard = (changes) => changes.forEach((one) => {
    look(one.target.nodeType === 3 ? one.target.data : "");
    one.addedNodes.forEach((node) => look(node.textContent));
  });
  const roots = [document];
  while (roots.length) {
    const root = roots.pop();
    new MutationObserver(heard).observe(
      root, { subtree: true, childList: true, characterData: true });
    root.querySelectorAll("*").forEach((node) => node.shadowRoot && roots.push(node.shadowRoot));
  }
  return "ready";
})()
"""


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    starts: int = 5
    weighings: int = 3
    settle_s: float = 6.0
    quiet_s: float = 45.0  # the app looks for a tray every second for half a minute
    idle_s: float = 60.0
    labels: int = 360
    rounds: int = 4


QUICK = Plan(starts=2, weighings=1, settle_s=4.0, idle_s=15.0, labels=60, rounds=1)


class Bench:
    """The programs, their desktops, and what was measured so far."""

    def __init__(
        self, plan: Plan, live: dict[str, RealGateway], model: MockModel, stack: ExitStack
    ) -> None:
        self.plan, self.live, self.model, self._stack = plan, live, model, stack
        self.measures: list[Measure] = []
        self.others: dict[str, Installed] = {}
        self.programs = [OURS, BARE_NAME]
        for name, install in PROGRAMS.items():
            try:
                self.others[name] = install(default_cache())
            except UnavailableError as reason:
                say(f"{name} is left out: {reason}")
            else:
                say(f"{name} {self.others[name].version}")
        self.programs += self.others
        self.browser = find_browser()
        if self.browser is None:
            say("the Control UI is left out: no Chromium")
        else:
            self.programs.append(PAGE)
        self.monitored = stack.enter_context(monitored())
        self.desks: dict[str, Desk] = {}

    def desk(self, name: str) -> Desk:
        if name not in self.desks:
            self.desks[name] = self._stack.enter_context(desk())
        return self.desks[name]

    def measure(self, name: str, unit: str, digits: int = 0, note: str = "") -> Measure:
        self.measures.append(Measure(name, unit, digits, note=note))
        return self.measures[-1]

    def start(self, name: str, *, both: bool = False) -> Started:
        """Start a program that is no page; `both`: with both gateways, not the new one alone."""
        if name == BARE_NAME:
            return self.desk(name).start(BARE)
        if name in self.others:
            return peer(self.desk(name), name, self.others[name], self.monitored)
        watched = self.live if both else {"new": self.live["new"]}
        more = ("--hidden",) if name == HIDDEN else ()
        return ours(self.desk(name), watched, *more, watched=True)

    def page(self) -> Window:
        """The Control UI. Its profile stays, and with it what a browser caches."""
        assert self.browser is not None
        place = self.desk(PAGE)
        gateway = self.live["new"]
        # A browser that is ended may lose that it was signed in: each start brings the token.
        address = f"{gateway.url.replace('ws:', 'http:')}#token={gateway.token}"
        return Window(self.browser, place.session.path / "profile", place, address)


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


async def starts(bench: Bench) -> None:
    """To the first window that is painted, and to the agents in it."""
    window = bench.measure(
        "start to the first window", "s", 2, "mapped and painted, seen over X11, by a panel's tray"
    )
    live = bench.measure(
        "start to the live fleet", "s", 2, "the agents of a real gateway are shown"
    )
    for turn in range(bench.plan.starts + 1):
        say(f"turn {turn} of {bench.plan.starts}")
        for name in bench.programs:
            work = _page_start(bench) if name == PAGE else _start(bench, name)
            try:
                shown, agents = await asyncio.wait_for(work, PATIENCE_S)
            except TimeoutError:
                say(f"{name} did not come up in turn {turn}")
                continue
            if turn:  # the first fills caches, pairs the device and signs in
                window.add(name, shown)
                if agents:
                    live.add(name, agents)


async def _start(bench: Bench, name: str) -> tuple[float, float]:
    with bench.start(name) as program:
        shown = bench.desk(name).screen.first_window()
        live = 0.0
        if name == OURS:
            live = float(program.answer("live")["live"]) - program.began
        await asyncio.sleep(1)
    return shown.painted - program.began, live


async def _page_start(bench: Bench) -> tuple[float, float]:
    page = bench.page()
    async with page:
        assert page.started is not None
        shown = await page.shown()
        while "Otto" not in await page.text():  # noqa: ASYNC110 - a browser tells no event
            await asyncio.sleep(LOOK_S)
        live = time.monotonic()
        await asyncio.sleep(2)
    return shown.painted - page.started.began, live - page.started.began


async def weigh(bench: Bench) -> None:
    """Memory of the whole tree, some seconds after the start, one after the other."""
    note = f"{bench.plan.settle_s:g} s after the start, all processes of the program"
    lines = {
        kind: bench.measure(f"memory, {words}", "MiB", 0, note if kind == "pss" else "")
        for kind, words in (("pss", "PSS"), ("rss", "RSS"), ("uss", "USS"))
    }
    count = bench.measure("processes", "", 0)
    hidden = bench.measure("memory in the tray only, PSS", "MiB", 0, "started with --hidden")
    for _ in range(bench.plan.weighings):
        for name in [*bench.programs, HIDDEN]:
            if name == PAGE:
                async with bench.page() as page:
                    assert page.started is not None
                    await page.signed_in("Otto")
                    await asyncio.sleep(bench.plan.settle_s)
                    held = tree.memory(page.started.pid)
            else:
                with bench.start(name) as program:
                    await asyncio.sleep(bench.plan.settle_s)
                    held = tree.memory(program.pid)
            if name == HIDDEN:
                hidden.add(OURS, held.pss)
                continue
            for kind, line in lines.items():
                line.add(name, getattr(held, kind))
            count.add(name, held.processes)
    if strangers := tree.others_with_qt():
        lines["pss"].note += f"; shared with {strangers} processes of others that use the same Qt"


async def idle(bench: Bench) -> list[str]:
    """What each does while nothing happens, all at once, each on its own desktop."""
    cpu = bench.measure(
        "idle: CPU", "% of a core", 3, f"{bench.plan.idle_s:g} s; ours with two real gateways"
    )
    woken = bench.measure(
        "idle: wakeups a minute", "", 0, "voluntary context switches, all threads"
    )
    lines: list[str] = []
    async with _all_running(bench) as running:
        await asyncio.sleep(bench.plan.quiet_s)
        before = {name: tree.reading(one.pid) for name, one in running.items()}
        await asyncio.sleep(bench.plan.idle_s)
        for name, one in running.items():
            work = before[name].until(tree.reading(one.pid))
            cpu.add(name, work.percent)
            woken.add(name, work.per_minute)
            if name in (OURS, HIDDEN):
                one.order("timers")
                told = one.answer("timers")
                lines += _who(name, work, told)
        for name in (OURS, HIDDEN):
            running[name].order("count")
        await asyncio.sleep(bench.plan.idle_s)
        for name in (OURS, HIDDEN):
            running[name].order("counted")
            counted = running[name].answer("counted")["counted"]
            lines.append(f"{name}: what woke the loop in {bench.plan.idle_s:g} s")
            lines += [f"    {number:5} {what}" for what, number in counted.items()]
    for line, words in ((cpu, "idle, hidden: CPU"), (woken, "idle, hidden: wakeups a minute")):
        found = line.turns.pop(HIDDEN)
        bench.measure(words, line.unit, line.digits).turns[OURS] = found
    return lines


class _all_running:  # noqa: N801 - a context
    """Every program at once, and the page."""

    def __init__(self, bench: Bench) -> None:
        self._bench, self._stack = bench, ExitStack()
        self._page: Window | None = None

    async def __aenter__(self) -> dict[str, Started]:
        running = {}
        for name in [*self._bench.programs, HIDDEN]:
            if name == PAGE:
                self._page = self._bench.page()
                await self._page.__aenter__()
                assert self._page.started is not None
                await self._page.signed_in("Otto")
                running[name] = self._page.started
            else:
                running[name] = self._stack.enter_context(self._bench.start(name, both=True))
        return running

    async def __aexit__(self, *_: object) -> None:
        self._stack.close()
        if self._page is not None:
            await self._page.__aexit__(None, None, None)


def _who(name: str, work: tree.Work, told: dict[str, object]) -> list[str]:
    threads = told["threads"]
    assert isinstance(threads, dict)
    lines = [f"{name}: wakeups in {work.seconds:.0f} s, by thread"]
    for thread, count in sorted(work.wakeups.items(), key=lambda one: -one[1]):
        number = thread.rpartition(" ")[2]
        lines.append(f"    {count:5} {threads.get(number, 'not of Python: ' + thread)}")
    lines.append(f"{name}: what waits for its time")
    timers = told["timers"]
    assert isinstance(timers, list)
    return [*lines, *(f"    {one}" for one in timers)]


async def events(bench: Bench) -> None:
    """From the gateway's send to the painted row, and what a thousand events cost."""
    plan = bench.plan
    names = [name for name in (OURS, PAGE) if name in bench.programs]
    note = "a label of a session at work; the gateway's send is when a third client has it"
    half = bench.measure("send to painted row: median", "ms", 0, note)
    most = bench.measure("send to painted row: 99 %", "ms")
    note = "answers of six runs at once, word by word, with all that takes meanwhile"
    cost = bench.measure("CPU of a thousand events", "ms", 0, note)
    async with Source(bench.live["new"], bench.model) as source:
        for name in names:
            async with _Eye(bench, name) as eye:
                await asyncio.sleep(plan.settle_s)
                word = source.word()
                await eye.watch(word)
                sent = await source.relabel(word, plan.labels, 12.0)
                painted = await eye.seen(word)
                times = sent.latencies_ms(painted)
                half.add(name, times[len(times) // 2])
                most.add(name, times[int(len(times) * 0.99)])
                rate = len(sent.at) / sent.seconds
                rows = len({number // BASE for number in painted})
                say(f"{name}: {len(times)} events in {rows} rows, all at {rate:.1f}/s")
            async with _Eye(bench, name) as eye:  # without anybody who looks
                await asyncio.sleep(plan.settle_s)
                before = tree.reading(eye.pid)
                sent = await source.stream(plan.rounds)
                work = before.until(tree.reading(eye.pid))
                cost.add(name, 1e6 * work.cpu_s / sent.frames)
                rate = sent.frames / sent.seconds
                say(f"{name}: {sent.frames} events of runs at {rate:.0f}/s")


class _Eye:
    """One of the two that watch the gateway, and what it shows."""

    def __init__(self, bench: Bench, name: str) -> None:
        self._bench, self._name = bench, name
        self._page: Window | None = None
        self._program: Started | None = None
        self._has_word = False

    async def __aenter__(self) -> _Eye:
        if self._name == PAGE:
            self._page = self._bench.page()
            await self._page.__aenter__()
            await self._page.signed_in("Otto")
            address = self._bench.live["new"].url.replace("ws:", "http:")
            await self._page.open(f"{address}sessions")
            assert await self._page.says("Live ·"), await self._page.text()
        else:
            self._program = self._bench.start(OURS)
            self._program.answer("live")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._page is not None:
            await self._page.__aexit__(None, None, None)
        if self._program is not None:
            self._program.end()

    @property
    def pid(self) -> int:
        started = self._program or (self._page.started if self._page else None)
        assert started is not None
        return started.pid

    async def watch(self, word: str) -> None:
        if self._page is not None:
            assert await self._page.look(_OBSERVE.replace("WORD", word)) == "ready"
        elif self._program is not None:
            self._program.order("watch", word)
            self._program.answer("watching")

    async def seen(self, word: str) -> dict[int, float]:
        """When each number was painted, by the wall clock, s."""
        if self._page is not None:
            told = json.loads(await self._page.look("JSON.stringify(window.__seen)"))
            return {int(number): float(at) for number, at in told.items() if at}
        assert self._program is not None
        return {one["seen"]: one["at"] for one in self._program.answers("seen")}


PARTS: dict[str, Callable[[Bench], object]] = {
    "start": starts,
    "memory": weigh,
    "idle": idle,
    "events": events,
}


async def measure(bench: Bench, parts: list[str]) -> list[str]:
    lines: list[str] = []
    for name in parts:
        say(f"{name} …")
        found = await PARTS[name](bench)  # type: ignore[misc]
        lines += found or []
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.peers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part; may be repeated")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    args = parser.parse_args()
    if missing := [name for name in NEEDED if not shutil.which(name)]:
        say(f"nothing is measured, not installed: {', '.join(missing)}")
        return 0
    try:
        with gateways() as (live, model), ExitStack() as stack:
            bench = Bench(QUICK if args.quick else Plan(), live, model, stack)
            lines = asyncio.run(measure(bench, args.only or list(PARTS)))
            print(render(bench.measures, bench.programs))
            print("\n".join(lines))
            if args.json:
                figures = {one.name: one.turns for one in bench.measures}
                args.json.write_text(json.dumps(figures, indent=1), "utf-8")
    except LabUnavailable as reason:
        say(f"nothing is measured, no gateways: {reason}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
