from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from cc_desktop.desktop.icons.tray import TrayKey, tray_icon
from cc_desktop.desktop.icons.tray_state import TrayIconStyle, TrayState
from cc_desktop.desktop.tray import tray_icon as tray_module
from cc_desktop.desktop.tray.availability import TrayKind
from cc_desktop.desktop.tray.menu import MenuPart
from cc_desktop.desktop.tray.tray_icon import (
    POLL_FAST,
    POLL_MS,
    POLL_SLOW_MS,
    TrayHost,
    TrayOptions,
)
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Origin
from cc_desktop.fleet.store import Store
from cc_desktop.notifications.policy import HOURS, OFF, SNOOZED, SYSTEM, QuietPeriod
from cc_desktop.text.summary import TOOLTIP_LIMIT
from tests.desktop import sample
from tests.desktop.sample import HOUR, MIN, NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtCore import QObject
    from PySide6.QtGui import QIcon, QPixmap
    from PySide6.QtWidgets import QApplication

    from cc_desktop.notifications.center import NotificationCenter

pytestmark = [
    pytest.mark.usefixtures("qapp"),
    # The offscreen platform has no X11 to watch.
    pytest.mark.qt_log_ignore("systemTrayWindowChanged", extend=True),
]


HEAD = "3 need you · 3 working · 5 idle"
REX = "Rex failed: the API key has run out of credits. (studio)"
DEX = "Dex wants: uname -a &&&& make deploy (studio)"
HEX = "Hex is stuck: exec: pytest -q (home-lab)"


HEX_ITEM = next(
    item.id for item in open_items(sample.live_store().fleet) if item.kind is InboxKind.STUCK
)


class Icon(QSystemTrayIcon):
    """Counts what it is asked."""

    icons_set = 0
    tooltips_set = 0

    def setIcon(self, icon: QIcon | QPixmap) -> None:
        self.icons_set += 1
        super().setIcon(icon)

    def setToolTip(self, tip: str) -> None:
        self.tooltips_set += 1
        super().setToolTip(tip)


class Panel:
    """A tray that comes and goes, and the app around the host. Its time stands still."""

    def __init__(self, store: Store, there: bool = True, kind: TrayKind = TrayKind.NATIVE) -> None:
        self.there = there
        self.kind = kind
        self.quiet: QuietPeriod | None = None
        self.waiting = 0
        self.now = 0.0
        self.more = "Settings"
        self.made = 0  # how often the entries below the agents were
        self.watched: list[Callable[[], None]] = []
        self.asked = sample.Asked()
        self.opened: list[tuple[str, ...]] = []
        self.told: list[bool] = []
        self.stale = False
        self.host = TrayHost(
            store,
            self.asked.actions,
            cast("NotificationCenter", self),
            TrayOptions(
                open_fleet=lambda: self.opened.append(()),
                toggle_fleet=lambda: self.opened.append(("toggle",)),
                open_agent=lambda gateway, agent: self.opened.append((gateway, agent)),
                open_item=lambda ident: self.opened.append((ident,)),
                on_tray=self.told.append,
                on_stale_bus=lambda: self.opened.append(("new process",)),
                menu=(MenuPart(lambda: self.more, self._extend),),
                now_ms=lambda: NOW,
                monotonic=lambda: self.now,
                find=lambda: self.kind if self.there else None,
                watch=self._watch,
                is_bus_stale=lambda: self.stale,
            ),
        )

    def _extend(self, menu: QMenu) -> None:
        self.made += 1
        menu.addAction(self.more)
        menu.addMenu("Notifications")

    def _watch(self, changed: Callable[[], None], _parent: QObject) -> None:
        self.watched.append(changed)

    @property
    def icon(self) -> Icon:
        assert isinstance(self.host.icon, Icon)
        return self.host.icon

    def shows(self, state: TrayState, count: int = 0, *, quiet: bool = False) -> bool:
        """Whether the icon is the one for that."""
        wanted = tray_icon(TrayKey.of(state, count, quiet), TrayIconStyle.AUTO)
        return self.icon.icon().cacheKey() == wanted.cacheKey()

    def hear(self, seconds: float = 0.0) -> None:
        """Time passes, and what the store told comes to the host."""
        self.now += seconds
        self.host._batch.flush()
        timer = self.host._debounce_timer
        if seconds and timer.isActive():
            timer.timeout.emit()

    def settle(self) -> None:
        """Time passes until nothing is left to do."""
        self.hear()
        for _ in range(5):
            if not self.host._debounce_timer.isActive():
                return
            self.now += self.host._debounce_timer.interval() / 1000
            self.host._debounce_timer.timeout.emit()
        raise AssertionError("it does not come to rest")

    def timers(self) -> list[bool]:
        """Which of those that run only while something moves do."""
        host = self.host
        timers = (host._debounce_timer, host._menu_timer, host._batch._timer)
        return [timer.isActive() for timer in timers]

    def texts(self) -> list[str]:
        """The entries that a host has that does not ask."""
        return [action.text() for action in self.host.menu.actions() if action.text()]

    def entries(self) -> list[str]:
        self.host.menu.aboutToShow.emit()
        return [action.text() for action in self.host.menu.actions() if action.text()]

    def choose(self, text: str) -> None:
        self.host.menu.aboutToShow.emit()
        next(action for action in self.host.menu.actions() if action.text() == text).trigger()


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Panel]]:
    monkeypatch.setattr(tray_module, "QSystemTrayIcon", Icon)
    made: list[Panel] = []

    def make(store: Store, there: bool = True, kind: TrayKind = TrayKind.NATIVE) -> Panel:
        made.append(Panel(store, there, kind))
        made[-1].host.start()
        return made[-1]

    yield make
    for each in made:
        each.host.stop()
        each.host.menu.deleteLater()


