"""Approvals and questions over a connection, against a gateway in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import ReadAccess
from cc_desktop.gateway.requests.follow import DEBOUNCE_S, RETRY_S
from tests.fakes.clock import settle, until
from tests.fakes.gateway import FakeGateway, RefusalError
from tests.fakes.rig import running_link

if TYPE_CHECKING:
    from tests.fakes.rig import Rig

MAIN = "agent:otto:main"
RIGHTS = ("operator.read", "operator.approvals", "operator.questions")
LISTS = ("exec.approval.list", "plugin.approval.list", "openclaw.approval.list", "question.list")


class UnexpectedError(Exception):
    """What nobody expected."""


def asking(gateway: FakeGateway, *, rights: tuple[str, ...] = RIGHTS) -> FakeGateway:
    """A gateway whose lists the test changes: `answers` by method."""
    gateway.scopes = list(rights)
    gateway.add_agent("otto", name="Otto")
    gateway.add_session(MAIN, status="running", hasActiveRun=True)
    gateway.advertised = LISTS
    for method in LISTS[:3]:
        gateway.answers[method] = lambda _params: []
    gateway.answers["question.list"] = lambda _params: {"questions": []}
    return gateway


def approval(ident: str, gateway: FakeGateway, **request: Any) -> dict[str, Any]:
    told = {
        "command": "rm -rf build",
        "cwd": "/srv",
        "host": "gateway",
        "agentId": "otto",
        "sessionKey": MAIN,
        "allowedDecisions": ["allow-once", "deny"],
        **request,
    }
    now = gateway.now_ms
    return {"id": ident, "request": told, "createdAtMs": now, "expiresAtMs": now + 1_800_000}


def question(ident: str, gateway: FakeGateway) -> dict[str, Any]:
    part = {"questionId": "db", "question": "Which?", "options": [{"label": "A"}], "isOther": True}
    return {
        "id": ident,
        "questions": [part],
        "agentId": "otto",
        "sessionKey": MAIN,
        "runId": "r",
        "createdAtMs": gateway.now_ms,
        "expiresAtMs": gateway.now_ms + 900_000,
        "status": "pending",
    }


def access(rig: Rig, subject: str) -> ReadAccess | None:
    found = rig.gateway.facts.subjects.get(subject)
    return found.access if found else None


async def listed(rig: Rig) -> None:
    await rig.live()
    await until(lambda: access(rig, "questions") is not None, "the lists")


async def test_what_is_open_at_connect_is_listed() -> None:
    async with FakeGateway() as gateway, running_link(asking(gateway).url, scopes=RIGHTS) as rig:
        exec_one = approval("e", gateway)
        plugin_one = approval("p", gateway, title="Post", command=None, severity="critical")
        gateway.answers["exec.approval.list"] = lambda _params: [exec_one]
        gateway.answers["plugin.approval.list"] = lambda _params: [plugin_one]
        gateway.answers["question.list"] = lambda _params: {"questions": [question("q", gateway)]}
        await listed(rig)

        otto = rig.gateway.agents["otto"]
        assert {one.id: one.family for one in otto.approvals.values()} == {
            "e": "exec",
            "p": "plugin",
        }
        assert otto.questions["q"].can_answer
        assert access(rig, "approvals") is access(rig, "questions") is ReadAccess.READABLE


async def test_who_may_only_read_never_asks_and_says_so() -> None:
    async with (
        FakeGateway() as gateway,
        running_link(asking(gateway, rights=RIGHTS[:1]).url) as rig,
    ):
        await listed(rig)
        await rig.clock.advance(60)

        assert not [asked.method for asked in gateway.asked if asked.method in LISTS]
        assert access(rig, "approvals") is access(rig, "questions") is ReadAccess.REFUSED


async def test_a_release_without_a_family_is_no_fault() -> None:
    """2026.5.7 has no approvals of the system agent and no questions."""
    async with FakeGateway() as gateway, running_link(asking(gateway).url, scopes=RIGHTS) as rig:
        for method in LISTS[2:]:
            del gateway.answers[method]  # "missing scope: operator.admin"
        gateway.answers["exec.approval.list"] = lambda _params: [approval("e", gateway)]
        await listed(rig)

        assert list(rig.gateway.agents["otto"].approvals) == ["e"]
        assert access(rig, "approvals") is ReadAccess.READABLE
        assert access(rig, "questions") is ReadAccess.ABSENT


async def test_a_role_that_may_not_is_refused_although_the_scope_was_granted() -> None:
    def refuse(_params: Any) -> Any:
        raise RefusalError("FORBIDDEN", "missing scope: operator.questions")

    async with FakeGateway() as gateway, running_link(asking(gateway).url, scopes=RIGHTS) as rig:
        gateway.answers["question.list"] = refuse
        await listed(rig)

        assert access(rig, "questions") is ReadAccess.REFUSED
        assert access(rig, "approvals") is ReadAccess.READABLE


async def test_an_approval_comes_and_goes_with_who_decided() -> None:
    async with FakeGateway() as gateway, running_link(asking(gateway).url, scopes=RIGHTS) as rig:
        await listed(rig)
        await gateway.emit("exec.approval.requested", approval("e", gateway))
        await until(lambda: "e" in rig.gateway.agents["otto"].approvals, "the approval")
        await gateway.emit(
            "exec.approval.resolved", {"id": "e", "decision": "deny", "resolvedBy": "Ann"}
        )
        await until(lambda: not rig.gateway.agents["otto"].approvals, "its end")

        decided = rig.gateway.agents["otto"].decided["e"]
        assert (decided.what, decided.by) == ("deny", "Ann")


async def test_what_ended_while_nothing_was_heard_ends_with_the_next_list() -> None:
    async with FakeGateway() as gateway, running_link(asking(gateway).url, scopes=RIGHTS) as rig:
        gateway.answers["exec.approval.list"] = lambda _params: [approval("old", gateway)]
        gateway.answers["question.list"] = lambda _params: {"questions": [question("q", gateway)]}
        await listed(rig)
        gateway.answers["exec.approval.list"] = lambda _params: [approval("new", gateway)]
        gateway.answers["question.list"] = lambda _params: {"questions": []}
        gateway.drop()
        await until(lambda: not rig.link.is_live, "the loss")
        await rig.clock.advance(5)
        await rig.live()
        await until(lambda: list(rig.gateway.agents["otto"].approvals) == ["new"], "the list")

        assert not rig.gateway.agents["otto"].questions


async def test_a_gap_in_the_events_is_a_reason_to_list_again() -> None:
    async with FakeGateway() as gateway, running_link(asking(gateway).url, scopes=RIGHTS) as rig:
        await listed(rig)
        await gateway.tick()
        gateway.lose_events()
        gateway.answers["exec.approval.list"] = lambda _params: [approval("missed", gateway)]
        await gateway.tick()
        await rig.clock.advance(2 * DEBOUNCE_S)
        await until(lambda: "missed" in rig.gateway.agents["otto"].approvals, "the list")


async def test_an_event_while_the_list_is_made_knows_more_than_the_list() -> None:
    async with FakeGateway() as gateway, running_link(asking(gateway).url, scopes=RIGHTS) as rig:
        gateway.answers["exec.approval.list"] = lambda _params: [approval("gone", gateway)]
        hold = gateway.hold("question.list")
        reached = gateway.hold("plugin.approval.list")
        await rig.live()
        await reached.reached.wait()
        await gateway.emit("exec.approval.resolved", {"id": "gone", "decision": "allow-once"})
        await gateway.emit("plugin.approval.requested", approval("fresh", gateway, title="Post"))
        await until(lambda: "fresh" in rig.gateway.agents["otto"].approvals, "the event")
        reached.release.set()
        hold.release.set()
        await listed(rig)

        assert list(rig.gateway.agents["otto"].approvals) == ["fresh"]


async def test_the_end_of_a_run_is_a_reason_to_ask_whether_its_approval_is_still_open() -> None:
    async with FakeGateway() as gateway, running_link(asking(gateway).url, scopes=RIGHTS) as rig:
        gateway.answers["exec.approval.list"] = lambda _params: [approval("e", gateway)]
        await listed(rig)
        gateway.answers["exec.approval.list"] = lambda _params: []
        run = {"runId": "r", "sessionKey": MAIN, "agentId": "otto", "stream": "lifecycle"}
        await gateway.emit("agent", {**run, "data": {"phase": "start"}})
        await gateway.emit("agent", {**run, "data": {"phase": "end", "aborted": True}})
        await settle()
        assert list(rig.gateway.agents["otto"].approvals) == ["e"]
        await rig.clock.advance(2 * DEBOUNCE_S)
        await until(lambda: not rig.gateway.agents["otto"].approvals, "the list")


async def test_an_answer_that_does_not_come_is_asked_for_again_and_the_rest_lives_on() -> None:
    async with FakeGateway() as gateway, running_link(asking(gateway).url, scopes=RIGHTS) as rig:
        broken = True

        def answer(_params: Any) -> Any:
            if broken:
                raise RefusalError("UNAVAILABLE", "starting")
            return [approval("e", gateway)]

        gateway.answers["exec.approval.list"] = answer
        await rig.live()
        await until(lambda: gateway.count("exec.approval.list") == 1, "the first try")
        await gateway.change(MAIN, status="done", hasActiveRun=False)
        await until(lambda: not rig.gateway.agents["otto"].sessions[MAIN].active, "the event")
        broken = False
        await rig.clock.advance(RETRY_S)
        await until(lambda: "e" in rig.gateway.agents["otto"].approvals, "the list")
        assert rig.link.is_live


async def test_a_quiet_gateway_is_asked_once() -> None:
    async with FakeGateway() as gateway, running_link(asking(gateway).url, scopes=RIGHTS) as rig:
        await listed(rig)
        for _ in range(30):
            await gateway.tick()
            await rig.clock.advance(20)

        assert [gateway.count(method) for method in LISTS] == [1, 1, 1, 1]


async def test_what_the_model_does_with_a_list_does_not_cost_the_connection() -> None:
    def fail(event: ev.Event) -> None:
        if isinstance(event, ev.ApprovalsListed):
            raise UnexpectedError

    async with (
        FakeGateway() as gateway,
        running_link(asking(gateway).url, scopes=RIGHTS, sink=fail) as rig,
    ):
        await rig.live()
        await until(lambda: gateway.count("plugin.approval.list") == 1, "the lists")
        await gateway.change(MAIN, status="done", hasActiveRun=False)
        await until(lambda: not rig.gateway.agents["otto"].sessions[MAIN].active, "the event")
        assert rig.link.is_live


async def test_progress_cards_are_read_when_they_change_and_forgotten_when_they_go() -> None:
    def card(_params: Any) -> Any:
        steps = [
            {"step": "read", "status": "completed"},
            {"step": "run tests", "status": "in_progress"},
            {"step": "report", "status": "pending"},
        ]
        return {"card": {"sessionKey": MAIN, "revision": 2, "updatedAt": 1, "steps": steps}}

    async with FakeGateway() as gateway, running_link(asking(gateway).url) as rig:
        gateway.answers["progressCard.get"] = card
        await listed(rig)
        await gateway.emit("progressCard.changed", {"sessionKey": MAIN, "revision": 2})
        await rig.clock.advance(2)
        await until(lambda: MAIN in rig.gateway.facts.progress, "the card")
        found = rig.gateway.facts.progress[MAIN]
        assert (found.done, found.total, found.current) == (1, 3, "run tests")

        await gateway.emit("progressCard.changed", {"sessionKey": MAIN, "revision": None})
        await until(lambda: not rig.gateway.facts.progress, "its end")


async def test_ten_changes_of_a_card_at_once_are_read_once_or_twice() -> None:
    async with FakeGateway() as gateway, running_link(asking(gateway).url) as rig:
        gateway.answers["progressCard.get"] = lambda _params: {"card": None}
        await listed(rig)
        for revision in range(10):
            await gateway.emit("progressCard.changed", {"sessionKey": MAIN, "revision": revision})
        await rig.clock.advance(5)
        assert 1 <= gateway.count("progressCard.get") <= 2
