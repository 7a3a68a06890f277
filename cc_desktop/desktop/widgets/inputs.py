"""Plain inputs of Qt in the app's font. The wheel scrolls the page, it never changes a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QRadioButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStyleOptionFocusRect,
    QStylePainter,
    QTimeEdit,
    QToolButton,
)

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QWheelEvent
    from PySide6.QtWidgets import QAbstractButton

    from cc_desktop.desktop.style.theme import ThemeManager

    _Mixed = QAbstractButton
else:
    _Mixed = object


LEAST_WORDS = 90  # design px: the words of a box or radio button wrap, but not narrower
_WRAP = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
_BREAKS = re.compile(r"\s+|(?<=-)")  # where a line may end
_State = QStyle.StateFlag


class _Wrapping(_Mixed):
    """Words beside a mark, in as many lines as they need: those of Qt have one.

    Where there is room for one line, Qt draws it.
    """

    _control: QStyle.ControlElement
    _contents: QStyle.SubElement
    _least = LEAST_WORDS  # px

    def start(self, look: ThemeManager) -> None:
        """Set it up, once it is built."""
        self._least = look.metrics.px(LEAST_WORDS)
        self.setFont(look.metrics.font())
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def _option(self) -> QStyleOptionButton:
        option = QStyleOptionButton()
        self.initStyleOption(option)  # type: ignore[attr-defined]
        option.rect.setHeight(self.sizeHint().height())  # the mark stands at the first line
        return option

    def _words(self, width: int) -> QRect:
        """Where the words stand in a width."""
        option = self._option()
        option.rect = QRect(0, 0, width, option.rect.height())
        room = self.style().subElementRect(self._contents, option, self)
        metrics = self.fontMetrics()
        top = (option.rect.height() - metrics.height()) // 2
        place = QRect(room.left(), top, max(1, room.width()), 10_000)
        return metrics.boundingRect(place, int(_WRAP), self.text())

    def minimumSizeHint(self) -> QSize:
        """The mark and the widest word."""
        whole, measure = self.sizeHint(), self.fontMetrics()
        words = measure.horizontalAdvance(self.text())
        parts = _BREAKS.split(self.text())
        least = max([self._least, *(measure.horizontalAdvance(part) for part in parts)])
        return QSize(whole.width() - max(0, words - least), whole.height())

    def hasHeightForWidth(self) -> bool:
        """Its words wrap."""
        return True

    def heightForWidth(self, width: int) -> int:
        """As many lines as the words need in a width."""
        whole = self.sizeHint()
        if width >= whole.width():
            return whole.height()
        words = self._words(width)
        return max(whole.height(), words.bottom() + 1 + words.top())

    def hitButton(self, pos: QPoint) -> bool:
        """Qt override: every line of it can be clicked."""
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt override: the words in lines where one has no room."""
        if self.width() >= self.sizeHint().width():
            super().paintEvent(event)
            return
        option, words = self._option(), self._words(self.width())
        focus = bool(option.state & _State.State_HasFocus)
        option.state &= ~_State.State_HasFocus
        text, option.text = option.text, ""
        painter = QStylePainter(self)
        painter.drawControl(self._control, option)
        enabled = bool(option.state & _State.State_Enabled)
        role = self.foregroundRole()
        self.style().drawItemText(painter, words, int(_WRAP), option.palette, enabled, text, role)
        if focus:
            ring = QStyleOptionFocusRect()
            ring.initFrom(self)
            ring.rect = words.adjusted(-3, -2, 3, 2)
            painter.drawPrimitive(QStyle.PrimitiveElement.PE_FrameFocusRect, ring)
        painter.end()


class CheckBox(_Wrapping, QCheckBox):
    """A check box whose words wrap."""

    _control = QStyle.ControlElement.CE_CheckBox
    _contents = QStyle.SubElement.SE_CheckBoxContents


class RadioButton(_Wrapping, QRadioButton):
    """A radio button whose words wrap."""

    _control = QStyle.ControlElement.CE_RadioButton
    _contents = QStyle.SubElement.SE_RadioButtonContents


def check_box(look: ThemeManager, text: str = "", *, name: str = "") -> QCheckBox:
    """A check box; `name` is for screen readers where there are no words."""
    look.style_inputs()
    result = CheckBox(text)
    result.start(look)
    if name:
        result.setAccessibleName(name)
    return result


def radio_button(look: ThemeManager, text: str) -> QRadioButton:
    """One of several choices."""
    look.style_inputs()
    result = RadioButton(text)
    result.start(look)
    return result


def day_button(look: ThemeManager, text: str, name: str) -> QToolButton:
    """A day of the week that can be chosen."""
    result = QToolButton()
    result.setObjectName("day")
    result.setText(text)
    result.setAccessibleName(name)
    result.setToolTip(name)
    result.setCheckable(True)
    result.setFont(look.metrics.font(12))
    result.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    result.setFixedSize(look.metrics.px(30), look.metrics.px(28))
    return result


class Choice(QComboBox):
    """A few words to choose from."""

    def __init__(self, look: ThemeManager) -> None:
        look.style_inputs()
        super().__init__()
        self.setFont(look.metrics.font(12.5))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the page."""
        event.ignore()


class TimeField(QTimeEdit):
    """A time of day in 24 hours. A change is reported when it is finished, not at every key.

    The style sheet hides its buttons: with NoButtons and a style sheet, Qt leaves the text a width
    of 1 px.
    """

    def __init__(self, look: ThemeManager, name: str) -> None:
        super().__init__()
        self.setDisplayFormat("HH:mm")
        self.setAccessibleName(name)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFont(look.metrics.font())
        self.setFixedSize(look.metrics.px(60), look.metrics.px(28))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the page."""
        event.ignore()
