"""Questions, approvals, circles and headlines of a real gateway, as rights allow.

2026.9.6 only: 2026.5.7 has no questions and no observer, and its approvals are in
`test_approvals.py`. Its tools hide behind a search unless `tools.toolSearch` is off.

An approval of a run that a device has started is shown to that device and to administrators only
(`isApprovalRecordVisibleToClient`): so the app itself starts the runs here. Who may not see it
hears of it from the run, as everybody who may read.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet.facts import ReadAccess
from cc_desktop.fleet.inbox import InboxItem, InboxKind
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.model import Status
from tests.lab.conftest import AGENTS, TOKEN
from tests.lab.follow import Follower, following, settings_for
from tests.lab.openclaw import RealGateway, Sender
from tests.lab.test_approvals import ASKS, Decider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from cc_desktop.fleet.requests import Approval
    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

DIRECT = {"tools": {"toolSearch": False, **ASKS["tools"]}}
QUESTION = {
    "questions": [
        {
            "id": "db",
            "header": "Database",
            "question": "Which database?",
            "options": [
                {"label": "Postgres", "description": "as before"},
                {"label": "SQLite", "description": "a file"},
            ],
        }
    ]
}
ASK = f"call: ask_user {json.dumps(QUESTION)}"
LOOK = 'ls {"path": "."}'


@pytest.fixture(scope="module")
def gateway(
    lab: Lab, model: MockModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealGateway]:
    home = tmp_path_factory.mktemp("questions")
    with RealGateway(
        lab, "2026.9.6", home=home, token=TOKEN, agents=AGENTS, model=model, extra_config=DIRECT
    ) as running:
        yield running


class Asker(Decider):
    """A second client that may do everything, and says what the gateway itself has open."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        scopes = ("read", "write", "approvals", "questions", "admin")
        self.sender = Sender(
            url,
            TOKEN,
            scopes=tuple(f"operator.{scope}" for scope in scopes),
            caps=("approvals", "exec-approvals"),
            on_frame=self._on_frame,
        )

    async def question(self) -> dict[str, Any]:
        """The one that is open: the call of the tool is told a moment before it is there."""
        for _ in range(50):
            answer = await self.sender.request("question.list", {})
            if answer["questions"]:
                [found] = answer["questions"]
                return dict(found)
            await asyncio.sleep(0.1)
        raise AssertionError("no question is open")

    async def answer(self, label: str) -> None:
        asked = await self.question()
        part = asked["questions"][0]["questionId"]
        await self.sender.request(
            "question.resolve", {"id": asked["id"], "answers": {"answers": {part: [label]}}}
        )


@contextlib.asynccontextmanager
async def watched(
    gateway: RealGateway, config: Path, access: str, url: str = ""
) -> AsyncIterator[tuple[Follower, Asker]]:
    asker = Asker(gateway.url)
    settings = replace(settings_for(gateway, TOKEN), access=access)  # type: ignore[arg-type]
    if url:
        settings = replace(settings, url=url)
    async with following(config, settings) as follower, asker.sender:
        await follower.live()
        yield follower, asker


def items(follower: Follower, kind: InboxKind) -> list[InboxItem]:
    return [one for one in open_items(follower.monitor.store.fleet) if one.kind is kind]


def access_to(follower: Follower, subject: str) -> ReadAccess | None:
    facts = follower.monitor.store.fleet.gateways["g"].facts
    found = facts.subjects.get(subject)
    return found.access if found else None


def is_whole(approval: Approval | None) -> bool:
    return approval is not None and bool(approval.run_id and approval.family)


async def test_a_question_is_seen_by_whoever_may_read(gateway: RealGateway, tmp_path: Path) -> None:
    async with watched(gateway, tmp_path, "watch") as (follower, asker):
        await follower.until(lambda: access_to(follower, "questions") is ReadAccess.REFUSED)
        assert access_to(follower, "approvals") is ReadAccess.REFUSED
        await asker.sender.send("otto", ASK)
        await follower.until(lambda: follower.status("otto") is Status.WAITING)
        [question] = follower.agent("otto").questions.values()
        assert (question.title, question.can_answer) == ("Which database?", False)
        assert [one.label for one in question.parts[0].choices] == ["Postgres", "SQLite"]
        await follower.until(lambda: len(items(follower, InboxKind.QUESTION)) == 1)
        await asker.answer("SQLite")
        await follower.until(lambda: not follower.agent("otto").questions)
        await asker.sender.wait_idle("otto", settled=True)
        await follower.until(lambda: follower.status("otto") is Status.IDLE)


async def test_who_may_answer_sees_the_same_question_once_and_until_when(
    gateway: RealGateway, tmp_path: Path
) -> None:
    async with watched(gateway, tmp_path, "approve") as (follower, asker):
        await follower.until(lambda: access_to(follower, "questions") is ReadAccess.READABLE)
        await asker.sender.send("rex", ASK)
        await follower.until(
            lambda: any(one.can_answer for one in follower.agent("rex").questions.values())
        )
        [question] = follower.agent("rex").questions.values()
        assert question.id == (await asker.question())["id"]
        assert question.expires_at > question.opened_at
        [item] = items(follower, InboxKind.QUESTION)
        assert item.until == question.expires_at
    # A second one that comes while it is open finds it in the gateway's list.
    async with watched(gateway, tmp_path, "approve") as (follower, asker):
        await follower.until(lambda: question.id in follower.agent("rex").questions)
        await asker.answer("Postgres")
        await follower.until(lambda: not follower.agent("rex").questions)
        assert follower.agent("rex").decided[question.id].what == "answered"
        await asker.sender.wait_idle("rex", settled=True)


