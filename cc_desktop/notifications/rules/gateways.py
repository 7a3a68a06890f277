"""Alerts about gateways: lost, comes and goes, back, waits to be approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from cc_desktop.fleet.model import ConnectionState, Gateway, Origin
from cc_desktop.notifications.alerts import Alert, AlertEvent, AlertResolved
from cc_desktop.notifications.kinds import RANK, RULES, AlertKind, tag_of
from cc_desktop.notifications.message import Target
from cc_desktop.notifications.rules.common import is_current
from cc_desktop.text import notifications as text
from cc_desktop.text.gateways import problem_sentences
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Fleet, GatewayChanged
    from cc_desktop.notifications.rules.agents import AgentRules
    from cc_desktop.notifications.rules.devices import DeviceRules

LOST_AFTER_MS = 30_000  # a gateway that only restarts is back by then
FLAPPING_MS = 300_000  # the time in which losses count, and after which a gateway is steady
FLAPPING_LOSSES = 3
PAIRING = "pairing"  # the kind of a problem
NAMED = 4  # agents by name in a summary


class _Watch(Struct):
    """What is remembered of one gateway."""

    away: Gateway | None = None  # its state when it was last current
    lost_at: int | None = None  # when it counts as lost, local ms
    told_lost: bool = False
    pairing: bool = False
    losses: list[int] = field(default_factory=list)  # the latest ones, local ms
    flapping: bool = False


class GatewayRules:
    """Watches connections. Compares what changed while a gateway was away."""

    def __init__(self, agents: AgentRules, devices: DeviceRules) -> None:
        self._agents = agents
        self._devices = devices
        self._watched: dict[str, _Watch] = {}

    def process(self, fleet: Fleet, change: GatewayChanged, now: int) -> list[AlertEvent]:
        """Return what a change of a gateway means."""
        before, after = change.before, change.after
        if after is None:
            self._watched.pop(change.gateway, None)
            self._agents.forget(change.gateway)
            self._devices.forget(change.gateway)
            return []
        if after.origin is Origin.DEMO:
            return []
        watch = self._watched.setdefault(after.id, _Watch())
        found = self._check_pairing(watch, after)
        if before is not None and _is_live(before) and not _is_live(after):
            found += self._on_loss(watch, after, now)
        if after.connection.state is ConnectionState.BLOCKED and watch.lost_at is not None:
            found.append(self._lost(watch, after))  # it does not come back by itself
        if before is not None and is_current(before) and not is_current(after):
            watch.away = before
            self._devices.pause(after.id)
        if is_current(after) and not is_current(before):
            found += self._on_return(fleet, watch, after, now)
        if _is_live(after):
            watch.lost_at = None
            if watch.told_lost:
                found += self._back(watch, after, tr(text.FLEET_LIVE_AGAIN))
        return found

    def tick(self, fleet: Fleet, now: int) -> list[AlertEvent]:
        """Return who has been away for too long, and who is steady again."""
        found: list[AlertEvent] = []
        for gateway_id, watch in self._watched.items():
            gateway = fleet.gateways.get(gateway_id)
            if gateway is None:
                continue
            if watch.lost_at is not None and watch.lost_at <= now:
                if gateway.origin is Origin.REST:
                    watch.lost_at = now + LOST_AFTER_MS  # it is polled: not lost yet
                elif not _is_live(gateway):
                    found.append(self._lost(watch, gateway))
            if watch.flapping and _steady_at(watch) <= now:
                watch.flapping = not _is_live(gateway)
                watch.losses = [now] if watch.flapping else []
                if not watch.flapping:
                    found.append(AlertResolved(tag_of(AlertKind.GATEWAY_FLAPPING, gateway_id)))
        return found

    def due(self) -> int | None:
        """Return when `tick` has something to do: local ms, or None."""
        times = [watch.lost_at for watch in self._watched.values() if watch.lost_at is not None]
        times += [_steady_at(watch) for watch in self._watched.values() if watch.flapping]
        return min(times, default=None)

    def _on_loss(self, watch: _Watch, gateway: Gateway, now: int) -> list[AlertEvent]:
        if watch.told_lost:
            return []
        # A planned restart is no loss before it is late.
        watch.lost_at = max(now + LOST_AFTER_MS, gateway.connection.expected_back)
        watch.losses = [at for at in watch.losses if now - at < FLAPPING_MS]
        watch.losses = [*watch.losses[1 - FLAPPING_LOSSES :], now]
        if watch.flapping or len(watch.losses) < FLAPPING_LOSSES:
            return []
        watch.flapping = True
        return [_alert(AlertKind.GATEWAY_FLAPPING, gateway, tr(text.FLAPPING))]

    def _on_return(self, fleet: Fleet, watch: _Watch, after: Gateway, now: int) -> list[AlertEvent]:
        """Return one alert about all that changed while it was away; none for its first list."""
        found: list[AlertEvent] = []
        for agent in after.agents.values():
            found += self._agents.check_silent(fleet, agent, now, tell=False)
        away, watch.away = watch.away, None
        if away is None:
            return found
        by_kind = Origin.REST in (away.origin, after.origin)
        alerts: list[Alert] = []
        for agent in after.agents.values():
            old = away.agents.get(agent.id)
            if old is None:
                continue
            for event in self._agents.compare(fleet, old, agent, now, by_kind=by_kind):
                if isinstance(event, AlertResolved):
                    found.append(event)
                elif self._is_wanted(event):
                    alerts.append(event)
        if not by_kind:
            found += self._devices.compare(fleet, after.id, away.devices, after.devices, now)
        if watch.told_lost and after.origin is Origin.LIVE:
            words = text.while_away(_titles(alerts)) if alerts else tr(text.FLEET_LIVE_AGAIN)
            return found + self._back(watch, after, words, _target(after, alerts))
        if len(alerts) == 1:
            return [*found, alerts[0]]
        if alerts:
            worst = min(alerts, key=lambda alert: RANK[alert.kind])
            summary = _alert(worst.kind, after, _titles(alerts), _target(after, alerts))
            tag = "\n".join(("away", after.id))
            found.append(replace(summary, tag=tag, title=text.while_gateway_away(after.name)))
        return found

    def _is_wanted(self, alert: Alert) -> bool:
        preferences = self._agents.preferences
        muted = preferences.is_muted(alert.gateway, alert.agent)
        return preferences.kinds[alert.kind].on and not muted

    def _check_pairing(self, watch: _Watch, gateway: Gateway) -> list[AlertEvent]:
        problem = gateway.connection.problem
        if problem is not None and problem.kind == PAIRING:
            if watch.pairing:
                return []
            watch.pairing = True
            # Not the command: 2026.5.7 makes a new request every 5 min, with another id.
            return [_alert(AlertKind.PAIRING, gateway, tr(text.HOW_TO_PAIR))]
        if watch.pairing and gateway.connection.state in (
            ConnectionState.LIVE,
            ConnectionState.BLOCKED,
            ConnectionState.WAITING,
        ):
            watch.pairing = False
            return [AlertResolved(tag_of(AlertKind.PAIRING, gateway.id))]
        return []

    def _lost(self, watch: _Watch, gateway: Gateway) -> Alert:
        watch.lost_at, watch.told_lost, watch.flapping = None, True, False
        watch.losses.clear()
        problem = gateway.connection.problem
        words = problem_sentences(problem) if problem else tr(text.NO_CONNECTION)
        return _alert(AlertKind.GATEWAY_LOST, gateway, words)

    def _back(
        self, watch: _Watch, gateway: Gateway, words: str, target: Target | None = None
    ) -> list[AlertEvent]:
        watch.told_lost = False
        return [
            AlertResolved(tag_of(AlertKind.GATEWAY_LOST, gateway.id)),
            _alert(AlertKind.GATEWAY_BACK, gateway, words, target),
        ]


def _is_live(gateway: Gateway) -> bool:
    return gateway.connection.state is ConnectionState.LIVE


def _steady_at(watch: _Watch) -> int:
    """When a gateway that comes and goes is steady again if it stays: local ms."""
    return max(watch.losses, default=0) + FLAPPING_MS


def _alert(kind: AlertKind, gateway: Gateway, words: str, target: Target | None = None) -> Alert:
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
    alerts = sorted(alerts, key=lambda alert: RANK[alert.kind])
    titles = [tr(RULES[alert.kind].one, name=alert.name) for alert in alerts]
    return text.some(titles, NAMED)


def _target(gateway: Gateway, alerts: list[Alert]) -> Target:
    agents = tuple(dict.fromkeys(pair for alert in alerts for pair in alert.target.agents))
    return Target(agents, gateway.id, words=text.gateway_while_away(gateway.name))
