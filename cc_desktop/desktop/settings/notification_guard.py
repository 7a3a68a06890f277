"""From when on a run counts as runaway: the table `[guard]` of the settings file."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from cc_desktop.config.settings import GuardSettings
from cc_desktop.config.settings_file import SettingsFileError
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.inputs import Choice
from cc_desktop.desktop.widgets.labels import set_colour, wrapping_label
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import mark, tr
from cc_desktop.text.settings.thresholds import threshold

if TYPE_CHECKING:
    from cc_desktop.desktop.settings.page import SettingsContext
    from cc_desktop.desktop.settings.ports import GuardTools

log = logging.getLogger(__name__)

DEFAULTS = GuardSettings()


class _Row(Struct, frozen=True):
    """A threshold: its words, and what it can be without a look into the file."""

    words: str
    values: tuple[float, ...]
    help: str = ""


ROWS = {
    "same_calls": _Row(
        mark("The same tool call in one run"),
        (3, 5, 8, 12, 20, 30, 60),
    ),
    "within_minutes": _Row(
        mark("… within"),
        (2, 5, 10, 30, 60),
        mark("With the same arguments, whatever the run does in between."),
    ),
    "times_usual": _Row(
        mark("Tokens of one run against a usual one"),
        (2, 3, 5, 10, 20),
        mark("Usual is what nine in ten of the agent's own runs stay below."),
    ),
    "usual_after_runs": _Row(mark("Runs it takes to know what is usual"), (3, 5, 10, 20, 50)),
    "least_tokens": _Row(mark("Ignore runs below"), (20_000, 50_000, 100_000, 500_000, 1_000_000)),
}


class GuardSection(Card):
    """Every change is written at once, and applies to the runs in progress."""

    def __init__(self, context: SettingsContext, tools: GuardTools) -> None:
        super().__init__(context.look, tr("Runaway runs"))
        self._tools = tools
        self._look = context.look
        font = context.look.metrics.font
        words = tr(
            "A run that repeats itself, or takes far more than its agent usually does, needs you."
        )
        self.body.addWidget(wrapping_label(font(12), words, muted=True))
        self.choices: dict[str, Choice] = {}
        for key, row in ROWS.items():
            choice = self.choices[key] = Choice(context.look)
            self.add_row(tr(row.words), choice, tr(row.help) if row.help else "")
            choice.activated.connect(lambda index, key=key: self._on_chosen(key, index))
        self.reset = button(tr("Use the defaults"), self._on_reset)
        place = tr("Written to {file}.", file=str(tools.file))
        self._place = wrapping_label(font(11.5), place, muted=True)
        self.body.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self._place)
        self._error = wrapping_label(font())
        self.body.addWidget(self._error)
        self._show_error("")

    def refresh(self) -> None:
        """Show what the file says now."""
        chosen = self._tools.thresholds()
        for key, choice in self.choices.items():
            value, default = getattr(chosen, key), getattr(DEFAULTS, key)
            choice.clear()
            for each in sorted({*ROWS[key].values, default, value}):
                text = threshold(key, each)
                if each == default:
                    text = tr("{value} (default)", value=text)
                choice.addItem(text, each)
            choice.setCurrentIndex(choice.findData(value))
        self.reset.setEnabled(chosen != DEFAULTS)

    def error(self) -> str:
        """Why the last change could not be made."""
        return self._error.text()

    def forget_error(self) -> None:
        """Say nothing of a change of earlier."""
        self._show_error("")

    def _on_chosen(self, key: str, index: int) -> None:
        value = self.choices[key].itemData(index)
        self._change({key: None if value == getattr(DEFAULTS, key) else value})

    def _on_reset(self) -> None:
        self._change(dict.fromkeys(ROWS))
        self.choices["same_calls"].setFocus(Qt.FocusReason.OtherFocusReason)

    def _change(self, values: dict[str, float | None]) -> None:
        line = ""
        try:
            self._tools.change(values)
        except SettingsFileError as error:
            line = str(error)
        except Exception:  # the page goes on
            log.exception("the thresholds could not be changed")
            line = tr("This app failed while it changed the settings.")
        self.refresh()
        self._show_error(line)

    def _show_error(self, line: str) -> None:
        self._error.setText(plain(line, 400))
        self._error.setVisible(bool(line))
        set_colour(self._error, QColor(self._look.theme.error))
