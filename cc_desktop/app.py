"""The composition root: wires the desktop to the monitor. Only the command line imports it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

from cc_desktop.monitor import FleetMonitor, MonitorOptions
from cc_desktop.system.autostart import system_autostart
from cc_desktop.system.clock import SystemClock
from cc_desktop.system.environment import restart_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cc_desktop.config.paths import Paths
    from cc_desktop.config.settings import Settings
    from cc_desktop.desktop.instance.single_instance import InstanceLock
    from cc_desktop.desktop.system_services import SetupServices
    from cc_desktop.system.update_check import Memory, UpdateCheck


def run_desktop(
    settings: Settings,
    paths: Paths,
    lock: InstanceLock,
    *,
    options: MonitorOptions,
    hidden: bool,
    link: str = "",
    command: Sequence[str],
    restart: Sequence[str],
    environ: Mapping[str, str],
) -> int:
    """Run the app with tray and window until it is quit.

    Args:
        settings: The settings.
        paths: Where files belong.
        lock: Says that no other app of this configuration runs.
        options: How to watch.
        hidden: Start without the window.
        link: A link to open, or "".
        command: Starts the app at login or for a link.
        restart: Starts the app again as it was started now, with its window.
        environ: The environment that this start had, secrets included.

    Returns:
        The exit code.
    """
    from cc_desktop.desktop.lifecycle import run_controller
    from cc_desktop.desktop.system_services import SystemServices

    def make_updates(memory: Memory, url: str) -> UpdateCheck:
        from cc_desktop.system.update_check import UpdateCheck

        return UpdateCheck(url, memory, SystemClock(), random.Random())

    services = SystemServices(
        lock=lock,
        autostart=system_autostart(command),
        make_updates=make_updates,
        link=link,
        paths=paths,
        setup=lambda monitor: _setup(monitor, command, connects=not options.demo_only),
        restart=lambda: _start_again(restart, environ),
        restart_hidden=lambda: _start_again([*restart, "--hidden"], environ),
    )
    return run_controller(
        lambda: FleetMonitor(settings, paths, options), hidden=hidden, services=services
    )


def _setup(monitor: FleetMonitor, command: Sequence[str], *, connects: bool) -> SetupServices:
    """What the windows need to set gateways up. `command` starts the app as it was started now."""
    from cc_desktop.desktop.system_services import SetupServices

    names = ("GATEWAY_WS_URL", "WS_GATEWAY_URL")
    in_environment = next((name for name in names if os.environ.get(name)), "")
    return SetupServices(
        editor=monitor.editor,
        test=lambda url, token, insecure, fingerprint: monitor.test_gateway(
            url, token.reveal(), insecure=insecure, fingerprint=fingerprint
        ),
        stored_token=monitor.stored_token,
        decided_by="--url" if "--url" in command else in_environment,
        connects=connects,
    )


def _start_again(command: Sequence[str], environ: Mapping[str, str]) -> None:
    """Start the app as a process of its own, which outlives this one."""
    subprocess.Popen(  # noqa: S603 - the app's own command
        command,
        env=restart_environment(environ),
        stdin=subprocess.DEVNULL,
        start_new_session=sys.platform != "win32",
    )
