"""The sessions of one gateway that somebody looks at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from cc_desktop.gateway.failures import GatewayFailureError
from cc_desktop.gateway.views.audience import Audience
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from cc_desktop.gateway.incidents import IncidentLog
    from cc_desktop.gateway.views.session_view import SessionView
    from cc_desktop.protocol.frames import EventFrame
    from cc_desktop.system.clock import Clock

# What a view takes in; see `decoders.live`.
EVENTS = frozenset({"agent", "session.tool", "chat", "session.message", "progressCard.changed"})


class Request(Protocol):
    """Sends a request on the live connection; see `GatewaySupervisor.request`."""

    async def __call__(self, method: str, params: object = None, /) -> Any:
        """Return the payload of the answer."""
        ...


class GatewayViews:
    """Opens and feeds views. A view that fails says so itself; the others live on.

    Attributes:
        audience: Agrees with whoever declares this connection visible.
    """

    def __init__(
        self, gateway: str, request: Request, clock: Clock, incidents: IncidentLog
    ) -> None:
        self._gateway = gateway
        self._request = request
        self._clock = clock
        self._incidents = incidents
        self._open: dict[str, list[SessionView]] = {}
        self._started: set[SessionView] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_live = False
        self._seq: int | None = None
        self.audience = Audience()

    @property
    def has_message_subscriptions(self) -> bool:
        """Whether messages of a session are subscribed: then visibility is not declared."""
        return self.audience.has_message_subscriptions

    @property
    def open_count(self) -> int:
        """How many views are open."""
        return sum(len(views) for views in self._open.values())

    def open(
        self, session_key: str, listener: Callable[[], object], *, with_card: bool = False
    ) -> SessionView:
        """Look at a session until the view is closed.

        Args:
            session_key: Which.
            listener: Called after changes, at most ten times a second.
            with_card: Ask for the progress card, too.
        """
        from cc_desktop.gateway.views.session_view import SessionView, ViewPort  # not at the start

        port = ViewPort(
            self._request, self._clock, self._subscribe, self._on_closed, listener, self._record
        )
        view = SessionView(session_key, port, with_card=with_card)
        self._open.setdefault(session_key, []).append(view)
        view.set_live(self._is_live)
        self._start(view)
        return view

    def set_live(self, is_live: bool) -> None:
        """The connection is live, or gone."""
        if is_live == self._is_live:
            return
        self._is_live = is_live
        self._seq = None
        if not is_live:
            self.audience.forget()
        for view in self._all():
            view.set_live(is_live)
            self._start(view)

    def on_event(self, frame: EventFrame) -> None:
        """Hand an event to those who look at its session. Never raises, never waits."""
        if not self._open:
            return
        if frame.seq is not None:
            gap = self._seq is not None and frame.seq > self._seq + 1
            self._seq = frame.seq
            if gap:
                for view in self._all():
                    view.read_again()
        if frame.event not in EVENTS:
            return
        key = fields.as_object(frame.payload).get("sessionKey")
        for view in self._open.get(key, ()) if isinstance(key, str) else ():
            view.on_event(frame.event, frame.payload)

    async def close(self) -> None:
        """The gateway is no longer watched."""
        self.set_live(False)
        for view in self._all():
            view.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, view: SessionView) -> None:
        """Start the work of a view at its first live connection: before, there is nothing to do."""
        if self._is_live and view not in self._started:
            self._started.add(view)
            self._spawn(view.run_until_closed(), f"view {self._gateway}")

    def _all(self) -> list[SessionView]:
        return [view for views in self._open.values() for view in views]

    async def _subscribe(self, key: str) -> None:
        async def subscribe() -> None:
            await self._request("sessions.messages.subscribe", {"key": key})

        await self.audience.enter(key, subscribe)

    def _on_closed(self, view: SessionView) -> None:
        self._started.discard(view)
        views = self._open.get(view.session_key, [])
        if view in views:
            views.remove(view)
        if not views and self._open.pop(view.session_key, None) is not None and self._is_live:
            self._spawn(self._unsubscribe(view.session_key), f"unsubscribe {self._gateway}")

    async def _unsubscribe(self, key: str) -> None:
        async def unsubscribe() -> None:
            if key not in self._open:  # nobody came back meanwhile
                await self._request("sessions.messages.unsubscribe", {"key": key})

        try:
            await self.audience.leave(key, unsubscribe)
        except GatewayFailureError:
            pass  # the gateway drops it with the connection
        except Exception as error:  # noqa: BLE001, RUF100 - a failure domain
            self._record(error)

    def _record(self, error: BaseException) -> None:
        self._incidents.record(f"gateway {self._gateway}: view", error)

    def _spawn(self, job: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(job, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
