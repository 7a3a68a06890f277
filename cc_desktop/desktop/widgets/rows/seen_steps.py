"""Marks items as seen, and takes that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.commands import Command, MarkItems, MarkUnseen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cc_desktop.fleet.inbox import InboxItem

KEPT = 50  # steps that can be taken back


class SeenSteps:
    """The steps of one sitting: the last is the first to be taken back."""

    def __init__(
        self,
        execute: Callable[[Command], object],
        members: Callable[[InboxItem], tuple[InboxItem, ...]],
    ) -> None:
        """`members` returns the items that one stands for, itself if it stands for none."""
        self._execute = execute
        self._members = members
        self._steps: list[tuple[tuple[InboxItem, ...], bool]] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._steps)

    def mark(self, items: Sequence[InboxItem]) -> int:
        """Mark items as seen, or as unseen where all of them are seen; how many were changed."""
        seen = not all(item.seen for item in items)
        shown = [item for item in items if item.seen is not seen]
        changed = tuple(one for item in shown for one in self._members(item))
        if changed:
            self._steps = [*self._steps[1 - KEPT :], (changed, seen)]
            self._send(changed, seen=seen)
        return len(shown)

    def undo(self) -> tuple[InboxItem, ...]:
        """Take the last step back, and return what it was about; nothing without a step."""
        if not self._steps:
            return ()
        items, seen = self._steps.pop()
        self._send(items, seen=not seen)
        return items

    def _send(self, items: tuple[InboxItem, ...], *, seen: bool) -> None:
        by_gateway: dict[str, list[str]] = {}
        for item in items:
            if item.is_failure and not seen:
                # A failure that was seen is no item any more, so its id names nothing.
                keys = (item.session_key,) if item.session_key else ()
                self._execute(MarkUnseen(item.gateway, item.agent, keys))
            else:
                by_gateway.setdefault(item.gateway, []).append(item.id)
        for gateway, idents in by_gateway.items():
            self._execute(MarkItems(gateway, tuple(idents), seen))
