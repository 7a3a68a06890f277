"""What can be told: a row a kind, with its words, its sound and whether it is on unless changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AlertKind(StrEnum):
    """What happened, worst first."""

    FAILED = "failed"
    APPROVAL = "approval"
    ASKS = "asks"
    STUCK = "stuck"
    PAIRING = "pairing"
    GATEWAY_LOST = "gateway-lost"
    DEVICE_GONE = "device-gone"
    SILENT = "silent"
    GATEWAY_BACK = "gateway-back"
    DEVICE_BACK = "device-back"
    RECOVERED = "recovered"
    FINISHED = "finished"


class Sound(StrEnum):
    """What is heard with it. The system chooses the sound itself, and may be muted."""

    NONE = "none"
    MESSAGE = "message"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class KindRule:
    """A row of the table. `one` and `many` have the places {name}, {count} and {agents}."""

    kind: AlertKind
    group: str  # heading in the settings
    label: str  # name of the switch
    one: str  # title of a notification about one
    many: str  # a part of the title of a summary: "4 agents failed"
    on: bool
    sound: Sound
    urgent: bool = False  # stays on the screen, where the desktop allows it
    even_quiet: bool = False


_AGENTS, _DEVICES, _GATEWAYS = "Agents", "Devices", "Gateways"

TABLE: tuple[KindRule, ...] = (
    KindRule(
        AlertKind.FAILED,
        _AGENTS,
        "A run failed",
        "{name} failed",
        "{count} {agents} failed",
        on=True,
        sound=Sound.ALERT,
        urgent=True,
    ),
    KindRule(
        AlertKind.APPROVAL,
        _AGENTS,
        "An agent needs an approval",
        "{name} needs your approval",
        "{count} {agents} need your approval",
        on=True,
        sound=Sound.ALERT,
        urgent=True,
    ),
    KindRule(
        AlertKind.ASKS,
        _AGENTS,
        "An agent asks, or waits for you",
        "{name} waits for you",
        "{count} {agents} wait for you",
        on=True,
        sound=Sound.MESSAGE,
        urgent=True,
    ),
    KindRule(
        AlertKind.STUCK,
        _AGENTS,
        "A run is stuck",
        "{name} is stuck",
        "{count} {agents} are stuck",
        on=True,
        sound=Sound.MESSAGE,
    ),
    KindRule(
        AlertKind.SILENT,
        _AGENTS,
        "An agent misses its heartbeat",
        "{name} is silent",
        "{count} {agents} are silent",
        on=False,
        sound=Sound.NONE,
    ),
    KindRule(
        AlertKind.RECOVERED,
        _AGENTS,
        "An agent that failed has recovered",
        "{name} has recovered",
        "{count} {agents} have recovered",
        on=False,
        sound=Sound.NONE,
    ),
    KindRule(
        AlertKind.FINISHED,
        _AGENTS,
        "A run finished",
        "{name} has finished",
        "{count} {agents} have finished",
        on=False,
        sound=Sound.NONE,
    ),
    KindRule(
        AlertKind.DEVICE_GONE,
        _DEVICES,
        "A device is gone",
        "{name} is gone",
        "{count} devices are gone",
        on=True,
        sound=Sound.NONE,
    ),
    KindRule(
        AlertKind.DEVICE_BACK,
        _DEVICES,
        "A device is back",
        "{name} is back",
        "{count} devices are back",
        on=True,
        sound=Sound.NONE,
    ),
    KindRule(
        AlertKind.GATEWAY_LOST,
        _GATEWAYS,
        "A gateway is lost",
        "{name} is lost",
        "{count} gateways are lost",
        on=True,
        sound=Sound.ALERT,
        urgent=True,
    ),
    KindRule(
        AlertKind.GATEWAY_BACK,
        _GATEWAYS,
        "A gateway is back",
        "{name} is back",
        "{count} gateways are back",
        on=True,
        sound=Sound.NONE,
    ),
    KindRule(
        AlertKind.PAIRING,
        _GATEWAYS,
        "A gateway wants to be paired",
        "{name} wants pairing",
        "{count} gateways want pairing",
        on=True,
        sound=Sound.MESSAGE,
        urgent=True,
    ),
)
RULES = {rule.kind: rule for rule in TABLE}
RANK = {kind: number for number, kind in enumerate(AlertKind)}  # worst first
