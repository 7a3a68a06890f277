"""The runs of the dialog "Stop everything", and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from PySide6.QtGui import QColor

from cc_desktop.desktop.widgets.rows.record_table import Column, RecordModel
from cc_desktop.fleet.commands import CommandPhase, StopRun
from cc_desktop.fleet.status import run_start
from cc_desktop.text.agents.stopping import result
from cc_desktop.text.format import plain, run_time
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cc_desktop.fleet.commands import CommandState
    from cc_desktop.fleet.model import Agent, Fleet, Gateway

STATE = 3


class RunRow(Struct, frozen=True):
    """A run as it is shown."""

    key: tuple[str, str, str]  # gateway, agent, session
    order: tuple[Any, ...]
    cells: tuple[str, ...]
    phase: CommandPhase | None = None  # of its stop; None: nobody asked yet


class RunModel(RecordModel[RunRow]):
    """What runs where, by gateway and agent."""

    COLUMNS = (
        Column(mark("Agent"), 120),
        Column(mark("What it does")),
        Column(mark("Gateway"), 110, needs=600),
        Column(mark("State"), 260),
    )

    def colour(self, row: RunRow, column: int) -> QColor | None:
        """What went wrong stands out."""
        theme = self._look.theme
        if column != STATE:
            return None if column == 0 else QColor(theme.muted)
        if row.phase is CommandPhase.REFUSED:
            return QColor(theme.error)
        if row.phase in (CommandPhase.UNKNOWN, CommandPhase.UNKNOWABLE):
            return QColor(theme.waiting)
        return QColor(theme.text if row.phase is CommandPhase.DONE else theme.muted)


def running_rows(fleet: Fleet, gateway: str, now: int) -> list[RunRow]:
    """Everything that runs.

    Args:
        fleet: What is known.
        gateway: The id of the only one to look at, or "" for all.
        now: Local ms.
    """
    return [
        _row(one, agent, key, now)
        for one in fleet.shown()
        if gateway in ("", one.id)
        for agent in one.agents.values()
        for key in agent.heard
    ]


def stopped_rows(
    fleet: Fleet, states: Iterable[CommandState], before: list[RunRow]
) -> list[RunRow]:
    """What became of those that were to be stopped."""
    cells = {row.key: row.cells for row in before}
    rows = []
    for state in states:
        command = state.command
        if not isinstance(command, StopRun):
            continue
        key = (command.gateway, command.agent, command.session_key)
        if key not in cells:
            gateway = fleet.gateways.get(command.gateway)
            agent = fleet.agent(command.gateway, command.agent)
            if gateway is None or agent is None:
                continue
            cells[key] = _row(gateway, agent, command.session_key, 0).cells
        shown = (*cells[key][:STATE], result(state))
        rows.append(RunRow(key, (shown[2], shown[0], key), shown, state.phase))
    return rows


def _row(gateway: Gateway, agent: Agent, key: str, now: int) -> RunRow:
    session, run = agent.sessions.get(key), agent.runs.get(key)
    title = plain(session.title if session else key, 120)
    does = plain(run.activity, 120) if run and run.activity else title
    began = run_start(agent, key, gateway.clock_offset_ms)
    since = tr("runs for {span}", span=run_time(now - began)) if began and now > began else ""
    name, place = plain(agent.shown_name, 60), plain(gateway.name, 60)
    ident = (gateway.id, agent.id, key)
    return RunRow(ident, (place, name, ident), (name, does, place, since))
