"""The details of one agent, or an invitation to choose one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.details.tab import TABS, Told
from cc_desktop.desktop.widgets.agent_pane import AgentPane, Key, PaneSection
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.fleet.model import Status
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cc_desktop.desktop.details.body import DetailsBody
    from cc_desktop.desktop.details.compose.pane import MessagePane
    from cc_desktop.desktop.details.tab import DetailsTab, TabEntry
    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.model import Agent, Gateway


class Details(AgentPane):
    """`show_agent` picks the agent, `refresh` follows it."""

    def __init__(self, context: ViewContext, tabs: Sequence[TabEntry] = TABS) -> None:
        super().__init__()
        self.setObjectName("details")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._context = context
        self._key: Key | None = None
        self._muted: frozenset[Key] = frozenset()
        self._tabs = tabs
        self._body: DetailsBody | None = None
        self._message: MessagePane | None = None
        self._page = QWidget()  # head and tabs, with the message at its foot
        self._parts = QVBoxLayout(self._page)
        self._parts.setContentsMargins(0, 0, 0, 0)
        self._parts.setSpacing(0)
        self.back = button(tr("← Agents"), self.left.emit, "link")
        self.back.setAccessibleName(tr("Back to the fleet"))
        self.back.hide()
        way = QHBoxLayout()
        way.setContentsMargins(context.look.metrics.px(12), context.look.metrics.px(6), 0, 0)
        way.addWidget(self.back)
        way.addStretch(1)
        self._parts.addLayout(way)
        self._make_section: Callable[[], PaneSection] | None = None
        self._section: PaneSection | None = None
        metrics = context.look.metrics
        self._nothing = wrapping_label(
            metrics.font(), tr("Choose an agent to see what it does."), muted=True
        )
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self._page)
        self.setMinimumWidth(metrics.px(260))
        context.look.changed.connect(self.refresh)

    @property
    def body(self) -> DetailsBody:
        """The head and the tabs. Built when first needed: the window shows before any agent."""
        if self._body is None:
            from cc_desktop.desktop.details.body import DetailsBody

            self._body = DetailsBody(self._context, self._tabs, self._on_built, self.refresh)
            self._parts.insertWidget(1, self._body, 1)
        return self._body

    @property
    def message(self) -> MessagePane:
        """Where something is said to the agent. Built when first needed, like the rest."""
        if self._message is None:
            from cc_desktop.desktop.details.compose.pane import MessagePane

            self._message = MessagePane(self._context, lambda: self.tab().looked_at())
            self._parts.addWidget(self._message)
        return self._message

    def set_section(self, make: Callable[[], PaneSection]) -> None:
        """Show a section above the tabs, built by `make` when an agent first has something open."""
        self._make_section = make

    def _show_section(self, agent: Agent, gateway: Gateway, now: int) -> None:
        if self._section is None and self._make_section and gateway.inbox.get(agent.id):
            self._section = self._make_section()
            self.body.insert_section(self._section)
        if self._section is not None:
            self._section.show_agent(agent, gateway, now)

    def _told(self, agent: Agent, tab: DetailsTab) -> Told:
        """What is said below the head, so that nothing stands there twice."""
        if agent.status is Status.WAITING:
            asks = self._section is not None and not self._section.isHidden()
            return Told.ALL if asks else Told.NOTHING
        return Told.REASON if tab.tells_why else Told.NOTHING

    def _on_built(self, tab: DetailsTab) -> None:
        tab.handled.connect(self.handled)

    @property
    def key(self) -> Key | None:
        """Gateway id and agent id of what is shown."""
        return self._key

    def tab(self) -> DetailsTab:
        """The tab that is shown."""
        return self.body.tab()

    def show_agent(self, gateway_id: str, agent_id: str) -> None:
        """Show another agent."""
        if (gateway_id, agent_id) != self._key:
            self._forget()
            self._key = (gateway_id, agent_id)
            self.refresh()

    def set_muted(self, muted: frozenset[Key]) -> None:
        """Mark agents that send no notifications; an agent id of "" stands for a gateway."""
        if muted != self._muted:
            self._muted = muted
            self.refresh()

    def set_alone(self, alone: bool) -> None:
        """Offer the way back, or not: whether it stands in the place of the list."""
        self.back.setVisible(alone)

    def focus_first(self) -> None:
        """Give the keyboard to the first thing to do or to read."""
        if self._key is not None and not (self._section and self._section.focus_first()):
            self.tab().focus_first()
            focused = self.window().focusWidget()
            if self.body.bar is not None and not self.isAncestorOf(focused):
                self.body.bar.setFocus(Qt.FocusReason.OtherFocusReason)  # nothing to do in the tab

    def focus_message(self) -> None:
        """Give the keyboard to the box for a message, or to the question for that right."""
        if self._key is not None:
            self.message.focus()

    def clear(self) -> None:
        """Show no agent."""
        self._key = None
        self._forget()
        self._stack.setCurrentWidget(self._nothing)

    def _forget(self) -> None:
        if self._body is not None:
            self._body.clear()
        if self._message is not None:
            self._message.clear()
        if self._section is not None:
            self._section.clear()

    def refresh(self) -> None:
        """Show the current state of the agent."""
        if self._key is None:
            self._stack.setCurrentWidget(self._nothing)
            return
        agent = self._context.store.fleet.agent(*self._key)
        gateway = self._context.store.fleet.gateways.get(self._key[0])
        if gateway is None or gateway.hidden or agent is None:
            self.clear()
            self.gone.emit()
            return
        now = self._context.clock()
        muted = bool({(agent.gateway, agent.id), (agent.gateway, "")} & self._muted)
        self._show_section(agent, gateway, now)
        tab = self.body.tab()
        told = self._told(agent, tab)
        self.body.head.show_agent(agent, gateway, now, muted=muted, told=told)
        tab.show_agent(agent, gateway, now)
        self.message.show_agent(agent, gateway)
        self._stack.setCurrentWidget(self._page)
