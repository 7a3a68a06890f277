"""Which agents the list shows: a chip, agents by name, and a search. Qt-free."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from cc_desktop.fleet.model import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cc_desktop.desktop.widgets.agent_pane import Key


class Chip(StrEnum):
    """Which agents are asked for."""

    ALL = "all"
    NEEDS_YOU = "needs-you"
    WORKING = "working"
    IDLE = "idle"
    OFFLINE = "offline"

    def admits(self, status: Status) -> bool:
        """Whether an agent in this status is among them."""
        match self:
            case Chip.NEEDS_YOU:
                return status.needs_you
            case Chip.WORKING:
                return status.working
            case Chip.IDLE:
                return status is Status.IDLE
            case Chip.OFFLINE:
                return status in (Status.OFFLINE, Status.UNKNOWN)
        return True


class AgentFilter:
    """A search looks through all agents; afterwards the earlier choice is back.

    Attributes:
        chip: Which agents are asked for.
        only: The agents that are asked for by name, or None.
    """

    def __init__(self) -> None:
        self.chip = Chip.ALL
        self.only: frozenset[Key] | None = None
        self._needles: tuple[str, ...] = ()
        self._before: tuple[Chip, frozenset[Key] | None] = (Chip.ALL, None)

    @property
    def searching(self) -> bool:
        """Whether something is searched for."""
        return bool(self._needles)

    @property
    def active(self) -> bool:
        """Whether this filter can hide agents."""
        return self.searching or self.chip is not Chip.ALL or self.only is not None

    def choose_chip(self, chip: Chip) -> bool:
        """Ask for other agents, during a search among its matches; whether that is news."""
        news = (chip, None) != (self.chip, self.only)
        self.chip, self.only = chip, None
        self._before = (chip, None)
        return news

    def choose_only(self, keys: Iterable[Key]) -> bool:
        """Ask for agents by name, whatever their status; whether that is news."""
        only = frozenset(keys)
        news = only != self.only
        self.chip, self.only = Chip.ALL, only
        self._before = (Chip.ALL, only)
        return news

    def search(self, text: str) -> bool:
        """Look for words, all of which have to occur; whether that is news."""
        needles = tuple(text.casefold().split())
        if needles == self._needles:
            return False
        if not self._needles:
            self._before = (self.chip, self.only)
            self.chip, self.only = Chip.ALL, None
        self._needles = needles
        if not needles:
            self.chip, self.only = self._before
        return True

    def admits(self, key: Key, status: Status, haystack: Callable[[], str]) -> bool:
        """Whether an agent is shown. `haystack`: the words of the agent, case-folded."""
        if not self.chip.admits(status) or (self.only is not None and key not in self.only):
            return False
        if not self._needles:
            return True
        text = haystack()
        return all(needle in text for needle in self._needles)
