"""Reads the whole list of agents and sessions, page by page, within limits.

A big answer is neither decoded nor read at once: the event loop is the window's, too. Measured
with 27 MB and 10,500 rows: 174 ms to decode all, 20 ms to find where each row begins and ends, and
then 19 us a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from cc_desktop.gateway.decoders.agents import agent_info
from cc_desktop.gateway.decoders.sessions import add_newest
from cc_desktop.gateway.failures import RequestFailedError
from cc_desktop.protocol import fields
from cc_desktop.protocol.lenient import decode_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cc_desktop.fleet.events import AgentInfo
    from cc_desktop.fleet.model import Session
    from cc_desktop.gateway.connection import GatewayConnection
    from cc_desktop.system.clock import Clock

PAGE = 200  # sessions a page
MAX_PAGES = 100
MAX_SESSIONS = 20_000  # the gateway sorts by activity, so the oldest are left out
MAX_AGENTS = 2_000
MAX_BYTES = 64 * 2**20  # of JSON, over all pages
LIST_TIMEOUT_S = 60.0  # 16 to 66 s were measured on big gateways
SLICE = 500  # rows that are read without letting the loop do anything else
NO_OFFSET_LIMIT = 10_000  # rows to ask for where a gateway knows no pages


class FleetList(NamedTuple):
    """All agents and sessions of a gateway.

    Attributes:
        agents: as the gateway sorts them.
        sessions: the newest where one key comes twice.
        taken_at: the gateway's clock at the first page, in ms; 0 when it does not tell.
        total_agents: how many there are at least, if not all of them are here; else 0.
        total_sessions: likewise.
    """

    agents: tuple[AgentInfo, ...]
    sessions: tuple[Session, ...]
    taken_at: int
    total_agents: int
    total_sessions: int


class _Rows(NamedTuple):
    """An answer whose rows are not decoded yet."""

    head: dict[str, Any]  # all but the rows
    rows: list[Any]  # objects, or msgspec.Raw
    size: int  # bytes, where it is worth counting


_RawRows = list[msgspec.Raw] | dict[str, msgspec.Raw]


class _RawAnswer(msgspec.Struct):
    """What is read of `agents.list` and `sessions.list`."""

    agents: _RawRows = []
    sessions: _RawRows = []
    ts: Any = None
    totalCount: Any = None  # noqa: N815 - the wire's name
    hasMore: Any = None  # noqa: N815 - the wire's name
    nextOffset: Any = None  # noqa: N815 - the wire's name


_decode_answer = msgspec.json.Decoder(_RawAnswer).decode


def _split(payload: object, name: str) -> _Rows:
    """Find the rows under `name` in an answer, which is decoded unless it is large."""
    if isinstance(payload, msgspec.Raw):
        size = len(memoryview(payload))
        try:
            answer = _decode_answer(payload)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return _Rows({}, [], size)
        rows = getattr(answer, name)
        head = {"ts": answer.ts, "totalCount": answer.totalCount}
        head |= {"hasMore": answer.hasMore, "nextOffset": answer.nextOffset}
        return _Rows(head, list(rows.values()) if isinstance(rows, dict) else rows, size)
    if isinstance(payload, list):
        return _Rows({}, payload, 0)
    data = fields.as_object(payload)
    return _Rows(data, list(fields.as_objects(data.get(name))), 0)


def _object(row: object) -> dict[str, Any]:
    """A row as an object; empty if it is none."""
    if isinstance(row, msgspec.Raw):
        try:
            return fields.as_object(decode_json(row))
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return {}
    return fields.as_object(row)


class SessionListReader:
    """Asks one connection for its list."""

    def __init__(self, connection: GatewayConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def read(self) -> FleetList:
        """Read everything.

        Raises:
            GatewayFailureError: the gateway refused, did not answer in time, or went away.
        """
        agents, total_agents = await self._agents()
        sessions, taken_at, total_sessions = await self._sessions()
        return FleetList(
            tuple(agents), tuple(sessions.values()), taken_at, total_agents, total_sessions
        )

    async def _agents(self) -> tuple[list[AgentInfo], int]:
        answer = _split(await self._request("agents.list", {}), "agents")
        found: dict[str, AgentInfo] = {}
        async for row in self._in_slices(answer.rows):
            info = agent_info(row)
            if info is None:
                continue
            if len(found) >= MAX_AGENTS and info.id not in found:
                return list(found.values()), max(len(answer.rows), len(found) + 1)
            found[info.id] = info
        return list(found.values()), 0

    async def _sessions(self) -> tuple[dict[str, Session], int, int]:
        """All pages: sessions by key, the gateway's time of the first, and the total if cut."""
        found: dict[str, Session] = {}
        params: dict[str, Any] = {"limit": PAGE}
        taken_at = total = size = 0
        for _ in range(MAX_PAGES):
            try:
                answer = _split(await self._request("sessions.list", params), "sessions")
            except RequestFailedError as error:
                if "offset" in params and _is_invalid(error):
                    # 2026.5.7 has no offset: ask for more at once.
                    params = {"limit": max(params["offset"] * 10, NO_OFFSET_LIMIT)}
                    continue
                raise
            size += answer.size
            taken_at = taken_at or fields.integer(answer.head.get("ts"))
            total = max(total, fields.integer(answer.head.get("totalCount")))
            before = len(found)
            page: dict[str, Session] = {}
            async for row in self._in_slices(answer.rows[: MAX_SESSIONS + 1]):
                add_newest(page, row)
            for key, session in page.items():
                found.setdefault(key, session)
            more = answer.head.get("hasMore") is True
            if len(found) > MAX_SESSIONS:
                kept = dict(list(found.items())[:MAX_SESSIONS])
                return kept, taken_at, max(total, len(answer.rows), len(found))
            if not more or (len(found) == before and "offset" in params):
                return found, taken_at, 0
            if size > MAX_BYTES or len(found) == MAX_SESSIONS:
                break
            offset = fields.integer(answer.head.get("nextOffset")) or len(found)
            params = {"limit": PAGE, "offset": offset}
        return found, taken_at, max(total, len(found) + 1)

    async def _request(self, method: str, params: dict[str, Any]) -> Any:
        return await self._connection.request(method, params, LIST_TIMEOUT_S, raw=True)

    async def _in_slices(self, rows: list[Any]) -> AsyncIterator[dict[str, Any]]:
        for number, row in enumerate(rows, 1):
            yield _object(row)
            if number % SLICE == 0:
                await self._clock.sleep(0)


def _is_invalid(error: RequestFailedError) -> bool:
    said = error.failure.error
    return said is not None and said.code == "INVALID_REQUEST"
