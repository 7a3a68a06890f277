"""The composition root: builds the desktop, wires it to the monitor, owns start and end."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from cc_desktop.monitor import FleetMonitor
from cc_desktop.system.autostart import system_autostart
from cc_desktop.system.clock import SystemClock
from cc_desktop.system.update_check import Memory, UpdateCheck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cc_desktop.config.paths import Paths
    from cc_desktop.config.settings import Settings
    from cc_desktop.desktop.single_instance import Claim


def run_desktop(
    settings: Settings,
    paths: Paths,
    claim: Claim,
    *,
    demo_only: bool,
    hidden: bool,
    link: str = "",
    command: Sequence[str],
) -> int:
    """Run the app with tray and window until it is quit; the exit code.

    `claim` says that this is the first; `link` is to be opened; `command` starts the app again.
    """
    from cc_desktop.desktop.controller import run_controller
    from cc_desktop.desktop.manners import Around

    def make_updates(memory: Memory) -> UpdateCheck:
        return UpdateCheck(settings.update_url, memory, SystemClock(), random.Random())

    around = Around(
        claim=claim,
        login=system_autostart(command),
        make_updates=make_updates if settings.update_url else None,
        link=link,
        facts=(f"Settings: {paths.settings}", f"Log: {paths.log}"),
    )
    return run_controller(
        lambda: FleetMonitor(settings, paths, demo_only=demo_only), hidden=hidden, around=around
    )
