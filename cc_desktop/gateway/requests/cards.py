"""Progress cards of sessions: asked for when the gateway says that one has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import ProgressCard
from cc_desktop.gateway.decoders.observer import progress_card
from cc_desktop.gateway.failures import RequestFailedError
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cc_desktop.gateway.connection import GatewayConnection

METHOD = "progressCard.get"  # 2026.8 on
CHANGED = "progressCard.changed"
MAX_AT_CONNECT = 20  # cards of sessions that run
_MAX_WAITING = 200


class ProgressCards:
    """The cards of one connection."""

    def __init__(
        self, gateway: str, connection: GatewayConnection, sink: Callable[[ev.Event], object]
    ) -> None:
        self._gateway = gateway
        self._connection = connection
        self._sink = sink
        self._wanted: dict[str, None] = {}  # keys of sessions, the oldest change first
        self._known: set[str] = set()

    @property
    def has_work(self) -> bool:
        """Whether a card is to be asked for."""
        return bool(self._wanted)

    def begin(self, running: Iterable[str]) -> None:
        """A connection is live: forget what an earlier one told, and ask for what may be shown."""
        self._sink(ev.FactsListed(self._gateway, ProgressCard, ()))
        if METHOD in self._connection.hello.methods:
            self._wanted |= dict.fromkeys(list(running)[:MAX_AT_CONNECT])

    def on_changed(self, data: dict[str, Any]) -> None:
        """The payload of `progressCard.changed`; a revision of null: there is no card any more."""
        key = fields.identifier(data.get("sessionKey"))
        if not key:
            return
        if data.get("revision") is None:
            self._wanted.pop(key, None)
            self._forget(key)
        elif len(self._wanted) < _MAX_WAITING:
            self._wanted[key] = None

    def note(self, event: ev.Event) -> None:
        """A session that is gone has no card."""
        if isinstance(event, ev.SessionRemoved):
            self._wanted.pop(event.key, None)
            self._forget(event.key)

    async def read_one(self) -> None:
        """Ask for the card that has been waiting longest.

        Raises:
            GatewayFailureError: the connection is gone, or the gateway does not answer.
        """
        key = next(iter(self._wanted))
        del self._wanted[key]
        try:
            card = progress_card(key, await self._connection.request(METHOD, {"sessionKey": key}))
        except RequestFailedError:
            card = None  # this release has none, or the session is gone
        if card is None:
            self._forget(key)
        else:
            self._known.add(key)
            self._sink(ev.FactTold(self._gateway, card))

    def _forget(self, key: str) -> None:
        if key in self._known:
            self._known.discard(key)
            self._sink(ev.FactGone(self._gateway, ProgressCard, key))
