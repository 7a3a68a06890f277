"""What the connections to the gateways did lately: in memory, for a report of what went wrong."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from cc_desktop.fleet.model import GatewayChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.model import Change, Gateway
    from cc_desktop.fleet.store import Store

LENGTH = 500


class Entry(Struct, frozen=True):
    """One change of a connection, or of the demo. No words of the gateway: only kinds and codes."""

    at: int  # local ms
    gateway: str
    state: str
    source: str  # what is on the screen: a value of `Origin`
    kind: str = ""
    code: str = ""
    flapping: bool = False

    def line(self) -> str:
        """As it stands in a report."""
        when = datetime.fromtimestamp(self.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        facts = [self.state, f"source {self.source}", self.kind]
        if self.code != self.kind:
            facts.append(self.code)
        if self.flapping:
            facts.append("unstable")
        return f"{when}Z  {self.gateway}  {', '.join(fact for fact in facts if fact)}"


class Timeline:
    """The last changes of all connections; the oldest give way."""

    def __init__(self, store: Store, now_ms: Callable[[], int], length: int = LENGTH) -> None:
        self._now_ms = now_ms
        self._entries: deque[Entry] = deque(maxlen=length)
        self.stop = store.subscribe(self._on_changes)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Oldest first."""
        return tuple(self._entries)

    def _on_changes(self, changes: list[Change]) -> None:
        for change in changes:
            if not isinstance(change, GatewayChanged):
                continue
            now = change.after or change.before
            if now is None:
                continue
            told = _entry(self._now_ms(), now, removed=change.after is None)
            before = _entry(told.at, change.before) if change.before else None
            if told != before:
                self._entries.append(told)


def _entry(at: int, gateway: Gateway, *, removed: bool = False) -> Entry:
    link = gateway.connection
    return Entry(
        at=at,
        gateway=gateway.id,
        state="removed" if removed else link.state.value,
        source=gateway.origin.value,
        kind=link.problem.kind if link.problem else "",
        code=link.problem.code if link.problem else "",
        flapping=link.flapping,
    )
