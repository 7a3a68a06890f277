"""The settings of the app as the other rooms see them: checked, and complete."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from msgspec import Meta, Struct

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.text.settings import SettingsProblem, describe_slip

DEFAULT_POLL_S = 5.0

Access = Literal["watch", "approve", "operate"]
WhenUnreachable = Literal["sample", "last-known"]

# Operator scopes of OpenClaw 2026.9.6. Not asked for without need: while a client that has
# operator.approvals is connected, a gateway waits for it instead of denying a command at once.
_SCOPES: dict[Access, tuple[str, ...]] = {
    "watch": ("operator.read",),
    "approve": ("operator.read", "operator.approvals", "operator.questions"),
    "operate": ("operator.read", "operator.approvals", "operator.questions", "operator.write"),
}


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """One gateway to watch."""

    id: str
    name: str
    url: str
    token: Token = field(default_factory=Token)
    token_from: str = ""  # "--token-file", a variable of the environment, or the token's file
    rest_url: str = ""
    poll_s: float = DEFAULT_POLL_S
    insecure: bool = False  # the token may go over ws:// to another machine
    client_id: str = ""
    client_mode: str = ""
    access: Access = "watch"  # what the operator may do there with this app
    proxy: str = ""  # "": as the environment says; "none", or the address of an HTTP proxy
    fingerprint: str = ""  # SHA-256 of the one certificate that is trusted, 64 hex digits
    enabled: bool = True
    problem: SettingsProblem | None = None  # why it cannot be connected

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the gateway is asked to allow."""
        return _SCOPES[self.access]


class GuardSettings(Struct, frozen=True):
    """From when on a run counts as runaway: the table `[guard]`, with its defaults."""

    same_calls: Annotated[int, Meta(ge=2, le=60)] = 12  # of a tool with the same arguments, …
    within_minutes: Annotated[int, Meta(ge=1, le=1_440)] = 10  # … in so long
    times_usual: Annotated[float, Meta(ge=1.5, le=1_000)] = 5.0  # of what the agent's runs take
    usual_after_runs: Annotated[int, Meta(ge=1, le=50)] = 10  # so many show what is usual
    least_tokens: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 100_000  # less is never too much


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings that can be used, and what is wrong with the others."""

    gateways: tuple[GatewaySettings, ...]
    demo: bool = True
    demo_seed: int = 7
    stuck_after_ms: int = 600_000
    keyring: bool = True
    update_url: str = ""  # asked for the newest version; "": never
    # What is shown when all gateways were lost; `demo = false` shows sample data never at all.
    when_unreachable: WhenUnreachable = "sample"
    hook_command: tuple[str, ...] = ()  # run for each notice; empty: nothing is
    guard: GuardSettings = field(default_factory=GuardSettings)
    problems: tuple[SettingsProblem, ...] = ()  # something does not work as it is written
    notes: tuple[SettingsProblem, ...] = ()  # everything works, but the operator should know
    is_configured: bool = True  # False: nobody has named a gateway, so it is this machine's

    @property
    def chosen(self) -> Settings:
        """Only what somebody has chosen: no gateway of this machine that nobody has named."""
        return self if self.is_configured else replace(self, gateways=())

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notes in words."""
        return tuple(describe_slip(note) for note in self.notes)

    @property
    def usage_errors(self) -> tuple[SettingsProblem, ...]:
        """The problems that come from the command line."""
        return tuple(problem for problem in self.problems if problem.key.startswith("--"))
