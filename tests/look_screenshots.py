"""Pictures of what an operator looks at longer, in every look, high contrast too.

`python -m tests.look_screenshots OUTDIR [LANGUAGE]`: each tab of the details, the card "While you
were away", a fleet that is live. Needs a display (Xvfb will do); SHOT_WIDTH and SHOT_HEIGHT choose
the size, QT_SCALE_FACTOR=2 shows them at 200 %. Others: tests/screenshots.py.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import qasync
from msgspec.structs import replace
from PySide6.QtWidgets import QApplication

from cc_desktop.config.paths import resource
from cc_desktop.desktop.details.panel import Details
from cc_desktop.desktop.fleet_desktop import NotificationTools, build_fleet_window
from cc_desktop.desktop.language import follow_language
from cc_desktop.desktop.style.high_contrast import HIGH_DARK, HIGH_LIGHT
from cc_desktop.desktop.style.palette import DARK, LIGHT
from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.fleet.history.ledger import LedgerPage, LedgerRecord
from cc_desktop.fleet.history.log import HistoryLog
from cc_desktop.fleet.history.usage import DayUsage, UsageReport
from cc_desktop.fleet.transcript.live import LiveRun, Phase, Step
from cc_desktop.fleet.transcript.records import CardStep, ProgressCard
from cc_desktop.fleet.transcript.rows import Outcome
from cc_desktop.text.i18n import CHOICE, choose_language
from tests.desktop import sample
from tests.desktop.details.scripted import ScriptedQueries
from tests.desktop.inbox import fleet as inbox
from tests.desktop.notified import SAMPLE, Notified
from tests.desktop.sample import HOUR, MIN, NOW
from tests.desktop.scenes import back_after_an_hour
from tests.desktop.scripted_views import ScriptedHandle, ScriptedViews, sample_talk

if TYPE_CHECKING:
    from cc_desktop.desktop.style.palette import Theme
    from cc_desktop.fleet.store import Store

SIZE = (int(os.environ.get("SHOT_WIDTH", "1180")), int(os.environ.get("SHOT_HEIGHT", "720")))
LOOKS: dict[str, Theme] = {
    "light": LIGHT,
    "dark": DARK,
    "high-light": HIGH_LIGHT,
    "high-dark": HIGH_DARK,
}
TABS = ("now", "transcript", "sessions", "activity", "usage")


def _talk(handle: ScriptedHandle) -> None:
    """A conversation; who works has a run in progress, too."""
    if "otto" in handle.key:
        steps = (
            Step(
                "1", "read", "src/fleet/reduce.py", "", Outcome.DONE, NOW - 3 * MIN, NOW - 170_000
            ),
            Step(
                "2", "exec", "pytest -q tests/fleet", "", Outcome.FAILED, NOW - 2 * MIN, NOW - MIN
            ),
            Step("3", "edit", "src/fleet/reduce.py", started_at=NOW - 9_000),
        )
        reply = "The reducer has one branch a message. I move the **first three** out."
        handle.run = LiveRun("r", Phase.TOOL, NOW - 3 * MIN, steps=steps, reply=reply)
        parts = (
            CardStep("Read the reducer", "completed"),
            CardStep("Move the events out", "in_progress"),
            CardStep("Run the tests", "pending"),
        )
        handle.card = ProgressCard("", parts)
    handle.tell(*sample_talk())


def _queries() -> ScriptedQueries:
    queries = ScriptedQueries()
    records = tuple(
        LedgerRecord(
            str(n),
            NOW - HOUR - n * 7 * MIN,
            "tool_action" if n % 3 else "agent_run",
            "tool.action.finished" if n % 3 else "agent.run.finished",
            "failed" if n == 4 else "succeeded",
            "rex",
            "agent:rex:main",
            tool="exec" if n % 3 else "",
        )
        for n in range(18)
    )
    queries.pages = [LedgerPage(records, "more")]
    days = tuple(
        DayUsage(f"2026-11-{day:02}", 31_000 * (day % 5), 0.21 * (day % 5)) for day in range(5, 19)
    )
    queries.reports = [UsageReport(days, NOW - MIN)]
    return queries


def sample_view(look: ThemeManager, store: Store) -> ViewContext:
    history = HistoryLog(store, sample.Clock())
    views = ScriptedViews(_talk)
    actions = sample.Asked().actions
    return ViewContext(
        store, actions, sample.Clock(), look, queries=_queries(), history=history, views=views
    )


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0.005)


async def _shoot(app: QApplication, out: Path) -> None:
    look = ThemeManager(app, DARK)
    for name, theme in LOOKS.items():
        look.set_theme(theme)
        for agent in ("rex", "otto"):
            await _shoot_agent(look, out, agent, name)
        await _shoot_away(look, out, name)


async def _shoot_agent(look: ThemeManager, out: Path, agent: str, name: str) -> None:
    context = sample_view(look, sample.writing_store())
    window = build_fleet_window(context, {})
    NotificationTools(window, context, Notified(context.store, SAMPLE).center, lambda: None)
    window.resize(*SIZE)
    window.show()
    window.show_agent("studio", agent)
    details = window.details
    assert isinstance(details, Details)
    for place, tab in enumerate(TABS):
        if details.body.bar is not None:
            details.body.bar.setCurrentIndex(place)
        await settle()
        older = getattr(details.tab(), "older", None)
        if older is not None and older.isVisible():
            older.click()
            await settle()
        window.grab().save(str(out / f"{agent}-{tab}-{name}.png"))
    window.close()
    window.deleteLater()


async def _shoot_away(look: ThemeManager, out: Path, name: str) -> None:
    context = sample_view(look, inbox.store())
    window = build_fleet_window(context, {})
    NotificationTools(window, context, Notified(context.store, SAMPLE).center, lambda: None)
    desk = back_after_an_hour(replace(context, queries=None))
    window.column.insertWidget(2, desk.pane)
    window.resize(*SIZE)
    window.show()
    await settle()
    window.grab().save(str(out / f"away-{name}.png"))
    window.close()
    window.deleteLater()


def main(out: Path, language: str = "") -> None:
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    choose_language({CHOICE: language}, lambda: resource("locale"))
    follow_language(app)
    loop = qasync.QEventLoop(app)
    loop.run_until_complete(_shoot(app, out))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
