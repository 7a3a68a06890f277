"""What was told earlier: past notifications, why it is quiet, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from cc_desktop.desktop.notifications.history_list import NoticeList, NoticeModel
from cc_desktop.desktop.notifications.quiet_bar import QuietBar
from cc_desktop.desktop.widgets.agent_pane import CentrePage
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.desktop.widgets.rows.row_menu import add_action, add_mutes, make_menu
from cc_desktop.desktop.widgets.rows.subscription import Subscription
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr, trn

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QHideEvent, QShowEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.center import NotificationCenter

TIMES_MS = 15_000  # how often "3 min" is updated


class HistoryPanel(CentrePage):
    """A page of the inbox. Does nothing while it is hidden."""

    def __init__(
        self,
        look: ThemeManager,
        center: NotificationCenter,
        store: Store,
        clock: Callable[[], int],
        open_settings: Callable[[], None],
    ) -> None:
        """`clock` gives local ms."""
        super().__init__()
        self._look = look
        self._center = center
        self._store = store
        self._clock = clock
        self._open_settings = open_settings
        self.menu: QMenu | None = None
        self.model = NoticeModel(center, clock, self)
        self._build()
        self._times = QTimer(self, interval=TIMES_MS)
        self._times.timeout.connect(self.refresh)
        self._following = Subscription(lambda: self._center.subscribe(self.refresh))

    # Building

    def _build(self) -> None:
        px, metrics = self._look.metrics.px, self._look.metrics
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(px(16), px(12), px(10), px(8))
        head.setSpacing(px(8))
        title = label(metrics.font(14, bold=True))
        title.setText(tr("Told earlier"))
        self._count = label(metrics.font(12), muted=True)
        self.read_all = button(tr("Mark all as read"), self._center.mark_all_read, "link")
        head.addWidget(title)
        head.addWidget(self._count)
        head.addStretch(1)
        head.addWidget(self.read_all)
        self.quiet = QuietBar(self._look, self._center, self._clock)
        self.list = NoticeList(self._look, self.model)
        self.list.chosen.connect(self._on_chosen)
        self.list.menu_wanted.connect(self._on_menu)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.list)
        self.pages.addWidget(self._build_empty())
        column.addLayout(head)
        column.addWidget(self.quiet)
        column.addWidget(self.pages, 1)
        column.addWidget(self._build_foot())

    def _build_empty(self) -> QWidget:
        px, metrics = self._look.metrics.px, self._look.metrics
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(px(40), px(24), px(40), px(40))
        column.setSpacing(px(6))
        self._empty_title = wrapping_label(metrics.font(14, bold=True))
        self._empty_text = wrapping_label(metrics.font(12.5), muted=True)
        column.addStretch(1)
        for part in (self._empty_title, self._empty_text):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(part)
        column.addStretch(1)
        return page

    def _build_foot(self) -> QWidget:
        """Build the buttons, and the question that takes their place before all is cleared."""
        px = self._look.metrics.px
        foot = QFrame()
        foot.setObjectName("popup_foot")
        row = QHBoxLayout(foot)
        row.setContentsMargins(px(10), px(6), px(10), px(6))
        row.setSpacing(px(8))
        self.clear = button(tr("Clear…"), lambda: self._ask(True), "link")
        self.settings = button(tr("Settings…"), self._on_settings, "link")
        self._question = label(self._look.metrics.font())
        self.clear_now = button(tr("Clear"), self._on_clear)
        self.keep = button(tr("Keep"), lambda: self._ask(False))
        self._asked = (self._question, self.clear_now, self.keep)
        row.addWidget(self.clear)
        row.addWidget(self._question)
        row.addStretch(1)
        row.addWidget(self.clear_now)
        row.addWidget(self.keep)
        row.addWidget(self.settings)
        foot.setFixedHeight(px(46))
        return foot

    # Showing

    def focus_first(self) -> None:
        """The newest, or the way into the settings."""
        if self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(0, 0))
            self.list.scrollToTop()
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.settings.setFocus(Qt.FocusReason.OtherFocusReason)

    def step_back(self) -> bool:
        """Take the question back, if it is asked."""
        asked = self.asking
        self._ask(False)
        return asked

    def refresh(self) -> None:
        """Follow the center."""
        self.model.refresh()
        self.quiet.refresh()
        unread, total = self._center.unread, self.model.rowCount()
        self._count.setText(tr("{count} unread", count=unread) if unread else "")
        self.read_all.setEnabled(unread > 0)
        self.clear.setEnabled(total > 0)
        self._question.setText(
            trn("Clear the only notification?", "Clear all {n} notifications?", total)
        )
        if total == 0:
            self._ask(False)
            problem = self._center.backend.problem
            self._empty_title.setText(tr("No notifications"))
            self._empty_text.setText(
                tr("What happens to your agents and gateways is listed here, shown or not.")
                + (f"\n\n{plain(problem, 300)}" if problem else "")
            )
        self.pages.setCurrentIndex(0 if total else 1)

    def _ask(self, asked: bool) -> None:
        """Show the question in place of the buttons, or the buttons again."""
        had_focus = any(part.hasFocus() for part in (self.clear, *self._asked))
        for part in self._asked:
            part.setVisible(asked)
        self.clear.setHidden(asked)
        self.settings.setHidden(asked)
        if had_focus:
            (self.keep if asked else self.settings).setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def asking(self) -> bool:
        """Whether the question is shown."""
        return not self._question.isHidden()

    # What the operator does

    def _on_chosen(self, index: QModelIndex) -> None:
        row = self.model.row(index)
        if row is not None:
            self._center.open_notice(row.key)

    def _on_menu(self, index: QModelIndex, spot: QPoint) -> None:
        row = self.model.row(index)
        if row is None:
            return
        notice = row.notice
        self.menu = make_menu(self)
        add_action(self.menu, tr("Open"), lambda: self._on_chosen(self.model.index_of(row.key)))
        add_mutes(self.menu, self._center, self._store.fleet, notice.gateway, notice.agent)
        self.menu.popup(spot)

    def _on_clear(self) -> None:
        self._ask(False)
        self._center.clear()

    def _on_settings(self) -> None:
        self._open_settings()

    # Being seen, or not

    def showEvent(self, event: QShowEvent) -> None:
        """Qt override: follow the center while visible."""
        self._ask(False)
        self.refresh()
        self._times.start()
        self._following.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: stop timers and subscriptions while hidden."""
        super().hideEvent(event)
        self._times.stop()
        self._following.stop()