async def test_an_approval_has_all_that_a_decision_needs_and_tells_who_decided(
    gateway: RealGateway, tmp_path: Path
) -> None:
    async with watched(gateway, tmp_path, "operate") as (follower, asker):
        await follower.until(lambda: access_to(follower, "approvals") is ReadAccess.READABLE)
        await send(follower, "dex", "run: echo one && echo two")
        ident = await asker.asked()
        # Its run tells of it as well, before or after.
        await follower.until(lambda: is_whole(follower.agent("dex").approvals.get(ident)))
        [approval] = follower.agent("dex").approvals.values()
        assert (approval.family, approval.command) == ("exec", "echo one && echo two")
        assert approval.cwd.endswith("dex")
        assert (approval.host, approval.decisions) == ("gateway", ("allow-once", "deny"))
        [item] = items(follower, InboxKind.APPROVAL)
        assert item.until == approval.expires_at
        await asker.decide(ident, "allow-once")
        await follower.until(lambda: not follower.agent("dex").approvals)
        await follower.until(lambda: bool(follower.agent("dex").decided[ident].by))
        decided = follower.agent("dex").decided
        assert (decided[ident].what, decided[ident].by) == ("allow-once", "Lab sender")
        await asker.sender.wait_idle("dex", settled=True)


async def test_an_approval_that_is_not_ours_to_see_is_told_by_its_run(
    gateway: RealGateway, tmp_path: Path
) -> None:
    async with watched(gateway, tmp_path, "approve") as (follower, asker):
        await asker.sender.send("dex", "run: echo theirs")
        ident = await asker.asked()
        await follower.until(lambda: follower.status("dex") is Status.WAITING)
        [approval] = follower.agent("dex").approvals.values()
        assert (approval.title, approval.decisions) == ("echo theirs", ())
        await asker.decide(ident, "deny")
        await follower.until(lambda: not follower.agent("dex").approvals)
        await asker.sender.wait_idle("dex", settled=True)


async def test_what_is_decided_and_asked_during_a_reconnect_is_as_the_gateway_lists_it(
    gateway: RealGateway, tmp_path: Path
) -> None:
    async with (
        cuttable(gateway.port) as (url, cut),
        watched(gateway, tmp_path, "operate", url) as (follower, asker),
    ):
        link = follower.monitor.supervisors["g"]
        for name in ("otto", "rex"):
            await send(follower, name, f"run: echo {name}")
        asked = {await asker.asked(), await asker.asked()}
        await follower.until(lambda: {*open_approvals(follower)} == asked)
        [first] = follower.agent("otto").approvals
        cut()
        await follower.until(lambda: not link.is_live)
        await asker.decide(first, "deny")
        link.reconnect_now()
        await follower.until(lambda: {*open_approvals(follower)} == asked - {first})
        assert {*open_approvals(follower)} == await asker.pending()
        [second] = asked - {first}
        await asker.decide(second, "deny")
        await follower.until(lambda: not open_approvals(follower))
        for name in ("otto", "rex"):
            await asker.sender.wait_idle(name, settled=True)


async def send(follower: Follower, agent: str, text: str) -> None:
    """From the app's own device."""
    params = {"sessionKey": f"agent:{agent}:main", "message": text, "idempotencyKey": text}
    await follower.monitor.supervisors["g"].request("chat.send", params)


def open_approvals(follower: Follower) -> list[str]:
    agents = follower.monitor.store.fleet.gateways["g"].agents.values()
    return [ident for agent in agents for ident in agent.approvals]


@contextlib.asynccontextmanager
async def cuttable(port: int) -> AsyncIterator[tuple[str, Callable[[], None]]]:
    """The address of a way to the gateway, and what drops all connections on it."""
    open_now: set[asyncio.StreamWriter] = set()
    pumps: set[asyncio.Task[None]] = set()

    async def pump(source: asyncio.StreamReader, drain: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65_536):
                drain.write(data)
                await drain.drain()
        drain.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        open_now.update((writer, inner_writer))
        for source, drain in ((reader, inner_writer), (inner_reader, writer)):
            pumps.add(asyncio.create_task(pump(source, drain)))

    def cut() -> None:
        for writer in open_now:
            writer.transport.abort()
        open_now.clear()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", cut
    finally:
        server.close()
        cut()
        await asyncio.gather(*pumps, return_exceptions=True)


async def test_a_run_in_circles_is_told_with_the_evidence_until_it_is_over(
    gateway: RealGateway, tmp_path: Path
) -> None:
    async with watched(gateway, tmp_path, "watch") as (follower, asker):
        link = follower.monitor.supervisors["g"]
        follower.monitor.set_in_sight(True)
        await follower.until(lambda: link.visibility.is_declared)
        seen: list[InboxItem] = []

        def watch(_changes: object) -> None:
            seen.extend(items(follower, InboxKind.RUNAWAY))

        follower.monitor.store.subscribe(watch)
        await asker.sender.send("otto", f"loop: 14 {LOOK}")
        await follower.until(lambda: bool(seen))
        await asker.sender.wait_idle("otto", settled=True)
        assert (seen[0].agent, seen[0].count) == ("otto", 12)
        assert seen[0].detail.startswith("ls")
        await follower.until(lambda: not items(follower, InboxKind.RUNAWAY))
        assert Status.STUCK in follower.statuses["g", "otto"]
        assert follower.agent("otto").sessions["agent:otto:main"].digest_headline

        follower.monitor.set_in_sight(False)
        await follower.until(lambda: not link.visibility.is_declared)
        await asker.sender.send("rex", f"loop: 2 {LOOK}")
        await asker.sender.wait_idle("rex", settled=True)
        assert not follower.agent("rex").sessions["agent:rex:main"].digest_headline
