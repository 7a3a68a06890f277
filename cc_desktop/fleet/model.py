"""What is known of the fleet: gateways, their agents, sessions and devices.

All records are frozen: `cc_desktop.fleet.reducer` makes the next state from an event. Times are ms
since the epoch by the gateway's clock unless a comment says otherwise; 0 means unknown. Collections
are plain and are copied when they change, which their ceilings keep cheap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from cc_desktop.fleet.commands import CommandState
from cc_desktop.fleet.facts import Facts
from cc_desktop.fleet.guard.habit import most_of
from cc_desktop.fleet.guard.limits import GuardLimits
from cc_desktop.fleet.guard.silence import Heartbeats
from cc_desktop.fleet.inbox.item import InboxChanged, InboxItem
from cc_desktop.fleet.requests import Approval as Approval
from cc_desktop.fleet.requests import Decision, Question
from cc_desktop.fleet.runs import Run as Run

# Ceilings, so that no gateway can exhaust memory or processor. What is dropped is counted in
# `dropped_…`; the oldest goes first. Collections of these sizes are cheap to copy: with 700
# sessions or 200 runs, an event costs less than 1.5 times what it costs with ten.
AGENTS_PER_GATEWAY = 2_000
SESSIONS_PER_GATEWAY = 50_000
SESSIONS_PER_AGENT = 700
RUNS_PER_AGENT = 200
APPROVALS_PER_AGENT = 200
QUESTIONS_PER_AGENT = 50
DELETED_PER_AGENT = 1_000
COMMANDS_PER_GATEWAY = 300  # to stop everything is one a run


class Now(Struct, frozen=True, gc=False):
    """One moment on two clocks."""

    wall: int  # local ms since the epoch: to show, and to compare with what a gateway tells
    mono: int  # ms that never jump: to measure silence


class Status(StrEnum):
    """How an agent is, worst first; the first three need the operator."""

    ERROR = "error"
    WAITING = "waiting"
    STUCK = "stuck"
    ACTIVE = "active"
    THINKING = "thinking"
    IDLE = "idle"
    OFFLINE = "offline"
    UNKNOWN = "unknown"

    @property
    def needs_you(self) -> bool:
        """Whether the operator has to do something."""
        return self in NEEDS_YOU

    @property
    def working(self) -> bool:
        """Whether a run is in progress and nothing is wrong with it."""
        return self in WORKING


NEEDS_YOU = (Status.ERROR, Status.WAITING, Status.STUCK)
WORKING = (Status.ACTIVE, Status.THINKING)


class Origin(StrEnum):
    """Where what is on the screen comes from."""

    LIVE = "live"
    REST = "rest"
    LAST_KNOWN = "last-known"
    DEMO = "demo"
    NONE = "none"


class ConnectionState(StrEnum):
    """State of the connection to one gateway."""

    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    SYNCING = "syncing"
    LIVE = "live"
    WAITING = "waiting"
    BLOCKED = "blocked"
    OFF = "off"


class Problem(Struct, frozen=True, gc=False):
    """Why a gateway is not live, without words: `text/failures.py` has them."""

    kind: str  # a value of gateway.failures.FailureKind
    code: str = ""  # the gateway's own code, else the kind
    said: str = ""  # the gateway's or the system's own words, cleaned
    detail: str = ""  # by kind: an address, a checked request id, the protocol that is expected
    fingerprint: str = ""  # SHA-256 of the certificate that was shown, 64 hex digits
    pinned: str = ""  # the fingerprint that is trusted instead


PAIRING_LIFE_MS = 300_000  # measured on 2026.5.7 and 2026.9.6


class PairingRequest(Struct, frozen=True, gc=False):
    """A question that waits on the gateway's host: may this device have these scopes?"""

    request_id: str = ""  # checked: safe in a shell; "" when the gateway named none
    device: str = ""  # the name that the gateway shows for this device
    scopes: tuple[str, ...] = ()
    requested_at: int = 0  # local ms
    expires_at: int = 0  # local ms: the gateway forgets the request by then
    upgrade: bool = False  # the device is known, and asks for more

    @property
    def command(self) -> str:
        """What approves it, on the gateway's host."""
        return f"openclaw devices approve {self.request_id}" if self.request_id else ""


INTERNAL = "internal"  # the kind of a problem inside this app


class ConnectionInfo(Struct, frozen=True):
    """The connection to one gateway, as shown on its pill."""

    state: ConnectionState = ConnectionState.OFF
    until: int = 0  # local ms of the next try, when waiting
    problem: Problem | None = None
    protocol: int = 0
    server_version: str = ""
    token_place: str = ""  # where the device token is kept: "keyring" or "file"
    flapping: bool = False  # it comes and goes: no connection held for 30 s lately
    expected_back: int = 0  # local ms by which a planned restart should be over; 0: none
    silent_since: int = 0  # local ms of the last word when a tick was missed, else 0
    pairing: PairingRequest | None = None  # while somebody has to approve this device or its scopes
    scopes: tuple[str, ...] = ()  # what the gateway lets us do, while live


