from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QSystemTrayIcon

from cc_desktop.desktop.tray import POLL_FAST, POLL_MS, POLL_SLOW_MS, TrayHost
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.store import Store
from tests.desktop import sample
from tests.desktop.sample import MIN, NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QMenu

pytestmark = [
    pytest.mark.usefixtures("qapp"),
    # The offscreen platform has no X11 to watch.
    pytest.mark.qt_log_ignore("systemTrayWindowChanged", extend=True),
]


class Panel:
    """A tray that comes and goes, and the app around the host."""

    def __init__(self, store: Store, there: bool = True) -> None:
        self.there = there
        self.snoozed = False
        self.more = "Settings"
        self.asked = sample.Asked()
        self.opened: list[tuple[str, ...]] = []
        self.told: list[bool] = []
        self.host = TrayHost(
            store,
            self.asked.actions,
            lambda: self.opened.append(()),
            lambda gateway, agent: self.opened.append((gateway, agent)),
            self.told.append,
            extend_menu=self._extend,
            menu_state=lambda: self.more,
            snoozed=lambda: self.snoozed,
            available=lambda: self.there,
        )

    def _extend(self, menu: QMenu) -> None:
        menu.addAction(self.more)

    def entries(self) -> list[str]:
        self.host.menu.aboutToShow.emit()
        return [action.text() for action in self.host.menu.actions() if action.text()]

    def choose(self, text: str) -> None:
        self.host.menu.aboutToShow.emit()
        next(action for action in self.host.menu.actions() if action.text() == text).trigger()


@pytest.fixture
def panel() -> Iterator[Callable[..., Panel]]:
    made: list[Panel] = []

    def make(store: Store, there: bool = True) -> Panel:
        made.append(Panel(store, there))
        made[-1].host.start()
        return made[-1]

    yield make
    for each in made:
        each.host.stop()
        each.host.menu.deleteLater()


def test_the_menu_has_everything(panel: Callable[..., Panel]) -> None:
    assert panel(sample.live_store()).entries() == [
        "3 working · 3 need you · 5 idle",
        "Rex (studio) · Error",
        "Dex (studio) · Needs you",
        "Hex (home-lab) · Stuck",
        "Nano (home-lab) · Working",
        "Otto (studio) · Working",
        "Pip (studio) · Thinking",
        "Open fleet",
        "Reconnect now",
        "Settings",
        "Quit",
    ]


def test_each_entry_does_what_it_says(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.live_store())
    for text in ("Hex (home-lab) · Stuck", "Open fleet", "Reconnect now", "Quit"):
        tray.choose(text)
    assert tray.opened == [("home-lab", "hex"), ()]
    assert tray.asked.calls == [("reconnect", None), ("quit",)]


def test_the_menu_is_as_new_as_the_model(panel: Callable[..., Panel]) -> None:
    store = sample.live_store()
    tray = panel(store)
    store.apply(ev.Seen("studio", {"agent:rex:telegram:1": NOW - 4 * MIN}))
    assert tray.entries()[1] == "Dex (studio) · Needs you"


def test_hosts_that_never_ask_get_a_new_menu_too(panel: Callable[..., Panel]) -> None:
    store = sample.live_store()
    tray = panel(store)
    store.apply(ev.Seen("studio", {"agent:rex:telegram:1": NOW - 4 * MIN}))
    tray.host._batch.flush()
    assert "Rex (studio) · Error" not in [action.text() for action in tray.host.menu.actions()]


def test_the_menu_keeps_its_entries_while_they_are_true(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.live_store())
    tray.entries()
    before = tray.host.menu.actions()
    tray.entries()
    assert tray.host.menu.actions() == before
    tray.more = "Snoozed until 14:30"
    assert tray.more in tray.entries()


def test_a_big_fleet_does_not_make_a_big_menu(panel: Callable[..., Panel]) -> None:
    entries = panel(sample.big_store(1000)).entries()
    assert len(entries) == 1 + 12 + 1 + 4
    assert entries[13] == "and 188 more"


def test_an_ampersand_is_no_shortcut(panel: Callable[..., Panel]) -> None:
    store = sample.live_store(second=False)
    store.apply(ev.AgentConfigured("studio", "rex", name="R&D\tbot"))
    assert panel(store).entries()[1] == "R&&D bot · Error"


def test_the_demo_is_called_so(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.demo_store())
    assert tray.entries()[0].startswith("DEMO · ")
    assert tray.host.icon is not None
    assert tray.host.icon.toolTip().startswith("DEMO")


def test_the_icon_is_set_only_when_it_looks_different(panel: Callable[..., Panel]) -> None:
    store = sample.live_store()
    tray = panel(store)
    icon = tray.host.icon
    assert icon is not None
    before = icon.icon().cacheKey()
    store.apply(sample.progress("studio", "otto", "another step", False))
    tray.host._batch.flush()
    assert icon.icon().cacheKey() == before
    store.apply(ev.Seen("studio", {"agent:rex:telegram:1": NOW - 4 * MIN}))
    tray.host._batch.flush()
    assert icon.icon().cacheKey() != before
    assert icon.toolTip() == "Control Center: 3 working, 2 need you, 6 idle · live"


def test_snoozed_hides_quiet_but_not_trouble(panel: Callable[..., Panel]) -> None:
    store = Store(sample.Clock())
    store.apply(ev.GatewayAdded("home-lab", "home-lab"))
    calm = ev.Snapshot("home-lab", sample.home_lab().agents[2:], ())
    store.apply(calm)
    tray = panel(store)
    assert tray.host.icon is not None
    quiet = tray.host.icon.icon().cacheKey()
    tray.snoozed = True
    tray.host.refresh()
    assert tray.host.icon.icon().cacheKey() != quiet
    trouble = panel(sample.live_store())
    assert trouble.host.icon is not None
    before = trouble.host.icon.icon().cacheKey()
    trouble.snoozed = True
    trouble.host.refresh()
    assert trouble.host.icon.icon().cacheKey() == before


@pytest.mark.parametrize(
    ("reason", "opens"),
    [
        (QSystemTrayIcon.ActivationReason.Trigger, True),
        (QSystemTrayIcon.ActivationReason.Context, False),
    ],
)
def test_a_click_opens_the_fleet(
    panel: Callable[..., Panel], reason: QSystemTrayIcon.ActivationReason, opens: bool
) -> None:
    tray = panel(sample.live_store())
    assert tray.host.icon is not None
    tray.host.icon.activated.emit(reason)
    assert bool(tray.opened) is opens


# Hosts that come and go


def test_without_a_tray_there_is_no_icon_and_the_app_knows(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.live_store(), there=False)
    assert tray.host.icon is None
    assert tray.told == [False]


def test_a_panel_that_starts_late_gets_the_icon(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.live_store(), there=False)
    tray.there = True
    tray.host.poll()
    assert tray.host.icon is not None
    assert tray.told == [False, True]


def test_a_panel_that_comes_back_gets_a_new_icon(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.live_store())
    first = tray.host.icon
    tray.there = False
    tray.host.poll()
    tray.there = True
    tray.host.poll()
    assert tray.host.icon is not None
    assert tray.host.icon is not first
    assert tray.told == [True, False, True]


def test_the_search_for_a_tray_grows_slow(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.live_store(), there=False)
    assert tray.host._timer.interval() == POLL_MS
    for _ in range(POLL_FAST):
        tray.host.poll()
    assert tray.host._timer.interval() == POLL_SLOW_MS
