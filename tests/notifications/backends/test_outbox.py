from __future__ import annotations

from cc_desktop.notifications.backends.outbox import (
    MAX_ABANDONED,
    MAX_UNANSWERED,
    MAX_WAITING,
    Call,
    Outbox,
)
from cc_desktop.notifications.message import Message


def message(tag: str, title: str = "") -> Message:
    return Message(tag, title or tag, "")


def send(outbox: Outbox) -> Call | None:
    tag = outbox.next_tag()
    assert tag is not None
    return outbox.take(tag)


def sent(outbox: Outbox) -> Call:
    call = send(outbox)
    assert call is not None
    return call


def test_the_newest_of_each_tag_waits_in_the_order_of_coming() -> None:
    outbox = Outbox()
    for title in ("a 1", "b 1", "a 2"):
        outbox.show(message(title[0], title))
    assert [sent(outbox).message.title for _ in range(2)] == ["b 1", "a 2"]
    assert outbox.next_tag() is None


def test_the_line_is_bounded() -> None:
    outbox = Outbox()
    for number in range(MAX_WAITING + 5):
        outbox.show(message(str(number)))
    assert len(outbox) == MAX_WAITING
    assert outbox.next_tag() == "5"


def test_few_are_sent_without_an_answer() -> None:
    outbox = Outbox()
    for number in range(10):
        outbox.show(message(str(number)))
    calls = [sent(outbox) for _ in range(MAX_UNANSWERED)]
    assert outbox.next_tag() is None
    outbox.finish(calls[1])
    assert outbox.next_tag() == str(MAX_UNANSWERED)


def test_a_tag_waits_for_the_answer_to_its_last_message() -> None:
    outbox = Outbox()
    outbox.show(message("a", "first"))
    call = sent(outbox)
    outbox.show(message("a", "second"))
    assert outbox.next_tag() is None
    outbox.finish(call)
    assert sent(outbox).message.title == "second"


def test_what_is_withdrawn_while_it_is_on_its_way_is_closed_after_the_answer() -> None:
    outbox = Outbox()
    outbox.show(message("a"))
    call = sent(outbox)
    outbox.withdraw("a", shown=False)
    assert outbox.next_tag() is None
    outbox.finish(call)
    assert send(outbox) is None
    assert len(outbox) == 0


def test_an_abandoned_message_that_is_withdrawn_or_replaced_is_unwanted() -> None:
    for newer in (None, message("a", "second")):
        for late in (False, True):
            outbox = Outbox()
            outbox.show(message("a"))
            call = sent(outbox)
            if late:
                outbox.abandon(call)
            if newer is None:
                outbox.withdraw("a", shown=False)
            else:
                outbox.show(newer)
            if not late:
                outbox.abandon(call)
            if late and newer is not None:
                outbox.abandon(sent(outbox))
            assert call.unwanted


def test_abandoned_calls_are_bounded() -> None:
    outbox = Outbox()
    for number in range(3 * MAX_ABANDONED):
        outbox.show(message(str(number)))
        outbox.abandon(sent(outbox))
    assert outbox.abandoned == MAX_ABANDONED


def test_a_message_goes_back_into_the_line_once_and_gives_way_to_a_newer_one() -> None:
    outbox = Outbox()
    outbox.show(message("a", "first"))
    outbox.show(message("b"))
    call = sent(outbox)
    outbox.finish(call)
    outbox.put_back(call)
    call = sent(outbox)
    assert call.message.title == "first"
    outbox.finish(call)
    outbox.put_back(call)
    call = sent(outbox)
    assert call.message.tag == "b"
    outbox.show(message("b", "newer"))
    outbox.finish(call)
    outbox.put_back(call)
    assert sent(outbox).message.title == "newer"
