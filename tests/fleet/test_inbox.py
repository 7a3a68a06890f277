"""Items of the inbox begin, change and end with what the model knows."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet import facts
from cc_desktop.fleet.inbox import InboxChanged, InboxItem, InboxKind, Severity, item_id
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.inbox.gateway_items import LOST_AFTER_MS, OVERDUE_AFTER_MS
from cc_desktop.fleet.model import (
    Approval,
    ConnectionInfo,
    ConnectionState,
    Now,
    Origin,
    PairingRequest,
    Problem,
    Status,
)
from cc_desktop.fleet.requests import Question, QuestionPart
from cc_desktop.fleet.status import next_wait
from tests.fleet.test_reduce import KEY, MINUTE, NOW, G, World, changed, listed, progress, row

LIVE = ConnectionInfo(ConnectionState.LIVE)


def items(world: World) -> list[InboxItem]:
    return sorted(all_items(world.fleet.gateways[G]), key=lambda item: item.order)


def kinds(world: World) -> list[InboxKind]:
    return [item.kind for item in items(world)]


def only(world: World) -> InboxItem:
    [item] = items(world)
    return item


def failed(at: int = NOW) -> ev.Snapshot:
    return listed(row(status="failed", ended_at=at, updated_at=at, error="model is away"))


def test_a_failed_run_is_an_item_until_the_next_one_succeeds() -> None:
    world = World(failed())
    item = only(world)
    assert (item.kind, item.severity) == (InboxKind.FAILED, Severity.NEEDS_YOU)
    assert (item.agent, item.session_key, item.detail) == ("a", KEY, "model is away")
    assert item.since == NOW
    world.later(MINUTE, changed(status="done", active=False, updated_at=NOW + 1, ended_at=NOW + 1))
    assert items(world) == []


def test_it_is_the_same_item_whether_an_event_or_a_list_tells_of_it() -> None:
    by_list, by_event = World(failed()), World(listed(row()))
    by_event.tell(
        progress("r", KEY, starts=True), progress("r", KEY, error="model is away", over=True)
    )
    assert only(by_event).id == only(by_list).id
    by_event.tell(failed())
    assert only(by_event).id == only(by_list).id


def test_a_failure_that_was_seen_is_no_item() -> None:
    world = World(failed())
    world.tell(ev.Seen(G, {KEY: NOW}))
    assert items(world) == []
    world.tell(ev.Unseen(G, frozenset({KEY})))
    assert kinds(world) == [InboxKind.FAILED]


def test_an_approval_is_an_item_until_it_is_decided_or_expires() -> None:
    asked = Approval("p", "a", KEY, "rm -rf build", expires_at=NOW + MINUTE)
    world = World(listed(row()), ev.ApprovalOpened(G, asked))
    item = only(world)
    assert (item.kind, item.detail, item.until) == (
        InboxKind.APPROVAL,
        "rm -rf build",
        NOW + MINUTE,
    )
    world.tell(ev.ApprovalClosed(G, "a", "p"))
    assert items(world) == []
    world.tell(ev.ApprovalOpened(G, asked))
    world.later(MINUTE, ev.Tick(G))
    assert items(world) == []


def question(ident: str = "call-1", **values: object) -> Question:
    made = Question(ident, "a", (QuestionPart("q", "Which database?"),), KEY, run_id="r")
    return replace(made, **values)


def test_a_question_makes_its_agent_wait_for_the_operator() -> None:
    world = World(listed(row()), ev.QuestionOpened(G, question()))
    assert world.status() is Status.WAITING
    assert (only(world).kind, only(world).detail) == (InboxKind.QUESTION, "Which database?")
    world.tell(ev.QuestionClosed(G, "a", "call-1"))
    assert (world.status(), items(world)) == (Status.IDLE, [])


def test_a_question_told_by_its_run_and_by_the_gateway_is_one() -> None:
    world = World(listed(row()), ev.QuestionOpened(G, question()))
    own = question("gw-7", can_answer=True, expires_at=NOW + MINUTE)
    world.later(5, ev.QuestionOpened(G, own), ev.QuestionOpened(G, question()))
    assert list(world.agent().questions) == ["gw-7"]
    assert world.agent().questions["gw-7"].opened_at == NOW
    assert only(world).until == NOW + MINUTE
    world.later(MINUTE, ev.Tick(G))
    assert items(world) == []


def test_a_question_ends_with_its_run() -> None:
    world = World(listed(row()), progress("r", KEY, starts=True), ev.QuestionOpened(G, question()))
    world.tell(progress("r", KEY, over=True))
    assert items(world) == []


def test_items_stay_while_their_gateway_is_away() -> None:
    world = World(failed())
    lost = ConnectionInfo(ConnectionState.WAITING, problem=Problem("lost"))
    world.tell(ev.ConnectionChanged(G, LIVE))
    changes = world.tell(ev.OriginChanged(G, Origin.LAST_KNOWN), ev.ConnectionChanged(G, lost))
    assert not [change for change in changes if isinstance(change, InboxChanged)]
    assert kinds(world) == [InboxKind.FAILED]
    changes = world.tell(ev.ConnectionChanged(G, LIVE), failed())
    assert not [change for change in changes if isinstance(change, InboxChanged)]
    assert kinds(world) == [InboxKind.FAILED]


def test_what_was_settled_while_the_gateway_was_away_ends_when_it_is_back() -> None:
    world = World(failed(), ev.OriginChanged(G, Origin.LAST_KNOWN))
    world.later(MINUTE, listed(row(status="done", ended_at=NOW + 9, updated_at=NOW + 9)))
    assert items(world) == []


def test_a_gateway_is_lost_after_a_while_and_the_model_asks_to_be_woken_then() -> None:
    world = World(listed(row()), ev.ConnectionChanged(G, LIVE))
    away = ConnectionInfo(ConnectionState.WAITING, problem=Problem("unreachable", said="refused"))
    world.tell(ev.OriginChanged(G, Origin.LAST_KNOWN), ev.ConnectionChanged(G, away))
    assert items(world) == []
    assert next_wait(world.fleet, world_now(world)) == LOST_AFTER_MS
    world.later(LOST_AFTER_MS, ev.Tick(G))
    item = only(world)
    assert (item.kind, item.code, item.detail, item.since) == (
        InboxKind.GATEWAY_LOST,
        "unreachable",
        "refused",
        NOW,
    )
    world.tell(ev.ConnectionChanged(G, LIVE))
    assert items(world) == []


def test_a_planned_restart_is_lost_only_when_it_is_late() -> None:
    world = World(listed(row()), ev.ConnectionChanged(G, LIVE))
    away = ConnectionInfo(ConnectionState.WAITING, expected_back=NOW + 5 * MINUTE)
    world.tell(ev.OriginChanged(G, Origin.LAST_KNOWN), ev.ConnectionChanged(G, away))
    world.later(4 * MINUTE, ev.Tick(G))
    assert items(world) == []
    world.later(MINUTE, ev.Tick(G))
    assert kinds(world) == [InboxKind.GATEWAY_LOST]


def test_a_gateway_that_cannot_come_back_by_itself_is_blocked_at_once() -> None:
    problem = Problem("token-mismatch")
    world = World(
        listed(row()),
        ev.ConnectionChanged(G, ConnectionInfo(ConnectionState.BLOCKED, problem=problem)),
    )
    assert (only(world).kind, only(world).code) == (InboxKind.GATEWAY_BLOCKED, "token-mismatch")


def test_this_device_waits_to_be_approved() -> None:
    asked = PairingRequest("req", "Laptop", requested_at=NOW, expires_at=NOW + 5 * MINUTE)
    waiting = ConnectionInfo(ConnectionState.WAITING, problem=Problem("pairing"), pairing=asked)
    world = World(ev.ConnectionChanged(G, waiting))
    item = only(world)
    assert (item.kind, item.detail) == (InboxKind.PAIRING_SELF, "openclaw devices approve req")
    assert item.severity is Severity.NEEDS_YOU


RECORDS = [
    (facts.CronJob("j", "Backup", last_status="error", last_error="x"), InboxKind.CRON_FAILED),
    (facts.CronJob("j", "Backup", delivery_error="x"), InboxKind.UNDELIVERED),
    (facts.SignIn("p", "anthropic", "expired"), InboxKind.SIGN_IN_EXPIRED),
    (facts.SignIn("p", "anthropic", "expiring"), InboxKind.SIGN_IN_EXPIRING),
    (facts.Quota("q", "openai", "week", 95.0), InboxKind.QUOTA),
    (facts.Task("t", title="Report", status="failed"), InboxKind.TASK_FAILED),
    (facts.Task("t", title="Report", delivery="failed"), InboxKind.UNDELIVERED),
    (facts.Channel("c", "Chat", facts.ChannelState.DISCONNECTED), InboxKind.CHANNEL),
    (facts.Condition("k", facts.ConditionKind.CONFIG_IGNORED), InboxKind.CONFIG_IGNORED),
    (facts.Condition("k", facts.ConditionKind.RESTART_NEEDED), InboxKind.RESTART_NEEDED),
    (facts.Condition("k", facts.ConditionKind.RUNTIME), InboxKind.RUNTIME),
    (facts.Condition("k", facts.ConditionKind.PLUGIN), InboxKind.PLUGIN),
    (facts.Condition("k", facts.ConditionKind.UPDATE), InboxKind.UPDATE),
    (facts.JoinRequest("d", name="Phone"), InboxKind.PAIRING),
]


@pytest.mark.parametrize(("record", "kind"), RECORDS)
def test_what_a_gateway_tells_of_itself(record: facts.Fact, kind: InboxKind) -> None:
    world = World(ev.FactTold(G, record))
    assert (only(world).kind, only(world).since) == (kind, NOW)
    assert world.later(MINUTE, ev.FactTold(G, record)) == []
    world.tell(ev.FactGone(G, type(record), record.id))
    assert items(world) == []


@pytest.mark.parametrize(("record", "kind"), RECORDS)
def test_a_list_without_it_ends_it(record: facts.Fact, kind: InboxKind) -> None:
    world = World(ev.FactTold(G, record))
    world.tell(ev.FactsListed(G, type(record), ()))
    assert items(world) == []


@pytest.mark.parametrize(
    "record",
    [
        facts.CronJob("j", last_status="ok"),
        facts.SignIn("p", status="static"),
        facts.Quota("q", used_percent=89.0),
        facts.Task("t", status="succeeded", delivery="delivered"),
        facts.Task("t", status="cancelled"),
        facts.Channel("c"),
        facts.Subject("tasks", facts.ReadAccess.REFUSED),
    ],
)
def test_what_is_well_is_no_item(record: facts.Fact) -> None:
    assert items(World(ev.FactTold(G, record))) == []


def test_a_job_is_overdue_when_it_is_late_by_more_than_the_grace() -> None:
    job = facts.CronJob("j", "Backup", next_run_at=NOW + MINUTE)
    world = World(ev.FactTold(G, job))
    assert next_wait(world.fleet, world_now(world)) == MINUTE + OVERDUE_AFTER_MS
    world.later(MINUTE + OVERDUE_AFTER_MS, ev.Tick(G))
    assert (only(world).kind, only(world).since) == (InboxKind.CRON_OVERDUE, NOW + MINUTE)
    world.tell(ev.FactTold(G, replace(job, is_running=True)))
    assert items(world) == []


def test_a_quota_ends_when_its_window_is_over() -> None:
    world = World(ev.FactTold(G, facts.Quota("q", "openai", "week", 99.0, NOW + MINUTE)))
    world.later(MINUTE, ev.Tick(G))
    assert items(world) == []


def test_an_item_that_was_seen_is_new_again_when_it_begins_again() -> None:
    job = facts.CronJob("j", "Backup", last_status="error", last_run_at=NOW)
    world = World(ev.FactTold(G, job))
    item = only(world)
    world.tell(ev.Seen(G, {item.mark: item.since}))
    assert only(world).seen
    world.tell(ev.FactTold(G, replace(job, last_run_at=NOW + MINUTE)))
    assert not only(world).seen
    world.tell(ev.Seen(G, {item.mark: NOW + MINUTE}), ev.Unseen(G, frozenset({item.mark})))
    assert not only(world).seen


def test_a_gateway_that_is_removed_takes_its_items_with_it() -> None:
    world = World(failed())
    changes = world.tell(ev.GatewayRemoved(G))
    assert [c.before.kind for c in changes if isinstance(c, InboxChanged) and c.before] == [
        InboxKind.FAILED
    ]


def test_ids_are_fit_for_a_shell_and_an_address() -> None:
    ident = item_id(InboxKind.APPROVAL, "Büro\n", "exec:../'; rm\ud800", "ä")
    assert ident.removeprefix("approval-").isalnum()
    assert ident == item_id(InboxKind.APPROVAL, "Büro\n", "exec:../'; rm\ud800", "ä")
    assert ident != item_id(InboxKind.APPROVAL, "Büro\n", "exec:../'; rm\ud800", "o")


def world_now(world: World) -> Now:
    return Now(world.now, world.mono)


# Several conditions of one agent


SIDE = "agent:a:side"


def silent_side(*first: ev.Event) -> World:
    """A run in a side session that has said nothing for ten minutes."""
    side = ev.RunProgress(G, "a", SIDE, "s", starts=True)
    world = World(listed(row(), row(key=SIDE)), *first, side)
    world.later(world.fleet.stuck_after_ms, ev.Tick(G))
    return world


def test_a_silent_run_is_an_item_although_another_session_has_failed() -> None:
    failure = changed(status="failed", active=False, updated_at=NOW, ended_at=NOW, error="E")
    world = silent_side(failure)
    assert world.status() is Status.ERROR
    assert kinds(world) == [InboxKind.FAILED, InboxKind.STUCK]
    assert items(world)[1].session_key == SIDE
    world.later(1_000, ev.RunProgress(G, "a", SIDE, "s", activity="exec"))
    assert kinds(world) == [InboxKind.FAILED]


def test_a_silent_run_is_an_item_although_another_session_waits() -> None:
    waits = ev.ApprovalOpened(G, Approval("p", "a", KEY, expires_at=NOW + 60 * MINUTE))
    world = silent_side(waits)
    assert world.status() is Status.WAITING
    assert sorted(kinds(world)) == [InboxKind.APPROVAL, InboxKind.STUCK]


def test_a_run_that_waits_for_a_person_is_not_stuck() -> None:
    waits = ev.ApprovalOpened(G, Approval("p", "a", SIDE, expires_at=NOW + 60 * MINUTE))
    world = silent_side(waits)
    assert kinds(world) == [InboxKind.APPROVAL]


def test_a_run_falls_silent_at_its_time_beside_one_that_is_silent_for_longer() -> None:
    world = silent_side()
    world.tell(progress("r", KEY, starts=True))
    limit = world.fleet.stuck_after_ms
    assert next_wait(world.fleet, Now(world.now, world.mono)) == limit
    world.later(limit, ev.Tick(G))
    assert sorted(item.session_key for item in items(world)) == [KEY, SIDE]


def test_a_blocked_gateway_that_is_tried_again_is_not_lost_at_once() -> None:
    world = World(failed())
    world.tell(ev.ConnectionChanged(G, LIVE), ev.OriginChanged(G, Origin.LAST_KNOWN))
    blocked = ConnectionInfo(ConnectionState.BLOCKED, problem=Problem("token-mismatch"))
    world.tell(ev.ConnectionChanged(G, blocked))
    assert InboxKind.GATEWAY_BLOCKED in kinds(world)
    again = ConnectionInfo(ConnectionState.CONNECTING, problem=Problem("token-mismatch"))
    world.later(10 * MINUTE, ev.ConnectionChanged(G, again))
    assert kinds(world) == [InboxKind.FAILED]
    world.later(LOST_AFTER_MS, ev.Tick(G))
    assert InboxKind.GATEWAY_LOST in kinds(world)
