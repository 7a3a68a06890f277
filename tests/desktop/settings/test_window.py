"""The window Settings: what is changed applies at once, and everything works by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QPointF, Qt, QTime
from PySide6.QtGui import QAccessible, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QTimeEdit, QWidget

from cc_desktop.desktop.icons.tray_state import TrayIconStyle
from cc_desktop.desktop.settings.notification_quiet import NIGHT
from cc_desktop.desktop.settings.notifications_page import NotificationsPage
from cc_desktop.desktop.settings.page import PAGES, PageEntry, Preference, SettingsContext
from cc_desktop.desktop.settings.tray_page import TrayPage
from cc_desktop.desktop.settings.window import SettingsWindow
from cc_desktop.desktop.style.palette import DARK, LIGHT
from cc_desktop.fleet import events as ev
from cc_desktop.notifications.kinds import RULES, TABLE, AlertKind, Sound
from cc_desktop.notifications.preferences import KindPreference, Preferences, QuietWindow
from tests.desktop import sample
from tests.desktop.notified import Notified, Shows
from tests.fakes.backend import NoBackend

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.center import NotificationCenter


class Opened:
    """The window on a center."""

    def __init__(
        self,
        look: ThemeManager,
        preferences: Preferences | None = None,
        adapter: NoBackend | None = None,
        store: Store | None = None,
        remembered: dict[str, str] | None = None,
    ) -> None:
        self.store = store or sample.live_store()
        self.notified = Notified(self.store, [], preferences, adapter=adapter)
        self.looks: list[TrayIconStyle] = []
        self.remembered = {} if remembered is None else remembered
        tray = Preference(lambda: TrayIconStyle.DARK_PANEL, self.looks.append)
        context = SettingsContext(look, self.store, sample.Clock(), self.center, tray)
        self.window = SettingsWindow(context, self.remembered)
        self.window.show_page()

    @property
    def center(self) -> NotificationCenter:
        return self.notified.center

    @property
    def page(self) -> NotificationsPage:
        page = self.window.page("notifications")
        assert isinstance(page, NotificationsPage)
        return page

    @property
    def chosen(self) -> Preferences:
        return self.center.preferences


@pytest.fixture
def opened(qtbot: QtBot, look: ThemeManager) -> Callable[..., Opened]:
    kept: list[Opened] = []  # qtbot does not keep windows alive

    def make(*args: object, **fields: object) -> Opened:
        made = Opened(look, *args, **fields)  # type: ignore[arg-type]
        qtbot.addWidget(made.window)
        kept.append(made)
        return made

    return make


# Which kinds


def test_every_kind_of_the_table_is_there_as_it_is_chosen(opened: Callable[..., Opened]) -> None:
    page = opened().page
    assert list(page.kinds.rows) == [rule.kind for rule in TABLE]
    for kind, row in page.kinds.rows.items():
        assert row.on.text() == RULES[kind].label
        assert row.choice == Preferences().kinds[kind]
        assert row.sound.isEnabled() is row.even_quiet.isEnabled() is RULES[kind].on


def test_a_kind_is_switched_heard_and_let_through(opened: Callable[..., Opened]) -> None:
    app = opened()
    row = app.page.kinds.rows[AlertKind.FINISHED]
    row.on.click()
    assert app.chosen.kinds[AlertKind.FINISHED].on
    assert row.sound.isEnabled()
    QTest.keyClick(row.sound, Qt.Key.Key_End)
    row.even_quiet.click()
    assert app.chosen.kinds[AlertKind.FINISHED] == KindPreference(True, Sound.ALERT, True)
    others = {kind: one for kind, one in app.chosen.kinds.items() if kind is not AlertKind.FINISHED}
    assert others == {kind: Preferences().kinds[kind] for kind in others}
    assert app.notified.memory.saved[-1]["kinds"]["finished"]["sound"] == "alert"


def test_the_master_switch_rests_the_others(opened: Callable[..., Opened]) -> None:
    app = opened()
    app.page.general.on.click()
    assert not app.chosen.on
    assert not any(row.on.isEnabled() for row in app.page.kinds.rows.values())
    assert not app.page.general.subagents.isEnabled()
    app.page.general.on.click()
    assert app.chosen == Preferences()
    assert all(row.on.isEnabled() for row in app.page.kinds.rows.values())


def test_subagents_and_the_systems_do_not_disturb(opened: Callable[..., Opened]) -> None:
    app = opened()
    app.page.general.subagents.click()
    app.page.quiet.respect.click()
    assert (app.chosen.subagents, app.chosen.respect_system) == (True, False)


def test_what_is_changed_elsewhere_is_shown(opened: Callable[..., Opened]) -> None:
    app = opened()
    app.center.set_preferences(replace(Preferences(), on=False, subagents=True))
    assert not app.page.general.on.isChecked()
    assert app.page.general.subagents.isChecked()
    app.window.close()
    app.center.set_preferences(Preferences())
    assert not app.page.general.on.isChecked()  # nobody looks
    app.window.show_page()
    assert app.page.general.on.isChecked()


# Quiet hours


def test_quiet_hours_begin_with_weekday_nights(opened: Callable[..., Opened]) -> None:
    app = opened()
    assert app.page.quiet.rows == []
    assert not app.page.quiet.add.isEnabled()
    app.page.quiet.on.click()
    assert (app.chosen.quiet_on, app.chosen.quiet) == (True, (NIGHT,))
    row = app.page.quiet.rows[0]
    assert [day.isChecked() for day in row.days] == [True] * 5 + [False] * 2
    assert (row.start.text(), row.end.text()) == ("22:00", "07:00")
    assert row.remark() == "next day"


def test_days_and_times_are_changed(opened: Callable[..., Opened]) -> None:
    app = opened(Preferences(quiet_on=True, quiet=(NIGHT,)))
    row = app.page.quiet.rows[0]
    row.days[6].click()
    row.days[0].click()
    row.start.setTime(QTime(12, 30))
    row.end.setTime(QTime(14, 0))
    assert app.chosen.quiet == (QuietWindow(frozenset({1, 2, 3, 4, 6}), 750, 840),)
    assert row.remark() == ""


def test_hours_on_no_day_are_pointed_out(opened: Callable[..., Opened]) -> None:
    app = opened(Preferences(quiet_on=True, quiet=(QuietWindow(frozenset({0}), 60, 120),)))
    app.page.quiet.rows[0].days[0].click()
    assert app.page.quiet.rows[0].remark() == "on no day"


def test_a_time_is_typed(opened: Callable[..., Opened]) -> None:
    app = opened(Preferences(quiet_on=True, quiet=(NIGHT,)))
    QTest.qWaitForWindowActive(app.window, 1000)
    start = app.page.quiet.rows[0].start
    start.setFocus()
    start.setSelectedSection(QTimeEdit.Section.HourSection)
    QTest.keyClicks(start, "2130")
    assert app.chosen.quiet == (NIGHT,)  # not at every key
    QTest.keyClick(start, Qt.Key.Key_Return)
    assert app.chosen.quiet == (replace(NIGHT, start=21 * 60 + 30),)


def test_a_time_that_is_being_typed_is_taken_when_the_window_closes(
    opened: Callable[..., Opened],
) -> None:
    app = opened(Preferences(quiet_on=True, quiet=(NIGHT,)))
    QTest.qWaitForWindowActive(app.window, 1000)
    start = app.page.quiet.rows[0].start
    start.setFocus()
    start.setSelectedSection(QTimeEdit.Section.HourSection)
    QTest.keyClicks(start, "20")
    QTest.keyClick(app.window, Qt.Key.Key_Escape)
    assert not app.window.isVisible()
    assert app.chosen.quiet[0].start == 20 * 60


def test_the_times_can_be_read(opened: Callable[..., Opened]) -> None:
    app = opened(Preferences(quiet_on=True, quiet=(NIGHT,)))
    for field in (app.page.quiet.rows[0].start, app.page.quiet.rows[0].end):
        edit = field.lineEdit()
        assert edit.width() >= edit.fontMetrics().horizontalAdvance("00:00")


def test_hours_are_added_and_removed(opened: Callable[..., Opened]) -> None:
    noon = QuietWindow(frozenset({5}), 720, 780)
    app = opened(Preferences(quiet_on=True, quiet=(noon,)))
    QTest.qWaitForWindowActive(app.window, 1000)
    app.page.quiet.add.click()
    assert list(app.chosen.quiet) == [noon, NIGHT]
    assert app.window.focusWidget() is app.page.quiet.rows[1].days[0]
    app.page.quiet.rows[0].remove.click()
    assert list(app.chosen.quiet) == [NIGHT]
    assert app.window.focusWidget() is app.page.quiet.rows[0].remove
    app.page.quiet.rows[0].remove.click()
    assert not app.chosen.quiet
    assert app.window.focusWidget() is app.page.quiet.add


def test_a_row_keeps_the_keyboard_while_it_is_changed(opened: Callable[..., Opened]) -> None:
    app = opened(Preferences(quiet_on=True, quiet=(NIGHT, NIGHT)))
    QTest.qWaitForWindowActive(app.window, 1000)
    day = app.page.quiet.rows[1].days[3]
    day.setFocus()
    QTest.keyClick(day, Qt.Key.Key_Space)
    assert app.chosen.quiet == (NIGHT, replace(NIGHT, days=frozenset({0, 1, 2, 4})))
    assert app.window.focusWidget() is day


def test_the_wheel_turns_the_page_and_changes_nothing(opened: Callable[..., Opened]) -> None:
    app = opened(Preferences(quiet_on=True, quiet=(NIGHT,)))
    before = app.chosen
    for widget in (app.page.kinds.rows[AlertKind.FAILED].sound, app.page.quiet.rows[0].start):
        wheel = QWheelEvent(
            QPointF(5, 5),
            QPointF(widget.mapToGlobal(QPoint(5, 5))),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        widget.wheelEvent(wheel)
        assert not wheel.isAccepted()  # so it goes on to the page
    assert app.chosen == before


# Muted


def test_who_is_muted_and_unmuting(opened: Callable[..., Opened]) -> None:
    muted = frozenset({("studio", "rex"), ("home-lab", ""), ("old", "gone")})
    app = opened(Preferences(muted=muted))
    QTest.qWaitForWindowActive(app.window, 1000)
    assert app.page.muted.texts() == [
        ("home-lab", "gateway, with all its agents"),
        ("gone", "agent on old"),
        ("Rex", "agent on studio"),
    ]
    app.page.muted.rows[0].unmute.setFocus()
    for left in (2, 1, 0):
        app.page.muted.rows[0].unmute.click()
        assert len(app.page.muted.rows) == len(app.chosen.muted) == left
    assert app.page.muted.is_empty()


def test_unmuting_leaves_the_keyboard_in_the_list(opened: Callable[..., Opened]) -> None:
    app = opened(Preferences(muted=frozenset({("studio", "rex"), ("studio", "otto")})))
    QTest.qWaitForWindowActive(app.window, 1000)
    last = app.page.muted.rows[1].unmute
    last.setFocus()
    QTest.keyClick(last, Qt.Key.Key_Space)
    assert app.window.focusWidget() is app.page.muted.rows[0].unmute


def test_hostile_names_are_plain_text(opened: Callable[..., Opened]) -> None:
    store = sample.live_store()
    store.apply(ev.AgentConfigured("studio", "rex", name="<b>R\u202e</b>\n" + "x" * 500))
    adapter = Shows()
    adapter.name = "<i>dunst</i>\n" + "y" * 500
    app = opened(Preferences(muted=frozenset({("studio", "rex")})), adapter, store)
    assert app.page.muted.texts()[0][0].startswith("<b>R</b> xxx")
    assert len(app.page.muted.texts()[0][0]) <= 60
    assert app.page.general.who().startswith("Shown by <i>dunst</i> yyy")
    for part in app.window.findChildren(QLabel):
        assert part.textFormat() == Qt.TextFormat.PlainText
    assert app.page.minimumSizeHint().width() < 1200


# Who shows them


def test_who_shows_them_and_a_test(opened: Callable[..., Opened]) -> None:
    app = opened()
    assert app.page.general.who() == "Shown by dunst 1.9.0."
    app.page.general.test.click()
    adapter = app.notified.adapter
    assert isinstance(adapter, Shows)
    assert [message.title for message in adapter.shown] == ["This is a test"]
    assert app.page.general.tested().startswith("Sent at 14:25.")
    app.window.close()
    app.window.show_page()
    assert app.page.general.tested() == ""


def test_why_nobody_shows_them(opened: Callable[..., Opened]) -> None:
    app = opened(None, NoBackend("No service answers on the session bus."))
    assert app.page.general.who() == (
        "No service answers on the session bus. They are listed under the bell."
    )
    app.page.general.test.click()
    assert app.page.general.tested() == "There is no service that could show it."


# Defaults


def test_the_defaults_come_back_and_can_be_undone(opened: Callable[..., Opened]) -> None:
    chosen = Preferences(on=False, quiet_on=True, quiet=(NIGHT,), muted=frozenset({("a", "b")}))
    app = opened(chosen)
    assert not app.page.undo.isVisible()
    app.page.restore.click()
    assert app.chosen == Preferences()
    assert not app.page.restore.isEnabled()
    app.page.undo.click()
    assert app.chosen == chosen
    assert not app.page.undo.isVisible()


def test_undo_is_gone_after_the_next_change_and_after_closing(
    opened: Callable[..., Opened],
) -> None:
    app = opened(Preferences(subagents=True))
    app.page.restore.click()
    assert app.page.undo.isVisible()
    app.page.quiet.respect.click()
    assert not app.page.undo.isVisible()
    app.page.restore.click()
    app.window.close()
    app.window.show_page()
    assert not app.page.undo.isVisible()


# The tray's icon


def test_the_look_of_the_icon(opened: Callable[..., Opened]) -> None:
    app = opened()
    app.window.show_page("tray")
    assert app.window.current() == "tray"
    page = app.window.page("tray")
    assert isinstance(page, TrayPage)
    radios = page.radios
    assert list(radios) == list(TrayIconStyle)
    assert radios[TrayIconStyle.DARK_PANEL].isChecked()
    radios[TrayIconStyle.LIGHT_PANEL].click()
    radios[TrayIconStyle.COLOUR].click()
    assert app.looks == [TrayIconStyle.LIGHT_PANEL, TrayIconStyle.COLOUR]


# The window


@pytest.mark.parametrize(
    ("key", "modifier"),
    [
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier),
    ],
)
def test_keys_close_it(
    opened: Callable[..., Opened], key: Qt.Key, modifier: Qt.KeyboardModifier
) -> None:
    app = opened()
    QTest.qWaitForWindowActive(app.window, 1000)
    QTest.keyClick(app.window, key, modifier)
    assert not app.window.isVisible()


def test_it_is_not_modal_and_opens_again_where_it_was(opened: Callable[..., Opened]) -> None:
    app = opened()
    assert not app.window.isModal()
    app.window.show_page("tray")
    app.window.close()
    app.window.show_page()
    assert app.window.current() == "tray"


def test_its_size_is_remembered(opened: Callable[..., Opened]) -> None:
    app = opened()
    app.window.resize(700, 500)
    app.window.close()
    again = opened(remembered=dict(app.remembered))
    assert (again.window.width(), again.window.height()) == (700, 500)
    assert opened(remembered={"settings": "?"}).window.isVisible()


def test_arrows_choose_the_page(opened: Callable[..., Opened]) -> None:
    app = opened()
    QTest.qWaitForWindowActive(app.window, 1000)
    assert app.window.focusWidget() is app.window.pages
    QTest.keyClick(app.window.pages, Qt.Key.Key_Down)
    assert app.window.current() == "tray"


def test_tab_reaches_every_control(opened: Callable[..., Opened]) -> None:
    chosen = Preferences(quiet_on=True, quiet=(NIGHT,), muted=frozenset({("studio", "rex")}))
    app = opened(chosen)
    QTest.qWaitForWindowActive(app.window, 1000)
    kinds = (QAbstractButton, QComboBox, QTimeEdit)
    wanted: set[QWidget] = {
        part for kind in kinds for part in app.page.findChildren(kind) if part.isVisible()
    }
    wanted = {part for part in wanted if part.isEnabled()}
    met: set[QWidget | None] = set()
    for _ in range(len(wanted) + 20):
        QTest.keyClick(app.window.focusWidget(), Qt.Key.Key_Tab)
        met.add(app.window.focusWidget())
    assert wanted <= met


def test_every_control_has_a_name(opened: Callable[..., Opened]) -> None:
    chosen = Preferences(quiet_on=True, quiet=(NIGHT,), muted=frozenset({("studio", "rex")}))
    app = opened(chosen)
    for kind in (QAbstractButton, QComboBox, QTimeEdit):
        for part in app.page.findChildren(kind):
            text = part.text() if isinstance(part, QAbstractButton) else ""
            assert part.accessibleName() or text
    assert app.page.quiet.rows[0].remove.accessibleName() == (
        "Remove Monday, Tuesday, Wednesday, Thursday, Friday, 22:00 to 07:00 on the next day"
    )


def test_both_looks_are_drawn(opened: Callable[..., Opened], look: ThemeManager) -> None:
    app = opened()
    app.window.show_page("notifications")
    dark = app.window.grab().toImage()
    look.set_theme(LIGHT)
    light = app.window.grab().toImage()
    spot = (light.width() - 30, 20)  # the page's background
    assert dark.pixelColor(*spot).name() == DARK.bg
    assert light.pixelColor(*spot).name() == LIGHT.bg


def test_it_is_drawn_from_right_to_left(opened: Callable[..., Opened]) -> None:
    app = opened()
    check = app.page.general.on
    left = check.grab().toImage()
    app.window.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    right = check.grab().toImage()

    def start(image: QImage) -> float:
        """Where the box stands, which is filled with the accent: 0 is left, 1 right."""
        found = [
            x
            for x in range(image.width())
            for y in range(image.height())
            if image.pixelColor(x, y).name() == DARK.accent
        ]
        return sum(found) / len(found) / image.width()

    assert start(left) < 0.2
    assert start(right) > 0.8


# What screen readers are told


def labels_of(widget: QWidget) -> list[str]:
    """The names that a screen reader on Linux takes from labels."""
    parent = widget.parentWidget()
    assert parent is not None
    only = Qt.FindChildOption.FindDirectChildrenOnly
    siblings = parent.findChildren(QLabel, options=only)
    return [label.text() for label in siblings if label.buddy() is widget]


def test_every_combo_box_has_a_label(opened: Callable[..., Opened]) -> None:
    app = opened()
    names = [labels_of(combo) for combo in app.page.findChildren(QComboBox)]
    assert names[0] == [f"{TABLE[0].label}: sound"]
    assert all(len(name) == 1 for name in names)


def test_the_window_is_a_dialog(opened: Callable[..., Opened]) -> None:
    interface = QAccessible.queryAccessibleInterface(opened().window)
    assert interface is not None
    assert interface.role() == QAccessible.Role.Dialog


# Pages


def test_another_page_is_one_entry_and_is_built_when_it_is_first_shown(
    qtbot: QtBot, look: ThemeManager
) -> None:
    built: list[QLabel] = []

    def build(context: SettingsContext) -> QWidget:
        built.append(QLabel(f"{context.tray.get()}"))
        return built[-1]

    store = sample.live_store()
    tray = Preference(lambda: TrayIconStyle.COLOUR, lambda _style: None)
    context = SettingsContext(look, store, sample.Clock(), Notified(store).center, tray)
    window = SettingsWindow(context, {}, (*PAGES, PageEntry("more", "More", build)))
    qtbot.addWidget(window)
    window.show_page()
    assert built == []
    window.show_page("more")
    window.show_page("tray")
    window.show_page("more")
    assert [one.text() for one in built] == ["colour"]
    assert window.current() == "more"