class Session(Struct, frozen=True, gc=False):
    """One session of an agent: what a row of `sessions.list` says."""

    key: str
    agent_id: str
    session_id: str = ""
    kind: str = ""
    label: str = ""
    display_name: str = ""
    derived_title: str = ""
    preview: str = ""
    channel: str = ""
    status: str = ""  # queued, running, done, failed, killed, timeout, or ""
    active: bool = False  # hasActiveRun when the gateway tells it, else what the status implies
    updated_at: int = 0
    started_at: int = 0
    ended_at: int = 0
    runtime_ms: int = 0
    error: str = ""
    aborted: bool = False
    model: str = ""
    provider: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    context_tokens: int = 0  # size of the model's window
    cost_usd: float = 0.0
    unread: bool = False
    archived: bool = False
    parent_key: str = ""
    digest_health: str = ""
    digest_headline: str = ""
    digest_revision: int = 0

    @property
    def title(self) -> str:
        """The words a person knows the session by."""
        if self.label:
            return self.label
        if self.derived_title:
            return self.derived_title
        rest = self.key.split(":", 2)[-1]
        return {"main": "Main"}.get(rest, self.display_name or rest)

    @property
    def failed(self) -> bool:
        """Whether its newest run is over and went wrong."""
        return not self.active and self.status in ("failed", "timeout") and not self.aborted

    @property
    def finished_at(self) -> int:
        """When its newest run ended, 0 while one is in progress or none ever was."""
        if self.active or self.status not in ("done", "failed", "timeout", "killed"):
            return 0
        return self.ended_at or self.updated_at

    @property
    def activity_at(self) -> int:
        """When something last happened in it: renaming an old session is not activity."""
        return self.finished_at or self.updated_at


class Agent(Struct, frozen=True):
    """One agent of one gateway, with the status that follows from all that is known of it."""

    gateway: str
    id: str
    name: str = ""
    emoji: str = ""
    role: str = ""
    theme: str = ""
    workspace: str = ""  # a folder on the gateway's host
    model: str = ""
    reported_status: Status | None = None  # the seed's dialect and the REST API tell a status
    reported_task: str = ""
    reported_at: int = 0
    heartbeat_ms: int = 0  # how often it wakes by itself; 0: never, or unknown
    sessions: Mapping[str, Session] = {}
    by_activity: Sequence[tuple[int, str]] = ()  # (activity_at, key), oldest first
    newest_finished_key: str = ""  # the session whose run ended last
    runs: Mapping[str, Run] = {}  # by session key
    approvals: Mapping[str, Approval] = {}  # oldest first
    approvals_expire_at: int = 0  # local ms at which the next of them expires
    questions: Mapping[str, Question] = {}  # oldest first
    questions_expire_at: int = 0  # local ms at which the next of them expires
    decided: Mapping[str, Decision] = {}  # by id of approval or question, the latest last
    heard: dict[str, Now] = {}  # active session → its last sign of life, the quietest first
    watched: frozenset[str] = frozenset()  # sessions whose run's end the operator waits for
    acting: int = 0  # how many of the active sessions do something else than think
    deleted_at: Mapping[str, int] = {}  # deleted key → updated_at
    awaiting_reply: frozenset[str] = frozenset()  # sessions whose digest says waiting-on-user
    # Sessions whose run ended with an error that no row confirms yet.
    unconfirmed_failures: frozenset[str] = frozenset()
    runaway: Mapping[str, Run] = {}  # runs that run away, as of their latest evidence, by session
    habit: tuple[int, ...] = ()  # tokens of its latest runs, the latest last
    # What the ceilings left out since the last list.
    dropped_sessions: int = 0
    dropped_runs: int = 0
    dropped_approvals: int = 0
    status: Status = Status.UNKNOWN
    status_since: int = 0  # local ms
    status_session_key: str = ""  # the session that the status comes from
    stuck: tuple[str, ...] = ()  # sessions that are silent for too long, whatever the status says
    silent_since: int = 0  # local ms since when it misses its heartbeat; 0: it does not

    @property
    def usual_tokens(self) -> int:
        """What nine in ten of its latest runs stay below. O(runs that are remembered)."""
        return most_of(self.habit)

    @property
    def shown_name(self) -> str:
        """Its name, or its id while it has none."""
        return self.name or self.id

    @property
    def last_seen_at(self) -> dict[str, int]:
        """Local ms of the last sign of life, by active session. O(active sessions)."""
        return {key: at.wall for key, at in self.heard.items()}

    @property
    def cause(self) -> Session | None:
        """The session that the status comes from."""
        return self.sessions.get(self.status_session_key)

    @property
    def reason(self) -> str:
        """Why it failed, in the gateway's words, or ""."""
        cause, run = self.cause, self.runs.get(self.status_session_key)
        if cause is None:
            return self.reported_task
        return cause.error or (run.error if run is not None else "")

    @property
    def last_activity(self) -> int:
        """Newest sign of life in any session, ms."""
        return max(self.by_activity[-1][0] if self.by_activity else 0, self.reported_at)


