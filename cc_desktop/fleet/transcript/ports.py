"""What a view asks for to look into a session, whoever provides it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cc_desktop.fleet.transcript.live import LiveRun
    from cc_desktop.fleet.transcript.records import Message, ProgressCard
    from cc_desktop.fleet.transcript.rows import Row


class ViewState(StrEnum):
    """How far the reading of a session is."""

    LOADING = "loading"
    READY = "ready"
    OFFLINE = "offline"  # no connection: what is shown may be old
    REFUSED = "refused"  # the gateway does not let us read
    FAILED = "failed"


class SessionHandle(Protocol):
    """A session that is looked at, until `close`."""

    @property
    def state(self) -> ViewState:
        """How far it is."""
        ...

    @property
    def problem(self) -> str:
        """The gateway's words, or the kind of what went wrong; "" without a problem."""
        ...

    @property
    def rows(self) -> Sequence[Row]:
        """The conversation, and what the run in progress adds. Not to be kept: it changes."""
        ...

    @property
    def messages(self) -> Sequence[Message]:
        """The messages of the conversation that are known, oldest first."""
        ...

    @property
    def run(self) -> LiveRun | None:
        """The run in progress, or the one that ended while somebody looked."""
        ...

    @property
    def card(self) -> ProgressCard | None:
        """What the agent tells about its plan."""
        ...

    @property
    def has_more(self) -> bool:
        """Whether there are older messages to load."""
        ...

    @property
    def is_full(self) -> bool:
        """Whether older messages exist that are too many to load."""
        ...

    @property
    def loads_older(self) -> bool:
        """Whether an older page is on its way."""
        ...

    def load_older(self) -> None:
        """Read the page before the first message."""
        ...

    def retry(self) -> None:
        """Read again after a failure."""
        ...

    def close(self) -> None:
        """Nobody looks any more. May be called again."""
        ...


class SessionViews(Protocol):
    """Opens sessions to look at. `listener` is called after each change, at most 10 times a s."""

    def transcript(
        self, gateway: str, session_key: str, listener: Callable[[], object]
    ) -> SessionHandle:
        """The whole conversation, page by page."""
        ...

    def now(self, gateway: str, session_key: str, listener: Callable[[], object]) -> SessionHandle:
        """The run in progress, the end of the conversation, and the progress card."""
        ...


class _NoHandle:
    """A session that cannot be read."""

    state = ViewState.OFFLINE
    problem = ""
    rows: Sequence[Row] = ()
    messages: Sequence[Message] = ()
    run: LiveRun | None = None
    card: ProgressCard | None = None
    has_more = is_full = loads_older = False

    def load_older(self) -> None:
        """There is nothing to load."""

    def retry(self) -> None:
        """There is nothing to try."""

    def close(self) -> None:
        """Nothing is open."""


class NoViews:
    """Where nothing can be looked into: a window without a monitor."""

    def transcript(
        self, _gateway: str, _session_key: str, _listener: Callable[[], object]
    ) -> SessionHandle:
        """A session that cannot be read."""
        return _NoHandle()

    def now(
        self, _gateway: str, _session_key: str, _listener: Callable[[], object]
    ) -> SessionHandle:
        """A session that cannot be read."""
        return _NoHandle()
