"""The real app, which tells what it paints and what wakes it.

    python -m tests.bench.peers.watched

Arguments are those of `cc-desktop`. Orders come as lines on stdin, answers go to stdout, a line of
JSON each. {"live": …} comes by itself, once all gateways are live and their agents painted.
    watch WORD   from now on: {"seen": N, "at": …} as soon as a row with "WORD N" has been painted
    timers       {"timers": …}: what waits for its time, in Qt and in asyncio
    count        begin to count what wakes the loop
    counted      {"counted": …}: what did
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
import sys
import threading
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from cc_desktop import cli
from cc_desktop.fleet.model import ConnectionState

if TYPE_CHECKING:
    from cc_desktop.desktop.controller import DesktopController


def tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


class Listener:
    """Takes orders, and looks at what is painted."""

    def __init__(self, shell: DesktopController) -> None:
        from PySide6.QtCore import QEvent, QObject, QSocketNotifier, QTimer

        self._window, self._store = shell.window, shell.monitor.store
        self._viewport = self._window.list.viewport()
        self._word: re.Pattern[str] | None = None
        self._seen: set[int] = set()
        self._counter = Wakeups()
        look = self._look

        class Painted(QObject):
            def eventFilter(self, watched: QObject, event: QEvent) -> bool:
                if event.type() == QEvent.Type.Paint:
                    QTimer.singleShot(0, look)  # what is painted now is on the screen then
                return False

        self._painted = Painted(self._window)
        self._viewport.installEventFilter(self._painted)
        # A notifier on stdin costs no thread and no wakeup.
        kind = QSocketNotifier.Type.Read
        self._notifier = QSocketNotifier(sys.stdin.fileno(), kind, self._window)
        self._notifier.activated.connect(lambda *_: self._order())

    def _is_live(self) -> bool:
        states = {one.connection.state for one in self._store.fleet.gateways.values()}
        return states == {ConnectionState.LIVE} and bool(self._window.model.rowCount())

    def _look(self) -> None:
        from cc_desktop.desktop.window.agents.agent_model import ROW_ROLE

        now, model = time.time(), self._window.model
        if self._word is None:
            if self._is_live():
                self._viewport.removeEventFilter(self._painted)
                tell(live=time.monotonic())
            return
        for place in range(model.rowCount()):
            row = model.data(model.index(place, 0), ROW_ROLE)
            for number in self._word.findall(f"{row.task} {row.second}"):
                if int(number) not in self._seen:
                    self._seen.add(int(number))
                    tell(seen=int(number), at=now)

    def _watch(self, word: str) -> None:
        self._word = re.compile(rf"\b{word} (\d+)\b")
        self._seen.clear()
        self._viewport.removeEventFilter(self._painted)
        self._viewport.installEventFilter(self._painted)
        tell(watching=word)

    def _order(self) -> None:
        line = sys.stdin.readline().split()
        if not line:
            self._notifier.setEnabled(False)
        elif line[0] == "watch":
            self._watch(line[1])
        elif line[0] == "timers":
            tell(timers=timers(), threads=threads())
        elif line[0] == "count":
            self._counter.begin()
        elif line[0] == "counted":
            tell(counted=self._counter.end())


def listen(shell: DesktopController) -> None:
    listeners.append(Listener(shell))


listeners: list[Listener] = []  # which Qt alone would not keep


def threads() -> dict[int, str]:
    """The threads that Python knows, by the id that the system has for them."""
    return {one.native_id: one.name for one in threading.enumerate() if one.native_id}


def timers() -> list[str]:
    """What waits for its time now: Qt's timers that run, and tasks and calls of the loop."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance()
    assert application is not None
    found = set(application.findChildren(QTimer))
    for widget in QApplication.topLevelWidgets():
        found |= set(widget.findChildren(QTimer))
    found |= {one for one in gc.get_objects() if isinstance(one, QTimer)}
    lines = []
    for timer in found:
        if timer.isActive():
            parent = timer.parent()
            owner = timer.objectName() or (type(parent).__name__ if parent else "no parent")
            once = ", once" if timer.isSingleShot() else ""
            lines.append(f"QTimer of {owner}: {timer.interval()} ms{once}")
    loop = asyncio.get_event_loop()
    waiting = {task._fut_waiter: task for task in asyncio.all_tasks(loop)}  # type: ignore[attr-defined]
    for handle in vars(loop._timer)["_SimpleTimer__callbacks"].values():  # type: ignore[attr-defined]
        if handle.cancelled() or not isinstance(handle, asyncio.TimerHandle):
            continue
        argument = handle._args[0] if handle._args else None
        task = waiting.get(argument)
        what = whose(task) if task else named(getattr(handle, "_callback", None))
        lines.append(f"asyncio: {what}, due in {handle.when() - loop.time():.1f} s")
    return sorted(lines)


def whose(task: asyncio.Task[Any]) -> str:
    """A task, and where it waits."""
    frames = task.get_stack()
    coro = task.get_coro()
    inner: Any = coro
    while getattr(inner, "cr_await", None) is not None and hasattr(inner.cr_await, "cr_code"):
        inner = inner.cr_await
    place = getattr(inner, "__qualname__", "") if inner is not coro else ""
    return f"{task.get_name()} in {place or getattr(coro, '__qualname__', frames)}"


def named(call: Any) -> str:
    """What a callback is, in words of the code."""
    while isinstance(call, partial):
        call = call.func
    owner = getattr(call, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return whose(owner)
    return str(getattr(call, "__qualname__", type(call).__name__))


class Wakeups:
    """Counts what the loop does: calls of asyncio, timers and sockets of Qt."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._run = asyncio.Handle._run
        self._filter: Any = None

    def begin(self) -> None:
        """Count from now on; this costs time by itself."""
        from PySide6.QtCore import QEvent, QObject, QTimer
        from PySide6.QtWidgets import QApplication

        self._counts.clear()
        counts, run = self._counts, self._run

        def counted(handle: Any) -> None:
            counts[f"asyncio: {named(handle._callback)}"] += 1
            run(handle)

        asyncio.Handle._run = counted  # type: ignore[method-assign, assignment]
        kinds = {QEvent.Type.Timer: "timer", QEvent.Type.SockAct: "socket"}

        class Filter(QObject):
            def eventFilter(self, watched: QObject, event: QEvent) -> bool:
                kind = kinds.get(event.type())
                if kind:
                    owner = watched.parent() if isinstance(watched, QTimer) else watched
                    counts[f"Qt {kind}: {type(owner).__name__}"] += 1
                return False

        self._filter = Filter()
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self._filter)

    def end(self) -> dict[str, int]:
        """What was counted, most first."""
        from PySide6.QtWidgets import QApplication

        asyncio.Handle._run = self._run  # type: ignore[method-assign]
        application = QApplication.instance()
        assert application is not None
        application.removeEventFilter(self._filter)
        return dict(self._counts.most_common())


def main(args: list[str]) -> int:
    from cc_desktop.desktop import lifecycle

    # `ready` is no argument of the command line: the app looks `run_controller` up when it starts.
    vars(lifecycle)["run_controller"] = partial(lifecycle.run_controller, ready=listen)
    return cli.main(args)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
