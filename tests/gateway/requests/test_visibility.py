"""A gateway is told that somebody looks, and never beside a subscription to messages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from cc_desktop.gateway.failures import GatewayFailureError
from cc_desktop.gateway.requests.visibility import METHOD, SETTLE_S
from tests.fakes.clock import settle, until
from tests.fakes.gateway import FakeGateway
from tests.fakes.rig import running_link

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MAIN = "agent:otto:main"


async def _nothing() -> None:
    """Nobody is attached yet."""


class Subscriptions:
    """The other side of the agreement, as small as it can be."""

    def __init__(self) -> None:
        self.withdraw_visibility: Callable[[], Awaitable[object]] = _nothing
        self.restore_visibility: Callable[[], Awaitable[object]] = _nothing
        self.lock = asyncio.Lock()
        self.has_message_subscriptions = False

    async def enter(self) -> None:
        async with self.lock:
            self.has_message_subscriptions = True
            await self.withdraw_visibility()

    async def leave(self) -> None:
        async with self.lock:
            self.has_message_subscriptions = False
            await self.restore_visibility()


def watching(gateway: FakeGateway) -> FakeGateway:
    gateway.add_agent("otto")
    gateway.add_session(MAIN, status="running", hasActiveRun=True)
    gateway.answers[METHOD] = lambda _params: {"ok": True}
    return gateway


def told(gateway: FakeGateway) -> list[bool]:
    return [asked.params["visible"] for asked in gateway.asked if asked.method == METHOD]


async def test_a_window_in_sight_is_told_and_withdrawn_when_it_is_hidden() -> None:
    async with FakeGateway() as gateway, running_link(watching(gateway).url) as rig:
        await rig.live()
        assert told(gateway) == []
        rig.link.visibility.set_in_sight(True)
        await rig.clock.advance(SETTLE_S)
        await until(lambda: told(gateway) == [True], "the word")
        rig.link.visibility.set_in_sight(False)
        await rig.clock.advance(SETTLE_S)
        await until(lambda: told(gateway) == [True, False], "its end")


async def test_a_window_that_comes_and_goes_at_once_is_not_told() -> None:
    async with FakeGateway() as gateway, running_link(watching(gateway).url) as rig:
        await rig.live()
        for is_in_sight in (True, False) * 20:
            rig.link.visibility.set_in_sight(is_in_sight)
        await rig.clock.advance(5)
        await settle()
        assert len(told(gateway)) % 2 == 0
        assert not rig.link.visibility.is_declared


async def test_every_connection_is_told_anew() -> None:
    async with FakeGateway() as gateway, running_link(watching(gateway).url) as rig:
        rig.link.visibility.set_in_sight(True)
        await rig.live()
        await rig.clock.advance(SETTLE_S)
        await until(lambda: told(gateway) == [True], "the word")
        gateway.drop()
        await until(lambda: not rig.link.is_live, "the loss")
        assert not rig.link.visibility.is_declared
        await rig.clock.advance(5)
        await rig.live()
        await rig.clock.advance(SETTLE_S)
        await until(lambda: told(gateway) == [True, True], "the word again")


async def test_a_release_without_an_observer_is_not_asked() -> None:
    async with FakeGateway(3) as gateway, running_link(watching(gateway).url) as rig:
        await rig.live()
        rig.link.visibility.set_in_sight(True)
        await rig.clock.advance(60)
        assert told(gateway) == []


async def test_a_gateway_that_refuses_is_asked_once_a_connection() -> None:
    async with FakeGateway() as gateway, running_link(watching(gateway).url) as rig:
        del gateway.answers[METHOD]
        await rig.live()
        rig.link.visibility.set_in_sight(True)
        await rig.clock.advance(SETTLE_S)
        await until(lambda: len(told(gateway)) == 1, "the word")
        for is_in_sight in (False, True):
            rig.link.visibility.set_in_sight(is_in_sight)
            await rig.clock.advance(5)
        assert told(gateway) == [True]
        assert rig.link.is_live


async def test_never_together_with_a_subscription_to_messages() -> None:
    subscriptions = Subscriptions()
    async with FakeGateway() as gateway, running_link(watching(gateway).url) as rig:
        rig.link.visibility.attach(subscriptions)
        await rig.live()
        rig.link.visibility.set_in_sight(True)
        await rig.clock.advance(SETTLE_S)
        await until(lambda: rig.link.visibility.is_declared, "the word")

        await subscriptions.enter()
        assert told(gateway) == [True, False]
        rig.link.visibility.set_in_sight(False)
        rig.link.visibility.set_in_sight(True)
        await rig.clock.advance(5)
        assert told(gateway) == [True, False]

        await subscriptions.leave()
        assert told(gateway) == [True, False, True]
        rig.link.visibility.set_in_sight(False)
        await rig.clock.advance(SETTLE_S)
        await until(lambda: not rig.link.visibility.is_declared, "its end")
        await subscriptions.enter()
        await subscriptions.leave()
        assert told(gateway) == [True, False, True, False]


async def test_a_subscription_waits_until_visibility_is_withdrawn() -> None:
    """What cannot be withdrawn stays declared: then there is no subscription."""
    subscriptions = Subscriptions()
    async with FakeGateway() as gateway, running_link(watching(gateway).url) as rig:
        rig.link.visibility.attach(subscriptions)
        await rig.live()
        rig.link.visibility.set_in_sight(True)
        await rig.clock.advance(SETTLE_S)
        await until(lambda: rig.link.visibility.is_declared, "the word")
        del gateway.answers[METHOD]
        failure: Any = None
        try:
            await subscriptions.enter()
        except GatewayFailureError as error:
            failure = error
        assert failure is not None


async def test_headlines_are_shown_on_their_session() -> None:
    async with FakeGateway() as gateway, running_link(watching(gateway).url) as rig:
        await rig.live()
        digest = {"sessionKey": MAIN, "agentId": "otto", "revision": 2, "headline": "Tests run"}
        await gateway.emit("session.observer", {**digest, "health": "on-track"})

        def headline() -> str:
            session = rig.session(MAIN)
            return session.digest_headline if session else ""

        await until(lambda: headline() == "Tests run", "the headline")
        await gateway.emit("session.observer", {**digest, "revision": 1, "headline": "Older"})
        await gateway.change(MAIN, totalTokens=7)  # a row that says nothing of it
        await settle()
        assert headline() == "Tests run"
