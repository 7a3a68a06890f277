"""What a view may ask a gateway, whoever answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cc_desktop.fleet.facts import RestartCheck
    from cc_desktop.fleet.history.ledger import LedgerPage
    from cc_desktop.fleet.history.usage import UsageReport
    from cc_desktop.fleet.model import Session


class AgentQueries(Protocol):
    """Implemented by `cc_desktop.monitor.queries.FleetQueries`, which says what it raises."""

    async def ledger(
        self, gateway: str, agent: str, cursor: str = "", *, after: int = 0, runs: bool = False
    ) -> LedgerPage:
        """A page of the gateway's ledger, newest first."""
        ...

    async def archived(self, gateway: str, agent: str) -> tuple[Session, ...]:
        """The archived sessions of an agent."""
        ...

    async def usage_cost(self, gateway: str, agent: str, days: int) -> UsageReport:
        """Tokens and cost by day."""
        ...

    async def restart_check(self, gateway: str) -> RestartCheck | None:
        """What a restart would break off now; None where the gateway does not say."""
        ...
