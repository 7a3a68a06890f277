"""Links, the line about the app itself, start at login, About, and news of a newer version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices, QFileOpenEvent
from PySide6.QtWidgets import QMenu

from cc_desktop import __version__
from cc_desktop.demo import simulation
from cc_desktop.desktop.application import App
from cc_desktop.desktop.link_opener import LinkOpener
from cc_desktop.desktop.manners import Around, Manners, add_about_entry, add_login_entry
from cc_desktop.desktop.single_instance import InstanceMessage
from cc_desktop.desktop.widgets.app_actions import Actions
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState
from cc_desktop.fleet.store import Store
from cc_desktop.system.autostart import AutostartError
from cc_desktop.system.update_check import Update, UpdateCheck
from tests.desktop import sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.window.fleet_window import FleetWindow

PAGE = "https://example.org/news"


class Memory:
    def __init__(self) -> None:
        self.kept: dict[str, object] = {}

    def recall(self, key: str) -> object:
        return self.kept.get(key)

    def remember(self, key: str, value: object) -> None:
        self.kept[key] = value


class Login:
    """Start at login, as the system has it."""

    def __init__(self) -> None:
        self.on = False
        self.error = ""

    def is_on(self) -> bool:
        return self.on

    def turn(self, on: bool) -> None:
        if self.error:
            raise AutostartError(self.error)
        self.on = on


class AlertEvent(UpdateCheck):
    """News without anybody to ask."""

    def __init__(self, found: Update | None) -> None:
        self.news = found

    @property
    def found(self) -> Update | None:
        return self.news


class Links:
    """An opener, and what came of it."""

    def __init__(self, store: Store) -> None:
        self.shown: list[tuple[str, str]] = []
        self.told: list[str] = []
        self.opener = LinkOpener(
            store, lambda gateway, agent: self.shown.append((gateway, agent)), self.told.append
        )

    @property
    def line(self) -> str:
        return self.told[-1]


def connecting() -> Store:
    store = Store(lambda: sample.NOW)
    store.apply(ev.GatewayAdded("studio", "Studio", "ws://studio.example:18789/"))
    store.apply(ev.ConnectionChanged("studio", ConnectionInfo(ConnectionState.CONNECTING)))
    return store


# Links

pytestmark = pytest.mark.usefixtures("qapp")


def test_a_link_to_an_agent_that_is_there_is_opened_at_once() -> None:
    links = Links(sample.live_store())

    links.opener.open("cc-desktop://agent/studio/otto")

    assert links.shown == [("studio", "otto")]
    assert links.line == ""
    assert not links.opener.waiting


def test_a_link_waits_for_the_first_list() -> None:
    store = connecting()
    links = Links(store)

    links.opener.open("cc-desktop://agent/studio/otto")
    assert links.shown == []
    assert links.opener.waiting

    store.apply(sample.studio())
    assert links.shown == [("studio", "otto")]
    assert not links.opener.waiting


def test_an_agent_that_is_unknown_is_said_when_the_list_is_there() -> None:
    store = connecting()
    links = Links(store)
    links.opener.open("cc-desktop://agent/studio/nobody")

    store.apply(sample.studio())
    store.apply(ev.ConnectionChanged("studio", ConnectionInfo(ConnectionState.LIVE)))

    assert links.shown == []
    assert links.line == "The link names the agent “nobody”, which Studio does not have."


def test_a_gateway_that_is_unknown_is_said_at_once() -> None:
    links = Links(connecting())

    links.opener.open("cc-desktop://agent/elsewhere/otto")

    assert links.line == "The link names the gateway “elsewhere”, which is not in the settings."
    assert not links.opener.waiting


def test_a_gateway_that_refuses_is_said_at_once() -> None:
    store = connecting()
    links = Links(store)
    links.opener.open("cc-desktop://agent/studio/otto")

    store.apply(
        ev.ConnectionChanged(
            "studio", ConnectionInfo(ConnectionState.BLOCKED, problem=sample.WRONG_TOKEN)
        )
    )

    assert links.line.endswith("cannot be shown: Studio refuses the connection.")


def test_the_wait_ends_with_a_line() -> None:
    store = connecting()
    links = Links(store)
    links.opener.open("cc-desktop://agent/studio/otto")

    links.opener._timer.timeout.emit()
    assert links.line == "The link's agent “otto” cannot be shown: Studio is not live yet."

    store.apply(sample.studio())
    assert links.shown == []


def test_an_agent_behind_the_demo_waits_until_it_is_seen() -> None:
    store = connecting()
    store.apply(sample.studio())
    store.apply(ev.Shown("studio", shown=False))
    links = Links(store)

    links.opener.open("cc-desktop://agent/studio/otto")
    assert links.shown == []

    store.apply(ev.Shown("studio", shown=True))
    assert links.shown == [("studio", "otto")]


def test_the_demo_is_waited_for() -> None:
    links = Links(connecting())

    links.opener.open(f"cc-desktop://agent/{simulation.GATEWAY}/otto")

    assert links.opener.waiting
    links.opener.stop()


def test_the_last_link_counts() -> None:
    store = connecting()
    links = Links(store)
    links.opener.open("cc-desktop://agent/studio/otto")
    links.opener.open("cc-desktop://agent/studio/rex")

    store.apply(sample.studio())

    assert links.shown == [("studio", "rex")]


def test_a_link_that_is_none_is_said() -> None:
    links = Links(connecting())

    links.opener.open("cc-desktop://agent/studio/<b>")

    assert links.line == "This link is not percent-encoded correctly."


def test_hostile_names_are_made_plain() -> None:
    links = Links(connecting())

    links.opener.open("cc-desktop://agent/" + "x" * 199 + "/otto")

    assert "x" * 100 not in links.line
    assert "…" in links.line


# In the window


class Desk:
    """A window, and the manners that serve it."""

    def __init__(self, window: FleetWindow, store: Store, **around: object) -> None:
        self.window = window
        self.memory = Memory()
        self.login = Login()
        self.news = AlertEvent(None)
        made = Around(
            login=self.login,
            make_updates=lambda _memory: self.news,
            facts=("Settings: /x/settings.toml",),
            **around,  # type: ignore[arg-type]
        )
        self.manners = Manners(made, self.memory)
        self.manners.attach(window, store)
        self.actions = Actions(
            reconnect=lambda _gateway: None,
            mark_seen=lambda _gateway, _agent: None,
            show_last_known=lambda _shown: None,
            quit=lambda: None,
            about=self.manners.show_about,
            starts_at_login=self.manners.starts_at_login,
            start_at_login=self.manners.start_at_login,
        )

    def menu(self) -> QMenu:
        menu = self._menu = QMenu()
        add_login_entry(menu, self.actions)
        add_about_entry(menu, self.actions, self.manners.update)
        return menu


@pytest.fixture
def make_desk(open_window: Callable[..., FleetWindow]) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(**around: object) -> Desk:
        store = sample.live_store()
        made.append(Desk(open_window(store), store, **around))
        return made[-1]

    yield make
    for desk in made:
        desk.manners.stop()
        if desk.manners.about_box is not None:
            desk.manners.about_box.deleteLater()


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


def test_a_second_start_shows_a_window_that_was_closed(desk: Desk) -> None:
    desk.window.close()

    desk.manners._on_asked(InstanceMessage("show"))

    assert desk.window.isVisible()


def test_a_second_start_shows_a_window_that_was_minimized(desk: Desk) -> None:
    desk.window.showMinimized()

    desk.manners._on_asked(InstanceMessage("show"))

    assert not desk.window.isMinimized()


def test_a_hidden_second_start_shows_nothing(desk: Desk) -> None:
    desk.window.close()

    desk.manners._on_asked(InstanceMessage("none"))

    assert not desk.window.isVisible()


def test_a_link_of_a_second_start_is_opened(desk: Desk) -> None:
    desk.window.close()

    desk.manners._on_asked(InstanceMessage("open", "cc-desktop://agent/studio/otto"))

    assert desk.window.isVisible()
    assert desk.window.details.key == ("studio", "otto")


def test_a_bad_link_of_a_second_start_is_a_line_in_the_window(desk: Desk) -> None:
    desk.manners._on_asked(InstanceMessage("open", "cc-desktop://agent/studio/nobody"))

    assert "“nobody”" in desk.window.notice.text
    desk.window.notice.dismiss.click()
    assert desk.window.notice.text == ""


def test_the_link_of_the_start_is_opened(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(link="cc-desktop://agent/home-lab/nano")

    desk.manners.start()

    assert desk.window.details.key == ("home-lab", "nano")


def test_macos_hands_over_links_as_events(qapp: App) -> None:
    opened: list[str] = []

    class Told(QObject):
        open_link = staticmethod(opened.append)
        stop = None

    App.event(Told(), QFileOpenEvent(QUrl("cc-desktop://agent/a%2Fb/c")))  # type: ignore[arg-type]

    assert opened == ["cc-desktop://agent/a%2Fb/c"]


# Start at login


def test_the_entry_is_ticked_as_the_system_says(desk: Desk) -> None:
    desk.login.on = True
    (entry, _) = desk.menu().actions()

    assert (entry.text(), entry.isCheckable(), entry.isChecked()) == ("Start at login", True, True)


def test_the_entry_changes_the_system(desk: Desk) -> None:
    menu = desk.menu()
    before = desk.manners.menu_state()
    menu.actions()[0].trigger()

    assert desk.login.on
    assert desk.manners.menu_state() != before
    menu = desk.menu()
    menu.actions()[0].trigger()
    assert not desk.login.on


def test_a_failure_is_told_in_the_window(desk: Desk) -> None:
    desk.login.error = "Start at login cannot be set: /x: Permission denied."
    desk.window.close()
    menu = desk.menu()

    menu.actions()[0].trigger()

    assert desk.window.isVisible()
    assert desk.window.notice.text == desk.login.error
    assert not menu.actions()[0].isChecked()


def test_where_there_is_no_start_at_login_there_is_no_entry() -> None:
    manners = Manners(Around(), Memory())
    menu = QMenu()
    actions = sample.Asked().actions

    add_login_entry(menu, actions)
    manners.start_at_login(True)

    assert menu.actions() == []
    assert manners.starts_at_login() is None


# About, and a newer version


def test_about_tells_the_version(desk: Desk) -> None:
    menu = desk.menu()
    assert menu.actions()[-1].text() == f"About {__version__}"

    menu.actions()[-1].trigger()

    box = desk.manners.about_box
    assert box is not None
    assert box.isVisible()
    assert __version__ in box.text()
    assert "/x/settings.toml" in box.informativeText()
    assert "available" not in box.informativeText()


def test_a_newer_version_is_told_until_it_is_dismissed(desk: Desk, qtbot: QtBot) -> None:
    desk.news.news = Update("9.1")
    desk.manners._refresh_notice()

    line = f"Version 9.1 is available, this is {__version__}."
    assert desk.window.notice.text == line
    assert desk.window.notice.link.isHidden()
    assert desk.menu().actions()[-1].text() == "About (version 9.1 is available)"
    desk.manners.show_about()
    assert desk.manners.about_box is not None
    assert line in desk.manners.about_box.informativeText()

    desk.window.notice.dismiss.click()
    desk.manners._refresh_notice()
    assert desk.window.notice.text == ""
    desk.news.news = Update("9.2")
    desk.manners._refresh_notice()
    assert "9.2" in desk.window.notice.text


def test_its_page_is_opened_by_the_browser(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    desk.news.news = Update("9.1", PAGE)
    desk.manners._refresh_notice()

    desk.window.notice.link.click()

    assert opened == [PAGE]


def test_other_lines_go_before_the_news(desk: Desk) -> None:
    desk.news.news = Update("9.1", PAGE)
    desk.manners._refresh_notice()
    desk.manners.tell("Something else.")

    assert desk.window.notice.text == "Something else."
    assert desk.window.notice.link.isHidden()
    desk.window.notice.dismiss.click()
    assert "9.1" in desk.window.notice.text


async def test_a_fault_of_the_news_does_not_end_the_app(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_on_found: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(desk.news, "run", fail)

    await desk.manners.run()

    assert "no more news of newer versions" in caplog.text


def test_nobody_is_asked_where_no_address_is_set() -> None:
    manners = Manners(Around(), Memory())

    with pytest.raises(StopIteration):
        manners.run().send(None)
    assert manners.update is None
