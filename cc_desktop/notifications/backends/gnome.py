"""GNOME's do-not-disturb, which GNOME Shell does not tell over its notification service."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA, KEY = "org.gnome.desktop.notifications", "show-banners"
TIMEOUT_S = 1.0
# What gsettings needs to find the session. Nothing else of our environment is passed on.
_ENVIRONMENT = (
    *("PATH", "HOME", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"),
    *("XDG_DATA_DIRS", "DCONF_PROFILE", "GSETTINGS_BACKEND", "GSETTINGS_SCHEMA_DIR"),
)


def shows_banners(environ: Mapping[str, str] = os.environ) -> bool | None:
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
