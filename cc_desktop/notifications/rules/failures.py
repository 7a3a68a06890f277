"""Which failures are known: one that shows again is no news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.notifications.rules.common import remember

if TYPE_CHECKING:
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Fleet

MAX_KNOWN = 5_000  # sessions whose latest failure is remembered
TOLD_AFTER_MS = 60_000  # a notification that grows may wait so long


class KnownFailures:
    """Remembers the latest failure of each session, whoever told it.

    A failure that a newer success has ended shows again while the session of that success is at
    work: no row of the gateway says then that there was a success. A failure that was told along
    with others stands alone again when these are over. Neither is news.
    """

    def __init__(self) -> None:
        # (gateway, item's subject) → when it failed, and since when that is known (local ms)
        self._known: dict[tuple[str, str], tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def is_known(self, fleet: Fleet, item: InboxItem) -> bool:
        """Return whether an item is a failure that was there before."""
        known = self._known.get(_key(item))
        return item.is_failure and known is not None and known[0] == _moment(fleet, item)

    def note(self, fleet: Fleet, item: InboxItem, now: int) -> None:
        """Remember a failure as it is now."""
        if item.is_failure:
            since = now if not self.is_known(fleet, item) else self._known[_key(item)][1]
            remember(self._known, _key(item), (_moment(fleet, item), since), MAX_KNOWN)

    def ended(self, item: InboxItem, now: int) -> None:
        """It is over. If that was soon, perhaps nobody was told of it yet."""
        known = self._known.get(_key(item))
        if known is not None and now - known[1] < TOLD_AFTER_MS:
            del self._known[_key(item)]

    def forget(self, gateway: str) -> None:
        """Drop the marks of a gateway that was removed."""
        for key in [key for key in self._known if key[0] == gateway]:
            del self._known[key]


def _key(item: InboxItem) -> tuple[str, str]:
    return (item.gateway, item.subject)


def _moment(fleet: Fleet, item: InboxItem) -> int:
    """When it failed by the gateway's clock: each list measures ours against that anew."""
    gateway = fleet.gateways.get(item.gateway)
    return item.since - (gateway.offset_of(item.agent) if gateway else 0)
