"""Every visible text goes through the translation: in the pseudo-locale it says so."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QLocale, QPoint, Qt, QTranslator
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QMessageBox,
    QTableView,
    QWidget,
)

from cc_desktop.config.paths import resource
from cc_desktop.desktop.app_menu import LoginSwitch, add_about_entry, add_login_entry
from cc_desktop.desktop.connect.page import ConnectPage
from cc_desktop.desktop.crash_dialog import CrashDialog
from cc_desktop.desktop.details.sessions.table import SessionModel
from cc_desktop.desktop.icons.tray_state import TrayIconStyle
from cc_desktop.desktop.language import follow_language
from cc_desktop.desktop.settings.page import Preference, SettingsContext
from cc_desktop.desktop.settings.window import SettingsWindow
from cc_desktop.desktop.tray.menu import TrayMenu
from cc_desktop.desktop.tray.notifications_menu import notifications_part
from cc_desktop.desktop.widgets.labels import ElidedLabel
from cc_desktop.notifications.preferences import Preferences
from cc_desktop.system.update_check import Update
from cc_desktop.text.agents import NOTHING
from cc_desktop.text.gateways import problem_text
from cc_desktop.text.i18n import PSEUDO, PSEUDO_RTL, set_language, tr
from tests.desktop import sample
from tests.desktop.connect.fakes import FakeGateways
from tests.desktop.notified import Notified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.window.fleet_window import FleetWindow

    OpenWindow = Callable[..., FleetWindow]

PACKAGE = Path(__file__).resolve().parent.parent.parent / "cc_desktop"
# What puts a text before a person: methods of Qt and our makers of parts.
SETTERS = {
    *("setText", "setInformativeText", "setToolTip", "setStatusTip", "setWindowTitle"),
    *("setAccessibleName", "setAccessibleDescription", "setPlaceholderText", "setTitle"),
    *("addAction", "addMenu", "addButton", "addItem", "QAction", "QMenu", "QLabel", "QPushButton"),
    *("QCheckBox", "QRadioButton", "QGroupBox", "button", "check_box", "say", "show_message"),
}
_ACROSS = Qt.Orientation.Horizontal
# Names, and what agents and gateways send, are shown as they are.
FROM_OUTSIDE = re.compile(
    r"Control Center|Rex|provider returned|studio|home-lab|dunst|ws://|\d\d:\d\d", re.IGNORECASE
)


@pytest.fixture(autouse=True)
def _pseudo() -> Iterator[None]:
    set_language(PSEUDO)
    yield
    set_language("")


def texts(root: QWidget) -> set[str]:
    found: set[str] = set()
    for part in root.findChildren(QWidget):
        if isinstance(part, QLabel | QAbstractButton):
            found |= {part.text(), part.accessibleName(), part.toolTip()}
        elif isinstance(part, QLineEdit):
            found |= {part.placeholderText(), part.accessibleName()}
        elif isinstance(part, QComboBox):
            found |= {part.itemText(row) for row in range(part.count())}
        elif isinstance(part, QListWidget):
            found |= {part.item(row).text() for row in range(part.count())}
    return found


def untranslated(found: set[str]) -> set[str]:
    """Texts with a word of English that did not go through the translation."""
    return {
        text
        for text in found
        if re.search(r"[A-Za-z]{3}", text)
        and not re.search(r"\[.*~\]", text, re.DOTALL | re.IGNORECASE)
        and not FROM_OUTSIDE.search(text)
    }


def test_the_window_is_translated(open_window: OpenWindow) -> None:
    for store in (sample.live_store(), sample.demo_store(), sample.blocked_store()):
        window = open_window(store)
        window.show_devices()
        window.show_only((("studio", "rex"),), "")
        window.header.search.setText("zebra")
        for key in window.header.pills:
            window.show_gateway(key)
        problems = (*problem_text(sample.UNREACHABLE), *problem_text(sample.WRONG_TOKEN))
        ours = {text for text in texts(window) if not any(part in text for part in problems)}
        assert untranslated(ours) == set()
        if window.header.popup is not None:
            window.header.popup.close()


def test_rows_and_tables_are_translated(open_window: OpenWindow) -> None:
    window = open_window(sample.live_store())
    said = {part for row in window.model.rows() for part in (row.word, row.second)}
    tables = (window.devices, SessionModel(window.context.look))
    said |= {str(model.headerData(c, _ACROSS)) for model in tables for c in range(model.columns)}
    assert untranslated(said) == set()


def test_the_settings_are_translated(qtbot: QtBot, look: ThemeManager) -> None:
    store = sample.live_store()
    chosen = Preferences(muted=frozenset({("studio", "rex"), ("home-lab", "")}))
    center = Notified(store, [], chosen).center
    tray = Preference(lambda: TrayIconStyle.AUTO, lambda _style: None)
    window = SettingsWindow(SettingsContext(look, store, sample.Clock(), center, tray), {})
    qtbot.addWidget(window)
    for key in ("notifications", "tray"):
        window.show_page(key)
        assert untranslated(texts(window)) == set()


class Login:
    """Autostart that is on."""

    def is_enabled(self) -> bool:
        return True

    def set_enabled(self, enabled: bool) -> None:
        raise NotImplementedError


def entries(menu: QMenu) -> set[str]:
    found: set[str] = set()
    for action in menu.actions():
        found.add(action.text())
        submenu = action.menu()
        if isinstance(submenu, QMenu):
            found |= entries(submenu)
    return found


def test_the_tray_menu_is_translated(qapp: QApplication) -> None:
    store = sample.live_store()
    center = Notified(store, [], snooze=sample.NOW + sample.HOUR).center
    part = notifications_part(center, lambda: None, lambda: None, sample.Clock())
    tray = TrayMenu(
        store,
        sample.Asked().actions,
        lambda: None,
        lambda *_: None,
        lambda _ident: None,
        sample.Clock(),
        (part,),
    )
    tray.update()
    switch = LoginSwitch(Login(), lambda _line: None)
    add_login_entry(tray.menu, switch)
    add_about_entry(tray.menu, lambda: None, None)
    add_about_entry(tray.menu, lambda: None, Update("9.9.9", ""))
    found = entries(tray.menu)
    assert len(found) > 12
    assert untranslated(found) == set()


def test_the_crash_dialog_is_translated(qapp: QApplication) -> None:
    crash = CrashDialog(LookupError("e"))
    said = {box.text() for box in crash.buttons()} | {crash.text(), crash.informativeText()}
    assert untranslated({text.replace("Control Center", "") for text in said}) == set()


async def test_the_way_to_a_gateway_is_translated(qtbot: QtBot, look: ThemeManager) -> None:
    page = ConnectPage(FakeGateways(look).tools, tr("Title"), "", tr("Later"))
    qtbot.addWidget(page)
    page.form.address.edit.setText("ws://studio.example")
    page.form.insecure.anyway.click()
    outside = {text for text in texts(page) if "openclaw " in text or "ssh -N" in text}
    assert untranslated(texts(page) - outside) == set()


def _says(node: ast.expr) -> bool:
    """Whether an expression is a text with words, not handed through the translation."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return any(
        isinstance(part, ast.Constant)
        and isinstance(part.value, str)
        and re.search(r"[A-Za-z]{2,} |^[A-Z][a-z]+$| [a-z]{2,}", part.value) is not None
        for part in parts
    )


