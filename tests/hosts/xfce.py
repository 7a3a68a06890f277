"""XFCE: xfwm4, xfce4-panel and xfce4-notifyd on X11."""

from __future__ import annotations

from tests.hosts.x11 import X11Host
from tests.whole.session import wait_for

NOTIFYD = "/usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd"
PANEL = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="28"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray"/>
  </property>
</channel>
"""


class Xfce(X11Host):
    name = "xfce"
    programs = ("Xvfb", "xfwm4", "xfce4-panel", "xfconf-query", "xdotool")

    def start_desktop(self) -> None:
        self.start_display()
        self.env["XDG_CURRENT_DESKTOP"] = "XFCE"
        channel = self.home / ".config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
        channel.parent.mkdir(parents=True)
        channel.write_text(PANEL)
        self.start("xfconfd", "/usr/lib/x86_64-linux-gnu/xfce4/xfconf/xfconfd")
        wait_for(lambda: self.has_name("org.xfce.Xfconf"), "the settings")
        self.start("xfwm4", "xfwm4", "--compositor=off")
        self.start("panel", "xfce4-panel", "--disable-wm-check")
        self.notifyd = self.start("notifyd", NOTIFYD)
        wait_for(self.has_watcher, "the tray")
        wait_for(lambda: self.has_name("org.freedesktop.Notifications"), "xfce4-notifyd")

    def click_icon(self) -> None:
        self.click(14, 14)  # the panel has nothing else

    def bubbles(self) -> int:
        return sum(width > 100 for _, _, width, _ in self.windows(self.notifyd.pid).values())

    def dismiss_bubbles(self) -> None:
        for x, y, width, height in self.windows(self.notifyd.pid).values():
            self.click(x + width // 2, y + height - 8)

    def click_bubble(self) -> None:
        # It draws the default action as the first of its buttons; a click elsewhere only closes it.
        x, y, _, height = next(iter(self.windows(self.notifyd.pid).values()))
        self.click(x + 58, y + height - 31)

    def do_not_disturb(self, on: bool) -> None:
        value = "true" if on else "false"
        self.run(
            "xfconf-query",
            "-c",
            "xfce4-notifyd",
            "-p",
            "/do-not-disturb",
            "-n",
            "-t",
            "bool",
            "-s",
            value,
        )