def test_the_menu_has_everything(panel: Callable[..., Panel]) -> None:
    assert panel(sample.live_store()).entries() == [
        HEAD,
        "Open fleet",
        DEX,
        REX,
        HEX,
        "Nano (home-lab) · Working",
        "Otto (studio) · Working",
        "Pip (studio) · Thinking",
        "Reconnect now",
        "Settings",
        "Notifications",
        "Quit",
    ]


def test_each_entry_does_what_it_says(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.live_store())
    for text in (HEX, "Open fleet", "Reconnect now", "Quit"):
        tray.choose(text)
    assert tray.opened == [(HEX_ITEM,), ()]
    assert tray.asked.calls == [("reconnect", None), ("quit",)]


def test_the_menu_is_as_new_as_the_model(panel: Callable[..., Panel]) -> None:
    store = sample.live_store()
    tray = panel(store)
    store.apply(ev.Seen("studio", {"agent:rex:telegram:1": NOW - 4 * MIN}))
    assert tray.entries()[2:4] == [DEX, HEX]


def run(store: Store, status: str) -> None:
    """Flip works, or does not."""
    fields = {"status": status, "active": status == "running", "updated_at": NOW}
    store.apply(ev.SessionChanged("studio", "agent:flip:main", "flip", fields))


def seen(store: Store) -> None:
    """Rex is no error any more."""
    store.apply(ev.Seen("studio", {"agent:rex:telegram:1": NOW - 4 * MIN}))


def test_hosts_that_never_ask_get_a_new_menu_too(panel: Callable[..., Panel]) -> None:
    store = sample.live_store()
    tray = panel(store, kind=TrayKind.DBUS)
    seen(store)
    tray.hear()
    assert tray.host._menu_timer.isActive()
    tray.host._menu_timer.timeout.emit()
    assert REX not in tray.texts()
    tray.settle()
    assert tray.timers() == [False, False, False]


def test_on_the_bus_a_burst_changes_the_menu_once(panel: Callable[..., Panel]) -> None:
    store = sample.live_store()
    tray = panel(store, kind=TrayKind.DBUS)
    before = tray.texts()
    for _ in range(100):
        store.apply(sample.progress("studio", "pip", "a step", False))
        store.apply(sample.progress("studio", "pip", None, True))
        tray.hear(0.001)
        assert tray.texts() == before
    store.apply(sample.progress("studio", "pip", "a step", False))
    tray.hear()
    tray.host._menu_timer.timeout.emit()
    assert "Pip (studio) · Working" in tray.texts()
    assert tray.made == 1


