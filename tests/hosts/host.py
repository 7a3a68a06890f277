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
OPEN_FLEET = "Open fleet"
ROOT = Path(__file__).parents[2]
DESKTOP_FILE = "cc-desktop.desktop"
# Each question that needs a failure has an agent of its own: an agent fails once.
AGENTS = ("Ada", "Bob", "Cleo", "Dora", "Otto", "Rex")
# Another program, with a window large enough to lie over most of the screen.
COVER = """
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication(["cover"])
window = QLabel("Another program")
window.setFixedSize(1000, 560)
window.show()
app.exec()
"""


class UnaskedError(Exception):
    """Says why a question makes no sense on a desktop."""


class Host(Session):
    """What the tests ask of a desktop. Each says how it does that."""

    name: ClassVar[str]
    programs: ClassVar[tuple[str, ...]]
    files: ClassVar[tuple[str, ...]] = ()  # what else has to be installed
    tray: ClassVar[bool] = True
    launcher = True  # False: the desktop knows nothing of the app, as from a checkout
    minimizes: ClassVar[bool] = True

    def start_desktop(self) -> None:
        """Start the compositor or window manager, the panel and the notification service."""
        raise NotImplementedError

    def is_shown(self, app: App) -> bool:
        """Whether a window of the app is on the screen."""
        raise NotImplementedError

    def has_window(self, app: App) -> bool:
        """Whether there is a window of the app, if only a minimized one."""
        return self.is_shown(app)

    def is_in_front(self, app: App) -> bool:
        """Whether a window of the app has the focus."""
        raise NotImplementedError

    def cover(self) -> None:
        """Put another program's window in front, and give it the focus."""
        raise NotImplementedError

    def minimize(self, app: App) -> None:
        """Minimize the app's window."""
        raise NotImplementedError

    def close_app_window(self, app: App) -> None:
        """Close the app's window, as its title bar does."""
        raise NotImplementedError

    def bubbles(self) -> int:
        """How many notifications are on the screen; 1 stands for any where it cannot be counted."""
        raise NotImplementedError

    def notifications(self) -> int:
        """How many notifications there are that the operator has not closed."""
        return self.bubbles()

    def click_bubble(self) -> None:
        """Click the newest notification."""
        raise NotImplementedError

    def dismiss_bubbles(self) -> None:
        """Close all notifications."""
        raise NotImplementedError

    def do_not_disturb(self, on: bool) -> None:
        """Switch the desktop's own do-not-disturb."""
        raise NotImplementedError

    def launch(self) -> None:
        """Start the app again from the desktop's menu of programs."""
        raise UnaskedError("no menu of programs here")

    def install_launcher(self) -> None:
        """Give the desktop the app's launcher and icon, as a package does."""
        data = self.home / ".local/share"
        command = f"{sys.executable} -m cc_desktop --config {self.path / 'config'} %u"
        lines = (ROOT / "packaging/linux" / DESKTOP_FILE).read_text().splitlines()
        lines = [f"Exec={command}" if line.startswith("Exec=") else line for line in lines]
        lines = [line for line in lines if not line.startswith("TryExec=")]
        launcher = data / "applications" / DESKTOP_FILE
        launcher.parent.mkdir(parents=True, exist_ok=True)
        launcher.write_text("\n".join([*lines, f"Path={ROOT}", ""]))
        icon = data / "icons/hicolor/scalable/apps/cc-desktop.svg"
        icon.parent.mkdir(parents=True, exist_ok=True)
        icon.write_bytes((ROOT / "resources/icons/cc-desktop.svg").read_bytes())

    def to_front(self, app: App) -> None:
        """Give the focus to the app's window, as the desktop's switcher does."""
        raise NotImplementedError

    def click_icon(self) -> None:
        """Click the icon in the tray."""
        self.items()[0].activate()

    def choose(self, text: str) -> None:
        """Choose an entry of the tray icon's menu."""
        self.items()[0].choose(text)

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
        for name in AGENTS:
            gateway.add_agent(name.lower(), name=name)
            gateway.add_session(MAIN.format(name.lower()), status="done", hasActiveRun=False)
        return gateway

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def run(self, agent: str) -> None:
        """Let an agent begin to work."""
        self.call(
            self.gateway.change(MAIN.format(agent.lower()), status="running", hasActiveRun=True)
        )

    def fail(self, agent: str, why: str) -> None:
        """Let an agent's run fail."""
        row = MAIN.format(agent.lower())
        self.call(self.gateway.change(row, status="failed", hasActiveRun=False, lastRunError=why))

    def calm(self, agent: str) -> None:
        """Let an agent's run end well."""
        row = MAIN.format(agent.lower())
        self.call(self.gateway.change(row, status="done", hasActiveRun=False, lastRunError=None))

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
        self.unasked = ""
        try:
            ask()
        except UnaskedError as error:
            self.unasked = str(error)
        except Exception as error:
            self.why = f"{type(error).__name__}: {error}".splitlines()[0][:160]

    @property
    def passed(self) -> bool:
        return not self.why

    def __str__(self) -> str:
        return "**no**" if self.why else self.unasked or "yes"


