"""What a gateway tells about itself, beside its agents. Pure.

Each record has an id that is unique among its kind. Words are the gateway's own, cleaned where they
came in. Times in an event are the gateway's, in the model local; both ms since the epoch, and 0
means unknown. When a sign-in expires or a quota starts anew is the provider's time in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class ChannelState(StrEnum):
    """How a channel is. Only what the Control UI itself calls out counts as a fault."""

    OK = "ok"
    DISCONNECTED = "disconnected"
    DEGRADED = "degraded"
    PROBE_FAILED = "probe-failed"
    NO_CREDENTIALS = "no-credentials"


class Channel(Struct, frozen=True, gc=False):
    """A channel, such as a chat account, by which people reach the agents."""

    id: str  # channel, and its account if it has several
    label: str = ""
    state: ChannelState = ChannelState.OK
    detail: str = ""
    last_inbound_at: int = 0


class CronJob(Struct, frozen=True, gc=False):
    """A job that the gateway runs by the clock. Built-in ones (heartbeats) are left out."""

    id: str
    name: str = ""
    agent_id: str = ""
    is_enabled: bool = True
    is_running: bool = False
    next_run_at: int = 0
    last_run_at: int = 0
    last_status: str = ""  # "ok", "error", "skipped" or ""
    last_error: str = ""
    error_reason: str = ""  # "auth", "rate_limit", "timeout", … where the gateway tells it
    failures: int = 0  # in a row
    is_given_up: bool = False  # the gateway switched it off because it failed again and again
    is_once: bool = False  # it runs one time only, and is off after that
    is_undelivered: bool = False  # it ran, and its result reached nobody
    delivery_error: str = ""  # why


class SignIn(Struct, frozen=True, gc=False):
    """The gateway's sign-in at a model provider."""

    id: str  # the provider, and the profile if there are several
    provider: str = ""
    status: str = ""  # "ok", "expiring", "expired", "missing", "static"
    expires_at: int = 0


class Quota(Struct, frozen=True, gc=False):
    """How much of what a provider allows is used, in one window of time."""

    id: str  # provider and window
    provider: str = ""
    label: str = ""  # of the window: "5 h", "week"
    used_percent: float = 0.0
    resets_at: int = 0


class Task(Struct, frozen=True, gc=False):
    """A background task of an agent."""

    id: str
    agent_id: str = ""
    session_key: str = ""
    title: str = ""
    child_key: str = ""  # the session that does the work
    status: str = ""  # "queued", "running", "completed", "failed", "timed_out", "cancelled"
    outcome: str = ""  # "succeeded" or "blocked" once it is over
    error: str = ""
    summary: str = ""
    delivery: str = ""  # "delivered", "pending", "failed", "dismissed", …
    started_at: int = 0
    ended_at: int = 0
    files: int = 0
    added: int = 0  # lines
    removed: int = 0


class JoinRequest(Struct, frozen=True, gc=False):
    """A device, node or sender that asks to be let in."""

    id: str
    what: str = "device"  # "device", "node" or "sender"
    name: str = ""
    since: int = 0
    expires_at: int = 0
    # What an operator recognises a device by. Except for address and id, it says so itself.
    platform: str = ""  # "iPhone · iOS 26.1"
    client: str = ""  # which program asks, and as what: "openclaw-ios · ui"
    address: str = ""  # as the gateway sees it: an IP, and the page of a browser
    device: str = ""  # its id, whole, as `openclaw devices list` shows it
    scopes: tuple[str, ...] = ()  # what it asks for
    is_repair: bool = False  # a device of this id is paired already

    @property
    def known(self) -> str:
        """The same in one line, as far as it is told."""
        return " · ".join(part for part in (self.platform, self.address) if part)


class ConditionKind(StrEnum):
    """What may be wrong with the gateway itself. There is at most one of each, plugins apart."""

    CONFIG_IGNORED = "config-ignored"  # edits of its configuration have no effect
    RESTART_NEEDED = "restart-needed"  # edits are saved and wait for a restart
    RUNTIME = "runtime"  # its model runtime is degraded
    PLUGIN = "plugin"  # one a plugin
    UPDATE = "update"  # a newer release is available
    SUSPENDED = "suspended"  # it starts nothing new for now, on purpose: nothing is overdue


class Condition(Struct, frozen=True, gc=False):
    """Something about the gateway itself that an operator wants to know while it lasts."""

    id: str  # the kind, and for plugins the plugin
    kind: ConditionKind
    name: str = ""
    detail: str = ""


class ReadAccess(StrEnum):
    """Whether a subject can be read on a gateway."""

    READABLE = "readable"
    PENDING = "pending"  # it was not read yet on this connection: what is known may be old
    REFUSED = "refused"  # this connection has not the right
    ABSENT = "absent"  # this release does not have it


class Subject(Struct, frozen=True, gc=False):
    """What is known about reading one subject: approvals, questions, tasks and so on.

    `gateway/sources` tells of "cron", "tasks", "sign-ins", "quotas", "config" and "joins".
    """

    id: str
    access: ReadAccess = ReadAccess.READABLE


class ProgressCard(Struct, frozen=True, gc=False):
    """The steps that an agent keeps of its run (2026.8 on)."""

    id: str  # the session's key
    done: int = 0
    total: int = 0
    current: str = ""  # the step that is being done


Fact = Channel | CronJob | SignIn | Quota | Task | JoinRequest | Condition | Subject | ProgressCard
FACTS_PER_KIND = 2_000  # ceiling for each kind on a gateway: the oldest go first


class RestartCheck(Struct, frozen=True):
    """What a gateway says about a restart at the moment at which it was asked."""

    is_safe: bool = False
    blockers: tuple[str, ...] = ()  # in the gateway's words
    busy: Mapping[str, int] = {}  # what is at work, by "runs", "jobs", "tasks", …; no zeros


class Facts(Struct, frozen=True):
    """All that a gateway told about itself, by kind and id."""

    channels: Mapping[str, Channel] = {}
    cron: Mapping[str, CronJob] = {}
    sign_ins: Mapping[str, SignIn] = {}
    quotas: Mapping[str, Quota] = {}
    tasks: Mapping[str, Task] = {}
    joins: Mapping[str, JoinRequest] = {}
    conditions: Mapping[str, Condition] = {}
    subjects: Mapping[str, Subject] = {}
    progress: Mapping[str, ProgressCard] = {}
    offset_ms: int = 0  # what was added to the gateway's times, see `steady_offset`

    def of(self, kind: type[Fact]) -> Mapping[str, Fact]:
        """The records of a kind, by id."""
        found: Mapping[str, Fact] = getattr(self, _FIELDS[kind])
        return found

    def access(self, subject: str) -> ReadAccess:
        """Whether a subject can be read here, as far as is known."""
        known = self.subjects.get(subject)
        return known.access if known else ReadAccess.READABLE


_FIELDS: dict[type, str] = {
    Channel: "channels",
    CronJob: "cron",
    SignIn: "sign_ins",
    Quota: "quotas",
    Task: "tasks",
    JoinRequest: "joins",
    Condition: "conditions",
    Subject: "subjects",
    ProgressCard: "progress",
}


def with_all(facts: Facts, kind: type[Fact], records: tuple[Fact, ...]) -> Facts:
    """These records are all of their kind."""
    name = _FIELDS[kind]
    new = {record.id: record for record in records[:FACTS_PER_KIND]}
    return facts if new == getattr(facts, name) else replace(facts, **{name: new})


def with_one(facts: Facts, record: Fact) -> Facts:
    """One record is new, or another than before."""
    name = _FIELDS[type(record)]
    old = facts.of(type(record))
    if old.get(record.id) == record:
        return facts
    new = {**old, record.id: record}
    if len(new) > FACTS_PER_KIND:
        del new[next(iter(new))]
    return replace(facts, **{name: new})


def without(facts: Facts, kind: type[Fact], ident: str) -> Facts:
    """One record is gone."""
    name = _FIELDS[kind]
    old = facts.of(kind)
    if ident not in old:
        return facts
    return replace(facts, **{name: {key: one for key, one in old.items() if key != ident}})


STEADY_MS = 5_000


def steady_offset(known: int, measured: int) -> int:
    """What to add to the gateway's times, in ms.

    Each list measures the difference of the two clocks a little differently. A time that moved
    with each of them would look like news.
    """
    if abs(measured - known) <= STEADY_MS:
        return known
    return round(measured / STEADY_MS) * STEADY_MS


_TIMES: dict[type, tuple[str, ...]] = {
    Channel: ("last_inbound_at",),
    CronJob: ("next_run_at", "last_run_at"),
    Task: ("started_at", "ended_at"),
    JoinRequest: ("since", "expires_at"),
}


def localized(record: Fact, offset_ms: int) -> Fact:
    """The record with the gateway's times as local ones."""
    if not offset_ms:
        return record
    told = {name: getattr(record, name) for name in _TIMES.get(type(record), ())}
    moved = {name: max(1, time + offset_ms) for name, time in told.items() if time}
    return replace(record, **moved) if moved else record
