"""Facts about one gateway that every source reports, whatever its dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from cc_desktop.fleet.agent_info import AgentInfo as AgentInfo
from cc_desktop.fleet.commands import Command
from cc_desktop.fleet.facts import Fact
from cc_desktop.fleet.model import ConnectionInfo, Device, Origin, Session, Status
from cc_desktop.fleet.requests import Approval, Question
from cc_desktop.fleet.runs import Cause


class GatewayAdded(Struct, frozen=True):
    """A gateway of the settings, or the demo."""

    gateway: str
    name: str
    url: str = ""


class GatewayRenamed(Struct, frozen=True):
    """The settings give a gateway another name."""

    gateway: str
    name: str


class GatewaysOrdered(Struct, frozen=True):
    """The order of the settings. Gateways that it does not name come last."""

    order: tuple[str, ...]
    gateway: str = ""  # concerns none alone


class GatewayRemoved(Struct, frozen=True):
    """A gateway that is no longer watched."""

    gateway: str


class ConnectionChanged(Struct, frozen=True):
    """The connection is in another state."""

    gateway: str
    connection: ConnectionInfo


class Snapshot(Struct, frozen=True):
    """A fresh list of all agents and sessions: what is not in it is gone."""

    gateway: str
    agents: tuple[AgentInfo, ...]
    sessions: tuple[Session, ...]
    origin: Origin = Origin.LIVE
    taken_at: int = 0  # the gateway's clock, ms; 0 when it does not tell
    changed_meanwhile: frozenset[str] = frozenset()  # keys: of these the list is older
    since: int = 0  # local ms of the gateway's start; 0 when it does not tell
    total_agents: int = 0  # at least so many, where the list was cut to a limit; else 0
    total_sessions: int = 0


class SnapshotBegan(Struct, frozen=True):
    """A snapshot arrives in slices; see `cc_desktop.fleet.reducer.slices`."""

    gateway: str
    agent_ids: tuple[str, ...]
    origin: Origin = Origin.LIVE
    taken_at: int = 0
    changed_meanwhile: frozenset[str] = frozenset()
    since: int = 0
    dropped_agents: int = 0  # left out because there are too many
    unlisted_sessions: int = 0  # that the source left out already


class SnapshotRows(Struct, frozen=True):
    """A slice: some agents, each with all its sessions."""

    gateway: str
    agents: tuple[AgentInfo, ...]
    sessions: tuple[Session, ...]
    dropped: Mapping[str, int] = {}  # sessions left out, by agent id


class SnapshotEnded(Struct, frozen=True):
    """The last slice has arrived: an agent that was in none is gone."""

    gateway: str


class SignOfLife(Struct, frozen=True):
    """Something came from the gateway, whatever it was. Once a second is enough."""

    gateway: str
    heartbeat: bool = False  # an agent's, of which the gateway does not tell the name


class SessionChanged(Struct, frozen=True):
    """Fields of one session. `fields` are names of `Session`; what is absent is unchanged."""

    gateway: str
    key: str
    agent_id: str
    fields: Mapping[str, Any]
    complete: bool = False  # the row is whole: what is absent is cleared


class PreviewTold(Struct, frozen=True):
    """The last message of a session, as somebody looked it up: no sign of life."""

    gateway: str
    row: Session  # its key, agent and `updated_at`: of a later row it is not true
    preview: str


class SessionRemoved(Struct, frozen=True):
    """A session was deleted. With a `session_id`, only that generation of it."""

    gateway: str
    key: str
    agent_id: str
    session_id: str = ""


class DevicesListed(Struct, frozen=True):
    """The full list of devices and clients."""

    gateway: str
    devices: tuple[Device, ...]


class AgentActivity(Struct, frozen=True):
    """The seed's `presence`: an agent's own activity."""

    gateway: str
    agent_id: str
    status: Status | None = None
    task: str | None = None
    at: int = 0


class AgentConfigured(Struct, frozen=True):
    """The seed's `agent.config`: None leaves a field as it is."""

    gateway: str
    agent_id: str
    name: str | None = None
    role: str | None = None
    emoji: str | None = None
    model: str | None = None


class HeartbeatsTold(Struct, frozen=True):
    """How often agents wake by themselves: {agent id: ms}, 0 for never. Others are unchanged."""

    gateway: str
    every_ms: Mapping[str, int]


class RunProgress(Struct, frozen=True):
    """A sign of life of a run."""

    gateway: str
    agent_id: str
    session_key: str
    run_id: str
    thinking: bool | None = None
    activity: str | None = None
    error: str | None = None
    over: bool = False
    stopped: bool = False  # with `over`: somebody stopped it
    starts: bool = False  # a run that was over goes on, with another model perhaps
    started_at: int = 0  # with `starts`: the gateway's clock, ms; 0 when it does not tell
    call: str = ""  # signature of the call of a tool that `activity` is about
    tokens: int = 0  # that its model calls took so far; 0: not told
    cause: Cause | None = None  # with `error`


