"""A raised box with a heading in capitals, for what belongs together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.labels import ElidedLabel, set_colour, wrapping_label

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLayout

    from cc_desktop.desktop.style.theme import ThemeManager

INDENT = 28  # design px: help stands under the words of a check box


class Card(QFrame):
    """Its parts are added to `body`, or as rows."""

    def __init__(self, look: ThemeManager, heading: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self._look = look
        px = look.metrics.px
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(px(15), px(12), px(15), px(13))
        self.body.setSpacing(px(8))
        font = look.metrics.font(11, bold=True)
        font.setLetterSpacing(font.SpacingType.AbsoluteSpacing, 0.8 * look.metrics.scale)
        self._heading = ElidedLabel(look, font, muted=True)  # a run may have a long name
        self.set_heading(heading)
        self._top = QHBoxLayout()
        self._top.addWidget(self._heading, 1)
        self.body.addLayout(self._top)

    def heading(self) -> str:
        """What stands above it, as screen readers say it."""
        return self.accessibleName()

    def set_heading(self, heading: str) -> None:
        """Put other words above it."""
        self._heading.setText(heading.upper())
        self.setAccessibleName(heading)

    def add_to_heading(self, widget: QWidget) -> None:
        """Put something at the end of the line of the heading."""
        self._top.addWidget(widget)

    def set_colour(self, heading: QColor, edge: QColor) -> None:
        """Colour heading and border."""
        self._heading.set_colour(heading.name())
        sheet = f"#card {{ border-color: {edge.name(QColor.NameFormat.HexArgb)}; }}"
        if self.styleSheet() != sheet:
            self.setStyleSheet(sheet)

    def add_row(self, words: str, control: QWidget, help_text: str = "") -> QLabel:
        """Add a control with its label before it, and help below.

        The label is the control's buddy: screen readers take the name from it.
        """
        px, font = self._look.metrics.px, self._look.metrics.font
        row = QHBoxLayout()
        row.setSpacing(px(12))
        name = wrapping_label(font(), words)
        name.setBuddy(control)
        row.addWidget(name, 1)
        row.addWidget(control)
        self.body.addLayout(row)
        if help_text:
            control.setAccessibleDescription(help_text)
            self.body.addWidget(wrapping_label(font(12), help_text, muted=True))
        return name

    def add_switch(self, switch: QWidget, help_text: str = "") -> QLabel | None:
        """Add a check box or radio button, which has its own words, and help under the words."""
        self.body.addWidget(switch, 0, Qt.AlignmentFlag.AlignLeft)
        if not help_text:
            return None
        switch.setAccessibleDescription(help_text)
        return self.add_help(help_text)

    def add_help(self, text: str = "") -> QLabel:
        """Add muted text under the words of a check box."""
        hint = wrapping_label(self._look.metrics.font(12), text, muted=True)
        hint.setContentsMargins(self._look.metrics.px(INDENT), 0, 0, 0)
        self.body.addWidget(hint)
        return hint

    def add_indented(self, layout: QLayout) -> None:
        """Add a layout under the words of a check box."""
        px = self._look.metrics.px
        layout.setContentsMargins(px(INDENT), px(2), 0, px(2))
        self.body.addLayout(layout)


class TextCard(Card):
    """A card with text that can be selected."""

    def __init__(self, look: ThemeManager, heading: str) -> None:
        super().__init__(look, heading)
        self._text = wrapping_label(look.metrics.font())
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.body.addWidget(self._text)

    @property
    def reading(self) -> QLabel:
        """What takes the keyboard, to be read and selected."""
        return self._text

    def text(self) -> str:
        """What it says."""
        return self._text.text()

    def set_text(self, text: str) -> None:
        """Say something else."""
        self._text.setText(text)

    def set_text_colour(self, colour: QColor) -> None:
        """Colour the text."""
        set_colour(self._text, colour)
