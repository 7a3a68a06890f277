"""What `demo-fleet.json` says: the sample fleet at its start, and what can happen in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from cc_desktop.fleet import facts
from cc_desktop.fleet.model import Device, Session
from cc_desktop.fleet.requests import QuestionPart

if TYPE_CHECKING:
    from collections.abc import Iterable

MINUTE = 60_000  # ms

Text = Annotated[str, Meta(pattern=r"\S")]  # not blank
# The upper limit also keeps NaN and Infinity out, which Python's JSON reader takes.
Number = Annotated[float, Meta(ge=0, le=1e12)]
Count = Annotated[int, Meta(ge=0, le=10**12)]
Texts = Annotated[tuple[Text, ...], Meta(min_length=1)]


class DemoModel(Struct, frozen=True):
    """A model: whose it is, its context window and its prices."""

    provider: Text
    context_tokens: Count
    usd_per_million_in: Number
    usd_per_million_out: Number


class DemoApproval(Struct, frozen=True):
    """What is told of a command that needs a yes, beside the command."""

    cwd: str = ""
    host: str = ""
    warning: str = ""


class DemoSession(Struct, frozen=True):
    """A session at the start."""

    key: Text  # what follows "agent:<id>:"
    title: Text
    channel: Text
    state: Literal["running", "done", "failed"]
    minutes_ago: Number  # since it began to run, or ended
    runtime_s: Number
    input_tokens: Count
    output_tokens: Count
    context_used: Count
    cost_usd: Number
    steps: Texts  # tools that its runs use
    outcomes: Texts  # last words of runs that succeed
    silent_minutes: Number = 0  # since the last sign of life of its run
    preview: str = ""
    error: str = ""
    thinking: bool = False
    doing: str = ""
    approval: str = ""  # the command that needs a yes, or ""
    approval_details: DemoApproval = DemoApproval()
    questions: tuple[QuestionPart, ...] = ()  # what its agent asks, at once
    headline: str = ""  # what its run is about, in one line
    plan: tuple[Text, ...] = ()  # the steps that its agent keeps
    plan_done: Count = 0  # how many of them are done at the start

    def __post_init__(self) -> None:
        if self.state == "failed" and not self.error.strip():
            raise ValueError("a failed session needs an `error`")
        if self.approval and self.questions and self.state == "running":
            raise ValueError("a running session waits for one thing at a time")

    @property
    def ago(self) -> int:
        """Milliseconds since it began to run, or ended."""
        return int(self.minutes_ago * MINUTE)

    @property
    def silent(self) -> int:
        """Milliseconds since the last sign of life of its run."""
        return int(self.silent_minutes * MINUTE)

    @property
    def runtime_ms(self) -> int:
        """How long its last run took."""
        return int(self.runtime_s * 1000)


class DemoAgent(Struct, frozen=True):
    """An agent and its sessions."""

    id: Text
    name: Text
    emoji: Text
    role: Text
    model: Text
    sessions: Annotated[tuple[DemoSession, ...], Meta(min_length=1)]
    theme: str = ""

    def __post_init__(self) -> None:
        _check_unique("session", (session.key for session in self.sessions))
        if sum(session.state == "running" for session in self.sessions) > 1:
            raise ValueError("only one session of an agent may be running")


class DemoDevice(Struct, frozen=True):
    """A device that the sample gateway knows."""

    id: Text
    name: Text
    platform: Text
    minutes_ago: Number
    mode: str = ""
    online: bool = True


class DemoJob(Struct, frozen=True):
    """A job of the sample gateway."""

    id: Text
    name: Text
    minutes_ago: Number
    next_minutes: Number
    agent_id: str = ""
    status: Literal["ok", "error"] = "ok"
    error: str = ""
    reason: str = ""


class DemoSignIn(Struct, frozen=True):
    """A sign-in at a provider of models."""

    id: Text
    provider: Text
    status: Literal["ok", "expiring", "expired"]
    expires_minutes: Number


class DemoChannel(Struct, frozen=True):
    """A channel of the sample gateway."""

    id: Text
    label: Text
    inbound_minutes_ago: Number
    state: facts.ChannelState = facts.ChannelState.OK
    detail: str = ""


class DemoTask(Struct, frozen=True):
    """A background task that is over."""

    id: Text
    agent_id: Text
    session: Text
    title: Text
    status: Literal["completed", "failed"]
    minutes_ago: Number
    runtime_s: Number
    error: str = ""


class DemoGatewayFacts(Struct, frozen=True):
    """What the sample gateway tells of itself."""

    cron: tuple[DemoJob, ...] = ()
    sign_ins: tuple[DemoSignIn, ...] = ()
    channels: tuple[DemoChannel, ...] = ()
    tasks: tuple[DemoTask, ...] = ()


class DemoFleet(Struct, frozen=True):
    """All of it."""

    agents: Annotated[tuple[DemoAgent, ...], Meta(min_length=1)]
    devices: Annotated[tuple[DemoDevice, ...], Meta(min_length=1)]
    models: Annotated[dict[str, DemoModel], Meta(min_length=1)]
    errors: Texts
    replies: Texts  # last words of runs that the operator has said something to
    gateway: DemoGatewayFacts = DemoGatewayFacts()

    def __post_init__(self) -> None:
        _check_unique("agent", (agent.id for agent in self.agents))
        for agent in self.agents:
            if agent.model not in self.models:
                raise ValueError(f"agent `{agent.id}` has an unknown model `{agent.model}`")


def _check_unique(what: str, names: Iterable[str]) -> None:
    known: set[str] = set()
    for name in names:
        if name in known:
            raise ValueError(f"two {what}s are called `{name}`")
        known.add(name)


def load(data: object) -> DemoFleet:
    """Check the parsed `demo-fleet.json`.

    Raises:
        ValueError: a field is missing, is of the wrong type, or makes no sense; says which.
    """
    try:
        return msgspec.convert(data, DemoFleet)
    except msgspec.ValidationError as error:
        raise ValueError(f"demo fleet: {error}") from None


def session_row(agent: DemoAgent, words: DemoSession, model: DemoModel, now: int) -> Session:
    """The session as a list reports it at the start. `now` is local ms."""
    at = now - words.ago
    running = words.state == "running"
    key = f"agent:{agent.id}:{words.key}"
    return Session(
        key=key,
        agent_id=agent.id,
        session_id=f"demo-{agent.id}-{words.key.replace(':', '-')}",
        kind="direct",
        derived_title=words.title,
        preview=words.preview,
        channel=words.channel,
        status=words.state,
        active=running,
        updated_at=now - words.silent if running else at,
        started_at=at if running else at - words.runtime_ms,
        ended_at=0 if running else at,
        runtime_ms=0 if running else words.runtime_ms,
        error=words.error,
        digest_headline=words.headline if running else "",
        model=agent.model,
        provider=model.provider,
        input_tokens=words.input_tokens,
        output_tokens=words.output_tokens,
        total_tokens=words.context_used,
        context_tokens=model.context_tokens,
        cost_usd=words.cost_usd,
    )


def device_rows(fleet: DemoFleet, gateway: str, start: int) -> tuple[Device, ...]:
    """The devices as presence lists them. `start` is local ms of the story's start."""
    return tuple(
        Device(
            gateway,
            one.id,
            one.name,
            one.platform,
            one.mode,
            one.online,
            since=start - int(one.minutes_ago * MINUTE),
        )
        for one in fleet.devices
    )


