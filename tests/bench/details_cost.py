"""How long the details of an agent take to open and to search, in a fleet of 1,000 with 10,000
sessions. `python -m tests.bench.details_cost` prints all figures: name, median, most and goal,
in ms of wall time.

Each figure is for an agent that was not shown before, with its picture painted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.history.log import HistoryLog
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Origin, Session
from cc_desktop.fleet.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_790_000_000_000
AGENTS = 1_000
SESSIONS = 10  # of each agent
BIG = 700  # sessions of one agent: the most that the model keeps
TRIES = 12


@dataclass(frozen=True)
class Cost:
    """What one thing took, over several tries."""

    name: str
    ms: list[float]
    goal_ms: int = 100

    @property
    def median(self) -> float:
        return median(self.ms)


def _row(agent: str, number: int) -> Session:
    at = NOW - number * 60_000
    return Session(
        f"agent:{agent}:s{number}",
        agent,
        label=f"Session {number} of {agent}",
        status="failed" if number % 9 == 0 else "done",
        updated_at=at,
        ended_at=at,
        started_at=at - 30_000,
        total_tokens=1_000,
        cost_usd=0.1,
        channel="webchat",
        model="x/opus",
        parent_key=f"agent:{agent}:s{number - 1}" if number % 4 == 1 else "",
    )


def filled() -> tuple[Store, HistoryLog]:
    """The fleet; the agent `a0000` has 700 sessions."""
    store = Store(lambda: NOW)
    history = HistoryLog(store, lambda: NOW)
    store.apply(ev.GatewayAdded("g", "Gateway", "ws://g.example/"))
    live = ConnectionInfo(ConnectionState.LIVE, server_version="2026.9.6")
    store.apply(ev.ConnectionChanged("g", live))
    names = [f"a{number:04}" for number in range(AGENTS)]
    rows = [
        _row(name, number)
        for name in names
        for number in range(BIG if name == names[0] else SESSIONS)
    ]
    infos = tuple(ev.AgentInfo(name, name.upper()) for name in names)
    store.apply(ev.Snapshot("g", infos, tuple(rows), Origin.LIVE, NOW))
    return store, history


def measure() -> Iterator[Cost]:
    """Needs a QApplication that lives as long as the caller."""
    from PySide6.QtWidgets import QApplication

    from cc_desktop.desktop.details.panel import Details
    from cc_desktop.desktop.details.sessions.tab import SessionsTab
    from cc_desktop.desktop.details.tab import TABS as ENTRIES
    from cc_desktop.desktop.style.palette import DARK
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.app_actions import Actions
    from cc_desktop.desktop.widgets.view_context import ViewContext

    app = QApplication.instance()
    assert isinstance(app, QApplication)
    store, history = filled()

    def nothing(*_: object) -> None:
        pass

    actions = Actions(nothing, nothing, nothing, lambda: None)
    context = ViewContext(store, actions, lambda: NOW, ThemeManager(app, DARK), history=history)
    titles = [entry.title for entry in ENTRIES]

    def painted() -> None:
        for _ in range(3):
            app.processEvents()

    for title in titles:
        first: list[float] = []
        later: list[float] = []
        big: list[float] = []
        for which in range(4):
            details = Details(context)
            details.resize(420, 700)
            details.show()
            painted()
            started = time.perf_counter()
            if details.body.bar is not None:
                details.body.bar.setCurrentIndex(titles.index(title))
            details.show_agent("g", f"a{which + 1:04}")
            painted()
            first.append((time.perf_counter() - started) * 1e3)
            for number in range(TRIES):
                started = time.perf_counter()
                details.show_agent("g", f"a{which * TRIES + number + 20:04}")
                painted()
                later.append((time.perf_counter() - started) * 1e3)
            started = time.perf_counter()
            details.show_agent("g", "a0000")
            painted()
            big.append((time.perf_counter() - started) * 1e3)
            details.hide()
            details.deleteLater()
        yield Cost(f"details: first agent, {title}", first)
        yield Cost(f"details: next agent, {title}", later)
        yield Cost(f"details: agent with {BIG} sessions, {title}", big)
    tab = SessionsTab(context)
    tab.resize(420, 700)
    tab.show()
    agent = store.fleet.agent("g", "a0000")
    assert agent is not None
    tab.show_agent(agent, store.fleet.gateways["g"], NOW)
    painted()
    keys: list[float] = []
    for word in ("session 6", "failed", "webchat"):
        for end in range(1, len(word) + 1):
            started = time.perf_counter()
            tab.search.setText(word[:end])
            painted()
            keys.append((time.perf_counter() - started) * 1e3)
    yield Cost(f"a key in the search of {BIG} sessions", keys, 50)
    yield Cost(f"the slowest key in the search of {BIG} sessions", [max(keys)], 50)


def main() -> None:
    import os

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    app = QApplication([])
    for cost in measure():
        print(f"{cost.name}\t{cost.median:.1f}\t{max(cost.ms):.1f}\t{cost.goal_ms}")
    app.quit()


if __name__ == "__main__":
    main()
