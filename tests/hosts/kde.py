"""KDE Plasma on X11: kwin_x11 and plasmashell, with the daemons that they need."""

from __future__ import annotations

from tests.hosts.host import DESKTOP_FILE, NOTIFICATIONS
from tests.hosts.x11 import X11Host
from tests.whole.session import wait_for

LIBEXEC = "/usr/lib/x86_64-linux-gnu/libexec"
ICON = (1062, 779)  # of the app in the panel of Plasma 5.27 as it is shipped, at 1280x800
ACCELERATORS = "org.kde.kglobalaccel"


class Kde(X11Host):
    name = "kde"
    programs = (
        *("Xvfb", "kwin_x11", "plasmashell", "kded5", "kglobalaccel5", "kioclient5"),
        *("xdotool", "xprop", "import"),
    )
    files = (f"{LIBEXEC}/kactivitymanagerd",)

    def start_desktop(self) -> None:
        self.start_display()
        self.env |= {
            "XDG_CURRENT_DESKTOP": "KDE",
            "XDG_SESSION_DESKTOP": "KDE",
            "XDG_MENU_PREFIX": "plasma-",
            "KDE_FULL_SESSION": "true",
            "KDE_SESSION_VERSION": "5",
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }
        self.start("accelerators", "kglobalaccel5")
        wait_for(lambda: self.has_name(ACCELERATORS), "the global shortcuts")
        self.start("kwin", "kwin_x11")
        wait_for(lambda: self.has_name("org.kde.KWin"), "the window manager", 40)
        self.start("activities", f"{LIBEXEC}/kactivitymanagerd")
        wait_for(lambda: self.has_name("org.kde.ActivityManager"), "the activities")
        self.start("kded", "kded5")
        self.shell = self.start("plasmashell", "plasmashell")
        wait_for(lambda: self.has_name("org.kde.plasmashell"), "the shell", 40)
        wait_for(self.has_watcher, "the tray", 40)
        wait_for(lambda: self.has_name(NOTIFICATIONS), "notifications", 40)

    def _of_type(self, kind: str) -> dict[str, tuple[int, int, int, int]]:
        """Where the shell's windows of that type are."""
        found = {}
        for window, place in self.windows(self.shell.pid).items():
            types = self.run("xprop", "-id", window, "_NET_WM_WINDOW_TYPE")
            if kind in types and "ON_SCREEN_DISPLAY" not in types:  # which says "Notifications On"
                found[window] = place
        return found

    def click_icon(self) -> None:
        self.click(*ICON)

    def choose(self, text: str) -> None:
        entries = self.menu()
        self.click(*ICON, button=3)
        wait_for(lambda: self._of_type("POPUP_MENU"), "the open menu")
        self.screenshot(f"{self.name}-open-menu")
        # From the end: the first entries cannot be chosen.
        self.press(*["Up"] * (len(entries) - entries.index(text)), "Return")

    def bubbles(self) -> int:
        return len(self._of_type("NOTIFICATION"))

    def click_bubble(self) -> None:
        x, y, width, _ = next(iter(self._of_type("NOTIFICATION").values()))
        self.click(x + width // 2, y + 50)

    def dismiss_bubbles(self) -> None:
        for x, y, width, _ in self._of_type("NOTIFICATION").values():
            self.click(x + width - 16, y + 16)  # the cross

    def do_not_disturb(self, on: bool) -> None:
        # What the keyboard shortcut does, and the switch in the list of notifications.
        path, interface = "/component/plasmashell", f"{ACCELERATORS}.Component"
        self.call(ACCELERATORS, path, interface, "invokeShortcut", "s", ("toggle do not disturb",))
        wait_for(lambda: self.inhibited() is on, "do-not-disturb")

    def inhibited(self) -> bool:
        return bool(
            self.property(
                NOTIFICATIONS, "/org/freedesktop/Notifications", NOTIFICATIONS, "Inhibited"
            )
        )

    def launch(self) -> None:
        launcher = self.home / ".local/share/applications" / DESKTOP_FILE
        self.run("kioclient5", "exec", str(launcher))
