"""A request for rights that waits for somebody is withdrawn, and nothing is lost by that."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cc_desktop.fleet.commands import RequestRights, WithdrawRequest
from cc_desktop.fleet.model import ConnectionState as S
from cc_desktop.gateway.rights import REJECT, REJECT_S, Rights
from tests.fakes.clock import settle, until
from tests.fakes.gateway import FakeGateway, refused
from tests.fakes.rig import MemoryTokens, Rig, running_link
from tests.gateway.test_rights import (
    QUESTIONS,
    READ,
    REQUEST,
    WAIT,
    WRITE,
    ask,
    give_back,
    needs_approval,
    upgradable,
)

if TYPE_CHECKING:
    import pytest

    from tests.fakes.gateway import Hold

PAIRING = "operator.pairing"


class UnexpectedError(Exception):
    """What nobody expected."""


def withdraw(rig: Rig) -> list[str]:
    ended: list[str] = []
    rig.link.change_rights(WithdrawRequest(gateway="gw"), ended.append)
    return ended


async def asked(rig: Rig, gateway: FakeGateway) -> tuple[list[str], Hold]:
    """A request that waits for somebody on the gateway's host."""
    await rig.live()
    decision = gateway.hold(WAIT)
    ended = ask(rig, QUESTIONS)
    await decision.reached.wait()
    assert rig.link.connection.pairing is not None
    return ended, decision


async def test_who_withdraws_a_request_keeps_what_is_granted_and_can_ask_again() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        async with running_link(gateway.url) as rig:
            ended, decision = await asked(rig, gateway)
            done = withdraw(rig)
            await until(lambda: ended)
            assert (ended, done) == (["left-open"], [""])
            assert rig.link.connection.pairing is None
            assert QUESTIONS not in rig.link.connection.scopes
            assert rig.states.count(S.LIVE) == 1  # it was never interrupted
            assert gateway.count(REJECT) == 0  # it may not
            decision.release.set()
            again = ask(rig, QUESTIONS)
            await until(lambda: again)
            assert again == [""]
            await until(lambda: QUESTIONS in rig.link.connection.scopes, "the connection with it")


async def test_what_is_approved_after_it_was_withdrawn_costs_no_token_and_gives_no_right() -> None:
    """An approval replaces the token. Who does not take the new one is locked out."""
    async with FakeGateway() as gateway:
        upgradable(gateway)
        tokens = MemoryTokens()
        async with running_link(gateway.url, token="shared", tokens=tokens) as rig:
            ended, decision = await asked(rig, gateway)
            withdraw(rig)
            await until(lambda: ended)
            decision.release.set()
            await until(lambda: tokens.kept.get(gateway.url) == "token-after")
            await settle()
            assert rig.link.connection.scopes == (READ,)
            assert tokens.scopes.get(gateway.url, ()) == ()
            assert rig.state is S.LIVE


async def test_a_device_that_may_takes_its_request_back_on_the_gateway() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        gateway.scopes = [READ, PAIRING]
        gateway.answers[REJECT] = lambda _params: {}
        async with running_link(gateway.url, scopes=(READ, PAIRING)) as rig:
            ended, _ = await asked(rig, gateway)
            done = withdraw(rig)
            await until(lambda: ended and done)
            assert (ended, done) == (["withdrawn"], [""])
            asked_for = [one.params for one in gateway.asked if one.method == REJECT]
            assert asked_for == [{"requestId": "req-1"}]


def refuse(_params: object) -> None:
    raise refused("INVALID_REQUEST", close=0)


async def test_a_gateway_that_refuses_or_is_silent_keeps_the_request() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        gateway.scopes = [READ, PAIRING]
        gateway.answers[REJECT] = refuse
        async with running_link(gateway.url, scopes=(READ, PAIRING)) as rig:
            ended, _ = await asked(rig, gateway)
            withdraw(rig)
            await until(lambda: ended)
            assert ended == ["left-open"]
            gateway.answers[REJECT] = lambda _params: {}
            silent = gateway.hold(REJECT)
            ended, _ = await asked(rig, gateway)
            withdraw(rig)
            await silent.reached.wait()
            assert withdraw(rig) == ["busy"]
            await rig.clock.advance(REJECT_S + 1)
            await until(lambda: ended)
            assert ended == ["left-open"]
            silent.release.set()


async def test_on_an_older_gateway_nobody_dials_any_more() -> None:
    async with FakeGateway(3) as gateway, running_link(gateway.url) as rig:
        await rig.live()
        gateway.refusal = needs_approval(READ)
        ended = ask(rig, QUESTIONS)
        await until(lambda: rig.link.connection.pairing is not None)
        withdraw(rig)
        await until(lambda: ended)
        assert ended == ["left-open"]
        assert rig.link.connection.pairing is None
        before = gateway.connections
        for _ in range(6):
            await gateway.tick()
            await rig.clock.advance(10)
        assert gateway.connections == before
        assert rig.state is S.LIVE


async def test_where_nothing_is_asked_there_is_nothing_to_withdraw() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        async with running_link(gateway.url) as rig:
            assert withdraw(rig) == ["not-live"]
            await rig.live()
            assert withdraw(rig) == ["not-asked"]
            ended = ask(rig, QUESTIONS)
            await until(lambda: ended == [""])
            assert withdraw(rig) == ["not-asked"]
            back = give_back(rig, QUESTIONS)
            assert withdraw(rig) == ["not-asked"]
            await until(lambda: back)
            assert back == [""]


async def test_a_connection_that_goes_meanwhile_ends_the_request_and_leaves_nothing() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        async with running_link(gateway.url) as rig:
            ended, decision = await asked(rig, gateway)
            withdraw(rig)
            gateway.drop()
            await until(lambda: ended)
            assert ended[0] in ("left-open", "lost")
            decision.release.set()
            await rig.clock.advance(2)
            await rig.live()
            assert rig.link.connection.pairing is None


async def test_whatever_withdrawing_raises_the_request_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def boom(*_args: object) -> str:
        raise UnexpectedError

    async with FakeGateway() as gateway:
        upgradable(gateway)
        async with running_link(gateway.url, incidents=1) as rig:
            ended, _ = await asked(rig, gateway)
            monkeypatch.setattr(Rights, "withdraw", boom)
            done = withdraw(rig)
            await until(lambda: ended and done)
            assert (ended, done) == (["left-open"], [""])
            assert rig.state is S.LIVE


async def test_what_waits_for_another_connection_is_withdrawn_too() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        async with running_link(gateway.url) as rig:
            await rig.live()
            ended: list[str] = []
            command = RequestRights(gateway="gw", scopes=(WRITE,))
            rig.link._changes.start(None, command, ended.append)  # another is just taking over
            assert withdraw(rig) == [""]
            assert ended == ["withdrawn"]
            assert gateway.count(REQUEST) == 0


async def test_who_is_cancelled_while_a_request_ends_leaves_no_task_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with FakeGateway() as gateway:
        before = asyncio.all_tasks()
        async with running_link(gateway.url) as rig:
            await rig.live()

            async def cancelled_there() -> None:
                rig.task.cancel()
                await asyncio.sleep(0)

            monkeypatch.setattr(rig.link._changes, "end", cancelled_there)
            gateway.drop()
            await until(rig.task.done)
        await settle()
        left = {task.get_name() for task in asyncio.all_tasks() - before}
        assert not left & {"handover", "held gw", "sync gw", "reader gw", "sources gw"}
