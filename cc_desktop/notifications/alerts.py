"""What passes from the rules to those who tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cc_desktop.notifications.kinds import AlertKind
    from cc_desktop.notifications.message import Target


@dataclass(frozen=True, slots=True)
class Alert:
    """Something happened that may be told. `slot` says what it is about, and is told once."""

    kind: AlertKind
    tag: str
    name: str  # of the agent, device or gateway
    target: Target
    gateway: str
    agent: str = ""  # id
    detail: str = ""
    where: str = ""  # the gateway's name, when there are several
    title: str = ""  # instead of the kind's own words


@dataclass(frozen=True, slots=True)
class AlertResolved:
    """What was told under this slot is no longer true."""

    tag: str


AlertEvent = Alert | AlertResolved
