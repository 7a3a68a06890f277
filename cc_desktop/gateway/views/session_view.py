"""One session that somebody looks at: its history, read page by page, and what happens live."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from cc_desktop.fleet.transcript import live
from cc_desktop.fleet.transcript.conversation import Conversation
from cc_desktop.fleet.transcript.ports import ViewState
from cc_desktop.gateway.decoders import history
from cc_desktop.gateway.decoders.live import LiveDecoder
from cc_desktop.gateway.failures import (
    ConnectionLostError,
    GatewayFailureError,
    NotConnectedError,
    RequestFailedError,
)
from cc_desktop.gateway.views.reader import HistoryReader
from cc_desktop.protocol import fields
from cc_desktop.system.clock import Clock, wake_or_sleep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cc_desktop.fleet.transcript.records import InFlight, Message, ProgressCard
    from cc_desktop.fleet.transcript.rows import Row

PAUSE_S = 0.1  # between two calls of the listener
# 2026.5.7 writes the last message of a run after it has told its end.
SETTLED_S = 1.0
MOST_WAITING = 1_000  # events that wait to be taken in; with more of them, history is read again


@dataclass(frozen=True, slots=True)
class ViewPort:
    """What a view needs from its gateway."""

    request: Callable[[str, object], Awaitable[Any]]
    clock: Clock
    subscribe: Callable[[str], Awaitable[None]]  # to the messages of a session
    on_closed: Callable[[Any], None]
    listener: Callable[[], object]
    record: Callable[[BaseException], None]  # what nobody expected


class SessionView:
    """A `SessionHandle` on a real gateway."""

    def __init__(self, session_key: str, port: ViewPort, *, with_card: bool) -> None:
        self.session_key = session_key
        self._port = port
        self._with_card = with_card
        self._reader = HistoryReader(session_key, port.request, port.clock)
        self._decoder = LiveDecoder()
        self._conversation = Conversation()
        self._run: live.LiveRun | None = None
        self._card: ProgressCard | None = None
        self._waiting: deque[tuple[str, object]] = deque()
        self._state = ViewState.LOADING
        self._problem = ""
        self._is_live = self._is_subscribed = self._closed = self._catches_up = False
        self._end_due = 0.0  # when the newest page is read again (monotonic s); inf: not
        self._wants_older = self._wants_card = False
        self._news = asyncio.Event()
        self._work = asyncio.Event()
        self._rows: list[Row] | None = None

    # What is shown

    @property
    def state(self) -> ViewState:
        """How far it is."""
        return self._state

    @property
    def problem(self) -> str:
        """The gateway's words, or the kind of what went wrong."""
        return self._problem

    @property
    def rows(self) -> Sequence[Row]:
        """The conversation, and what the run in progress adds."""
        if self._rows is None:
            self._rows = [
                *self._conversation.rows,
                *live.live_rows(self._run, self._conversation),
            ]
        return self._rows

    @property
    def messages(self) -> Sequence[Message]:
        """The messages that are known."""
        return self._conversation.messages

    @property
    def run(self) -> live.LiveRun | None:
        """The run in progress, or the last one."""
        return self._run

    @property
    def card(self) -> ProgressCard | None:
        """What the agent tells about its plan."""
        return self._card

    @property
    def has_more(self) -> bool:
        """Whether there are older messages to load."""
        return self._conversation.has_more and self._state is not ViewState.LOADING

    @property
    def is_full(self) -> bool:
        """Whether the rest is too much to load."""
        return self._conversation.is_full

    @property
    def loads_older(self) -> bool:
        """Whether an older page is on its way."""
        return self._wants_older

    # What is asked for

    def load_older(self) -> None:
        """Read the page before the first message."""
        if self.has_more and self._is_live and not self._wants_older:
            self._wants_older = True
            self._work.set()

    def retry(self) -> None:
        """Read again after a failure."""
        self._catches_up = False
        self._set_state(ViewState.LOADING)
        self.read_again()

    def read_again(self) -> None:
        """Something was missed: history tells it."""
        self._want_end(0.0)

    def close(self) -> None:
        """Nobody looks any more."""
        if not self._closed:
            self._closed = True
            self._waiting.clear()
            self._news.set()
            self._work.set()
            self._port.on_closed(self)

    # What the gateway tells

    def set_live(self, is_live: bool) -> None:
        """The connection is live, or gone."""
        self._is_live = is_live
        self._is_subscribed = False
        self._wants_older = False
        self._wants_card = self._with_card
        if is_live:
            self._catches_up = bool(self._conversation.messages)
            if self._state is ViewState.OFFLINE:
                self._set_state(ViewState.LOADING)
            self._want_end(0.0)
        else:
            self._set_state(ViewState.OFFLINE)

    def on_event(self, event: str, payload: object) -> None:
        """Take in an event of this session. Never waits."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            self._want_end(0.0)
        # Each message of a streamed reply has all of it: the newest is enough.
        if (
            self._waiting
            and _reply_of(*self._waiting[-1])
            and (_reply_of(event, payload) == _reply_of(*self._waiting[-1]))
        ):
            self._waiting.pop()
        self._waiting.append((event, payload))
        self._news.set()

    async def run_until_closed(self) -> None:
        """Read and follow until somebody closes it."""
        tasks = [
            asyncio.create_task(self._guard(self._follow), name="view: live"),
            asyncio.create_task(self._guard(self._read), name="view: history"),
        ]
        try:
            await asyncio.wait(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _guard(self, job: Callable[[], Awaitable[None]]) -> None:
        """Run a step of the work again and again. What it raises is shown, and ends nothing."""
        while not self._closed:
            try:
                await job()
            except GatewayFailureError as error:
                self._on_failure(error)
            except Exception as error:  # noqa: BLE001, RUF100 - a failure domain
                self._port.record(error)
                self._wants_older = self._wants_card = False
                self._end_due = math.inf
                self._set_state(ViewState.FAILED, "internal")
                await self._port.clock.sleep(PAUSE_S)

    # Live

    async def _follow(self) -> None:
        await self._news.wait()
        self._news.clear()
        while self._waiting:
            self._take_in(*self._waiting.popleft())
        if self._closed:
            return
        self._rows = None
        try:
            self._port.listener()
        except Exception as error:  # noqa: BLE001, RUF100 - who paints does not end who reads
            self._port.record(error)
        await self._port.clock.sleep(PAUSE_S)

    def _take_in(self, event: str, payload: object) -> None:
        try:
            for one in self._decoder.decode(event, payload):
                self._take(one)
        except Exception as error:  # noqa: BLE001, RUF100 - one event does not end the others
            self._port.record(error)
            self._want_end(SETTLED_S)  # history says what it did

    def _take(self, event: live.LiveEvent) -> None:
        if isinstance(event, live.MessageSaid):
            self._conversation.add(event.message)
        elif isinstance(event, live.CardTold):
            self._wants_card = self._with_card
            self._work.set()
        elif isinstance(event, live.RunEnded):
            self._want_end(SETTLED_S)
        before, self._run = self._run, live.follow(self._run, event)
        if self._run is None:
            return
        if before is None or before.run_id != self._run.run_id:
            self._join(event)
        live.settle(self._run, self._conversation)

    def _join(self, event: live.LiveEvent) -> None:
        """A run that did not begin just now has a history."""
        begins = isinstance(event, live.RunPhased) and (
            event.started_at or event.phase is live.Phase.STARTING
        )
        if self._run is not None and not begins:
            self._run = live.with_history(self._run, self._conversation)

    # History

    def _want_end(self, after_s: float) -> None:
        self._end_due = min(self._end_due, self._port.clock.monotonic() + after_s)
        self._work.set()

    async def _read(self) -> None:
        self._work.clear()
        if not self._is_live:
            await self._work.wait()
            return
        if not self._is_subscribed:
            self._is_subscribed = True
            with contextlib.suppress(RequestFailedError):  # the seed's dialect has none
                await self._port.subscribe(self.session_key)
        wait_s = self._end_due - self._port.clock.monotonic()
        if wait_s <= 0:
            await self._read_end()
        elif self._wants_older:
            await self._read_older()
        elif self._wants_card:
            await self._read_card()
        elif wait_s < math.inf:
            await wake_or_sleep(self._port.clock, self._work, wait_s)
        else:
            await self._work.wait()

    async def _read_end(self) -> None:
        self._end_due = math.inf
        catches_up, self._catches_up = self._catches_up, False
        missed = await self._reader.read_since() if catches_up else None
        if missed is not None:
            for message in missed.messages:
                self._conversation.add(message)
            page = missed
        else:
            self._conversation.page_asked()
            page = await self._reader.read_end()
            if not self._conversation.replace_end(page):
                self._reader.start_over(page)
        if page.run is not None:
            self._adopt(page.run)
        elif self._reader.is_idle and self._run is not None:
            self._run = live.follow(self._run, live.RunEnded(self._run.run_id))
        if self._run is not None:
            live.settle(self._run, self._conversation)
            if self._run.over:
                self._run = live.without_reply(self._run)
        self._set_state(ViewState.READY)

    def _adopt(self, found: InFlight) -> None:
        known = self._run is not None and self._run.run_id == found.run_id
        if not known or cast("live.LiveRun", self._run).over:
            start = live.RunPhased(found.run_id, live.Phase.MODEL, found.started_at)
            self._run = live.follow(self._run, start)
            if found.text:
                self._run = live.follow(self._run, live.ReplyStreamed(found.run_id, found.text))
        if self._run is not None:
            self._run = live.with_history(self._run, self._conversation)

    async def _read_older(self) -> None:
        try:
            page, whole = await self._reader.read_older(len(self._conversation.messages))
        finally:
            self._wants_older = False
        if whole:
            self._conversation.replace_end(page)
        else:
            self._conversation.add_older(page)
        self._changed()

    async def _read_card(self) -> None:
        self._wants_card = False
        try:
            answer = await self._port.request("progressCard.get", {"sessionKey": self.session_key})
        except RequestFailedError:
            self._with_card = False  # before 2026.8 there is none
            return
        self._card = history.card(answer)
        self._changed()

    # State

    def _on_failure(self, error: GatewayFailureError) -> None:
        self._wants_older = False
        if isinstance(error, NotConnectedError | ConnectionLostError):
            self._end_due = math.inf  # `set_live` asks for it again
            self._is_live = False
            self._set_state(ViewState.OFFLINE)
            return
        told = error.failure.error
        refused = (
            isinstance(error, RequestFailedError)
            and told is not None
            and ("missing scope" in told.message or told.code in ("FORBIDDEN", "MISSING_SCOPE"))
        )
        words = told.message if told is not None else ""
        self._set_state(ViewState.REFUSED if refused else ViewState.FAILED, words or "silent")

    def _set_state(self, state: ViewState, problem: str = "") -> None:
        self._state, self._problem = state, problem
        self._changed()

    def _changed(self) -> None:
        self._rows = None
        self._news.set()


def _reply_of(event: str, payload: object) -> str:
    """The run whose reply an event streams, or ""."""
    if event != "agent":
        return ""
    data = fields.as_object(payload)
    return fields.identifier(data.get("runId")) if data.get("stream") == "assistant" else ""
