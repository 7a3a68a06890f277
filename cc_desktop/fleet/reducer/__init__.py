"""State and event in, next state and changes out. The one place that decides what is newer.

Events come late and out of order (measured on OpenClaw 2026.5.7: a row "running" with an older
`updatedAt` follows the row "done" of every run), so a row never replaces a newer one. A fresh list
settles the rest. An event copies only what is on its path, and its cost does not depend on how many
sessions, runs or approvals are open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.inbox.follow import Scope, follow
from cc_desktop.fleet.model import Change, Fleet, Gateway, Now
from cc_desktop.fleet.reducer import (
    agents,
    approvals,
    commands,
    facts,
    gateways,
    questions,
    runs,
    sessions,
    snapshot,
)
from cc_desktop.fleet.reducer.snapshot import slices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.fleet.facts import Fact
    from cc_desktop.fleet.reducer.state import Result

__all__ = ["reduce", "slices"]


def reduce(fleet: Fleet, event: ev.Event, now: int, mono: int | None = None) -> Result:
    """Take in one event.

    Args:
        fleet: the state so far, which stays as it is.
        event: what a source reports; an event of an unknown gateway or agent changes nothing.
        now: local ms since the epoch.
        mono: ms of the monotonic clock; without one, silence is measured by `now`.

    Returns:
        The next state, and what changed. No change if nothing did.
    """
    if isinstance(event, ev.GatewayAdded):
        return gateways.added(fleet, event)
    if isinstance(event, ev.GatewaysOrdered):
        return gateways.ordered(fleet, event)
    gateway = fleet.gateways.get(event.gateway)
    if gateway is None:
        return fleet, []
    if gateway.listing is not None and (key := _touched_key(event)):
        gateway = _touched(gateway, key)
        fleet = replace(fleet, gateways={**fleet.gateways, gateway.id: gateway})
    moment = Now(now, now if mono is None else mono)
    after, changes = _HANDLERS[type(event)](fleet, gateway, event, moment)
    scope = _SCOPES.get(type(event), _CHANGED)
    return follow(fleet, after, changes, moment, scope, gateway.id, _record_of(event))


def _record_of(event: ev.Event) -> tuple[type[Fact], str] | None:
    """The only record of the gateway's facts that the event may change, by kind and id."""
    if isinstance(event, ev.FactTold):
        return type(event.record), event.record.id
    return (event.kind, event.id) if isinstance(event, ev.FactGone) else None


def _touched_key(event: ev.Event) -> str:
    """The key of the session that the event is about, or ""."""
    if isinstance(event, ev.SessionChanged | ev.SessionRemoved):
        return event.key
    if isinstance(event, ev.RunProgress):
        return event.session_key
    if isinstance(event, ev.QuestionOpened):
        return event.question.session_key
    return event.approval.session_key if isinstance(event, ev.ApprovalOpened) else ""


def _touched(gateway: Gateway, key: str) -> Gateway:
    listing = gateway.listing
    if listing is None or key in listing.touched:
        return gateway
    return replace(gateway, listing=replace(listing, touched=listing.touched | {key}))


_CHANGED = Scope.CHANGED
# Whose items to look at beside those of what changed.
_SCOPES = {
    ev.Snapshot: Scope.ALL,
    ev.SnapshotEnded: Scope.ALL,
    ev.Tick: Scope.GATEWAY,
    ev.HeartbeatsTold: Scope.GATEWAY,
}
_Handler = Callable[[Fleet, Gateway, Any, Now], tuple[Fleet, list[Change]]]
_HANDLERS: Mapping[type, _Handler] = {
    ev.GatewayRemoved: gateways.removed,
    ev.GatewayRenamed: gateways.renamed,
    ev.ConnectionChanged: gateways.connection_changed,
    ev.OriginChanged: gateways.origin_changed,
    ev.SignOfLife: gateways.sign_of_life,
    ev.Shown: gateways.shown,
    ev.Seen: gateways.seen,
    ev.Unseen: gateways.unseen,
    ev.Tick: gateways.tick,
    ev.DevicesListed: gateways.devices_listed,
    ev.RunWatched: agents.run_watched,
    ev.CommandSent: commands.sent,
    ev.CommandDone: commands.done,
    ev.CommandUnknown: commands.unknown,
    ev.CommandRefused: commands.refused,
    ev.Snapshot: snapshot.whole,
    ev.SnapshotBegan: snapshot.began,
    ev.SnapshotRows: snapshot.rows,
    ev.SnapshotEnded: snapshot.ended,
    ev.SessionChanged: sessions.changed,
    ev.PreviewTold: sessions.preview_told,
    ev.SessionRemoved: sessions.removed,
    ev.RunProgress: runs.progress,
    ev.ApprovalOpened: approvals.opened,
    ev.ApprovalClosed: approvals.closed,
    ev.ApprovalsListed: approvals.listed,
    ev.ApprovalsUnlisted: approvals.unlisted,
    ev.QuestionOpened: questions.opened,
    ev.QuestionClosed: questions.closed,
    ev.QuestionsListed: questions.listed,
    ev.HeadlineTold: sessions.headline,
    ev.FactsListed: facts.listed,
    ev.FactTold: facts.told,
    ev.FactGone: facts.gone,
    ev.AgentActivity: agents.activity,
    ev.AgentConfigured: agents.configured,
    ev.HeartbeatsTold: agents.heartbeats,
}
