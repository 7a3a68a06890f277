"""Approvals and questions: one item whoever tells of it, and equal to the gateway's own list."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.inbox import InboxChanged, InboxItem, InboxKind
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.inbox.open_items import find_item
from cc_desktop.fleet.model import Approval, Now, Status
from cc_desktop.fleet.reducer.approvals import DECISIONS_PER_AGENT
from cc_desktop.fleet.requests import Question, QuestionPart
from cc_desktop.fleet.status import next_wait
from tests.fleet.test_reduce import (
    KEY,
    MINUTE,
    NOW,
    G,
    World,
    changed,
    ended,
    listed,
    progress,
    row,
)

BY_RUN = Approval("p", "a", KEY, "rm -rf build", run_id="r1")
BY_GATEWAY = Approval(
    "p",
    "a",
    KEY,
    "rm -rf build",
    opened_at=NOW - MINUTE,
    expires_at=NOW + 10 * MINUTE,
    family="exec",
    command="rm -rf build",
    cwd="/srv",
    decisions=("allow-once", "deny"),
)


def opened(approval: Approval) -> ev.ApprovalOpened:
    return ev.ApprovalOpened(G, approval)


def all_listed(*approvals: Approval) -> ev.ApprovalsListed:
    return ev.ApprovalsListed(G, ("exec", "plugin", "system"), approvals)


def waiting() -> World:
    return World(listed(row()), progress(starts=True))


def items(world: World, kind: InboxKind = InboxKind.APPROVAL) -> list[InboxItem]:
    return [item for item in all_items(world.fleet.gateways[G]) if item.kind is kind]


@pytest.mark.parametrize("told", [(BY_RUN, BY_GATEWAY), (BY_GATEWAY, BY_RUN)])
def test_what_the_run_and_the_gateway_tell_is_one_approval(
    told: tuple[Approval, Approval],
) -> None:
    world = waiting()
    world.tell(opened(told[0]), opened(told[1]), opened(told[0]))
    [approval] = world.agent().approvals.values()
    assert (approval.command, approval.cwd, approval.run_id) == ("rm -rf build", "/srv", "r1")
    assert approval.expires_at == NOW + 10 * MINUTE
    assert len(items(world)) == 1
    assert world.tell(opened(BY_GATEWAY), opened(BY_RUN)) == []


def test_a_run_that_told_no_id_asks_for_the_same_one() -> None:
    world = waiting()
    world.tell(opened(replace(BY_RUN, id=f"session:{KEY}")), opened(BY_GATEWAY))
    assert list(world.agent().approvals) == ["p"]
    world.tell(opened(replace(BY_RUN, id=f"session:{KEY}")))
    assert list(world.agent().approvals) == ["p"]


def test_more_that_is_known_of_the_first_does_not_make_it_the_last() -> None:
    world = waiting()
    world.tell(opened(BY_RUN), opened(replace(BY_RUN, id="q")), opened(BY_GATEWAY))
    assert list(world.agent().approvals) == ["p", "q"]


def test_who_decided_is_kept_whichever_word_comes_first() -> None:
    by_gateway = ev.ApprovalClosed(G, "", "p", "deny", "Ann")
    by_run = ev.ApprovalClosed(G, "a", "p")
    for order in ((by_gateway, by_run), (by_run, by_gateway)):
        world = waiting()
        world.tell(opened(BY_RUN), *order)
        assert world.agent().approvals == {}
        decided = world.agent().decided["p"]
        assert (decided.what, decided.by, decided.at) == ("deny", "Ann", NOW)


def test_only_the_latest_decisions_are_kept() -> None:
    world = waiting()
    for number in range(DECISIONS_PER_AGENT + 5):
        world.tell(opened(replace(BY_RUN, id=str(number))), ev.ApprovalClosed(G, "a", str(number)))
    assert list(world.agent().decided) == [str(number) for number in range(5, 25)]


def test_the_gateway_s_list_ends_what_it_does_not_have_and_brings_what_it_has() -> None:
    world = waiting()
    world.tell(opened(BY_GATEWAY), opened(replace(BY_RUN, id="of the run")))
    world.tell(all_listed(replace(BY_GATEWAY, id="new")))
    # What only the run tells of is not ours to see on every gateway: it ends with the run.
    assert set(world.agent().approvals) == {"new", "of the run"}
    world.tell(progress(over=True))
    assert set(world.agent().approvals) == {"new"}
    assert world.tell(all_listed(replace(BY_GATEWAY, id="new"))) == []


def test_a_list_of_one_family_says_nothing_of_the_others() -> None:
    world = waiting()
    world.tell(opened(replace(BY_GATEWAY, family="plugin")), ev.ApprovalsListed(G, ("exec",), ()))
    assert list(world.agent().approvals) == ["p"]


def test_a_list_of_sessions_does_not_end_what_the_gateway_itself_lists() -> None:
    world = waiting()
    world.tell(opened(BY_GATEWAY))
    world.later(MINUTE, listed(row(**ended(NOW + MINUTE))))
    assert list(world.agent().approvals) == ["p"]


def test_without_the_right_only_what_runs_tell_stays() -> None:
    world = waiting()
    world.tell(opened(BY_GATEWAY), opened(BY_RUN), opened(replace(BY_GATEWAY, id="q")))
    world.tell(ev.ApprovalsUnlisted(G))
    [approval] = world.agent().approvals.values()
    assert (approval.id, approval.decisions) == ("p", ())
    world.tell(progress(over=True))
    assert world.agent().approvals == {}


def test_an_approval_of_no_agent_is_the_gateway_s_own() -> None:
    world = waiting()
    world.tell(opened(replace(BY_GATEWAY, id="s", agent_id="", session_key="", family="system")))
    [item] = items(world)
    assert (item.name, item.agent, item.until) == ("Home", "", NOW + 10 * MINUTE)
    assert next_wait(world.fleet, Now(world.now, world.mono)) == 10 * MINUTE
    world.later(10 * MINUTE, ev.Tick(G))
    assert items(world) == []
    world.tell(opened(replace(BY_GATEWAY, agent_id="new", expires_at=NOW + 60 * MINUTE)))
    assert items(world)[0].name == "new"
    world.tell(ev.ApprovalClosed(G, "", "p", "deny"))
    assert items(world) == []


def test_an_approval_of_an_agent_that_is_listed_later_is_still_one() -> None:
    world = waiting()
    asked = replace(BY_GATEWAY, agent_id="new", session_key="agent:new:main")
    world.tell(opened(asked))
    world.tell(listed(row(), agents=("a", "new")))
    changes = world.tell(all_listed(asked))
    assert list(world.agent("new").approvals) == ["p"]
    [item] = items(world)
    assert item.agent == "new"
    assert not [one for one in changes if isinstance(one, InboxChanged) and one.after is None]


# Questions


ASKED = Question("r1:call", "a", (QuestionPart("db", "Which database?"),), KEY, "r1")
KEPT = replace(ASKED, id="ask_1", can_answer=True, expires_at=NOW + 15 * MINUTE)


def test_the_gateway_s_list_of_questions_ends_what_was_answered_elsewhere() -> None:
    world = waiting()
    world.tell(ev.QuestionOpened(G, ASKED), ev.QuestionsListed(G, (KEPT,)))
    assert list(world.agent().questions) == ["ask_1"]
    assert world.tell(ev.QuestionsListed(G, (KEPT,))) == []
    world.tell(ev.QuestionsListed(G, ()))
    assert (world.agent().questions, world.status()) == ({}, Status.THINKING)


def test_a_question_is_found_by_the_id_that_it_had_when_only_its_run_told_of_it() -> None:
    """Who opens it at that moment, opens it. Its id for shells is that of the gateway's own."""
    world = waiting()
    world.tell(ev.QuestionOpened(G, ASKED))
    [first] = items(world, InboxKind.QUESTION)
    world.tell(ev.QuestionOpened(G, KEPT), ev.QuestionsListed(G, (KEPT,)))
    found = find_item(world.fleet, first.id)
    assert found is not None
    assert (found.subject, found.was) == ("ask_1", first.id)
    fresh = waiting()
    fresh.tell(ev.QuestionsListed(G, (KEPT,)))
    [listed] = items(fresh, InboxKind.QUESTION)
    assert listed.id == found.id
    assert find_item(fresh.fleet, "") is None


