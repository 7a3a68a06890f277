"""The kinds of notification: one row each, with its words, its sound, its mark and its default."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.fleet.model import Status
from cc_desktop.text.i18n import mark
from cc_desktop.text.inbox import KINDS


class AlertKind(StrEnum):
    """What happened, worst first: the kinds of the inbox, and devices that come and go."""

    FAILED = "failed"
    RUNAWAY = "runaway"
    APPROVAL = "approval"
    QUESTION = "question"
    CONTEXT_FULL = "context-full"
    STUCK = "stuck"
    SIGN_IN_EXPIRED = "sign-in-expired"
    PAIRING_SELF = "pairing-self"
    GATEWAY_LOST = "gateway-lost"
    GATEWAY_BLOCKED = "gateway-blocked"
    GATEWAY_FLAPPING = "gateway-flapping"
    CRON_FAILED = "cron-failed"
    CRON_OVERDUE = "cron-overdue"
    TASK_FAILED = "task-failed"
    UNDELIVERED = "undelivered"
    CHANNEL = "channel"
    CONFIG_IGNORED = "config-ignored"
    RESTART_NEEDED = "restart-needed"
    RUNTIME = "runtime"
    PLUGIN = "plugin"
    SIGN_IN_EXPIRING = "sign-in-expiring"
    QUOTA = "quota"
    PAIRING = "pairing"
    DEVICE_GONE = "device-gone"
    SILENT = "silent"
    BACK = "back"
    DEVICE_BACK = "device-back"
    RECOVERED = "recovered"
    FINISHED = "finished"
    UPDATE = "update"
    DRIFT = "drift"


# Names of kinds in preferences and lists that older releases wrote.
RENAMED = {
    "asks": AlertKind.QUESTION.value,
    "gateway-back": AlertKind.BACK.value,
}


class Sound(StrEnum):
    """What is played with it. The system chooses the sound itself, and may be muted."""

    NONE = "none"
    MESSAGE = "message"
    ALERT = "alert"


class ConnectionSign(Struct, frozen=True):
    """A mark in the shape of a connection: the name of the shape, and of its colour."""

    shape: str
    colour: str


BACK = ConnectionSign("live", "live")
GONE = ConnectionSign("off", "muted")
LOST = ConnectionSign("lost", "error")
BLOCKED = ConnectionSign("blocked", "waiting")


class KindRule(Struct, frozen=True):
    """A row of the table. `one` and `many` have the places {name} and {count}.

    Attributes:
        group: Heading in the settings.
        label: Of the switch in the settings.
        one: Title of a notification about one agent, device or gateway.
        many: Part of the title of a notification about several: "4 agents failed".
        on: Told unless the operator changes it.
        mark: Drawn beside it in the list: the shape of an agent's status or of a connection.
        urgent: Needs the operator; counted in red.
        expires: Too late if it is seen later: stays on the screen where the desktop allows it.
        even_quiet: Told in quiet hours unless the operator changes it.
        family: The kind whose place it takes: "back" replaces "lost".
        per_cause: An agent or gateway may have several at once, such as two approvals.
        daily: Told at most once a day for one cause.
        merges: All of one gateway share one notification: "7 agents failed".
    """

    kind: AlertKind
    group: str
    label: str
    one: str
    many: str
    on: bool
    sound: Sound
    mark: Status | ConnectionSign
    urgent: bool = False
    expires: bool = False
    even_quiet: bool = False
    family: AlertKind | None = None
    per_cause: bool = False
    merges: bool = False
    daily: bool = False


_AGENTS, _DEVICES, _GATEWAYS = mark("Agents"), mark("Devices"), mark("Gateways")
_WORK, _MODELS = mark("Jobs, tasks and channels"), mark("Models")


def _of_inbox(kind: AlertKind, group: str, **values: Any) -> KindRule:
    """A kind of the inbox, with the words that the inbox has for it."""
    words = KINDS[InboxKind(kind.value)]
    return KindRule(kind, group, words.label, words.title, words.many, **values)


def _warning(kind: AlertKind, group: str, sign: Status | ConnectionSign, **values: Any) -> KindRule:
    """A kind that is told without a sound, and once a day for one cause."""
    told = {"on": True, "sound": Sound.NONE, "daily": True, "per_cause": True, **values}
    return _of_inbox(kind, group, mark=sign, **told)


_NEEDS_YOU: dict[str, Any] = {"on": True, "urgent": True}

TABLE: tuple[KindRule, ...] = (
    _of_inbox(
        AlertKind.FAILED,
        _AGENTS,
        mark=Status.ERROR,
        sound=Sound.ALERT,
        merges=True,
        **_NEEDS_YOU,
    ),
    _of_inbox(
        AlertKind.APPROVAL,
        _AGENTS,
        mark=Status.WAITING,
        sound=Sound.ALERT,
        per_cause=True,
        expires=True,
        **_NEEDS_YOU,
    ),
    _of_inbox(
        AlertKind.QUESTION,
        _AGENTS,
        mark=Status.WAITING,
        sound=Sound.MESSAGE,
        per_cause=True,
        **_NEEDS_YOU,
    ),
    _of_inbox(
        AlertKind.RUNAWAY,
        _AGENTS,
        mark=Status.STUCK,
        sound=Sound.ALERT,
        per_cause=True,
        **_NEEDS_YOU,
    ),
    _of_inbox(
        AlertKind.CONTEXT_FULL,
        _AGENTS,
        mark=Status.STUCK,
        sound=Sound.MESSAGE,
        per_cause=True,
        **_NEEDS_YOU,
    ),
    _of_inbox(
        AlertKind.STUCK,
        _AGENTS,
        mark=Status.STUCK,
        sound=Sound.MESSAGE,
        per_cause=True,
        **_NEEDS_YOU,
    ),
    _of_inbox(AlertKind.SILENT, _AGENTS, mark=Status.UNKNOWN, on=False, sound=Sound.NONE),
    _of_inbox(
        AlertKind.RECOVERED,
        _AGENTS,
        mark=BACK,
        on=False,
        sound=Sound.NONE,
        family=AlertKind.FAILED,
    ),
    _of_inbox(
        AlertKind.FINISHED,
        _AGENTS,
        mark=Status.IDLE,
        on=False,
        sound=Sound.NONE,
        family=AlertKind.FAILED,
    ),
    _warning(AlertKind.CRON_FAILED, _WORK, Status.ERROR),
    _warning(AlertKind.CRON_OVERDUE, _WORK, Status.STUCK),
    _warning(AlertKind.TASK_FAILED, _WORK, Status.ERROR),
    _warning(AlertKind.UNDELIVERED, _WORK, Status.ERROR),
    _warning(AlertKind.CHANNEL, _WORK, LOST),
    _of_inbox(
        AlertKind.SIGN_IN_EXPIRED,
        _MODELS,
        mark=BLOCKED,
        sound=Sound.MESSAGE,
        per_cause=True,
        daily=True,
        **_NEEDS_YOU,
    ),
    _warning(AlertKind.SIGN_IN_EXPIRING, _MODELS, BLOCKED),
    _warning(AlertKind.QUOTA, _MODELS, BLOCKED),
    _warning(AlertKind.RUNTIME, _MODELS, LOST),
    _of_inbox(
        AlertKind.GATEWAY_LOST, _GATEWAYS, mark=LOST, on=True, urgent=True, sound=Sound.ALERT
    ),
    _of_inbox(
        AlertKind.GATEWAY_BLOCKED,
        _GATEWAYS,
        mark=BLOCKED,
        on=True,
        urgent=True,
        sound=Sound.MESSAGE,
        family=AlertKind.GATEWAY_LOST,
        daily=True,
    ),
    _of_inbox(
        AlertKind.GATEWAY_FLAPPING,
        _GATEWAYS,
        mark=LOST,
        on=True,
        sound=Sound.MESSAGE,
        family=AlertKind.GATEWAY_LOST,
    ),
    _of_inbox(
        AlertKind.BACK,
        _GATEWAYS,
        mark=BACK,
        on=True,
        sound=Sound.NONE,
        family=AlertKind.GATEWAY_LOST,
    ),
    _of_inbox(
        AlertKind.PAIRING_SELF,
        _GATEWAYS,
        mark=BLOCKED,
        sound=Sound.MESSAGE,
        family=AlertKind.GATEWAY_LOST,
        **_NEEDS_YOU,
    ),
    _warning(AlertKind.CONFIG_IGNORED, _GATEWAYS, BLOCKED),
    _warning(AlertKind.RESTART_NEEDED, _GATEWAYS, BLOCKED),
    _warning(AlertKind.PLUGIN, _GATEWAYS, LOST),
    _warning(AlertKind.UPDATE, _GATEWAYS, BACK, on=False),
    _warning(AlertKind.DRIFT, _GATEWAYS, BACK, on=False),
    _warning(AlertKind.PAIRING, _DEVICES, BLOCKED),
    KindRule(
        AlertKind.DEVICE_GONE,
        _DEVICES,
        mark("A device is gone"),
        mark("{name} is gone"),
        mark("{count} devices are gone"),
        on=True,
        sound=Sound.NONE,
        mark=GONE,
        per_cause=True,
    ),
    KindRule(
        AlertKind.DEVICE_BACK,
        _DEVICES,
        mark("A device is back"),
        mark("{name} is back"),
        mark("{count} devices are back"),
        on=True,
        sound=Sound.NONE,
        mark=BACK,
        family=AlertKind.DEVICE_GONE,
        per_cause=True,
    ),
)
RULES = {rule.kind: rule for rule in TABLE}
RANK = {kind: number for number, kind in enumerate(AlertKind)}  # worst first


def tag_of(kind: AlertKind, gateway: str, agent: str = "", cause: str = "") -> str:
    """Return what identifies the subject of an alert; its family shares it.

    Args:
        kind: What happened.
        gateway: Id of the gateway.
        agent: Id of the agent, if it is about one.
        cause: Id of the session, approval or device that it comes from.
    """
    rule = RULES[kind]
    return "\n".join((rule.family or kind, gateway, agent, cause if rule.per_cause else ""))
