"""The parts of a window that tests look at, by their own types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.desktop.details.now.tab import NowTab
from cc_desktop.desktop.details.panel import Details

if TYPE_CHECKING:
    from cc_desktop.desktop.window.fleet_window import FleetWindow


def details_of(window: FleetWindow) -> Details:
    assert isinstance(window.details, Details)
    return window.details


def overview(details: Details) -> NowTab:
    tab = details.tab()
    assert isinstance(tab, NowTab)
    return tab
