"""A desktop that people use, headless: its compositor, panel and notification service are real."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tests.fakes.gateway import FakeGateway
from tests.whole.session import App, Session, wait_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Coroutine, Iterator

MAIN = "agent:{}:main"
NOTIFICATIONS = "org.freedesktop.Notifications"


class Host(Session):
    """What the tests ask of a desktop. Each says how it does that."""

    name: ClassVar[str]
    programs: ClassVar[tuple[str, ...]]

    def start_desktop(self) -> None:
        """Start the compositor or window manager, the panel and the notification service."""
        raise NotImplementedError

    def is_shown(self, app: App) -> bool:
        """Whether a window of the app is on the screen."""
        raise NotImplementedError

    def is_in_front(self, app: App) -> bool:
        """Whether a window of the app has the focus."""
        raise NotImplementedError

    def cover(self) -> None:
        """Put another program's window in front, and give it the focus."""
        raise NotImplementedError

    def bubbles(self) -> int:
        """How many notifications are on the screen; 1 stands for any where it cannot be counted."""
        raise NotImplementedError

    def click_bubble(self) -> None:
        """Click the newest notification."""
        raise NotImplementedError

    def dismiss_bubbles(self) -> None:
        """Close all notifications."""
        raise NotImplementedError

    def do_not_disturb(self, on: bool) -> None:
        """Switch the desktop's own do-not-disturb."""
        raise NotImplementedError

    def menu(self) -> list[str]:
        """The entries of the tray icon's menu, as the panel gets them."""
        return list(self.items()[0].menu())

    @property
    def shots(self) -> Path:
        """Where screenshots go."""
        return Path(os.environ.get("CC_DESKTOP_SHOTS") or self.path)

    def start_second(self) -> subprocess.Popen[bytes]:
        """Start the app again, as a launcher does."""
        config = str(self.path / "config")
        return self.start("second", sys.executable, "-m", "cc_desktop", "--config", config)

    def watch_notifications(self) -> None:
        """Note what programs ask the notification service to show."""
        rule = f"interface='{NOTIFICATIONS}',member='Notify'"
        self.start("notify", "dbus-monitor", "--session", rule)

    def asked(self) -> str:
        """All that was asked so far."""
        return (self.path / "notify.log").read_text("utf-8", "replace")


class GatewayThread:
    """A gateway of the tests in a thread of its own: the app under test is another process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.gateway: FakeGateway = self.call(self._start())

    @staticmethod
    async def _start() -> FakeGateway:
        gateway = FakeGateway()
        await gateway.start()
        for ident, name in (("otto", "Otto"), ("rex", "Rex")):
            gateway.add_agent(ident, name=name)
            gateway.add_session(MAIN.format(ident), status="done", hasActiveRun=False)
        return gateway

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def run(self, agent: str) -> None:
        """Let an agent begin to work."""
        self.call(self.gateway.change(MAIN.format(agent), status="running", hasActiveRun=True))

    def fail(self, agent: str, why: str) -> None:
        """Let an agent's run fail."""
        row = MAIN.format(agent)
        self.call(self.gateway.change(row, status="failed", hasActiveRun=False, lastRunError=why))

    def close(self) -> None:
        self.call(self.gateway.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@contextmanager
def gateway_thread() -> Iterator[GatewayThread]:
    thread = GatewayThread()
    try:
        yield thread
    finally:
        thread.close()


class Cell:
    """One question to a desktop, and the answer."""

    def __init__(self, name: str, ask: Callable[[], object]) -> None:
        self.name = name
        self.why = ""
        try:
            ask()
        except Exception as error:
            self.why = f"{type(error).__name__}: {error}".splitlines()[0][:160]

    @property
    def passed(self) -> bool:
        return not self.why


def try_host(host: Host) -> list[Cell]:
    """Run the app on a desktop that is not started yet, and ask everything."""
    host.start_bus()
    host.start_desktop()
    host.watch_notifications()
    with gateway_thread() as gateways:
        app = host.start_app("--url", gateways.gateway.url)
        cells = [Cell("window", lambda: until(host, app, "window", lambda: host.is_shown(app)))]
        cells.append(Cell("tray", lambda: until(host, app, "icon", host.items)))
        cells.append(Cell("menu", lambda: _has_menu(host, app)))
        cells.append(Cell("notification", lambda: _notifies(host, app, gateways)))
        host.screenshot(f"host-{host.name}")
        cells.append(Cell("click raises", lambda: _click_raises(host, app)))
        cells.append(Cell("second start raises", lambda: _second_start(host, app)))
        cells.append(Cell("do not disturb", lambda: _is_quiet(host, app, gateways)))
        cells.append(Cell("ends", lambda: _ends(app)))
    return cells


def until(host: Host, app: App, what: str, look: Callable[[], object]) -> None:
    wait_for(look, f"{host.name}: {what}", 20, still=app.running)


def _has_menu(host: Host, app: App) -> None:
    until(host, app, "an entry to open the fleet", lambda: "Open fleet" in host.menu())


def _notifies(host: Host, app: App, gateways: GatewayThread) -> None:
    until(host, app, "the live fleet", lambda: any("idle" in entry for entry in host.menu()))
    gateways.run("rex")
    until(host, app, "work in the menu", lambda: any("Rex" in entry for entry in host.menu()))
    host.cover()
    host.run("sleep", "0.5")  # the app has to hear that it lost the focus
    gateways.fail("rex", "No credit left")
    until(host, app, "the request", lambda: "Rex failed" in host.asked())
    until(host, app, "the bubble", host.bubbles)


def _click_raises(host: Host, app: App) -> None:
    if host.is_in_front(app):
        raise AssertionError("it was in front before the click")
    host.click_bubble()
    until(host, app, "the window in front", lambda: host.is_in_front(app))


def _second_start(host: Host, app: App) -> None:
    host.cover()
    if host.is_in_front(app):
        raise AssertionError("it was in front before the second start")
    second = host.start_second()
    until(host, app, "the window in front", lambda: host.is_in_front(app))
    second.wait(20)


def _is_quiet(host: Host, app: App, gateways: GatewayThread) -> None:
    host.cover()
    host.dismiss_bubbles()
    until(host, app, "no bubble", lambda: not host.bubbles())
    host.do_not_disturb(True)
    gateways.run("otto")
    gateways.fail("otto", "Provider is down")
    until(host, app, "the failure in the menu", lambda: any("Otto" in e for e in host.menu()))
    # The failure is known; a bubble would come within the time that alerts are gathered.
    for _ in range(40):
        host.run("sleep", "0.1")
        if host.bubbles():
            raise AssertionError("a bubble in spite of do-not-disturb")
    host.do_not_disturb(False)


def _ends(app: App) -> None:
    app.process.terminate()
    code = app.process.wait(15)
    if code:
        raise AssertionError(f"it ended with {code}")
