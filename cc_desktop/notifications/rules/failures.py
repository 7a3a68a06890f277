"""Which failures are known: one that shows again is no news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.notifications.rules.common import remember

if TYPE_CHECKING:
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Fleet

MAX_KNOWN = 5_000  # sessions whose latest failure is remembered


class KnownFailures:
    """Remembers the latest failure of each session, whoever told it.

    A failure that a newer success has ended shows again while the session of that success is at
    work: until then, the rows of the gateway do not say that there was a success. A failure that was
    told along with others stands alone again when these are over. Neither is news.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], int] = {}  # (gateway, item's subject) → when

    def __len__(self) -> int:
        return len(self._known)

    def is_known(self, fleet: Fleet, item: InboxItem) -> bool:
        """Return whether an item is a failure that was there before."""
        key = (item.gateway, item.subject)
        return item.is_failure and self._known.get(key) == _moment(fleet, item)

    def note(self, fleet: Fleet, item: InboxItem) -> None:
        """Remember a failure as it is now."""
        if item.is_failure:
            remember(self._known, (item.gateway, item.subject), _moment(fleet, item), MAX_KNOWN)

    def forget(self, gateway: str) -> None:
        """Drop the marks of a gateway that was removed."""
        for key in [key for key in self._known if key[0] == gateway]:
            del self._known[key]


def _moment(fleet: Fleet, item: InboxItem) -> int:
    """When it failed by the gateway's clock: each list measures ours against that anew."""
    gateway = fleet.gateways.get(item.gateway)
    return item.since - (gateway.offset_of(item.agent) if gateway else 0)