def test_no_text_of_the_code_goes_to_a_widget_untranslated() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in SETTERS and any(_says(argument) for argument in node.args):
                found.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert found == []


# German has to fit


@pytest.fixture
def _german() -> None:
    assert set_language("de", resource("locale"))


def cut(root: QWidget) -> list[str]:
    """Our texts that have less room than they need. What comes from outside may end in …"""
    found = []
    for part in root.findChildren(QWidget):
        if not part.isVisible() or isinstance(part, ElidedLabel):
            continue
        if isinstance(part, QLabel) and part.text() and not part.wordWrap():
            needs = part.sizeHint().width()
        elif isinstance(part, QAbstractButton) and part.text():
            needs = part.minimumSizeHint().width()
        else:
            continue
        if part.width() < needs:
            found.append(f"{part.text()}: {part.width()} of {needs}")
    for table in root.findChildren(QTableView):
        if table.isVisible():
            found += cut_columns(table)
    return found


def cut_columns(table: QTableView) -> list[str]:
    """Headers and words beside an icon that are cut."""
    model, measure, found = table.model(), table.horizontalHeader().fontMetrics(), []
    for column in range(model.columnCount()):
        room = table.columnWidth(column)
        if table.isColumnHidden(column):
            continue
        head = str(model.headerData(column, _ACROSS))
        if measure.horizontalAdvance(head) > room:
            found.append(head)
        for row in range(model.rowCount()):
            index = model.index(row, column)
            if index.data(Qt.ItemDataRole.DecorationRole) is None:
                continue
            needs = table.fontMetrics().horizontalAdvance(str(index.data()))
            if needs + table.iconSize().width() > room:
                found.append(str(index.data()))
    return found


