from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel

from cc_desktop.desktop.widgets.card import Card, TextCard
from cc_desktop.desktop.widgets.inputs import Choice, check_box

if TYPE_CHECKING:
    from cc_desktop.desktop.style.theme import ThemeManager


def test_the_label_of_a_row_names_its_control(look: ThemeManager) -> None:
    card, choice = Card(look, "Updates"), Choice(look)
    name = card.add_row("Look for updates", choice, "Once a day")
    assert name.buddy() is choice
    assert choice.accessibleDescription() == "Once a day"
    assert choice.parentWidget() is card
    assert "Once a day" in {label.text() for label in card.findChildren(QLabel)}


def test_the_help_of_a_switch_is_its_description(look: ThemeManager) -> None:
    card, switch = Card(look, "Start"), check_box(look, "Start at login")
    hint = card.add_switch(switch, "Hidden in the tray")
    assert hint is not None
    assert hint.text() == switch.accessibleDescription() == "Hidden in the tray"


def test_the_heading_is_spoken_as_it_is_written_not_in_capitals(look: ThemeManager) -> None:
    card = Card(look, "Quiet hours")
    assert card.heading() == card.accessibleName() == "Quiet hours"
    assert "QUIET HOURS" in {label.text() for label in card.findChildren(QLabel)}


def test_text_of_agents_is_never_markup(look: ThemeManager) -> None:
    card = TextCard(look, "Why")
    card.set_text("<b>no</b>")
    card.set_text_colour(QColor("red"))
    assert card.text() == "<b>no</b>"
    for label in card.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText
