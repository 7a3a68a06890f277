"""The tab Now: why the agent needs somebody, its run as it goes, or how the last one ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.details.now.lines import card_lines, helper_lines, step_lines
from cc_desktop.desktop.details.now.reply_card import MarkdownText, ReplyCard
from cc_desktop.desktop.details.now.step_list import StepList
from cc_desktop.desktop.details.tab import DetailsTab
from cc_desktop.desktop.details.transcript.link_bar import LinkBar
from cc_desktop.desktop.details.transcript.tab import session_of
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.card import Card, TextCard
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.fleet.commands import MarkSeen
from cc_desktop.fleet.model import Origin, Status
from cc_desktop.fleet.transcript.ports import ViewState
from cc_desktop.fleet.transcript.records import Role
from cc_desktop.text import agents
from cc_desktop.text import transcript as words
from cc_desktop.text.format import local, plain
from cc_desktop.text.i18n import tr, trn

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QShowEvent

    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.model import Agent, Gateway, Session
    from cc_desktop.fleet.transcript.live import LiveRun
    from cc_desktop.fleet.transcript.ports import SessionHandle
    from cc_desktop.fleet.transcript.records import Message

TICK_MS = 1_000  # between two looks at the clock while something runs
EDGE_ALPHA = 150  # of 255: the border of a card in the colour of a status


class NowTab(DetailsTab):
    """Follows a run while it is in sight, and lets go when it is not."""

    tells_why = True

    def __init__(self, context: ViewContext) -> None:
        super().__init__()
        self._context = context
        self._agent: tuple[str, str] | None = None
        self._key = ""  # of the session
        self._read: MarkdownText | None = None  # where the last link was
        self._handle: SessionHandle | None = None
        look, px = context.look, context.look.metrics.px
        self.why = TextCard(look, tr("Why"))
        self.seen = button(tr("Mark as seen"), self._on_seen, "primary")
        row = QHBoxLayout()
        row.addWidget(self.seen)
        row.addStretch()
        self.why.body.addLayout(row)
        self.run = _HeadedCard(context, tr("Now"))
        self.steps = StepList(look)
        self.others = label(look.metrics.font(11.5), muted=True)
        self.run.body.addWidget(self.steps)
        self.run.body.addWidget(self.others)
        self.plan = _HeadedCard(context, tr("Plan"))
        self.planned = StepList(look)
        self.plan_text = MarkdownText(look)
        self.plan.body.addWidget(self.plan_text)
        self.plan.body.addWidget(self.planned)
        self.says = ReplyCard(look, tr("Says now"))
        self.helpers = Card(look, tr("Helpers"))
        self.helping = StepList(look)
        self.helpers.body.addWidget(self.helping)
        self.now = TextCard(look, tr("Now"))
        self.last = ReplyCard(look, tr("Last message"))
        self.ended = wrapping_label(look.metrics.font(11.5), muted=True)
        self.last.body.addWidget(self.ended)
        self.state = wrapping_label(look.metrics.font(12), muted=True)
        self.links = LinkBar(look)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(12))
        for part in self._parts():
            column.addWidget(part)
        column.addStretch(1)
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.timeout.connect(self.refresh)
        for reply in (self.says.reply, self.last.reply, self.plan_text):
            reply.link_clicked.connect(self.links.ask)
            reply.link_clicked.connect(lambda _address, reply=reply: self._on_link(reply))
        self.links.closed.connect(self._on_link_left)

    def _parts(self) -> tuple[QWidget, ...]:
        cards = (self.why, self.now, self.run, self.says, self.plan, self.helpers, self.last)
        return (*cards, self.state, self.links)

    # The agent

    def show_agent(self, agent: Agent, gateway: Gateway, now: int) -> None:
        """Show what is known now."""
        if self._agent != (agent.gateway, agent.id):
            self.clear()
            self._agent = (agent.gateway, agent.id)
        key = session_of(agent, self._key)
        if key != self._key:
            self._close()
            self._key = key
        self._open()
        self._show(agent, gateway, now)

    def refresh(self) -> None:
        """Show what the fleet and the run say now."""
        fleet = self._context.store.fleet
        agent = fleet.agent(*self._agent) if self._agent else None
        gateway = fleet.gateways.get(agent.gateway) if agent else None
        if agent is not None and gateway is not None:
            self._show(agent, gateway, self._context.clock())

    def clear(self) -> None:
        """Forget the agent, and let go of its run."""
        self._close()
        self._agent, self._key = None, ""
        self.links.dismiss()

    def focus_first(self) -> None:
        """The button if there is one, else the first thing to read."""
        parts = (self.seen, self.run.end, self.last.reply, self.now.reading)
        first = next((part for part in parts if part.isVisible()), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    # In sight

    def showEvent(self, event: QShowEvent) -> None:
        """Qt override: somebody looks, so follow."""
        super().showEvent(event)
        self._open()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: nobody looks, so nothing is asked for."""
        super().hideEvent(event)
        self._close()

    def _open(self) -> None:
        if self._handle is None and self._agent and self._key and self.isVisible():
            self._handle = self._context.views.now(self._agent[0], self._key, self.refresh)

    def _close(self) -> None:
        self._clock.stop()
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()

    # What is shown

    def _show(self, agent: Agent, gateway: Gateway, now: int) -> None:
        session = agent.sessions.get(self._key)
        offset = gateway.clock_offset_ms
        text = agents.describe(agent, now, offset)
        self._show_why(agent, text.why)
        run = self._live(session)
        runs = run is not None and not run.over
        self.run.setVisible(runs)
        if run is not None and runs:
            self._show_run(run, agent, session, now, offset)
        self._show_reply(run if runs else None)
        is_at_work = bool(agent.heard) and agent.status is not Status.OFFLINE
        self._show_last(session, now, offset, at_work=runs or is_at_work)
        # Without the steps of the run or the last message, what the fleet knows.
        self.now.setVisible(not runs and self.last.isHidden())
        self.now.set_text(text.now)
        theme = self._context.look.theme
        self.now.set_text_colour(QColor(theme.text if is_at_work else theme.muted))
        self._show_plan()
        since = session.started_at if session else 0
        helping = helper_lines(gateway, self._key, since, now) if session and session.active else ()
        self.helping.show_lines(helping)
        self.helpers.set_heading(tr("Helpers  {n}", n=len(helping)))
        self.helpers.setVisible(bool(helping))
        self._show_state(gateway)
        ticks = (runs or is_at_work) and self.isVisible()
        if not ticks:
            self._clock.stop()
        elif not self._clock.isActive():
            self._clock.start()

    def _live(self, session: Session | None) -> LiveRun | None:
        """The run that is followed; one whose end nobody told is over when the fleet says so."""
        run = self._handle.run if self._handle is not None else None
        if run is None or run.over or session is None:
            return run
        ended = not session.active and session.finished_at > run.started_at > 0
        return None if ended else run

    def _show_why(self, agent: Agent, why: str) -> None:
        # What it waits for stands on a card above the tabs, with all that it takes to decide it.
        told = bool(why) and agent.status is not Status.WAITING
        self.why.setVisible(told)
        if not told:
            return
        theme = self._context.look.theme
        self.why.set_text(why)
        self.seen.setVisible(agent.status is Status.ERROR)
        if agent.status.needs_you:
            edge = QColor(theme.status(agent.status))
            edge.setAlpha(EDGE_ALPHA)
            self.why.set_heading(tr("Why"))
            self.why.set_colour(theme.status_text(agent.status), edge)
        else:
            self.why.set_heading(tr("Last failure"))
            self.why.set_colour(QColor(theme.muted), QColor(theme.line))

    def _show_run(
        self, run: LiveRun, agent: Agent, session: Session | None, now: int, offset: int
    ) -> None:
        title = plain(session.title, 120) if session else tr("Now")
        self.run.set_heading(title)
        spent = session.cost_usd if session else 0.0
        self.run.end.setText(words.run_head(run, now, offset, spent))
        self.steps.show_lines(step_lines(run, now, offset))
        others = len(agent.heard.keys() - {self._key})
        self.others.setText(
            trn("{n} other session is at work", "{n} other sessions are at work", others)
            if others
            else ""
        )
        self.others.setVisible(bool(others))

    def _show_reply(self, run: LiveRun | None) -> None:
        reply = run.reply if run is not None else ""
        self.says.setVisible(bool(reply))
        self.says.reply.set_source(reply, writing=True)

    def _show_plan(self) -> None:
        card = self._handle.card if self._handle is not None else None
        self.plan.setVisible(card is not None and bool(card.steps or card.markdown))
        if card is None:
            return
        self.plan.end.setText(words.plan_head(card.done, len(card.steps)) if card.steps else "")
        self.plan_text.set_source(card.markdown)
        self.plan_text.setVisible(bool(card.markdown))
        self.planned.show_lines(card_lines(card))
        self.planned.setVisible(bool(card.steps))

    def _show_last(self, session: Session | None, now: int, offset: int, *, at_work: bool) -> None:
        message = None if at_work else self._last_message()
        self.last.setVisible(message is not None)
        if message is None or session is None:
            return
        self.last.reply.set_source(message.text)
        ended = local(session.finished_at, offset)
        if session.status in ("failed", "timeout", "killed"):
            line = words.stopped_line(session.status, ended, session.runtime_ms, now)
        else:
            line = words.ended_line(ended, session.runtime_ms, now)
        self.ended.setText(line)
        self.ended.setVisible(bool(line))

    def _last_message(self) -> Message | None:
        messages = self._handle.messages if self._handle is not None else ()
        for message in reversed(messages[-20:]):
            if message.role is Role.ASSISTANT and message.text and not message.failed:
                return message
        return None

    def _show_state(self, gateway: Gateway) -> None:
        handle = self._handle
        shown = handle is not None and handle.state in (ViewState.REFUSED, ViewState.FAILED)
        line = words.state_line(handle.state, handle.problem, 1) if handle and shown else ""
        if gateway.origin is Origin.DEMO:
            line = tr("Sample data: none of this is real.")
        self.state.setText(line)
        self.state.setVisible(bool(line))

    def _on_link(self, reply: MarkdownText) -> None:
        self._read = reply

    def _on_link_left(self) -> None:
        """Back to reading."""
        if self._read is not None and self._read.isVisible():
            self._read.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_seen(self) -> None:
        if self._agent is not None:
            self._context.actions.execute(MarkSeen(*self._agent))
            self.handled.emit()


class _HeadedCard(Card):
    """A card with words at the end of its heading."""

    def __init__(self, context: ViewContext, heading: str) -> None:
        super().__init__(context.look, heading)
        self.end = label(context.look.metrics.font(11.5), muted=True)
        self.end.setTextInteractionFlags(  # it can be read by keyboard
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.add_to_heading(self.end)