def test_where_the_menu_says_that_it_opens_it_is_left_alone(panel: Callable[..., Panel]) -> None:
    store = sample.live_store()
    tray = panel(store)
    before = tray.texts()
    seen(store)
    tray.settle()
    assert tray.texts() == before
    assert not tray.host._menu_timer.isActive()
    assert tray.entries()[2:4] == [DEX, HEX]


def test_an_entry_that_a_host_holds_stays_that_agents(panel: Callable[..., Panel]) -> None:
    store = sample.live_store()
    tray = panel(store, kind=TrayKind.DBUS)
    held = {action.text(): action for action in tray.host.menu.actions()}
    seen(store)  # all others move up
    store.apply(sample.progress("studio", "pip", "a step", False))
    tray.entries()
    assert [held[text] in tray.host.menu.actions() for text in held if "Rex" in text] == [False]
    held[HEX].trigger()
    held["Pip (studio) · Thinking"].trigger()
    assert held["Pip (studio) · Thinking"].text() == "Pip (studio) · Working"
    assert tray.opened == [(HEX_ITEM,), ("studio", "pip")]
    assert tray.made == 1


def test_who_works_keeps_the_place_while_thinking(panel: Callable[..., Panel]) -> None:
    store = sample.live_store()
    tray = panel(store)
    names = [text.split()[0] for text in tray.entries()]
    store.apply(sample.progress("home-lab", "nano", None, True))
    store.apply(sample.progress("studio", "pip", "a step", False))
    assert [text.split()[0] for text in tray.entries()] == names


def test_an_agent_that_comes_takes_its_place(panel: Callable[..., Panel]) -> None:
    store = sample.live_store(second=False)
    tray = panel(store)
    assert tray.entries()[2:6] == [
        DEX.replace(" (studio)", ""),
        REX.replace(" (studio)", ""),
        "Otto · Working",
        "Pip · Thinking",
    ]
    run(store, "running")
    assert tray.entries()[2:7] == [
        DEX.replace(" (studio)", ""),
        REX.replace(" (studio)", ""),
        "Flip · Working",
        "Otto · Working",
        "Pip · Thinking",
    ]


def test_without_agents_there_is_one_line_between_the_parts(panel: Callable[..., Panel]) -> None:
    tray = panel(Store(sample.Clock()))
    seen = [action for action in tray.host.menu.actions() if action.isVisible()]
    assert [action.isSeparator() for action in seen[:4]] == [False, False, True, False]


def test_submenus_of_earlier_menus_are_gone(
    panel: Callable[..., Panel], qapp: QApplication
) -> None:
    tray = panel(sample.live_store())
    for number in range(5):
        tray.more = f"Snoozed until 14:3{number}"
        tray.entries()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert tray.made == 6
    assert len(tray.host.menu.findChildren(QMenu)) == 1


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
    assert len(entries) == 1 + 12 + 1 + 5
    assert entries[14] == "and 188 more"


def test_an_ampersand_is_no_shortcut(panel: Callable[..., Panel]) -> None:
    store = sample.live_store(second=False)
    store.apply(ev.AgentConfigured("studio", "rex", name="R&D\tbot"))
    assert panel(store).entries()[3].startswith("R&&D bot failed: ")


def test_over_d_bus_an_underscore_is_no_shortcut(panel: Callable[..., Panel]) -> None:
    store = sample.live_store(second=False)
    store.apply(ev.AgentConfigured("studio", "rex", name="R&D_bot"))
    tray = panel(store)
    assert tray.entries()[3].startswith("R&&D_bot failed: ")
    tray.kind = TrayKind.DBUS
    tray.host.poll()
    assert tray.entries()[3].startswith("&R&D__bot failed")  # Qt sends the first & as _


def test_the_demo_is_called_so(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.demo_store())
    assert tray.entries()[0].startswith("DEMO · ")
    assert tray.host.icon is not None
    assert tray.host.icon.toolTip().startswith("DEMO")


