"""What one event costs the model, by the size of the fleet and by what is open.

`python -m tests.bench.reduce_cost` prints all figures.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from typing import TYPE_CHECKING

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import Approval
from cc_desktop.fleet.reducer import slices
from cc_desktop.fleet.store import Store
from cc_desktop.gateway import event_decoder
from tests.bench import traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cc_desktop.fleet.model import Session

ROUNDS = 7
BUSY = 10  # sessions that things happen to
SIZES = (10, 1_000, 10_000)  # sessions
OPEN = (0, 100, 1_000)  # runs or approvals
OPEN_AGENT = traffic.agent_id(0)


def filled(sessions: int, agents: int) -> Store:
    store = Store(lambda: traffic.START_MS)
    store.apply(ev.GatewayAdded("gw", "Gateway"))
    infos = tuple(ev.AgentInfo(traffic.agent_id(number)) for number in range(agents))
    rows: list[Session] = []
    for number in range(sessions):
        row = event_decoder.session_row(traffic.row(traffic.session_key(number, agents), number))
        assert row
        rows.append(row)
    store.apply(ev.Snapshot("gw", infos, tuple(rows), taken_at=traffic.START_MS))
    return store


def changes(count: int, sessions: int, agents: int, first: int) -> list[ev.Event]:
    """Whole rows, each newer than the one before, of ten sessions all over the fleet."""
    return [
        changed(number % BUSY * sessions // BUSY, agents, number)
        for number in range(first, first + count)
    ]


def scattered(count: int, sessions: int, agents: int, first: int) -> list[ev.Event]:
    """The same of all sessions in turn, so that none is in the processor's cache."""
    return [
        changed(number * 7 % sessions, agents, number) for number in range(first, first + count)
    ]


def changed(session: int, agents: int, number: int) -> ev.Event:
    key = traffic.session_key(session, agents)
    fields = event_decoder.row_fields(traffic.row(key, 1_000_000 + number))
    return ev.SessionChanged("gw", key, key.split(":")[1], fields, complete=True)


def progress(count: int, sessions: int, agents: int, first: int) -> list[ev.Event]:
    """What one run in each agent says, something new each time."""
    found: list[ev.Event] = []
    for number in range(first, first + count):
        key = traffic.session_key(number % min(agents, sessions), agents)
        agent = key.split(":")[1]
        doing = f"exec step {number}"
        found.append(
            ev.RunProgress("gw", agent, key, f"run {agent}", thinking=False, activity=doing)
        )
    return found


def with_runs(store: Store, count: int) -> None:
    """Runs in progress of one agent, in sessions of their own."""
    for number in range(count):
        store.apply(
            ev.RunProgress("gw", OPEN_AGENT, f"agent:{OPEN_AGENT}:run-{number}", str(number))
        )


def with_circles(store: Store, count: int) -> None:
    """Runs of one agent that go in circles, each told."""
    for number in range(count):
        for _ in range(14):
            key = f"agent:{OPEN_AGENT}:run-{number}"
            store.apply(ev.RunProgress("gw", OPEN_AGENT, key, str(number), call="same"))


def calls(count: int, sessions: int, agents: int, first: int) -> list[ev.Event]:
    """Calls of tools of one run, each another one."""
    return [
        ev.RunProgress(
            "gw", OPEN_AGENT, f"agent:{OPEN_AGENT}:main", "calls", call=str(number), tokens=number
        )
        for number in range(first, first + count)
    ]


def with_approvals(store: Store, count: int) -> None:
    """Approvals of one agent that wait for a person."""
    for number in range(count):
        approval = Approval(str(number), OPEN_AGENT, f"agent:{OPEN_AGENT}:main")
        store.apply(ev.ApprovalOpened("gw", approval))


def open_costs_us(
    what: Callable[[Store, int], None],
    kind: Callable[[int, int, int, int], list[ev.Event]],
    sizes: Sequence[int],
    count: int,
) -> dict[int, list[float]]:
    """µs an event of an agent with ten sessions, by how many runs or approvals it has open."""
    stores = {size: filled(BUSY, 1) for size in sizes}
    for size, store in stores.items():
        what(store, size)
    return _rounds(stores, lambda _, first: kind(count, BUSY, 1, first), count)


def costs_us(
    kind: Callable[[int, int, int, int], list[ev.Event]],
    sizes: Sequence[int],
    agents: int,
    count: int,
) -> dict[int, list[float]]:
    """µs an event by the number of sessions, the store included; rounds go through all sizes."""
    stores = {sessions: filled(sessions, agents) for sessions in sizes}
    return _rounds(stores, lambda sessions, first: kind(count, sessions, agents, first), count)


def _rounds(
    stores: dict[int, Store], make: Callable[[int, int], list[ev.Event]], count: int
) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {size: [] for size in stores}
    for turn in range(ROUNDS + 1):
        for size, store in stores.items():
            events = make(size, turn * count)
            start = time.perf_counter()
            for event in events:
                store.apply(event)
            if turn:  # the first one warms up
                found[size].append((time.perf_counter() - start) / count * 1e6)
    return found


def longest_slice_ms(sessions: int, agents: int) -> tuple[float, float]:
    """A first list: ms of the longest slice, and of all."""
    rows = []
    for number in range(sessions):
        row = event_decoder.session_row(traffic.row(traffic.session_key(number, agents), number))
        assert row
        rows.append(row)
    infos = tuple(ev.AgentInfo(traffic.agent_id(number)) for number in range(agents))
    snapshot = ev.Snapshot("gw", infos, tuple(rows), taken_at=traffic.START_MS)
    store = Store(lambda: traffic.START_MS)
    store.apply(ev.GatewayAdded("gw", "Gateway"))
    steps: list[float] = []
    parts = slices(snapshot)
    while True:
        start = time.perf_counter()
        part = next(parts, None)
        if part is None:
            return max(steps), sum(steps)
        store.apply(part)
        steps.append((time.perf_counter() - start) * 1e3)


def memory_mb(sessions: int, agents: int) -> float:
    """What a fleet of this size takes."""
    tracemalloc.start()
    store = filled(sessions, agents)
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert store.fleet.gateways
    return taken / 1e6


def main() -> None:
    """Print all figures."""
    for kind in (changes, scattered, progress):
        costs = {size: min(times) for size, times in costs_us(kind, SIZES, 1, 1_000).items()}
        print(f"{kind.__name__}, by sessions of one agent:", _figures(costs))
    for what in (with_runs, with_circles, with_approvals):
        for kind in (changes, progress, calls):
            found = open_costs_us(what, kind, OPEN, 1_000)
            costs = {size: min(times) for size, times in found.items()}
            print(f"{kind.__name__} {what.__name__}:", _figures(costs))
    for sessions, agents in ((10_000, 1_000), (100_000, 100), (100_000, 1), (1_000, 100_000)):
        longest, total = longest_slice_ms(sessions, agents)
        print(
            f"list of {sessions:,} sessions, {agents:,} agents: {total:.0f} ms,"
            f" the longest slice {longest:.0f} ms"
        )
    print(f"10,000 sessions of 1,000 agents: {memory_mb(10_000, 1_000):.1f} MB")


def _figures(costs: dict[int, float]) -> str:
    first = next(iter(costs.values()))
    return ", ".join(
        f"{size:,}: {cost:.2f} µs ({cost / first:.2f})" for size, cost in costs.items()
    )


if __name__ == "__main__":
    main()
