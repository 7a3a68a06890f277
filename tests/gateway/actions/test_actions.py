"""What an operator does on a gateway: sent once, and its end is known or said not to be."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import (
    CommandPhase,
    GatewayAction,
    TaskAction,
)
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Session
from cc_desktop.fleet.status import DONE_COMMAND_MS
from cc_desktop.gateway.actions.actions import CONFIRM_S, LOSS_S
from cc_desktop.gateway.failures import (
    Failure,
    FailureKind,
    NotConnectedError,
    RequestFailedError,
    RequestTimeoutError,
)
from cc_desktop.protocol.frames import GatewayError
from tests.fakes.clock import settle
from tests.gateway.actions.world import (
    ANSWER,
    APPROVE,
    KEY,
    LOST,
    RETRY,
    SEND,
    STOP,
    G,
    World,
    lost,
)

CANCEL = replace(RETRY, action=TaskAction.CANCEL)
DISMISS = replace(RETRY, action=TaskAction.DISMISS)
EACH = pytest.mark.parametrize("command", [SEND, STOP, APPROVE, ANSWER, RETRY], ids=repr)


class UnexpectedError(Exception):
    """What nobody thought of."""


@pytest.fixture
async def world() -> World:
    return World()


@EACH
async def test_it_is_pending_until_the_gateway_confirms(
    world: World, command: GatewayAction
) -> None:
    await world.sent(command)
    assert world.outcome(command) == (CommandPhase.PENDING, "")
    await world.answer({})
    assert world.outcome(command) == (CommandPhase.DONE, "")
    assert len(world.link.sent) == 1


@pytest.mark.parametrize(
    ("command", "method", "params"),
    [
        (SEND, "chat.send", {"sessionKey": KEY, "message": "Go on", "idempotencyKey": "c1"}),
        (STOP, "chat.abort", {"sessionKey": KEY}),
        (replace(STOP, run_id="r"), "chat.abort", {"sessionKey": KEY, "runId": "r"}),
        (APPROVE, "exec.approval.resolve", {"id": "p", "decision": "allow-once"}),
        (
            replace(APPROVE, family="plugin"),
            "plugin.approval.resolve",
            {"id": "p", "decision": "allow-once"},
        ),
        (ANSWER, "question.resolve", {"id": "q", "answers": {"answers": {"x": ["yes"]}}}),
        (replace(ANSWER, cancel=True), "question.resolve", {"id": "q", "cancel": True}),
        (RETRY, "tasks.retry", {"taskIds": ["t"]}),
        (DISMISS, "tasks.dismiss", {"taskIds": ["t"]}),
        (CANCEL, "tasks.cancel", {"taskId": "t"}),
    ],
)
async def test_what_is_asked_for(
    world: World, command: GatewayAction, method: str, params: dict[str, Any]
) -> None:
    await world.sent(command)
    assert world.link.sent == [(method, params)]


async def test_a_newer_gateway_is_asked_in_the_way_that_tells_who_was_first(world: World) -> None:
    world.link.methods = frozenset({"approval.resolve"})
    await world.sent(replace(APPROVE, family="system"))
    asked = {"id": "p", "decision": "allow-once", "kind": "system-agent"}
    assert world.link.sent == [("approval.resolve", asked)]
    await world.sent(replace(SEND, steer=True))
    assert world.link.sent[-1][1]["queueMode"] == "steer"


async def test_an_older_gateway_has_no_approvals_of_its_system_agent(world: World) -> None:
    assert world.start(replace(APPROVE, family="system")) == "absent"
    assert world.link.sent == []


@EACH
async def test_nothing_is_sent_without_the_right(world: World, command: GatewayAction) -> None:
    world.link.connection = ConnectionInfo(ConnectionState.LIVE, scopes=("operator.read",))
    assert world.start(command) == "right"
    assert world.link.sent == []


@EACH
async def test_nothing_is_sent_while_the_gateway_is_away(
    world: World, command: GatewayAction
) -> None:
    world.link.is_live = False
    assert world.start(command) == "not-live"
    assert world.link.sent == []


@EACH
async def test_a_refusal_has_the_gateways_words(world: World, command: GatewayAction) -> None:
    await world.sent(command)
    error = GatewayError("INVALID_REQUEST", "not on\nSundays")
    await world.fail(RequestFailedError(Failure(error=error)))
    assert world.outcome(command) == (CommandPhase.REFUSED, "refused")
    assert world.said(command) == "not on Sundays"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("unknown or expired approval id", "gone"),
        ("approval already resolved", "decided"),
        ("allow-always is unavailable because the policy requires it", "not-allowed"),
        ("unauthorized", "not-owner"),
        ("missing scope: operator.approvals", "right"),
        ("missing scope: operator.admin", "absent"),
    ],
)
async def test_what_a_refusal_means(world: World, message: str, reason: str) -> None:
    await world.sent(APPROVE)
    await world.fail(RequestFailedError(Failure(error=GatewayError("INVALID_REQUEST", message))))
    assert world.outcome(APPROVE) == (CommandPhase.REFUSED, reason)
    assert ("p" in world.gateway.agents["a"].approvals) is (reason not in ("gone", "decided"))


async def test_who_comes_second_learns_what_was_decided(world: World) -> None:
    await world.sent(APPROVE)
    await world.answer({"applied": False, "approval": {"decision": "deny"}})
    assert world.outcome(APPROVE) == (CommandPhase.REFUSED, "decided")
    assert world.said(APPROVE) == "deny"
    assert "p" not in world.gateway.agents["a"].approvals


async def test_what_is_decided_or_answered_is_no_longer_open(world: World) -> None:
    await world.sent(APPROVE)
    await world.answer({"applied": True})
    await world.sent(ANSWER)
    await world.answer({"status": "answered"})
    agent = world.gateway.agents["a"]
    assert (agent.approvals, agent.questions) == ({}, {})


async def test_a_run_that_is_over_cannot_be_stopped(world: World) -> None:
    await world.sent(STOP)
    await world.answer({"ok": True, "aborted": False, "runIds": []})
    assert world.outcome(STOP) == (CommandPhase.REFUSED, "not-running")


@EACH
async def test_a_late_answer_is_not_known_and_then_known(
    world: World, command: GatewayAction
) -> None:
    await world.sent(command)
    await world.clock.advance(CONFIRM_S)
    assert world.outcome(command) == (CommandPhase.UNKNOWN, "late")
    await world.answer({})
    assert world.outcome(command) == (CommandPhase.DONE, "")


@EACH
async def test_when_the_connection_goes_first_nothing_is_sent_again(
    world: World, command: GatewayAction
) -> None:
    await world.sent(command)
    world.link.is_live = False
    await world.fail(LOST)
    assert world.outcome(command) == (CommandPhase.UNKNOWN, "lost")
    world.link.is_live = True
    world.list()
    world.actions.on_synced()
    await settle()
    methods = [method for method, _ in world.link.sent]
    looks = {
        SEND.id: "chat.history",
        APPROVE.id: "exec.approval.list",
        ANSWER.id: "question.list",
        RETRY.id: "tasks.get",
    }
    assert methods[1:] == ([looks[command.id]] if command.id in looks else [])


async def test_a_message_whose_run_is_there_has_arrived(world: World) -> None:
    await lost(world, SEND)
    world.store.apply(ev.RunProgress(G, "a", KEY, SEND.id, starts=True))
    world.actions.on_synced()
    await settle()
    assert world.outcome(SEND) == (CommandPhase.DONE, "")


@pytest.mark.parametrize(
    ("message", "arrived"),
    [
        ({"role": "user", "content": [{"type": "text", "text": "[Tue 10:00] Go on"}]}, True),
        ({"role": "user", "content": "Go on"}, True),
        ({"role": "user", "content": "x", "idempotencyKey": "c1:user"}, True),
        ({"role": "assistant", "content": "Go on"}, False),
        ({"role": "user", "content": "Go on", "timestamp": 1}, False),  # an older one
        ({"role": "user", "content": [None, {"text": 7}]}, False),
    ],
)
async def test_the_history_tells_whether_a_message_arrived(
    world: World, message: dict[str, Any], arrived: bool
) -> None:
    await lost(world, SEND)
    world.actions.on_synced()
    await settle()
    now = world.clock.now_ms()
    await world.answer({"messages": [{"timestamp": now, **message}, "nonsense", None]})
    expected = (CommandPhase.DONE, "") if arrived else (CommandPhase.REFUSED, "not-arrived")
    assert world.outcome(SEND) == expected


async def test_a_gateway_that_goes_again_is_asked_at_the_next_list(world: World) -> None:
    await lost(world, SEND)
    world.actions.on_synced()
    await settle()
    await world.fail(NotConnectedError(Failure(kind=FailureKind.LOST)))
    assert world.outcome(SEND) == (CommandPhase.UNKNOWN, "lost")
    world.actions.on_synced()
    await settle()
    await world.answer({"messages": []})
    assert world.outcome(SEND) == (CommandPhase.REFUSED, "not-arrived")


async def test_a_run_that_ended_meanwhile_counts_as_stopped(world: World) -> None:
    await lost(world, STOP)
    now = world.clock.now_ms()
    world.list(Session(KEY, "a", status="killed", ended_at=now, updated_at=now))
    world.actions.on_synced()
    await settle()
    assert world.outcome(STOP) == (CommandPhase.DONE, "")


async def test_a_run_that_goes_on_was_not_stopped(world: World) -> None:
    await lost(world, STOP)
    world.actions.on_synced()
    await settle()
    assert world.outcome(STOP) == (CommandPhase.REFUSED, "not-arrived")


OPEN = {"id": "p", "request": {"command": "make deploy"}}


@pytest.mark.parametrize(
    ("listed", "outcome"),
    [
        ([OPEN], (CommandPhase.REFUSED, "not-arrived")),
        ([{**OPEN, "id": "other"}], (CommandPhase.DONE, "")),
        ([], (CommandPhase.DONE, "")),
    ],
)
async def test_the_gateways_own_list_tells_whether_an_approval_was_decided(
    world: World, listed: list[object], outcome: tuple[CommandPhase, str]
) -> None:
    await lost(world, APPROVE)
    assert "p" in world.gateway.agents["a"].approvals  # the model's is from before the loss
    world.actions.on_synced()
    await settle()
    assert world.link.sent[-1][0] == "exec.approval.list"
    await world.answer(listed)
    assert world.outcome(APPROVE) == outcome
    is_open = "p" in world.gateway.agents["a"].approvals
    assert is_open is (outcome[0] is CommandPhase.REFUSED)


async def test_the_gateways_own_list_tells_whether_a_question_was_answered(world: World) -> None:
    await lost(world, ANSWER)
    world.actions.on_synced()
    await settle()
    await world.answer({"questions": []})
    assert world.outcome(ANSWER) == (CommandPhase.DONE, "")


@EACH
async def test_nothing_is_concluded_before_the_link_has_noticed_the_loss(
    world: World, command: GatewayAction
) -> None:
    """Requests end a moment before the state of the connection changes."""
    await world.sent(command)
    await world.fail(LOST)
    assert world.outcome(command) == (CommandPhase.UNKNOWN, "lost")
    world.link.is_live = False
    await world.clock.advance(LOSS_S)
    assert world.outcome(command) == (CommandPhase.UNKNOWN, "lost")
    assert len(world.link.sent) == 1


async def test_a_connection_that_another_took_over_from_is_no_loss(world: World) -> None:
    await world.sent(APPROVE)
    await world.fail(LOST)
    await world.clock.advance(LOSS_S)
    await world.answer([])
    assert world.outcome(APPROVE) == (CommandPhase.DONE, "")


async def test_a_gateway_that_never_answers_is_looked_at_soon(world: World) -> None:
    await world.sent(STOP)
    await world.fail(RequestTimeoutError(Failure(kind=FailureKind.SILENT)))
    await world.clock.advance(LOSS_S)
    assert world.outcome(STOP) == (CommandPhase.REFUSED, "not-arrived")


async def taken(world: World) -> None:
    """A message that is confirmed, and a connection that is lost and is back after that."""
    await world.sent(SEND)
    await world.answer({"status": "started"})
    assert world.outcome(SEND) == (CommandPhase.DONE, "")


async def back(world: World, *messages: object) -> None:
    world.actions.on_synced()
    await settle()
    assert [method for method, _ in world.link.sent] == ["chat.send", "chat.history"]
    await world.answer({"messages": list(messages)})


async def test_a_message_that_the_gateway_took_and_lost_was_not_sent(world: World) -> None:
    await taken(world)
    await back(world)
    assert world.outcome(SEND) == (CommandPhase.REFUSED, "dropped")
    world.actions.on_synced()
    await settle()
    assert len(world.link.sent) == 2  # it is looked for once


async def test_a_message_that_was_lost_long_after_it_was_confirmed_is_told_too(
    world: World,
) -> None:
    await taken(world)
    await world.clock.advance(DONE_COMMAND_MS / 1000)
    world.store.apply(ev.Tick(G))
    assert SEND.id not in world.gateway.commands
    await back(world)
    assert world.outcome(SEND) == (CommandPhase.REFUSED, "dropped")


async def test_a_message_that_stayed_is_done(world: World) -> None:
    await taken(world)
    await back(world, {"role": "user", "content": "Go on", "timestamp": world.clock.now_ms()})
    assert world.outcome(SEND) == (CommandPhase.DONE, "")


async def test_where_nobody_can_tell_the_gateways_word_stands(world: World) -> None:
    await taken(world)
    world.actions.on_synced()
    await settle()
    await world.fail(RequestFailedError(Failure(error=GatewayError("INVALID_REQUEST", "no"))))
    assert world.outcome(SEND) == (CommandPhase.DONE, "")


@EACH
async def test_whatever_is_raised_ends_one_command_alone(
    world: World, command: GatewayAction
) -> None:
    other = replace(STOP, id="other")
    await world.sent(command)
    await world.fail(UnexpectedError())
    assert world.outcome(command) == (CommandPhase.REFUSED, "internal")
    await world.sent(other)
    await world.answer({})
    assert world.outcome(other) == (CommandPhase.DONE, "")
    assert world.incidents.total == 1


@EACH
@pytest.mark.parametrize("payload", [None, [], "x", {"applied": "no", "aborted": 0, "status": 3}])
async def test_answers_of_any_shape_are_taken(
    world: World, command: GatewayAction, payload: object
) -> None:
    await world.sent(command)
    await world.answer(payload)
    assert world.gateway.commands[command.id].is_over
    assert world.incidents.total == 0


def test_the_repr_of_an_answer_has_no_answer() -> None:
    assert "yes" not in repr(ANSWER)


@EACH
async def test_what_is_left_open_is_found_out_by_the_next_connection(
    world: World, command: GatewayAction
) -> None:
    await world.sent(command)
    left = world.actions.cancel()
    await settle()
    assert world.outcome(command) == (CommandPhase.PENDING, "")
    after = world.actions_of()
    after.adopt(left)
    assert world.outcome(command) == (CommandPhase.UNKNOWN, "lost")
    after.on_synced()
    await settle()
    if command.id != STOP.id:  # the model tells what runs
        await world.answer({"task": {"id": "t", "deliveryStatus": "failed"}})
    assert world.gateway.commands[command.id].is_over
    assert after.cancel() == {}


async def test_an_answer_that_fails_as_it_is_cancelled_leaves_no_noise(world: World) -> None:
    said: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: said.append(context))
    (await world.sent(SEND)).set_exception(LOST)
    await asyncio.sleep(0)  # the request has failed, and nobody has looked yet
    world.actions.cancel()
    await settle()
    world.link.answers.clear()
    gc.collect()
    assert said == []
