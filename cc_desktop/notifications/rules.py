"""From changes of the fleet to what may be told: once each, and over when it is no longer true.

Nothing is told of the first list of a gateway, of the demo, or of what was last known. What changed
while a gateway was away is told in one piece when it is back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cc_desktop.fleet.model import (
    Agent,
    AgentChanged,
    ConnectionState,
    Device,
    DevicesChanged,
    GatewayChanged,
    Origin,
)
from cc_desktop.notifications.alerts import Alert, AlertEvent, AlertResolved
from cc_desktop.notifications.conditions import conditions, finished, silent_from
from cc_desktop.notifications.kinds import RANK, RULES, AlertKind
from cc_desktop.notifications.message import Target
from cc_desktop.text.failures import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cc_desktop.fleet.model import Change, Fleet, Gateway
    from cc_desktop.notifications.preferences import Preferences

LOST_AFTER_MS = 30_000  # a gateway that restarts is back by then, and nobody needs to know
GONE_AFTER_MS = 30_000  # a device that changes its network
SURE_AFTER_MS = 30_000  # by then a fresh list has come
PAIRING = "pairing"  # the kind of a problem
NAMED = 4  # agents by name in a summary

_TRUE = (Origin.LIVE, Origin.REST)
# Programs that come and go with every command or open page. Nobody misses them.
_PASSING_MODES = frozenset({"cli", "probe", "test", "webchat", "backend", "gateway"})


def tag_of(kind: AlertKind, gateway: str, agent: str = "", key: str = "") -> str:
    """What a fact is about. One failure of an agent takes the place of the other."""
    if kind in (AlertKind.FAILED, AlertKind.RECOVERED, AlertKind.FINISHED):
        kind, key = AlertKind.FAILED, ""
    elif kind in (AlertKind.STUCK, AlertKind.SILENT):
        key = ""
    elif kind in (AlertKind.GATEWAY_LOST, AlertKind.GATEWAY_BACK, AlertKind.PAIRING):
        kind, key = AlertKind.GATEWAY_LOST, ""
    elif kind is AlertKind.DEVICE_BACK:
        kind = AlertKind.DEVICE_GONE
    return "\n".join((kind.value, gateway, agent, key))


class Rules:
    """Watches the changes; remembers no more than it needs to tell each thing once."""

    def __init__(
        self, preferences: Preferences, refresh: Callable[[str], None] = lambda _gateway: None
    ) -> None:
        """`refresh` asks for a fresh list of a gateway."""
        self.preferences = preferences
        self._refresh = refresh
        self._away: dict[str, Gateway] = {}  # what was true when it was lost
        self._lost: dict[str, int] = {}  # gateway → when that is told, local ms
        self._told_lost: set[str] = set()
        self._pairing: set[str] = set()
        self._failed: set[tuple[str, str]] = set()
        self._finished: dict[str, int] = {}  # session key → the end that was told
        self._going: dict[tuple[str, str], tuple[int, Device]] = {}  # → when it is told
        self._gone: set[tuple[str, str]] = set()
        self._silent: set[tuple[str, str]] = set()
        self._doubted: dict[tuple[str, str], int] = {}  # silent, unless the fresh list says no
        self._silent_check: int | None = None  # local ms

    # What comes in

    def take(self, fleet: Fleet, changes: Iterable[Change], now: int) -> list[AlertEvent]:
        """What the changes mean. `fleet` is the state after them; `now` is local ms."""
        changes = list(changes)
        apart = {
            change.gateway
            for change in changes
            if isinstance(change, GatewayChanged)
            and _is_true(change.before) is not _is_true(change.after)
        }
        news: list[AlertEvent] = []
        for change in changes:
            if isinstance(change, GatewayChanged):
                news += self._on_gateway(fleet, change, now)
            elif change.gateway in apart or not _is_true(fleet.gateways.get(change.gateway)):
                continue
            elif isinstance(change, AgentChanged):
                news += self._on_agent(fleet, change, now)
            else:
                news += self._on_devices(fleet, change, now)
        return news

    def tick(self, fleet: Fleet, now: int) -> list[AlertEvent]:
        """What became true by the mere passing of time."""
        news: list[AlertEvent] = []
        for gateway_id in [key for key, due in self._lost.items() if due <= now]:
            del self._lost[gateway_id]
            gateway = fleet.gateways.get(gateway_id)
            if gateway and gateway.connection.state is not ConnectionState.LIVE:
                if gateway.origin is Origin.REST:
                    self._lost[gateway_id] = now + LOST_AFTER_MS  # it is polled: not lost yet
                else:
                    news.append(self._lost_fact(gateway))
        for device_key in [key for key, (due, _) in self._going.items() if due <= now]:
            _, device = self._going.pop(device_key)
            self._gone.add(device_key)
            news.append(self._device_fact(fleet, AlertKind.DEVICE_GONE, device))
        if self._silent_check is not None and self._silent_check <= now:
            self._silent_check = None
            for gateway in fleet.gateways.values():
                if _is_true(gateway):
                    for agent in gateway.agents.values():
                        news += self._check_silent(fleet, agent, now, tell=True)
        return news

    def due(self) -> int | None:
        """When `tick` has something to do: local ms, or None."""
        times = [*self._lost.values(), *(due for due, _ in self._going.values())]
        if self._silent_check is not None:
            times.append(self._silent_check)
        return min(times, default=None)

    # Agents

    def _on_agent(self, fleet: Fleet, change: AgentChanged, now: int) -> Iterator[AlertEvent]:
        before, after = change.before, change.after
        if before is None:
            if after is not None:
                yield from self._check_silent(fleet, after, now, tell=False)
            return
        key = (change.gateway, change.agent_id)
        if after is None:
            for kind, cause in conditions(before, subagents=True):
                yield AlertResolved(tag_of(kind, *key, cause))
            yield AlertResolved(tag_of(AlertKind.SILENT, *key))
            self._failed.discard(key)
            self._silent.discard(key)
            self._doubted.pop(key, None)
            return
        yield from self._differences(fleet, before, after, now)
        yield from self._check_silent(fleet, after, now, tell=True)

    def _differences(
        self, fleet: Fleet, before: Agent, after: Agent, now: int, *, by_kind: bool = False
    ) -> Iterator[AlertEvent]:
        """`by_kind`: the sources name sessions differently, so only what is the matter counts."""
        subagents = self.preferences.subagents
        old = conditions(before, subagents=subagents)
        new = conditions(after, subagents=subagents, now=now)
        if by_kind:
            kinds_old, kinds_new = {kind for kind, _ in old}, {kind for kind, _ in new}
            opened = {one: words for one, words in new.items() if one[0] not in kinds_old}
            closed = [one for one in old if one[0] not in kinds_new]
        else:
            opened = {one: words for one, words in new.items() if one not in old}
            closed = [one for one in old if one not in new]
        where = (after.gateway, after.id)
        for kind, cause in closed:
            yield AlertResolved(tag_of(kind, *where, cause))
        for session in finished(before, after, subagents=subagents):
            if self._finished.get(session.key) == session.finished_at:
                continue
            self._finished[session.key] = session.finished_at
            recovered = where in self._failed and not any(
                kind is AlertKind.FAILED for kind, _ in new
            )
            self._failed.discard(where)
            tells = recovered and self.preferences.kinds[AlertKind.RECOVERED].on
            kind = AlertKind.RECOVERED if tells else AlertKind.FINISHED
            yield self._agent_fact(fleet, kind, after, session.key, session.title)
        for (kind, cause), words in opened.items():
            if kind is AlertKind.FAILED:
                self._failed.add(where)
            yield self._agent_fact(fleet, kind, after, cause, words)

    def _check_silent(
        self, fleet: Fleet, agent: Agent, now: int, *, tell: bool
    ) -> Iterator[AlertEvent]:
        """Events do not tell of every heartbeat, so a fresh list has the last word."""
        key = (agent.gateway, agent.id)
        clock_offset_ms = fleet.gateways[agent.gateway].clock_offset_ms
        due = silent_from(agent, clock_offset_ms)
        if due is not None and due <= now:
            due = silent_from(agent, clock_offset_ms, exact=True)
        if due is None or due > now:
            self._doubted.pop(key, None)
            if key in self._silent:
                self._silent.discard(key)
                yield AlertResolved(tag_of(AlertKind.SILENT, *key))
            if due is not None:
                self._silent_check = min(due, self._silent_check or due)
        elif key in self._silent or not self.preferences.kinds[AlertKind.SILENT].on:
            return
        elif not tell:
            self._silent.add(key)
        elif key not in self._doubted:
            self._doubted[key] = now + SURE_AFTER_MS
            self._silent_check = min(now + SURE_AFTER_MS, self._silent_check or now + SURE_AFTER_MS)
            self._refresh(agent.gateway)
        elif self._doubted[key] <= now:
            del self._doubted[key]
            self._silent.add(key)
            yield self._agent_fact(fleet, AlertKind.SILENT, agent, "", "Heartbeat overdue")
        else:
            again = self._doubted[key]
            self._silent_check = min(again, self._silent_check or again)

    def _agent_fact(
        self, fleet: Fleet, kind: AlertKind, agent: Agent, key: str, words: str
    ) -> Alert:
        return Alert(
            kind,
            tag_of(kind, agent.gateway, agent.id, key),
            agent.shown_name,
            Target(agents=((agent.gateway, agent.id),), gateway=agent.gateway),
            agent.gateway,
            agent.id,
            words,
            _where(fleet, agent.gateway),
        )

    # Devices

    def _on_devices(self, fleet: Fleet, change: DevicesChanged, now: int) -> Iterator[AlertEvent]:
        yield from self._compare_devices(fleet, change.gateway, change.before, change.after, now)

    def _compare_devices(
        self,
        fleet: Fleet,
        gateway: str,
        before: Mapping[str, Device],
        after: Mapping[str, Device],
        now: int,
    ) -> Iterator[AlertEvent]:
        for ident in [*before, *(ident for ident in after if ident not in before)]:
            old, new = before.get(ident), after.get(ident)
            device = new or old
            if device is None or device.mode in _PASSING_MODES:
                continue
            key = (gateway, ident)
            was_on, is_on = old is not None and old.online, new is not None and new.online
            if was_on and not is_on:
                self._going.setdefault(key, (now + GONE_AFTER_MS, device))
            elif is_on and not was_on:
                if self._going.pop(key, None) is None and (old is not None or key in self._gone):
                    yield AlertResolved(tag_of(AlertKind.DEVICE_GONE, gateway, "", ident))
                    yield self._device_fact(fleet, AlertKind.DEVICE_BACK, device)
                self._gone.discard(key)

    def _device_fact(self, fleet: Fleet, kind: AlertKind, device: Device) -> Alert:
        return Alert(
            kind,
            tag_of(kind, device.gateway, "", device.id),
            device.name or device.id,
            Target(gateway=device.gateway, devices=True),
            device.gateway,
            detail=device.platform,
            where=_where(fleet, device.gateway),
        )

    # Gateways

    def _on_gateway(self, fleet: Fleet, change: GatewayChanged, now: int) -> Iterator[AlertEvent]:
        before, after = change.before, change.after
        if after is None:
            self._forget(change.gateway)
            return
        if after.origin is Origin.DEMO:
            return
        yield from self._check_pairing(after)
        was_live = before is not None and before.connection.state is ConnectionState.LIVE
        is_live = after.connection.state is ConnectionState.LIVE
        if was_live and not is_live and after.id not in self._told_lost:
            self._lost[after.id] = now + LOST_AFTER_MS
        if (
            after.connection.state is ConnectionState.BLOCKED
            and self._lost.pop(after.id, None) is not None
        ):
            yield self._lost_fact(after)  # it will not come back by itself
        if before is not None and _is_true(before) and not _is_true(after):
            self._away[after.id] = before
            for key in [key for key in self._going if key[0] == after.id]:
                del self._going[key]
        if _is_true(after) and not _is_true(before):
            yield from self._on_back(fleet, after, now)
        if is_live:
            self._lost.pop(after.id, None)
            if after.id in self._told_lost:
                self._told_lost.discard(after.id)
                yield AlertResolved(tag_of(AlertKind.GATEWAY_LOST, after.id))
                yield self._gateway_fact(AlertKind.GATEWAY_BACK, after, "The fleet is live again")

    def _on_back(self, fleet: Fleet, after: Gateway, now: int) -> Iterator[AlertEvent]:
        """One piece of news of what changed while it was away; nothing at the first list."""
        away = self._away.pop(after.id, None)
        for agent in after.agents.values():
            list(self._check_silent(fleet, agent, now, tell=False))
        if away is None:
            return
        by_kind = Origin.REST in (away.origin, after.origin)
        facts: list[Alert] = []
        for agent in after.agents.values():
            old = away.agents.get(agent.id)
            if old is None:
                continue
            for item in self._differences(fleet, old, agent, now, by_kind=by_kind):
                if isinstance(item, AlertResolved):
                    yield item
                elif self._is_wanted(item):
                    facts.append(item)
        if by_kind is False:
            yield from self._compare_devices(fleet, after.id, away.devices, after.devices, now)
        told = after.id in self._told_lost
        if told and after.origin is Origin.LIVE:
            self._told_lost.discard(after.id)
            yield AlertResolved(tag_of(AlertKind.GATEWAY_LOST, after.id))
            text = f"While it was away: {_list(facts)}" if facts else "The fleet is live again"
            yield self._gateway_fact(AlertKind.GATEWAY_BACK, after, text, _target(after, facts))
        elif len(facts) == 1:
            yield facts[0]
        elif facts:
            worst = min(facts, key=lambda fact: RANK[fact.kind])
            yield replace(
                self._gateway_fact(worst.kind, after, _list(facts), _target(after, facts)),
                tag="\n".join(("away", after.id)),
                title=f"While {after.name} was away",
            )

    def _is_wanted(self, fact: Alert) -> bool:
        muted = self.preferences.is_muted(fact.gateway, fact.agent)
        return self.preferences.kinds[fact.kind].on and not muted

    def _check_pairing(self, gateway: Gateway) -> Iterator[AlertEvent]:
        problem = gateway.connection.problem
        if problem is not None and problem.kind == PAIRING:
            if gateway.id not in self._pairing:
                # Not the command: 2026.5.7 makes a new request every 5 min, with another id.
                self._pairing.add(gateway.id)
                words = "Open the fleet for the command that approves this device"
                yield self._gateway_fact(AlertKind.PAIRING, gateway, words)
        elif gateway.id in self._pairing and gateway.connection.state in (
            ConnectionState.LIVE,
            ConnectionState.BLOCKED,
            ConnectionState.WAITING,
        ):
            self._pairing.discard(gateway.id)
            yield AlertResolved(tag_of(AlertKind.PAIRING, gateway.id))

    def _lost_fact(self, gateway: Gateway) -> Alert:
        self._told_lost.add(gateway.id)
        problem = gateway.connection.problem
        told = describe(problem) if problem else None
        words = f"{told.title}. {told.next_step}" if told else "No connection"
        return self._gateway_fact(AlertKind.GATEWAY_LOST, gateway, words)

    def _gateway_fact(
        self, kind: AlertKind, gateway: Gateway, words: str, target: Target | None = None
    ) -> Alert:
        return Alert(
            kind,
            tag_of(kind, gateway.id),
            gateway.name,
            target or Target(gateway=gateway.id),
            gateway.id,
            detail=words,
        )

    def _forget(self, gateway: str) -> None:
        self._away.pop(gateway, None)
        self._lost.pop(gateway, None)
        self._pairing.discard(gateway)
        self._told_lost.discard(gateway)
        for key in [key for key in self._going if key[0] == gateway]:
            del self._going[key]
        for key in [key for key in self._doubted if key[0] == gateway]:
            del self._doubted[key]
        for pairs in (self._failed, self._gone, self._silent):
            pairs.difference_update({pair for pair in pairs if pair[0] == gateway})


def _is_true(gateway: Gateway | None) -> bool:
    """Whether what is known of it is how it is: not demo, not last known."""
    return gateway is not None and gateway.origin in _TRUE


def _where(fleet: Fleet, gateway: str) -> str:
    """The gateway's name, if there are several to tell apart."""
    real = [one for one in fleet.gateways.values() if one.origin is not Origin.DEMO]
    return fleet.gateways[gateway].name if len(real) > 1 else ""


def _list(facts: list[Alert]) -> str:
    """Such as "Rex failed, Otto needs your approval and 2 more"."""
    facts = sorted(facts, key=lambda fact: RANK[fact.kind])
    words = [RULES[fact.kind].one.format(name=fact.name) for fact in facts[:NAMED]]
    more = len(facts) - len(words)
    return ", ".join(words) + (f" and {more} more" if more else "")


def _target(gateway: Gateway, facts: list[Alert]) -> Target:
    agents = tuple(dict.fromkeys(pair for fact in facts for pair in fact.target.agents))
    return Target(agents=agents, gateway=gateway.id, words=f"{gateway.name}: while it was away")