@pytest.mark.usefixtures("_german")
@pytest.mark.parametrize("size", [(1180, 720), (1024, 600)])
def test_german_fits_the_window(open_window: OpenWindow, size: tuple[int, int]) -> None:
    stores = (sample.live_store(), sample.demo_store(), sample.blocked_store())
    for store in (*stores, sample.last_known_store()):
        window = open_window(store)
        window.resize(*size)
        QApplication.processEvents()
        assert cut(window) == []
        window.show_devices()
        QApplication.processEvents()
        assert cut(window) == []
        placeholder = window.header.search.placeholderText()
        room = window.header.search.width() - 2 * window.header.search.height() // 3
        assert window.header.search.fontMetrics().horizontalAdvance(placeholder) <= room
        window.close()


@pytest.mark.usefixtures("_german")
def test_german_fits_the_settings(qtbot: QtBot, look: ThemeManager) -> None:
    store = sample.live_store()
    chosen = Preferences(muted=frozenset({("studio", "rex"), ("home-lab", "")}))
    center = Notified(store, [], chosen).center
    tray = Preference(lambda: TrayIconStyle.AUTO, lambda _style: None)
    window = SettingsWindow(SettingsContext(look, store, sample.Clock(), center, tray), {})
    qtbot.addWidget(window)
    for key in ("notifications", "tray"):
        window.show_page(key)
        QApplication.processEvents()
        assert cut(window) == []


# Qt itself


@pytest.fixture
def _qt_as_before(qapp: QApplication) -> Iterator[None]:
    before = QLocale()
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    QLocale.setDefault(before)
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)


@pytest.mark.usefixtures("_german", "_qt_as_before")
def test_qt_speaks_german_too(qapp: QApplication) -> None:
    follow_language(qapp)
    box = QMessageBox()
    assert box.addButton(QMessageBox.StandardButton.Close).text() == "Schließen"
    assert QLocale().language() == QLocale.Language.German
    assert qapp.layoutDirection() == Qt.LayoutDirection.LeftToRight


@pytest.mark.usefixtures("_qt_as_before")
def test_the_direction_follows_the_language(qapp: QApplication) -> None:
    set_language(PSEUDO_RTL)
    follow_language(qapp)
    assert qapp.layoutDirection() == Qt.LayoutDirection.RightToLeft


# From right to left


@pytest.fixture
def _right_to_left(qapp: QApplication) -> Iterator[None]:
    set_language(PSEUDO_RTL)
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


@pytest.mark.usefixtures("_right_to_left")
def test_a_whole_window_runs_from_right_to_left(open_window: OpenWindow) -> None:
    for store in (sample.live_store(), sample.demo_store(), sample.blocked_store()):
        window = open_window(store)
        search = window.header.search.mapTo(window, QPoint(0, 0)).x()
        pills = [pill.mapTo(window, QPoint(0, 0)).x() for pill in window.header.pills.values()]
        assert all(pill > search for pill in pills)  # the search stands where reading ends
        assert pills == sorted(pills, reverse=True)
        window.show_devices()
        assert not window.grab().toImage().isNull()
        window.close()


@pytest.mark.usefixtures("_right_to_left")
def test_every_line_of_a_row_keeps_its_direction_to_itself(open_window: OpenWindow) -> None:
    """A number or a command from outside must not swap places with what stands beside it."""
    window = open_window(sample.live_store())
    for row in window.model.rows():
        for line in (row.word, row.second):
            if line:
                assert (line[0], line[-1]) == ("\u2068", "\u2069")
                assert line.count("\u2068") == line.count("\u2069")
    assert NOTHING in {row.task for row in window.model.rows()}  # compared with, so never isolated
