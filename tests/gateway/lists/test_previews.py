from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.gateway.lists.previews import GAP_S, KEYS_A_CALL, MAX_ASKED, METHOD, SETTLE_S
from tests.fakes.clock import settle
from tests.fakes.gateway import FakeGateway, RefusalError
from tests.fakes.rig import running_link

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.fakes.rig import Rig

MAIN = "agent:otto:main"


def said(key: str, *items: tuple[str, str]) -> dict[str, Any]:
    rows = [{"role": role, "text": text} for role, text in items]
    return {"key": key, "status": "ok", "items": rows}


def answer(params: Any) -> dict[str, Any]:
    return {"previews": [said(key, ("assistant", f"last of {key}")) for key in params["keys"]]}


@asynccontextmanager
async def telling(
    reply: Callable[[Any], Any] = answer, *, protocol: int = 4, agents: int = 1
) -> AsyncIterator[tuple[FakeGateway, Rig]]:
    async with FakeGateway(protocol) as gateway:
        gateway.methods = [*gateway.methods, METHOD]
        gateway.answers[METHOD] = reply
        gateway.add_agent("otto", name="Otto")
        gateway.add_session(MAIN, status="done", hasActiveRun=False)
        for number in range(1, agents):
            gateway.add_agent(f"a{number}")
            gateway.add_session(f"agent:a{number}:main", status="done", hasActiveRun=False)
        async with running_link(gateway.url) as rig:
            await rig.live()
            await settle()
            yield gateway, rig


def asked(gateway: FakeGateway) -> list[list[str]]:
    return [one.params["keys"] for one in gateway.asked if one.method == METHOD]


def preview(rig: Rig, key: str = MAIN) -> str:
    session = rig.session(key)
    assert session is not None
    return session.preview


async def test_the_last_message_is_asked_for_after_the_list_and_is_no_activity() -> None:
    async with telling() as (gateway, rig):
        assert preview(rig) == f"last of {MAIN}"
        assert asked(gateway) == [[MAIN]]
        agent = rig.gateway.agents["otto"]
        assert agent.heard == {}
        session = agent.sessions[MAIN]
        assert agent.last_activity == session.activity_at


async def test_a_list_that_says_nothing_new_asks_nothing_again() -> None:
    async with telling() as (gateway, rig):
        rig.link.refresh()
        await settle()
        assert asked(gateway) == [[MAIN]]
        gateway.now_ms += 60_000
        gateway.sessions[MAIN]["updatedAt"] = gateway.now_ms
        rig.link.refresh()
        await settle()
        assert asked(gateway) == [[MAIN], [MAIN]]


async def test_what_an_event_tells_is_not_asked_for() -> None:
    async with telling() as (gateway, rig):
        gateway.now_ms += 60_000
        await gateway.change(MAIN, status="done", hasActiveRun=False, lastMessagePreview="told")
        await settle()
        del gateway.sessions[MAIN]["lastMessagePreview"]  # lists leave it out
        rig.link.refresh()
        await settle()
        assert asked(gateway) == [[MAIN]]
        assert preview(rig) == "told"


async def test_only_the_newest_session_of_each_agent_and_none_that_works() -> None:
    async with FakeGateway() as gateway:
        gateway.methods = [*gateway.methods, METHOD]
        gateway.answers[METHOD] = answer
        gateway.add_agent("otto")
        gateway.add_agent("rex")
        gateway.add_session("agent:otto:old", status="done", hasActiveRun=False, updatedAt=1)
        gateway.add_session(MAIN, status="done", hasActiveRun=False)
        gateway.add_session("agent:rex:main", status="running", hasActiveRun=True)
        async with running_link(gateway.url) as rig:
            await rig.live()
            await settle()
            assert asked(gateway) == [[MAIN]]


async def test_many_agents_are_asked_for_in_bounded_calls_the_newest_first() -> None:
    async with telling(agents=MAX_ASKED + 40) as (gateway, _rig):
        for _ in range(20):
            await settle()
        calls = asked(gateway)
        assert sum(map(len, calls)) == MAX_ASKED
        assert max(map(len, calls)) == KEYS_A_CALL


async def test_the_words_of_a_person_or_an_agent_count_and_not_those_of_a_tool() -> None:
    def reply(params: Any) -> dict[str, Any]:
        items = (("user", "export the icons"), ("assistant", "12 done"), ("tool", "call exec"))
        return {"previews": [said(params["keys"][0], *items)]}

    async with telling(reply) as (_gateway, rig):
        assert preview(rig) == "12 done"


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(lambda _: None, id="nothing"),
        pytest.param(lambda _: {"previews": "no"}, id="no list"),
        pytest.param(lambda _: {"previews": [{"key": MAIN, "items": [7, {"text": 3}]}]}, id="rows"),
        pytest.param(lambda _: {"previews": [said("agent:rex:main", ("user", "x"))]}, id="other"),
    ],
)
async def test_an_answer_without_words_changes_nothing(reply: Callable[[Any], Any]) -> None:
    async with telling(reply) as (_gateway, rig):
        assert preview(rig) == ""
        assert rig.link.is_live


