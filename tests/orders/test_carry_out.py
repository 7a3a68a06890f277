"""An order is followed until the gateway has confirmed or refused it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet import facts
from cc_desktop.orders.carry_out import carry_out, wait_for_lists
from cc_desktop.orders.order import Order, Verb
from tests.fakes.clock import settle
from tests.orders.world import World

if TYPE_CHECKING:
    from cc_desktop.fleet.commands import Command
    from cc_desktop.orders.order import Outcome


async def do(world: World, verb: Verb, *targets: str) -> Outcome:
    return await carry_out(world, Order(verb=verb, targets=targets, text="Hi"))


async def test_what_is_confirmed_is_done() -> None:
    outcome = await do(World(), Verb.STOP, "Rex")
    assert (outcome.code, outcome.out, outcome.err) == (0, ("Rex (Work) on One: Done",), ())


@pytest.mark.parametrize(
    ("reason", "code"),
    [("right", 1), ("decided", 1), ("gone", 1), ("not-live", 3), ("not-arrived", 3)],
)
async def test_what_is_refused_says_why(reason: str, code: int) -> None:
    world = World()
    world.end = lambda gateway, command: ev.CommandRefused(gateway, command.id, reason)
    outcome = await do(world, Verb.SEND, "Rex")
    assert outcome.code == code
    assert not outcome.out
    assert outcome.err[0].startswith("Rex on One: ")


async def test_the_end_may_come_later() -> None:
    world = World()
    world.end = lambda _gateway, _command: None
    doing = asyncio.create_task(do(world, Verb.SEND, "Rex"))
    await settle()
    assert not doing.done()
    world.store.apply(ev.CommandUnknown("one", "c0", "late"))
    await settle()
    assert not doing.done()
    world.store.apply(ev.CommandDone("one", "c0"))
    assert (await doing).code == 0


@pytest.mark.parametrize("unknown", [True, False])
async def test_what_nobody_knows_in_time_counts_as_not_reached(unknown: bool) -> None:
    world = World()

    def end(gateway: str, command: Command) -> ev.Event | None:
        return ev.CommandUnknown(gateway, command.id, "lost") if unknown else None

    world.end = end
    doing = asyncio.create_task(do(world, Verb.SEND, "Rex"))
    await settle()
    await world.clock.advance(100)
    outcome = await doing
    assert outcome.code == 3


async def test_stop_all_reports_each_run() -> None:
    world = World()
    world.end = lambda gateway, command: (
        ev.CommandDone(gateway, command.id)
        if gateway == "one"
        else ev.CommandRefused(gateway, command.id, "not-owner")
    )
    outcome = await do(world, Verb.STOP_ALL)
    assert outcome.code == 1
    assert outcome.out == ("Rex (Work) on One: Done", "1 of 2 runs stopped")
    assert outcome.err[0].startswith("Dex (Work) on Two: Only the client")


async def test_its_own_connection_waits_for_the_lists_of_live_gateways() -> None:
    world = World()
    waiting = asyncio.create_task(wait_for_lists(world, Order(verb=Verb.NEXT)))
    await settle()
    for gateway in ("one", "two"):
        assert not waiting.done()
        for subject in ("approvals", "questions"):
            world.store.apply(ev.FactTold(gateway, facts.Subject(subject)))
        await settle()
    await waiting


async def test_lists_that_never_come_are_not_waited_for_long() -> None:
    world = World()
    waiting = asyncio.create_task(wait_for_lists(world, Order(verb=Verb.NEXT)))
    await settle()
    await world.clock.advance(10)
    await waiting


async def test_who_only_stops_waits_for_no_list() -> None:
    await wait_for_lists(World(), Order(verb=Verb.STOP_ALL))
