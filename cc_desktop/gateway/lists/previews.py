"""Looks up the last message of sessions whose rows do not tell it.

Lists have no last message (2026.5.7 and 2026.9.6), and events only some. So it is asked for after a
list, once for each version of a row: for the newest session of each agent, because that is the one
whose words are on the screen. Never on a timer, and only while no list is due.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cc_desktop.fleet import events as ev
from cc_desktop.gateway.connection import GatewayFailureError, RequestFailedError
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cc_desktop.fleet.model import Session
    from cc_desktop.gateway.connection import GatewayConnection

log = logging.getLogger(__name__)

METHOD = "sessions.preview"  # read, since 2026.4.29: {keys, limit, maxChars}
KEYS_A_CALL = 64  # the gateway answers no more (2026.5.7 and 2026.9.6)
MAX_ASKED = 512  # sessions after one list, the newest first
MESSAGES = 4  # of each: the newest may be a call of a tool
MAX_CHARS = 240
TIMEOUT_S = 15.0
_SPOKEN = ("assistant", "user")


class Previews:
    """The last messages over one connection. A failure ends the asking, never the connection."""

    def __init__(
        self,
        gateway: str,
        session: GatewayConnection,
        sink: Callable[[ev.Event], object],
    ) -> None:
        self._gateway = gateway
        self._session = session
        self._sink = sink
        self._is_on = METHOD in session.hello.methods
        self._known: dict[
            str, int
        ] = {}  # session key → `updated_at` of the row that it is known of
        self._wanted: list[Session] = []

    def note(self, event: ev.Event) -> None:
        """An event may tell the last message: then nobody has to ask."""
        if self._is_on and isinstance(event, ev.SessionChanged) and event.fields.get("preview"):
            self._known[event.key] = event.fields.get("updated_at", 0)

    def want(self, sessions: Iterable[Session]) -> None:
        """A list is there. What was wanted before, and is not answered yet, is replaced."""
        if not self._is_on:
            return
        newest: dict[str, Session] = {}
        for session in sessions:
            best = newest.get(session.agent_id)
            if best is None or _moment(session) > _moment(best):
                newest[session.agent_id] = session
        shown = {session.key: session for session in newest.values()}
        self._known = {key: at for key, at in self._known.items() if key in shown}
        wanted = [
            session
            for session in shown.values()
            if session.updated_at
            and not session.active
            and not session.preview
            and self._known.get(session.key) != session.updated_at
        ]
        wanted.sort(key=_moment, reverse=True)
        self._wanted = wanted[:MAX_ASKED]

    async def read_some(self) -> bool:
        """Ask for some of what is wanted; False if nothing is."""
        asked, self._wanted = self._wanted[:KEYS_A_CALL], self._wanted[KEYS_A_CALL:]
        if not asked:
            return False
        params = {
            "keys": [session.key for session in asked],
            "limit": MESSAGES,
            "maxChars": MAX_CHARS,
        }
        try:
            answer = await self._session.request(METHOD, params, TIMEOUT_S)
            self._tell(asked, answer)
        except RequestFailedError as error:
            log.info("%s: last messages are not told: %s", self._gateway, error)
            self._stop()
        except GatewayFailureError as error:  # it is busy, or gone: the next list asks again
            log.info("%s: last messages: %s", self._gateway, error)
            self._wanted = []
        except Exception:  # noqa: BLE001, RUF100 - the border of a failure domain
            log.exception("%s: last messages cannot be read", self._gateway)
            self._stop()
        return True

    def _stop(self) -> None:
        self._is_on = False
        self._wanted = []
        self._known = {}

    def _tell(self, asked: list[Session], answer: object) -> None:
        told = {
            fields.identifier(row.get("key")): last_message(row)
            for row in fields.as_objects(fields.as_object(answer).get("previews"))
        }
        for session in asked:
            self._known[session.key] = session.updated_at
            if words := told.get(session.key):
                agent, at = session.agent_id, session.updated_at
                self._sink(ev.PreviewTold(self._gateway, session.key, agent, words, at))


def last_message(row: dict[str, object]) -> str:
    """The newest words of a person or an agent among the messages of a preview; "" for none."""
    for item in reversed(list(fields.as_objects(row.get("items")))):
        words = fields.text(item.get("text"))
        if item.get("role") in _SPOKEN and words:
            return words
    return ""


def _moment(session: Session) -> tuple[int, str]:
    return session.activity_at, session.key
