"""How long a key in the window's search takes, in a fleet of 1,000 agents with 10,000 sessions and
500 events a second. `python -m tests.bench.search_cost` prints the figures: name, median, 99th
percentile and goal, in ms of wall time.

A key is over when the list is painted; the events that arrive meanwhile are part of it.
"""

from __future__ import annotations

import random
import time
from statistics import median, quantiles
from typing import TYPE_CHECKING

from cc_desktop.fleet import events as ev
from tests.bench.details_cost import AGENTS, NOW, SESSIONS, filled

if TYPE_CHECKING:
    from cc_desktop.fleet.store import Store

EVENTS_A_SECOND = 500
KEY_EVERY_S = 0.12  # a fast typist
GOAL_MS = 50
WORDS = (
    "deploy",
    "session 7",
    "a0421",
    "nightly backup",
    "xyzzy",
    "failed",
    "icons 16",
    "s3 of a09",
)
TOPICS = (
    "deploy the docs",
    "nightly backup verified",
    "icons exported at 16 px",
    "no open tickets",
)


def searched(rounds: int = 3) -> list[float]:
    """ms of each key. Needs a QApplication that lives as long as the caller."""
    from PySide6.QtWidgets import QApplication

    from cc_desktop.desktop.fleet_desktop import build_fleet_window
    from cc_desktop.desktop.style.palette import DARK
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.app_actions import Actions
    from cc_desktop.desktop.widgets.view_context import ViewContext

    app = QApplication.instance()
    assert isinstance(app, QApplication)
    store, history = filled()
    rng = random.Random(7)
    _give_previews(store, rng)

    def nothing(*_: object) -> None:
        pass

    actions = Actions(nothing, nothing, nothing, lambda: None)
    look = ThemeManager(app, DARK)
    context = ViewContext(store, actions, lambda: NOW, look, history=history)
    window = build_fleet_window(context, {})
    window.resize(1180, 720)
    window.show()
    _paint()
    keys: list[float] = []
    for _ in range(rounds):
        for word in WORDS:
            for end in range(1, len(word) + 1):
                _live(store, rng)
                started = time.perf_counter()
                window.header.search.setText(word[:end])
                _paint()
                keys.append((time.perf_counter() - started) * 1e3)
            window.header.search.clear()
            _paint()
    window.close()
    return keys


def _paint() -> None:
    from PySide6.QtWidgets import QApplication

    for _ in range(3):
        QApplication.processEvents()


def _give_previews(store: Store, rng: random.Random) -> None:
    for agent in store.fleet.gateways["g"].agents.values():
        for session in list(agent.sessions.values()):
            words = rng.choice(TOPICS)
            told = ev.PreviewTold("g", session, words)
            store.apply(told)


def _live(store: Store, rng: random.Random) -> None:
    """What a gateway tells between two keys."""
    count = round(EVENTS_A_SECOND * KEY_EVERY_S)
    until = time.perf_counter() + KEY_EVERY_S
    for number in range(count):
        agent = store.fleet.gateways["g"].agents[f"a{rng.randrange(1, AGENTS):04}"]
        key = f"agent:{agent.id}:s{rng.randrange(SESSIONS)}"
        at = NOW + number
        fields = {"updated_at": at, "ended_at": at, "total_tokens": number}
        store.apply(ev.SessionChanged("g", key, agent.id, fields))
        _paint()
        wait = until - time.perf_counter() - (count - number) * KEY_EVERY_S / count
        if wait > 0:
            time.sleep(wait)


def main() -> None:
    import os

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    app = QApplication([])
    keys = searched()
    worst = quantiles(keys, n=100)[98]
    name = f"a key in the search of {AGENTS:,} agents, {EVENTS_A_SECOND} events/s"
    print(f"{name}\t{median(keys):.1f}\t{worst:.1f}\t{GOAL_MS}")
    app.quit()


if __name__ == "__main__":
    main()
