"""What is said before and after everything is stopped. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cc_desktop.fleet.commands import CommandPhase
from cc_desktop.text.commands import progress
from cc_desktop.text.i18n import mark, tr, trn

if TYPE_CHECKING:
    from collections.abc import Collection

    from cc_desktop.fleet.commands import CommandState

STOPPING, STOPPED = mark("Stopping…"), mark("Stopped")


def what_runs(runs: int, gateways: int) -> str:
    """How much there is to stop."""
    if not runs:
        return tr("Nothing runs now.")
    words = trn("{n} run is in progress", "{n} runs are in progress", runs)
    if gateways < 2:
        return tr("{runs}. Unsaved work is lost.", runs=words)
    where = trn("on {n} gateway", "on {n} gateways", gateways)
    return tr("{runs} {where}. Unsaved work is lost.", runs=words, where=where)


def agreement(runs: int) -> str:
    """What has to be agreed to first."""
    return trn("Yes, stop this run", "Yes, stop these {n} runs", runs)


def result(state: CommandState) -> str:
    """How far the stop of one run is."""
    if state.phase is CommandPhase.PENDING:
        return tr(STOPPING)
    return tr(STOPPED) if state.is_done else progress(state)


def report(states: Collection[CommandState]) -> str:
    """How far all of them are, in one sentence."""
    phases = Counter(_kind(state) for state in states)
    if not states:
        return tr("Nothing ran any more.")
    parts = [tr(words, n=phases[kind]) for kind, words in _PARTS if phases[kind]]
    return " · ".join(parts)


def _kind(state: CommandState) -> str:
    if state.phase is CommandPhase.REFUSED:
        return "over" if state.reason == "not-running" else "refused"
    return (CommandPhase.UNKNOWN if state.phase is CommandPhase.UNKNOWABLE else state.phase).value


_PARTS = (
    (CommandPhase.PENDING.value, mark("{n} being stopped")),
    (CommandPhase.DONE.value, mark("{n} stopped")),
    ("over", mark("{n} had ended already")),
    ("refused", mark("{n} not stopped")),
    (CommandPhase.UNKNOWN.value, mark("{n} not known yet")),
)
