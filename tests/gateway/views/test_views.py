from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet.model import ConnectionState
from cc_desktop.fleet.transcript import live
from cc_desktop.fleet.transcript.live import Phase
from cc_desktop.fleet.transcript.ports import ViewState
from cc_desktop.gateway.decoders import history
from cc_desktop.gateway.views import session_view
from tests.fakes.clock import settle, until
from tests.fakes.gateway import FakeGateway, RefusalError
from tests.fakes.rig import Rig, running_link
from tests.gateway.views.talking import KEY, Talk, numbered, ready, row, texts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class UnexpectedError(Exception):
    """What nobody expected."""


@asynccontextmanager
async def talking(
    count: int = 10, *, new: bool = True, incidents: int = 0
) -> AsyncIterator[tuple[FakeGateway, Talk, Rig]]:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        gateway.add_session(KEY)
        talk = Talk(gateway, count, new=new)
        async with running_link(gateway.url, incidents=incidents) as rig:
            await rig.live()
            yield gateway, talk, rig


async def said(gateway: FakeGateway, talk: Talk, number: int) -> None:
    talk.rows.append(row(number))
    await gateway.emit("session.message", {"sessionKey": KEY, "message": row(number)})


def agent_event(seq: int, stream: str, **data: Any) -> dict[str, Any]:
    return {"sessionKey": KEY, "runId": "r", "seq": seq, "stream": stream, "data": data}


@pytest.mark.parametrize("new", [True, False])
async def test_the_newest_page_first_older_ones_on_demand(new: bool) -> None:
    async with talking(120, new=new) as (gateway, talk, rig):
        view = rig.link.views.open(KEY, lambda: None)
        await ready(view)
        assert texts(view) == numbered(70, 120)
        assert gateway.count("chat.history") == 1
        while view.has_more:
            view.load_older()
            view.load_older()  # one is on its way
            await until(lambda: not view.loads_older)
        assert texts(view) == numbered(0, 120)
        assert gateway.count("chat.history") == 3
        assert all(asked["limit"] <= 1_000 for asked in talk.asked)
        view.close()


async def test_nothing_is_asked_for_while_nobody_looks_and_nothing_after() -> None:
    async with talking() as (gateway, talk, rig):
        await said(gateway, talk, 10)
        await settle()
        assert gateway.count("chat.history") == 0
        one = rig.link.views.open(KEY, lambda: None)
        two = rig.link.views.open(KEY, lambda: None)
        await ready(one)
        await ready(two)
        assert rig.link.views.has_message_subscriptions
        one.close()
        await settle()
        assert gateway.count("sessions.messages.unsubscribe") == 0  # somebody still looks
        two.close()
        two.close()
        await settle()
        assert gateway.count("sessions.messages.unsubscribe") == 1
        assert not rig.link.views.has_message_subscriptions
        asked = gateway.count("chat.history")
        await said(gateway, talk, 11)
        await settle()
        assert gateway.count("chat.history") == asked
        assert rig.link.views.open_count == 0


async def test_a_run_is_followed_and_its_end_is_read_again() -> None:
    async with talking() as (gateway, talk, rig):
        calls: list[float] = []
        view = rig.link.views.open(KEY, lambda: calls.append(rig.clock.monotonic()))
        await ready(view)
        await gateway.emit("agent", agent_event(1, "lifecycle", phase="start", startedAt=5))
        for number in range(50):
            text = "word " * (number + 1)
            await gateway.emit("agent", agent_event(2 + number, "assistant", text=text))
        await rig.clock.advance(0.1)
        assert view.run is not None
        assert (view.run.phase, view.run.reply) == (Phase.REPLY, ("word " * 50).rstrip())
        assert view.rows[-1].live
        talk.rows.append(row(11))  # history has it, no event told it
        await gateway.emit("agent", agent_event(60, "lifecycle", phase="end", endedAt=9))
        await rig.clock.advance(2)
        assert view.run.over
        assert texts(view)[-1] == "message 11"
        assert not any(one.live for one in view.rows)
        view.close()


