"""What the window says where there is no tray.

A line in the desktop's list of background apps would be the next best thing, but the portal
(xdg-desktop-portal 1.20.3) lets only sandboxed apps set one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Mapping

# As extensions.gnome.org and the packages of Debian, Ubuntu and Fedora call it.
GNOME_EXTENSION = "AppIndicator and KStatusNotifierItem Support"


def no_tray_words(environ: Mapping[str, str] = os.environ) -> str:
    """What closing the window means, and how to get a tray.

    Args:
        environ: The environment; XDG_CURRENT_DESKTOP names the desktop.
    """
    if "GNOME" in environ.get("XDG_CURRENT_DESKTOP", "").upper().split(":"):
        return tr(
            "GNOME has no tray without the extension “{extension}”. Until you install it, closing "
            "this window ends the app.",
            extension=GNOME_EXTENSION,
        )
    return tr("This desktop has no tray, so closing this window ends the app.")
