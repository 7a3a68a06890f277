from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtTest import QTest

from cc_desktop.desktop.fleet_desktop import NotificationTools
from cc_desktop.desktop.inbox.cards.approval_body import ApprovalBody
from cc_desktop.desktop.inbox.cards.question_body import QuestionBody
from cc_desktop.desktop.inbox.cards.trouble_body import AgentTrouble, GatewayTrouble
from cc_desktop.desktop.widgets.accessible.announcer import Announcer
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import AnswerQuestion, MarkItems, MarkUnseen
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.inbox.open_items import find_item
from cc_desktop.fleet.status import seen_marks
from tests.desktop.inbox import fleet
from tests.desktop.notified import SAMPLE, Notified

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.inbox.cards.card import ItemCard
    from cc_desktop.desktop.inbox.page import InboxPage
    from cc_desktop.desktop.window.fleet_window import FleetWindow
    from cc_desktop.fleet.commands import Command
    from cc_desktop.fleet.store import Store
    from tests.desktop import sample


class Desk:
    """A window with its inbox; commands go into the model as they do in the app."""

    def __init__(self, window: FleetWindow, asked: sample.Asked) -> None:
        self.window = window
        self.store: Store = window.context.store
        self.clock = window.context.clock
        self.asked = asked
        asked.execute = self._execute
        self.notified = Notified(self.store, SAMPLE)
        self.tools = NotificationTools(window, window.context, self.notified.center, lambda: None)
        QTest.qWaitForWindowActive(window, 1000)
        self.said: list[str] = []
        self.tools.announcer = Announcer(
            window, active=lambda: True, say=lambda text, _urgent: self.said.append(text)
        )

    def _execute(self, command: Command) -> None:
        """As `CommandDesk`: marks at once, the rest is pending."""
        self.asked.commands.append(command)
        if isinstance(command, MarkItems):
            gateway = self.store.fleet.gateways[command.gateway]
            marks: dict[str, int] = {}
            for item in all_items(gateway):
                agent = gateway.agents.get(item.agent)
                if item.id in command.items and item.kind.value == "failed" and agent:
                    marks |= seen_marks(agent, self.clock(), (item.session_key,))
                elif item.id in command.items:
                    marks[item.mark] = item.since
            seen = ev.Seen(command.gateway, marks)
            self.store.apply(seen if command.seen else ev.Unseen(command.gateway, frozenset(marks)))
        elif isinstance(command, MarkUnseen):
            self.store.apply(ev.Unseen(command.gateway, frozenset(command.sessions)))
        else:
            kept = command
            if isinstance(command, AnswerQuestion):
                kept = AnswerQuestion(command.gateway, command.agent, command.question)
            gateway_id = getattr(command, "gateway", "")
            self.store.apply(ev.CommandSent(gateway_id, _named(kept, self.last)))
        self.flush()

    @property
    def last(self) -> str:
        """The id of the newest command."""
        return f"command {len(self.asked.commands)}"

    def flush(self) -> None:
        """What the store told reaches the views."""
        self.window.batch.flush()

    def apply(self, event: ev.Event) -> None:
        self.store.apply(event)
        self.flush()

    def open(self, kind: str, agent: str = "") -> None:
        """Show an item of a kind."""
        self.tools.open_item(fleet.item(self.store, kind, agent).id)

    @property
    def page(self) -> InboxPage:
        return self.tools.inbox

    @property
    def card(self) -> ItemCard:
        return self.page.pane.card

    @property
    def approval(self) -> ApprovalBody:
        assert isinstance(self.card.content, ApprovalBody)
        return self.card.content

    @property
    def question(self) -> QuestionBody:
        assert isinstance(self.card.content, QuestionBody)
        return self.card.content

    @property
    def trouble(self) -> AgentTrouble:
        assert isinstance(self.card.content, AgentTrouble)
        return self.card.content

    @property
    def gateway(self) -> GatewayTrouble:
        assert isinstance(self.card.content, GatewayTrouble)
        return self.card.content

    def titles(self) -> list[str]:
        """The rows, headings among them."""
        return [row.text for row in self.page.model.rows()]

    def is_open(self, ident: str) -> bool:
        return find_item(self.store.fleet, ident) is not None


def _named(command: Command, ident: str) -> Command:
    from msgspec.structs import replace

    return replace(command, id=ident)


@pytest.fixture
def desk(open_window: Callable[..., FleetWindow], asked: sample.Asked) -> Callable[..., Desk]:
    def make(store: Store | None = None) -> Desk:
        return Desk(open_window(store or fleet.store()), asked)

    return make
