"""Turns fleet changes into alerts. An alert is raised once and resolved when its condition ends.

Nothing is raised for the first list of a gateway, for the demo, or for the last known state. What
changed while a gateway was away is raised as one alert when it is back.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cc_desktop.fleet.inbox import InboxChanged, InboxKind
from cc_desktop.fleet.model import AgentChanged, DevicesChanged, GatewayChanged, Origin
from cc_desktop.notifications.rules import items
from cc_desktop.notifications.rules.agents import AgentRules
from cc_desktop.notifications.rules.common import is_current
from cc_desktop.notifications.rules.devices import DeviceRules
from cc_desktop.notifications.rules.gateways import GatewayRules
from cc_desktop.notifications.rules.items import is_of_agent
from cc_desktop.system.supervision import FaultLog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cc_desktop.fleet.model import Change, Fleet
    from cc_desktop.notifications.alerts import AlertEvent
    from cc_desktop.notifications.preferences import Preferences

log = logging.getLogger(__name__)


class Rules:
    """Hands each change to the rules that watch such changes. One that fails stops no other."""

    def __init__(
        self,
        preferences: Preferences,
        faults: FaultLog | None = None,
    ) -> None:
        self._faults = faults or FaultLog(log)
        self._agents = AgentRules(preferences)
        self._devices = DeviceRules()
        self._gateways = GatewayRules(self._agents, self._devices)

    @property
    def preferences(self) -> Preferences:
        """What the operator chose."""
        return self._agents.preferences

    @preferences.setter
    def preferences(self, preferences: Preferences) -> None:
        self._agents.preferences = preferences

    def process(self, fleet: Fleet, changes: Iterable[Change], now: int) -> list[AlertEvent]:
        """Return what the changes mean. `fleet` is the state after them; `now` is local ms."""
        changes = list(changes)
        # Their agents and devices are compared as a whole, in the change of the gateway.
        turned = {
            change.gateway
            for change in changes
            if isinstance(change, GatewayChanged)
            and is_current(change.before) is not is_current(change.after)
        }
        found: list[AlertEvent] = []
        for change in sorted(changes, key=_order):
            if self._is_for_return(change) and (
                change.gateway in turned or not is_current(fleet.gateways.get(change.gateway))
            ):
                if isinstance(change, InboxChanged) and change.after is None:
                    found += items.ended(change)  # it expired meanwhile
                continue
            try:
                found += self._dispatch(fleet, change, now)
            except Exception as error:
                self._faults.record(f"a rule for {type(change).__name__}", error)
        return found

    def _is_for_return(self, change: Change) -> bool:
        """Return whether a change waits until its gateway is current."""
        if isinstance(change, InboxChanged):
            return is_of_agent(change)
        return not isinstance(change, GatewayChanged)

    def _dispatch(self, fleet: Fleet, change: Change, now: int) -> list[AlertEvent]:
        match change:
            case AgentChanged():
                return self._agents.process(fleet, change)
            case DevicesChanged():
                return self._devices.compare(
                    fleet, change.gateway, change.before, change.after, now
                )
            case GatewayChanged():
                return self._gateways.process(fleet, change, now)
            case InboxChanged():
                return self._on_item(fleet, change, now)

    def _on_item(self, fleet: Fleet, change: InboxChanged, now: int) -> list[AlertEvent]:
        gateway = fleet.gateways.get(change.gateway)
        if gateway is not None and gateway.origin is Origin.DEMO:
            return []
        self._agents.on_item(fleet, change)
        told_back = self._gateways.told_back(change.gateway)
        back = self._gateways.on_item(fleet, change)
        item = change.before
        if change.after is None and item and item.kind is InboxKind.GATEWAY_LOST and told_back:
            return []  # its return took the place of that
        return [*self._of_item(fleet, change, now), *back]

    def _of_item(self, fleet: Fleet, change: InboxChanged, now: int) -> list[AlertEvent]:
        before, after = change.before, change.after
        begins = after is not None and (before is None or bool(before.part_of))
        is_known = begins and after is not None and self._agents.failures.is_known(fleet, after)
        if after is not None:
            self._agents.failures.note(fleet, after, now)
        elif before is not None:
            self._agents.failures.ended(before, now)
        return [] if is_known else items.process(fleet, change, self.preferences, now)

    def tick(self, fleet: Fleet, now: int) -> list[AlertEvent]:
        """Return what became true by the mere passing of time."""
        try:
            return self._devices.tick(fleet, now)
        except Exception as error:
            self._faults.record(f"{type(self._devices).__name__} at its time", error)
            return []

    def due(self) -> int | None:
        """Return when `tick` has something to do: local ms, or None."""
        return self._devices.due()

    @property
    def marks(self) -> int:
        """How many agents, sessions and devices are remembered, for tests of the bounds."""
        return self._agents.marks + self._devices.marks


def _order(change: Change) -> int:
    """What ended comes first, what began last: news of one subject take each other's place."""
    if not isinstance(change, InboxChanged):
        return 1
    item = change.after or change.before
    if item is not None and item.kind is InboxKind.GATEWAY_LOST:
        return 2  # after the return of the gateway, which may tell it already
    return 0 if change.after is None else 2