async def test_hostile_words_are_cleaned() -> None:
    def reply(_params: Any) -> dict[str, Any]:
        return {"previews": [said(MAIN, ("assistant", "a\x1b[31m\u202eb\nc" + "x" * 10_000))]}

    async with telling(reply) as (_gateway, rig):
        assert "\x1b" not in preview(rig)
        assert "\u202e" not in preview(rig)
        assert "\n" not in preview(rig)


async def test_a_refusal_is_the_end_of_asking_and_of_nothing_else() -> None:
    def reply(_params: Any) -> dict[str, Any]:
        raise RefusalError("INVALID_REQUEST", "missing scope: operator.admin")

    async with telling(reply) as (gateway, rig):
        gateway.now_ms += 60_000
        gateway.sessions[MAIN]["updatedAt"] = gateway.now_ms
        rig.link.refresh()
        await settle()
        assert asked(gateway) == [[MAIN]]
        assert rig.link.is_live


async def test_a_gateway_that_does_not_name_the_method_is_not_asked() -> None:
    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        gateway.add_session(MAIN, status="done", hasActiveRun=False)
        async with running_link(gateway.url) as rig:
            await rig.live()
            await settle()
            assert asked(gateway) == []


class UnexpectedError(Exception):
    pass


async def test_a_fault_inside_costs_the_last_messages_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_row: object) -> str:
        raise UnexpectedError

    monkeypatch.setattr("cc_desktop.gateway.lists.previews.last_message", broken)
    async with telling() as (gateway, rig):
        rig.link.refresh()
        await settle()
        assert rig.link.is_live
        assert asked(gateway) == [[MAIN]]
        assert sum("last messages cannot be read" in line for line in caplog.messages) == 1


async def test_a_slow_answer_about_a_row_that_changed_meanwhile_is_dropped() -> None:
    async with FakeGateway() as gateway:
        gateway.methods = [*gateway.methods, METHOD]
        gateway.answers[METHOD] = answer
        gateway.add_agent("otto")
        gateway.add_session(MAIN, status="done", hasActiveRun=False)
        hold = gateway.hold(METHOD)
        async with running_link(gateway.url) as rig:
            await rig.live()
            await hold.reached.wait()
            gateway.now_ms += 60_000
            await gateway.change(MAIN, status="done", hasActiveRun=False)
            await settle()
            hold.release.set()
            await settle()
            assert preview(rig) == ""


async def test_the_end_of_a_run_brings_its_last_message_and_runs_together_cost_one_call() -> None:
    async with telling(agents=3) as (gateway, rig):
        before = len(asked(gateway))
        for key in (MAIN, "agent:a1:main"):
            gateway.now_ms += 1_000
            await gateway.change(key, status="running", hasActiveRun=True)
        await settle()
        assert preview(rig) == ""  # it was about the run before
        for key in (MAIN, "agent:a1:main"):
            gateway.now_ms += 1_000
            await gateway.change(key, status="done", hasActiveRun=False)
        await settle()
        assert len(asked(gateway)) == before
        await rig.clock.advance(GAP_S + SETTLE_S)
        assert asked(gateway)[before:] == [[MAIN, "agent:a1:main"]]
        assert preview(rig) == f"last of {MAIN}"
        await rig.clock.advance(25)
        assert len(asked(gateway)) == before + 1


async def test_a_row_that_comes_while_it_is_asked_for_is_asked_for_again() -> None:
    async with telling() as (gateway, rig):
        await gateway.change(MAIN, status="running", hasActiveRun=True)
        gateway.now_ms += 1_000
        await gateway.change(MAIN, status="done", hasActiveRun=False)
        hold = gateway.hold(METHOD)
        await rig.clock.advance(GAP_S + SETTLE_S)
        await hold.reached.wait()
        gateway.now_ms += 1_000
        await gateway.change(MAIN, status="done", hasActiveRun=False, totalTokens=7)
        await settle()
        hold.release.set()
        await settle()
        assert preview(rig) == ""
        await rig.clock.advance(GAP_S + SETTLE_S)
        await settle()
        assert preview(rig) == f"last of {MAIN}"


async def test_renaming_an_old_session_asks_nothing() -> None:
    async with telling() as (gateway, rig):
        before = len(asked(gateway))
        gateway.now_ms += 1_000
        await gateway.change(MAIN, label="another name")
        await rig.clock.advance(25)
        assert len(asked(gateway)) == before


async def test_an_old_row_after_the_end_of_a_run_is_not_its_start() -> None:
    async with telling() as (gateway, rig):
        await gateway.change(MAIN, status="running", hasActiveRun=True)
        stale = dict(gateway.sessions[MAIN])
        gateway.now_ms += 1_000
        await gateway.change(MAIN, status="done", hasActiveRun=False, lastMessagePreview="asked")
        await gateway.tell(stale)
        await rig.clock.advance(GAP_S + SETTLE_S)
        await settle()
        assert preview(rig) == f"last of {MAIN}"  # not what was asked for
