"""Failure domains: a task that fails is logged and restarted slowly, and ends no other task."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import TYPE_CHECKING, Any

from cc_desktop.system.clock import wake_or_sleep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from cc_desktop.system.clock import Clock

FIRST_RESTART_S = 30.0
LONGEST_RESTART_S = 300.0
HEALTHY_S = 600.0  # a task that ran this long starts again with the first wait
MAX_FAULTS = 500  # how many distinct faults are remembered

log = logging.getLogger(__name__)


async def run_together(jobs: Mapping[str, Coroutine[Any, Any, object]]) -> None:
    """Run jobs, by name, until one raises or the caller is cancelled. None keeps running after."""
    tasks = [asyncio.create_task(job, name=name) for name, job in jobs.items()]
    try:
        await asyncio.gather(*tasks)
    finally:
        await cancel_all(*tasks)


async def cancel_all(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel tasks and wait for their end, whatever they raise."""
    there = [task for task in tasks if task is not None]
    for task in there:
        task.cancel()
    await asyncio.gather(*there, return_exceptions=True)


def root_cause(error: BaseException) -> BaseException:
    """The first real exception inside nested exception groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class FaultLog:
    """Logs a fault with its traceback the first time, then only counts it.

    Two faults are the same if they have the same context, the same type, and were raised at the
    same line. The count is logged at 10, 100, 1000 and so on, so that a fault that comes with every
    event cannot push everything else out of the log.
    """

    def __init__(self, logger: logging.Logger = log) -> None:
        self._log = logger
        self._counts: dict[tuple[str, type[BaseException], str, int], int] = {}

    def record(self, context: str, error: BaseException) -> int:
        """Log or count a fault.

        Args:
            context: What failed, as the start of a sentence: "gateway studio".
            error: The exception.

        Returns:
            How often this fault has been seen, this time included.
        """
        cause = root_cause(error)
        frames = traceback.extract_tb(cause.__traceback__, limit=-1)
        place = (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)
        key = (context, type(cause), *place)
        count = self._counts.get(key, 0) + 1
        if count == 1 and len(self._counts) >= MAX_FAULTS:
            self._counts.pop(next(iter(self._counts)))
        self._counts[key] = count
        if count == 1:
            self._log.error("%s: internal error", context, exc_info=cause)
        elif str(count).strip("0") == "1":
            self._log.error("%s: %s again, %d times now", context, type(cause).__name__, count)
        return count


async def keep_running(
    context: str,
    run: Callable[[], Awaitable[object]],
    clock: Clock,
    faults: FaultLog,
    *,
    on_failure: Callable[[float], None] | None = None,
    wake: asyncio.Event | None = None,
) -> None:
    """Run a task that must not end, until cancelled; restart it slowly after whatever it raises.

    Args:
        context: What it is, for the log.
        run: Starts it. Returning counts as a failure too.
        clock: Times the waits.
        faults: Where failures are logged once.
        on_failure: Called with the seconds until the restart, to show the failure.
        wake: Setting it restarts the task at once. Cleared here.
    """
    wake = wake or asyncio.Event()
    wait_s = FIRST_RESTART_S
    while True:
        started = clock.monotonic()
        try:
            await run()
            raise RuntimeError(f"{context} ended by itself")
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            faults.record(context, error)  # something inside was cancelled, not this task
        except Exception as error:  # noqa: BLE001, RUF100 - the border of a failure domain
            faults.record(context, error)
        if clock.monotonic() - started >= HEALTHY_S:
            wait_s = FIRST_RESTART_S
        wake.clear()
        if on_failure is not None:
            try:
                on_failure(wait_s)
            except Exception as error:  # noqa: BLE001, RUF100 - showing a failure must not be one
                faults.record(f"{context}, showing its failure", error)
        await wake_or_sleep(clock, wake, wait_s)
        wait_s = min(2 * wait_s, LONGEST_RESTART_S)
