"""Items of runs that go in circles, or take far more than their agent usually does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.inbox.item import InboxItem, InboxKind, item_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cc_desktop.fleet.model import Agent
    from cc_desktop.fleet.runs import Run

CALLS, TOKENS = "calls", "tokens"  # codes: what there is too much of


def runaway_items(agent: Agent) -> Iterator[InboxItem]:
    """One of each run, with the evidence. O(runs that run away)."""
    for run in agent.runaway.values():
        yield _runaway(agent, run)


def _runaway(agent: Agent, run: Run) -> InboxItem:
    again = run.repetition
    return InboxItem(
        item_id(InboxKind.RUNAWAY, agent.gateway, run.session_key, agent.id),
        InboxKind.RUNAWAY,
        agent.gateway,
        run.session_key,
        agent=agent.id,
        session_key=run.session_key,
        name=agent.shown_name,
        detail=again.what if again else run.activity,
        code=CALLS if again else TOKENS,
        since=again.since if again else run.started_at,
        count=again.count if again else run.tokens,
        span_ms=again.latest - again.since if again else 0,
        usual=0 if again else run.excess,
    )
