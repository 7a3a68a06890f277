"""An order means commands, or says why it means none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet import facts
from cc_desktop.fleet.commands import (
    AnswerQuestion,
    MarkItems,
    ResolveApproval,
    SendMessage,
    StopRun,
)
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Origin, PairingRequest
from cc_desktop.orders.order import Order, Outcome, Verb, pack_outcome, unpack_outcome
from cc_desktop.orders.plan import Plan, plan
from cc_desktop.text.report import json_line
from tests.orders.world import NOW, World, running

if TYPE_CHECKING:
    from cc_desktop.fleet.commands import Command


def commands(world: World, verb: Verb, *targets: str, **more: Any) -> tuple[Command, ...]:
    found = plan(world.store.fleet, Order(verb=verb, targets=targets, **more), NOW)
    assert isinstance(found, Plan), found
    return found.commands


def outcome(world: World, verb: Verb, *targets: str, **more: Any) -> Outcome:
    found = plan(world.store.fleet, Order(verb=verb, targets=targets, **more), NOW)
    assert isinstance(found, Outcome), found
    return found


# next


def test_next_says_when_nothing_needs_you() -> None:
    found = outcome(World(), Verb.NEXT)
    assert (found.code, found.out, found.data) == (0, ("Nothing needs you",), None)


def test_next_shows_the_oldest_with_what_it_takes_to_decide() -> None:
    world = World()
    item = world.ask_approval(cwd="/srv", host="box", warning="It restarts things")
    world.ask_approval("y", opened_at=NOW + 1)
    found = outcome(world, Verb.NEXT)
    text = "\n".join(found.out)
    assert found.code == 1
    for part in ("$ make deploy", "in /srv", "on box", "! It restarts", "one/a", item.id):
        assert part in text
    assert found.data["id"] == item.id
    assert found.data["approval"]["command"] == "make deploy"
    json.loads(json_line(found.data))


def test_next_shows_the_choices_of_a_question() -> None:
    world = World()
    item = world.ask_question()
    found = outcome(world, Verb.NEXT)
    text = "\n".join(found.out)
    assert "Which database?" in text
    assert "2 SQLite" in text
    assert "secret" in text
    assert [part["id"] for part in found.data["question"]] == ["db", "pw"]
    assert found.data["id"] == item.id


def test_next_leaves_out_warnings_and_what_was_seen() -> None:
    world = World()
    job = facts.CronJob("j", "Backup", last_status="error", last_run_at=NOW)
    world.store.apply(ev.FactTold("one", job))
    item = world.ask_approval()
    world.store.apply(ev.Seen("one", {item.mark: NOW}))
    assert outcome(world, Verb.NEXT).code == 0


def test_next_says_what_a_gateway_waits_for_that_is_not_reached() -> None:
    world = World()
    blocked = ConnectionInfo(ConnectionState.BLOCKED, pairing=PairingRequest("r1"))
    for name in ("one", "two"):
        world.store.apply(ev.OriginChanged(name, Origin.NONE))
        world.store.apply(ev.ConnectionChanged(name, blocked))
    found = outcome(world, Verb.NEXT)
    assert found.code == 3
    assert found.data["kind"] == "pairing-self"


@pytest.mark.parametrize("verb", list(Verb))
def test_nothing_is_done_on_a_fleet_that_is_not_there(verb: Verb) -> None:
    world = World()
    item = world.ask_approval()
    for name in ("one", "two"):
        world.store.apply(ev.OriginChanged(name, Origin.LAST_KNOWN))
    found = outcome(world, verb, item.id)
    assert (found.code, found.err) == (3, ("no gateway can be reached",))


@pytest.mark.parametrize("verb", list(Verb))
def test_sample_data_in_the_place_of_a_lost_fleet_is_not_acted_on(verb: Verb) -> None:
    world = World()
    world.store.apply(ev.Shown("one", shown=False))
    found = outcome(world, verb, "x")
    assert found.code == 3
    assert "sample data" in found.err[0]


# Items by their id


def test_an_approval_is_found_by_the_beginning_of_its_id() -> None:
    world = World()
    item = world.ask_approval()
    for word in (item.id, item.id[:-3], item.id.rpartition("-")[2][:4]):
        [command] = commands(world, Verb.APPROVE, word)
        assert command == ResolveApproval(
            gateway="one", agent="a", approval="x", decision="allow-once", family="exec"
        )
    [denied] = commands(world, Verb.DENY, item.id)
    assert isinstance(denied, ResolveApproval)
    assert denied.decision == "deny"


@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.DENY])
@pytest.mark.parametrize("word", ["a", "approval", "approval-", "id:3", "kind:3"])
def test_who_names_no_item_in_particular_decides_nothing(verb: Verb, word: str) -> None:
    """What is open by now may not be what was looked at."""
    world = World()
    item = world.ask_approval()
    kind, _, hexes = item.id.rpartition("-")
    word = {"id:3": hexes[:3], "kind:3": f"{kind}-{hexes[:3]}"}.get(word, word)
    found = outcome(world, verb, word)
    assert found.code in (1, 2)
    assert not found.out


@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.DENY])
def test_what_the_gateway_lets_nobody_decide_is_not_decided(verb: Verb) -> None:
    world = World()
    item = world.ask_approval(decisions=())
    assert outcome(world, verb, item.id).code == 1


def test_an_id_that_means_several_is_wrong_usage() -> None:
    world = World()
    items = [world.ask_approval(), world.ask_approval("y")]
    found = outcome(world, Verb.APPROVE, "approval-")
    assert found.code == 2
    assert all(item.id in found.err[0] for item in items)


def test_what_is_not_open_any_more_is_refused() -> None:
    for word in ("approval-0", "", "x"):
        found = outcome(World(), Verb.APPROVE, word)
        assert found.code == 1
        assert "nothing open" in found.err[0]


def test_an_approval_is_no_question() -> None:
    world = World()
    approval, question = world.ask_approval(), world.ask_question()
    assert outcome(world, Verb.APPROVE, question.id).code == 2
    assert outcome(world, Verb.LOOK, approval.id).code == 2


def test_only_what_the_gateway_offers_can_be_decided() -> None:
    world = World()
    item = world.ask_approval()
    found = outcome(world, Verb.APPROVE, item.id, always=True)
    assert found.code == 1
    assert "allow-once, deny" in found.err[0]
    again = world.ask_approval("y", decisions=("allow-once", "allow-always", "deny"))
    [command] = commands(world, Verb.APPROVE, again.id, always=True)
    assert isinstance(command, ResolveApproval)
    assert command.decision == "allow-always"


def test_items_are_marked_as_seen_on_their_gateways() -> None:
    world = World()
    one, two = world.ask_approval(), world.ask_question()
    [command] = commands(world, Verb.SEEN, one.id, two.id)
    assert command == MarkItems(gateway="one", items=(one.id, two.id))


# Questions


def test_a_question_is_answered_part_by_part() -> None:
    world = World()
    item = world.ask_question()
    look = outcome(world, Verb.LOOK, item.id)
    assert look.data["id"] == item.id
    assert [part["is_secret"] for part in look.data["parts"]] == [False, True]
    answers = {"db": ("SQLite",), "pw": ("hunter2",), "other": ("x",)}
    [command] = commands(world, Verb.ANSWER, item.id, answers=answers)
    assert isinstance(command, AnswerQuestion)
    assert command.answers == {"db": ("SQLite",), "pw": ("hunter2",)}


def test_a_part_without_an_answer_is_wrong_usage() -> None:
    world = World()
    item = world.ask_question()
    found = outcome(world, Verb.ANSWER, item.id, answers={"db": ("SQLite",)})
    assert found.code == 2
    assert "The password?" in found.err[0]


def test_a_question_that_can_only_be_seen_is_refused() -> None:
    world = World()
    item = world.ask_question(can_answer=False)
    for verb in (Verb.LOOK, Verb.ANSWER):
        found = outcome(world, verb, item.id)
        assert found.code == 1
        assert "allow questions" in found.err[0]


def test_no_order_shows_its_words() -> None:
    order = Order(verb=Verb.ANSWER, targets=("q",), answers={"pw": ("hunter2",)}, text="hunter2")
    assert "hunter2" not in repr(order)


# Agents


@pytest.mark.parametrize("word", ["Rex", "rex", "one/a"])
def test_an_agent_is_found_by_name_or_id(word: str) -> None:
    [command] = commands(World(), Verb.STOP, word)
    assert command == StopRun(gateway="one", agent="a", session_key="agent:a:main")


def test_an_agent_that_is_not_the_only_one_is_wrong_usage() -> None:
    found = outcome(World(), Verb.STOP, "a")
    assert found.code == 2
    assert "one/a, two/a" in found.err[0]


def test_an_agent_that_is_not_there_is_refused() -> None:
    found = outcome(World(), Verb.SEND, "nobody", text="Hi")
    assert (found.code, found.err) == (1, ("no agent is called nobody",))


def test_an_agent_that_rests_has_nothing_to_stop() -> None:
    world = World()
    assert outcome(world, Verb.STOP, "idle").code == 1
    found = plan(world.store.fleet, Order(verb=Verb.STOP, targets=("idle", "Rex")), NOW)
    assert isinstance(found, Plan)
    assert len(found.commands) == 1
    assert found.problems


def test_stop_all_is_each_run_of_each_gateway() -> None:
    world = World()
    runs = outcome(world, Verb.RUNS)
    assert [(one["gateway"], one["name"]) for one in runs.data] == [("one", "Rex"), ("two", "Dex")]
    assert len(commands(world, Verb.STOP_ALL)) == 2


def test_a_message_goes_into_the_run_in_progress() -> None:
    [command] = commands(World(), Verb.SEND, "Rex", text="Hi")
    assert command == SendMessage(
        gateway="one", agent="a", session_key="agent:a:main", text="Hi", steer=True
    )


def test_a_message_goes_to_the_newest_session_where_there_is_no_main_one() -> None:
    [command] = commands(World(), Verb.SEND, "idle", text="Hi")
    assert isinstance(command, SendMessage)
    assert (command.session_key, command.steer) == ("agent:idle:old", False)


def test_a_message_goes_to_the_session_that_is_named() -> None:
    world = World()
    fields = {"status": "running", "active": True, "updated_at": NOW}
    key = running("a", "other").key
    world.store.apply(ev.SessionChanged("one", key, "a", fields))
    [command] = commands(world, Verb.SEND, "Rex", text="Hi", session=key)
    assert isinstance(command, SendMessage)
    assert command.session_key == key
    assert outcome(world, Verb.SEND, "Rex", text="Hi", session="nope").code == 1


# On the wire


def test_an_outcome_comes_back_as_it_was() -> None:
    world = World()
    world.ask_question()
    found = outcome(world, Verb.NEXT)
    back = unpack_outcome(pack_outcome(found))
    assert back is not None
    assert (back.code, back.out, back.data["id"]) == (found.code, found.out, found.data["id"])
    assert unpack_outcome(b"no\n") is None
    assert unpack_outcome(b'{"code": "x"}') is None


def test_an_outcome_that_is_too_long_says_so() -> None:
    back = unpack_outcome(pack_outcome(Outcome(out=("x" * 2_000_000,))))
    assert back is not None
    assert back.code == 70


def test_an_agent_without_a_session_gets_its_first_message() -> None:
    world = World()
    world.store.apply(ev.SessionRemoved("one", "agent:idle:old", "idle"))
    [command] = commands(world, Verb.SEND, "idle", text="Hi")
    assert isinstance(command, SendMessage)
    assert (command.session_key, command.steer) == ("agent:idle:main", False)
