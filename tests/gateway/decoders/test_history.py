"""Messages as 2026.5.7 and 2026.9.6 send them (recorded, shortened), and as an enemy would."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_desktop.fleet.transcript.records import DETAIL_LIMIT, TEXT_LIMIT, USES_PER_MESSAGE, Role
from cc_desktop.gateway.decoders import history
from cc_desktop.gateway.decoders.live import REPLY_LIMIT, LiveDecoder

CALL = {
    "role": "assistant",
    "content": [
        {
            "type": "toolCall",
            "id": "call_2",
            "name": "exec",
            "arguments": {"command": "echo hello; false"},
        }
    ],
    "stopReason": "toolUse",
    "timestamp": 1795516932340,
    "__openclaw": {"id": "abde0776", "seq": 4},
}
RESULT = {
    "role": "toolResult",
    "toolCallId": "call_2",
    "toolName": "exec",
    "content": [{"type": "text", "text": "hello\n\n(Command exited with code 1)"}],
    "isError": False,
    "timestamp": 1795516933169,
    "__openclaw": {"id": "9ffb761d", "seq": 5},
}
# 2026.5.7, then 2026.9.6
FAILED = [
    {
        "role": "assistant",
        "content": [{"type": "text", "text": "[assistant turn failed before producing content]"}],
        "stopReason": "error",
        "timestamp": 1795516940325,
        "errorMessage": "400 bad request of a kind",
        "__openclaw": {"id": "bebbdd7e", "seq": 8},
    },
    {
        "role": "assistant",
        "content": [{"type": "text", "text": "⚠️ LLM request failed (HTTP 400)."}],
        "stopReason": "error",
        "timestamp": 1795516948252,
        "__openclaw": {"runId": "a3", "id": "c18f74c0", "seq": 8},
    },
]


def decoded(raw: Any) -> Any:
    found = history.message(raw)
    assert found is not None
    return found


def test_words_of_people_and_agents() -> None:
    one = decoded({"role": "user", "content": "run: it", "timestamp": 5, "__openclaw": {"id": "x"}})
    assert (one.role, one.id, one.at, one.text) == (Role.USER, "x", 5, "run: it")
    blocks = [{"type": "text", "text": "a\n  b"}, {"type": "thinking", "thinking": "secret"}]
    assert decoded({"role": "assistant", "content": blocks}).text == "a\n  b"


def test_a_tool_call_and_its_result() -> None:
    call = decoded(CALL)
    assert [(one.id, one.name, one.subject) for one in call.uses] == [
        ("call_2", "exec", "echo hello; false")
    ]
    result = decoded(RESULT)
    assert (result.role, result.call_id, result.tool) == (Role.TOOL, "call_2", "exec")
    assert (result.failed, result.note) == (True, "exit 1")


@pytest.mark.parametrize(
    ("raw", "text", "error"),
    [
        (FAILED[0], "", "400 bad request of a kind"),
        (FAILED[1], "⚠️ LLM request failed (HTTP 400).", ""),
    ],
)
def test_a_failed_run(raw: dict[str, Any], text: str, error: str) -> None:
    found = decoded(raw)
    assert (found.failed, found.text, found.error) == (True, text, error)


def test_what_says_nothing_is_left_out_and_boundaries_are_kept() -> None:
    assert history.message({"role": "assistant", "content": []}) is None
    assert history.message({"role": "robot", "content": "x"}) is None
    kept = decoded({"role": "system", "__openclaw": {"id": "b", "kind": "compaction"}})
    assert kept.boundary == "compaction"


def test_images_are_counted_and_never_named() -> None:
    content = [{"type": "image", "url": "http://evil/x.png"}, {"type": "text", "text": "see"}]
    found = decoded({"role": "assistant", "content": content})
    assert (found.attachments, found.text) == (1, "see")
    assert "evil" not in repr(found)


def test_the_id_of_an_event_may_stand_beside_its_message() -> None:
    raw = {"messageId": "m1", "message": {"role": "user", "content": "x"}}
    found = history.said(raw)
    assert found is not None
    assert found.id == "m1"


def test_a_run_in_flight_and_a_progress_card() -> None:
    run = history.in_flight({"inFlightRun": {"runId": "a4", "text": "Holding", "startedAt": 7}})
    assert run is not None
    assert (run.run_id, run.text, run.started_at) == ("a4", "Holding", 7)
    assert history.in_flight({"inFlightRun": None}) is None
    card = history.card(
        {
            "card": {
                "markdown": "**x**",
                "steps": [{"step": "a", "status": "completed"}, {"step": "b", "status": "pending"}],
            }
        }
    )
    assert card is not None
    assert (card.done, [one.text for one in card.steps]) == (1, ["a", "b"])
    assert history.card({"card": None}) is None


# What an enemy writes


def test_a_line_of_ten_megabytes_is_cut_where_it_comes_in() -> None:
    found = decoded({"role": "assistant", "content": "x" * 10_000_000})
    assert len(found.text) == TEXT_LIMIT
    assert found.cut == 10_000_000 - TEXT_LIMIT
    result = decoded({"role": "toolResult", "toolCallId": "c", "content": "y" * 10_000_000})
    assert len(result.text) == DETAIL_LIMIT
    arguments = {"command": "z" * 10_000_000, "deep": [[[[[["x"]]]]]]}
    use = history.tool_use("c", "exec", arguments)
    assert len(use.detail) <= DETAIL_LIMIT
    assert len(use.subject) <= 200


def test_a_hundred_thousand_calls_in_one_message_are_counted() -> None:
    block = {"type": "toolCall", "id": "c", "name": "exec", "arguments": {"command": "x"}}
    found = decoded({"role": "assistant", "content": [block] * 100_000})
    assert len(found.uses) == USES_PER_MESSAGE
    assert found.uses_cut == history.MOST_BLOCKS - USES_PER_MESSAGE


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07end", "red end"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("gp\u202ej.exe", "gpj.exe"),
        ("a\u200bb\u2066c", "abc"),
        ("if x:\n\treturn\n", "if x:\n    return"),
        ("a\x00b\rc", "a b\nc"),
        ("\ud800x", "\ufffdx"),
    ],
)
def test_terminal_orders_and_hidden_characters_go(text: str, clean: str) -> None:
    assert decoded({"role": "assistant", "content": text}).text == clean


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        *("role", "content", "type", "text", "id", "name", "arguments", "message"),
                        *("__openclaw", "toolCallId", "timestamp", "usage", "cost", "kind"),
                        *("runId", "stream", "data", "phase", "state", "seq", "card", "steps"),
                    ]
                ),
                inner | st.sampled_from(["user", "assistant", "toolResult", "toolCall", "tool"]),
                max_size=6,
            )
        ),
        max_leaves=30,
    )
)
def test_nothing_that_is_sent_raises(value: Any) -> None:
    history.message(value)
    history.said(value)
    history.card(value)
    history.in_flight(value)
    decoder = LiveDecoder()
    for event in ("agent", "chat", "session.tool", "session.message", "progressCard.changed"):
        list(decoder.decode(event, value))


def test_a_streamed_reply_of_megabytes_costs_its_end_only() -> None:
    decoder = LiveDecoder()
    data = {"runId": "r", "seq": 1, "stream": "assistant", "data": {"text": "w " * 3_000_000}}
    (event,) = decoder.decode("agent", data)
    assert len(event.text) <= REPLY_LIMIT  # type: ignore[union-attr]
    assert event.cut == 6_000_000 - REPLY_LIMIT  # type: ignore[union-attr]


def test_unfinished_terminal_orders_hide_nothing() -> None:
    found = decoded({"role": "assistant", "content": "\x1b]" * 900 + "\x1b[" * 900 + "\nend"})
    assert found.text.endswith("end")
