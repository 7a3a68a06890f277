"""What desktops on X11 have in common."""

from __future__ import annotations

import re
import sys

from tests.hosts.host import COVER, Host
from tests.whole.session import App, wait_for


class X11Host(Host):
    """Windows are seen, and moved, by xdotool, which speaks to the window manager."""

    def is_shown(self, app: App) -> bool:
        return bool(app.windows())

    def is_in_front(self, app: App) -> bool:
        return self._active() == str(app.process.pid)

    def _active(self) -> str:
        """The process whose window has the focus."""
        return self.run("xdotool", "getactivewindow", "getwindowpid").strip()

    def _clients(self, app: App) -> list[str]:
        """The app's windows that the window manager knows, minimized ones too."""
        told = self.run("xprop", "-root", "_NET_CLIENT_LIST")
        pid = str(app.process.pid)
        found = re.findall(r"0x[0-9a-f]+", told)
        return [each for each in found if self.run("xdotool", "getwindowpid", each).strip() == pid]

    def has_window(self, app: App) -> bool:
        return bool(self._clients(app))

    def to_front(self, app: App) -> None:
        for window in self._clients(app):
            self.run("xdotool", "windowactivate", window)

    def cover(self) -> None:
        if "cover" not in self._running:
            self.start("cover", sys.executable, "-c", COVER)
        pid = self._running["cover"].pid
        window, (x, y, width, _) = next(
            iter(wait_for(lambda: self.windows(pid), "another window").items())
        )
        self.run("xdotool", "windowactivate", "--sync", window)
        # The operator works in it: a window manager may then keep back who comes uncalled.
        self.click(x + width // 2, y + 200)
        wait_for(lambda: self._active() == str(pid), "another window in front")

    def minimize(self, app: App) -> None:
        self.run("xdotool", "windowminimize", app.window())

    def close_app_window(self, app: App) -> None:
        self.close_window(app.window())
