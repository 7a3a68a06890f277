"""What the operator asks of gateways: the way down. `FleetMonitor.execute` carries them out."""

from __future__ import annotations

from msgspec import Struct


class MarkSeen(Struct, frozen=True):
    """The operator has seen why an agent failed; `MarkUnseen` takes it back."""

    gateway: str
    agent: str
    sessions: tuple[str, ...] = ()  # session keys; none: every failed session of the agent
    id: str = ""  # "" until the monitor takes the command


class MarkUnseen(Struct, frozen=True):
    """Undo `MarkSeen`: the failures need the operator again."""

    gateway: str
    agent: str
    sessions: tuple[str, ...] = ()
    id: str = ""


class Reconnect(Struct, frozen=True):
    """Try to connect at once instead of waiting for the next retry."""

    gateway: str = ""  # "": all gateways
    id: str = ""


class Refresh(Struct, frozen=True):
    """Ask a gateway for a fresh list of its agents and sessions."""

    gateway: str
    id: str = ""


Command = MarkSeen | MarkUnseen | Reconnect | Refresh
