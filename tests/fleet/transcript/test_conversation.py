from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from cc_desktop.fleet.transcript import records
from cc_desktop.fleet.transcript.conversation import Conversation
from cc_desktop.fleet.transcript.records import Message, Page, Role
from cc_desktop.fleet.transcript.rows import Outcome, RowBuilder, RowKind
from tests.fleet.transcript.talk import AT, agent, result, user

TALK = tuple(
    one for n in range(20) for one in (user(f"u{n}"), agent(f"a{n}", f"said {n}", calls=(f"c{n}",)))
)


def ids(conversation: Conversation) -> list[str]:
    return [one.id for one in conversation.messages]


def rows_are_those_of_the_messages(conversation: Conversation) -> bool:
    return list(conversation.rows) == RowBuilder(conversation.messages).rows


def test_the_newest_page_comes_first_and_older_ones_before_it() -> None:
    talk = Conversation()
    talk.replace_end(Page(TALK[20:], has_more=True))
    assert talk.has_more
    assert talk.add_older(Page(TALK[:21], has_more=False)) == 20  # one overlaps
    assert list(talk.messages) == list(TALK)
    assert not talk.has_more
    assert rows_are_those_of_the_messages(talk)


def test_a_page_replaces_what_came_live_and_keeps_what_is_older() -> None:
    talk = Conversation()
    talk.replace_end(Page(TALK[:10]))
    talk.page_asked()
    for message in TALK[10:14]:
        talk.add(message)
    changed = agent("a6", "said otherwise")
    talk.replace_end(Page((*TALK[8:13], changed)))
    assert ids(talk) == [*[one.id for one in TALK[:13]], "a6"]
    assert talk.messages[-1].text == "said otherwise"


def test_what_comes_while_a_page_is_made_is_not_lost() -> None:
    talk = Conversation()
    talk.page_asked()
    talk.add(TALK[0])
    talk.add(TALK[1])
    talk.replace_end(Page(TALK[:1]))  # made before the second
    assert ids(talk) == [TALK[0].id, TALK[1].id]


def test_after_a_gap_only_the_newest_page_is_known() -> None:
    talk = Conversation()
    talk.replace_end(Page(TALK[:4]))
    talk.page_asked()
    assert not talk.replace_end(Page(TALK[30:], has_more=True))
    assert ids(talk) == [one.id for one in TALK[30:]]
    assert talk.has_more


def test_what_was_sent_is_told_twice_by_old_gateways_and_shown_once() -> None:
    talk = Conversation()
    talk.add(Message(Role.USER, "", AT, "run: it"))
    talk.add(Message(Role.USER, "id1", AT + 5, "run: it"))
    assert ids(talk) == ["id1"]
    talk.page_asked()
    talk.add(Message(Role.USER, "", AT, "again"))
    talk.replace_end(Page((*talk.messages[:1], Message(Role.USER, "id2", AT, "again"))))
    assert ids(talk) == ["id1", "id2"]


def test_a_result_goes_to_its_call_wherever_its_page_begins() -> None:
    talk = Conversation()
    talk.replace_end(Page((result("c1", "yes", AT + 2_000), user("u2"))))
    assert [(row.kind, row.result) for row in talk.rows][:1] == [(RowKind.CALL, "yes")]
    talk.add_older(Page((user("u1"), agent("a1", "look", AT, ("c1",)))))
    calls = [row for row in talk.rows if row.kind is RowKind.CALL]
    assert [(one.subject, one.result, one.took_ms) for one in calls] == [("do c1", "yes", 2_000)]


def test_a_call_without_result_is_over_when_somebody_asks_again() -> None:
    talk = Conversation()
    talk.add(agent("a1", "", calls=("c1",)))
    assert talk.rows[-1].outcome is Outcome.RUNNING
    talk.add(user("u2"))
    assert talk.rows[-2].outcome is Outcome.UNKNOWN


def test_a_failed_run_ends_with_its_reason_cost_and_time() -> None:
    talk = Conversation()
    talk.add(user("u1", at=AT))
    talk.add(Message(Role.ASSISTANT, "a1", AT + 1_000, "working", cost_usd=1.5))
    talk.add(Message(Role.ASSISTANT, "a2", AT + 60_000, failed=True, error="402", cost_usd=0.5))
    last = talk.rows[-1]
    assert (last.kind, last.text, last.took_ms, last.cost_usd) == (
        *(RowKind.FAILURE, "402", 60_000, 2.0),
    )


def test_a_conversation_is_bounded() -> None:
    talk = Conversation()
    for number in range(records.MOST_MESSAGES + 500):
        talk.add(user(f"u{number}"))
    assert len(talk.messages) <= records.MOST_MESSAGES
    assert talk.messages[-1].id == f"u{records.MOST_MESSAGES + 499}"
    assert talk.is_full
    assert not talk.has_more
    assert rows_are_those_of_the_messages(talk)


def test_a_hundred_thousand_tool_calls_are_kept_and_more_are_not() -> None:
    talk = Conversation()
    per = 1_000
    for number in range(102):
        calls = tuple(f"{number}-{n}" for n in range(per))
        talk.add(agent(f"a{number}", calls=calls))
    kept = sum(len(one.uses) for one in talk.messages)
    assert kept <= records.MOST_CALLS
    assert len(talk.rows) <= records.MOST_CALLS + len(talk.messages)


@given(st.integers(0, 2**32), st.integers(1, 39))
def test_whatever_came_live_after_a_page_it_equals_history(seed: int, start: int) -> None:
    rng = random.Random(seed)
    talk = Conversation()
    talk.replace_end(Page(TALK[:start], has_more=False))
    events = [rng.choice(TALK) for _ in range(30)] + [Message(Role.USER, "", AT, "early")]
    rng.shuffle(events)
    for message in events:
        talk.add(message)
    talk.page_asked()
    talk.replace_end(Page(TALK))
    assert list(talk.messages) == list(TALK)
    assert rows_are_those_of_the_messages(talk)
