from __future__ import annotations

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import CommandPhase, CommandState, MarkSeen, Refresh
from cc_desktop.fleet.model import COMMANDS_PER_GATEWAY, GatewayChanged, Now
from cc_desktop.fleet.status import DONE_COMMAND_MS, next_wait, seen_marks
from tests.fleet.test_reduce import KEY, NOW, G, World, ended, listed, progress, row


def sent(ident: str) -> ev.CommandSent:
    return ev.CommandSent(G, Refresh(G, id=ident))


def phases(world: World) -> dict[str, CommandPhase]:
    return {key: state.phase for key, state in world.fleet.gateways[G].commands.items()}


def test_a_command_is_pending_until_it_is_done() -> None:
    world = World()
    (change,) = world.tell(sent("1"))
    assert isinstance(change, GatewayChanged)
    assert world.fleet.gateways[G].commands == {"1": CommandState(Refresh(G, id="1"), at=NOW)}
    world.later(5, ev.CommandDone(G, "1"))
    state = world.fleet.gateways[G].commands["1"]
    assert (state.phase, state.at) == (CommandPhase.DONE, NOW + 5)


def test_a_refusal_says_why() -> None:
    world = World(sent("1"), ev.CommandRefused(G, "1", "scope"))
    state = world.fleet.gateways[G].commands["1"]
    assert (state.phase, state.reason) == (CommandPhase.REFUSED, "scope")


@pytest.mark.parametrize(
    "late",
    [
        sent("1"),
        ev.CommandDone(G, "1"),
        ev.CommandRefused(G, "1", "late"),
        ev.CommandDone(G, "unknown"),
        ev.CommandRefused(G, "unknown", "?"),
    ],
    ids=repr,
)
def test_what_is_over_stays_so(late: ev.Event) -> None:
    world = World(sent("1"), ev.CommandDone(G, "1"))
    assert world.later(1, late) == []


def test_what_is_done_vanishes_after_a_minute_and_a_refusal_stays() -> None:
    world = World(sent("1"), sent("2"), sent("3"))
    world.tell(ev.CommandDone(G, "1"), ev.CommandRefused(G, "2", "scope"))
    assert next_wait(world.fleet, Now(NOW, world.mono)) == DONE_COMMAND_MS
    assert world.later(DONE_COMMAND_MS - 1, ev.Tick(G)) == []
    assert len(world.later(1, ev.Tick(G))) == 1
    assert phases(world) == {"2": CommandPhase.REFUSED, "3": CommandPhase.PENDING}
    assert next_wait(world.fleet, Now(world.now, world.mono)) is None


def test_the_oldest_go_when_there_are_too_many_and_pending_ones_last() -> None:
    world = World(sent("pending"), sent("over"), ev.CommandRefused(G, "over", "scope"))
    for number in range(COMMANDS_PER_GATEWAY - 1):
        world.tell(sent(str(number)))
    assert "pending" in phases(world)
    assert "over" not in phases(world)
    world.tell(sent("last"))
    assert "pending" not in phases(world)
    assert len(phases(world)) == COMMANDS_PER_GATEWAY


def test_commands_survive_a_list() -> None:
    world = World(sent("1"), listed(row()))
    assert phases(world) == {"1": CommandPhase.PENDING}


def test_what_to_mark_when_failures_were_seen() -> None:
    other = "agent:a:other"
    world = World(listed(row(**ended(NOW, "failed")), row(other, **ended(NOW - 9, "timeout"))))
    third = "agent:a:third"
    world.tell(listed(*world.agent().sessions.values(), row(third)))
    world.tell(progress("r", third), progress("r", third, error="E", over=True))
    agent = world.agent()
    assert seen_marks(agent, NOW + 1) == {KEY: NOW, other: NOW - 9, third: NOW + 1}
    assert seen_marks(agent, NOW + 1, (other,)) == {other: NOW - 9}


def test_a_command_needs_no_id_until_it_is_executed() -> None:
    assert MarkSeen(G, "a").id == ""
