"""What happened while a gateway was away is told together when it is back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.fleet.model import Origin
from cc_desktop.notifications.alerts import Alert, AlertEvent, AlertResolved
from cc_desktop.notifications.kinds import RANK, RULES, AlertKind, tag_of
from cc_desktop.notifications.message import Target
from cc_desktop.notifications.rules import items
from cc_desktop.notifications.rules.common import is_current
from cc_desktop.text import notifications as text
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from cc_desktop.fleet.inbox import InboxChanged, InboxItem
    from cc_desktop.fleet.model import Fleet, Gateway, GatewayChanged
    from cc_desktop.notifications.rules.agents import AgentRules
    from cc_desktop.notifications.rules.devices import DeviceRules

NAMED = 4  # agents by name in a summary


class GatewayRules:
    """Watches gateways go and come back. Compares what changed in between."""

    def __init__(self, agents: AgentRules, devices: DeviceRules) -> None:
        self._agents = agents
        self._devices = devices
        self._away: dict[str, Gateway] = {}  # by id: as it was when it was last current
        self._lost: set[str] = set()  # ids of those that were told as lost

    def process(self, fleet: Fleet, change: GatewayChanged, now: int) -> list[AlertEvent]:
        """Return what a change of a gateway means."""
        before, after = change.before, change.after
        if after is None:
            self.forget(change.gateway)
            return []
        if after.origin is Origin.DEMO:
            return []
        if before is not None and is_current(before) and not is_current(after):
            self._away[after.id] = before
            self._devices.pause(after.id)
        if is_current(after) and not is_current(before):
            return self._on_return(fleet, fleet.gateways.get(after.id, after), now)
        return []

    def on_item(self, fleet: Fleet, change: InboxChanged) -> list[AlertEvent]:
        """Note that a gateway is lost, and return that it is back."""
        item = change.after or change.before
        if item is None or item.kind is not InboxKind.GATEWAY_LOST:
            return []
        gateway = fleet.gateways.get(change.gateway)
        if change.after is not None:
            self._lost.add(change.gateway)
        elif change.gateway in self._lost:
            self._lost.discard(change.gateway)
            if gateway is not None and gateway.origin is Origin.LIVE:
                return [_back(gateway, tr(text.FLEET_LIVE_AGAIN))]
        return []

    def told_back(self, gateway: str) -> bool:
        """Return whether its return was told already, before its item ended."""
        return gateway not in self._lost

    def forget(self, gateway: str) -> None:
        """Drop the marks of a gateway that was removed."""
        self._away.pop(gateway, None)
        self._lost.discard(gateway)
        self._agents.forget(gateway)
        self._devices.forget(gateway)

    def _on_return(self, fleet: Fleet, after: Gateway, now: int) -> list[AlertEvent]:
        """Return one alert about all that changed while it was away; none for its first list."""
        found: list[AlertEvent] = []
        away = self._away.pop(after.id, None)
        old, new = _items(away) if away else {}, _items(after)
        known = {key for key, item in new.items() if self._agents.failures.is_known(fleet, item)}
        for item in new.values():
            self._agents.failures.note(fleet, item, now)
        if away is None:
            return found
        by_kind = Origin.REST in (away.origin, after.origin)  # they name sessions differently
        found += [
            AlertResolved(items.item_tag(item))
            for key, item in old.items()
            if key not in new and not (by_kind and _same_kind(item, new))
        ]
        begun = [
            items.item_alert(fleet, item, now)
            for key, item in new.items()
            if key not in old
            and key not in known
            and not (by_kind and _same_kind(item, old))
            and item.agent in away.agents
            and items.is_wanted(fleet, item, self._agents.preferences)
        ]
        alerts = [
            *begun,
            *self._agents.finished_while_away(fleet, away, after),
        ]
        if not by_kind:
            found += self._devices.compare(fleet, after.id, away.devices, after.devices, now)
        found += [alert for alert in alerts if alert.asked]
        wanted = [alert for alert in alerts if not alert.asked and self._is_wanted(alert)]
        wanted.sort(key=lambda alert: RANK[alert.kind])
        return found + self._together(after, wanted)

    def _together(self, gateway: Gateway, alerts: list[Alert]) -> list[AlertEvent]:
        """Return the one alert that tells all of these, which are sorted by weight."""
        tells_back = self._agents.preferences.kinds[AlertKind.BACK].on
        if gateway.id in self._lost and gateway.origin is Origin.LIVE and tells_back:
            self._lost.discard(gateway.id)
            words = text.while_away(_titles(alerts)) if alerts else tr(text.FLEET_LIVE_AGAIN)
            lost = AlertResolved(tag_of(AlertKind.GATEWAY_LOST, gateway.id))
            return [lost, _back(gateway, words, _target(gateway, alerts))]
        if len(alerts) <= 1:
            return [*alerts]
        return [
            Alert(
                alerts[0].kind,
                "\n".join(("away", gateway.id)),
                gateway.name,
                _target(gateway, alerts),
                gateway.id,
                detail=_titles(alerts),
                title=text.while_gateway_away(gateway.name),
            )
        ]

    def _is_wanted(self, alert: Alert) -> bool:
        preferences = self._agents.preferences
        muted = preferences.is_muted(alert.gateway, alert.agent)
        return preferences.kinds[alert.kind].on and not muted


def _items(gateway: Gateway) -> dict[str, InboxItem]:
    """Return the items of its agents, by id, each for itself: they are told together anyway."""
    return {
        item.id: replace(item, part_of="")
        for scoped in gateway.inbox.values()
        for item in scoped
        if item.kind in items.OF_AGENTS and not item.members
    }


def _same_kind(item: InboxItem, others: dict[str, InboxItem]) -> bool:
    return any((one.kind, one.agent) == (item.kind, item.agent) for one in others.values())


def _back(gateway: Gateway, words: str, target: Target | None = None) -> Alert:
    kind = AlertKind.BACK
    return Alert(
        kind,
        tag_of(kind, gateway.id),
        gateway.name,
        target or Target(gateway=gateway.id),
        gateway.id,
        detail=words,
    )


def _titles(alerts: list[Alert]) -> str:
    """Return such as "Rex failed, Otto needs your approval and 2 more"."""
    titles = [tr(RULES[alert.kind].one, name=alert.name) for alert in alerts]
    return text.some(titles, NAMED)


def _target(gateway: Gateway, alerts: list[Alert]) -> Target:
    agents = tuple(dict.fromkeys(pair for alert in alerts for pair in alert.target.agents))
    return Target(agents, gateway.id, words=text.gateway_while_away(gateway.name))
