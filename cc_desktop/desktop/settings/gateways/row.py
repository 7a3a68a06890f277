"""One gateway in the settings: its state, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontDatabase, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.flow_layout import FlowLayout
from cc_desktop.desktop.widgets.inputs import check_box
from cc_desktop.desktop.widgets.labels import ElidedLabel, label, set_colour, wrapping_label
from cc_desktop.desktop.widgets.status_mark import ConnectionMark, connection_pixmap
from cc_desktop.fleet.model import ConnectionState
from cc_desktop.text.connect.next_step import command_for
from cc_desktop.text.connect.settings import gateway_line
from cc_desktop.text.format import plain, tooltip
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QResizeEvent

    from cc_desktop.config.settings_file import GatewayEntry
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.model import Gateway

_TRYING = (ConnectionState.CONNECTING, ConnectionState.AUTHENTICATING, ConnectionState.SYNCING)


NARROW = 560  # design px: below, its buttons stand below its words
LEAST = 300


class RowState(NamedTuple):
    """What a row shows: the entry of the file, and what the fleet knows of it."""

    entry: GatewayEntry
    gateway: Gateway | None
    now: int
    may_secure: bool = True  # whether there is a keyring to move its token to


class GatewayRow(QFrame):
    """Follows one gateway. Alt with an arrow moves it, Delete removes it.

    Signals:
        acted: A `GatewayRow.…` constant was asked for.
    """

    TEST, EDIT, UP, DOWN, REMOVE, SECURE = "test", "edit", "up", "down", "remove", "secure"
    ON, OFF, COPY, CHOOSE = "on", "off", "copy", "choose"

    acted = Signal(str)

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self.setObjectName("gateway_row")
        self._look = look
        self._state: RowState | None = None
        px, font = look.metrics.px, look.metrics.font
        self.on = check_box(look)
        self.on.clicked.connect(lambda on: self.acted.emit(self.ON if on else self.OFF))
        self._dot = QLabel()
        self._name = label(font(bold=True))
        mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        mono.setPointSizeF(font(12).pointSizeF())
        self._address = ElidedLabel(look, mono, muted=True)
        self._line = wrapping_label(font(11.5), muted=True)
        self.secure = button(
            tr("Move to the keyring"), lambda: self.acted.emit(self.SECURE), "link"
        )
        self.secure.setFont(font(11.5))
        self.copy = button(tr("Copy command"), lambda: self.acted.emit(self.COPY))
        self.test = button(tr("Test"), lambda: self.acted.emit(self.TEST))
        self.edit = button(tr("Edit…"), lambda: self.acted.emit(self.EDIT))
        self.more = button("⋯", self._open_menu)
        self.up = button("↑", lambda: self.acted.emit(self.UP), "link")
        self.down = button("↓", lambda: self.acted.emit(self.DOWN), "link")
        self.more.setFixedWidth(px(38))
        first = QHBoxLayout()
        first.setSpacing(px(6))
        first.addWidget(self._name)
        first.addWidget(self._address, 1)
        words = QVBoxLayout()
        words.setSpacing(px(1))
        words.addLayout(first)
        words.addWidget(self._line)
        offered = QHBoxLayout()
        offered.setContentsMargins(-px(5), 0, 0, 0)  # its words stand under those of the line
        offered.addWidget(self.secure)
        offered.addStretch(1)
        words.addLayout(offered)
        told = QHBoxLayout()
        told.setSpacing(px(8))
        told.addWidget(self.on)
        told.addWidget(self._dot)
        told.addLayout(words, 1)
        self._controls = QWidget()
        controls = FlowLayout(px(8), self._controls)
        for part in (self.copy, self.test, self.edit, self.up, self.down, self.more):
            controls.addWidget(part)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, px(9), 0, px(9))
        self._row.setSpacing(px(8))
        self._row.addLayout(told, 1)
        self._row.addWidget(self._controls)
        self._add_shortcuts()
        look.changed.connect(self._repaint)

    def show_state(self, state: RowState, *, first: bool, last: bool) -> None:
        """Show what is known now. `first` and `last`: its place in the list."""
        self._state = state
        entry, gateway = state.entry, state.gateway
        name = plain(entry.name or entry.id, 60)
        self.setAccessibleName(name)
        self._name.setText(name)
        self._address.setText(plain(entry.url, 200))
        self._address.setToolTip(tooltip(plain(entry.url, 400)))
        line = gateway_line(entry.enabled, gateway, state.now)
        self._line.setText(line)
        self._dot.setAccessibleName(line)
        problem = gateway.connection.problem if gateway else None
        self.copy.setVisible(bool(problem and problem.kind == "pairing" and command_for(problem)))
        self.test.setVisible(self.copy.isHidden())
        in_file = gateway is not None and gateway.connection.token_place == "file"  # noqa: S105
        self.secure.setVisible(in_file and state.may_secure)
        self.on.setChecked(entry.enabled)
        self.up.setEnabled(not first)
        self.down.setEnabled(not last)
        for part, words in (
            (self.on, tr("Watch {name}", name=name)),
            (self.test, tr("Test {name}", name=name)),
            (self.edit, tr("Edit {name}", name=name)),
            (self.up, tr("Move {name} up (Alt+Up)", name=name)),
            (self.down, tr("Move {name} down (Alt+Down)", name=name)),
            (self.more, tr("More for {name}", name=name)),
        ):
            part.setAccessibleName(words)
            part.setToolTip(tooltip(words))
        self._arrange()
        self._repaint()

    def line(self) -> str:
        """What it says of the connection."""
        return self._line.text()

    def name(self) -> str:
        """The gateway's name."""
        return self._name.text()

    def menu(self) -> QMenu:
        """What is behind “⋯”."""
        menu = QMenu(self)
        remove = menu.addAction(tr("Remove"))
        remove.triggered.connect(lambda _checked=False: self.acted.emit(self.REMOVE))
        return menu

    def _add_shortcuts(self) -> None:
        """As shortcuts, because buttons keep the arrow keys for themselves."""
        for keys, control in (("Alt+Up", self.up), ("Alt+Down", self.down)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(control.click)
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self)
        delete.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        delete.activated.connect(lambda: self.acted.emit(self.REMOVE))

    def minimumSizeHint(self) -> QSize:
        """Qt override: it gets narrower than its parts are beside each other."""
        return QSize(self._look.metrics.px(LEAST), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: where room is short, the buttons stand below the words."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        narrow = self.width() < self._look.metrics.px(NARROW)
        self._controls.setMinimumWidth(0 if narrow else self._controls.sizeHint().width())
        beside, below = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._row.setDirection(below if narrow else beside)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click beside the buttons: what stands below the list is about this one."""
        super().mousePressEvent(event)
        self.acted.emit(self.CHOOSE)

    def _open_menu(self) -> None:
        menu = self.menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _repaint(self) -> None:
        if self._state is None:
            return
        theme = self._look.theme
        mark, name = _mark(self._state)
        colour = getattr(theme, name)
        self._dot.setPixmap(connection_pixmap(mark, colour, self._look.metrics.px(13)))
        set_colour(
            self._line, QColor(theme.muted if name in ("live", "muted", "accent") else colour)
        )


def _mark(state: RowState) -> tuple[ConnectionMark, str]:
    """The shape of its state, and the theme's token of its colour."""
    gateway = state.gateway
    if gateway is None or not state.entry.enabled:
        return ConnectionMark.OFF, "muted"
    connection = gateway.connection
    match connection.state:
        case ConnectionState.LIVE:
            return ConnectionMark.LIVE, "live"
        case ConnectionState.BLOCKED:
            return ConnectionMark.BLOCKED, "error"
        case ConnectionState.WAITING:
            pairing = connection.problem is not None and connection.problem.kind == "pairing"
            return ConnectionMark.LOST, "waiting" if pairing else "error"
        case ConnectionState.OFF:
            return ConnectionMark.OFF, "muted"
    return ConnectionMark.TRYING, "accent"
