"""The least that an app of this kind can be: its libraries, a loop, and an empty table.

Prints "painted <s>" (monotonic clock) once the table has been painted, and "painted-cpu <s>" (its
processor time until then), then lives until it is killed.
"""

from __future__ import annotations

import asyncio
import sys
import time

import msgspec
import PySide6.QtCore
import qasync
import websockets.asyncio.client
from PySide6.QtWidgets import QApplication, QTableView

_USED = (msgspec, websockets.asyncio.client)


class Painted(PySide6.QtCore.QObject):
    """Watches a viewport for its first paint."""

    def eventFilter(self, watched: PySide6.QtCore.QObject, event: PySide6.QtCore.QEvent) -> bool:
        if event.type() == PySide6.QtCore.QEvent.Type.Paint:
            watched.removeEventFilter(self)
            PySide6.QtCore.QTimer.singleShot(0, tell)
        return False


def tell() -> None:
    cpu_s = time.process_time()
    print(f"painted {time.monotonic()}\npainted-cpu {cpu_s}", flush=True)


async def main() -> None:
    table = QTableView()
    table.resize(1180, 720)
    painted = Painted()
    table.viewport().installEventFilter(painted)
    table.show()
    await asyncio.Event().wait()


if __name__ == "__main__":
    app = QApplication(sys.argv[:1])
    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(app)) as runner:
        runner.run(main())
