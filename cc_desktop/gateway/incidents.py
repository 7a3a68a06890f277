"""Unexpected exceptions: the first of each kind is logged in full, the others are counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

_MOST_KINDS = 200  # a kind more is counted with the others, without a word


class IncidentLog:
    """Records exceptions that nobody expected, so that a flood of them does not fill the log."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._counts: Counter[tuple[str, str, int]] = Counter()

    @property
    def total(self) -> int:
        """How many were recorded."""
        return self._counts.total()

    def record(self, what: str, error: BaseException) -> None:
        """Log a traceback once for each place and type, then one line at 10, 100, 1000 ….

        Args:
            what: What failed, such as "gateway studio: event".
            error: What was raised.
        """
        last = error.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        kind = (what, type(error).__qualname__, last.tb_lineno if last else 0)
        if kind not in self._counts and len(self._counts) >= _MOST_KINDS:
            kind = ("others", "", 0)
        self._counts[kind] += 1
        count = self._counts[kind]
        if count == 1:
            self._log.error("%s: unexpected %s", what, kind[1], exc_info=error)
        elif str(count).rstrip("0") == "1":
            self._log.error("%s: unexpected %s, %d times so far", what, kind[1], count)
