"""Words of the inbox: lines, countdowns, text in which nothing hides."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_desktop.fleet.commands import (
    AnswerQuestion,
    CommandPhase,
    CommandState,
    ResolveApproval,
)
from cc_desktop.fleet.inbox import InboxItem, InboxKind
from cc_desktop.fleet.requests import Decision
from cc_desktop.text.inbox import KINDS
from cc_desktop.text.inbox.advice import advice
from cc_desktop.text.inbox.lines import countdown, headline, time_left
from cc_desktop.text.inbox.requests import ending
from cc_desktop.text.inbox.verbatim import is_plain, verbatim

NOW = 1_800_000_000_000


@given(st.text())
def test_nothing_hides_in_a_command(text: str) -> None:
    shown = verbatim(text)
    for char in shown:
        assert char == "\n" or unicodedata.category(char) not in (
            "Cc",
            "Cf",
            "Cs",
            "Co",
            "Zl",
            "Zp",
        )
    assert all(char in shown for char in text if char.isascii() and char.isprintable())


@pytest.mark.parametrize("text", ["make deploy", "größer ≥ 3", "a-b_c"])
def test_what_shows_itself_stays(text: str) -> None:
    assert verbatim(text) == text
    assert is_plain(text)


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\u00a0b", "a\u3164b", "\ufe0fa", "a\r"])
def test_what_hides_is_not_plain(text: str) -> None:
    assert not is_plain(text)


@pytest.mark.parametrize(
    ("left", "said"),
    [(0, ""), (-5, ""), (4_000, "0:04"), (724_000, "12:04"), (3 * 3_600_000, "3 h")],
)
def test_how_long_is_left(left: int, said: str) -> None:
    assert countdown(NOW + left, NOW) == said
    assert time_left(0, NOW) == ""


@pytest.mark.parametrize("kind", list(InboxKind))
def test_every_kind_has_a_line_and_says_what_can_be_done(kind: InboxKind) -> None:
    item = InboxItem("x", kind, "g", "s", name="Rex", detail="no credit")
    assert "Rex" in headline(item, NOW)
    told = (InboxKind.APPROVAL, InboxKind.FINISHED, InboxKind.RECOVERED, InboxKind.BACK)
    assert bool(advice(item)) != (kind in told)
    assert KINDS[kind].label


def test_several_are_told_by_their_number() -> None:
    item = InboxItem("x", InboxKind.FAILED, "g", "s", detail="529", members=("a", "b", "c"))
    assert headline(item, NOW) == "3 agents failed: 529"


def test_how_an_item_ended() -> None:
    item = InboxItem("x", InboxKind.APPROVAL, "g", "a1", until=NOW + 1)
    approve = ResolveApproval("g", "dex", "a1", "allow-once")
    done = CommandState(approve, CommandPhase.DONE, NOW)
    assert ending(item, done, NOW) == "Approved once."
    lost = CommandState(approve, CommandPhase.REFUSED, NOW, "decided", "allow-always")
    assert ending(item, lost, NOW) == "Somebody else approved it for always."
    strange = CommandState(approve, CommandPhase.REFUSED, NOW, "decided", "maybe")
    assert ending(item, strange, NOW) == "Somebody else was first: maybe."
    assert ending(item, None, NOW + 5) == "Its time ran out. Nobody decided it here."
    assert "decided elsewhere" in ending(item, None, NOW)
    theirs = Decision("a1", "deny", "Ann")
    assert ending(item, None, NOW, theirs) == "Deny: decided by Ann."
    assert ending(item, None, NOW, Decision("a1", "deny")) == "Somebody else denied it."
    assert ending(item, None, NOW + 5, Decision("a1")) == ending(item, None, NOW + 5)
    answer = CommandState(AnswerQuestion("g", "dex", "a1"), CommandPhase.DONE, NOW)
    assert ending(item, answer, NOW) == "Answered."
