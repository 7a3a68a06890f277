"""The kinds of notification: one row each, with its words, its sound, its mark and its default."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from cc_desktop.fleet.model import Status
from cc_desktop.text.i18n import mark


class AlertKind(StrEnum):
    """What happened, worst first."""

    FAILED = "failed"
    APPROVAL = "approval"
    ASKS = "asks"
    STUCK = "stuck"
    PAIRING = "pairing"
    GATEWAY_LOST = "gateway-lost"
    GATEWAY_FLAPPING = "gateway-flapping"
    DEVICE_GONE = "device-gone"
    SILENT = "silent"
    GATEWAY_BACK = "gateway-back"
    DEVICE_BACK = "device-back"
    RECOVERED = "recovered"
    FINISHED = "finished"


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


_AGENTS, _DEVICES, _GATEWAYS = mark("Agents"), mark("Devices"), mark("Gateways")

TABLE: tuple[KindRule, ...] = (
    KindRule(
        AlertKind.FAILED,
        _AGENTS,
        mark("A run failed"),
        mark("{name} failed"),
        mark("{count} agents failed"),
        on=True,
        sound=Sound.ALERT,
        urgent=True,
        mark=Status.ERROR,
        merges=True,
    ),
    KindRule(
        AlertKind.APPROVAL,
        _AGENTS,
        mark("An agent needs an approval"),
        mark("{name} needs your approval"),
        mark("{count} agents need your approval"),
        on=True,
        sound=Sound.ALERT,
        urgent=True,
        mark=Status.WAITING,
        per_cause=True,
        expires=True,
    ),
    KindRule(
        AlertKind.ASKS,
        _AGENTS,
        mark("An agent asks, or waits for you"),
        mark("{name} waits for you"),
        mark("{count} agents wait for you"),
        on=True,
        sound=Sound.MESSAGE,
        urgent=True,
        mark=Status.WAITING,
        per_cause=True,
    ),
    KindRule(
        AlertKind.STUCK,
        _AGENTS,
        mark("A run is stuck"),
        mark("{name} is stuck"),
        mark("{count} agents are stuck"),
        on=True,
        sound=Sound.MESSAGE,
        mark=Status.STUCK,
    ),
    KindRule(
        AlertKind.SILENT,
        _AGENTS,
        mark("An agent misses its heartbeat"),
        mark("{name} is silent"),
        mark("{count} agents are silent"),
        on=False,
        sound=Sound.NONE,
        mark=Status.UNKNOWN,
    ),
    KindRule(
        AlertKind.RECOVERED,
        _AGENTS,
        mark("An agent that failed has recovered"),
        mark("{name} has recovered"),
        mark("{count} agents have recovered"),
        on=False,
        sound=Sound.NONE,
        mark=BACK,
        family=AlertKind.FAILED,
    ),
    KindRule(
        AlertKind.FINISHED,
        _AGENTS,
        mark("A run finished"),
        mark("{name} has finished"),
        mark("{count} agents have finished"),
        on=False,
        sound=Sound.NONE,
        mark=Status.IDLE,
        family=AlertKind.FAILED,
    ),
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
    KindRule(
        AlertKind.GATEWAY_LOST,
        _GATEWAYS,
        mark("A gateway is lost"),
        mark("{name} is lost"),
        mark("{count} gateways are lost"),
        on=True,
        sound=Sound.ALERT,
        urgent=True,
        mark=LOST,
    ),
    KindRule(
        AlertKind.GATEWAY_BACK,
        _GATEWAYS,
        mark("A gateway is back"),
        mark("{name} is back"),
        mark("{count} gateways are back"),
        on=True,
        sound=Sound.NONE,
        mark=BACK,
        family=AlertKind.GATEWAY_LOST,
    ),
    KindRule(
        AlertKind.GATEWAY_FLAPPING,
        _GATEWAYS,
        mark("A gateway comes and goes"),
        mark("{name} comes and goes"),
        mark("{count} gateways come and go"),
        on=True,
        sound=Sound.MESSAGE,
        mark=LOST,
        family=AlertKind.GATEWAY_LOST,
    ),
    KindRule(
        AlertKind.PAIRING,
        _GATEWAYS,
        mark("A gateway waits for this device to be approved"),
        mark("Approve this device on {name}"),
        mark("{count} gateways wait for this device to be approved"),
        on=True,
        sound=Sound.MESSAGE,
        urgent=True,
        mark=BLOCKED,
        family=AlertKind.GATEWAY_LOST,
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
