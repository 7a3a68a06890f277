"""A subscription that comes and goes, as a view does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Subscription:
    """Follows something between `start` and `stop`. Both may be called again."""

    def __init__(self, subscribe: Callable[[], Callable[[], None]]) -> None:
        """`subscribe` begins, and returns what ends it."""
        self._subscribe = subscribe
        self._end: Callable[[], None] | None = None

    @property
    def is_on(self) -> bool:
        """Whether it follows."""
        return self._end is not None

    def start(self) -> None:
        """Follow from now on."""
        if self._end is None:
            self._end = self._subscribe()

    def stop(self) -> None:
        """Follow no longer."""
        end, self._end = self._end, None
        if end is not None:
            end()
