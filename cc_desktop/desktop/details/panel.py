"""The panel of one agent: why it needs the operator, what it does now, its sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QScrollArea,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from cc_desktop.desktop.icons.status import status_pixmap
from cc_desktop.desktop.widgets.sorted_model import Index, SortedModel
from cc_desktop.desktop.widgets.widgets import Card, ElidedLabel, StatusMark, button, label
from cc_desktop.fleet.model import Status
from cc_desktop.text import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QObject
    from PySide6.QtGui import QFont, QPaintEvent, QResizeEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.app_actions import Actions
    from cc_desktop.fleet.model import Agent, Gateway, Session
    from cc_desktop.fleet.store import Store

_HEADINGS = ("Status", "Session", "Channel", "Model", "Tokens", "Cost", "When")
_STATUS, _TITLE, _CHANNEL, _MODEL, _TOKENS, _COST, _WHEN = range(len(_HEADINGS))
MINUTE = 60_000  # ms: how often the times of sessions are said anew
_NUMBERS = (_TOKENS, _COST, _WHEN)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session as it is shown."""

    key: str
    order: tuple[Any, ...]
    status: Status
    cells: tuple[str, ...]
    tip: str


def session_row(session: Session, clock_offset_ms: int, now: int, offline: bool) -> SessionRow:
    """The row of a session; the newest come first."""
    word, status = words.session_state(session, offline)
    title = words.plain(session.title, 160)
    used = session.total_tokens or session.input_tokens + session.output_tokens
    tip = [title, words.session_times(session, clock_offset_ms, now)]
    if session.error:
        tip.append(words.plain(session.error, 600))
    return SessionRow(
        key=session.key,
        order=(-session.activity_at, session.key),
        status=status,
        cells=(
            word,
            title,
            words.plain(session.channel, 40),
            words.model_name(session.model),
            words.tokens(used) if used else "",
            words.cost(session.cost_usd),
            words.when(words.local(session.activity_at, clock_offset_ms), now),
        ),
        tip="\n".join(part for part in tip if part),
    )


