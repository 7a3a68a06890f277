"""KDE Plasma on X11: kwin_x11 and plasmashell, with what they are made of."""

from __future__ import annotations

import sys
from contextlib import closing
from importlib import import_module
from typing import Any

from tests.hosts.host import COVER, NOTIFICATIONS, Host
from tests.whole.session import App, wait_for

LIBEXEC = "/usr/lib/x86_64-linux-gnu/libexec"


class Kde(Host):
    name = "kde"
    programs = ("Xvfb", "kwin_x11", "plasmashell", "kded5", "xdotool", "import")
    files = (f"{LIBEXEC}/kactivitymanagerd",)

    def start_desktop(self) -> None:
        self.start_display()
        self.env |= {
            "XDG_CURRENT_DESKTOP": "KDE",
            "XDG_SESSION_DESKTOP": "KDE",
            "KDE_FULL_SESSION": "true",
            "KDE_SESSION_VERSION": "5",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "XDG_MENU_PREFIX": "plasma-",
        }
        self.start("kwin", "kwin_x11")
        wait_for(lambda: self.has_name("org.kde.KWin"), "the window manager", 40)
        self.start("activities", f"{LIBEXEC}/kactivitymanagerd")
        wait_for(lambda: self.has_name("org.kde.ActivityManager"), "the activities")
        self.start("kded", "kded5")
        self.shell = self.start("plasmashell", "plasmashell")
        wait_for(lambda: self.has_name("org.kde.plasmashell"), "the shell", 40)
        wait_for(self.has_watcher, "the tray", 40)
        wait_for(lambda: self.has_name(NOTIFICATIONS), "notifications", 40)
