"""One item of the inbox, and the kinds there are."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from hashlib import blake2s
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Gateway, Now


class Severity(StrEnum):
    """How much an item matters."""

    NEEDS_YOU = "needs-you"  # counted on the tray
    WARNING = "warning"  # a dot on the tray
    NEWS = "news"


class InboxKind(StrEnum):
    """What an item is about. The names are part of the settings and of `status --json`."""

    FAILED = "failed"
    APPROVAL = "approval"
    QUESTION = "question"
    STUCK = "stuck"
    CONTEXT_FULL = "context-full"
    PAIRING_SELF = "pairing-self"
    SIGN_IN_EXPIRED = "sign-in-expired"
    RUNAWAY = "runaway"

    GATEWAY_LOST = "gateway-lost"
    GATEWAY_BLOCKED = "gateway-blocked"
    GATEWAY_FLAPPING = "gateway-flapping"
    CRON_FAILED = "cron-failed"
    CRON_OVERDUE = "cron-overdue"
    TASK_FAILED = "task-failed"
    UNDELIVERED = "undelivered"
    CHANNEL = "channel"
    CONFIG_IGNORED = "config-ignored"
    RESTART_NEEDED = "restart-needed"
    RUNTIME = "runtime"
    PLUGIN = "plugin"
    SIGN_IN_EXPIRING = "sign-in-expiring"
    QUOTA = "quota"
    PAIRING = "pairing"
    SILENT = "silent"

    FINISHED = "finished"
    RECOVERED = "recovered"
    BACK = "back"
    UPDATE = "update"
    DRIFT = "drift"


_RANK = {severity: number for number, severity in enumerate(Severity)}
_KINDS = list(InboxKind)
SEVERITY: dict[InboxKind, Severity] = {
    kind: Severity.NEEDS_YOU
    if number <= _KINDS.index(InboxKind.RUNAWAY)
    else Severity.WARNING
    if number <= _KINDS.index(InboxKind.SILENT)
    else Severity.NEWS
    for number, kind in enumerate(_KINDS)
}


STUCK_AT_FULL = "stuck"  # code of CONTEXT_FULL: the run has not failed, it gets nowhere


class InboxItem(Struct, frozen=True):
    """Something that asks for the operator's attention, while it is true.

    It has no words of the app: `text/inbox.py` makes them. `name` and `detail` come from the
    gateway, and are clean.
    """

    id: str
    kind: InboxKind
    gateway: str
    subject: str  # what it is about, unique among the kind: a session, approval, job, channel, …
    agent: str = ""
    session_key: str = ""
    name: str = ""  # of the agent, job, channel, provider, device
    detail: str = ""
    code: str = ""  # the sort of it, by kind: a status, the reason of an error, a state
    since: int = 0  # local ms
    until: int = 0  # local ms at which it expires; 0: it does not
    seen: bool = False
    members: tuple[str, ...] = ()  # ids of the items that it tells together, of any gateways
    was: str = ""  # the id that it had before more was told of it
    part_of: str = ""  # id of the item that tells this one along with others
    cause: str = ""  # of a failure: what others of the same cause share; opaque
    provider: str = ""  # of a failure: whose model was asked
    count: int = 0  # how often, how many: calls, tokens, agents
    span_ms: int = 0  # in how long
    usual: int = 0  # what `count` usually is

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return SEVERITY[self.kind]

    @property
    def is_failure(self) -> bool:
        """Whether it is about one run that failed: it is over once the operator has seen it."""
        if self.kind is InboxKind.CONTEXT_FULL:
            return self.code != STUCK_AT_FULL
        return self.kind is InboxKind.FAILED and not self.members

    @property
    def mark(self) -> str:
        """What the operator's mark "seen" is kept under, see `Gateway.seen`."""
        return self.session_key if self.is_failure else self.id

    @property
    def order(self) -> tuple[int, int, str]:
        """Sorts what needs the operator first, and the oldest of the same severity first."""
        return (_RANK[self.severity], self.since, self.id)


@lru_cache(maxsize=8_192)
def item_id(kind: InboxKind, gateway: str, subject: str, agent: str = "") -> str:
    """A short id: the same for the same subject at any time, fit for a shell and an address."""
    digest = blake2s(f"{gateway}\n{agent}\n{subject}".encode(errors="replace"), digest_size=5)
    return f"{kind.value}-{digest.hexdigest()}"


class InboxChanged(Struct, frozen=True):
    """An item began (before is None), changed, or ended (after is None)."""

    gateway: str
    before: InboxItem | None
    after: InboxItem | None


Items = tuple[InboxItem, ...]


def dated(item: InboxItem, known: InboxItem | None, gateway: Gateway, now: Now) -> InboxItem:
    """The item with the time since when it is true, and whether the operator has seen it.

    A failure that was seen is no item any more.
    """
    since = item.since or (known.since if known else now.wall)
    if item.is_failure:
        part_of = known.part_of if known and known.cause == item.cause else ""
        return replace(item, since=since, part_of=part_of)
    seen_at = gateway.seen.get(item.mark) if gateway.seen else None
    seen = seen_at is not None and seen_at >= since
    if since == item.since and not seen:
        return item
    return replace(item, since=since, seen=seen)


def differences(gateway: str, old: Items, new: Items) -> list[InboxChanged]:
    first, last = 0, 0  # how many are the very same at both ends: mostly all but one
    most = min(len(old), len(new))
    while first < most and old[first] is new[first]:
        first += 1
    while last < most - first and old[-1 - last] is new[-1 - last]:
        last += 1
    before = {item.id: item for item in old[first : len(old) - last]}
    after = {item.id: item for item in new[first : len(new) - last]}
    ended: list[InboxChanged] = [
        InboxChanged(gateway, item, None) for key, item in before.items() if key not in after
    ]
    return ended + [
        InboxChanged(gateway, before.get(key), item)
        for key, item in after.items()
        if before.get(key) != item
    ]
