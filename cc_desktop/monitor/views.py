"""What a window looks at: sessions of any gateway, the demo included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.demo.policy import DEMO_GATEWAY
from cc_desktop.fleet.transcript.ports import NoViews, ViewState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cc_desktop.fleet.store import Store
    from cc_desktop.fleet.transcript.live import LiveRun
    from cc_desktop.fleet.transcript.ports import SessionHandle
    from cc_desktop.fleet.transcript.records import Message, ProgressCard
    from cc_desktop.fleet.transcript.rows import Row
    from cc_desktop.gateway.supervisor import GatewaySupervisor
    from cc_desktop.system.supervision import FaultLog


class MonitorViews:
    """Opens sessions to look at; an open one survives that its gateway gets other settings."""

    def __init__(
        self,
        store: Store,
        supervisors: Callable[[], Mapping[str, GatewaySupervisor]],
        faults: FaultLog,
    ) -> None:
        """Open nothing yet.

        Args:
            store: The model.
            supervisors: Gives those of the gateways that are watched now.
            faults: Where what nobody expected is logged once.
        """
        self._store = store
        self._faults = faults
        self._supervisors = supervisors
        self._open: list[_Handle] = []

    def transcript(
        self, gateway: str, session_key: str, listener: Callable[[], object]
    ) -> SessionHandle:
        """The whole conversation, page by page. For `listener` see `SessionViews`."""
        return self._look(gateway, session_key, listener, with_card=False)

    def now(self, gateway: str, session_key: str, listener: Callable[[], object]) -> SessionHandle:
        """The run in progress, the end of the conversation, and the progress card."""
        return self._look(gateway, session_key, listener, with_card=True)

    def look_again(self) -> None:
        """Other settings: open views move to the supervisor that their gateway has now."""
        for handle in list(self._open):
            handle.attach(self._supervisors().get(handle.gateway))

    def _look(
        self, gateway: str, session_key: str, listener: Callable[[], object], *, with_card: bool
    ) -> SessionHandle:
        if gateway == DEMO_GATEWAY:
            return self._look_at_demo(session_key, listener)
        handle = _Handle(
            gateway, session_key, listener, self._open.remove, self._record, with_card=with_card
        )
        self._open.append(handle)
        handle.attach(self._supervisors().get(gateway))
        return handle

    def _look_at_demo(self, session_key: str, listener: Callable[[], object]) -> SessionHandle:
        from cc_desktop.monitor.demo_view import DemoView  # most starts need none

        try:
            return DemoView(self._store, session_key, listener)
        except Exception as error:  # noqa: BLE001, RUF100 - a failure domain
            self._record(error)
            return NoViews().now(DEMO_GATEWAY, session_key, listener)

    def _record(self, error: BaseException) -> None:
        self._faults.record("opening a session to look at", error)


class _Handle:
    """A `SessionHandle` on whatever supervisor its gateway has."""

    def __init__(
        self,
        gateway: str,
        session_key: str,
        listener: Callable[[], object],
        on_closed: Callable[[_Handle], None],
        record: Callable[[BaseException], None],
        *,
        with_card: bool,
    ) -> None:
        self.gateway = gateway
        self._key = session_key
        self._listener = listener
        self._on_closed: Callable[[_Handle], None] | None = on_closed
        self._record = record
        self._with_card = with_card
        self._has_failed = False
        self._supervisor: GatewaySupervisor | None = None
        self._view: SessionHandle | None = None

    def attach(self, supervisor: GatewaySupervisor | None) -> None:
        """Look through this supervisor from now on; None: the gateway is watched no more."""
        if supervisor is self._supervisor:
            return
        view, self._supervisor, self._view = self._view, supervisor, None
        self._has_failed = False
        try:
            if view is not None:
                view.close()
            if supervisor is not None:
                self._view = supervisor.views.open(
                    self._key, self._listener, with_card=self._with_card
                )
        except Exception as error:  # noqa: BLE001, RUF100 - who looks is no part of who reads
            self._record(error)
            self._has_failed = True

    @property
    def state(self) -> ViewState:
        """How far it is."""
        if self._has_failed:
            return ViewState.FAILED
        return self._view.state if self._view else ViewState.OFFLINE

    @property
    def problem(self) -> str:
        """What went wrong."""
        if self._has_failed:
            return "internal"
        return self._view.problem if self._view else ""

    @property
    def rows(self) -> Sequence[Row]:
        """What to show."""
        return self._view.rows if self._view else ()

    @property
    def messages(self) -> Sequence[Message]:
        """The messages that are known."""
        return self._view.messages if self._view else ()

    @property
    def run(self) -> LiveRun | None:
        """The run in progress, or the last one."""
        return self._view.run if self._view else None

    @property
    def card(self) -> ProgressCard | None:
        """What the agent tells about its plan."""
        return self._view.card if self._view else None

    @property
    def has_more(self) -> bool:
        """Whether there are older messages to load."""
        return self._view is not None and self._view.has_more

    @property
    def is_full(self) -> bool:
        """Whether the rest is too much to load."""
        return self._view is not None and self._view.is_full

    @property
    def loads_older(self) -> bool:
        """Whether an older page is on its way."""
        return self._view is not None and self._view.loads_older

    def load_older(self) -> None:
        """Read the page before the first message."""
        if self._view is not None:
            self._view.load_older()

    def retry(self) -> None:
        """Read again after a failure."""
        if self._view is not None:
            self._view.retry()
        elif self._has_failed:
            supervisor, self._supervisor = self._supervisor, None
            self.attach(supervisor)

    def close(self) -> None:
        """Nobody looks any more."""
        on_closed, self._on_closed = self._on_closed, None
        if on_closed is not None:
            self.attach(None)
            on_closed(self)