def test_a_question_of_a_run_that_others_may_not_see_stays_until_its_run_says_so() -> None:
    world = waiting()
    world.tell(ev.QuestionOpened(G, ASKED), ev.QuestionsListed(G, ()))
    assert list(world.agent().questions) == ["r1:call"]


def test_how_a_question_ended_is_kept() -> None:
    world = waiting()
    world.tell(ev.QuestionOpened(G, KEPT), ev.QuestionClosed(G, "", "ask_1", "answered"))
    assert world.agent().decided["ask_1"].what == "answered"


def test_a_gateway_that_shortens_the_words_asks_the_same_question() -> None:
    world = waiting()
    shorter = replace(KEPT, parts=(QuestionPart("db", "Which…"),))
    world.tell(ev.QuestionOpened(G, ASKED), ev.QuestionOpened(G, shorter))
    assert list(world.agent().questions) == ["ask_1"]


def test_two_questions_in_the_same_words_are_two() -> None:
    world = waiting()
    world.tell(ev.QuestionOpened(G, KEPT), ev.QuestionOpened(G, replace(KEPT, id="ask_2")))
    assert len(world.agent().questions) == 2


# Headlines


def test_a_headline_is_of_its_run_and_of_no_later_one() -> None:
    world = World(listed(row(status="running", active=True, updated_at=NOW)))
    world.tell(ev.HeadlineTold(G, "a", KEY, "Tests run", revision=4))
    assert world.session().digest_headline == "Tests run"
    assert world.tell(ev.HeadlineTold(G, "a", KEY, "Older", revision=3)) == []
    running: dict[str, Any] = {"status": "running", "active": True}
    world.tell(changed(**running, updated_at=NOW + 1))
    world.tell(listed(row(**running, updated_at=NOW + 2)))
    assert world.session().digest_headline == "Tests run"
    world.tell(changed(**ended(NOW + 3)), changed(**running, updated_at=NOW + 4))
    assert world.session().digest_headline == ""


def test_a_headline_of_a_session_that_no_row_has_told_of_makes_none() -> None:
    world = World(listed(row()))
    assert world.tell(ev.HeadlineTold(G, "a", "agent:a:other", "x")) == []
    assert world.tell(ev.HeadlineTold(G, "?", KEY, "x")) == []
