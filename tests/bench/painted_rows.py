"""How long it takes from a gateway's send to the painted row, and how long the window is held.

`python -m tests.bench.painted_rows ARG…` is the real app. ARG are those of `cc-desktop`. It prints
"ready <s>" once the fleet is painted. Then it follows the rows that `BenchGateway.pace` sends: an
event counts as painted when its agent's row is, with this event or a later one. When nothing came
for `QUIET_S`, it prints a line of JSON after "rows": how many, the latencies, and how long the
thread of the window was held between two turns of its loop.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from cc_desktop import cli

if TYPE_CHECKING:
    from cc_desktop.desktop.controller import DesktopController
    from cc_desktop.desktop.window.agents.agent_model import Row
    from cc_desktop.fleet.model import Change

QUIET_S = 2.0
TURN_MS = 5


def sent_at(label: str) -> int:
    """When a gateway sent a row, ns; 0: it does not say."""
    word, _, number = label.partition(" ")
    return int(number) if word == "sent" and number.isdigit() else 0


class Watch:
    """Follows events to their paint, and the turns of the loop."""

    def __init__(self, shell: DesktopController) -> None:
        from PySide6.QtCore import Qt, QTimer

        from cc_desktop.desktop.window.agents import agent_delegate
        from cc_desktop.desktop.window.agents.agent_model import ROW_ROLE, Row

        self._waiting: dict[str, list[int]] = {}
        self._latencies: list[float] = []  # ms
        self._turns: list[tuple[float, float]] = []  # ms by the clock, ms of CPU
        self._round = 0
        self._clear()
        shell.monitor.store.subscribe(self._on_changes)
        paint = agent_delegate.AgentDelegate.paint_row

        def paint_row(delegate: Any, canvas: Any, index: Any) -> None:
            paint(delegate, canvas, index)
            row = index.data(ROW_ROLE)
            if isinstance(row, Row):
                self._on_paint(row)

        vars(agent_delegate)["AgentDelegate"].paint_row = paint_row
        self._timer = QTimer(shell.window, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_turn)
        self._timer.start(TURN_MS)

    def _clear(self) -> None:
        self._heard = 0.0
        self._last = (time.perf_counter(), time.thread_time())

    def _on_changes(self, changes: list[Change]) -> None:
        from cc_desktop.fleet.model import AgentChanged

        for change in changes:
            if isinstance(change, AgentChanged) and change.after is not None:
                at = max((sent_at(row.label) for row in change.after.sessions.values()), default=0)
                if at:
                    self._waiting.setdefault(change.agent_id, []).append(at)
                    self._heard = time.monotonic()

    def _on_paint(self, row: Row) -> None:
        shown = max((sent_at(one.label) for one in row.agent.sessions.values()), default=0)
        waiting = self._waiting.get(row.agent.id, [])
        now = time.monotonic_ns()
        self._latencies += [(now - at) / 1e6 for at in waiting if at <= shown]
        self._waiting[row.agent.id] = [at for at in waiting if at > shown]

    def _on_turn(self) -> None:
        now, cpu = time.perf_counter(), time.thread_time()
        if self._heard:
            self._turns.append(((now - self._last[0]) * 1000, (cpu - self._last[1]) * 1000))
        self._last = (now, cpu)
        if self._heard and time.monotonic() > self._heard + QUIET_S:
            self._tell()

    def _tell(self) -> None:
        whole, own = zip(*self._turns, strict=True)
        found = {
            "rows": len(self._latencies),
            "unpainted": sum(map(len, self._waiting.values())),
            "p50_ms": median(self._latencies),
            "p99_ms": quantiles(self._latencies, n=100)[98],
            "most_ms": max(self._latencies),
            "turn_p99_ms": quantiles(whole, n=100)[98],
            "turn_most_ms": max(whole),
            "held_p99_ms": quantiles(own, n=100)[98],
            "held_most_ms": max(own),
        }
        self._round += 1
        print(f"rows-{self._round}", json.dumps(found), flush=True)
        self._waiting, self._latencies, self._turns = {}, [], []
        self._clear()


def watch(shell: DesktopController) -> None:
    """Wait for the fleet, then follow it."""
    from PySide6.QtCore import QTimer

    def look() -> None:
        if shell.window.model.rowCount():
            timer.stop()
            shell_watch.append(Watch(shell))
            print("ready", time.monotonic(), flush=True)

    shell_watch: list[Watch] = []
    timer = QTimer(shell.window)
    timer.timeout.connect(look)
    timer.start(200)


def main(args: list[str]) -> int:
    from cc_desktop.desktop import lifecycle

    # `ready` is no argument of the command line: the app looks `run_controller` up when it starts.
    vars(lifecycle)["run_controller"] = partial(lifecycle.run_controller, ready=watch)
    return cli.main(args)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
