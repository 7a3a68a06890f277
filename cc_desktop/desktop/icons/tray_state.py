"""Which picture the tray icon shows, and for which panel it is drawn."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from cc_desktop.fleet.model import Origin

if TYPE_CHECKING:
    from cc_desktop.fleet.summary import Summary


class TrayState(StrEnum):
    """What the tray icon shows."""

    OFFLINE = "offline"
    CONNECTING = "connecting"
    IDLE = "idle"
    WORKING = "working"
    NEEDS_YOU = "needs-you"
    ERROR = "error"
    DEMO = "demo"


class TrayIconStyle(StrEnum):
    """For which panel the tray icon is drawn."""

    AUTO = "auto"  # for any
    LIGHT_PANEL = "light"
    DARK_PANEL = "dark"
    COLOUR = "colour"  # as AUTO, but never in the colour that the system gives its icons


def tray_state(summary: Summary) -> TrayState:
    """The worst that is known; a lost gateway is worse than work on another."""
    if summary.origin is Origin.DEMO:
        return TrayState.DEMO
    if summary.origin not in (Origin.LIVE, Origin.REST):
        return TrayState.CONNECTING if summary.is_connecting else TrayState.OFFLINE
    if summary.error:
        return TrayState.ERROR
    if summary.needs_you or summary.gateway_needs_you:
        return TrayState.NEEDS_YOU
    if summary.has_lost:
        return TrayState.OFFLINE  # what its agents do is not known, however well the others are
    return TrayState.WORKING if summary.working else TrayState.IDLE