def test_the_icon_is_set_only_when_it_looks_different(panel: Callable[..., Panel]) -> None:
    store = sample.live_store()
    tray = panel(store)
    store.apply(sample.progress("studio", "otto", "another step", False))
    tray.settle()
    assert (tray.icon.icons_set, tray.icon.tooltips_set) == (1, 1)
    seen(store)
    tray.settle()
    assert (tray.icon.icons_set, tray.icon.tooltips_set) == (2, 2)
    assert tray.shows(TrayState.NEEDS_YOU, 2)
    assert tray.icon.toolTip() == "Control Center: 2 need you, 3 working, 6 idle · live"


def test_what_vanishes_within_half_a_second_never_shows(panel: Callable[..., Panel]) -> None:
    store = sample.live_store(second=False)
    tray = panel(store)
    run(store, "running")
    tray.hear(0.4)
    assert tray.host._debounce_timer.isActive()
    run(store, "done")
    tray.hear(0.4)
    assert (tray.icon.icons_set, tray.icon.tooltips_set) == (1, 1)
    assert tray.timers() == [False, False, False]


def lose(store: Store) -> None:
    for gateway in ("studio", "home-lab"):
        store.apply(ev.ConnectionChanged(gateway, sample.waiting(8)))
        store.apply(ev.OriginChanged(gateway, Origin.LAST_KNOWN))


def regain(store: Store) -> None:
    for gateway in ("studio", "home-lab"):
        store.apply(ev.ConnectionChanged(gateway, ConnectionInfo(ConnectionState.LIVE)))
        store.apply(ev.OriginChanged(gateway, Origin.LIVE))


def test_lost_and_live_again_show_at_once(panel: Callable[..., Panel]) -> None:
    store = sample.live_store()
    tray = panel(store)
    tray.now = 5.0
    lose(store)
    tray.hear()
    assert tray.shows(TrayState.OFFLINE)
    assert tray.icon.toolTip().endswith("last known")
    tray.now = 6.0
    regain(store)
    tray.hear()
    assert not tray.shows(TrayState.OFFLINE)
    assert tray.icon.toolTip().endswith("live")


def test_trying_to_connect_shows_only_if_it_takes_long(panel: Callable[..., Panel]) -> None:
    store = sample.last_known_store()
    tray = panel(store)
    tray.now = 5.0
    store.apply(ev.ConnectionChanged("studio", ConnectionInfo(ConnectionState.CONNECTING)))
    tray.hear(0.2)
    assert tray.shows(TrayState.OFFLINE)
    tray.settle()
    assert tray.shows(TrayState.CONNECTING)
    assert tray.now == pytest.approx(5.7)


def test_a_storm_moves_the_icon_at_most_twice_a_second(panel: Callable[..., Panel]) -> None:
    store = sample.live_store()
    tray = panel(store)
    for number in range(500):
        lose(store)
        tray.hear(0.01)
        regain(store)
        store.apply(sample.progress("studio", "otto", f"step {number}", False))
        tray.hear(0.01)
    assert 10 <= tray.icon.icons_set <= 21
    assert tray.icon.tooltips_set <= 21
    tray.settle()
    assert not tray.shows(TrayState.OFFLINE)
    assert tray.icon.toolTip().endswith("live")
    assert tray.timers() == [False, False, False]


def test_when_nothing_moves_no_timer_runs(panel: Callable[..., Panel]) -> None:
    for kind in TrayKind:
        tray = panel(sample.live_store(), kind=kind)
        tray.host.menu.aboutToShow.emit()
        assert tray.timers() == [False, False, False]


# Quiet


@pytest.mark.parametrize(
    ("quiet", "waiting", "says"),
    [
        (QuietPeriod(SNOOZED, NOW + HOUR), 2, "live · snoozed until 15:25, 2 wait"),
        (QuietPeriod(HOURS, NOW + HOUR), 0, "live · quiet hours until 15:25"),
        (QuietPeriod(SYSTEM), 1, "live · the system's do-not-disturb is on, 1 waits"),
    ],
)
def test_the_tray_says_that_it_is_quiet(
    panel: Callable[..., Panel], quiet: QuietPeriod, waiting: int, says: str
) -> None:
    tray = panel(sample.live_store())
    tray.quiet, tray.waiting = quiet, waiting
    tray.host.refresh()
    assert tray.shows(TrayState.ERROR, 3, quiet=True)
    assert tray.icon.toolTip().endswith(says)
    assert len(tray.icon.toolTip()) <= TOOLTIP_LIMIT
    tray.quiet = None
    tray.now += 1
    tray.host.refresh()
    assert tray.shows(TrayState.ERROR, 3)


