"""What is asked of a gateway only when somebody looks: its ledger, what an agent cost, a restart.

Nothing here is polled. An answer about cost is kept for five minutes, because a gateway reads all
transcripts for it.
"""

from __future__ import annotations

import datetime
import logging
import re
from typing import TYPE_CHECKING, Any

from cc_desktop.demo.policy import DEMO_GATEWAY
from cc_desktop.fleet.history.ledger import LedgerPage
from cc_desktop.fleet.model import INTERNAL, ConnectionInfo, Problem
from cc_desktop.gateway.decoders import ledger, usage
from cc_desktop.gateway.decoders.sessions import session_rows
from cc_desktop.gateway.failures import (
    Failure,
    FailureKind,
    GatewayFailureError,
    NotConnectedError,
    RequestFailedError,
    classify,
)
from cc_desktop.monitor import restart_check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol

    from cc_desktop.fleet.facts import RestartCheck
    from cc_desktop.fleet.history.usage import UsageReport
    from cc_desktop.fleet.model import Session
    from cc_desktop.fleet.store import Store
    from cc_desktop.system.clock import Clock

    class Link(Protocol):
        """The part of a supervisor that is used here."""

        connection: ConnectionInfo

        async def request(self, method: str, params: object = None, timeout_s: float = ...) -> Any:
            """Ask the gateway."""


__all__ = ["FleetQueries", "GatewayFailureError", "problem_of"]

log = logging.getLogger(__name__)

KEPT_MS = 300_000  # how long an answer about usage serves
MOST_KEPT = 200  # answers
MOST_ARCHIVED = 200  # sessions of an agent
COUNT_TRIES = 4  # while a gateway still counts
COUNT_PAUSE_S = 2.0
USAGE_TIMEOUT_S = 120.0  # a gateway with many transcripts reads for a while
LEDGERS = ("audit.activity.list", "audit.list")  # the newer first
USAGE_BY_AGENT = (2026, 7)  # from this release on `usage.cost` heeds `agentId`
_RELEASE = re.compile(r"(\d{4})\.(\d{1,2})\b", re.ASCII)


