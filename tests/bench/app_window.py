"""The real app, which tells when it was painted: `python -m tests.bench.app_window [--hide] ARG…`.

ARG are those of `cc-desktop`. Prints, by the monotonic clock,
    painted <s>   once the list has been painted, as empty as it may be
    fleet <s>     once it has been painted with agents in it
with lines "painted-cpu <s>" and so on, of the processor time so far; and with --hide, hides the
window then and prints "hidden <s>".
"""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from cc_desktop import __main__ as app_main

if TYPE_CHECKING:
    from cc_desktop.desktop.controller import DesktopController


def tell(what: str) -> None:
    cpu_s = time.process_time()
    print(f"{what} {time.monotonic()}\n{what}-cpu {cpu_s}", flush=True)


def watch(shell: DesktopController, hide: bool) -> None:
    """Watch the window's paints until there are agents in one."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    window = shell.window
    page, told = window.stack, set[str]()

    def paint() -> None:
        done = ["painted"] + (["fleet"] if window.model.rowCount() else [])
        for what in done:
            if what not in told:
                told.add(what)
                tell(what)
        if "fleet" in told and "hidden" not in told:
            told.add("hidden")
            for part in (page, window.list.viewport()):
                part.removeEventFilter(filter_)
            if hide:
                window.hide()
                tell("hidden")

    class Filter(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and (watched is page or window.model.rowCount()):
                QTimer.singleShot(0, paint)
            return False

    filter_ = Filter(window)
    for part in (page, window.list.viewport()):
        part.installEventFilter(filter_)


def main(args: list[str]) -> int:
    from cc_desktop.desktop import lifecycle

    # `ready` is no argument of the command line: the app looks `run_controller` up when it starts.
    watched = partial(lifecycle.run_controller, ready=lambda one: watch(one, "--hide" in args))
    vars(lifecycle)["run_controller"] = watched
    return app_main.main([arg for arg in args if arg != "--hide"])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
