"""Keeps the items in step with the model: which begin, change or end with an event."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.guard.silence import next_look
from cc_desktop.fleet.inbox.agent_items import (
    agent_items,
    approval_item,
    condition_items,
    same_inputs,
)
from cc_desktop.fleet.inbox.gateway_items import gateway_items, next_due
from cc_desktop.fleet.inbox.item import InboxChanged, InboxItem, Items, dated, differences
from cc_desktop.fleet.inbox.parts import touched_records
from cc_desktop.fleet.inbox.records import all_records, is_alone, linked_records, update_record
from cc_desktop.fleet.inbox.releases import newest_release
from cc_desktop.fleet.inbox.weather import regrouped
from cc_desktop.fleet.model import AgentChanged, Change, Fleet, Gateway, GatewayChanged, Now, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cc_desktop.fleet.inbox.records import Record
    from cc_desktop.fleet.inbox.releases import Release
    from cc_desktop.fleet.model import Agent

GATEWAY = ""  # the key, among those of agents, of the items of the gateway itself
_GONE = (Origin.LAST_KNOWN, Origin.NONE)


class Scope(Enum):
    """What to look at beside what an event changed."""

    CHANGED = auto()
    GATEWAY = auto()  # the gateway itself: time has passed
    ALL = auto()  # all agents as well: a list has arrived


_CHANGED = Scope.CHANGED  # to look up the member of an enum takes time at every event


def follow(
    before: Fleet,
    after: Fleet,
    changes: list[Change],
    now: Now,
    scope: Scope,
    gateway_id: str,
    told: Record | None = None,
) -> tuple[Fleet, list[Change]]:
    """Bring the items of all that changed up to date.

    While a gateway is away, the items of its agents stay as they were last known: what is true of
    them now, nobody knows.

    Args:
        before: The state before the event.
        after: The state after it, with the items of before.
        changes: What the event changed.
        now: The moment.
        scope: What to look at beside what changed.
        gateway_id: The gateway that the event is about.
        told: The one record of its facts that the event is about, if it is about nothing else.

    Returns:
        The state with its items, and the changes with those of the items.
    """
    if scope is _CHANGED:
        for change in changes:
            if not _is_unchanged(change):
                break
        else:
            return after, changes
    dirty = _dirty(after, changes, scope, gateway_id)
    if not dirty:
        return after, changes
    if any(_is_of_releases(change) for change in changes):
        newest = newest_release(after)
        if newest != after.newest_release:  # each gateway is compared with it
            after = replace(after, newest_release=newest)
            for name in after.gateways:
                dirty.setdefault(name, set()).add(GATEWAY)
    found: list[InboxChanged] = []
    for name, scopes in dirty.items():
        gateway = after.gateways.get(name)
        if gateway is None:
            gone = before.gateways.get(name)
            found += [InboxChanged(name, item, None) for item in all_items(gone)]
            continue
        earlier = before.gateways.get(name)
        if told is not None and is_alone(told, earlier, gateway, now):
            updated, more = update_record(gateway, told, now)
        else:
            updated, more = _update(gateway, earlier, scopes, now, after.newest_release)
        if updated is not gateway:
            after = replace(after, gateways={**after.gateways, name: updated})
            found += more
    after, more = _regroup(after, found)
    found = _net([*found, *more]) if len(found) + len(more) > 1 else found
    return after, [*changes, *found] if found else changes


def _dirty(
    after: Fleet, changes: list[Change], scope: Scope, gateway_id: str
) -> dict[str, set[str]]:
    """Whose items to look at: by gateway, the ids of agents, or `GATEWAY`."""
    dirty: dict[str, set[str]] = {}
    if scope is not _CHANGED:
        dirty[gateway_id] = {GATEWAY}
    if scope is Scope.ALL and gateway_id in after.gateways:
        dirty[gateway_id] |= {*after.gateways[gateway_id].agents}
    for change in changes:
        if isinstance(change, GatewayChanged):
            dirty.setdefault(change.gateway, set()).add(GATEWAY)
            if _came_back(change):
                dirty[change.gateway] |= {*change.after.agents} if change.after else set()
        elif isinstance(change, AgentChanged) and not _is_unchanged(change):
            dirty.setdefault(change.gateway, set()).add(change.agent_id)
    return dirty


def _regroup(fleet: Fleet, found: list[InboxChanged]) -> tuple[Fleet, list[InboxChanged]]:
    """Failures of one cause are told together, whichever of them has just come or gone."""
    causes = {
        item.cause
        for change in found
        for item in (change.before, change.after)
        if item is not None and item.cause
    }
    if not causes:
        return fleet, []
    changes: list[InboxChanged] = []
    gateways = dict(fleet.gateways)
    for name, scopes in regrouped(fleet, causes).items():
        inbox = dict(gateways[name].inbox)
        for scope, items in scopes.items():
            changes += differences(name, inbox.get(scope, ()), items)
            inbox[scope] = items
            if not items:
                del inbox[scope]
        gateways[name] = replace(gateways[name], inbox=inbox)
    return (replace(fleet, gateways=gateways), changes) if changes else (fleet, [])


def _net(changes: list[InboxChanged]) -> list[InboxChanged]:
    """At most one change of each item: what several steps came to. What ends comes first."""
    first: dict[str, InboxItem | None] = {}
    last: dict[str, InboxItem | None] = {}
    for change in changes:
        item = change.before or change.after
        if item is not None:
            first.setdefault(item.id, change.before)
            last[item.id] = change.after
    net = [(first[key], last[key]) for key in first if first[key] != last[key]]
    net.sort(key=lambda pair: pair[1] is not None)
    return [InboxChanged(_gateway_of(old, new), old, new) for old, new in net]


def _gateway_of(old: InboxItem | None, new: InboxItem | None) -> str:
    item = new or old
    return item.gateway if item is not None else ""


def all_items(gateway: Gateway | None) -> list[InboxItem]:
    """All items of a gateway and its agents."""
    if gateway is None:
        return []
    scopes = (*gateway.inbox.values(), *gateway.fact_inbox.values())
    return [item for items in scopes for item in items]


def _is_unchanged(change: Change) -> bool:
    if not isinstance(change, AgentChanged):
        return False
    before, after = change.before, change.after
    return before is not None and after is not None and same_inputs(before, after)


def _is_of_releases(change: Change) -> bool:
    """Whether another release may be the newest now. O(1), at every change."""
    if not isinstance(change, GatewayChanged):
        return False
    before, after = change.before, change.after
    if before is None or after is None or before.origin is not after.origin:
        return True
    return before.connection.server_version != after.connection.server_version


def _came_back(change: GatewayChanged) -> bool:
    before, after = change.before, change.after
    if after is None or after.origin in _GONE:
        return False
    if before is None or before.origin in _GONE:
        return True
    return before.seen != after.seen


def _update(
    gateway: Gateway, earlier: Gateway | None, scopes: set[str], now: Now, newest: Release
) -> tuple[Gateway, list[InboxChanged]]:
    is_own = GATEWAY in scopes
    changed: dict[str, Items] | None = None
    changes: list[InboxChanged] = []
    touched: set[str] = set()
    for scope in sorted(scopes):
        old = gateway.inbox.get(scope, ())
        kept = _kept(gateway, earlier, scope, old)
        old = old[: len(old) - len(kept)]
        new = _items_of(gateway, scope, old, now, newest, with_requests=not kept)
        if new == old:
            continue
        changed = dict(gateway.inbox) if changed is None else changed
        if new or kept:
            changed[scope] = new + kept
        else:
            del changed[scope]
        changes += differences(gateway.id, old, new)
        if not is_own:
            touched.update(touched_records(gateway, scope, old, new))
    inbox = gateway.inbox if changed is None else changed
    # Those of records come last: an agent's failure may tell them already.
    if is_own:
        facts, more = all_records(gateway, inbox, now)
    else:
        facts, more = linked_records(gateway, inbox, touched)
    changes += more
    due = _next_due(gateway, now) if is_own else gateway.inbox_due
    if changed is None and facts is gateway.fact_inbox and due == gateway.inbox_due:
        return gateway, []
    return replace(gateway, inbox=inbox, fact_inbox=facts, inbox_due=due), changes


def _kept(gateway: Gateway, earlier: Gateway | None, scope: str, old: Items) -> Items:
    """The items of what an agent waits for, if none has to be made anew. They are the last ones."""
    agent = gateway.agents.get(scope)
    if agent is None or gateway.origin_of(scope) in _GONE:
        return ()
    count = len(agent.approvals) + len(agent.questions)
    return old[len(old) - count :] if count and _asks_as_before(gateway, earlier, agent) else ()


def _items_of(
    gateway: Gateway, scope: str, old: Items, now: Now, newest: Release, *, with_requests: bool
) -> Items:
    """The items of an agent, or of the gateway's connection."""
    fresh: Iterable[InboxItem]
    if scope == GATEWAY:
        fresh = (*gateway_items(gateway, now, newest), *_approvals(gateway, now))
    elif (agent := gateway.agents.get(scope)) is None:
        fresh = ()
    elif gateway.origin_of(scope) in _GONE:
        return tuple(item for item in old if not 0 < item.until <= now.wall)
    else:
        fresh = agent_items(gateway, agent) if with_requests else condition_items(gateway, agent)
    known = {item.id: item for item in old}
    return tuple(dated(item, known.get(item.id), gateway, now) for item in fresh)


def _asks_as_before(gateway: Gateway, earlier: Gateway | None, agent: Agent) -> bool:
    """Whether the items of what an agent waits for are as they were, so that none is made anew."""
    was = earlier.agents.get(agent.id) if earlier is not None else None
    return (
        earlier is not None
        and was is not None
        and was.approvals is agent.approvals
        and was.questions is agent.questions
        and was.shown_name == agent.shown_name
        and earlier.seen is gateway.seen
        and earlier.origin_of(agent.id) is gateway.origin_of(agent.id)
    )


def _approvals(gateway: Gateway, now: Now) -> Iterator[InboxItem]:
    """Those that the gateway itself asks for."""
    for approval in gateway.approvals.values():
        if approval.expires_at > now.wall:
            yield approval_item(approval, gateway.id, approval.agent_id or gateway.name)


def _next_due(gateway: Gateway, now: Now) -> int:
    times = [
        next_due(gateway, now),
        next_look(gateway, now),
        *(one.expires_at for one in gateway.approvals.values()),
    ]
    return min((time for time in times if time > now.wall), default=0)