async def test_the_listener_is_called_at_most_ten_times_a_second() -> None:
    async with talking() as (gateway, _, rig):
        calls: list[float] = []
        view = rig.link.views.open(KEY, lambda: calls.append(rig.clock.monotonic()))
        await ready(view)
        calls.clear()
        for second in range(20):
            for number in range(10):
                seq = second * 10 + number + 1
                await gateway.emit("agent", agent_event(seq, "assistant", text=f"{seq}"))
            await rig.clock.advance(0.05)
        assert 5 <= len(calls) <= 12
        view.close()


async def test_what_was_missed_is_caught_up_by_the_cursor_or_read_again() -> None:
    async with talking() as (gateway, talk, rig):
        view = rig.link.views.open(KEY, lambda: None)
        await ready(view)
        for forgets in (False, True):
            talk.forgets = forgets
            gateway.drop()
            await rig.reach(ConnectionState.WAITING)
            assert view.state is ViewState.OFFLINE
            talk.rows.append(row(len(talk.rows)))
            await rig.clock.advance(5)
            await rig.live()
            await ready(view)
            assert texts(view) == numbered(0, len(talk.rows))
            assert gateway.count("sessions.messages.subscribe") == 2 + forgets
        assert [sorted(asked) for asked in talk.asked] == [
            ["limit", "sessionKey"],
            ["cursor", "sessionKey"],
            ["cursor", "sessionKey"],
            ["limit", "sessionKey"],
        ]
        view.close()


async def test_lost_events_are_read_again() -> None:
    async with talking() as (gateway, talk, rig):
        view = rig.link.views.open(KEY, lambda: None)
        await ready(view)
        await gateway.tick()
        await settle()
        talk.rows.append(row(10))
        gateway.lose_events()
        await gateway.tick()
        await until(lambda: texts(view)[-1] == "message 10")
        view.close()


async def test_a_run_in_flight_is_taken_over_and_its_end_too() -> None:
    async with talking() as (gateway, talk, rig):
        talk.run = {"runId": "r", "text": "So far", "startedAt": 7}
        view = rig.link.views.open(KEY, lambda: None)
        await ready(view)
        assert view.run is not None
        assert (view.run.reply, view.run.started_at, view.run.over) == ("So far", 7, False)
        gateway.drop()
        await rig.reach(ConnectionState.WAITING)
        talk.run = None
        await rig.clock.advance(5)
        await rig.live()
        await ready(view)
        assert view.run.over
        view.close()


async def test_a_progress_card_is_read_again_when_it_changes() -> None:
    async with talking() as (gateway, _, rig):
        cards = iter(("one", "two"))
        gateway.answers["progressCard.get"] = lambda _params: {
            "card": {"sessionKey": KEY, "markdown": next(cards), "revision": 1, "updatedAt": 1}
        }
        view = rig.link.views.open(KEY, lambda: None, with_card=True)
        await until(lambda: view.card is not None)
        await gateway.emit("progressCard.changed", {"sessionKey": KEY, "revision": 2})
        await rig.clock.advance(0.5)
        assert view.card is not None
        assert view.card.markdown == "two"
        view.close()


async def test_a_gateway_without_cards_is_asked_once() -> None:
    async with talking() as (gateway, _, rig):
        view = rig.link.views.open(KEY, lambda: None, with_card=True)
        await ready(view)
        await until(lambda: gateway.count("progressCard.get") == 1)
        for revision in (2, 3, 4):
            await gateway.emit("progressCard.changed", {"sessionKey": KEY, "revision": revision})
            await rig.clock.advance(1)
        # This view asked once. The rows of the list ask at every change.
        assert gateway.count("progressCard.get") == 1 + 3
        assert view.state is ViewState.READY
        view.close()


async def test_a_refusal_is_shown_and_may_be_tried_again() -> None:
    async with talking() as (gateway, _, rig):

        def refuse(_params: Any) -> Any:
            raise RefusalError("INVALID_REQUEST", "missing scope: operator.read")

        answer = gateway.answers["chat.history"]
        gateway.answers["chat.history"] = refuse
        view = rig.link.views.open(KEY, lambda: None)
        await until(lambda: view.state is ViewState.REFUSED)
        asked = gateway.count("chat.history")
        await rig.clock.advance(20)
        assert gateway.count("chat.history") == asked  # it is not asked again and again
        gateway.answers["chat.history"] = answer
        view.retry()
        await ready(view)
        assert texts(view) == numbered(0, 10)
        view.close()


