"""A gateway that puts hostile text wherever text may stand, and the whole window that shows it.

Each word of the gateway hides characters, drives terminals and is markup. What a person or a
screen reader gets must hide nothing and be no markup; only what an agent says in a conversation is
drawn as Markdown, which `details/transcript` tests for itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QLineEdit,
    QWidget,
)

from cc_desktop.config.paths import find_paths
from cc_desktop.config.settings import GatewaySettings, Settings
from cc_desktop.desktop.controller import DesktopController
from cc_desktop.desktop.details.panel import Details
from cc_desktop.desktop.system_services import SystemServices
from cc_desktop.diagnostics.crash import CrashHook
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.inbox.item import InboxKind
from cc_desktop.monitor import FleetMonitor
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.gateway.requests.test_lists import LISTS, RIGHTS, approval, question
from tests.gateway.views.talking import Talk
from tests.protocol.hidden import HOSTILE, hidden_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytestmark = pytest.mark.desktop

MAIN = "agent:otto:main"
MARKUP = '<b>bold</b> <img src="http://evil.example/x.png"> <a href="file:///etc/passwd">here</a>'
LINE = "A" * 200_000
WORDS = (f"{MARKUP} {' '.join(HOSTILE)}", " ".join(HOSTILE), LINE)
KINDS = frozenset(
    {
        InboxKind.FAILED,
        InboxKind.APPROVAL,
        InboxKind.QUESTION,
        InboxKind.CRON_FAILED,
        InboxKind.TASK_FAILED,
        InboxKind.SIGN_IN_EXPIRED,  # of a provider whose name has a length that names may have
    }
)
# What tells the app how to read the rest; anything else may be anything.
STRUCTURE = frozenset(
    {
        *("id", "key", "sessionKey", "agentId", "sessionId", "runId", "toolCallId", "questionId"),
        *("status", "phase", "stream", "role", "type", "kind", "approvalKind", "schedule", "state"),
        *("allowedDecisions", "lastRunStatus", "runtime", "severity", "isError", "updatedAt"),
    }
)


def spoiled(value: Any, words: str) -> Any:
    """The same message with hostile text in each field that may hold text."""
    if isinstance(value, dict):
        return {
            key: inner if key in STRUCTURE and isinstance(inner, str) else spoiled(inner, words)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [spoiled(each, words) for each in value]
    return f"{value[:20]} {words}" if isinstance(value, str) else value


class Hostile:
    """The gateway, and the window on it."""

    def __init__(self, gateway: FakeGateway, desk: DesktopController, words: str) -> None:
        self.gateway, self.desk, self.words = gateway, desk, words
        self.store = desk.monitor.store
        assert isinstance(desk.monitor.clock, FakeClock)
        self.clock = desk.monitor.clock

    def kinds(self) -> set[str]:
        return {item.kind for item in all_items(self.store.fleet.gateways.get("studio"))}

    async def until(self, kinds: frozenset[InboxKind]) -> None:
        """Wait until there are items of these kinds; sources wait a little before they ask."""
        for _ in range(400):
            if self.kinds() >= kinds:
                return
            await self.clock.advance(0.5)
            await asyncio.sleep(0.002)
        raise AssertionError(kinds - self.kinds())


def told(gateway: FakeGateway, words: str) -> None:
    """Give the gateway all that it can tell."""
    now = gateway.now_ms
    gateway.scopes = list(RIGHTS)
    gateway.advertised = (*LISTS, "cron.list", "tasks.list", "models.authStatus", "usage.status")
    for ident in ("otto", "rex"):
        gateway.agents[ident] = spoiled({"id": ident, "name": ident, "workspace": "/w"}, words)
    row = {
        "status": "running",
        "hasActiveRun": True,
        "label": "Main",
        "displayName": "Main",
        "model": "mock-1",
        "modelProvider": "mock",
        "lastMessagePreview": "said",
        "channel": "telegram",
        "startedAt": now - 5_000,
        "observerDigest": {"headline": "Running the tests", "updatedAt": now},
    }
    gateway.add_session(MAIN, **spoiled(row, words))
    failed = {**row, "status": "failed", "hasActiveRun": False, "endedAt": now}
    reason = {"errorDetail": {"message": "no", "provider": "x", "model": "y", "status": 529}}
    gateway.add_session("agent:rex:main", **spoiled({**failed, "lastRunError": reason}, words))
    job = {"id": "j", "name": "Backup", "enabled": True, "agentId": "otto"}
    bad = {"lastRunStatus": "error", "lastError": "disk full", "lastRunAtMs": now - 1_000}
    task = {"id": "t", "status": "failed", "runtime": "subagent", "title": "Report", "error": "x"}
    answers = {
        "cron.list": {"jobs": [{**job, "state": bad}]},
        "tasks.list": {"tasks": [{**task, "endedAt": now}]},
        "models.authStatus": {"providers": [{"provider": "p", "status": "expired"}]},
        "usage.status": {"providers": [{"provider": "p", "windows": [{"usedPercent": 99.0}]}]},
        "exec.approval.list": [approval("e", gateway, cwd="/srv", warningText="careful")],
        "plugin.approval.list": [
            approval("p", gateway, title="Post", description="to", command=None, detail="all of it")
        ],
        "openclaw.approval.list": [approval("s", gateway, title="Change", description="d")],
        "question.list": {"questions": [question("ask_1", gateway)]},
    }
    for method, answer in answers.items():
        gateway.answers[method] = functools.partial(_answer, spoiled(answer, words))


def _answer(answer: Any, _params: Any) -> Any:
    return answer


@asynccontextmanager
async def hostile(path: Path, qapp: QApplication, words: str) -> AsyncIterator[Hostile]:
    async with FakeGateway() as gateway:
        told(gateway, words)
        talk = Talk(gateway, 3)
        talk.rows[:] = [spoiled(each, words) for each in talk.rows]
        url = GatewaySettings("studio", "studio", gateway.url, access="approve")
        settings = Settings((url,), keyring=False)
        clock = FakeClock(gateway.now_ms)
        monitor = FleetMonitor(settings, find_paths(path), clock=clock, rng=random.Random(1))
        app: Any = qapp
        services = SystemServices(paths=find_paths(path))
        desk = DesktopController(app, monitor, lambda: None, False, services, CrashHook())
        watching = asyncio.create_task(monitor.run())
        desk.window.show_fleet()
        desk.start()
        try:
            yield Hostile(gateway, desk, words)
        finally:
            desk.stop()
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching


def texts() -> Iterator[tuple[QWidget, str]]:
    """All that a person or a screen reader gets from the windows."""
    for window in QApplication.topLevelWidgets():
        yield window, window.windowTitle()
        for widget in window.findChildren(QWidget):
            yield widget, widget.accessibleName()
            yield widget, widget.toolTip()
            match widget:
                case QLabel() | QAbstractButton():
                    yield widget, widget.text()
                case QLineEdit():
                    yield widget, widget.text()
                    yield widget, widget.placeholderText()
                case QAbstractItemView() if widget.model() is not None:
                    model, root = widget.model(), QModelIndex()
                    flat = isinstance(model, QAbstractListModel)
                    columns = 1 if flat else model.columnCount(root)
                    for number in range(model.rowCount(root)):
                        for column in range(columns):
                            index = model.index(number, column)
                            for role in (
                                Qt.ItemDataRole.DisplayRole,
                                Qt.ItemDataRole.ToolTipRole,
                                Qt.ItemDataRole.AccessibleTextRole,
                            ):
                                data = index.data(role)
                                if isinstance(data, str):
                                    yield widget, data


def check_what_is_seen() -> None:
    for widget, shown in texts():
        assert "zero\u200bwidth" not in shown
        # The head lets long names break by characters of its own.
        text = shown.replace("\u200b", "") if isinstance(widget, QLabel) else shown
        assert not hidden_in(text, lines=True), (widget, text[:200])
        # Messages end with how much more there is; the whole command has a view of its own.
        assert len(text) < 20_000, (widget, text[:200])
        if "<b>" in text and isinstance(widget, QLabel):
            assert widget.textFormat() is Qt.TextFormat.PlainText, (widget, text[:200])
        assert "<b>" not in widget.toolTip(), (widget, widget.toolTip()[:200])  # they take markup


async def paint() -> None:
    """Let timers fire and everything be drawn."""
    for _ in range(3):
        await asyncio.sleep(0.001)
        QApplication.processEvents()
    for window in QApplication.topLevelWidgets():
        if window.isVisible():
            window.grab()


@pytest.mark.parametrize("words", WORDS, ids=("markup", "hidden", "long"))
async def test_nothing_that_a_gateway_says_hides_or_is_markup(
    tmp_path: Path, qapp: QApplication, words: str
) -> None:
    async with hostile(tmp_path, qapp, words) as world:
        await world.until(KINDS - {InboxKind.SIGN_IN_EXPIRED} if words is LINE else KINDS)
        window = world.desk.window
        for agent in ("otto", "rex"):
            window.show_agent("studio", agent)
            details = window.details
            assert isinstance(details, Details)
            bar = details.body.bar
            assert bar is not None
            for tab in range(bar.count()):
                bar.setCurrentIndex(tab)
                await paint()
                check_what_is_seen()
        for item in all_items(world.store.fleet.gateways["studio"]):
            world.desk.notifications.open_item(item.id)
            await paint()
            check_what_is_seen()
        world.desk.open_settings()
        await paint()
        check_what_is_seen()