def gateway_facts(fleet: DemoFleet, now: int) -> tuple[facts.Fact, ...]:
    """What the sample gateway tells of itself at the start. `now` is local ms."""
    told = fleet.gateway
    known = {agent.id for agent in fleet.agents}
    jobs = [
        facts.CronJob(
            one.id,
            one.name,
            one.agent_id,
            next_run_at=now + int(one.next_minutes * MINUTE),
            last_run_at=now - int(one.minutes_ago * MINUTE),
            last_status=one.status,
            last_error=one.error,
            error_reason=one.reason,
        )
        for one in told.cron
    ]
    sign_ins = [
        facts.SignIn(one.id, one.provider, one.status, now + int(one.expires_minutes * MINUTE))
        for one in told.sign_ins
    ]
    channels = [
        facts.Channel(
            one.id, one.label, one.state, one.detail, now - int(one.inbound_minutes_ago * MINUTE)
        )
        for one in told.channels
    ]
    tasks = [
        facts.Task(
            one.id,
            one.agent_id,
            f"agent:{one.agent_id}:{one.session}",
            one.title,
            status=one.status,
            error=one.error,
            started_at=now - int(one.minutes_ago * MINUTE) - int(one.runtime_s * 1000),
            ended_at=now - int(one.minutes_ago * MINUTE),
        )
        for one in told.tasks
        if one.agent_id in known
    ]
    return (*jobs, *sign_ins, *channels, *tasks)
