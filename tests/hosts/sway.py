"""sway with waybar and mako: Wayland, tiling."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from tests.hosts.host import Host
from tests.whole.session import App, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SWAY = """output HEADLESS-1 resolution 1366x768
focus_on_window_activation focus
"""
WAYBAR = {"position": "top", "height": 30, "modules-right": ["tray"], "tray": {"icon-size": 22}}
MAKO = """default-timeout=0
[mode=do-not-disturb]
invisible=1
"""


class Sway(Host):
    name = "sway"
    minimizes = False
    _empty = b""  # what the corner of the bubbles shows while there is none
    programs = ("sway", "swaymsg", "waybar", "mako", "makoctl", "grim", "unshare")

    def start_desktop(self) -> None:
        self.env |= {
            "WLR_BACKENDS": "headless",
            "WLR_LIBINPUT_NO_DEVICES": "1",
            "WLR_RENDERER": "pixman",
            "XDG_SESSION_TYPE": "wayland",
            "XDG_CURRENT_DESKTOP": "sway",
            "QT_QPA_PLATFORM": "wayland",
        }
        config = self.path / "sway.conf"
        config.write_text(SWAY)
        # sway refuses to run as root; in a namespace of its own it is somebody else.
        as_user = ("unshare", "--user", "--map-user=1000") if os.getuid() == 0 else ()
        self.start("sway", *as_user, "sway", "-c", str(config))
        self.env["WAYLAND_DISPLAY"] = wait_for(lambda: self._socket("wayland-"), "the compositor")
        socket = wait_for(lambda: self._socket("sway-ipc"), "its socket")
        self.env["SWAYSOCK"] = str(self.runtime / socket)
        waybar, mako = self.path / "waybar.json", self.path / "mako.conf"
        waybar.write_text(json.dumps(WAYBAR))
        mako.write_text(MAKO)
        self.start("waybar", "waybar", "-c", str(waybar))
        self.start("mako", "mako", "-c", str(mako))
        wait_for(self.has_watcher, "the tray")
        wait_for(lambda: self.has_name("org.freedesktop.Notifications"), "mako")

    def _socket(self, prefix: str) -> str:
        names = (path.name for path in self.runtime.iterdir() if path.suffix != ".lock")
        return next((name for name in names if name.startswith(prefix)), "")

    def _windows(self) -> Iterator[dict[str, Any]]:
        def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
            if node.get("app_id"):
                yield node
            for inner in [*node.get("nodes", ()), *node.get("floating_nodes", ())]:
                yield from walk(inner)

        tree = self.run("swaymsg", "-t", "get_tree")
        yield from walk(json.loads(tree)) if tree else ()

    def is_shown(self, app: App) -> bool:
        return any(row["pid"] == app.process.pid and row["visible"] for row in self._windows())

    def is_in_front(self, app: App) -> bool:
        return any(row["pid"] == app.process.pid and row["focused"] for row in self._windows())

    def cover(self) -> None:
        self.run("swaymsg", "workspace", "other")
        wait_for(lambda: not any(row["focused"] for row in self._windows()), "another workspace")
        self._empty = self._empty or self._corner()

    def to_front(self, app: App) -> None:
        self.run("swaymsg", f"[pid={app.process.pid}]", "focus")

    def close_app_window(self, app: App) -> None:
        self.run("swaymsg", f"[pid={app.process.pid}]", "kill")

    def bubbles(self) -> int:
        # mako lists what it hides as well, so look at the screen: they are at the top right.
        area = self._corner()
        return int(area != self._empty)

    def _corner(self) -> bytes:
        done = subprocess.run(
            ("grim", "-g", "1046,40 310x160", "-t", "ppm", "-"),
            env=self.env,
            capture_output=True,
            timeout=20,
            check=True,
        )
        return done.stdout

    def notifications(self) -> int:
        told = json.loads(self.run("makoctl", "list"))
        return sum(len(group) for group in told["data"])

    def dismiss_bubbles(self) -> None:
        self.run("makoctl", "dismiss", "-a")

    def click_bubble(self) -> None:
        self.run("makoctl", "invoke")

    def do_not_disturb(self, on: bool) -> None:
        self.run("makoctl", "mode", "-a" if on else "-r", "do-not-disturb")

    def screenshot(self, name: str) -> Path:
        path = self.shots / f"{name}.png"
        self.run("grim", str(path))
        return path
