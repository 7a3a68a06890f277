"""What `demo-fleet.json` says: the sample fleet at its start, and what can happen in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from cc_desktop.fleet.model import Session

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

    def __post_init__(self) -> None:
        if self.state == "failed" and not self.error.strip():
            raise ValueError("a failed session needs an `error`")

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


class DemoFleet(Struct, frozen=True):
    """All of it."""

    agents: Annotated[tuple[DemoAgent, ...], Meta(min_length=1)]
    devices: Annotated[tuple[DemoDevice, ...], Meta(min_length=1)]
    models: Annotated[dict[str, DemoModel], Meta(min_length=1)]
    errors: Texts

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
        model=agent.model,
        provider=model.provider,
        input_tokens=words.input_tokens,
        output_tokens=words.output_tokens,
        total_tokens=words.context_used,
        context_tokens=model.context_tokens,
        cost_usd=words.cost_usd,
    )
