"""The fleet window: judge the whole fleet in three seconds, see any agent with one click."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cc_desktop.desktop.application import APP_NAME
from cc_desktop.desktop.details.panel import Details
from cc_desktop.desktop.icons.glyphs import Glyph
from cc_desktop.desktop.icons.status import app_icon
from cc_desktop.desktop.notifications.bell_button import Bell, GlyphButton
from cc_desktop.desktop.notifications.history_panel import NoticesPanel
from cc_desktop.desktop.widgets.change_batch import ChangeBatch
from cc_desktop.desktop.widgets.row_list import RowList
from cc_desktop.desktop.widgets.row_menu import add_action, add_mutes, make_menu
from cc_desktop.desktop.widgets.widgets import ElidedLabel, FlowLayout, Pill, PillText, label
from cc_desktop.desktop.widgets.window_geometry import decode, encode
from cc_desktop.desktop.window.agent_delegate import AgentDelegate
from cc_desktop.desktop.window.agent_model import Chip, FleetModel, Key
from cc_desktop.desktop.window.app_notice import AppMessageBar
from cc_desktop.desktop.window.data_banner import BannerBar
from cc_desktop.desktop.window.device_table import DeviceModel, DeviceTable
from cc_desktop.desktop.window.header import Header
from cc_desktop.fleet.model import ConnectionState, Origin
from cc_desktop.fleet.summary import summarize
from cc_desktop.system.deep_links import make_link
from cc_desktop.text import notifications, words
from cc_desktop.text.summary import headline
from cc_desktop.text.words import BannerLink

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from PySide6.QtGui import QCloseEvent, QHideEvent, QResizeEvent, QShowEvent

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.app_actions import Actions
    from cc_desktop.fleet.model import Change
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.center import NotificationCenter

TIMES_MS = 15_000  # how often "3 min ago" is said anew
COUNTDOWN_MS = 1_000
NARROW = 860  # px of the sketches: below, the details stand under the list
_CHIPS = {
    Chip.ALL: "All",
    Chip.NEEDS_YOU: "Needs you",
    Chip.WORKING: "Working",
    Chip.IDLE: "Idle",
}
_LIST, _EMPTY, _DEVICES = range(3)


class FleetWindow(QMainWindow):
    """The one window. It follows the store while it is seen, and does nothing while it is not.

    Attributes:
        quit_on_close: Closing ends the app: there is no tray to live in.
    """

    def __init__(
        self,
        store: Store,
        actions: Actions,
        remembered: MutableMapping[str, str],
        clock: Callable[[], int],
        look: ThemeManager,
    ) -> None:
        """`remembered` keeps geometry between starts; `clock` gives local ms."""
        super().__init__()
        self.quit_on_close = False
        self._store = store
        self._actions = actions
        self._remembered = remembered
        self._clock = clock
        self._look = look
        self._shown_before = False
        self._picked: Key | None = None
        self._wanted: Key | None = None  # asked for before it was there
        self._center: NotificationCenter | None = None
        self.bell: Bell | None = None
        self.gear: GlyphButton | None = None
        self.notices: NoticesPanel | None = None
        self.menu: QMenu | None = None  # of a row, the last one
        self.model = FleetModel(store, clock, self)
        self.devices = DeviceModel(store, look, clock, self)
        self.batch = ChangeBatch(self)
        self._build()
        self._connect()
        self._times = QTimer(self, interval=TIMES_MS)
        self._times.timeout.connect(self._on_times)
        self._countdown = QTimer(self, interval=COUNTDOWN_MS)
        self._countdown.timeout.connect(self._on_countdown)
        self._restore()
        self.list.setFocus()
        self._unsubscribe = store.subscribe(self.batch.add)

    # Building

    def _build(self) -> None:
        px = self._look.metrics.px
        self.setWindowTitle(APP_NAME)
        self.setWindowIcon(app_icon())
        self.header = Header(self._look, self._actions, self._clock)
        self.banner = BannerBar(self._look)
        self.notice = AppMessageBar(self._look)
        self.details = Details(self._store, self._actions, self._clock, self._look)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self._build_list())
        self.splitter.addWidget(self.details)
        self.splitter.setStretchFactor(0, 1)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.header, self.banner, self.notice):
            column.addWidget(part)
        column.addWidget(self.splitter, 1)
        column.addWidget(self._build_status_bar())
        self.setCentralWidget(centre)
        self.setMinimumSize(px(420), px(360))
        self.resize(px(1180), px(720))
        self.splitter.setSizes([px(770), px(410)])

    def _build_list(self) -> QWidget:
        px = self._look.metrics.px
        self.list = RowList(self.model, "Agents", px(50))
        self.list.setItemDelegate(AgentDelegate(self._look, self.list))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.list)
        self.stack.addWidget(self._build_empty())
        self.device_table = DeviceTable(self._look, self.devices)
        page = QWidget()
        margins = QVBoxLayout(page)
        margins.setContentsMargins(px(14), 0, px(14), 0)
        margins.addWidget(self.device_table)
        self.stack.addWidget(page)
        chips = QWidget()
        flow = FlowLayout(px(8), chips)
        self._group = QButtonGroup(self)
        self.chips: dict[Chip, Pill] = {}
        for chip in _CHIPS:
            self.chips[chip] = self._make_chip()
            flow.addWidget(self.chips[chip])
        self.only_chip = self._make_chip()  # some agents by name
        self.only_chip.hide()
        flow.addWidget(self.only_chip)
        self.devices_chip = self._make_chip()
        self.chips[Chip.ALL].setChecked(True)
        row = QHBoxLayout()
        row.setContentsMargins(px(16), px(12), px(16), px(8))
        row.addWidget(chips, 1)
        row.addWidget(self.devices_chip, 0, Qt.AlignmentFlag.AlignTop)
        pane = QWidget()
        column = QVBoxLayout(pane)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.stack, 1)
        pane.setMinimumWidth(px(300))
        return pane

    def _make_chip(self) -> Pill:
        chip = Pill(self._look)
        chip.setCheckable(True)
        self._group.addButton(chip)
        return chip

    def _build_empty(self) -> QWidget:
        px, metrics = self._look.metrics.px, self._look.metrics
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(px(32), px(32), px(32), px(64))
        column.setSpacing(px(8))
        self._empty_title = label(metrics.font(16, bold=True), wrap=True)
        self._empty_text = label(metrics.font(), muted=True, wrap=True)
        column.addStretch(1)
        for part in (self._empty_title, self._empty_text):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(part)
        column.addStretch(2)
        return page

    def _build_status_bar(self) -> QWidget:
        px, metrics = self._look.metrics.px, self._look.metrics
        bar = QFrame()
        bar.setObjectName("statusbar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(px(16), px(6), px(16), px(6))
        self._headline = ElidedLabel(metrics.font(12), lambda: QColor(self._look.theme.muted))
        self._source = label(metrics.font(12), muted=True)
        row.addWidget(self._headline, 1)
        row.addWidget(self._source)
        return bar

    def _connect(self) -> None:
        self.batch.ready.connect(self._on_changes)
        self.batch.caught_up.connect(self._on_caught_up)
        self.model.updated.connect(self._on_updated)
        self.list.selectionModel().currentChanged.connect(self._on_current_changed)
        self.list.activated.connect(self._on_activated)
        self.list.menu_wanted.connect(self._on_row_menu)
        self.details.gone.connect(self._on_gone)
        self.banner.chosen.connect(self._on_banner_link)
        self.header.search.textChanged.connect(self._on_search)
        self.header.search.installEventFilter(self)
        for chip, pill in self.chips.items():
            pill.clicked.connect(lambda _checked=False, chip=chip: self.show_chip(chip))
        self.only_chip.clicked.connect(lambda _checked=False: self.show_chip(Chip.ALL))
        self.devices_chip.clicked.connect(lambda _checked=False: self.show_devices())
        self._look.changed.connect(self._on_look_changed)
        for keys, tag in (
            (QKeySequence(QKeySequence.StandardKey.Find), self._focus_search),
            (QKeySequence("F5"), self._reconnect),
            (QKeySequence("Ctrl+R"), self._reconnect),
            (QKeySequence("Ctrl+W"), self.close),
            (QKeySequence("Esc"), self._on_escape),
        ):
            QShortcut(keys, self).activated.connect(tag)
        chips = (*self.chips.values(), self.only_chip, self.devices_chip)
        order = [self.header.search, *chips, self.list]
        for first, second in itertools.pairwise(order):
            QWidget.setTabOrder(first, second)

    def use_center(self, center: NotificationCenter, open_settings: Callable[[], None]) -> None:
        """Show its notices under a bell, and mark whom it does not tell of. Once."""
        self._center = center
        self.bell = Bell(self._look, center, self._clock)
        self.bell.clicked.connect(lambda _checked=False: self.show_notices())
        self.gear = GlyphButton(self._look, Glyph.GEAR, "Settings (Ctrl+,)")
        self.gear.clicked.connect(lambda _checked=False: open_settings())
        QShortcut(QKeySequence("Ctrl+,"), self).activated.connect(open_settings)
        self.notices = NoticesPanel(
            self._look, center, self._store, self._clock, open_settings, self
        )
        for tool in (self.bell, self.gear):
            self.header.tools.addWidget(tool)
        order = (self.header.search, self.bell, self.gear, self.chips[Chip.ALL])
        for first, second in itertools.pairwise(order):
            QWidget.setTabOrder(first, second)
        center.subscribe(self._on_notices)
        self._on_notices()

    # What others ask for

    def show_fleet(self) -> None:
        """Show the window, in front."""
        if self.isMinimized():
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def show_agent(self, gateway_id: str, agent_id: str) -> None:
        """Show the window with this agent, as soon as it is there."""
        self._wanted = (gateway_id, agent_id)
        self.show_fleet()
        self.batch.flush()
        self._take_wanted()

    def show_only(self, agents: tuple[Key, ...], words: str) -> None:
        """Show the window with these agents alone; a chip with the words says so."""
        self.show_fleet()
        self.batch.flush()
        self._name_choice(words or f"{len(agents)} agents")
        self.header.search.clear()
        self.model.set_only(agents)
        first = self.model.row(self.model.index(0, 0)) if self.model.rowCount() else None
        if first is not None and self._picked not in agents:
            self._pick(first.key)
            self._keep_selection()
        self._show_page()
        self.list.scrollToTop()
        self.list.setFocus()

    def _name_choice(self, text: str) -> None:
        name = words.plain(text, 80)
        self.only_chip.show_segments((PillText(name), PillText("\u00d7", bold=True)))
        self.only_chip.setAccessibleName(f"Only {name}. Press to show all agents.")
        self.only_chip.setToolTip(words.tooltip(f"{name}\nEsc shows all agents"))
        self.only_chip.show()
        self.only_chip.setChecked(True)

    def show_chip(self, chip: Chip) -> None:
        """Show the list with these agents."""
        self.chips[chip].setChecked(True)
        self.only_chip.hide()
        self.model.set_chip(chip)
        self._show_page()

    def show_devices(self) -> None:
        """Show the tab of the devices."""
        self.devices_chip.setChecked(True)
        if self.model.only is not None:
            self.only_chip.hide()
            self.model.set_chip(Chip.ALL)
        self.devices.refresh()
        self._show_page()

    def show_gateway(self, gateway_id: str) -> None:
        """Show the window with what is known of a connection."""
        self.show_fleet()
        self.batch.flush()
        if gateway_id in self.header.pills:
            self.header.open_gateway(gateway_id)

    def show_notices(self) -> None:
        """Show the list under the bell."""
        if self.notices is not None and self.bell is not None:
            self.show_fleet()
            self.notices.open_under(self.bell)

    def viewed(self) -> Key | None:
        """The agent whose details are on the screen and in front."""
        in_front = self.isVisible() and not self.isMinimized() and self.isActiveWindow()
        return self.details.key if in_front and self.details.isVisible() else None

    # Following the notices

    def _on_notices(self) -> None:
        if self._center is None or self.bell is None or not self.batch.active:
            return  # a hidden window does no work
        self.bell.refresh()
        muted = self._center.preferences.muted
        self.model.set_muted(muted)
        self.details.set_muted(muted)

    # Following the store

    def _on_changes(self, changes: list[Change]) -> None:
        self.model.apply(changes)
        self._refresh_frame()
        if self._picked and any(_is_about(change, self._picked) for change in changes):
            self.details.refresh()

    def _on_caught_up(self) -> None:
        self.model.catch_up()
        self._refresh_frame()
        self.details.refresh()

    def _refresh_frame(self) -> None:
        """All that is not a row: pills, banner, chips, status bar."""
        fleet, now = self._store.fleet, self._clock()
        waiting = self.header.show_fleet(fleet)
        if waiting and self.batch.active:
            self._countdown.start()
        else:
            self._countdown.stop()
        self.banner.show_banner(words.banner(fleet, now))
        self._headline.set_text(headline(summarize(fleet)))
        self._source.setText(words.source(fleet, now))
        count = sum(len(gateway.devices) for gateway in fleet.shown())
        self.devices_chip.show_segments(
            (PillText("Devices", muted=True), PillText(str(count), bold=True))
        )
        if self.devices_chip.isChecked():
            self.devices.refresh()
        self._show_page()

    def _on_updated(self) -> None:
        for chip, pill in self.chips.items():
            count = PillText(str(self.model.counts[chip]), bold=True)
            pill.show_segments((PillText(_CHIPS[chip], muted=True), count))
        self._show_page()
        if self._wanted is not None:
            self._take_wanted()
        self._keep_selection()

    def _show_page(self) -> None:
        self.details.setVisible(self.model.total > 0 and not self.devices_chip.isChecked())
        if self.devices_chip.isChecked():
            self.stack.setCurrentIndex(_DEVICES)
        elif self.model.rowCount():
            self.stack.setCurrentIndex(_LIST)
        else:
            search = self.header.search.text()
            empty = words.empty(self._store.fleet, self.model.total, search)
            if self.model.total and self.model.only is not None and not search:
                empty = words.Empty("Not there", "These agents are gone. Esc shows all agents.")
            self._empty_title.setText(empty.title)
            self._empty_text.setText(empty.text)
            self.stack.setCurrentIndex(_EMPTY)

    # The agent that is looked at

    def _keep_selection(self) -> None:
        """Rows may move and vanish: what the operator reads stays."""
        if self._picked is None or self.model.known(self._picked) is None:
            self._picked = None
            first = self.model.row(self.model.index(0, 0)) if self.model.rowCount() else None
            if first is None:
                self.details.clear()
                return
            self._pick(first.key)
        index = self.model.index_of(self._picked) if self._picked else QModelIndex()
        if index != self.list.currentIndex():
            self.model.updating = True
            self.list.setCurrentIndex(index)
            self.model.updating = False

    def _pick(self, key: Key) -> None:
        self._picked = key
        self.details.show_agent(*key)
        agent = self._store.fleet.agent(*key)
        name = words.plain(agent.shown_name, 60) if agent else ""
        self.setWindowTitle(name or APP_NAME)  # Qt adds the name of the app

    def _take_wanted(self) -> None:
        key = self._wanted
        if key is None or self.model.known(key) is None:
            return
        self._wanted = None
        if not self.model.index_of(key).isValid():
            self.header.search.clear()
            self.show_chip(Chip.ALL)
        elif self.devices_chip.isChecked():
            self.show_chip(self.model.chip)
        self._pick(key)
        self._keep_selection()
        self.list.scrollTo(self.model.index_of(key))
        self.list.setFocus()

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row = self.model.row(current)
        if row is not None and not self.model.updating and row.key != self._picked:
            self._pick(row.key)

    def _on_activated(self, index: QModelIndex) -> None:
        """Enter: on to what the agent's panel offers."""
        row = self.model.row(index)
        if row is not None:
            self._pick(row.key)
            self.details.focus_first()

    def _on_row_menu(self, index: QModelIndex, spot: QPoint) -> None:
        row = self.model.row(index)
        if row is None:
            return
        gateway_id, agent_id = row.key
        menu = self.menu = make_menu(self)
        add_action(menu, "Open details", lambda: self._open_details(row.key))
        copy = QGuiApplication.clipboard().setText
        add_action(menu, "Copy name", lambda: copy(row.name))
        add_action(menu, "Copy link", lambda: copy(make_link(gateway_id, agent_id)))
        fleet = self._store.fleet
        if self._center is not None:
            add_mutes(menu, self._center, fleet, gateway_id, agent_id)
        gateway = fleet.gateways.get(gateway_id)
        if (
            gateway
            and gateway.connection.state is not ConnectionState.LIVE
            and gateway.origin is not Origin.DEMO
        ):
            menu.addSeparator()
            name = notifications.gateway_name(fleet, gateway_id)
            add_action(menu, f"Reconnect {name}", lambda: self._actions.reconnect(gateway_id))
        menu.popup(spot)

    def _open_details(self, key: Key) -> None:
        self._pick(key)
        self._keep_selection()
        self.details.focus_first()

    def _on_gone(self) -> None:
        self._picked = None
        self._keep_selection()

    # What the operator does

    def _on_search(self, text: str) -> None:
        if self.devices_chip.isChecked():
            self.show_chip(self.model.chip)
        self.model.set_search(text)

    def _focus_search(self) -> None:
        self.header.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.header.search.selectAll()

    def _on_escape(self) -> None:
        if self.header.search.text():
            self.header.search.clear()
        elif self.devices_chip.isChecked() or self.model.only is not None:
            self.show_chip(self.model.chip)
        self.list.setFocus()

    def _reconnect(self) -> None:
        self._actions.reconnect(None)

    def _on_banner_link(self, link: BannerLink) -> None:
        match link:
            case BannerLink.RECONNECT:
                self._actions.reconnect(None)
            case BannerLink.LAST_KNOWN | BannerLink.DEMO:
                self._actions.show_last_known(link is BannerLink.LAST_KNOWN)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down and Enter lead from the search into the list."""
        if watched is self.header.search and isinstance(event, QKeyEvent):
            keys = (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if event.type() == QEvent.Type.KeyPress and event.key() in keys:
                first = self.model.row(self.model.index(0, 0)) if self.model.rowCount() else None
                if first is not None and not self.list.currentIndex().isValid():
                    self._pick(first.key)
                    self._keep_selection()
                self.list.setFocus()
                return True
        return super().eventFilter(watched, event)

    # Time

    def _on_times(self) -> None:
        self.model.refresh_times()
        self._refresh_frame()
        self.details.refresh()

    def _on_countdown(self) -> None:
        self.header.show_fleet(self._store.fleet)

    def _on_look_changed(self) -> None:
        self.update()
        for tool in (self.bell, self.gear):
            if tool is not None:
                tool.update()
        self.list.viewport().update()
        self.device_table.viewport().update()

    # Being seen, or not

    def _watch(self) -> None:
        """Follow the store while somebody can see it."""
        seen = self.isVisible() and not self.isMinimized()
        caught_up = self.batch.set_active(seen)
        if seen:
            if not self._times.isActive():
                self._times.start()
                if not caught_up:
                    self._on_times()
                self._on_notices()
        else:
            self._times.stop()
            self._countdown.stop()

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        super().showEvent(event)
        self._watch()
        if not self._shown_before:
            self._shown_before = True
            self._restore_splitter()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._remember()
        self._watch()

    def changeEvent(self, event: QEvent) -> None:
        """Minimised, or back again."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._watch()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Into the tray, or the end where there is none."""
        self._remember()
        super().closeEvent(event)
        if self.quit_on_close:
            self._actions.quit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Details beside the list, or below it when there is no room."""
        super().resizeEvent(event)
        px = self._look.metrics.px
        narrow = self.width() < px(NARROW)
        wanted = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if self.splitter.orientation() != wanted:
            self.splitter.setOrientation(wanted)
            sizes = [px(300), px(200)] if narrow else [self.width() - px(410), px(410)]
            self.splitter.setSizes(sizes)

    # Remembering

    def _remember(self) -> None:
        self._remembered["window"] = encode(self.saveGeometry())
        if self.details.isVisibleTo(self):
            self._remembered["splitter"] = encode(self.splitter.saveState())

    def _restore(self) -> None:
        geometry = decode(self._remembered.get("window", ""))
        if geometry is not None:
            self.restoreGeometry(geometry)

    def _restore_splitter(self) -> None:
        # Not before the first show: until then there is no size to share out.
        splitter = decode(self._remembered.get("splitter", ""))
        orientation = self.splitter.orientation()
        if splitter is not None:
            self.splitter.restoreState(splitter)
            self.splitter.setOrientation(orientation)
            self.splitter.setHandleWidth(1)
            self.splitter.setChildrenCollapsible(False)


def _is_about(change: Change, key: Key) -> bool:
    return change.gateway == key[0] and getattr(change, "agent_id", key[1]) == key[1]
