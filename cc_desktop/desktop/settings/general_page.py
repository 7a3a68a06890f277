"""The page General: start at login, the theme, and what shows when no gateway can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QButtonGroup, QRadioButton

from cc_desktop.config.settings_file import SettingsFileError
from cc_desktop.desktop.settings.page import PageBody
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import Card
from cc_desktop.desktop.widgets.inputs import Choice, check_box, radio_button
from cc_desktop.desktop.widgets.labels import set_colour, wrapping_label
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import mark, tr, trn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PySide6.QtGui import QHideEvent, QShowEvent

    from cc_desktop.desktop.settings.page import SettingsContext
    from cc_desktop.desktop.settings.ports import GeneralTools
    from cc_desktop.desktop.style.theme import ThemeManager

_THEMES = {
    "system": mark("As the system"),
    "light": mark("Light"),
    "dark": mark("Dark"),
}
_UNREACHABLE = {
    "sample": mark("Sample data, marked as such"),
    "last-known": mark("What was last known, marked as stale"),
}
MAX_SLIPS = 12
MINUTES = (2, 5, 10, 15, 30, 60, 120)


class SlipsCard(Card):
    """What is wrong in the settings, a line each; hidden where nothing is."""

    def __init__(self, look: ThemeManager, open_file: Callable[[], None] | None) -> None:
        super().__init__(look, tr("In the settings"))
        self._look = look
        self._lines = wrapping_label(look.metrics.font(12))
        self._lines.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.body.addWidget(self._lines)
        self.open = button(tr("Open file"), open_file or (lambda: None))
        self.open.setVisible(open_file is not None)
        self.body.addWidget(self.open, 0, Qt.AlignmentFlag.AlignLeft)

    def show_slips(self, slips: Sequence[str]) -> None:
        """Show these."""
        shown = [plain(slip, 400) for slip in slips[:MAX_SLIPS]]
        if len(slips) > MAX_SLIPS:
            more = len(slips) - MAX_SLIPS
            shown.append(trn("and {n} more", "and {n} more", more))
        self._lines.setText("\n".join(shown))
        self.setVisible(bool(shown))

    def text(self) -> str:
        """What it says; "" where it is hidden."""
        return "" if self.isHidden() else self._lines.text()


class GeneralPage(PageBody):
    """Every change applies at once."""

    def __init__(self, context: SettingsContext, tools: GeneralTools) -> None:
        super().__init__(context.look, mark("General"))
        self._context = context
        self._tools = tools
        look = context.look
        start = Card(look, tr("Start"))
        self.login = check_box(look, tr("Start at login"))
        self._no_login = start.add_switch(
            self.login, tr("It starts in the tray, without a window.")
        )
        self.login.clicked.connect(self._on_login)
        self.key = check_box(look, tr("Global shortcut for the next that needs you"))
        keyboard = Card(look, tr("Keyboard"))
        self._key_note = keyboard.add_switch(self.key, self._key_words())
        self.key.clicked.connect(self._on_key)
        keyboard.setVisible(tools.global_key is not None)
        theme = Card(look, tr("Theme"))
        self.themes = self._radios(theme, _THEMES, tools.set_theme)
        away = Card(look, tr("When no gateway can be reached"))
        self.unreachable = self._radios(away, _UNREACHABLE, self._on_unreachable)
        silent = Card(look, tr("Stuck agents"))
        self.minutes = Choice(look)
        silent.add_row(
            tr("A run counts as stuck after"),
            self.minutes,
            tr("How long it may say nothing while it should be working."),
        )
        self.minutes.activated.connect(self._on_minutes)
        self._error = wrapping_label(look.metrics.font())
        self._error.hide()
        foot = tr("The last two are written to {file}.", file=str(tools.file))
        self._foot = wrapping_label(look.metrics.font(11.5), foot, muted=True)
        self.slips = SlipsCard(look, tools.open_file)
        self.add_cards(self.slips, start, keyboard, theme, away, silent, self._error, self._foot)

    def _radios(
        self, card: Card, words: Mapping[str, str], chosen: Callable[[str], None]
    ) -> dict[str, QRadioButton]:
        group = QButtonGroup(card)
        made = {}
        for value, text in words.items():
            radio = made[value] = radio_button(self._context.look, tr(text))
            radio.clicked.connect(lambda _on, value=value: chosen(value))
            group.addButton(radio)
            card.add_switch(radio)
        return made

    def refresh(self) -> None:
        """Show what is chosen now."""
        self.slips.show_slips(self._tools.slips())
        self._tools.login.refresh()
        on = self._tools.login.on
        self.login.setEnabled(on is not None)
        self.login.setChecked(bool(on))
        if on is None and self._no_login is not None:
            self._no_login.setText(tr("This system cannot."))
        self._show_key()
        self.themes[self._tools.theme()].setChecked(True)
        try:
            self.unreachable[self._tools.choices.when_unreachable()].setChecked(True)
            self._show_minutes(self._tools.choices.stuck_minutes())
        except SettingsFileError as error:
            self._show_error(str(error))

    def error(self) -> str:
        """Why the last change could not be made."""
        return self._error.text()

    def _show_minutes(self, chosen: int) -> None:
        """Also a number that only the settings file has."""
        self.minutes.clear()
        for minutes in sorted({*MINUTES, chosen}):
            self.minutes.addItem(trn("{n} minute", "{n} minutes", minutes), minutes)
        self.minutes.setCurrentIndex(self.minutes.findData(chosen))

    def _on_login(self, on: bool) -> None:
        self._tools.login.set(on)
        self.refresh()

    def _key_words(self) -> str:
        return self._tools.global_key.note() if self._tools.global_key is not None else ""

    def _show_key(self) -> None:
        chosen = self._tools.global_key
        if chosen is not None:
            self.key.setChecked(chosen.on)
            self.key.setEnabled(chosen.on or chosen.can_be_on)
            if self._key_note is not None:
                self._key_note.setText(chosen.note())
            self.key.setAccessibleDescription(chosen.note())

    def _on_key(self, on: bool) -> None:
        if self._tools.global_key is not None:
            self._tools.global_key.set(on)
        self._show_key()

    def _on_unreachable(self, value: str) -> None:
        self._change(lambda: self._tools.choices.set_when_unreachable(value))

    def _on_minutes(self, index: int) -> None:
        minutes = int(self.minutes.itemData(index))
        self._change(lambda: self._tools.choices.set_stuck_minutes(minutes))

    def _change(self, change: Callable[[], None]) -> None:
        self._show_error("")
        try:
            change()
        except SettingsFileError as error:
            self.refresh()
            self._show_error(str(error))

    def _show_error(self, line: str) -> None:
        self._error.setText(plain(line, 400))
        self._error.setVisible(bool(line))
        set_colour(self._error, QColor(self._context.look.theme.error))

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: other programs change these, too."""
        super().showEvent(event)
        self._show_error("")
        self.refresh()
        if self._tools.global_key is not None:
            self._tools.global_key.follow(self._show_key)
            self._tools.global_key.look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: nobody looks."""
        super().hideEvent(event)
        if self._tools.global_key is not None:
            self._tools.global_key.follow(None)