class Device(Struct, frozen=True, gc=False):
    """A node, client or gateway that `presence` lists."""

    gateway: str
    id: str
    name: str = ""
    platform: str = ""
    mode: str = ""
    online: bool = True
    since: int = 0
    is_own: bool = False  # this very app


class Listing(Struct, frozen=True):
    """A snapshot that arrives in slices. Events in between are newer than its rows."""

    agent_ids: tuple[str, ...]
    origin: Origin
    clock_offset_ms: int
    changed_meanwhile: frozenset[str]
    since: int  # local ms of the gateway's start; 0 when it does not tell
    dropped_agents: int = 0
    unlisted_sessions: int = 0
    faults_before: int = 0  # `Gateway.faults` when it began
    touched: frozenset[str] = frozenset()  # keys of sessions with an event since it began
    applied: frozenset[str] = frozenset()  # ids of agents whose slice was taken in


class Gateway(Struct, frozen=True):
    """One gateway and everything known about it."""

    id: str
    name: str
    url: str = ""
    connection: ConnectionInfo = ConnectionInfo()
    origin: Origin = Origin.NONE
    as_of: int = 0  # local ms at which the data was last known to be true
    away_since: int = 0  # local ms since when what is known is only the last known, else 0
    clock_offset_ms: int = 0  # ms to add to the gateway's times to get local ones
    heartbeats: Heartbeats = Heartbeats()
    hidden: bool = False  # demo data is on the screen instead
    agents: Mapping[str, Agent] = {}
    devices: Mapping[str, Device] = {}
    # What the operator has seen: session key → ended_at of a failure, id of another item → since.
    seen: Mapping[str, int] = {}
    facts: Facts = Facts()
    approvals: Mapping[str, Approval] = {}  # that no agent of the gateway waits for, oldest first
    inbox: Mapping[str, tuple[InboxItem, ...]] = {}  # by agent id; "": of the gateway itself
    fact_inbox: dict[str, tuple[InboxItem, ...]] = {}  # likewise, by record, see `record_scope`
    inbox_due: int = 0  # local ms at which time alone changes the gateway's own items; 0: never
    commands: Mapping[str, CommandState] = {}  # by command id, oldest first
    session_count: int = 0  # over all agents
    dropped_agents: int = 0  # left out of the last list
    unlisted_sessions: int = 0  # that the last list did not have, of whatever agents
    faults: int = 0  # events that failed inside the model since the last list: an internal error
    listing: Listing | None = None

    def origin_of(self, agent_id: str) -> Origin:
        """Where what is known of an agent comes from, also while a list arrives in slices."""
        listing = self.listing
        return listing.origin if listing and agent_id in listing.applied else self.origin

    def offset_of(self, agent_id: str) -> int:
        """`clock_offset_ms` for what is known of an agent, likewise."""
        listing = self.listing
        is_applied = listing and agent_id in listing.applied
        return listing.clock_offset_ms if listing and is_applied else self.clock_offset_ms

    @property
    def dropped_sessions(self) -> int:
        """Sessions that are not shown because there are too many. O(agents)."""
        left_out = sum(agent.dropped_sessions for agent in self.agents.values())
        return left_out + self.unlisted_sessions


class Fleet(Struct, frozen=True):
    """All gateways, in the order of the settings."""

    gateways: Mapping[str, Gateway] = {}
    stuck_after_ms: int = 600_000
    newest_release: tuple[int, ...] = ()  # among the gateways, as `inbox/releases.py` reads it
    guard: GuardLimits = GuardLimits()

    def agent(self, gateway: str, agent_id: str) -> Agent | None:
        """The agent, or None."""
        found = self.gateways.get(gateway)
        return found.agents.get(agent_id) if found else None

    def shown(self) -> list[Gateway]:
        """The gateways whose data is on the screen."""
        return [gateway for gateway in self.gateways.values() if not gateway.hidden]


class AgentChanged(Struct, frozen=True):
    """An agent came (before is None), changed, or went (after is None)."""

    gateway: str
    agent_id: str
    before: Agent | None
    after: Agent | None


class DevicesChanged(Struct, frozen=True):
    """The devices of a gateway changed. Both by the device's id."""

    gateway: str
    before: Mapping[str, Device]
    after: Mapping[str, Device]


class GatewayChanged(Struct, frozen=True):
    """Connection, origin, time of the data or visibility of a gateway changed."""

    gateway: str
    before: Gateway | None
    after: Gateway | None


Change = AgentChanged | DevicesChanged | GatewayChanged | InboxChanged
