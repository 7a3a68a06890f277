"""The bell and the list under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QPainter
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QStyleOptionViewItem

from cc_desktop.desktop.fleet_desktop import NotificationTools
from cc_desktop.desktop.icons.glyphs import Glyph, glyph_path
from cc_desktop.desktop.notifications.history_list import (
    ROW_HEIGHT,
    NoticeDelegate,
    NoticeModel,
)
from cc_desktop.desktop.style.palette import DARK, LIGHT
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import Channel, ChannelState
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.notifications.history import KEPT
from cc_desktop.notifications.kinds import AlertKind
from cc_desktop.notifications.preferences import Preferences
from tests.desktop import sample
from tests.desktop.notified import SAMPLE, Notified, notice
from tests.desktop.sample import MIN, NOW
from tests.fakes.backend import NoBackend

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from cc_desktop.desktop.notifications.bell_button import Bell
    from cc_desktop.desktop.notifications.history_panel import HistoryPanel
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.window.fleet_window import FleetWindow
    from cc_desktop.fleet.store import Store

    OpenWindow = Callable[..., FleetWindow]

HOSTILE = "<b>Rex</b>\u202e &amp; 'x'\n" + "x" * 400


class Open:
    """A window with a bell, and what was asked of the app."""

    def __init__(self, window: FleetWindow, notified: Notified) -> None:
        self.window = window
        self.notified = notified
        self.center = notified.center
        self.asked: list[str] = []
        QTest.qWaitForWindowActive(window, 1000)
        self.tools = NotificationTools(
            window, window.context, notified.center, lambda: self.asked.append("settings")
        )

    @property
    def bell(self) -> Bell:
        return self.tools.bell

    @property
    def panel(self) -> HistoryPanel:
        return self.tools.panel

    def titles(self) -> list[str]:
        model = self.panel.model
        return [str(model.data(model.index(row, 0))) for row in range(model.rowCount())]


@pytest.fixture
def opened(open_window: OpenWindow) -> Callable[..., Open]:
    def make(notices: list[dict[str, Any]] | None = None, *args: Any, **fields: Any) -> Open:
        store = sample.live_store()
        rows = SAMPLE if notices is None else notices
        return Open(open_window(store), Notified(store, rows, *args, **fields))

    return make


def lines(menu: QMenu | None) -> list[str]:
    assert menu is not None
    return [action.text() for action in menu.actions() if not action.isSeparator()]


# The bell


def failed(store: Store, count: int) -> None:
    """So many agents of the big gateway have failed."""
    for number in range(count):
        agent = f"agent{number:04}"
        fields = {"status": "failed", "active": False, "updated_at": NOW, "ended_at": NOW}
        store.apply(ev.SessionChanged("big", f"agent:{agent}:main", agent, fields))


@pytest.mark.parametrize(("count", "shown"), [(0, ""), (1, "1"), (99, "99"), (100, "99+")])
def test_the_bell_counts_what_needs_somebody(
    open_window: OpenWindow, count: int, shown: str
) -> None:
    store = sample.big_store(120)
    failed(store, count)
    bell = Open(open_window(store), Notified(store)).bell
    assert bell.count == shown
    assert bell.urgent == (count > 0)
    counts = f"{count} need you" if count > 1 else "1 needs you" if count else "nothing needs you"
    assert bell.accessibleName() == f"Inbox (Ctrl+I): {counts}"


def test_what_was_seen_does_not_count(opened: Callable[..., Open]) -> None:
    app = opened([])
    assert app.bell.count == "3"
    store = app.window.context.store
    approval = next(iter(open_items(store.fleet)), None)
    assert approval is not None
    store.apply(ev.Seen(approval.gateway, {approval.mark: approval.since}))
    app.window.batch.flush()
    assert app.bell.count == "2"


def test_warnings_alone_are_not_red(open_window: OpenWindow) -> None:
    store = sample.big_store(1)
    store.apply(ev.FactTold("big", Channel("c", "Chat", ChannelState.DISCONNECTED)))
    bell = Open(open_window(store), Notified(store)).bell
    assert (bell.count, bell.urgent) == ("1", False)
    assert bell.accessibleName() == "Inbox (Ctrl+I): 1 warning"


def test_the_bell_shows_and_says_that_it_is_quiet(opened: Callable[..., Open]) -> None:
    app = opened([])

    def shown() -> Glyph:
        return app.bell.glyph

    assert shown() is Glyph.BELL
    app.center.snooze_until(NOW + 5 * MIN)
    assert shown() is Glyph.BELL_MOON
    assert app.bell.accessibleName() == "Inbox (Ctrl+I): 3 need you. Snoozed until 14:30"
    app.center.set_preferences(Preferences(on=False))
    assert shown() is Glyph.BELL_STRUCK
    app.center.set_preferences(Preferences())
    app.center.resume()
    assert shown() is Glyph.BELL


def test_a_hidden_window_leaves_the_bell_alone(opened: Callable[..., Open]) -> None:
    app = opened()
    app.window.close()
    store = app.window.context.store
    store.apply(ev.ApprovalClosed("studio", "dex", "a1"))
    assert app.bell.count == "3"
    app.window.show()
    assert app.bell.count == "2"


def test_every_glyph_is_another_shape() -> None:
    paths = [glyph_path(glyph) for glyph in Glyph]
    assert all(paths[one] != paths[two] for one in range(len(paths)) for two in range(one))
    for path in paths:
        assert QRect(0, 0, 1, 1).contains(path.boundingRect().toAlignedRect())


def test_the_gear_and_its_key_open_the_settings(opened: Callable[..., Open]) -> None:
    app = opened()
    app.tools.gear.click()
    QTest.qWaitForWindowActive(app.window, 1000)
    QTest.keyClick(app.window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    assert app.asked == ["settings", "settings"]


# The list


def test_the_newest_comes_first(opened: Callable[..., Open]) -> None:
    app = opened()
    app.tools.show_history()
    assert app.panel.isVisible()
    assert app.titles()[:3] == ["Dex needs your approval", "Rex failed", "Hex is stuck"]
    assert len(app.titles()) == len(SAMPLE)


def test_what_a_row_says(opened: Callable[..., Open]) -> None:
    app = opened()
    app.tools.show_history()
    model = app.panel.model
    said = [model.data(model.index(row, 0), Qt.ItemDataRole.AccessibleTextRole) for row in (0, 4)]
    assert said == [
        "Unread: Dex needs your approval, studio · uname -a && make deploy, 1 min ago.",
        "Otto needs your approval, studio · git push --force, 31 min ago, resolved.",
    ]


def test_a_click_opens_it(opened: Callable[..., Open]) -> None:
    app = opened()
    app.tools.show_history()
    spot = app.panel.list.visualRect(app.panel.model.index(1, 0)).center()
    QTest.mouseClick(app.panel.list.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert [target.agents for target in app.notified.opened] == [(("studio", "rex"),)]
    assert app.center.unread == 3


def test_the_keyboard_does_it_too(opened: Callable[..., Open]) -> None:
    app = opened()
    app.tools.show_history()
    QTest.keyClick(app.panel.list, Qt.Key.Key_Down)
    QTest.keyClick(app.panel.list, Qt.Key.Key_Down)
    QTest.keyClick(app.panel.list, Qt.Key.Key_Return)
    assert [target.agents for target in app.notified.opened] == [(("home-lab", "hex"),)]
    QTest.keyClick(app.window, Qt.Key.Key_Escape)  # to what is open
    assert app.tools.inbox.isVisible()
    assert not app.panel.isVisible()
    QTest.keyClick(app.window, Qt.Key.Key_Escape)  # to the fleet
    assert not app.tools.inbox.isVisible()


def test_tab_reaches_every_button_of_the_list(opened: Callable[..., Open]) -> None:
    app = opened(None, snooze=NOW + MIN)
    app.tools.show_history()
    panel = app.panel
    met = set()
    for _ in range(10):
        met.add(QApplication.focusWidget() or panel.focusWidget())
        panel.focusNextChild()
    assert {panel.read_all, panel.quiet.resume, panel.list, panel.clear, panel.settings} <= met


def test_a_row_has_a_menu(opened: Callable[..., Open]) -> None:
    app = opened()
    app.tools.show_history()
    panel = app.panel
    panel.list.setCurrentIndex(panel.model.index(1, 0))
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(3, 3), QPoint(3, 3))
    QApplication.sendEvent(panel.list, event)
    assert lines(panel.menu) == ["Open", "Mute agent Rex", "Mute gateway studio"]
    assert panel.menu is not None
    panel.menu.actions()[-2].trigger()
    assert app.center.preferences.is_muted("studio", "rex")
    panel.list.menu_wanted.emit(panel.model.index(1, 0), QPoint(3, 3))
    assert lines(panel.menu)[1] == "Unmute agent Rex"
    panel.menu.actions()[0].trigger()
    assert [target.agents for target in app.notified.opened] == [(("studio", "rex"),)]


def test_the_menu_of_a_gateways_notice_mutes_the_gateway(opened: Callable[..., Open]) -> None:
    app = opened([notice(AlertKind.GATEWAY_LOST, "home-lab is lost", gateway="home-lab")])
    app.tools.show_history()
    app.panel.list.menu_wanted.emit(app.panel.model.index(0, 0), QPoint(3, 3))
    assert lines(app.panel.menu) == ["Open", "Mute gateway home-lab"]
    app.panel.list.menu_wanted.emit(QModelIndex(), QPoint(3, 3))


def test_mark_all_read(opened: Callable[..., Open]) -> None:
    app = opened()
    app.tools.show_history()
    app.panel.read_all.click()
    assert app.center.unread == 0
    assert not app.panel.read_all.isEnabled()
    model = app.panel.model
    assert not any(
        row.unread for n in range(model.rowCount()) if (row := model.row(model.index(n, 0)))
    )


def test_clear_asks_first(opened: Callable[..., Open]) -> None:
    app = opened()
    app.tools.show_history()
    app.panel.clear.click()
    assert app.panel.asking
    assert len(app.center.notices) == len(SAMPLE)
    QTest.keyClick(app.window, Qt.Key.Key_Escape)
    assert app.panel.isVisible()
    assert not app.panel.asking
    app.panel.clear.click()
    app.panel.keep.click()
    assert len(app.center.notices) == len(SAMPLE)
    app.panel.clear.click()
    app.panel.clear_now.click()
    assert app.center.notices == ()
    assert app.panel.pages.currentIndex() == 1
    assert not app.panel.clear.isEnabled()


def test_the_question_is_forgotten_when_the_list_closes(opened: Callable[..., Open]) -> None:
    app = opened()
    app.tools.show_history()
    app.panel.clear.click()
    app.window.centre.show_fleet()
    app.tools.show_history()
    assert not app.panel.asking


def test_an_empty_list_says_what_belongs_there(opened: Callable[..., Open]) -> None:
    app = opened([], adapter=NoBackend("Nothing <i>here</i> shows notifications."))
    app.tools.show_history()
    assert app.panel.pages.currentIndex() == 1
    assert "listed here" in app.panel._empty_text.text()
    assert "Nothing <i>here</i> shows notifications." in app.panel._empty_text.text()
    assert app.panel._empty_text.textFormat() == Qt.TextFormat.PlainText


def test_it_says_that_it_is_quiet_and_ends_that(opened: Callable[..., Open]) -> None:
    app = opened(None, snooze=NOW + 5 * MIN)
    app.tools.show_history()
    quiet = app.panel.quiet
    assert quiet.text == "Snoozed until 14:30"
    quiet.resume.click()
    assert quiet.text == ""
    app.center.set_preferences(Preferences(on=False))
    assert quiet.text == "Notifications are off"
    quiet.resume.click()
    assert app.center.preferences.on
    assert quiet.text == ""


def test_the_settings_are_a_click_away(opened: Callable[..., Open]) -> None:
    app = opened()
    app.tools.show_history()
    app.panel.settings.click()
    assert app.asked == ["settings"]


def test_a_hidden_list_does_no_work(opened: Callable[..., Open]) -> None:
    app = opened()
    app.center.clear()
    assert app.panel.model.rowCount() == 0
    app.tools.show_history()
    assert app.panel._times.isActive()
    app.window.centre.show_fleet()
    assert not app.panel._times.isActive()
    assert not app.panel._following.is_on
    refreshed: list[int] = []
    app.panel.model.modelReset.connect(lambda: refreshed.append(1))
    app.center.mark_all_read()
    assert refreshed == []


def test_times_grow_old_while_it_is_seen(opened: Callable[..., Open], clock: sample.Clock) -> None:
    app = opened()
    app.tools.show_history()
    clock.now += 5 * MIN
    app.panel.refresh()
    row = app.panel.model.row(app.panel.model.index(0, 0))
    assert row is not None
    assert row.at == "6 min"


def test_a_change_keeps_the_selected_row(opened: Callable[..., Open]) -> None:
    app = opened()
    app.tools.show_history()
    model = app.panel.model
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    app.panel.list.setCurrentIndex(model.index(2, 0))
    app.center.mark_all_read()
    row = model.row(app.panel.list.currentIndex())
    assert row is not None
    assert row.title == "Hex is stuck"


def test_hostile_words_are_one_line_of_plain_text(opened: Callable[..., Open]) -> None:
    app = opened([notice(AlertKind.FAILED, HOSTILE, HOSTILE, gateway=HOSTILE, agent=HOSTILE)])
    app.tools.show_history()
    row = app.panel.model.row(app.panel.model.index(0, 0))
    assert row is not None
    for text in (row.title, row.body):
        assert "\n" not in text
        assert "\u202e" not in text
        assert len(text) <= 300
    tip = app.panel.model.data(app.panel.model.index(0, 0), Qt.ItemDataRole.ToolTipRole)
    assert "<b>" not in tip
    app.panel.list.menu_wanted.emit(app.panel.model.index(0, 0), QPoint(3, 3))
    muting = lines(app.panel.menu)[1]
    assert muting.startswith("Mute agent <b>Rex</b> &&amp; 'x' x")
    assert len(muting) <= 80


# How a row is drawn


def draw(look: ThemeManager, row: dict[str, Any], width: int = 430) -> QImage:
    store = sample.live_store()
    model = NoticeModel(Notified(store, [row]).center, sample.Clock())
    model.refresh()
    image = QImage(width, ROW_HEIGHT, QImage.Format.Format_RGB32)
    image.fill(QColor(look.theme.raised))
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, width, ROW_HEIGHT)
    option.direction = Qt.LayoutDirection.LeftToRight
    painter = QPainter(image)
    NoticeDelegate(look).paint(painter, option, model.index(0, 0))
    painter.end()
    return image


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("kind", list(AlertKind))
def test_every_kind_has_a_mark(look: ThemeManager, theme: Any, kind: AlertKind) -> None:
    look.set_theme(theme)
    back = QColor(theme.raised)
    image = draw(look, notice(kind, "", read=True))
    inked = sum(image.pixelColor(x, y) != back for x in range(32, 50) for y in range(54))
    assert inked > 30


def test_unread_has_a_dot_and_what_is_over_is_dimmed(look: ThemeManager) -> None:
    fresh = draw(look, notice(AlertKind.FAILED, "Rex failed"))
    read = draw(look, notice(AlertKind.FAILED, "Rex failed", read=True))
    over = draw(look, notice(AlertKind.FAILED, "Rex failed", over=True))
    accent, back = QColor(DARK.accent), QColor(DARK.raised)
    assert fresh.pixelColor(19, 27) == accent
    assert read.pixelColor(19, 27) == over.pixelColor(19, 27) == back
    bright = {
        name: max(image.pixelColor(x, y).lightness() for x in range(60, 140) for y in range(54))
        for name, image in (("read", read), ("over", over))
    }
    assert bright["over"] < bright["read"]


@pytest.mark.parametrize("width", [1, 60, 140, 3000])
def test_a_row_is_drawn_at_any_width(look: ThemeManager, width: int) -> None:
    assert (
        draw(look, notice(AlertKind.QUESTION, HOSTILE, HOSTILE, over=True), width).width() == width
    )


def test_five_hundred_are_shown_and_more_are_not_kept(opened: Callable[..., Open]) -> None:
    app = opened(
        [notice(AlertKind.FAILED, f"Agent {n} failed", "x" * 200) for n in range(KEPT + 20)]
    )
    app.tools.show_history()
    assert app.panel.model.rowCount() == KEPT
    assert app.titles()[0] == f"Agent {KEPT + 19} failed"
