"""Asks a gateway whether it can be restarted now, when somebody wants to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.asking.ask import Ask
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.monitor.queries import problem_of
from cc_desktop.text.failures import describe
from cc_desktop.text.format import clock, plain
from cc_desktop.text.i18n import tr
from cc_desktop.text.inbox.restart import blocker_lines, restart_answer

if TYPE_CHECKING:
    from cc_desktop.desktop.inbox.ports import InboxPorts
    from cc_desktop.fleet.facts import RestartCheck
    from cc_desktop.fleet.model import Gateway

# What a restart of the gateway mends, or brings along.
CURED = (
    InboxKind.RESTART_NEEDED,
    InboxKind.CONFIG_IGNORED,
    InboxKind.UPDATE,
    InboxKind.DRIFT,
)


class RestartQuestion(QWidget):
    """The answer, below the button `ask` that whoever holds this puts among its own.

    An answer is true of its moment alone: it says when that was, and is dropped with the next
    gateway and when nobody looks any more.
    """

    def __init__(self, ports: InboxPorts) -> None:
        super().__init__()
        self._ports = ports
        self._gateway: Gateway | None = None
        self._running = Ask["RestartCheck | None"](self._on_check, self._on_failure)
        font = ports.context.look.metrics.font
        self.ask = button("", self._on_ask)
        self.answer = wrapping_label(font(13, bold=True))
        self.blockers = wrapping_label(font(12.5))
        self.as_of = wrapping_label(font(12), muted=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(ports.context.look.metrics.px(4))
        for words in (self.answer, self.blockers, self.as_of):
            column.addWidget(words)
        self.forget()

    def show_gateway(self, gateway: Gateway, kind: InboxKind) -> None:
        """Offer the question where a restart is what an item of this kind needs."""
        if self._gateway is not None and self._gateway.id != gateway.id:
            self.forget()
        self._gateway = gateway
        self.ask.setVisible(kind in CURED and self._ports.context.queries is not None)

    def forget(self) -> None:
        """Nobody looks any more: wait for nothing, and keep no answer that may be untrue by now."""
        self._running.stop()
        self.ask.setText(tr("Safe to restart now?"))
        self._show("")

    def _on_ask(self) -> None:
        gateway, queries = self._gateway, self._ports.context.queries
        if self._running.running or gateway is None or queries is None:
            self.forget()
            return
        ident = gateway.id
        self._running.start(lambda: queries.restart_check(ident), "restart check")
        self.ask.setText(tr("Stop asking"))
        self._show(tr("Asking {gateway}…", gateway=plain(gateway.name, 60)))

    def _on_check(self, check: RestartCheck | None) -> None:
        now = self._ports.context.clock()
        self._end(
            restart_answer(check),
            blocker_lines(check),
            tr("As of {time}.", time=clock(now, now)),
        )

    def _on_failure(self, error: Exception) -> None:
        text = describe(problem_of(error))
        self._end(tr("Not known."), " ".join(filter(None, (text.message, text.next_step))))

    def _end(self, answer: str, more: str, as_of: str = "") -> None:
        self.ask.setText(tr("Ask again"))
        self._show(answer, more, as_of)
        self._ports.say(" ".join(filter(None, (answer, more))), False)

    def _show(self, answer: str, more: str = "", as_of: str = "") -> None:
        for words, text in ((self.answer, answer), (self.blockers, more), (self.as_of, as_of)):
            words.setText(text)
            words.setVisible(bool(text))
        self.setVisible(bool(answer))
