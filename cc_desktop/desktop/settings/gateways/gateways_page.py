"""The page Gateways: which are watched, in which order, and how each is."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.config.settings_file import SettingsFileError
from cc_desktop.desktop.settings.gateways.facts import GatewayFacts
from cc_desktop.desktop.settings.gateways.row import GatewayRow, RowState
from cc_desktop.desktop.settings.page import PageBody
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import label, set_colour, wrapping_label
from cc_desktop.desktop.widgets.rows.subscription import Subscription
from cc_desktop.text.connect.next_step import command_for
from cc_desktop.text.connect.settings import removed, written_to
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QHideEvent, QShowEvent

    from cc_desktop.config.settings_file import GatewayEntry, Removed
    from cc_desktop.desktop.settings.page import SettingsContext
    from cc_desktop.desktop.settings.ports import GatewayTools
    from cc_desktop.fleet.model import Change, ConnectionInfo

log = logging.getLogger(__name__)

SOON_MS = 150  # how long changes of the fleet are gathered
COUNTDOWN_MS = 1_000


class GatewaysPage(PageBody):
    """Follows the settings file and the fleet while it is seen."""

    def __init__(self, context: SettingsContext, tools: GatewayTools) -> None:
        super().__init__(context.look, mark("Gateways"))
        self._context = context
        self._tools = tools
        self._entries: tuple[GatewayEntry, ...] = ()
        self._removed: Removed | None = None
        self._following = Subscription(lambda: self._context.store.subscribe(self._on_changes))
        self._securing: asyncio.Task[None] | None = None
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self.refresh)
        self._countdown = QTimer(self, interval=COUNTDOWN_MS)
        self._countdown.timeout.connect(self.refresh)
        self.rows: list[GatewayRow] = []
        px, font = context.look.metrics.px, context.look.metrics.font
        self.add = button(tr("Add…"), lambda: tools.add(self.window()), "primary")
        self.add.setAccessibleName(tr("Add a gateway"))
        self.add_to_title(self.add)
        self._undo_bar = QFrame()
        self._undo_bar.setObjectName("card")
        self._undo_words = label(font())
        self.undo = button(tr("Undo"), self._on_undo, "link")
        bar = QHBoxLayout(self._undo_bar)
        bar.setContentsMargins(px(12), px(4), px(8), px(4))
        bar.addWidget(self._undo_words, 1)
        bar.addWidget(self.undo)
        self._undo_bar.hide()
        self._error = wrapping_label(font())
        self._error.hide()
        self._nobody = wrapping_label(
            font(),
            tr("No gateway yet. Add one: all it takes is its address and token."),
            muted=True,
        )
        part = QWidget()
        self._box = QVBoxLayout(part)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        self._foot = wrapping_label(font(11.5), muted=True)
        self.facts = GatewayFacts(context.look, tools)
        self.add_cards(self._undo_bar, self._error, self._nobody, part, self.facts, self._foot)

    def refresh(self) -> None:
        """Show what is known now. The keyboard focus stays where it is."""
        try:
            self._entries = tuple(self._tools.editor.list())
        except SettingsFileError as error:
            self._show_error(str(error))
        while len(self.rows) < len(self._entries):
            self._add_row()
        while len(self.rows) > len(self._entries):
            gone = self.rows.pop()
            self._box.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        fleet, now = self._context.store.fleet, self._context.clock()
        last = len(self._entries) - 1
        waits = False
        for at, (row, entry) in enumerate(zip(self.rows, self._entries, strict=True)):
            gateway = fleet.gateways.get(entry.id)
            secrets = self._tools.secrets
            may_secure = secrets is None or secrets.places(entry.id).may_use_keyring
            state = RowState(entry, gateway, now, may_secure)
            row.show_state(state, first=at == 0, last=at == last)
            waits = waits or bool(gateway and _counts_down(gateway.connection, now))
        self.facts.show_gateways([(entry.id, entry.name or entry.id) for entry in self._entries])
        self._nobody.setVisible(not self._entries)
        self._foot.setText(written_to(str(self._tools.file), self._tools.decided_by))
        self._undo_bar.setVisible(self._removed is not None)
        if waits and self.isVisible():
            self._countdown.start()
        else:
            self._countdown.stop()

    def open_part(self, part: str) -> QWidget | None:
        """Show the rights on a gateway, by its id."""
        self.refresh()
        self.facts.choose(part)
        if self.facts.isHidden() or self.facts.chosen != part:
            return None
        self.facts.focus_rights()
        return self.facts.rights

    def error(self) -> str:
        """Why the last change could not be made."""
        return self._error.text()

    def foot(self) -> str:
        """Where the list is kept."""
        return self._foot.text()

    def _add_row(self) -> None:
        row = GatewayRow(self._context.look)
        self.rows.append(row)
        self._box.addWidget(row)
        row.acted.connect(lambda act: self._on_act(row, act))
        row.show()

    def _on_act(self, row: GatewayRow, act: str) -> None:
        index = self.rows.index(row)
        ident = self._entries[index].id
        match act:
            case GatewayRow.TEST | GatewayRow.EDIT:
                test = act == GatewayRow.TEST
                self._change(lambda: self._tools.edit(self.window(), ident, test))
            case GatewayRow.UP | GatewayRow.DOWN:
                to = index + (1 if act == GatewayRow.DOWN else -1)
                self._move(index, to, "up" if act == GatewayRow.UP else "down")
            case GatewayRow.ON | GatewayRow.OFF:
                on = act == GatewayRow.ON
                self._change(lambda: self._tools.editor.set_enabled(ident, on))
            case GatewayRow.REMOVE:
                self._remove(index)
            case GatewayRow.COPY:
                self._copy(index)
            case GatewayRow.SECURE:
                self._secure()
            case GatewayRow.CHOOSE:
                self.facts.choose(ident)

    def _change(self, change: Callable[[], object]) -> bool:
        self._show_error("")
        try:
            change()
        except SettingsFileError as error:
            self._show_error(str(error))
        except Exception:  # the border of a failure domain: the window goes on
            log.exception("a change of the gateways failed")
            self._show_error(tr("This app failed while it changed the settings."))
        self.refresh()
        return not self.error()

    def _move(self, index: int, to: int, button_name: str) -> None:
        if not 0 <= to < len(self.rows):
            return
        ident = self._entries[index].id
        if self._change(lambda: self._tools.editor.move(ident, to)):
            # The gateway keeps the keyboard, not its old place.
            target = self.rows[to]
            first: QWidget = getattr(target, button_name)
            other = target.down if first is target.up else target.up
            heir = first if first.isEnabled() else other
            heir.setFocus(Qt.FocusReason.OtherFocusReason)

    def _remove(self, index: int) -> None:
        name, ident = self.rows[index].name(), self._entries[index].id
        taken: list[Removed] = []
        if self._change(lambda: taken.append(self._tools.editor.remove(ident))):
            self._removed = taken[0]
            self._undo_words.setText(removed(name))
            self._undo_bar.show()
            self.undo.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_undo(self) -> None:
        taken = self._removed
        if taken is None:
            return
        if self._change(lambda: self._tools.editor.restore(taken)):
            self._removed = None
            self._undo_bar.hide()
            at = min(taken.index, len(self.rows) - 1)
            if at >= 0:
                self.rows[at].edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _copy(self, index: int) -> None:
        gateway = self._context.store.fleet.gateways.get(self._entries[index].id)
        if gateway is not None and gateway.connection.problem is not None:
            QGuiApplication.clipboard().setText(command_for(gateway.connection.problem))

    def _secure(self) -> None:
        if self._securing is None or self._securing.done():
            self._securing = asyncio.get_event_loop().create_task(self._move_tokens())

    async def _move_tokens(self) -> None:
        try:
            why = await self._tools.secure_tokens()
        except Exception:  # the border of a failure domain
            log.exception("moving tokens to the keyring failed")
            why = tr("This app failed while it moved the tokens.")
        self._show_error(why)
        self.refresh()

    def _show_error(self, line: str) -> None:
        self._error.setText(plain(line, 400))
        self._error.setVisible(bool(line))
        set_colour(self._error, QColor(self._context.look.theme.error))

    def _on_changes(self, changes: Sequence[Change]) -> None:
        if changes and not self._soon.isActive():
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        super().showEvent(event)
        self._following.start()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: nothing runs, and what was removed stays so."""
        super().hideEvent(event)
        self._soon.stop()
        self._countdown.stop()
        self._removed = None
        self._show_error("")
        self._following.stop()


def _counts_down(connection: ConnectionInfo, now: int) -> bool:
    """Whether what a row says changes by itself."""
    pairing = connection.pairing
    return connection.until > now or (pairing is not None and pairing.expires_at > now)
