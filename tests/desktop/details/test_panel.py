from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel

from cc_desktop.desktop.details.panel import Details
from cc_desktop.desktop.details.tab import TABS, DetailsTab, TabEntry
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import MarkSeen
from cc_desktop.fleet.store import Store
from tests.desktop import sample
from tests.desktop.sample import MIN, NOW
from tests.desktop.views import overview

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.model import Agent, Gateway
    from tests.desktop.details.conftest import OpenDetails


def test_a_failed_agent_says_why_and_can_be_marked_as_seen(
    open_agent: OpenDetails, asked: sample.Asked
) -> None:
    details = open_agent(sample.live_store(), "studio", "rex")
    assert details.body.head.name() == "Rex"
    assert details.body.head.place() == "studio · opus-5 · rex"
    assert details.body.head.state() == "Error · 4 min"
    assert "out of credits" in overview(details).why.text()
    overview(details).seen.click()
    assert asked.commands == [MarkSeen("studio", "rex")]


def test_who_is_stuck_says_why_but_is_not_seen_away(open_agent: OpenDetails) -> None:
    details = open_agent(sample.live_store(), "home-lab", "hex")
    words = "No sign of life for 12 min. It was at: exec: pytest -q."
    assert overview(details).why.text() == words
    assert overview(details).why.isVisible()
    assert not overview(details).seen.isVisible()


def test_what_is_waited_for_is_left_to_the_card_above_the_tabs(open_agent: OpenDetails) -> None:
    details = open_agent(sample.live_store(), "studio", "dex")
    assert not overview(details).why.isVisible()


def test_who_needs_nobody_has_no_reason(open_agent: OpenDetails) -> None:
    details = open_agent(sample.live_store(), "studio", "otto")
    assert not overview(details).why.isVisible()
    assert overview(details).now.text().startswith("edit: src/fleet/reduce.py")


def test_labels_never_take_text_for_markup(open_agent: OpenDetails) -> None:
    store = sample.live_store()
    bad = {"error": "<b>no</b>", "updated_at": NOW - 3 * MIN}
    store.apply(ev.SessionChanged("studio", "agent:rex:telegram:1", "rex", bad))
    details = open_agent(store, "studio", "rex")
    for part in details.findChildren(QLabel):
        assert part.textFormat() == Qt.TextFormat.PlainText
    assert overview(details).why.text() == "<b>no</b>"


def test_an_agent_that_is_gone_is_no_longer_shown(open_agent: OpenDetails, qtbot: QtBot) -> None:
    store = sample.live_store()
    details = open_agent(store, "home-lab", "hex")
    store.apply(ev.GatewayRemoved("home-lab"))
    with qtbot.waitSignal(details.gone, timeout=100):
        details.refresh()
    assert details.key is None


def test_without_sessions_the_cards_keep_their_height(open_agent: OpenDetails) -> None:
    store = Store(lambda: sample.NOW)
    store.apply(ev.GatewayAdded("g", "G"))
    store.apply(ev.Snapshot("g", (ev.AgentInfo("dex", "Dex"),), (), taken_at=sample.NOW))
    details = open_agent(store, "g", "dex")
    QApplication.processEvents()

    assert overview(details).now.height() <= overview(details).now.sizeHint().height() + 4
    assert details.body.head.mapTo(details, QPoint(0, 0)).y() < 60


class Other(DetailsTab):
    """A second tab, which keeps what it was shown."""

    shown: list[str]

    def show_agent(self, agent: Agent, gateway: Gateway, now: int) -> None:
        self.shown = [*getattr(self, "shown", []), agent.id]

    def clear(self) -> None:
        self.shown = []

    def focus_first(self) -> None:
        pass


