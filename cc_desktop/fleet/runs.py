"""A run in progress, and why one failed. Pure. Local times are ms since the epoch."""

from __future__ import annotations

from msgspec import Struct


class Cause(Struct, frozen=True, gc=False):
    """Why a run failed, in the gateway's terms (`errorDetail`, 2026.7.2 on)."""

    provider: str = ""  # "anthropic"
    model: str = ""
    reason: str = ""  # `failoverReason`: "overloaded", "rate_limit", "billing", "auth", …
    status: int = 0  # of HTTP; 0 when the provider gave none, or the gateway does not tell


class Repetition(Struct, frozen=True, gc=False):
    """The same call of a tool, made again and again."""

    call: str  # its signature
    what: str  # "exec curl …"
    count: int
    since: int  # local ms of the first of them
    latest: int  # local ms
    others: int = 0  # calls of something else after the latest


class Run(Struct, frozen=True, gc=False):
    """What a run in progress does now, from its event stream; gone when the run is over."""

    run_id: str
    session_key: str
    thinking: bool = False  # the model is being asked, or streams
    activity: str = ""  # "exec: uname -a"
    error: str = ""
    last_seen_at: int = 0  # local ms of the last sign of life
    over: bool = False  # kept, so that a late event of the same run does not start it again
    stopped: bool = False  # somebody stopped it: it did not fail, whatever its row calls that
    started_at: int = 0  # local ms; 0 when nobody saw it start and no row tells
    cause: Cause | None = None  # of the error, where the gateway tells it
    calls: tuple[tuple[str, int], ...] = ()  # (signature, local ms) of the latest, oldest first
    repetition: Repetition | None = None  # it goes in circles
    tokens: int = 0  # that its model calls took so far; 0 when the gateway does not tell
    excess: int = 0  # how many its agent usually takes, when these are far more; else 0

    def has_evidence_of(self, other: Run) -> bool:
        """Whether nothing more is known of how the other one runs away."""
        return (
            self.run_id == other.run_id
            and self.repetition is other.repetition
            and (self.tokens, self.excess) == (other.tokens, other.excess)
        )

    @property
    def runs_away(self) -> bool:
        """Whether it takes more than it should, and gets nowhere."""
        return not self.over and (self.repetition is not None or self.excess > 0)
