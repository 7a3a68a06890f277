"""A question of a view that takes a while: one at a time, and none when nobody looks any more."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

T = TypeVar("T")


class Ask(Generic[T]):
    """Runs a question in the background; starting another ends the one before."""

    def __init__(
        self, on_answer: Callable[[T], object], on_failure: Callable[[Exception], object]
    ) -> None:
        """Ask nothing yet.

        Args:
            on_answer: Called with the answer.
            on_failure: Called with whatever the question raised.
        """
        self._on_answer = on_answer
        self._on_failure = on_failure
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether an answer is waited for."""
        return self._task is not None and not self._task.done()

    def start(self, question: Callable[[], Awaitable[T]], name: str) -> None:
        """Ask. `name` is for logs."""
        self.stop()
        self._task = asyncio.get_event_loop().create_task(self._run(question, name), name=name)

    def stop(self) -> None:
        """Do not wait any longer; nothing is told any more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    async def _run(self, question: Callable[[], Awaitable[T]], name: str) -> None:
        mine = asyncio.current_task()
        try:
            answer = await question()
        except Exception as error:  # the border of a failure domain: a question ends no window
            if self._task is mine:
                self._task = None
                self._tell(self._on_failure, error, name)
            return
        if self._task is mine:
            self._task = None
            self._tell(self._on_answer, answer, name)

    def _tell(self, handler: Callable[..., object], value: object, name: str) -> None:
        try:
            handler(value)
        except Exception:  # what a view does wrong must not end as a lost task
            log.exception("an answer could not be shown: %s", name)