def test_another_tab_is_one_entry_and_is_built_when_it_is_first_shown(
    qtbot: QtBot, look: ThemeManager, asked: sample.Asked, clock: sample.Clock
) -> None:
    built: list[Other] = []

    def build(_context: ViewContext) -> DetailsTab:
        built.append(Other())
        return built[-1]

    context = ViewContext(sample.live_store(), asked.actions, clock, look)
    details = Details(context, (*TABS, TabEntry("Other", build)))
    qtbot.addWidget(details)
    details.show()
    details.show_agent("studio", "rex")
    assert details.body.bar is not None
    assert details.body.bar.isVisible()
    assert built == []
    details.body.bar.setCurrentIndex(len(TABS))
    details.refresh()
    assert details.tab() is built[0]
    assert set(built[0].shown) == {"rex"}
    details.show_agent("studio", "dex")
    assert built[0].shown == ["dex"]
    assert len(built) == 1


def test_one_tab_needs_no_bar(
    qtbot: QtBot, look: ThemeManager, asked: sample.Asked, clock: sample.Clock
) -> None:
    context = ViewContext(sample.live_store(), asked.actions, clock, look)
    details = Details(context, TABS[:1])
    qtbot.addWidget(details)
    details.show_agent("studio", "rex")
    assert details.body.bar is None


def test_the_head_tells_since_when_and_where(open_agent: OpenDetails) -> None:
    head = open_agent(sample.live_store(), "studio", "rex").body.head
    assert "failed 4 min ago" in head.reason()
    assert head.address() == "http://studio.example:18789/chat/rex/telegram/1"
    assert open_agent(sample.live_store(), "studio", "otto").body.head.reason() == ""


def test_the_link_opens_the_session_that_the_status_comes_from(
    open_agent: OpenDetails, asked: sample.Asked
) -> None:
    open_agent(sample.live_store(), "studio", "otto").body.head.link.click()
    assert asked.calls == [("open", "http://studio.example:18789/chat/otto")]


def test_a_gateway_without_an_address_has_no_link(open_agent: OpenDetails) -> None:
    store = Store(lambda: NOW)
    store.apply(ev.GatewayAdded("g", "G"))
    info = ev.AgentInfo("dex", "Dex", workspace="/home/ada/<b>work</b>")
    store.apply(ev.Snapshot("g", (info,), (), taken_at=NOW))
    head = open_agent(store, "g", "dex").body.head
    assert not head.link.isVisible()
    assert head.workspace() == "Works in /home/ada/<b>work</b>"


@pytest.mark.parametrize("name", ["x" * 120, "Ada " * 29, "🦊" * 60])
def test_a_long_name_wraps_and_widens_nothing(open_agent: OpenDetails, name: str) -> None:
    store = Store(lambda: NOW)
    store.apply(ev.GatewayAdded("g", "G" * 60, "ws://g.example/"))
    store.apply(ev.Snapshot("g", (ev.AgentInfo("i" * 60, name),), (), taken_at=NOW))
    details = open_agent(store, "g", "i" * 60)
    for width in (300, 420, 700):
        details.resize(width, 700)
        QApplication.processEvents()
        head = details.body.head
        assert head.name() == name.strip()
        assert head.width() <= width
        body = details.body.widget()
        assert body is not None
        assert body.minimumSizeHint().width() <= width


def settle() -> None:
    for _ in range(5):
        QApplication.processEvents()


def test_the_reason_stands_once(open_agent: OpenDetails) -> None:
    """In full on the card of the tab Now, else in one line in the head: no tab moves."""
    details = open_agent(sample.live_store(), "studio", "rex")
    head, bar = details.body.head, details.body.bar
    assert bar is not None
    assert "out of credits" in overview(details).why.text()
    assert head.reason() == "failed 4 min ago · Fix the login redirect"
    settle()
    before = bar.mapTo(details, QPoint(0, 0)).y()
    bar.setCurrentIndex(2)
    settle()
    assert "out of credits" in head.reason()
    assert "\n" not in head.reason()
    assert bar.mapTo(details, QPoint(0, 0)).y() == before
    stuck = open_agent(sample.live_store(), "home-lab", "hex")
    assert "12 min" not in stuck.body.head.reason()


def test_what_nobody_tells_below_the_head_tells(open_agent: OpenDetails) -> None:
    """An approval without a card above the tabs, as in an app without an inbox."""
    head = open_agent(sample.live_store(), "studio", "dex").body.head
    assert head.reason().startswith("Approve: uname -a && make deploy\nwaiting 1 min")
