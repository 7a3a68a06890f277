"""Everything that the app can show, as it runs: for tests that ask something of every widget."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtWidgets import QApplication, QWidget

from cc_desktop.desktop.away.desk import AwayDesk, AwayPorts
from cc_desktop.desktop.connect.page import ConnectPage
from cc_desktop.desktop.details.panel import Details
from cc_desktop.desktop.fleet_desktop import NotificationTools, build_fleet_window
from cc_desktop.desktop.inbox.cards.trouble_body import GatewayTrouble
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.fleet.facts import RestartCheck
from cc_desktop.fleet.history.log import HistoryLog
from cc_desktop.fleet.model import AgentChanged, Problem
from cc_desktop.notifications.preferences import Preferences
from tests.desktop import sample
from tests.desktop.connect.fakes import LIVE, FakeGateways, Result
from tests.desktop.details.scripted import ScriptedQueries, settle
from tests.desktop.inbox import fleet as inbox
from tests.desktop.notified import SAMPLE, Notified
from tests.desktop.scripted_views import ScriptedViews, sample_script
from tests.desktop.settings.test_app_pages import Desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.store import Store

WIDE, HIGH = 1180, 720
FAILED = (*LIVE[:3], Result("upgrade", "failed", problem=Problem("token-mismatch")))
WARNED = (
    *LIVE[:4],
    Result("handshake", "warning", facts={"release": "1", "protocol": 4, "skew_ms": 600_000}),
)


def back_after_an_hour(context: ViewContext) -> AwayDesk:
    """A desk that shows what happened in the last hour, as far as the rows tell."""
    history = HistoryLog(context.store, context.clock)
    agents = [agent for one in context.store.fleet.shown() for agent in one.agents.values()]
    history.on_changes([AgentChanged(one.gateway, one.id, None, one) for one in agents])
    left = sample.NOW - 60 * sample.MIN

    def nothing(*_: object) -> None:
        pass

    ports = AwayPorts(lambda _key: left, nothing, nothing, nothing)
    desk = AwayDesk(replace(context, history=history), ports)
    desk.set_visible(True)
    return desk


class Scenes:
    """Each scene is a window that is shown, by its name."""

    def __init__(self, look: ThemeManager, path: Path) -> None:
        self._look = look
        self._path = path
        self._kept: list[object] = []

    async def all(self) -> Iterator[tuple[str, QWidget]]:
        """Every window, one after another; the earlier ones are still there."""
        windows = [
            *self._fleets(),
            *[window async for window in self._inboxes()],
            *self._settings(),
            *[window async for window in self._connecting()],
        ]
        QApplication.processEvents()
        return iter(windows)

    def close(self) -> None:
        """Close them all."""
        for window in QApplication.topLevelWidgets():
            window.close()
        self._kept.clear()

    def _fleets(self) -> Iterator[tuple[str, QWidget]]:
        muted = Preferences(muted=frozenset({("studio", "otto")}))
        off = Preferences(on=False)
        for name, store, preferences in (
            ("live", sample.live_store(), muted),
            ("demo", sample.demo_store(), muted),
            ("last known", sample.last_known_store(), off),
            ("blocked", sample.blocked_store(), off),
        ):
            yield from self._fleet(name, store, preferences)

    def _fleet(
        self, name: str, store: Store, preferences: Preferences
    ) -> Iterator[tuple[str, QWidget]]:
        context = ViewContext(
            store,
            sample.Asked().actions,
            sample.Clock(),
            self._look,
            views=ScriptedViews(sample_script),
        )
        window = build_fleet_window(context, {})
        tools = NotificationTools(
            window, context, Notified(store, SAMPLE, preferences).center, lambda: None
        )
        desk = back_after_an_hour(context)
        window.column.insertWidget(2, desk.pane)
        self._kept += [window, tools, desk]
        window.resize(WIDE, HIGH)
        window.show()
        window.list.setFocus()
        details = window.details
        if isinstance(details, Details) and details.key is not None and details.body.bar:
            for place in range(details.body.bar.count()):
                details.body.bar.setCurrentIndex(place)
                QApplication.processEvents()
        if name == "live":
            for place, tab in enumerate(("now", "transcript")):
                panel = Details(context)  # the window is at the last tab
                self._kept.append(panel)
                panel.resize(420, HIGH)
                panel.show()
                panel.show_agent("studio", "otto")
                if panel.body.bar is not None:
                    panel.body.bar.setCurrentIndex(place)
                yield f"details, {tab}", panel
        window.header.search.setText("e")
        yield name, window
        for key in window.header.pills:
            window.show_gateway(key)
            popup = window.header.popup
            if popup is not None:
                yield f"{name}, gateway {key}", popup

    async def _inboxes(self) -> AsyncIterator[tuple[str, QWidget]]:
        """A window for each sort of card, the strip over the list, and what was told earlier."""
        for store, kinds in (
            (
                inbox.store(),
                (*("approval", "question", "pairing", "restart-needed"), "strip", "earlier"),
            ),
        ):
            for kind in kinds:
                queries = ScriptedQueries()
                context = ViewContext(
                    store, sample.Asked().actions, sample.Clock(), self._look, queries
                )
                window = build_fleet_window(context, {})
                off = Preferences(on=kind != "earlier")
                center = Notified(store, SAMPLE, off).center
                tools = NotificationTools(window, context, center, lambda: None)
                self._kept += [window, tools]
                window.resize(WIDE, HIGH)
                window.show()
                if kind == "earlier":
                    tools.show_history()
                elif kind != "strip":
                    tools.open_item(inbox.item(store, kind).id)
                    content = tools.inbox.pane.card.content
                    if isinstance(content, GatewayTrouble) and kind == "restart-needed":
                        queries.checks = [RestartCheck(blockers=("a backup",), busy={"runs": 2})]
                        content.restart.ask.click()
                        await settle()
                    tools.inbox.mark_selected()
                yield f"inbox, {kind}", window

    def _settings(self) -> Iterator[tuple[str, QWidget]]:
        for page in ("gateways", "notifications", "tray", "general", "about"):
            desk = Desk(self._look, self._path)
            self._kept.append(desk)
            desk.window.show_page(page)
            yield f"settings, {page}", desk.window

    async def _connecting(self) -> AsyncIterator[tuple[str, QWidget]]:
        for name, results in (("passed", LIVE), ("failed", FAILED), ("warned", WARNED)):
            fake = FakeGateways(self._look)
            fake.results = [results]
            page = ConnectPage(fake.tools, "Connect your gateway", "", "Later")
            self._kept += [page, fake]
            page.resize(600, 720)
            page.show()
            page.form.address.edit.setText("studio.example")
            page.form.token.edit.setText("local-token-123456")
            page.test.click()
            for _ in range(40):
                await asyncio.sleep(0)
            yield f"connect, {name}", page