class SessionModel(SortedModel[SessionRow]):
    """The sessions of an agent, newest first."""

    columns = len(_HEADINGS)

    def __init__(self, look: ThemeManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """The name of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _HEADINGS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        row = self.row(index)
        if row is None:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return row.cells[column]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return words.tooltip(row.tip)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{_HEADINGS[column]}: {row.cells[column] or 'none'}"
        if role == Qt.ItemDataRole.DecorationRole and column == _STATUS:
            size = self._look.metrics.px(14)
            return status_pixmap(row.status, size, self._look.theme.dark, 2.0)
        if role == Qt.ItemDataRole.ForegroundRole:
            if column == _STATUS:
                return self._look.theme.status_text(row.status)
            if column in (_CHANNEL, _MODEL, _WHEN):
                return QColor(self._look.theme.muted)
        return None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class SessionTable(QTableView):
    """The sessions; what matters least gives way when it gets narrow."""

    def __init__(self, look: ThemeManager, model: SessionModel) -> None:
        super().__init__()
        self._look = look
        px = look.metrics.px
        self.setModel(model)
        self.setAccessibleName("Sessions")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setIconSize(QSize(px(14), px(14)))
        self.setFont(look.metrics.font(12))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(px(28))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setFont(look.metrics.font(12))
        header.setMinimumSectionSize(px(36))
        # Fixed widths: ResizeToContents asks every row at every change.
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(_TITLE, QHeaderView.ResizeMode.Stretch)
        widths = {_STATUS: 80, _CHANNEL: 66, _MODEL: 92, _TOKENS: 48, _COST: 52, _WHEN: 52}
        for column, width in widths.items():
            self.setColumnWidth(column, px(width))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide columns that would leave the title no room."""
        room = self.viewport().width() / self._look.metrics.scale
        self.setColumnHidden(_MODEL, room < 560)
        self.setColumnHidden(_COST, room < 470)
        self.setColumnHidden(_CHANNEL, room < 340)
        super().resizeEvent(event)


class Avatar(QWidget):
    """The tile with an agent's emoji or initials."""

    def __init__(self, look: ThemeManager) -> None:
        super().__init__()
        self._look = look
        self._text = ""
        self.setFixedSize(look.metrics.px(44), look.metrics.px(44))

    def show_text(self, text: str) -> None:
        """Show another agent's."""
        if text != self._text:
            self._text = text
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tile."""
        theme, metrics = self._look.theme, self._look.metrics
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.setBrush(QColor(theme.raised))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, metrics.px(8), metrics.px(8))
        painter.setFont(metrics.font(15 if self._text.isascii() else 23, self._text.isascii()))
        painter.setPen(QColor(theme.muted))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self._text)
        painter.end()


class Details(QWidget):
    """One agent. `show_agent` picks it, `refresh` follows it.

    Signals:
        gone: The agent that was shown is no longer there.
    """

    gone = Signal()

    def __init__(
        self,
        store: Store,
        actions: Actions,
        clock: Callable[[], int],
        look: ThemeManager,
        parent: QWidget | None = None,
    ) -> None:
        """`clock` gives local ms."""
        super().__init__(parent)
        self.setObjectName("details")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._look = look
        self._actions = actions
        self._clock = clock
        self._store = store
        self._key: tuple[str, str] | None = None
        self._muted: frozenset[tuple[str, str]] = frozenset()
        self._made: dict[str, tuple[Session, SessionRow]] = {}
        self._made_at: tuple[int, int, bool] | None = None
        self._build()
        look.changed.connect(self._on_look_changed)
        self._on_look_changed()

    # Building

    def _build(self) -> None:
        metrics = self._look.metrics
        px = metrics.px
        self._nothing = label(metrics.font(), muted=True, wrap=True)
        self._nothing.setText("Choose an agent to see what it does.")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        body = QWidget()
        body.setObjectName("details_body")
        column = QVBoxLayout(body)
        column.setContentsMargins(px(16), px(16), px(16), px(16))
        column.setSpacing(px(14))
        column.addLayout(self._build_head(metrics.font(17, bold=True)))
        self._why = Card(self._look, "WHY")
        self._seen = button("Mark as seen", self._on_seen, "primary")
        row = QHBoxLayout()
        row.addWidget(self._seen)
        row.addStretch()
        self._why.body.addLayout(row)
        column.addWidget(self._why)
        self._now = Card(self._look, "NOW")
        column.addWidget(self._now)
        self._sessions_title = label(metrics.font(bold=True))
        column.addWidget(self._sessions_title)
        self.sessions = SessionModel(self._look, self)
        self._table = SessionTable(self._look, self.sessions)
        column.addWidget(self._table, 1)
        self._below = QWidget()  # in the place of the table, so that the cards keep their height
        column.addWidget(self._below, 1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(scroll)
        self.setMinimumWidth(px(260))

    def _build_head(self, title: QFont) -> QHBoxLayout:
        metrics = self._look.metrics
        self._avatar = Avatar(self._look)
        self._name = ElidedLabel(title, lambda: QColor(self._look.theme.text))
        self._place = ElidedLabel(metrics.font(12.5), lambda: QColor(self._look.theme.muted))
        self._mark = StatusMark(self._look)
        self._state = label(metrics.font(bold=True))
        names = QVBoxLayout()
        names.setSpacing(metrics.px(2))
        names.addWidget(self._name)
        names.addWidget(self._place)
        head = QHBoxLayout()
        head.setSpacing(metrics.px(8))
        head.addWidget(self._avatar)
        head.addSpacing(metrics.px(4))
        head.addLayout(names, 1)
        head.addWidget(self._mark)
        head.addWidget(self._state)
        return head

    # Showing

    @property
    def key(self) -> tuple[str, str] | None:
        """Gateway id and agent id of what is shown."""
        return self._key

    def show_agent(self, gateway_id: str, agent_id: str) -> None:
        """Show another agent."""
        if (gateway_id, agent_id) == self._key:
            return
        self._key = (gateway_id, agent_id)
        self.sessions.start_over([])
        self.refresh()

    def set_muted(self, muted: frozenset[tuple[str, str]]) -> None:
        """Of whom nothing is told; without an agent's id, a pair is a whole gateway."""
        if muted != self._muted:
            self._muted = muted
            self.refresh()

    def focus_first(self) -> None:
        """Give the keyboard to the first thing to do or to read."""
        for widget in (self._seen, self._table):
            if widget.isVisible():
                widget.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    def clear(self) -> None:
        """Show no agent."""
        self._key = None
        self.sessions.start_over([])
        self._stack.setCurrentIndex(0)

    def refresh(self) -> None:
        """Show what is known now."""
        if self._key is None:
            self._stack.setCurrentIndex(0)
            return
        gateway = self._store.fleet.gateways.get(self._key[0])
        agent = gateway.agents.get(self._key[1]) if gateway and not gateway.hidden else None
        if gateway is None or agent is None:
            self.clear()
            self.gone.emit()
            return
        self._show(gateway, agent)
        self._stack.setCurrentIndex(1)

    def _show(self, gateway: Gateway, agent: Agent) -> None:
        now, clock_offset_ms = self._clock(), gateway.clock_offset_ms
        theme = self._look.theme
        self._avatar.show_text(words.avatar(agent.shown_name, agent.emoji))
        self._name.set_text(words.plain(agent.shown_name, 120))
        parts = [words.plain(gateway.name, 60), words.shown_model(agent), words.plain(agent.id, 60)]
        if {(agent.gateway, agent.id), (agent.gateway, "")} & self._muted:
            parts.insert(0, "Muted")
        self._place.set_text(" · ".join(part for part in parts if part))
        self._mark.show_status(agent.status)
        since = words.state_since(agent, clock_offset_ms)
        lasts = f" · {words.span(now - since)}" if since and agent.status.needs_you else ""
        if agent.status.working and since:
            lasts = f" · {words.span(now - since)}"
        self._state.setText(words.STATUS_WORDS[agent.status] + lasts)
        _colour(self._state, theme.status_text(agent.status))

        why = words.why_text(agent, clock_offset_ms, now)
        self._why.setVisible(bool(why))
        if why:
            self._why.text.setText(why)
            self._seen.setVisible(agent.status is Status.ERROR)
            colour = theme.status(agent.status)
            _colour(self._why.heading, colour)
            edge = QColor(colour)
            edge.setAlpha(150)
            self._why.setStyleSheet(
                f"#card {{ border-color: {edge.name(edge.NameFormat.HexArgb)}; }}"
            )
        self._now.text.setText(words.now_text(agent, clock_offset_ms, now))
        runs = bool(agent.last_seen_at) and agent.status is not Status.OFFLINE
        _colour(self._now.text, QColor(theme.text if runs else theme.muted))

        offline = agent.status is Status.OFFLINE
        self._show_sessions(agent, clock_offset_ms, now, offline)
        count = len(agent.sessions)
        self._sessions_title.setText(f"Sessions  {count}" if count else "No sessions")
        self._table.setVisible(bool(count))
        self._below.setVisible(not count)
        px = self._look.metrics.px
        self._table.setMinimumHeight(px(34) + px(28) * min(count, 6))

    def _show_sessions(self, agent: Agent, clock_offset_ms: int, now: int, offline: bool) -> None:
        """Agents may have thousands: only what is new, or says another time, is made anew."""
        made: dict[str, tuple[Session, SessionRow]] = {}
        minute = (now // MINUTE, clock_offset_ms, offline)
        fresh = minute == self._made_at
        for key, session in agent.sessions.items():
            old = self._made.get(key)
            if fresh and old is not None and old[0] is session:
                made[key] = old
            else:
                made[key] = (session, session_row(session, clock_offset_ms, now, offline))
        self._made, self._made_at = made, minute
        self.sessions.sync(row for _, row in made.values())

    # What the operator does

    def _on_seen(self) -> None:
        if self._key is not None:
            self._actions.mark_seen(*self._key)

    def _on_look_changed(self) -> None:
        self.refresh()
        if self.sessions.rowCount():
            last = self.sessions.index(self.sessions.rowCount() - 1, len(_HEADINGS) - 1)
            self.sessions.dataChanged.emit(self.sessions.index(0, 0, QModelIndex()), last)


def _colour(widget: QWidget, colour: QColor) -> None:
    """Colour the words of a label, which the application's style sheet would else decide."""
    sheet = f"color: {colour.name()};"
    if widget.styleSheet() != sheet:
        widget.setStyleSheet(sheet)
