"""The gateway itself: connection, origin, what the operator has seen, commands, devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.model import (
    INTERNAL,
    AgentChanged,
    Change,
    ConnectionState,
    DevicesChanged,
    Fleet,
    Gateway,
    GatewayChanged,
    Now,
    Origin,
    Problem,
)
from cc_desktop.fleet.reducer.runs import by_limits
from cc_desktop.fleet.reducer.state import Result, put_gateway, reassessed, with_gateway
from cc_desktop.fleet.status import DONE_COMMAND_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.fleet import events as ev


def added(fleet: Fleet, event: ev.GatewayAdded) -> Result:
    """A gateway that is known already stays as it is."""
    if event.gateway in fleet.gateways:
        return fleet, []
    gateway = Gateway(event.gateway, event.name, event.url)
    return with_gateway(fleet, gateway), [GatewayChanged(gateway.id, None, gateway)]


def renamed(fleet: Fleet, gateway: Gateway, event: ev.GatewayRenamed, now: Now) -> Result:
    """It stays what it is otherwise."""
    if event.name == gateway.name:
        return fleet, []
    return put_gateway(fleet, gateway, replace(gateway, name=event.name))


def ordered(fleet: Fleet, event: ev.GatewaysOrdered) -> Result:
    """A gateway that moved is a change of that gateway."""
    named = [name for name in event.order if name in fleet.gateways]
    order = [*named, *(name for name in fleet.gateways if name not in named)]
    moved = [name for name, old in zip(order, fleet.gateways, strict=True) if name != old]
    if not moved:
        return fleet, []
    gateways = {name: fleet.gateways[name] for name in order}
    changes = [GatewayChanged(name, gateways[name], gateways[name]) for name in moved]
    return replace(fleet, gateways=gateways), [*changes]


def removed(fleet: Fleet, gateway: Gateway, event: ev.GatewayRemoved, now: Now) -> Result:
    """Its agents go with it."""
    rest = {key: value for key, value in fleet.gateways.items() if key != gateway.id}
    gone: list[Change] = [
        AgentChanged(gateway.id, agent.id, agent, None) for agent in gateway.agents.values()
    ]
    return replace(fleet, gateways=rest), [*gone, GatewayChanged(gateway.id, gateway, None)]


def connection_changed(
    fleet: Fleet, gateway: Gateway, event: ev.ConnectionChanged, now: Now
) -> Result:
    """The data of a gateway that was live is true as of its last word."""
    before, after = gateway.connection, event.connection
    if gateway.faults and after.problem is None:
        after = replace(after, problem=Problem(INTERNAL))  # until a list has arrived whole
    if before == after:
        return fleet, []
    as_of = gateway.as_of
    if before.state is ConnectionState.LIVE and gateway.origin is Origin.LIVE:
        as_of = after.silent_since or before.silent_since or now.wall
    away_since = gateway.away_since
    if away_since and before.state is ConnectionState.BLOCKED:
        away_since = now.wall  # somebody has it tried again: whether it is lost shows from now on
    moved = replace(gateway, connection=after, as_of=as_of, away_since=away_since)
    return put_gateway(fleet, gateway, moved)


def sign_of_life(fleet: Fleet, gateway: Gateway, event: ev.SignOfLife, now: Now) -> Result:
    """The data is true at this moment. Only the end of a silence is a change."""
    if event.heartbeat:
        heard = replace(gateway.heartbeats, heard_at=now.wall)
        after, changes = reassessed(fleet, replace(gateway, heartbeats=heard, as_of=now.wall), now)
        return with_gateway(fleet, after), changes
    if gateway.connection.silent_since:
        connection = replace(gateway.connection, silent_since=0)
        after = replace(gateway, connection=connection, as_of=now.wall)
        return put_gateway(fleet, gateway, after)
    if gateway.as_of == now.wall or gateway.origin is not Origin.LIVE:
        return fleet, []
    return with_gateway(fleet, replace(gateway, as_of=now.wall)), []


def origin_changed(fleet: Fleet, gateway: Gateway, event: ev.OriginChanged, now: Now) -> Result:
    """An unfinished list is given up."""
    if event.origin is gateway.origin and gateway.listing is None:
        return fleet, []
    away_since = 0
    if event.origin is Origin.LAST_KNOWN:
        away_since = gateway.away_since or now.wall
    moved = replace(gateway, origin=event.origin, away_since=away_since, listing=None)
    after, changes = reassessed(fleet, moved, now)
    return with_gateway(fleet, after), [*changes, GatewayChanged(gateway.id, gateway, after)]


def shown(fleet: Fleet, gateway: Gateway, event: ev.Shown, now: Now) -> Result:
    """On the screen, or hidden behind the demo."""
    if gateway.hidden is not event.shown:
        return fleet, []
    return put_gateway(fleet, gateway, replace(gateway, hidden=not event.shown))


def seen(fleet: Fleet, gateway: Gateway, event: ev.Seen, now: Now) -> Result:
    """Failures that were seen are no longer errors."""
    return _marked(fleet, gateway, {**gateway.seen, **event.seen}, now)


def unseen(fleet: Fleet, gateway: Gateway, event: ev.Unseen, now: Now) -> Result:
    """They are errors again."""
    marks = {key: at for key, at in gateway.seen.items() if key not in event.keys}
    return _marked(fleet, gateway, marks, now)


def _marked(fleet: Fleet, gateway: Gateway, seen: Mapping[str, int], now: Now) -> Result:
    if seen == gateway.seen:
        return fleet, []
    after, changes = reassessed(fleet, replace(gateway, seen=seen), now)
    return with_gateway(fleet, after), [*changes, GatewayChanged(gateway.id, gateway, after)]


def tick(fleet: Fleet, gateway: Gateway, event: ev.Tick, now: Now) -> Result:
    """Time has passed."""
    before = gateway.agents
    if event.other_limits:
        guarded = {key: by_limits(agent, fleet.guard) for key, agent in before.items()}
        gateway = replace(gateway, agents=guarded)
    after, changes = reassessed(fleet, gateway, now)
    if event.other_limits:
        changes = [
            AgentChanged(gateway.id, key, before[key], agent)
            for key, agent in after.agents.items()
            if agent is not before[key]
        ]
    left = {
        key: state
        for key, state in gateway.commands.items()
        if not (state.is_done and now.wall - state.at >= DONE_COMMAND_MS)
    }
    if len(left) < len(gateway.commands):
        after = replace(after, commands=left)
        changes = [*changes, GatewayChanged(gateway.id, gateway, after)]
    return (with_gateway(fleet, after), changes) if changes else (fleet, [])


def devices_listed(fleet: Fleet, gateway: Gateway, event: ev.DevicesListed, now: Now) -> Result:
    """A full list of devices."""
    devices = {device.id: device for device in event.devices}
    if devices == gateway.devices:
        return fleet, []
    changed = DevicesChanged(gateway.id, gateway.devices, devices)
    return with_gateway(fleet, replace(gateway, devices=devices)), [changed]
