"""What one event costs the model, by the size of the fleet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.store import Store
from cc_desktop.gateway import event_decoder
from tests.bench import traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cc_desktop.fleet.model import Session

ROUNDS = 7
BUSY = 10  # sessions that things happen to


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


def costs_us(
    kind: Callable[[int, int, int, int], list[ev.Event]],
    sizes: Sequence[int],
    agents: int,
    count: int,
) -> dict[int, list[float]]:
    """µs an event by the number of sessions, the store included; rounds go through all sizes."""
    stores = {sessions: filled(sessions, agents) for sessions in sizes}
    found: dict[int, list[float]] = {sessions: [] for sessions in sizes}
    for turn in range(ROUNDS + 1):
        for sessions, store in stores.items():
            events = kind(count, sessions, agents, turn * count)
            start = time.perf_counter()
            for event in events:
                store.apply(event)
            if turn:  # the first one warms up
                found[sessions].append((time.perf_counter() - start) / count * 1e6)
    return found
