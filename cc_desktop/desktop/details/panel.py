"""The details of one agent: its head, and tabs below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QStackedLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cc_desktop.desktop.details.head import DetailsHead
from cc_desktop.desktop.details.tab import TABS
from cc_desktop.desktop.widgets.agent_pane import AgentPane, Key
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QTabBar

    from cc_desktop.desktop.details.tab import DetailsTab, TabEntry
    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.model import Agent, Gateway

_NOTHING, _AGENT = range(2)


class Details(AgentPane):
    """`show_agent` picks the agent, `refresh` follows it. A tab is built when it is first shown."""

    def __init__(self, context: ViewContext, tabs: Sequence[TabEntry] = TABS) -> None:
        super().__init__()
        self.setObjectName("details")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._context = context
        self._key: Key | None = None
        self._muted: frozenset[Key] = frozenset()
        self._entries = tuple(tabs)
        self._built: dict[int, DetailsTab] = {}
        self.head = DetailsHead(context.look)
        self.bar: QTabBar | None = self._build_bar() if len(self._entries) > 1 else None
        self._pages = QStackedWidget()
        for _ in self._entries:
            self._pages.addWidget(QWidget())
        self._build()
        context.look.changed.connect(self.refresh)
        self.refresh()

    def _build(self) -> None:
        metrics, px = self._context.look.metrics, self._context.look.metrics.px
        nothing = wrapping_label(
            metrics.font(), tr("Choose an agent to see what it does."), muted=True
        )
        nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        body = QWidget()
        body.setObjectName("details_body")
        column = QVBoxLayout(body)
        column.setContentsMargins(px(16), px(16), px(16), px(16))
        column.setSpacing(px(14))
        column.addWidget(self.head)
        if self.bar is not None:
            column.addWidget(self.bar)
        column.addWidget(self._pages, 1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(nothing)  # _NOTHING
        self._stack.addWidget(scroll)  # _AGENT
        self.setMinimumWidth(px(260))

    def _build_bar(self) -> QTabBar:
        from PySide6.QtWidgets import QTabBar  # one tab needs no bar

        bar = QTabBar()
        bar.setDrawBase(False)
        bar.setExpanding(False)
        for entry in self._entries:
            bar.addTab(tr(entry.title))
        bar.currentChanged.connect(lambda _place: self.refresh())
        return bar

    @property
    def key(self) -> Key | None:
        """Gateway id and agent id of what is shown."""
        return self._key

    def tab(self) -> DetailsTab:
        """The tab that is shown."""
        place = self.bar.currentIndex() if self.bar is not None else 0
        tab = self._built.get(place)
        if tab is None:
            tab = self._built[place] = self._entries[place].build(self._context)
            tab.handled.connect(self.handled)
            if empty := self._pages.widget(place):
                self._pages.removeWidget(empty)
                empty.deleteLater()
            self._pages.insertWidget(place, tab)
        self._pages.setCurrentIndex(place)
        return tab

    def show_agent(self, gateway_id: str, agent_id: str) -> None:
        """Show another agent."""
        if (gateway_id, agent_id) != self._key:
            self._clear_tabs()
            self._key = (gateway_id, agent_id)
            self.refresh()

    def set_muted(self, muted: frozenset[Key]) -> None:
        """Mark agents that send no notifications; an agent id of "" stands for a gateway."""
        if muted != self._muted:
            self._muted = muted
            self.refresh()

    def focus_first(self) -> None:
        """Give the keyboard to the first thing to do or to read."""
        if self._key is not None:
            self.tab().focus_first()

    def clear(self) -> None:
        """Show no agent."""
        self._key = None
        self._clear_tabs()
        self._stack.setCurrentIndex(_NOTHING)

    def _clear_tabs(self) -> None:
        for tab in self._built.values():
            tab.clear()

    def refresh(self) -> None:
        """Show what is known now."""
        if self._key is None:
            self._stack.setCurrentIndex(_NOTHING)
            return
        gateway = self._context.store.fleet.gateways.get(self._key[0])
        agent = gateway.agents.get(self._key[1]) if gateway and not gateway.hidden else None
        if gateway is None or agent is None:
            self.clear()
            self.gone.emit()
            return
        self._show(gateway, agent)
        self._stack.setCurrentIndex(_AGENT)

    def _show(self, gateway: Gateway, agent: Agent) -> None:
        now = self._context.clock()
        muted = bool({(agent.gateway, agent.id), (agent.gateway, "")} & self._muted)
        self.head.show_agent(agent, gateway, now, muted=muted)
        self.tab().show_agent(agent, gateway, now)
