"""Runs the test of a gateway, and goes on by itself while somebody has to approve this device."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from cc_desktop.config.secrets.credentials import Token
    from cc_desktop.desktop.connect.tools import ConnectTools, StepFound

    _Attempt = Callable[[], AsyncGenerator[StepFound, None]]

log = logging.getLogger(__name__)

AGAIN_S = 4.0  # between two looks whether this device was approved meanwhile


class Trial(QObject):
    """One test at a time; starting another ends the one before.

    Signals:
        begun: A test starts, or shows its results anew.
        found: A step has ended, with its `StepFound`.
        ended: No further step comes. Whether the gateway can be used.
    """

    begun = Signal()
    found = Signal(object)
    ended = Signal(bool)

    def __init__(self, tools: ConnectTools, parent: QObject) -> None:
        super().__init__(parent)
        self._tools = tools
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether a test runs, or waits for an approval."""
        return self._task is not None and not self._task.done()

    def start(self, url: str, token: Token, *, insecure: bool, fingerprint: str = "") -> None:
        """Test an address. `fingerprint` is that of the one certificate that is trusted."""
        self.stop()

        def attempt() -> AsyncGenerator[StepFound, None]:
            return self._tools.test(url, token, insecure, fingerprint)

        loop = asyncio.get_event_loop()
        self._task = loop.create_task(self._run(attempt), name="test of a gateway")

    def stop(self) -> None:
        """Let it be; nothing is told any more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self, attempt: _Attempt) -> None:
        last: StepFound | None = None
        try:
            self.begun.emit()
            async with aclosing(attempt()) as steps:
                async for step in steps:
                    last = step
                    self.found.emit(step)
            while last is not None and _waits_for_approval(last):
                self.ended.emit(False)
                await self._tools.sleep(AGAIN_S)
                last = await self._look_again(attempt, last)
        except Exception:  # the border of a failure domain: a test must not end the window
            log.exception("the test of a gateway failed")
            last = None
        self.ended.emit(last is not None and last.found != "failed")

    async def _look_again(self, attempt: _Attempt, before: StepFound) -> StepFound:
        """Test again, and show it only if something is different."""
        async with aclosing(attempt()) as found:
            steps = [step async for step in found]
        if not steps:
            return before
        if steps[-1].problem != before.problem or steps[-1].step != before.step:
            self.begun.emit()
            for step in steps:
                self.found.emit(step)
        return steps[-1]


def _waits_for_approval(step: StepFound) -> bool:
    return step.found == "failed" and step.problem is not None and step.problem.kind == "pairing"
