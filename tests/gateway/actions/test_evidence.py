"""What became of a command that has no answer: the gateway tells it, or the app says that not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import CommandPhase, TaskAction
from cc_desktop.gateway.actions.actions import KNOW_S, LOOK_AGAIN_S, LOSS_S
from cc_desktop.gateway.actions.evidence import FEW, HISTORY
from cc_desktop.gateway.failures import (
    Failure,
    FailureKind,
    GatewayFailureError,
    NotConnectedError,
    RequestTimeoutError,
)
from cc_desktop.text.commands import progress
from tests.fakes.clock import settle
from tests.gateway.actions.world import (
    ANSWER,
    APPROVE,
    LOST,
    RETRY,
    SEND,
    G,
    World,
    lost,
    refused,
)

if TYPE_CHECKING:
    from cc_desktop.fleet.commands import GatewayAction

CANCEL = replace(RETRY, action=TaskAction.CANCEL, id="c6")
DISMISS = replace(RETRY, action=TaskAction.DISMISS, id="c7")
MISSING = refused("missing scope: operator.read")
DONE = (CommandPhase.DONE, "")
NOT_ARRIVED = (CommandPhase.REFUSED, "not-arrived")
DECIDED = (CommandPhase.REFUSED, "decided")
GONE = (CommandPhase.REFUSED, "gone")
DAY_S = 86_400.0
WAITS = (CommandPhase.UNKNOWN, "lost")


@pytest.fixture
async def world() -> World:
    return World()


async def ask_again(world: World, command: GatewayAction) -> None:
    """The connection is back, and the model is listed."""
    await lost(world, command)
    world.actions.on_synced()
    await settle()


async def refuse_until_the_end(world: World, answers: dict[str, Any] | None = None) -> None:
    """The gateway refuses whatever it is asked, but for `answers`, for as long as it is asked."""
    for _ in range(int(KNOW_S / LOOK_AGAIN_S) + 1):
        while not world.link.answers[-1].done():
            method = world.link.sent[-1][0]
            if answers and method in answers:
                await world.answer(answers[method])
            else:
                await world.fail(MISSING)
        await world.clock.advance(LOOK_AGAIN_S)


# A message in a session that may not be read


@pytest.mark.parametrize("status", ["ok", "error", "pending"])
async def test_where_the_history_is_refused_the_run_of_a_message_tells_of_it(
    world: World, status: str
) -> None:
    await ask_again(world, SEND)
    await world.fail(MISSING)
    assert world.link.sent[-1] == ("agent.wait", {"runId": SEND.id, "timeoutMs": 0})
    await world.answer({"runId": SEND.id, "status": status})
    assert world.outcome(SEND) == DONE


@pytest.mark.parametrize("answer", [{"status": "timeout"}, None, "ok", {"status": ["ok"]}])
async def test_what_the_run_does_not_tell_ends_as_not_to_be_known(
    world: World, answer: object
) -> None:
    await ask_again(world, SEND)
    await world.fail(MISSING)
    await world.answer(answer)
    assert world.outcome(SEND) == WAITS
    await refuse_until_the_end(world, {"agent.wait": answer})
    assert world.outcome(SEND) == (CommandPhase.UNKNOWABLE, "no-history")
    assert world.gateway.commands[SEND.id].is_over
    said = progress(world.gateway.commands[SEND.id])
    assert said.startswith("Nobody can say whether it arrived: this connection may not read")
    assert "Control UI" in said
    asked = len(world.link.sent)
    await world.clock.advance(10 * KNOW_S)
    world.actions.on_synced()
    await settle()
    assert len(world.link.sent) == asked  # it is over: nobody asks any more


async def test_a_run_that_ends_while_it_is_asked_for_tells_that_the_message_arrived(
    world: World,
) -> None:
    await ask_again(world, SEND)
    await world.fail(MISSING)
    await world.answer({"status": "timeout"})
    await world.clock.advance(LOOK_AGAIN_S)
    await world.fail(MISSING)
    await world.answer({"status": "ok"})
    assert world.outcome(SEND) == DONE


async def test_events_of_the_run_tell_it_too(world: World) -> None:
    await ask_again(world, SEND)
    await world.fail(MISSING)
    await world.fail(MISSING)  # `agent.wait` as well
    assert world.outcome(SEND) == WAITS
    world.store.apply(ev.RunProgress(G, "a", SEND.session_key, SEND.id, starts=True))
    await world.clock.advance(LOOK_AGAIN_S)
    assert world.outcome(SEND) == DONE


async def test_a_history_that_may_be_read_after_all_is_read(world: World) -> None:
    """Somebody grants the right meanwhile."""
    await ask_again(world, SEND)
    await world.fail(MISSING)
    await world.fail(MISSING)
    await world.clock.advance(LOOK_AGAIN_S)
    await world.answer({"messages": []})
    assert world.outcome(SEND) == NOT_ARRIVED


async def test_a_gateway_that_starts_is_asked_again_and_not_given_up(world: World) -> None:
    await ask_again(world, SEND)
    await world.fail(refused("the gateway starts", "UNAVAILABLE"))
    assert [method for method, _ in world.link.sent] == ["chat.send", "chat.history"]
    assert world.outcome(SEND) == WAITS
    await world.clock.advance(LOOK_AGAIN_S)
    await world.answer({"messages": [{"role": "user", "idempotencyKey": SEND.id}]})
    assert world.outcome(SEND) == DONE


# A message in a session of which the history shows the newest part only


def newest(world: World, count: int, from_ms: int = 0) -> dict[str, Any]:
    """A history that begins so long after the message."""
    now = world.clock.now_ms() + from_ms
    rows = [{"role": "assistant", "content": "x", "timestamp": now + n} for n in range(count)]
    return {"messages": rows}


async def test_a_message_that_newer_ones_may_have_pushed_out_of_the_list_is_not_said_to_be_lost(
    world: World,
) -> None:
    await ask_again(world, SEND)
    await world.answer(newest(world, FEW))
    assert world.link.sent[-1] == ("agent.wait", {"runId": SEND.id, "timeoutMs": 0})
    await world.answer({"status": "timeout"})
    assert world.outcome(SEND) == WAITS
    answers = {"chat.history": newest(world, FEW), "agent.wait": {"status": "timeout"}}
    await refuse_until_the_end(world, answers)
    assert world.outcome(SEND) == (CommandPhase.UNKNOWABLE, "no-word")


@pytest.mark.parametrize(
    ("said", "outcome"), [("[Tue 16:40] hi", DONE), ("this or that", NOT_ARRIVED)]
)
async def test_a_message_is_found_by_its_words_and_not_inside_of_others(
    world: World, said: str, outcome: object
) -> None:
    await ask_again(world, replace(SEND, text="hi"))
    now = world.clock.now_ms() + 1_000
    await world.answer({"messages": [{"role": "user", "content": said, "timestamp": now}]})
    assert world.outcome(SEND) == outcome


async def test_its_run_tells_of_such_a_message(world: World) -> None:
    await ask_again(world, SEND)
    await world.answer(newest(world, FEW))
    await world.answer({"status": "ok"})
    assert world.outcome(SEND) == DONE


@pytest.mark.parametrize("from_ms", [0, -3_600_000])
async def test_a_list_that_goes_back_far_enough_tells_that_a_message_is_not_there(
    world: World, from_ms: int
) -> None:
    await ask_again(world, SEND)
    await world.answer(newest(world, FEW - 1 if not from_ms else HISTORY, from_ms))
    assert world.outcome(SEND) == NOT_ARRIVED


async def test_a_message_that_was_confirmed_is_not_dropped_because_much_was_said_since(
    world: World,
) -> None:
    await world.sent(SEND)
    await world.answer({})
    world.actions.on_synced()
    await settle()
    await world.answer(newest(world, FEW))
    await world.answer({"status": "timeout"})
    assert world.outcome(SEND) == DONE


# Who or what else ended an approval or a question


@pytest.mark.parametrize(
    ("command", "told", "outcome"),
    [
        (APPROVE, ev.ApprovalClosed(G, "a", "p", "allow-once", "me"), DONE),
        (APPROVE, ev.ApprovalClosed(G, "a", "p"), DONE),
        (APPROVE, ev.ApprovalClosed(G, "a", "p", "deny", "Bob"), DECIDED),
        (APPROVE, ev.ApprovalClosed(G, "a", "p", "expired"), GONE),
        (ANSWER, ev.QuestionClosed(G, "a", "q", "answered"), DONE),
        (ANSWER, ev.QuestionClosed(G, "a", "q", "cancelled"), DECIDED),
        (ANSWER, ev.QuestionClosed(G, "a", "q", "expired"), GONE),
        (replace(ANSWER, cancel=True), ev.QuestionClosed(G, "a", "q", "cancelled"), DONE),
    ],
)
async def test_what_the_gateway_told_of_the_end_is_what_is_said(
    world: World, command: GatewayAction, told: ev.Event, outcome: tuple[CommandPhase, str]
) -> None:
    await lost(world, command)
    world.store.apply(told)
    world.actions.on_synced()
    await settle()
    await world.answer([] if command is APPROVE else {"questions": []})
    assert world.outcome(command) == outcome


async def test_of_an_approval_that_expired_meanwhile_nobody_says_that_it_was_given(
    world: World,
) -> None:
    await world.sent(APPROVE)
    world.link.is_live = False
    await world.fail(LOST)
    await world.clock.advance(DAY_S)
    world.link.is_live = True
    world.store.apply(ev.Tick(G))
    world.actions.on_synced()
    await settle()
    await world.answer([])
    await refuse_until_the_end(world, {"exec.approval.list": []})
    assert world.outcome(APPROVE) == (CommandPhase.UNKNOWABLE, "no-word")


# Other commands whose list is refused, or does not come


@pytest.mark.parametrize("command", [APPROVE, ANSWER, RETRY, CANCEL, DISMISS], ids=repr)
async def test_a_list_that_is_refused_for_long_ends_the_wait(
    world: World, command: GatewayAction
) -> None:
    await ask_again(world, command)
    await refuse_until_the_end(world)
    assert world.outcome(command) == (CommandPhase.UNKNOWABLE, "no-word")
    assert "Nobody can say whether it arrived" in progress(world.gateway.commands[command.id])


@pytest.mark.parametrize("command", [SEND, APPROVE, ANSWER, RETRY], ids=repr)
async def test_a_gateway_that_says_nothing_is_not_asked_for_ever(
    world: World, command: GatewayAction
) -> None:
    await ask_again(world, command)
    for _ in range(int(KNOW_S / LOOK_AGAIN_S) + 1):
        await world.fail(RequestTimeoutError(Failure(kind=FailureKind.SILENT)))
        await world.clock.advance(LOOK_AGAIN_S)
    assert world.outcome(command) == (CommandPhase.UNKNOWABLE, "no-word")


# Tasks

FAILED = {
    "id": "t",
    "status": "completed",
    "deliveryStatus": "failed",
    "terminalOutcome": "blocked",
}


@pytest.mark.parametrize(
    ("command", "row", "outcome"),
    [
        (RETRY, {**FAILED, "deliveryStatus": "session_queued"}, DONE),
        (RETRY, {**FAILED, "deliveryStatus": "pending"}, DONE),
        (RETRY, {**FAILED, "deliveryStatus": "delivered"}, DONE),
        (RETRY, FAILED, NOT_ARRIVED),
        (RETRY, {**FAILED, "updatedAt": 1}, NOT_ARRIVED),
        (DISMISS, {**FAILED, "deliveryStatus": "dismissed"}, DONE),
        (DISMISS, FAILED, NOT_ARRIVED),
        (CANCEL, {"id": "t", "status": "cancelled"}, DONE),
        (CANCEL, {"id": "t", "status": "running"}, NOT_ARRIVED),
        (CANCEL, {"id": "t", "status": "queued"}, NOT_ARRIVED),
        (CANCEL, {"id": "t", "status": "completed"}, (CommandPhase.REFUSED, "not-running")),
    ],
)
async def test_the_task_tells_what_became_of_it(
    world: World, command: GatewayAction, row: dict[str, Any], outcome: tuple[CommandPhase, str]
) -> None:
    await ask_again(world, command)
    assert world.link.sent[-1] == ("tasks.get", {"taskId": "t"})
    await world.answer({"task": row})
    assert world.outcome(command) == outcome
    assert len(world.link.sent) == 2  # it is never sent again


async def test_a_retry_whose_result_was_lost_once_more_was_a_retry(world: World) -> None:
    await ask_again(world, RETRY)
    await world.answer({"task": {**FAILED, "updatedAt": world.clock.now_ms()}})
    assert world.outcome(RETRY) == DONE


async def test_a_task_that_the_gateway_forgot_is_no_longer_open(world: World) -> None:
    await ask_again(world, RETRY)
    await world.fail(refused("task not found: t"))
    assert world.outcome(RETRY) == (CommandPhase.REFUSED, "gone")


@pytest.mark.parametrize("answer", [None, [], {}, {"task": 7}, {"task": {"status": "completed"}}])
async def test_a_task_of_any_shape_is_taken(world: World, answer: object) -> None:
    await ask_again(world, RETRY)
    await refuse_until_the_end(world, {"tasks.get": answer})
    assert world.outcome(RETRY) == (CommandPhase.UNKNOWABLE, "no-word")
    assert world.incidents.total == 0


@pytest.mark.parametrize("command", [RETRY, CANCEL, DISMISS], ids=repr)
@pytest.mark.parametrize("cuts", [0, 1, 3])
@pytest.mark.parametrize("error", [LOST, NotConnectedError(Failure(kind=FailureKind.LOST))])
async def test_a_connection_that_is_cut_while_a_task_is_asked_for_is_asked_when_it_is_back(
    world: World, command: GatewayAction, cuts: int, error: GatewayFailureError
) -> None:
    await lost(world, command)
    for _ in range(cuts):
        world.actions.on_synced()
        await settle()
        await world.fail(error)
        assert world.outcome(command) == WAITS
    world.actions.on_synced()
    await settle()
    await world.answer({"task": {"id": "t", "status": "cancelled", "deliveryStatus": "dismissed"}})
    told = NOT_ARRIVED if command is RETRY else DONE
    assert world.outcome(command) == told
    assert [method for method, _ in world.link.sent].count("tasks.get") == cuts + 1


async def test_a_task_whose_connection_goes_before_it_is_sent_is_not_sent(world: World) -> None:
    await world.sent(RETRY)
    await world.fail(NotConnectedError(Failure(kind=FailureKind.LOST)))
    assert world.outcome(RETRY) == (CommandPhase.REFUSED, "not-live")


async def test_a_task_whose_connection_another_took_over_is_asked_for_soon(world: World) -> None:
    await world.sent(RETRY)
    await world.fail(LOST)
    await world.clock.advance(LOSS_S)
    await world.answer({"task": {**FAILED, "deliveryStatus": "pending"}})
    assert world.outcome(RETRY) == DONE


# What a gateway says of each task that it is asked to change


@pytest.mark.parametrize(
    ("command", "answer", "outcome"),
    [
        (RETRY, {"results": [{"taskId": "t", "ok": True, "duplicateRisk": True}]}, DONE),
        (
            RETRY,
            {"results": [{"ok": False, "reason": "completion delivery is not blocked"}]},
            (CommandPhase.REFUSED, "refused"),
        ),
        (
            DISMISS,
            {"results": [{"ok": False, "reason": "task not found"}]},
            (CommandPhase.REFUSED, "gone"),
        ),
        (CANCEL, {"found": True, "cancelled": True}, DONE),
        (CANCEL, {"found": False, "cancelled": False}, (CommandPhase.REFUSED, "gone")),
        (
            CANCEL,
            {"found": True, "cancelled": False, "reason": "over"},
            (CommandPhase.REFUSED, "refused"),
        ),
        (RETRY, {"results": "none"}, DONE),
        (RETRY, {"results": [None, 7]}, DONE),
    ],
)
async def test_what_a_gateway_answers_of_a_task(
    world: World, command: GatewayAction, answer: object, outcome: tuple[CommandPhase, str]
) -> None:
    await world.sent(command)
    await world.answer(answer)
    assert world.outcome(command) == outcome
