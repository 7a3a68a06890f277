"""The list of past notifications, whether they were shown or not. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cc_desktop.notifications.kinds import RENAMED, AlertKind
from cc_desktop.notifications.message import Target

if TYPE_CHECKING:
    from collections.abc import Iterable

KEPT = 500  # entries; the oldest are dropped


class Notice(Struct, frozen=True):
    """An entry of the list.

    Attributes:
        at: Local ms.
        agent: Id, for muting.
        shown: A notification showed it.
        over: It is no longer true.
        tag: Identifies what it is about.
    """

    id: int
    at: int
    kind: AlertKind
    title: str
    body: str
    target: Target
    gateway: str = ""
    agent: str = ""
    shown: bool = False
    read: bool = False
    over: bool = False
    tag: str = ""


class _Stored(Struct):
    """An entry as it is kept between starts."""

    at: int
    kind: AlertKind
    title: str
    body: str
    gateway: str
    agent: str
    agents: list[tuple[str, str]]
    devices: bool
    shown: bool
    read: bool
    over: bool
    tag: str = ""
    item: str = ""


class NotificationHistory:
    """At most `KEPT` entries.

    Attributes:
        version: Another number after every change.
    """

    def __init__(self) -> None:
        self._notices: dict[int, Notice] = {}  # oldest first
        self._latest: dict[str, int] = {}  # tag → id of its newest entry, while that is true
        self._told: dict[str, int] = {}  # tag → local ms of its newest entry
        self._next_id = 1
        self.version = 0

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Newest first."""
        return tuple(reversed(self._notices.values()))

    @property
    def unread(self) -> int:
        """How many entries nobody has looked at, of those that are still true."""
        return sum(not notice.read and not notice.over for notice in self._notices.values())

    def find(self, notice_id: int) -> Notice | None:
        """Return an entry, or None when it is no longer kept."""
        return self._notices.get(notice_id)

    def add(self, notice: Notice, tag: str) -> None:
        """Append an entry; it gets an id of its own."""
        notice = replace(notice, id=self._next_id, tag=tag)
        self._append(notice)
        self._latest[tag] = notice.id
        if len(self._latest) > 2 * KEPT:  # the entries themselves are long gone
            self._latest = {
                tag: ident for tag, ident in self._latest.items() if ident in self._notices
            }

    def told_at(self, tag: str) -> int:
        """Return when something with this tag was last told: local ms, or 0."""
        return self._told.get(tag, 0)

    def mark_shown(self, tag: str) -> None:
        """Mark the newest entry with this tag as shown."""
        self._change(self._latest.get(tag, 0), shown=True)

    def resolve(self, tag: str) -> None:
        """The newest entry with this tag is no longer true."""
        self._change(self._latest.pop(tag, 0), over=True)

    def mark_read(self, notice_id: int) -> None:
        """The operator looked at an entry."""
        self._change(notice_id, read=True)

    def mark_tag_read(self, tag: str) -> None:
        """The operator clicked the notification with this tag."""
        self.mark_read(self._latest.get(tag, 0))

    def mark_all_read(self) -> None:
        """The operator looked at all entries."""
        for ident in self._notices:
            self._change(ident, read=True)

    def clear(self) -> None:
        """Remove all entries."""
        self._notices, self._latest = {}, {}
        self.version += 1

    def _change(self, notice_id: int, **changes: bool) -> None:
        notice = self._notices.get(notice_id)
        if notice is None:
            return
        changed = replace(notice, **changes)
        if changed != notice:
            self._notices[notice_id] = changed
            self.version += 1

    def _append(self, notice: Notice) -> None:
        self._notices[notice.id] = notice
        self._next_id = notice.id + 1
        self.version += 1
        if notice.tag:
            self._told[notice.tag] = notice.at
        if len(self._notices) > KEPT:
            oldest = self._notices.pop(next(iter(self._notices)))
            if self._told.get(oldest.tag) == oldest.at:
                del self._told[oldest.tag]

    # Between starts

    def dump(self) -> list[dict[str, Any]]:
        """Return the entries as JSON values, oldest first."""
        stored = [
            _Stored(
                notice.at,
                notice.kind,
                notice.title,
                notice.body,
                notice.gateway,
                notice.agent,
                list(notice.target.agents),
                notice.target.devices,
                notice.shown,
                notice.read,
                notice.over,
                notice.tag,
                notice.target.item,
            )
            for notice in self._notices.values()
        ]
        rows: list[dict[str, Any]] = msgspec.to_builtins(stored)
        return rows

    def load(self, data: object) -> None:
        """Read what `dump` returned. Entries that cannot be read are left out."""
        rows: Iterable[object] = data[-KEPT:] if isinstance(data, list) else ()
        for row in rows:
            try:
                self._append(_restored(self._next_id, msgspec.convert(_renamed(row), _Stored)))
            except msgspec.ValidationError:
                continue


def _renamed(row: object) -> object:
    """The entry as this release writes it."""
    if isinstance(row, dict) and isinstance(row.get("kind"), str):
        return {**row, "kind": RENAMED.get(row["kind"], row["kind"])}
    return row


def _restored(ident: int, row: _Stored) -> Notice:
    words = row.title if len(row.agents) > 1 else ""
    target = Target(tuple(row.agents), row.gateway, row.devices, words, row.item)
    return Notice(
        ident,
        row.at,
        row.kind,
        row.title,
        row.body,
        target,
        row.gateway,
        row.agent,
        row.shown,
        row.read,
        row.over,
        row.tag,
    )
