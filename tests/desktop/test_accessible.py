"""Every widget of the running app, as a screen reader and as weak eyes meet it."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QColor, QFont, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QPushButton,
    QWidget,
)

import cc_desktop.desktop
from cc_desktop.desktop.style.contrast import PLAIN, backdrop, contrast
from cc_desktop.desktop.widgets.buttons import Button
from cc_desktop.desktop.widgets.icon_button import IconButton
from cc_desktop.desktop.widgets.pill import FilterPill, Pill
from cc_desktop.desktop.widgets.rows.row_delegate import Canvas, RowDelegate
from cc_desktop.desktop.widgets.rows.row_list import RowList
from cc_desktop.desktop.window.bars.gateway_strip import GatewayStrip
from tests.desktop.scenes import Scenes
from tests.desktop.style.test_palette import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cc_desktop.desktop.style.palette import Theme
    from cc_desktop.desktop.style.theme import ThemeManager

pytestmark = pytest.mark.slow  # every window there is

Role = QAccessible.Role
# What Qt gives to widgets of which it knows nothing: readers pass over them.
NOBODY = (Role.NoRole, Role.Client, Role.Pane, Role.LayeredPane, Role.Whitespace)
PRESSED = (Pill, FilterPill, IconButton, Button, GatewayStrip)
BUTTONS = (Role.Button, Role.RadioButton, Role.CheckBox, Role.PushButton)


@pytest.fixture
def scenes(look: ThemeManager, tmp_path: Path) -> Iterator[Scenes]:
    made = Scenes(look, tmp_path)
    yield made
    made.close()


def painted() -> set[type[QWidget]]:
    """The widgets of ours that draw themselves."""
    for module in pkgutil.walk_packages(cc_desktop.desktop.__path__, "cc_desktop.desktop."):
        importlib.import_module(module.name)
    found: set[type[QWidget]] = set()
    left = [QWidget]
    while left:
        for heir in left.pop().__subclasses__():
            left.append(heir)
            ours = heir.__module__.startswith("cc_desktop.desktop")
            if ours and "paintEvent" in vars(heir):
                found.add(heir)
    return found


def parts(window: QWidget) -> list[QWidget]:
    """A window and what is seen in it."""
    return [window, *(part for part in window.findChildren(QWidget) if part.isVisibleTo(window))]


def told(widget: QWidget) -> tuple[QAccessible.Role, str]:
    """Role and name of a widget for screen readers."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.role(), interface.text(QAccessible.Text.Name)


def nameless(widget: QWidget, drawn: set[type[QWidget]]) -> str:
    """What a reader could not say of a widget, "" if it can. `drawn`: what draws itself."""
    role, name = told(widget)
    kind = type(widget).__name__
    if type(widget) in drawn or (isinstance(widget, QLabel) and not widget.pixmap().isNull()):
        if role in NOBODY:
            return f"{kind} {name!r} draws itself and has the role {role.name}"
        if not name and not (isinstance(widget, QLabel) and widget.pixmap().isNull()):
            return f"{kind} draws itself and has no name"
    if widget.accessibleName() and role in NOBODY:
        return f"{kind} {name!r} has words and the role {role.name}"
    if role in BUTTONS and not name:
        return f"{kind} is a button without a name"
    if isinstance(widget, QComboBox) and not labelled(widget):
        return f"{kind} is named after its value: {name!r}"
    return ""


def labelled(widget: QWidget) -> bool:
    around = widget.window().findChildren(QLabel)
    return any(label.buddy() is widget and label.text() for label in around)


async def test_whatever_draws_itself_has_a_role_and_a_name(scenes: Scenes) -> None:
    drawn, wrong = painted(), set()
    left = set(drawn)
    for name, window in await scenes.all():
        for part in parts(window):
            left -= set(type(part).__mro__)
            if why := nameless(part, drawn):
                wrong.add(f"{name}: {why}")
    assert sorted(wrong) == []
    # Whatever is new has to be seen in a scene, or nobody asks it.
    assert sorted(kind.__name__ for kind in left) == []


def test_a_widget_that_draws_itself_without_a_twin_is_found(qapp: QApplication) -> None:
    class Dial(QWidget):
        """A part that somebody has just written."""

        __module__ = "cc_desktop.desktop.dial"

        def paintEvent(self, event: Any) -> None:
            """Nothing."""

    drawn = painted()
    assert Dial in drawn
    dial = Dial()
    dial.setAccessibleName("Load")
    assert "has the role Client" in nameless(dial, drawn)
    assert nameless(QComboBox(), drawn)
    assert nameless(QPushButton(), drawn)


