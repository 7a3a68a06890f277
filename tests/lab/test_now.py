"""A run with a tool, followed live, against real gateways."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet.transcript.ports import ViewState
from cc_desktop.fleet.transcript.records import PAGE, Role
from cc_desktop.fleet.transcript.rows import Outcome, RowKind
from tests.lab.conftest import AGENTS, TOKEN
from tests.lab.follow import Follower, following, settings_for
from tests.lab.openclaw import RealGateway, Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cc_desktop.fleet.transcript.ports import SessionHandle
    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

KEY = "agent:otto:main"
MAY_RUN = {"tools": {"exec": {"host": "gateway", "security": "full", "ask": "off"}}}


@pytest.fixture(scope="module")
def acting(
    lab: Lab, model: MockModel, version: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealGateway]:
    """A gateway whose agents may run commands."""
    home = tmp_path_factory.mktemp(f"acting-{version}")
    with RealGateway(
        lab, version, home=home, token=TOKEN, agents=AGENTS, model=model, extra_config=MAY_RUN
    ) as running:
        yield running


class Looking:
    """A view, and what it has shown."""

    def __init__(self, follower: Follower, open_view: Callable[..., SessionHandle]) -> None:
        self.follower = follower
        self.phases: list[str] = []
        self.steps: list[tuple[str, str, Outcome]] = []
        self.replies: list[str] = []
        self.handle = open_view("g", KEY, self._look)

    def _look(self) -> None:
        run = self.handle.run
        if run is None:
            return
        if run.phase not in self.phases[-1:]:
            self.phases.append(run.phase)
        for step in run.steps:
            told = (step.name, step.subject, step.outcome)
            if told not in self.steps:
                self.steps.append(told)
        if run.reply and run.reply not in self.replies[-1:]:
            self.replies.append(run.reply)

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not what():  # noqa: ASYNC110 - no event tells all that is waited for
                await asyncio.sleep(0.05)


def told(history: dict[str, Any]) -> list[tuple[str, str]]:
    """Role and text of each message, read without the product's own decoder."""
    found = []
    for message in history["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        text = "\n\n".join(one["text"] for one in blocks if one["type"] == "text")
        if message.get("stopReason") == "error":
            text = ""  # its words differ: what counts is that it failed
        found.append((message["role"], text))
    return found


def shown(handle: SessionHandle) -> list[tuple[str, str]]:
    names = {Role.TOOL: "toolResult"}
    return [
        (names.get(one.role, one.role.value), "" if one.failed and not one.call_id else one.text)
        for one in handle.messages
    ]


async def test_a_run_with_a_tool_is_followed_live_and_equals_its_history(
    acting: RealGateway, tmp_path: Path
) -> None:
    async with (
        following(tmp_path, settings_for(acting, TOKEN)) as follower,
        Sender(acting.url, TOKEN) as sender,
    ):
        await follower.live()
        await sender.send("otto", "say: hello there")
        await sender.wait_idle("otto")
        look = Looking(follower, follower.monitor.views.now)
        await look.until(lambda: look.handle.state is ViewState.READY)
        views = follower.monitor.supervisors["g"].views
        assert views.has_message_subscriptions

        await sender.send("otto", "run: echo first; sleep 1.5; echo second; false")
        await look.until(lambda: bool(look.handle.run and look.handle.run.over))
        await sender.wait_idle("otto")
        history = await sender.request("chat.history", {"sessionKey": KEY, "limit": PAGE})
        await look.until(lambda: shown(look.handle) == told(history))

        command = "echo first; sleep 1.5; echo second; false"
        outcomes = [
            one for name, subject, one in look.steps if (name, subject) == ("exec", command)
        ]
        assert outcomes == [Outcome.RUNNING, Outcome.FAILED]
        assert {"tool", "reply", "over"} <= set(look.phases)
        assert look.replies, "the reply was never seen while it streamed"
        assert look.handle.messages[-1].text.startswith(look.replies[0][:8])
        call = next(row for row in look.handle.rows if row.kind is RowKind.CALL)
        assert (call.outcome, call.note) == (Outcome.FAILED, "exit 1")
        assert "second" in call.result
        assert [row for row in look.handle.rows if row.live] == []

        look.handle.close()
        await look.until(lambda: not views.has_message_subscriptions)
        assert views.open_count == 0


async def test_a_failed_run_ends_the_transcript_and_older_pages_come_on_demand(
    acting: RealGateway, tmp_path: Path
) -> None:
    async with (
        following(tmp_path, settings_for(acting, TOKEN)) as follower,
        Sender(acting.url, TOKEN) as sender,
    ):
        await follower.live()
        for number in range(PAGE // 2 + 3):
            await sender.request("chat.inject", {"sessionKey": KEY, "message": f"note {number}"})
        await sender.send("otto", "fail: bad request of a kind")
        await sender.wait_idle("otto")
        look = Looking(follower, follower.monitor.views.transcript)
        await look.until(lambda: look.handle.state is ViewState.READY)
        assert look.handle.rows[-1].kind is RowKind.FAILURE
        while look.handle.has_more:
            before = len(look.handle.messages)
            look.handle.load_older()
            await look.until(lambda: not look.handle.loads_older)
            assert len(look.handle.messages) > before
        history = await sender.request("chat.history", {"sessionKey": KEY, "limit": 1000})
        await look.until(lambda: shown(look.handle) == told(history))
        look.handle.close()


async def test_what_was_said_while_the_connection_was_away_is_there_after_it(
    acting: RealGateway, tmp_path: Path
) -> None:
    async with (
        following(tmp_path, settings_for(acting, TOKEN)) as follower,
        Sender(acting.url, TOKEN) as sender,
    ):
        await follower.live()
        await sender.send("otto", "say: before")
        await sender.wait_idle("otto")
        look = Looking(follower, follower.monitor.views.transcript)
        await look.until(lambda: look.handle.state is ViewState.READY)
        link = follower.monitor.supervisors["g"]
        live = link._live
        assert live is not None
        await live.close()
        await look.until(lambda: look.handle.state is ViewState.OFFLINE)
        await sender.send("otto", "say: meanwhile")
        await sender.wait_idle("otto")
        await follower.live()
        await look.until(lambda: look.handle.state is ViewState.READY)
        history = await sender.request("chat.history", {"sessionKey": KEY, "limit": PAGE})
        await look.until(lambda: shown(look.handle)[-2:] == told(history)[-2:])
        look.handle.close()