class Trial:
    """The app on a desktop, and what is asked of them; each question starts from any state."""

    def __init__(self, host: Host, gateways: GatewayThread) -> None:
        self.host = host
        self.gateways = gateways
        self._failed = ""  # an agent
        self.app = host.start_app("--url", gateways.gateway.url)

    def ask(self) -> list[Cell]:
        questions: dict[str, Callable[[], object]] = {
            "window": self._window,
            "tray": self._tray,
            "menu": self._menu,
            "notification": self._notification,
            "click raises": self._click_raises,
            "click raises, minimized": self._click_restores,
            "click raises, closed": self._click_shows,
            "icon raises": self._icon_raises,
            "menu raises": self._menu_raises,
            "second start raises": self._second_start,
            "launcher raises": self._launcher,
            "do not disturb": self._do_not_disturb,
            "notification after it": self._again,
            "failures, one notification": self._many,
            "closing": self._closing,
            "ends": self._ends,
        }
        cells = []
        for name, question in questions.items():
            cells.append(Cell(name, question))
            self.host.run("sleep", "0.5")  # effects
            self.host.screenshot(f"{self.host.name}-{name.replace(',', '').replace(' ', '-')}")
        return cells

    def _until(self, what: str, look: Callable[[], object]) -> None:
        wait_for(look, f"{self.host.name}: {what}", 20, still=self.app.running)

    def _need_tray(self) -> None:
        if not self.host.tray:
            raise UnaskedError("no tray here")

    def _window(self) -> None:
        self._until("window", lambda: self.host.is_shown(self.app))

    def _tray(self) -> None:
        self._need_tray()
        self._until("icon", self.host.items)

    def _menu(self) -> None:
        self._need_tray()
        self._until("an entry to open the fleet", lambda: OPEN_FLEET in self.host.menu())

    def _notification(self) -> None:
        if self.host.tray:
            self._until("the fleet", lambda: any("idle" in entry for entry in self.host.menu()))
        else:
            self._until("the fleet", lambda: self.gateways.gateway.count("sessions.list"))
        self._cover()
        self._fail("Rex")

    def _click_raises(self) -> None:
        if not self.host.bubbles():
            self._fail("Dora")
        self._click()

    def _click_restores(self) -> None:
        if not self.host.minimizes:
            raise UnaskedError("no minimized windows here")
        self._show()
        self.host.minimize(self.app)
        self._until("no window", lambda: not self.host.is_shown(self.app))
        self._fail("Ada")
        self._click()

    def _click_shows(self) -> None:
        self._need_tray()
        self._show()
        self.host.close_app_window(self.app)
        self._until("no window", lambda: not self.host.is_shown(self.app))
        self._fail("Bob")
        self._click()

    def _icon_raises(self) -> None:
        self._need_tray()
        self._show()
        self._cover()
        self.host.click_icon()
        self._until("the window in front", lambda: self.host.is_in_front(self.app))

    def _menu_raises(self) -> None:
        self._need_tray()
        self._show()
        self._cover()
        self.host.choose(OPEN_FLEET)
        self._until("the window in front", lambda: self.host.is_in_front(self.app))

    def _launcher(self) -> None:
        if not self.host.launcher:
            raise UnaskedError("from a checkout")
        self._show()
        self._cover()
        self.host.launch()
        self._until("the window in front", lambda: self.host.is_in_front(self.app))

    def _second_start(self) -> None:
        self._show()
        self._cover()
        second = self.host.start_second()
        self._until("the window in front", lambda: self.host.is_in_front(self.app))
        second.wait(20)

    def _do_not_disturb(self) -> None:
        self._cover()
        self._dismiss()
        self.host.do_not_disturb(True)
        try:
            self._fail("Otto", bubble=False)
            # A bubble would come within the time that alerts are gathered.
            for _ in range(40):
                self.host.run("sleep", "0.1")
                if self.host.bubbles():
                    raise AssertionError("a bubble in spite of do-not-disturb")
        finally:
            self.host.do_not_disturb(False)

    def _again(self) -> None:
        self._cover()
        self._fail("Cleo")

    def _many(self) -> None:
        """Failures of one gateway become one notification, which is replaced as they grow."""
        self._cover()
        self._fail(AGENTS[0])
        for agent in AGENTS[1:]:
            self.gateways.run(agent)
            self.gateways.fail(agent, f"{agent} has no credit left")
        words = f"{len(AGENTS)} agents failed"
        self._until("the request", lambda: words in self.host.asked())
        self.host.run("sleep", "2")  # whatever else may come
        if (count := self.host.notifications()) != 1:
            raise AssertionError(f"{count} notifications")

    def _closing(self) -> None:
        self._show()
        self.host.close_app_window(self.app)
        if self.host.tray:
            self._until("no window", lambda: not self.host.is_shown(self.app))
            self.host.run("sleep", "1")
            self.app.running()
            self.host.choose(OPEN_FLEET)
            self._until("the window again", lambda: self.host.is_in_front(self.app))
        else:
            self._ended()

    def _ends(self) -> None:
        if self.host.tray:
            self.app.process.terminate()
        self._ended()

    # Steps

    def _ended(self) -> None:
        code = self.app.process.wait(15)
        if code:
            raise AssertionError(f"it ended with {code}")

    def _show(self) -> None:
        """Bring the window to the front by the desktop's own means."""
        if not self.host.has_window(self.app):
            self.host.start_second().wait(20)
            self._until("a window", lambda: self.host.has_window(self.app))
        if not self.host.is_in_front(self.app):
            self.host.to_front(self.app)
            self._until("the window to start from", lambda: self.host.is_in_front(self.app))

    def _cover(self) -> None:
        self.host.cover()
        self._until("another window in front", lambda: not self.host.is_in_front(self.app))
        self.host.run("sleep", "0.5")  # the app has to hear that it lost the focus

    def _dismiss(self) -> None:
        self.host.dismiss_bubbles()
        self._until("no bubble", lambda: not self.host.bubbles())

    def _fail(self, agent: str, *, bubble: bool = True) -> None:
        """Let an agent's run fail, until that is on the screen or at least known."""
        if self._failed:  # several failures would share a notification
            self.gateways.run(self._failed)
            self.gateways.calm(self._failed)
        self._failed = agent
        self._dismiss()
        self.gateways.run(agent)
        self._knows(f"{agent}'s work", agent)
        self.gateways.fail(agent, "No credit left")
        if bubble:
            self._until("the request", lambda: f"{agent} failed" in self.host.asked())
            self._until("the bubble", self.host.bubbles)
        else:
            self._knows("the failure", agent)

    def _knows(self, what: str, agent: str) -> None:
        """Until the app shows that an agent is not idle."""
        if self.host.tray:
            self._until(what, lambda: any(agent in entry for entry in self.host.menu()))
        else:
            self.host.run("sleep", "2")

    def _click(self) -> None:
        if self.host.is_in_front(self.app):
            raise AssertionError("it was in front before the click")
        self.host.run("sleep", "1")  # it may slide in
        self.host.click_bubble()
        self._until("the window in front", lambda: self.host.is_in_front(self.app))


def try_host(host: Host) -> list[Cell]:
    """Run the app on a desktop that is not started yet, and ask everything."""
    host.start_bus()
    if host.launcher:
        host.install_launcher()
    host.start_desktop()
    host.watch_notifications()
    with gateway_thread() as gateways:
        return Trial(host, gateways).ask()
