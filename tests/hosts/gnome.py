"""GNOME Shell on Wayland: as it is shipped, without a tray, and with the AppIndicator extension.

The shell runs headless. It looks for a login manager on the system bus, so it gets a bus with a
mock of one. Its state is read through its `Eval`, which an extension of this test switches on;
what the operator does is done by a virtual pointer of `org.gnome.Mutter.RemoteDesktop`.
"""

from __future__ import annotations

import json
import re
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from tests.hosts.host import COVER, DESKTOP_FILE, NOTIFICATIONS, Host, UnaskedError
from tests.whole.session import BUS, WATCHER, App, Item, wait_for

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 1366, 768
LEFT_BUTTON = 0x110  # BTN_LEFT of linux/input-event-codes.h
PYTHON = "/usr/bin/python3"  # the one that Debian installs dbusmock for
EXTENSION = "eval@cc-desktop.test"
SCRIPT = """function init() {}
function enable() { global.context.unsafe_mode = true; }
function disable() { global.context.unsafe_mode = false; }
"""
VERSION = "43"  # of GNOME Shell; others refuse the extension
SETTINGS = (
    ("org.gnome.shell", "welcome-dialog-last-shown-version", "'9999'"),
    ("org.gnome.desktop.interface", "enable-hot-corners", "false"),
    ("org.gnome.desktop.screensaver", "lock-enabled", "false"),
    ("org.gnome.desktop.session", "idle-delay", "uint32 0"),
)
DCONF = "/usr/libexec/dconf-service"
# JavaScript in the shell: the windows of a process, and whether one is to be seen.
WINDOWS = """(pid => global.get_window_actors().map(actor => actor.meta_window)
    .filter(window => window.get_pid() === pid && window.get_window_type() === 0))"""
IS_ICON = f"(icon => icon.child?._delegate?.app?.id === '{DESKTOP_FILE}')"
IS_INDICATOR = "(([name]) => name.startsWith('appindicator-'))"
PLACE = """(r => [...(r.origin ? [r.origin.x, r.origin.y] : [r.x, r.y]),
    ...(r.size ? [r.size.width, r.size.height] : [r.width, r.height])])"""
IS_SEEN = "(window => !window.minimized && window.showing_on_its_workspace())"


class Pointer:
    """A mouse that the compositor takes for a real one."""

    SERVICE = "org.gnome.Mutter.RemoteDesktop"

    def __init__(self, address: str) -> None:
        """The mouse is there for as long as its connection to the bus at `address`."""
        self._jeepney: Any = import_module("jeepney")
        blocking: Any = import_module("jeepney.io.blocking")
        self._bus = blocking.open_dbus_connection(address)
        (self._path,) = self._call("/org/gnome/Mutter/RemoteDesktop", "", "CreateSession")
        self._session("Start")
        self._x, self._y = WIDTH, HEIGHT
        self._move(2 * WIDTH, 2 * HEIGHT)  # wherever it was: into the corner

    def close(self) -> None:
        self._bus.close()

    def click(self, x: int, y: int) -> None:
        """The left button at a place on the screen."""
        self._move(x - self._x, y - self._y)
        self._x, self._y = x, y
        time.sleep(0.1)  # the shell looks what is under the pointer when it draws
        for down in (True, False):
            self._session("NotifyPointerButton", "ib", LEFT_BUTTON, down)
            time.sleep(0.05)

    def _move(self, dx: int, dy: int) -> None:
        self._session("NotifyPointerMotionRelative", "dd", float(dx), float(dy))

    def _session(self, method: str, signature: str = "", *body: object) -> None:
        self._call(self._path, ".Session", method, signature, *body)

    def _call(
        self, path: str, interface: str, method: str, signature: str = "", *body: object
    ) -> tuple[Any, ...]:
        address = self._jeepney.DBusAddress(path, self.SERVICE, self.SERVICE + interface)
        message = self._jeepney.new_method_call(address, method, signature or None, body)
        answer = self._bus.send_and_get_reply(message, timeout=10)
        if answer.header.message_type is self._jeepney.MessageType.error:
            raise AssertionError(f"{method}: {answer.body}")
        return tuple(answer.body)