async def test_a_gateway_that_does_not_answer_says_so() -> None:
    async with talking() as (gateway, _, rig):
        gateway.mute.add("chat.history")
        view = rig.link.views.open(KEY, lambda: None)
        await settle()
        for _ in range(8):
            await gateway.tick()
            await rig.clock.advance(5)
        assert (view.state, view.problem) == (ViewState.FAILED, "silent")
        view.close()


async def test_what_nobody_expected_ends_only_the_view_it_happened_in(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with talking(incidents=-1) as (gateway, talk, rig):
        good = rig.link.views.open(KEY, lambda: None)
        await ready(good)

        def broken(_payload: object) -> Any:
            raise UnexpectedError

        with monkeypatch.context() as patch:
            patch.setattr(history, "messages", broken)
            bad = rig.link.views.open("agent:otto:other", lambda: None)
            await until(lambda: bad.state is ViewState.FAILED)
        assert bad.problem == "internal"
        await said(gateway, talk, 10)
        await rig.clock.advance(0.5)
        assert texts(good)[-1] == "message 10"
        assert rig.state is ConnectionState.LIVE
        bad.retry()
        await ready(bad)
        good.close()
        bad.close()
        errors = [one for one in caplog.records if one.levelno >= logging.ERROR]
        assert len(errors) == 1


async def test_an_event_that_cannot_be_taken_in_is_made_up_for_by_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with talking(incidents=1) as (gateway, talk, rig):
        view = rig.link.views.open(KEY, lambda: None)
        await ready(view)

        def broken(*_: object) -> Any:
            raise UnexpectedError

        monkeypatch.setattr(live, "follow", broken)
        await said(gateway, talk, 10)
        await rig.clock.advance(0.2)
        monkeypatch.undo()
        await rig.clock.advance(2)
        assert texts(view) == numbered(0, 11)
        view.close()


async def test_a_listener_that_raises_ends_nothing() -> None:
    async with talking(incidents=-1) as (gateway, talk, rig):

        def broken() -> None:
            raise UnexpectedError

        view = rig.link.views.open(KEY, broken)
        await ready(view)
        await said(gateway, talk, 10)
        await rig.clock.advance(1)
        assert texts(view)[-1] == "message 10"
        assert view.state is ViewState.READY
        assert 1 <= rig.link.incidents <= 12
        view.close()


async def test_a_flood_of_events_is_not_kept() -> None:
    async with talking() as (_, talk, rig):
        view = rig.link.views.open(KEY, lambda: None)
        await ready(view)
        for number in range(session_view.MOST_WAITING * 3):
            view.on_event("session.message", {"message": row(10 + number)})
        assert len(view._waiting) <= session_view.MOST_WAITING
        talk.rows.append(row(10))
        await rig.clock.advance(2)
        assert texts(view)[:11] == numbered(0, 11)
        view.close()


async def test_visibility_is_withdrawn_before_the_first_subscription_and_given_back() -> None:
    async with talking() as (gateway, _, rig):
        told: list[str] = []
        audience = rig.link.views.audience

        async def withdraw() -> None:
            assert audience.lock.locked()
            assert gateway.count("sessions.messages.subscribe") == 0
            told.append("withdrawn")

        async def restore() -> None:
            assert not rig.link.views.has_message_subscriptions
            told.append("restored")

        audience.withdraw_visibility, audience.restore_visibility = withdraw, restore
        one = rig.link.views.open(KEY, lambda: None)
        two = rig.link.views.open("agent:otto:other", lambda: None)
        await ready(one)
        await ready(two)
        assert told == ["withdrawn"]
        one.close()
        await settle()
        assert told == ["withdrawn"]
        two.close()
        await settle()
        assert told == ["withdrawn", "restored"]


async def test_the_end_of_a_gateway_ends_its_views() -> None:
    async with talking() as (_, _, rig):
        view = rig.link.views.open(KEY, lambda: None)
        await ready(view)
    assert view.state is ViewState.OFFLINE
    assert not [one for one in asyncio.all_tasks() if one.get_name().startswith("view")]
