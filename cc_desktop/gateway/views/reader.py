"""Reads `chat.history` page by page, in the way that the gateway's release knows.

Newer ones (2026.9.6) page by `offset` from the end and name a `deltaCursor`; 2026.5.7 knows only
`limit`, so that an older page there is all of the end again, and more of it. An unknown parameter
is refused, so nothing is sent that an answer did not show to be known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.transcript.records import PAGE, Message, Page
from cc_desktop.gateway.decoders import history
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cc_desktop.system.clock import Clock

MOST_AT_ONCE = 1_000  # `limit` is refused above that
SLICE = 5  # messages that are read before others get a turn: one may be large


class HistoryReader:
    """Reads the history of one session.

    Attributes:
        is_idle: The last newest page said that no run is in progress.
    """

    def __init__(
        self, session_key: str, request: Callable[[str, object], Awaitable[Any]], clock: Clock
    ) -> None:
        self._key = session_key
        self._request = request
        self._clock = clock
        self._by_offset = False
        self._offset = 0  # where the next older page begins, from the end
        self._limit = PAGE
        self._cursor = ""
        self.is_idle = False

    async def read_end(self) -> Page:
        """The newest page.

        Raises:
            GatewayFailureError: The gateway refuses, or is gone.
        """
        answer = await self._ask({"limit": self._limit})
        self._by_offset = "hasMore" in answer
        self._cursor = fields.identifier(answer.get("deltaCursor"))
        self._note_run(answer)
        page = await self._page(answer)
        self._offset = max(self._offset, page.next_offset)
        return page

    def start_over(self, page: Page) -> None:
        """Nothing before this newest page is known any more."""
        self._offset = page.next_offset

    async def read_since(self) -> Page | None:
        """What came since the last newest page, after a connection was lost.

        Returns:
            None where the gateway cannot tell: then the newest page has to be read. A cursor
            catches up at most 200 events or 1 MB, and not over a reset or compaction.

        Raises:
            GatewayFailureError: The gateway refuses, or is gone.
        """
        if not self._cursor:
            return None
        answer = await self._ask({"cursor": self._cursor})
        self._cursor = fields.identifier(answer.get("deltaCursor"))
        if answer.get("kind") != "delta":
            return None
        rows = [history.said(one) for one in fields.as_objects(answer.get("messages"))]
        self._note_run(answer)
        return Page(tuple(one for one in rows if one), run=history.in_flight(answer))

    def _note_run(self, answer: dict[str, Any]) -> None:
        info = fields.as_object(answer.get("sessionInfo"))
        self.is_idle = info.get("hasActiveRun") is False and not history.in_flight(answer)

    async def read_older(self, known: int) -> tuple[Page, bool]:
        """The page before those that are known.

        Args:
            known: How many messages are known.

        Returns:
            The page, and whether it goes up to the end.

        Raises:
            GatewayFailureError: The gateway refuses, or is gone.
        """
        if self._by_offset:
            answer = await self._ask({"limit": PAGE, "offset": self._offset})
            page = await self._page(answer)
            self._offset = max(self._offset + PAGE, page.next_offset)
            return page, False
        self._limit = min(MOST_AT_ONCE, max(self._limit, known) + PAGE)
        return await self._page(await self._ask({"limit": self._limit})), True

    async def _ask(self, params: dict[str, object]) -> dict[str, Any]:
        answer = await self._request("chat.history", {"sessionKey": self._key, **params})
        return fields.as_object(answer)

    async def _page(self, answer: dict[str, Any]) -> Page:
        found: list[Message] = []
        for message in history.messages(answer):
            found.append(message)
            if len(found) % SLICE == 0:
                await self._clock.sleep(0)
        if self._by_offset:
            has_more = answer.get("hasMore") is True
        else:
            has_more = self._limit <= history.row_count(answer) and self._limit < MOST_AT_ONCE
        return Page(
            tuple(found),
            has_more=has_more,
            next_offset=fields.integer(answer.get("nextOffset")),
            run=history.in_flight(answer),
        )
