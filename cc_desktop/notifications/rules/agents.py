"""Alerts about agents that are moments, and so no items of the inbox: recovered, finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.model import Status
from cc_desktop.notifications.alerts import Alert, AlertEvent
from cc_desktop.notifications.kinds import AlertKind, tag_of
from cc_desktop.notifications.message import Target
from cc_desktop.notifications.rules.common import forget_gateway, remember, where
from cc_desktop.notifications.rules.failures import KnownFailures
from cc_desktop.notifications.rules.runs import finished
from cc_desktop.text import notifications as text

if TYPE_CHECKING:
    from cc_desktop.fleet.inbox import InboxChanged
    from cc_desktop.fleet.model import Agent, AgentChanged, Fleet, Gateway, Session
    from cc_desktop.notifications.preferences import Preferences

EARLY_MS = 1_000  # how much before its run a task may have begun
MAX_FINISHED = 5_000  # sessions whose last end is remembered

AgentKey = tuple[str, str]  # gateway id, agent id


class AgentRules:
    """Watches agents. Each mark is dropped with its agent or gateway."""

    def __init__(self, preferences: Preferences) -> None:
        self.preferences = preferences
        self.failures = KnownFailures()
        self._failed: set[AgentKey] = set()
        self._finished: dict[tuple[str, str], int] = {}  # (gateway, session key) → end that counted
        # (gateway, session key) → what the session had cost when its run began
        self._cost_before: dict[tuple[str, str], float] = {}

    def process(self, fleet: Fleet, change: AgentChanged) -> list[AlertEvent]:
        """Return what a change of an agent means."""
        before, after = change.before, change.after
        if before is None:
            return []
        if after is None:
            self._remove(before)
            return []
        self._note_costs(before, after)
        return [*self._ended_well(fleet, before, after)]

    def _remove(self, agent: Agent) -> None:
        key = (agent.gateway, agent.id)
        self._failed.discard(key)
        for session in agent.sessions:
            self._finished.pop((agent.gateway, session), None)
            self._cost_before.pop((agent.gateway, session), None)

    def on_item(self, fleet: Fleet, change: InboxChanged) -> None:
        """Note who failed: the next run that ends well is a recovery."""
        item = change.after
        if item is not None and item.is_failure and not self.failures.is_known(fleet, item):
            self._failed.add((item.gateway, item.agent))

    def finished_while_away(self, fleet: Fleet, before: Gateway, after: Gateway) -> list[Alert]:
        """Return which runs ended well between two states of a gateway."""
        return [
            alert
            for agent in after.agents.values()
            if agent.id in before.agents
            for alert in self._ended_well(fleet, before.agents[agent.id], agent)
        ]

    def _ended_well(self, fleet: Fleet, before: Agent, after: Agent) -> list[Alert]:
        found: list[Alert] = []
        asked = {key for key in before.watched if key not in after.heard}
        for session in finished(before, after, subagents=self.preferences.subagents):
            found += self._on_finished(fleet, after, session, asked=session.key in asked)
            asked.discard(session.key)
        for key in sorted(asked):
            found += self._on_end(fleet, after, key)
        return found

    def _note_costs(self, before: Agent, after: Agent) -> None:
        """Keep what the sessions have cost whose run begins now."""
        if before.heard is after.heard:
            return
        for key in after.heard.keys() - before.heard.keys():
            row = after.sessions.get(key)
            if row is not None:
                mark = (after.gateway, key)
                remember(self._cost_before, mark, row.cost_usd, MAX_FINISHED)

    def _on_end(self, fleet: Fleet, agent: Agent, key: str) -> list[Alert]:
        """A run is over that the operator waits for, in another way than well."""
        session = agent.sessions.get(key)
        if session is None:
            return []
        if session.failed and self.preferences.kinds[AlertKind.FAILED].on:
            return []  # its failure is told
        alert = self._alert(
            fleet, AlertKind.FINISHED, agent, key, self._end_words(fleet, agent, session)
        )
        title = text.run_over(agent.shown_name, session)
        return [replace(alert, asked=True, title=title)]

    def _end_words(self, fleet: Fleet, agent: Agent, session: Session) -> str:
        """What the run was about and what came of it, as far as that is known."""
        before = self._cost_before.pop((agent.gateway, session.key), None)
        cost = session.cost_usd - before if before is not None else 0.0
        tasks = fleet.gateways[agent.gateway].facts.tasks.values()
        started = session.started_at
        task = next(
            (
                one
                for one in tasks
                if session.key in (one.child_key, one.session_key)
                and one.files
                and one.started_at >= started - EARLY_MS
            ),
            None,
        )
        return text.end_words(session, cost, task)

    def _on_finished(
        self, fleet: Fleet, agent: Agent, session: Session, *, asked: bool
    ) -> list[Alert]:
        key = (agent.gateway, agent.id)
        mark = (agent.gateway, session.key)
        if self._finished.get(mark) == session.finished_at:
            return []
        remember(self._finished, mark, session.finished_at, MAX_FINISHED)
        recovered = key in self._failed and agent.status is not Status.ERROR
        self._failed.discard(key)
        tells = recovered and self.preferences.kinds[AlertKind.RECOVERED].on and not asked
        kind = AlertKind.RECOVERED if tells else AlertKind.FINISHED
        words = self._end_words(fleet, agent, session)
        return [replace(self._alert(fleet, kind, agent, session.key, words), asked=asked)]

    def forget(self, gateway: str) -> None:
        """Drop the marks of a gateway that was removed."""
        self.failures.forget(gateway)
        forget_gateway(self._failed, gateway)
        forget_gateway(self._finished, gateway)
        forget_gateway(self._cost_before, gateway)

    @property
    def marks(self) -> int:
        """How much is remembered, for tests of its bounds."""
        marks = (self._failed, self._finished, self._cost_before)
        return sum(map(len, marks)) + len(self.failures)

    def _alert(self, fleet: Fleet, kind: AlertKind, agent: Agent, cause: str, words: str) -> Alert:
        return Alert(
            kind,
            tag_of(kind, agent.gateway, agent.id, cause),
            agent.shown_name,
            Target(agents=((agent.gateway, agent.id),), gateway=agent.gateway),
            agent.gateway,
            agent.id,
            words,
            where(fleet, agent.gateway),
        )