class FleetQueries:
    """Asks gateways on demand. The demo answers as well."""

    def __init__(self, store: Store, links: Callable[[], Mapping[str, Link]], clock: Clock) -> None:
        """Ask nothing yet.

        Args:
            store: The model, for what the demo answers.
            links: The supervisors, by the gateway's id.
            clock: Time.
        """
        self._store = store
        self._links = links
        self._clock = clock
        self._usage: dict[tuple[str, str, int], UsageReport] = {}
        # Which ledger a gateway has, by its id and release; "" for none.
        self._ledgers: dict[tuple[str, str], str] = {}

    async def ledger(
        self, gateway: str, agent: str, cursor: str = "", *, after: int = 0, runs: bool = False
    ) -> LedgerPage:
        """A page of a gateway's ledger, newest first.

        Args:
            gateway: Its id.
            agent: The agent's id; "" for all agents.
            cursor: Where the page before ended; "" for the newest.
            after: Nothing older than that, ms by the gateway's clock; 0: whatever there is.
            runs: Runs alone, without tools and messages.

        Returns:
            The page. A gateway that has no ledger is not a failure: see `LedgerPage.kept`.

        Raises:
            GatewayFailureError: It is not connected, refused, did not answer, or went away.
        """
        if gateway == DEMO_GATEWAY:
            from cc_desktop.demo import records  # most starts need none

            demo = self._store.fleet.gateways.get(DEMO_GATEWAY)
            agents = [one for one in demo.agents.values() if agent in ("", one.id)] if demo else []
            return records.ledger(agents, self._clock.now_ms(), after=after, runs=runs)
        link = self._link(gateway)
        release = (gateway, link.connection.server_version)
        params = {
            "limit": ledger.PAGE,
            **({"agentId": agent} if agent else {}),
            **({"cursor": cursor} if cursor else {}),
            **({"after": after} if after else {}),
            **({"kind": "agent_run"} if runs else {}),
        }
        known = self._ledgers.get(release)
        for method in LEDGERS if known is None else (known,):
            if not method:
                continue
            try:
                page = ledger.ledger_page(await link.request(method, params))
            except RequestFailedError as error:
                if not _is_absent(error):
                    raise
            else:
                self._ledgers[release] = method
                return page
        self._ledgers[release] = ""
        return LedgerPage(kept=False)

    async def archived(self, gateway: str, agent: str) -> tuple[Session, ...]:
        """The archived sessions of an agent, the newest `MOST_ARCHIVED`.

        Returns:
            None of them where the gateway has no archive: 2026.5.7 refuses the parameter.

        Raises:
            GatewayFailureError: It is not connected, did not answer, or went away.
        """
        if gateway == DEMO_GATEWAY:
            return ()
        link = self._link(gateway)
        params = {"agentId": agent, "archived": True, "limit": MOST_ARCHIVED}
        try:
            rows = session_rows(await link.request("sessions.list", params))
        except RequestFailedError as error:
            told = error.failure.error
            if told is not None and told.code == "INVALID_REQUEST":
                return ()
            raise
        return tuple(row for row in rows if row.archived and row.agent_id == agent)

    async def usage_cost(self, gateway: str, agent: str, days: int) -> UsageReport:
        """Tokens and cost of an agent by day, today included.

        Args:
            gateway: Its id.
            agent: The agent's id.
            days: How many.

        Returns:
            What the gateway said, up to five minutes ago.

        Raises:
            GatewayFailureError: It is not connected, refused, did not answer, or went away.
        """
        key = (gateway, agent, days)
        now = self._clock.now_ms()
        kept = self._usage.get(key)
        if kept is not None and not kept.counting and 0 <= now - kept.asked_at < KEPT_MS:
            return kept
        report = await self._ask_usage(gateway, agent, days)
        while len(self._usage) >= MOST_KEPT:
            del self._usage[next(iter(self._usage))]
        self._usage.pop(key, None)
        self._usage[key] = report
        return report

    async def restart_check(self, gateway: str) -> RestartCheck | None:
        """What a restart of a gateway would break off now.

        Returns:
            None where the gateway has no answer: its release is older than 2026.5.7.

        Raises:
            GatewayFailureError: It is not connected, refused, did not answer, or went away.
        """
        if gateway == DEMO_GATEWAY:
            from cc_desktop.demo import records

            demo = self._store.fleet.gateways.get(DEMO_GATEWAY)
            return records.restart_check(demo.agents.values() if demo else ())
        try:
            answer = await self._link(gateway).request(restart_check.METHOD, {})
        except RequestFailedError as error:
            if not _is_absent(error):
                raise
            return None
        return restart_check.read_check(answer)

    def forget(self) -> None:
        """Ask again, whatever was answered lately."""
        self._usage.clear()

    async def _ask_usage(self, gateway: str, agent: str, days: int) -> UsageReport:
        now = self._clock.now_ms()
        if gateway == DEMO_GATEWAY:
            from cc_desktop.demo import records

            return records.usage(agent, now, days, self._store.fleet.agent(gateway, agent))
        link = self._link(gateway)
        if release_of(link.connection.server_version) < USAGE_BY_AGENT:
            return await self._add_up(link, "", agent, now, days)
        params = {"agentId": agent, "days": days, **_calendar(now)}
        report = usage.usage_cost(await link.request("usage.cost", params, USAGE_TIMEOUT_S), now)
        if report.counting and not report.total.tokens:
            report = await self._wait_for_count(link, report, agent, now, days)
        return report

    async def _wait_for_count(
        self, link: Link, report: UsageReport, agent: str, now: int, days: int
    ) -> UsageReport:
        """What `usage.cost` does not know yet, from the rows of the agent's sessions.

        2026.9.6 counts in the background. `usage.cost` then says 0 for more than half a minute,
        `sessions.usage` has the numbers within two seconds (measured). Its answer stands in.
        """
        try:
            for _ in range(COUNT_TRIES):
                rows = await self._add_up(link, agent, agent, now, days)
                if not rows.counting:
                    return rows
                await self._clock.sleep(COUNT_PAUSE_S)
        except RequestFailedError:
            log.debug("the gateway does not add up the sessions of one agent")
        return report

    async def _add_up(self, link: Link, only: str, agent: str, now: int, days: int) -> UsageReport:
        """Use of an agent from the rows of its sessions, or of all where `only` is ""."""
        today = datetime.datetime.fromtimestamp(now / 1000).astimezone().date()
        params = {
            "startDate": (today - datetime.timedelta(days=days - 1)).isoformat(),
            "endDate": today.isoformat(),
            "limit": usage.SESSIONS,
            **({"agentId": only} if only else {}),
            **_calendar(now),
        }
        answer = await link.request("sessions.usage", params, USAGE_TIMEOUT_S)
        return usage.sessions_usage(answer, agent, now)

    def _link(self, gateway: str) -> Link:
        link = self._links().get(gateway)
        if link is None:
            raise NotConnectedError(Failure(kind=FailureKind.LOST))
        return link


def problem_of(error: Exception) -> Problem:
    """What to tell the operator about a query that failed; `text/failures.py` has the words."""
    if isinstance(error, GatewayFailureError):
        return classify(error.failure, was_live=True).problem
    log.error("a question to a gateway failed", exc_info=error)
    return Problem(INTERNAL)


def release_of(version: str) -> tuple[int, int]:
    """Year and month of a release such as "2026.9.6"; (0, 0) where it does not look like one."""
    found = _RELEASE.match(version)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _is_absent(error: RequestFailedError) -> bool:
    """Whether the gateway does not know the method.

    Releases up to 2026.9 check rights before they look the method up: what they do not know, they
    refuse with "missing scope: operator.admin". Nothing that is asked here needs that scope.
    """
    said = error.failure.error.message if error.failure.error else ""
    return "operator.admin" in said or "unknown method" in said.lower()


def _calendar(now: int) -> dict[str, str]:
    """Days by this computer's calendar, not by the gateway's: "UTC+5:30"."""
    offset = datetime.datetime.fromtimestamp(now / 1000).astimezone().utcoffset()
    minutes = round(offset.total_seconds() / 60) if offset else 0
    hours, rest = divmod(abs(minutes), 60)
    zone = f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
    return {"mode": "specific", "utcOffset": zone}
