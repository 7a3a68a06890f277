"""Looks up the last message of sessions whose rows do not tell it.

Lists have no last message (2026.5.7 and 2026.9.6), and the rows at the end of a run none or an old
one. So it is asked for after a list, for the newest session of each agent, whose words are on the
screen; and after the end of a run. Once for each version of a row, and only while no list is due:
a gateway where nothing happens is asked nothing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import Session
from cc_desktop.gateway.failures import GatewayFailureError, RequestFailedError
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cc_desktop.gateway.connection import GatewayConnection
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

METHOD = "sessions.preview"  # read, since 2026.4.29: {keys, limit, maxChars}
KEYS_A_CALL = 64  # the gateway answers no more (2026.5.7 and 2026.9.6)
MAX_ASKED = 512  # sessions after one list, the newest first
MESSAGES = 4  # of each: the newest may be a call of a tool
MAX_CHARS = 240
TIMEOUT_S = 15.0
SETTLE_S = 1.5  # after the end of a run: its last rows come, and its answer is written
GAP_S = 5.0  # between two calls after ends of runs
MAX_RUNNING = 10_000
_SPOKEN = ("assistant", "user")


class _Asked(NamedTuple):
    """A session whose last message is wanted."""

    key: str
    agent_id: str
    updated_at: int  # of the row that it is wanted of


class Previews:
    """The last messages over one connection. A failure ends the asking, never the connection."""

    def __init__(
        self,
        gateway: str,
        session: GatewayConnection,
        sink: Callable[[ev.Event], object],
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        """Ask nothing yet.

        Args:
            gateway: Its id.
            session: The connection.
            sink: Takes events for the model.
            clock: Time.
            wake: Called when there is something to ask; see `due`.
        """
        self._gateway = gateway
        self._session = session
        self._sink = sink
        self._clock = clock
        self._wake = wake
        self._is_on = METHOD in session.hello.methods
        self._known: dict[str, int] = {}  # session key → `updated_at` of the row it is known of
        self._running: set[str] = set()
        self._wanted: dict[str, _Asked] = {}  # by key, the most urgent first
        self._under_way: frozenset[str] = frozenset()
        self._due = 0.0  # monotonic seconds

    def note(self, event: ev.Event) -> None:
        """Follow the runs: the end of one brings another last message, told or to be asked for."""
        if not self._is_on or not isinstance(event, ev.SessionChanged):
            return
        key, at = event.key, event.fields.get("updated_at", 0)
        active = event.fields.get("active")
        waiting = self._wanted.get(key)
        if waiting is not None and at < waiting.updated_at:
            return  # 2026.5.7: an old "running" follows the "done" of every run
        if active:
            if len(self._running) < MAX_RUNNING:
                self._running.add(key)
            self._wanted.pop(key, None)
        elif at and (
            (active is False and key in self._running)
            or key in self._wanted
            or key in self._under_way
        ):
            # Also where the row has one: on 2026.9.6 that may still be what was asked for.
            self._running.discard(key)
            self._wanted[key] = _Asked(key, event.agent_id, at)
            self._due = max(self._due, self._clock.monotonic() + SETTLE_S)
            self._wake()
        elif event.fields.get("preview"):
            self._known[key] = at

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
        self._running = {session.key for session in shown.values() if session.active}
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
        self._wanted = {
            one.key: _Asked(one.key, one.agent_id, one.updated_at) for one in wanted[:MAX_ASKED]
        }
        self._due = 0.0

    def due(self) -> float | None:
        """When there is something to ask (monotonic seconds); None: nothing."""
        return self._due if self._wanted else None

    async def read_some(self) -> None:
        """Ask for some of what is wanted."""
        asked = list(self._wanted.values())[:KEYS_A_CALL]
        for one in asked:
            del self._wanted[one.key]
        is_all = not self._wanted
        self._under_way = frozenset(one.key for one in asked)
        params = {
            "keys": [one.key for one in asked],
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
            self._wanted = {}
        except Exception:  # noqa: BLE001, RUF100 - the border of a failure domain
            log.exception("%s: last messages cannot be read", self._gateway)
            self._stop()
        finally:
            self._under_way = frozenset()
            if is_all:
                self._due = max(self._due, self._clock.monotonic() + GAP_S)

    def _stop(self) -> None:
        self._is_on = False
        self._wanted, self._known, self._running = {}, {}, set()

    def _tell(self, asked: list[_Asked], answer: object) -> None:
        told = {
            fields.identifier(row.get("key")): last_message(row)
            for row in fields.as_objects(fields.as_object(answer).get("previews"))
        }
        for key, agent, at in asked:
            self._known[key] = at
            if words := told.get(key):
                row = Session(key, agent, updated_at=at)
                self._sink(ev.PreviewTold(self._gateway, row, words))


def last_message(row: dict[str, object]) -> str:
    """The newest words of a person or an agent among the messages of a preview; "" for none."""
    for item in reversed(list(fields.as_objects(row.get("items")))):
        words = fields.text(item.get("text"))
        if item.get("role") in _SPOKEN and words:
            return words
    return ""


def _moment(session: Session) -> tuple[int, str]:
    return session.activity_at, session.key
