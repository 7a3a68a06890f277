"""A gateway that answers what views ask as a test says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.history.ledger import LedgerPage
from cc_desktop.fleet.history.usage import UsageReport

if TYPE_CHECKING:
    from cc_desktop.fleet.facts import RestartCheck
    from cc_desktop.fleet.model import Session


class ScriptedQueries:
    """Implements `cc_desktop.fleet.history.queries.AgentQueries`.

    Attributes:
        pages: Answers to `ledger`, one after another; an exception is raised.
        reports: Answers to `usage_cost`.
        hidden: Answer to `archived`.
        checks: Answers to `restart_check`; an exception is raised.
        calls: What was asked.
        cancelled: How often somebody stopped waiting.
        hold: While it is set, no answer comes.
    """

    def __init__(self) -> None:
        self.pages: list[LedgerPage | Exception] = []
        self.reports: list[UsageReport | Exception] = []
        self.checks: list[RestartCheck | Exception | None] = []
        self.hidden: tuple[Session, ...] = ()
        self.calls: list[tuple[Any, ...]] = []
        self.cancelled = 0
        self.hold: asyncio.Event | None = None

    async def ledger(
        self, gateway: str, agent: str, cursor: str = "", *, after: int = 0, runs: bool = False
    ) -> LedgerPage:
        self.calls.append(("ledger", gateway, agent, cursor, *((after, runs) if runs else ())))
        page: LedgerPage = await self._answer(self.pages, LedgerPage())
        return page

    async def archived(self, gateway: str, agent: str) -> tuple[Session, ...]:
        self.calls.append(("archived", gateway, agent))
        return self.hidden

    async def usage_cost(self, gateway: str, agent: str, days: int) -> UsageReport:
        self.calls.append(("usage", gateway, agent, days))
        report: UsageReport = await self._answer(self.reports, UsageReport())
        return report

    async def restart_check(self, gateway: str) -> RestartCheck | None:
        self.calls.append(("restart", gateway))
        check: RestartCheck | None = await self._answer(self.checks, None)
        return check

    async def _answer(self, script: list[Any], otherwise: Any) -> Any:
        answer = script.pop(0) if script else otherwise
        if self.hold is not None:
            try:
                await self.hold.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if isinstance(answer, Exception):
            raise answer
        return answer


async def settle() -> None:
    """Let tasks run until nothing moves."""
    for _ in range(10):
        await asyncio.sleep(0)
