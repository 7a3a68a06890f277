"""Carries out the orders of shells in the running app."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from cc_desktop.about import ExitCode
from cc_desktop.orders.order import Outcome, pack_outcome
from cc_desktop.system.supervision import FaultLog
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.orders.carry_out import Monitor
    from cc_desktop.orders.order import Order

log = logging.getLogger(__name__)


class OrderDesk:
    """A failure domain: an order that fails is told to its shell, and logged once."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._faults = FaultLog(log)
        self._tasks: set[asyncio.Task[None]] = set()

    def perform(self, order: Order, answer: Callable[[bytes], None]) -> None:
        """Begin an order; `answer` is called with its outcome, as a line."""

        async def work() -> None:
            try:
                from cc_desktop.orders.carry_out import carry_out  # most starts get no order

                outcome = await carry_out(self._monitor, order)
            except Exception as error:  # noqa: BLE001, RUF100 - the border of a failure domain
                self._faults.record(f"order {order.verb.value}", error)
                said = tr("an internal error stopped it; the app's log has more")
                outcome = Outcome(code=ExitCode.CRASHED, err=(said,))
            answer(pack_outcome(outcome) + b"\n")

        task = asyncio.get_running_loop().create_task(work(), name=f"order {order.verb.value}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """End what is under way: the app ends."""
        for task in self._tasks:
            task.cancel()