class ApprovalOpened(Struct, frozen=True):
    """A run waits for a person."""

    gateway: str
    approval: Approval


class ApprovalClosed(Struct, frozen=True):
    """It was decided, or withdrawn."""

    gateway: str
    agent_id: str  # "": not told, so the id has to do
    approval_id: str
    decision: str = ""  # "allow-once", "allow-always", "deny", "expired" or "": not told
    decided_by: str = ""


class ApprovalsListed(Struct, frozen=True):
    """All that wait on the gateway, of these families: those that are not among them are over."""

    gateway: str
    families: tuple[str, ...]
    approvals: tuple[Approval, ...]


class ApprovalsUnlisted(Struct, frozen=True):
    """This connection may not read them: from now on only runs tell of them."""

    gateway: str


class QuestionOpened(Struct, frozen=True):
    """An agent asks its operator. One that is open already is told in more detail, or again."""

    gateway: str
    question: Question


class QuestionClosed(Struct, frozen=True):
    """It was answered, cancelled or withdrawn."""

    gateway: str
    agent_id: str  # "": not told, so the id has to do
    question_id: str
    outcome: str = ""  # "answered", "cancelled", "expired" or "": not told


class QuestionsListed(Struct, frozen=True):
    """All questions that wait on the gateway, with ids to answer them by."""

    gateway: str
    questions: tuple[Question, ...]


class HeadlineTold(Struct, frozen=True):
    """What a session is at, in the words of the gateway's observer."""

    gateway: str
    agent_id: str
    session_key: str
    headline: str
    health: str = ""
    revision: int = 0  # grows within a session


class FactsListed(Struct, frozen=True):
    """All records of one kind: those that are not among them are gone."""

    gateway: str
    kind: type[Fact]
    records: tuple[Fact, ...]


class FactTold(Struct, frozen=True):
    """One record is new, or another than before."""

    gateway: str
    record: Fact


class FactGone(Struct, frozen=True):
    """One record is no longer true."""

    gateway: str
    kind: type[Fact]
    id: str


class OriginChanged(Struct, frozen=True):
    """What is known of a gateway is now of another origin (its agents become last known)."""

    gateway: str
    origin: Origin


class Shown(Struct, frozen=True):
    """Whether a gateway's data is on the screen, or hidden behind the demo."""

    gateway: str
    shown: bool


class Seen(Struct, frozen=True):
    """The operator has seen items: `InboxItem.mark` → time of the failure, or since when."""

    gateway: str
    seen: Mapping[str, int] = {}


class Unseen(Struct, frozen=True):
    """Undoes `Seen` for these marks."""

    gateway: str
    keys: frozenset[str]


class RunWatched(Struct, frozen=True):
    """The operator wants to be told of the end of a run in progress, or no longer."""

    gateway: str
    agent_id: str
    session_key: str
    on: bool = True


class CommandSent(Struct, frozen=True):
    """A command is under way."""

    gateway: str
    command: Command


class CommandDone(Struct, frozen=True):
    """A command was carried out."""

    gateway: str
    id: str
    reason: str = ""  # "demo": on sample data only


class CommandUnknown(Struct, frozen=True):
    """A command is not answered in time, or the connection went before it was."""

    gateway: str
    id: str
    reason: str  # a kind


class CommandRefused(Struct, frozen=True):
    """A command was not carried out. `reason` is a kind, `said` the gateway's own words."""

    gateway: str
    id: str
    reason: str
    said: str = ""


class Tick(Struct, frozen=True):
    """Time has passed: what is silent may be stuck, what was asked may have expired."""

    gateway: str
    other_limits: bool = False  # `Fleet.guard` has changed as well


Event = (
    GatewayAdded
    | GatewayRenamed
    | GatewaysOrdered
    | GatewayRemoved
    | ConnectionChanged
    | Snapshot
    | SnapshotBegan
    | SnapshotRows
    | SnapshotEnded
    | SignOfLife
    | SessionChanged
    | PreviewTold
    | SessionRemoved
    | DevicesListed
    | AgentActivity
    | AgentConfigured
    | HeartbeatsTold
    | RunProgress
    | ApprovalOpened
    | ApprovalClosed
    | ApprovalsListed
    | ApprovalsUnlisted
    | QuestionOpened
    | QuestionClosed
    | QuestionsListed
    | HeadlineTold
    | FactsListed
    | FactTold
    | FactGone
    | OriginChanged
    | Shown
    | Seen
    | Unseen
    | RunWatched
    | CommandSent
    | CommandDone
    | CommandUnknown
    | CommandRefused
    | Tick
)