async def test_enter_and_space_press_every_button(scenes: Scenes) -> None:
    deaf, asked = set(), 0
    for name, window in await scenes.all():
        for part in parts(window):
            if isinstance(part, PRESSED) and part.isEnabled():
                asked += 1
                deaf |= {f"{name}: {told(part)[1]}, {key.name}" for key in unheard(part)}
    assert asked > 50
    assert deaf == set()


def unheard(button: QAbstractButton) -> list[Qt.Key]:
    """The keys that do not press a button. It does nothing any more afterwards."""
    pressed: list[bool] = []
    with suppress(RuntimeError):  # nothing is connected
        button.clicked.disconnect()
    button.clicked.connect(lambda _checked=False: pressed.append(True))
    deaf = []
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
        pressed.clear()
        QTest.keyClick(button, key)
        if not pressed:
            deaf.append(key)
    return deaf


async def test_only_those_buttons_are_ours(scenes: Scenes) -> None:
    """Whatever else can be pressed is a kind of Qt that other programs have, too."""
    kinds = {
        type(part).__name__
        for _, window in await scenes.all()
        for part in parts(window)
        if isinstance(part, QAbstractButton) and part.focusPolicy() != Qt.FocusPolicy.NoFocus
    }
    ours = {"Pill", "FilterPill", "IconButton", "Bell", "Button", "LineButton", "GatewayStrip"}
    assert kinds - ours <= {"CheckBox", "RadioButton", "QToolButton", "QCheckBox", "QRadioButton"}


@pytest.mark.parametrize("theme", ALL.values(), ids=ALL)
async def test_words_are_legible_as_they_are_painted(
    qapp: QApplication, look: ThemeManager, scenes: Scenes, theme: Theme
) -> None:
    before = qapp.font()
    hard = QFont(before)
    hard.setStyleStrategy(QFont.StyleStrategy.NoAntialias)  # each pixel has the colour of its word
    qapp.setFont(hard)
    look.set_theme(theme)
    need = 7 if theme.high_contrast else 4.5
    faint, asked = set(), 0
    try:
        for name, window in await scenes.all():
            image = window.grab().toImage()
            for part in parts(window):
                if words := shown_words(part):
                    asked += 1
                    place = QRect(part.mapTo(window, QPoint(0, 0)), part.size())
                    have = legibility(image, place & part.window().rect())
                    if have < need:
                        faint.add(f"{name}: {type(part).__name__} {words!r} {have:.2f}")
    finally:
        qapp.setFont(before)
    assert sorted(faint) == []
    assert asked > 200


@pytest.mark.parametrize("theme", ALL.values(), ids=ALL)
async def test_words_of_rows_are_legible_selected_or_not(
    look: ThemeManager, scenes: Scenes, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: set[tuple[str, bool, float]] = set()  # colour, selected, opacity
    draw = RowDelegate.line

    def note(self: RowDelegate, canvas: Canvas, *rest: Any) -> None:
        colour = next(each for each in rest if isinstance(each, QColor))
        drawn.add((colour.name(), canvas.selected, canvas.painter.opacity()))
        draw(self, canvas, *rest)

    monkeypatch.setattr(RowDelegate, "line", note)
    look.set_theme(theme)
    for _, window in await scenes.all():
        for rows in window.findChildren(RowList):
            for place in range(min(12, rows.model().rowCount())):  # every status and kind
                rows.setCurrentIndex(rows.model().index(place, 0))
                rows.grab()
    need = 7 if theme.high_contrast else 4.5
    assert {selected for _, selected, _ in drawn} == {True, False}
    for colour, selected, opacity in drawn:
        assert opacity == 1
        for back in ("selection",) if selected else PLAIN:
            assert contrast(QColor(colour), backdrop(theme, back)) >= need, (colour, back)


def shown_words(part: QWidget) -> str:
    """The words of a label or button that can be used and is seen as a whole."""
    if not part.isEnabled() or not isinstance(part, QLabel | QAbstractButton):
        return ""
    if part.visibleRegion().boundingRect() != part.rect():
        return ""
    drawn = isinstance(part, Pill | FilterPill | IconButton)
    return part.accessibleName() if drawn else part.text()


def legibility(image: QImage, place: QRect) -> float:
    """The most contrast of what is drawn in a place to what is most of it."""
    part = image.copy(place).convertToFormat(QImage.Format.Format_RGB32)
    pixels = Counter(memoryview(part.constBits()).cast("I"))
    if not pixels:
        return 21.0
    back = QColor(pixels.most_common(1)[0][0])
    return max(contrast(QColor(colour), back) for colour in pixels)
