"""Alerts about items of the inbox: each is raised when it begins and resolved when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.fleet.inbox.open_items import members_of
from cc_desktop.notifications.alerts import Alert, AlertEvent, AlertResolved, AlertSeen
from cc_desktop.notifications.decisions import decision_buttons, shown_command
from cc_desktop.notifications.kinds import AlertKind, tag_of
from cc_desktop.notifications.message import Target
from cc_desktop.notifications.rules.common import where
from cc_desktop.notifications.rules.runs import is_subagent
from cc_desktop.text.inbox import reason, title

if TYPE_CHECKING:
    from cc_desktop.fleet.inbox import InboxChanged, InboxItem
    from cc_desktop.fleet.model import Fleet
    from cc_desktop.notifications.preferences import Preferences

# Items that the first list of a gateway brings are no news, and those that begin while it is away
# are told together when it is back.
OF_AGENTS = frozenset(
    {
        InboxKind.FAILED,
        InboxKind.APPROVAL,
        InboxKind.QUESTION,
        InboxKind.STUCK,
        InboxKind.CONTEXT_FULL,
        InboxKind.RUNAWAY,
        InboxKind.SILENT,
    }
)


def is_of_agent(change: InboxChanged) -> bool:
    """Return whether a change is about what an agent does, rather than about the gateway."""
    item = change.after or change.before
    return item is not None and item.kind in OF_AGENTS


def is_wanted(fleet: Fleet, item: InboxItem, preferences: Preferences) -> bool:
    """Return whether an item is told at all: subagents are left out unless they are asked for."""
    if item.seen or item.part_of:
        return False
    if item.members:  # who is muted is not told, and neither is a group of such
        return any(
            not preferences.is_muted(one.gateway, one.agent) for one in members_of(fleet, item)
        )
    agent = fleet.agent(item.gateway, item.agent) if item.kind in OF_AGENTS else None
    return preferences.subagents or agent is None or not is_subagent(agent, item.session_key)


def process(
    fleet: Fleet, change: InboxChanged, preferences: Preferences, now: int
) -> list[AlertEvent]:
    """Return what a change of an item means."""
    before, after = change.before, change.after
    if after is None:
        return ended(change)
    if before is None or (before.part_of and not after.part_of):
        return [item_alert(fleet, after, now)] if is_wanted(fleet, after, preferences) else []
    if len(after.members) > len(before.members) and is_wanted(fleet, after, preferences):
        return [item_alert(fleet, after, now)]  # it takes the place of the one before
    if after.part_of and not before.part_of:
        return [AlertResolved(item_tag(after))]  # the other item tells it
    if after.seen and not before.seen:
        return [AlertSeen(item_tag(after))]
    return []


def ended(change: InboxChanged) -> list[AlertEvent]:
    """Return that an item is over."""
    return [AlertResolved(item_tag(change.before))] if change.before is not None else []


def item_tag(item: InboxItem) -> str:
    """Return what identifies the subject of an item among alerts."""
    return tag_of(AlertKind(item.kind.value), item.gateway, item.agent, item.subject)


def item_alert(fleet: Fleet, item: InboxItem, now: int) -> Alert:
    """Return the alert that tells an item. `now` is local ms."""
    # A job or a task names an agent too, but is not about what that agent does.
    agents = tuple(
        (one.gateway, one.agent)
        for one in members_of(fleet, item)
        if one.agent and one.kind in OF_AGENTS
    )
    words = title(item) if item.members else ""
    return Alert(
        AlertKind(item.kind.value),
        item_tag(item),
        item.name,
        Target(agents=agents, gateway=item.gateway, item=item.id, words=words),
        item.gateway,
        item.agent,
        shown_command(fleet, item) or reason(item, now),
        where(fleet, item.gateway) if len({gateway for gateway, _ in agents}) < 2 else "",
        words,
        decision_buttons(fleet, item),
    )
