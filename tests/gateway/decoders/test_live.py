"""Events of a run as recorded from 2026.5.7 and 2026.9.6, shortened."""

from __future__ import annotations

from typing import Any

import pytest

from cc_desktop.fleet.transcript.live import (
    CardTold,
    LiveEvent,
    MessageSaid,
    Phase,
    ReplyStreamed,
    RunEnded,
    RunPhased,
    ToolBegan,
    ToolEnded,
    ToolTold,
)
from cc_desktop.gateway.decoders.live import MOST_RUNS, LiveDecoder

ARGS = {"command": "echo hello; false"}
TEXT = [{"type": "text", "text": "hello\n\n(Command exited with code 1)"}]


def agent(seq: int, stream: str, **data: Any) -> dict[str, Any]:
    return {"runId": "a2", "seq": seq, "ts": 1000 + seq, "stream": stream, "data": data}


TOOL = [
    agent(1, "lifecycle", phase="start", startedAt=1001),
    agent(2, "tool", phase="start", name="exec", toolCallId="call_2", args=ARGS),
    agent(3, "item", phase="start", title="exec print text", toolCallId="call_2"),
    agent(
        4,
        "tool",
        phase="update",
        toolCallId="call_2",
        partialResult={"content": [{"type": "text", "text": "hello\n"}]},
    ),
    agent(
        5,
        "tool",
        phase="result",
        toolCallId="call_2",
        isError=False,
        result={"content": TEXT, "details": {"exitCode": 1}},
    ),
    agent(6, "assistant", text="The", delta="The"),
    agent(7, "lifecycle", phase="end", endedAt=1007),
]


def decoded(*events: tuple[str, Any]) -> list[LiveEvent]:
    decoder = LiveDecoder()
    return [one for name, data in events for one in decoder.decode(name, data)]


def test_a_run_with_a_tool() -> None:
    events = decoded(*[("agent", one) for one in TOOL])
    assert [type(one) for one in events] == [
        *(RunPhased, ToolBegan, ToolTold, ToolEnded, ReplyStreamed, RunEnded)
    ]
    began, ended = events[1], events[3]
    assert isinstance(began, ToolBegan)
    assert (began.step.subject, began.step.started_at) == ("echo hello; false", 1002)
    assert isinstance(ended, ToolEnded)
    assert (ended.failed, ended.note, ended.ended_at) == (True, "exit 1", 1005)


def test_what_session_tool_repeats_is_told_once() -> None:
    twice = [(name, one) for one in TOOL for name in ("agent", "session.tool")]
    assert decoded(*twice) == decoded(*[("agent", one) for one in TOOL])


def test_a_reply_told_by_chat_counts_only_where_agent_does_not_tell_it() -> None:
    delta = {
        "runId": "a2",
        "seq": 6,
        "state": "delta",
        "message": {"role": "assistant", "content": [{"type": "text", "text": "The"}]},
    }
    assert decoded(("chat", delta)) == [ReplyStreamed("a2", "The")]
    assert decoded(("agent", TOOL[5]), ("chat", delta)) == [ReplyStreamed("a2", "The")]


@pytest.mark.parametrize(
    ("event", "data", "expected"),
    [
        ("chat", {"runId": "r", "state": "final"}, [RunEnded("r")]),
        ("chat", {"runId": "r", "state": "aborted"}, [RunEnded("r", aborted=True)]),
        (
            "chat",
            {"runId": "r", "state": "error", "errorMessage": "no\nlogs"},
            [RunEnded("r", "no")],
        ),
        ("chat", {"runId": "r", "state": "status"}, [RunPhased("r", Phase.STARTING)]),
        ("chat", {"state": "final"}, []),
        ("agent", agent(1, "lifecycle", phase="model", model=None), []),
        ("agent", agent(1, "lifecycle", phase="fallback_step"), []),
        ("agent", agent(1, "run_status", phase="starting_model"), [RunPhased("a2", Phase.MODEL)]),
        ("progressCard.changed", {"revision": 3}, [CardTold(3)]),
        ("session.message", {"message": {"role": "robot"}}, []),
        ("presence", {"runId": "r"}, []),
    ],
)
def test_other_events(event: str, data: Any, expected: list[LiveEvent]) -> None:
    assert decoded((event, data)) == expected


def test_a_message() -> None:
    (event,) = decoded(("session.message", {"message": {"role": "user", "content": "hi"}}))
    assert isinstance(event, MessageSaid)
    assert event.message.text == "hi"


def test_runs_that_are_remembered_are_bounded() -> None:
    decoder = LiveDecoder()
    for number in range(MOST_RUNS * 5):
        data = {**agent(1, "assistant", text="x"), "runId": f"r{number}"}
        list(decoder.decode("agent", data))
    assert len(decoder._seen) <= MOST_RUNS
    assert len(decoder._streams) <= MOST_RUNS