class Gnome(Host):
    """As Debian ships it."""

    name = "gnome"
    tray = False
    extensions: ClassVar[tuple[str, ...]] = ()
    programs = ("gnome-shell", "gjs", "gsettings", "dbus-monitor", PYTHON)
    files: ClassVar[tuple[str, ...]] = (
        "/usr/lib/python3/dist-packages/dbusmock/templates/logind.py",
        DCONF,
    )

    def start_desktop(self) -> None:
        self.env |= {
            "XDG_SESSION_TYPE": "wayland",
            "XDG_CURRENT_DESKTOP": "GNOME",
            "XDG_SESSION_DESKTOP": "gnome",
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }
        self._start_system_bus()
        self.start("dconf", DCONF)
        wait_for(lambda: self.has_name("ca.desrt.dconf"), "the settings")
        self._install_extension()
        for setting in SETTINGS:
            self.run("gsettings", "set", *setting)
        enabled = str([EXTENSION, *self.extensions])
        self.run("gsettings", "set", "org.gnome.shell", "enabled-extensions", enabled)
        size = f"{WIDTH}x{HEIGHT}"
        self.start("shell", "gnome-shell", "--headless", "--no-x11", "--virtual-monitor", size)
        wait_for(lambda: self.has_name("org.gnome.Mutter.RemoteDesktop"), "the compositor", 40)
        self.env["WAYLAND_DISPLAY"] = wait_for(self._display, "its socket")
        # The shell has the bus start this, which here starts nothing.
        self.start("notifications", "gjs", "/usr/share/gnome-shell/org.gnome.Shell.Notifications")
        wait_for(lambda: self.has_name(NOTIFICATIONS), "notifications")
        wait_for(lambda: self.eval("Main.layoutManager._startingUp === false"), "the shell", 40)
        self.eval("Main.overview.hide()")
        wait_for(lambda: self.eval("!Main.overview.visible"), "the end of the overview")
        self.dismiss_bubbles()  # of the shell itself: it says that Eval is on
        if self.tray:
            wait_for(self.has_watcher, "the tray")
        self.pointer = Pointer(self.env["DBUS_SESSION_BUS_ADDRESS"])

    def __exit__(self, *problem: object) -> None:
        if hasattr(self, "pointer"):
            self.pointer.close()
        super().__exit__(*problem)

    def _start_system_bus(self) -> None:
        config, socket = self.runtime / "system.conf", self.runtime / "system"
        config.write_text(BUS.format(socket=socket, services=""))
        self.start("system-bus", "dbus-daemon", "--nofork", f"--config-file={config}")
        wait_for(socket.exists, "the system bus")
        self.env["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={socket}"
        self.start("logind", PYTHON, "-m", "dbusmock", "--system", "--template", "logind")

    def _install_extension(self) -> None:
        place = self.home / ".local/share/gnome-shell/extensions" / EXTENSION
        place.mkdir(parents=True)
        (place / "extension.js").write_text(SCRIPT)
        about: dict[str, object] = {"uuid": EXTENSION, "name": "Eval", "description": "For tests"}
        about |= {"shell-version": [VERSION]}
        (place / "metadata.json").write_text(json.dumps(about))

    def _display(self) -> str:
        names = (path.name for path in self.runtime.iterdir())
        return next((name for name in names if re.fullmatch(r"wayland-\d+", name)), "")

    def eval(self, script: str) -> Any:
        """What a JavaScript expression gives in the shell; None if it fails."""
        shell = "org.gnome.Shell"
        answer = self.call(shell, "/org/gnome/Shell", shell, "Eval", "s", (script,))
        return json.loads(answer[1] or "null") if answer and answer[0] else None

    def _middle(self, rect: str) -> tuple[int, int]:
        """The middle of what has a place and a size on the screen."""
        x, y, width, height = self.eval(f"{PLACE}({rect})")
        return round(x + width / 2), round(y + height / 2)

    def is_shown(self, app: App) -> bool:
        return bool(self.eval(f"{WINDOWS}({app.process.pid}).some({IS_SEEN})"))

    def has_window(self, app: App) -> bool:
        return bool(self.eval(f"{WINDOWS}({app.process.pid}).length"))

    def is_in_front(self, app: App) -> bool:
        return bool(self.eval(f"global.display.focus_window?.get_pid() === {app.process.pid}"))

    def to_front(self, app: App) -> None:
        self.eval(f"{WINDOWS}({app.process.pid}).forEach(w => Main.activateWindow(w))")

    def cover(self) -> None:
        if "cover" not in self._running:
            self.start("cover", sys.executable, "-c", COVER)
        pid = self._running["cover"].pid
        wait_for(lambda: self.eval(f"{WINDOWS}({pid}).length"), "another window")
        self.eval(f"{WINDOWS}({pid}).forEach(w => Main.activateWindow(w))")
        focus = f"global.display.focus_window?.get_pid() === {pid}"
        wait_for(lambda: self.eval(focus), "another window in front")
        # The operator works in it: who comes without a token is then kept back.
        self.pointer.click(*self._middle(f"{WINDOWS}({pid})[0].get_frame_rect()"))

    def minimize(self, app: App) -> None:
        self.eval(f"{WINDOWS}({app.process.pid}).forEach(w => w.minimize())")

    def close_app_window(self, app: App) -> None:
        now = "global.get_current_time()"
        self.eval(f"{WINDOWS}({app.process.pid}).forEach(w => w.delete({now}))")

    def bubbles(self) -> int:
        return int(bool(self.eval("Main.messageTray._notificationState === 2")))  # State.SHOWN

    def notifications(self) -> int:
        count = "(n, source) => n + source.notifications.length"
        return int(self.eval(f"Main.messageTray.getSources().reduce({count}, 0)"))

    def click_bubble(self) -> None:
        self.pointer.click(*self._middle("Main.messageTray._banner.get_transformed_extents()"))

    def dismiss_bubbles(self) -> None:
        self.eval("Main.messageTray.getSources().forEach(source => source.destroy())")

    def do_not_disturb(self, on: bool) -> None:
        value = "false" if on else "true"
        self.run("gsettings", "set", "org.gnome.desktop.notifications", "show-banners", value)

    def launch(self) -> None:
        # The dash shows what runs, and its icon brings its window to the front.
        self.eval("Main.overview.show()")
        icon = f"Main.overview.dash._box.get_children().find({IS_ICON})"
        wait_for(lambda: self.eval(f"{icon} !== undefined && Main.overview._shown"), "the dash")
        self.run("sleep", "0.5")  # it slides in
        self.pointer.click(*self._middle(f"{icon}.get_transformed_extents()"))
        wait_for(lambda: self.eval("!Main.overview.visible"), "the end of the overview")

    def screenshot(self, name: str) -> Path:
        path = self.shots / f"{name}.png"
        shot = "org.gnome.Shell.Screenshot"
        body = (True, False, str(path))
        self.call("org.gnome.Shell", "/org/gnome/Shell/Screenshot", shot, "Screenshot", "bbs", body)
        return path


class GnomeAppIndicator(Gnome):
    """With the extension that gives it a tray."""

    name = "gnome-appindicator"
    tray = True
    extensions = ("ubuntu-appindicators@ubuntu.com",)
    files = (*Gnome.files, "/usr/share/gnome-shell/extensions/ubuntu-appindicators@ubuntu.com")

    def items(self) -> list[Item]:
        # The extension puts an @ between the name and the path.
        name = "RegisteredStatusNotifierItems"
        told = self.property(WATCHER, "/StatusNotifierWatcher", WATCHER, name) or []
        return [Item(self, *item.split("@", 1)) for item in told]

    def click_icon(self) -> None:
        raise UnaskedError("a click opens the menu here")

    def choose(self, text: str) -> None:
        # An icon has no name of its own; no other program has one here.
        icon = f"Object.entries(Main.panel.statusArea).find({IS_INDICATOR})[1]"
        self.pointer.click(*self._middle(f"{icon}.get_transformed_extents()"))
        wait_for(lambda: self.eval(f"{icon}.menu.isOpen"), "the open menu")
        self.run("sleep", "0.5")  # it unfolds
        entries = f"{icon}.menu._getMenuItems()"
        entry = f"{entries}.find(item => item.label?.text === {json.dumps(text)})"
        self.screenshot(f"{self.name}-open-menu")
        self.pointer.click(*self._middle(f"{entry}.get_transformed_extents()"))
