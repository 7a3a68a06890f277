"""Each kind of the inbox is made by a rule; what only happens at a moment is told and listed."""

from __future__ import annotations

from cc_desktop.fleet import events as ev
from cc_desktop.fleet import facts
from cc_desktop.fleet.inbox import InboxChanged, InboxKind
from cc_desktop.fleet.model import (
    Approval,
    Change,
    ConnectionInfo,
    ConnectionState,
    Origin,
    PairingRequest,
    Problem,
)
from cc_desktop.fleet.requests import Question, QuestionPart
from tests.fleet.test_reduce import (
    KEY,
    MINUTE,
    NOW,
    G,
    World,
    changed,
    ended,
    listed,
    progress,
    row,
)

MOMENTS = {InboxKind.FINISHED, InboxKind.RECOVERED, InboxKind.BACK}  # nothing of them stays true
DAY = 1_440 * MINUTE


def begun(changes: list[Change]) -> set[InboxKind]:
    """The kinds of the items that began."""
    items = (c.after for c in changes if isinstance(c, InboxChanged) and c.before is None)
    return {item.kind for item in items if item is not None}


def test_every_kind_is_an_item_unless_it_is_a_moment() -> None:
    live = ConnectionInfo(ConnectionState.LIVE, server_version="2026.5.7")
    world = World(listed(row()), ev.ConnectionChanged(G, live))
    told: list[Change] = []
    records: tuple[facts.Fact, ...] = (
        facts.CronJob("c", last_status="error", last_run_at=NOW),
        facts.CronJob("late", next_run_at=NOW - DAY),
        facts.CronJob("lost", last_status="ok", delivery_error="no chat", last_run_at=NOW),
        facts.Channel("t", state=facts.ChannelState.DISCONNECTED),
        facts.SignIn("s", status="expired"),
        facts.SignIn("t", status="expiring", expires_at=NOW + DAY),
        facts.Quota("q", used_percent=96.0),
        facts.Task("t", status="failed", ended_at=NOW),
        facts.JoinRequest("j"),
        *(facts.Condition(kind.value, kind) for kind in facts.ConditionKind),
    )
    for record in records:
        told += world.tell(ev.FactTold(G, record))
    told += world.tell(ev.FactGone(G, facts.Condition, facts.ConditionKind.SUSPENDED.value))
    told += world.tell(ev.FactTold(G, facts.Subject("cron")), ev.SignOfLife(G), ev.Tick(G))
    told += world.tell(
        ev.GatewayAdded("h", "H"),
        ev.ConnectionChanged("h", ConnectionInfo(ConnectionState.LIVE, server_version="2026.9.6")),
        ev.ApprovalOpened(G, Approval("p", "a", KEY, "rm", expires_at=NOW + MINUTE)),
        ev.ApprovalClosed(G, "a", "p"),
        ev.QuestionOpened(G, Question("q", "a", (QuestionPart("q", "Which?"),), KEY)),
        ev.QuestionClosed(G, "a", "q"),
        progress(starts=True),
        *(progress(activity="exec curl", call="curl") for _ in range(12)),
    )
    told += world.later(11 * MINUTE, progress(over=True), progress("r2", starts=True))
    told += world.later(11 * MINUTE, ev.Tick(G))
    told += world.tell(changed(**ended(world.now, status="failed"), error="away"))
    told += world.tell(changed(**ended(world.now + 1, status="failed"), error="prompt too long"))
    told += world.tell(ev.HeartbeatsTold(G, {"a": MINUTE}))
    told += world.later(30 * MINUTE, ev.Tick(G), listed(row(**ended(NOW))))
    for info in (
        ConnectionInfo(ConnectionState.LIVE, flapping=True),
        ConnectionInfo(ConnectionState.BLOCKED, problem=Problem("token-mismatch")),
        ConnectionInfo(ConnectionState.BLOCKED, pairing=PairingRequest("command")),
    ):
        told += world.tell(ev.ConnectionChanged(G, info))
    waiting = ConnectionInfo(ConnectionState.WAITING, problem=Problem("lost"))
    told += world.tell(ev.OriginChanged(G, Origin.LAST_KNOWN), ev.ConnectionChanged(G, waiting))
    told += world.later(MINUTE, ev.Tick(G))
    assert begun(told) == set(InboxKind) - MOMENTS
