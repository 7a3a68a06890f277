"""The few facts that every source speaks, whatever its dialect. Each is about one gateway."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.model import Approval, Device, Link, Origin, Session, Status

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """An agent as a list names it."""

    id: str
    name: str = ""
    emoji: str = ""
    theme: str = ""
    model: str = ""
    role: str = ""
    status: Status | None = None
    task: str = ""
    last_activity: int = 0


@dataclass(frozen=True, slots=True)
class GatewayAdded:
    """A gateway of the settings, or the demo."""

    gateway: str
    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class GatewayRemoved:
    """A gateway that is no longer watched."""

    gateway: str


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The connection is in another state."""

    gateway: str
    link: Link


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A fresh list of all agents and sessions: what is not in it is gone."""

    gateway: str
    agents: tuple[AgentInfo, ...]
    sessions: tuple[Session, ...]
    origin: Origin = Origin.LIVE
    taken_at: int = 0  # the gateway's clock, ms; 0 when it does not tell
    # Keys of sessions that changed while the list was made: the list does not overrule them.
    touched: frozenset[str] = frozenset()
    since: int = 0  # local ms of the gateway's start; 0 when it does not tell


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """Fields of one session. `fields` are names of `Session`; what is absent is unchanged."""

    gateway: str
    key: str
    agent_id: str
    fields: Mapping[str, Any]
    complete: bool = False  # the row is whole: what is absent is cleared


@dataclass(frozen=True, slots=True)
class SessionRemoved:
    """A session was deleted. With a `session_id`, only that generation of it."""

    gateway: str
    key: str
    agent_id: str
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class DevicesListed:
    """The full list of devices and clients."""

    gateway: str
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class AgentActivity:
    """The seed's `presence`: an agent's own activity."""

    gateway: str
    agent_id: str
    status: Status | None = None
    task: str | None = None
    at: int = 0


@dataclass(frozen=True, slots=True)
class AgentConfigured:
    """The seed's `agent.config`: None leaves a field as it is."""

    gateway: str
    agent_id: str
    name: str | None = None
    role: str | None = None
    emoji: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class HeartbeatsTold:
    """How often agents wake by themselves: {agent id: ms}, 0 for never. Others are unchanged."""

    gateway: str
    every_ms: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A sign of life of a run."""

    gateway: str
    agent_id: str
    session_key: str
    run_id: str
    thinking: bool | None = None
    doing: str | None = None
    error: str | None = None
    over: bool = False
    starts: bool = False  # a run that was over goes on, with another model perhaps


@dataclass(frozen=True, slots=True)
class ApprovalOpened:
    """A run waits for a person."""

    gateway: str
    approval: Approval


@dataclass(frozen=True, slots=True)
class ApprovalClosed:
    """It was decided, or withdrawn."""

    gateway: str
    agent_id: str
    approval_id: str


@dataclass(frozen=True, slots=True)
class OriginChanged:
    """What is known of a gateway is now of another origin (its agents become last known)."""

    gateway: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Shown:
    """Whether a gateway's data is on the screen, or hidden behind the demo."""

    gateway: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """The operator has seen the failure of an agent's sessions: {session key: ended_at}."""

    gateway: str
    seen: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed: what is silent may be stuck, what was asked may have expired."""

    gateway: str


Event = (
    GatewayAdded
    | GatewayRemoved
    | LinkChanged
    | Snapshot
    | SessionChanged
    | SessionRemoved
    | DevicesListed
    | AgentActivity
    | AgentConfigured
    | HeartbeatsTold
    | RunProgress
    | ApprovalOpened
    | ApprovalClosed
    | OriginChanged
    | Shown
    | Seen
    | Tick
)