def test_notifications_that_are_off_are_no_reason_for_another_icon(
    panel: Callable[..., Panel],
) -> None:
    tray = panel(sample.live_store())
    tray.quiet = QuietPeriod(OFF)
    tray.host.refresh()
    tray.settle()
    assert tray.shows(TrayState.ERROR, 3)
    assert tray.icon.toolTip().endswith("live · notifications are off")


# Looks


def test_another_look_shows_at_once(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.live_store())
    tray.host.set_look(TrayIconStyle.LIGHT_PANEL)
    wanted = tray_icon(TrayKey.of(TrayState.ERROR, 3), TrayIconStyle.LIGHT_PANEL)
    assert tray.icon.icon().cacheKey() == wanted.cacheKey()
    tray.host.set_look(TrayIconStyle.LIGHT_PANEL)
    assert tray.icon.icons_set == 2


def test_a_look_that_is_set_without_a_tray_is_that_of_the_next_icon(
    panel: Callable[..., Panel],
) -> None:
    tray = panel(sample.live_store(), there=False)
    tray.host.set_look(TrayIconStyle.DARK_PANEL)
    tray.there = True
    tray.host.poll()
    wanted = tray_icon(TrayKey.of(TrayState.ERROR, 3), TrayIconStyle.DARK_PANEL)
    assert tray.icon.icon().cacheKey() == wanted.cacheKey()


@pytest.mark.parametrize(
    ("reason", "opens"),
    [
        (QSystemTrayIcon.ActivationReason.Trigger, [("toggle",)]),
        (QSystemTrayIcon.ActivationReason.DoubleClick, [()]),
        (QSystemTrayIcon.ActivationReason.MiddleClick, [()]),
        (QSystemTrayIcon.ActivationReason.Context, []),
    ],
)
def test_a_click_opens_the_fleet(
    panel: Callable[..., Panel], reason: QSystemTrayIcon.ActivationReason, opens: list[object]
) -> None:
    tray = panel(sample.live_store())
    assert tray.host.icon is not None
    tray.host.icon.activated.emit(reason)
    assert tray.opened == opens


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


def test_a_tray_of_another_kind_gets_a_new_icon(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.live_store())
    first = tray.host.icon
    tray.kind = TrayKind.DBUS
    tray.host.poll()
    second = tray.host.icon
    assert second is not None
    assert second is not first
    tray.host.poll()
    assert tray.host.icon is second
    assert tray.told == [True]


def test_the_search_for_a_tray_grows_slow(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.live_store(), there=False)
    assert tray.host._poll_timer.interval() == POLL_MS
    for _ in range(POLL_FAST):
        tray.host.poll()
    assert tray.host._poll_timer.interval() == POLL_SLOW_MS


def test_a_tray_that_comes_to_the_bus_is_found_soon(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.live_store(), there=False)
    for _ in range(POLL_FAST):
        tray.host.poll()
    (changed,) = tray.watched
    changed()
    assert tray.told == [False]  # a panel that only restarts is no reason for anything
    assert tray.host._poll_timer.interval() == POLL_MS
    tray.there = True
    tray.host.poll()
    assert tray.told == [False, True]
    assert tray.host._poll_timer.interval() == POLL_MS


def test_a_bus_that_only_a_new_process_can_use_is_reported(panel: Callable[..., Panel]) -> None:
    tray = panel(sample.live_store())
    tray.stale = True
    tray.host.poll()
    assert tray.opened == []  # the icon is there
    tray.there = False
    tray.host.poll()
    tray.host.poll()
    assert tray.opened == [("new process",)]


def test_a_busy_fleet_reads_no_more_than_the_state_of_the_menu(
    panel: Callable[..., Panel],
) -> None:
    store = sample.live_store()
    tray = panel(store, kind=TrayKind.DBUS)
    for number in range(50):
        store.apply(sample.progress("studio", "otto", f"step {number}", False))
        tray.hear(0.5)
    assert tray.made == 1
