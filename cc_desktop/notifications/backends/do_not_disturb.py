"""Whether the desktop's own do-not-disturb is on, wherever the desktop tells it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from typing import TYPE_CHECKING

from cc_desktop.notifications.backends.dbus import BusLostError, Peer, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cc_desktop.notifications.backends.dbus import Bus

_SERVICE = Peer(
    "org.freedesktop.Notifications",
    "/org/freedesktop/Notifications",
    "org.freedesktop.DBus.Properties",
)
_PORTAL = Peer(
    "org.freedesktop.portal.Desktop",
    "/org/freedesktop/portal/desktop",
    "org.freedesktop.portal.Settings",
)
# Properties of the service that tell it: KDE Plasma, dunst.
_PROPERTIES = (
    ("org.freedesktop.Notifications", "Inhibited"),
    ("org.dunstproject.cmd0", "paused"),
)
SCHEMA, KEY = "org.gnome.desktop.notifications", "show-banners"
TIMEOUT_S = 1.0
# What gsettings needs to find the session. Nothing else of our environment is passed on.
_ENVIRONMENT = (
    *("PATH", "HOME", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"),
    *("XDG_DATA_DIRS", "DCONF_PROFILE", "GSETTINGS_BACKEND", "GSETTINGS_SCHEMA_DIR"),
)


async def is_on(bus: Bus, server: str, gnome_banners: Callable[[], bool | None]) -> bool:
    """Ask everyone who may tell it.

    Args:
        bus: The session bus.
        server: What the notification service calls itself.
        gnome_banners: Blocking; whether GNOME shows banners, None if that is not known.
    """
    asked = [_has(bus, *each) for each in _PROPERTIES]
    return any(await asyncio.gather(*asked, _is_gnome_quiet(bus, server, gnome_banners)))


async def _has(bus: Bus, interface: str, name: str) -> bool:
    try:
        answer = await bus.call(_SERVICE, "Get", "ss", interface, name)
    except (RefusedError, BusLostError):
        return False
    return answer == (("b", True),)


async def _is_gnome_quiet(bus: Bus, server: str, gnome_banners: Callable[[], bool | None]) -> bool:
    try:
        answer = await bus.call(_PORTAL, "Read", "ss", SCHEMA, KEY)
    except (RefusedError, BusLostError):
        answer = ()
    match answer:
        case (("v", ("b", bool(banners))),) | (("b", bool(banners)),):
            return not banners
    if not server.startswith("gnome-shell"):
        return False
    # Not asyncio's subprocesses: the loop may be Qt's.
    return await asyncio.to_thread(gnome_banners) is False


def gnome_shows_banners(environ: Mapping[str, str] = os.environ) -> bool | None:
    """Ask GNOME's settings whether notifications pop up. Blocks for at most a second.

    The settings portal does not pass this key on, so `gsettings` is asked.

    Returns:
        False while do-not-disturb is on; None if it cannot be found out.
    """
    try:
        done = subprocess.run(  # noqa: S603 - constant arguments, no shell
            ["gsettings", "get", SCHEMA, KEY],  # noqa: S607 - from the PATH of the desktop
            env={name: environ[name] for name in _ENVIRONMENT if name in environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {b"true": True, b"false": False}.get(done.stdout.strip())
