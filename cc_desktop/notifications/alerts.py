"""What the rules hand on: alerts, and that one of them is no longer true."""

from __future__ import annotations

from msgspec import Struct

from cc_desktop.notifications.kinds import AlertKind
from cc_desktop.notifications.message import Button, Target


class Alert(Struct, frozen=True):
    """Something happened that the operator may want to know.

    Attributes:
        tag: Identifies the subject. A later alert with the same tag replaces the earlier one.
        name: Of the agent, device or gateway.
        agent: Id; "" if it is about no single agent.
        detail: What more is known, such as the reason of a failure.
        where: The gateway's name, when there are several to tell apart.
        title: Replaces the title that the kind gives.
        asked: The operator asked to be told of this very thing, whatever the choices.
        buttons: What can be decided on the notification.
    """

    kind: AlertKind
    tag: str
    name: str
    target: Target
    gateway: str
    agent: str = ""
    detail: str = ""
    where: str = ""
    title: str = ""
    buttons: tuple[Button, ...] = ()
    asked: bool = False


class AlertResolved(Struct, frozen=True):
    """The alert with this tag is no longer true."""

    tag: str


class AlertSeen(Struct, frozen=True):
    """The operator has seen what the alert with this tag is about. It is still true."""

    tag: str


AlertEvent = Alert | AlertResolved | AlertSeen
