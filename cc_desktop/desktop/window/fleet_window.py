"""The main window: the fleet at a glance, any agent with one click.

The window is a frame: it arranges its parts, follows the store while visible, and restores its
size and place. The caller passes in the details pane.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QMainWindow, QWidget

from cc_desktop.about import APP_NAME
from cc_desktop.desktop.icons.status import app_icon
from cc_desktop.desktop.widgets.rows.change_batch import ChangeBatch
from cc_desktop.desktop.widgets.window_geometry import decode, encode, fit_to_screen
from cc_desktop.desktop.window.agents.agent_filter import Chip
from cc_desktop.desktop.window.agents.agent_list import AgentList
from cc_desktop.desktop.window.agents.agent_model import AgentModel
from cc_desktop.desktop.window.agents.selection import Selection
from cc_desktop.desktop.window.agents.triage import Triage
from cc_desktop.desktop.window.bars.app_notice import AppMessageBar
from cc_desktop.desktop.window.bars.data_banner import BannerBar
from cc_desktop.desktop.window.bars.filter_bar import FilterBar
from cc_desktop.desktop.window.bars.gateway_strip import GatewayStrip
from cc_desktop.desktop.window.bars.header import Header
from cc_desktop.desktop.window.bars.status_bar import StatusBar
from cc_desktop.desktop.window.centre import Centre, column_of
from cc_desktop.desktop.window.details_splitter import DetailsSplitter, lead_where_low
from cc_desktop.desktop.window.device_table import DeviceModel
from cc_desktop.desktop.window.pages import Pages
from cc_desktop.desktop.window.visible_clock import VisibleClock
from cc_desktop.text.banner import BannerLink, Empty, banner, empty
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr, trn
from cc_desktop.text.inbox.advice import strip

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from PySide6.QtGui import QCloseEvent, QHideEvent, QResizeEvent, QShowEvent
    from PySide6.QtWidgets import QAbstractButton

    from cc_desktop.desktop.widgets.agent_pane import AgentPane, Key
    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.model import Change

WIDTH, HEIGHT = 1180, 720  # design px, of the first start


class FleetWindow(QMainWindow):
    """The main window. It follows the store only while it is visible.

    Signals:
        seen: The window became visible.

    Attributes:
        context: What it was built with.
        quit_on_close: Closing ends the app: there is no tray to live in.
    """

    seen = Signal()

    def __init__(
        self, context: ViewContext, details: AgentPane, remembered: MutableMapping[str, str]
    ) -> None:
        """`remembered` keeps size and place between starts."""
        super().__init__()
        self.quit_on_close = False
        self.details = details
        self.context = context
        self._remembered = remembered
        self._shown_before = False
        self.model = AgentModel(context.store, context.clock, self)
        self.devices = DeviceModel(context, self)
        self.batch = ChangeBatch(self)
        self._clock = VisibleClock(self._on_times, self.refresh_connections, self)
        self._build()
        self.selection = Selection(self.model, self.list, details)
        self.triage = self.list.triage = Triage(
            context, self.model, self.list, self.selection, self.undo_bar
        )
        self._connect()
        self._add_shortcuts()
        geometry = decode(remembered.get("window", ""))
        if geometry is not None:
            self.restoreGeometry(geometry)
        self.list.setFocus()
        context.store.subscribe(self.batch.add)

    # Building

    def _build(self) -> None:
        look, px = self.context.look, self.context.look.metrics.px
        self.setWindowTitle(APP_NAME)
        self.setWindowIcon(app_icon())
        self.header = Header(self.context)
        self.banner = BannerBar(look)
        self.notice = AppMessageBar(look)
        self.filter_bar = FilterBar(look)
        self.strip, self.undo_bar = GatewayStrip(look), AppMessageBar(look)
        self.list = AgentList(self.context, self.model)
        self.stack = Pages(self.context, self.list, self.devices)
        self.status_bar = StatusBar(look)
        self.splitter = DetailsSplitter(look, self._build_left(), self.details)
        self.centre = Centre(self.splitter)
        centre = QWidget()
        self.column = column = column_of(centre)
        for part in (self.header, self.banner, self.notice):
            column.addWidget(part)
        column.addWidget(self.splitter, 1)
        column.addWidget(self.status_bar)
        self.setCentralWidget(centre)
        self.setMinimumSize(px(420), px(360))
        fit_to_screen(self, QSize(px(WIDTH), px(HEIGHT)))
        self.splitter.share(self.width())
        order = [self.header.search, *self.filter_bar.pills(), self.strip, self.list]
        for first, second in itertools.pairwise(order):
            QWidget.setTabOrder(first, second)

    def _build_left(self) -> QWidget:
        pane = QWidget()
        column = column_of(pane)
        for part in (self.filter_bar, self.strip, self.undo_bar):
            column.addWidget(part)
        column.addWidget(self.stack, 1)
        pane.setMinimumWidth(self.context.look.metrics.px(300))
        return pane

    def _connect(self) -> None:
        self.batch.ready.connect(self._on_changes)
        self.batch.caught_up.connect(self._on_caught_up)
        self.model.updated.connect(self._on_updated)
        self.selection.picked.connect(self._on_picked)
        self.selection.hidden.connect(self._on_hidden)
        lead_where_low(self.splitter, self.list, self.details, self.selection)
        self.triage.nobody.connect(self._on_hidden)
        self.banner.chosen.connect(self._on_banner_link)
        self.header.search.textChanged.connect(self._on_search)
        self.header.search.left.connect(self._on_search_left)
        self.filter_bar.chip_chosen.connect(self.show_chip)
        self.filter_bar.devices_chosen.connect(self.show_devices)
        self.context.look.changed.connect(self.update)

    def _add_shortcuts(self) -> None:
        for keys, action in (
            (QKeySequence(QKeySequence.StandardKey.Find), self._focus_search),
            (QKeySequence("F5"), self._reconnect),
            (QKeySequence("Ctrl+R"), self._reconnect),
            (QKeySequence("Ctrl+W"), self.close),
            (QKeySequence("Esc"), self._on_escape),
            (QKeySequence("Ctrl+E"), lambda: self.centre.or_page(self.triage).mark_selected()),
            (QKeySequence("Ctrl+Shift+E"), lambda: self.centre.or_page(self.triage).mark_all()),
            (QKeySequence("Ctrl+Z"), lambda: self.centre.or_page(self.triage).undo()),
            (QKeySequence("F8"), lambda: self.centre.or_page(self.triage).next()),
        ):
            QShortcut(keys, self).activated.connect(action)

    def add_tools(self, *tools: QAbstractButton) -> None:
        """Add buttons after the search, also in the order of the tab key."""
        for tool in tools:
            self.header.add_tool(tool)
        order = (self.header.search, *tools, self.filter_bar.pills()[0])
        for first, second in itertools.pairwise(order):
            QWidget.setTabOrder(first, second)

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
        self.show_fleet()
        self.batch.flush()
        self.centre.show_fleet()
        self.selection.want((gateway_id, agent_id))

    def show_only(self, agents: tuple[Key, ...], words: str) -> None:
        """Show the window with these agents alone; a chip with the words says so."""
        self.show_fleet()
        self.batch.flush()
        self.centre.show_fleet()
        self.header.search.clear()
        named = words or trn("{n} agent", "{n} agents", len(agents))
        self.filter_bar.check_named(named)
        self.model.set_only(agents)
        if self.selection.key not in agents:
            self.selection.pick_first()
        self._show_page()
        self.list.scrollToTop()
        self.list.setFocus()

    def show_chip(self, chip: Chip) -> None:
        """Show the list with these agents."""
        self.filter_bar.check_chip(chip)
        self.model.set_chip(chip)
        self._show_page()

    def show_devices(self) -> None:
        """Show the devices in place of the agents."""
        if self.model.only is not None:
            self.model.set_chip(Chip.ALL)
        self.centre.show_fleet()
        self.filter_bar.check_devices()
        self.devices.refresh()
        self._show_page()

    def show_gateway(self, gateway_id: str) -> None:
        """Show the window with what is known of a connection."""
        self.show_fleet()
        self.batch.flush()
        self.header.open_gateway(gateway_id)

    def set_muted(self, muted: frozenset[Key]) -> None:
        """Mark agents that send no notifications; an agent id of "" stands for a gateway."""
        self.model.set_muted(muted)
        self.details.set_muted(muted)

    def viewed(self) -> Key | None:
        """The agent whose details are on the screen and in front."""
        in_front = self.isVisible() and not self.isMinimized() and self.isActiveWindow()
        return self.details.key if in_front and self.splitter.shows_details() else None

    # Following the store

    def _on_changes(self, changes: list[Change]) -> None:
        self.model.apply(changes)
        self._refresh_frame()
        if self.selection.is_about(changes):
            self.details.refresh()

    def _on_caught_up(self) -> None:
        self.model.catch_up()
        self._refresh_frame()
        self.details.refresh()

    def _refresh_frame(self) -> None:
        """All that is not a row: pills, banner, chips, status bar."""
        fleet, now = self.context.store.fleet, self.context.clock()
        counts_down = self.header.show_fleet(fleet)
        self._clock.count_down(counts_down and self.batch.active)
        self.banner.show_banner(banner(fleet, now))
        self.strip.show_strip(strip(fleet, now))
        self.status_bar.show_fleet(fleet, now)
        self.filter_bar.show_devices(sum(len(gateway.devices) for gateway in fleet.shown()))
        if self.filter_bar.shows_devices:
            self.devices.refresh()
        self._show_page()

    def _on_updated(self) -> None:
        self.filter_bar.show_counts(self.model.counts)
        matches = self.model.rowCount() if self.model.searching else None
        self.filter_bar.show_matches(matches, self.model.chip)
        self._show_page()
        self.selection.take_wanted()
        self.selection.keep()

    def _show_page(self) -> None:
        devices = self.filter_bar.shows_devices
        self.details.setVisible(self.model.total > 0 and not devices)
        if devices:
            self.stack.show_devices()
        elif self.model.rowCount():
            self.stack.show_agents()
        else:
            self.stack.show_empty(self._why_empty())

    def _why_empty(self) -> Empty:
        search = self.header.search.text()
        if self.model.total and self.model.only is not None and not search:
            text = tr("These agents are gone. Esc shows all agents.")
            return Empty(tr("No longer there"), text)
        return empty(self.context.store.fleet, self.model.total, search)

    def _on_picked(self, key: Key) -> None:
        agent = self.context.store.fleet.agent(*key)
        # Qt adds the name of the app where it is not the title.
        self.setWindowTitle((plain(agent.shown_name, 60) if agent else "") or APP_NAME)

    def _on_hidden(self) -> None:
        self.header.search.clear()
        self.show_chip(Chip.ALL)

    # What the operator does

    def _on_search(self, text: str) -> None:
        self.model.set_search(text)
        if self.model.only is None:
            self.filter_bar.check_chip(self.model.chip)
        else:
            self.filter_bar.check_named_again()
        self._show_page()

    def _focus_search(self) -> None:
        self.centre.show_fleet()
        self.header.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.header.search.selectAll()

    def _on_escape(self) -> None:
        """One step back: the page over the fleet, the search, then the choice."""
        if self.centre.step_back():
            return
        if self.header.search.text():
            self.header.search.clear()
        elif self.filter_bar.checked() is not Chip.ALL:
            self.show_chip(Chip.ALL)
        self.list.setFocus()

    def _reconnect(self) -> None:
        self.context.actions.reconnect(None)

    def _on_banner_link(self, link: BannerLink) -> None:
        if link is BannerLink.RECONNECT:
            self._reconnect()
        elif link in (BannerLink.LAST_KNOWN, BannerLink.DEMO):
            self.context.actions.show_last_known(link is BannerLink.LAST_KNOWN)

    def _on_search_left(self) -> None:
        if not self.list.currentIndex().isValid():
            self.selection.pick_first()
        self.list.setFocus()

    # Time

    def _on_times(self) -> None:
        self.model.refresh_times()
        self._refresh_frame()
        self.details.refresh()

    def refresh_connections(self) -> None:
        """Update the state of the connections, which may count down."""
        self.header.show_fleet(self.context.store.fleet)
        self.banner.show_banner(banner(self.context.store.fleet, self.context.clock()))

    # Being seen, or not

    def is_busy(self) -> bool:
        """Whether a timer runs or changes wait."""
        return self._clock.is_busy or self.batch.waiting

    def _watch(self) -> None:
        """Follow the store while somebody can see it."""
        seen = self.isVisible() and not self.isMinimized()
        caught_up = self.batch.set_active(seen)
        if not seen:
            self._clock.stop()
        elif not self._clock.is_running:
            self._clock.start()
            if not caught_up:
                self._on_times()
            self.seen.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Qt override: follow the store while visible."""
        super().showEvent(event)
        self._watch()
        if not self._shown_before:
            self._shown_before = True
            # Not earlier: until now there was no size to share out.
            self.splitter.restore(self._remembered.get("splitter", ""))

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: stop the timers while hidden."""
        super().hideEvent(event)
        self._remember()
        self._watch()

    def changeEvent(self, event: QEvent) -> None:
        """Qt override: a minimised window counts as hidden."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._watch()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Qt override: hide in the tray; without a tray, end the app."""
        self._remember()
        super().closeEvent(event)
        if self.quit_on_close:
            self.context.actions.quit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: move the details beside or below the list."""
        super().resizeEvent(event)
        self.splitter.fit(self.width())

    # Remembering

    def _remember(self) -> None:
        self._remembered["window"] = encode(self.saveGeometry())
        if self.details.isVisibleTo(self):
            self._remembered["splitter"] = self.splitter.state()
