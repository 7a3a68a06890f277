"""Approvals, questions, headlines and progress cards, as recorded on 2026.9.6 or scripted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import ProgressCard
from cc_desktop.fleet.requests import Approval, Question
from cc_desktop.fleet.runs import Cause
from cc_desktop.gateway.decoders.observer import progress_card
from cc_desktop.gateway.decoders.requests.approvals import approval, approvals
from cc_desktop.gateway.decoders.requests.questions import questions
from cc_desktop.gateway.decoders.runs import signature
from cc_desktop.gateway.event_decoder import EventDecoder

MAIN = "agent:rex:main"
RUN = {"runId": "r1", "sessionKey": MAIN, "agentId": "rex"}
# Recorded, but for what is of no interest.
EXEC = {
    "id": "08976553-a854-4539-9148-e8ead8a2e030",
    "request": {
        "command": "echo hi\nthere",
        "cwd": "/srv/rex",
        "nodeId": None,
        "host": "gateway",
        "warningText": None,
        "scope": None,
        "unavailableDecisions": ["allow-always"],
        "allowedDecisions": ["allow-once", "deny"],
        "agentId": "rex",
        "sessionKey": MAIN,
        "runId": "r1",
        "toolCallId": "call_2",
    },
    "createdAtMs": 1795517955465,
    "expiresAtMs": 1795519755465,
    "approvalKind": "exec",
}
QUESTION = {
    "id": "ask_ca870e72bfd4a49dfe44434aed00e092",
    "questions": [
        {
            "questionId": "db",
            "header": "Database",
            "question": "Which database?",
            "options": [{"label": "Postgres", "description": "x"}, {"label": "SQLite"}],
            "isOther": True,
        }
    ],
    "agentId": "rex",
    "sessionKey": MAIN,
    "runId": "r1",
    "createdAtMs": 1795517948508,
    "expiresAtMs": 1795518848508,
    "status": "pending",
}


def read(name: str, payload: object) -> list[ev.Event]:
    return list(EventDecoder("gw", 4).decode(name, payload))


def only_approval(family: str = "exec", **request: Any) -> Approval:
    found = approval(family, {**EXEC, "request": {**EXEC["request"], **request}})  # type: ignore[dict-item]
    assert found is not None
    return found


def test_an_approval_of_a_command_is_whole() -> None:
    [event] = read("exec.approval.requested", EXEC)
    assert event == ev.ApprovalOpened(
        "gw",
        Approval(
            id=str(EXEC["id"]),
            agent_id="rex",
            session_key=MAIN,
            title="echo hi there",
            opened_at=1795517955465,
            expires_at=1795519755465,
            family="exec",
            command="echo hi\nthere",
            cwd="/srv/rex",
            host="gateway",
            decisions=("allow-once", "deny"),
        ),
    )


def test_an_approval_of_a_plugin_and_of_the_system_agent() -> None:
    told = {"title": "Post it", "description": "To #news", "detail": "{…}", "severity": "critical"}
    plugin = only_approval("plugin", command=None, **told)
    assert (plugin.title, plugin.description, plugin.command) == ("Post it", "To #news", "{…}")
    assert (plugin.family, plugin.severity) == ("plugin", "critical")
    [event] = read(
        "openclaw.approval.requested",
        {"id": "s", "request": {"title": "OpenClaw change", "description": "d", "command": "d"}},
    )
    assert isinstance(event, ev.ApprovalOpened)
    system = event.approval
    assert (system.family, system.description, system.command) == ("system", "d", "")
    assert (system.agent_id, system.decisions) == ("", ("allow-once", "deny"))


@pytest.mark.parametrize(
    ("scope", "of"),
    [
        (
            {"kind": "payment", "amount": "12.50", "currency": "EUR", "target": "Shop"},
            "12.50 EUR Shop",
        ),
        ({"kind": "external-post", "target": "x.com", "visibility": "public"}, "x.com public"),
        ({"kind": "message-send", "target": "#all", "recipientCount": 9}, "#all"),
        ({"kind": "standing-grant", "automation": "nightly", "command": "ls"}, "nightly ls"),
        ({"kind": "new-one", "target": "x"}, ""),
    ],
)
def test_what_it_reaches(scope: dict[str, Any], of: str) -> None:
    found = only_approval(scope=scope)
    assert (found.scope, found.scope_of) == (scope["kind"], of)


def test_nothing_hides_in_a_command_and_none_of_it_is_lost() -> None:
    command = "rm -rf /\u202e gpj.exe\x1b[2K\u200b # " + "x" * 5_000
    found = only_approval(command=command)
    assert found.command.startswith("rm -rf /<U+202E> gpj.exe<U+001B>[2K<U+200B> # xxx")
    assert len(found.command) > 5_000
    assert found.title.isprintable()


def test_only_decisions_that_are_known_are_offered() -> None:
    allowed = ["deny", "allow-always", "sudo", 7]
    assert only_approval(allowedDecisions=allowed).decisions == ("allow-always", "deny")
    assert only_approval(allowedDecisions=None).decisions == ("allow-once", "deny")
    assert only_approval(allowedDecisions=[]).decisions == ()


def test_a_list_is_bare_or_in_an_object() -> None:
    assert len(approvals("exec", [EXEC, {"id": ""}, 7, None])) == 1
    assert len(approvals("exec", {"approvals": [EXEC]})) == 1
    assert approvals("exec", "nonsense") == ()


@pytest.mark.parametrize(
    ("name", "payload", "decision", "by"),
    [
        ("exec.approval.resolved", {"decision": "deny", "resolvedBy": "Ann"}, "deny", "Ann"),
        ("plugin.approval.resolved", {"decision": "allow-once"}, "allow-once", ""),
        (
            "exec.approval.resolved",
            {"decision": "deny", "resolvedBy": None},
            "",
            "",
        ),  # nobody in time
        ("exec.approval.resolved", {"decision": None, "status": "expired"}, "expired", ""),
        ("plugin.approval.removed", {}, "", ""),
        ("openclaw.approval.expired", {}, "expired", ""),
    ],
)
def test_how_it_ended(name: str, payload: dict[str, Any], decision: str, by: str) -> None:
    [event] = read(name, {"id": "x", **payload})
    assert event == ev.ApprovalClosed("gw", "", "x", decision, by)


def test_a_question_as_the_gateway_keeps_it() -> None:
    [event] = read("question.requested", QUESTION)
    assert isinstance(event, ev.QuestionOpened)
    found = event.question
    assert (found.id, found.agent_id, found.run_id) == (QUESTION["id"], "rex", "r1")
    assert found.can_answer
    [part] = found.parts
    assert (part.id, part.text, part.takes_text) == ("db", "Which database?", True)
    assert [(one.label, one.value) for one in part.choices] == [
        ("Postgres", "Postgres"),
        ("SQLite", "SQLite"),
    ]
    assert questions({"questions": [QUESTION, {**QUESTION, "status": "answered"}]}) == (found,)
    [over] = read("question.resolved", {"id": QUESTION["id"], "status": "cancelled"})
    assert over == ev.QuestionClosed("gw", "", str(QUESTION["id"]), "cancelled")


def test_an_answer_is_exactly_what_the_gateway_offered_and_its_words_are_clean() -> None:
    label = "Yes\u202e, do it"
    parts = [{"questionId": "q", "question": "?", "options": [{"label": label}]}]
    [found] = questions({"questions": [{**QUESTION, "questions": parts}]})
    [choice] = found.parts[0].choices
    assert (choice.label, choice.value) == ("Yes, do it", label)


def test_a_secret_is_marked_however_it_is_told() -> None:
    for told in ({"isSecret": True}, {"secretStore": {"name": "KEY", "kind": "env"}}):
        parts = [{"questionId": "q", "question": "Key?", **told}]
        [found] = questions({"questions": [{**QUESTION, "questions": parts}]})
        assert found.parts[0].is_secret


def tool(phase: str, name: str, call: str = "call_1", **data: Any) -> dict[str, Any]:
    return {**RUN, "data": {"phase": phase, "name": name, "toolCallId": call, **data}}


def test_whoever_may_read_sees_the_call_that_asks_and_its_end() -> None:
    decoder = EventDecoder("gw", 4)
    arguments = {"questions": [{"id": "db", "question": "Which?", "options": [{"label": "A"}]}]}
    start = list(decoder.decode("session.tool", tool("start", "ask_user", args=arguments)))
    opened = start[-1]
    assert isinstance(opened, ev.QuestionOpened)
    assert (opened.question.title, opened.question.can_answer) == ("Which?", False)
    end = list(decoder.decode("session.tool", tool("result", "ask_user")))
    assert end[-1] == ev.QuestionClosed("gw", "rex", opened.question.id)


def calls(*data: tuple[str, str, dict[str, Any]]) -> list[str]:
    decoder = EventDecoder("gw", 4)
    return [
        event.call
        for call, name, arguments in data
        for event in decoder.decode("session.tool", tool("start", name, call, args=arguments))
        if isinstance(event, ev.RunProgress)
    ]


def test_the_same_call_has_the_same_signature_whatever_the_order_of_its_arguments() -> None:
    one, same, other, again = calls(
        ("1", "exec", {"command": "curl x", "cwd": "/"}),
        ("2", "exec", {"cwd": "/", "command": "curl x"}),
        ("3", "exec", {"command": "curl y", "cwd": "/"}),
        ("1", "exec", {"command": "curl x", "cwd": "/"}),  # told twice
    )
    assert one == same != other
    assert again == ""


def test_to_look_whether_something_has_happened_is_no_circle() -> None:
    assert signature("process", {"action": "poll", "sessionId": "s"}) == ""
    assert signature("process", {"action": "write", "data": "y"}) != ""
    assert signature("sessions_yield", {}) == ""


def test_tokens_come_with_the_next_event_of_their_run() -> None:
    decoder = EventDecoder("gw", 4)
    message = {
        "sessionKey": MAIN,
        "message": {
            "role": "assistant",
            "usage": {"input": 120, "output": 12, "totalTokens": 132, "cacheRead": 9_000},
            "__openclaw": {"runId": "r1"},
        },
    }
    assert list(decoder.decode("session.message", message)) == []
    assert list(decoder.decode("session.message", message)) == []
    usage = {**RUN, "stream": "usage", "data": {"outputTokens": 24}}
    [event] = decoder.decode("agent", usage)
    assert isinstance(event, ev.RunProgress)
    assert event.tokens == 264


def test_why_a_run_failed_is_told_with_a_try_and_kept_until_its_end() -> None:
    decoder = EventDecoder("gw", 4)
    observed = {"provider": "mock", "model": "m", "failoverReason": "overloaded", "httpStatus": 529}
    data = {"phase": "finishing", "error": "overloaded", "errorObservation": observed}
    list(decoder.decode("agent", {**RUN, "stream": "lifecycle", "data": data}))
    data = {"phase": "error", "error": "overloaded"}
    [event] = decoder.decode("agent", {**RUN, "stream": "lifecycle", "data": data})
    assert isinstance(event, ev.RunProgress)
    assert event.cause == Cause("mock", "m", "overloaded", 529)
    [event] = read("chat", {**RUN, "state": "error", "errorMessage": "no", "errorKind": "billing"})
    assert isinstance(event, ev.RunProgress)
    assert event.cause == Cause(reason="billing")
    [event] = read("chat", {**RUN, "state": "error", "errorMessage": "x", "errorDetail": observed})
    assert isinstance(event, ev.RunProgress)
    assert event.cause == Cause("mock", "m", "overloaded", 529)


def test_a_headline() -> None:
    digest = {"sessionKey": MAIN, "revision": 3, "headline": "Tests\nrun", "health": "on-track"}
    assert read("session.observer", digest) == [
        ev.HeadlineTold("gw", "rex", MAIN, "Tests run", "on-track", 3)
    ]


def test_the_steps_of_a_progress_card() -> None:
    steps = [{"step": "read", "status": "completed"}, {"step": "test", "status": "in_progress"}]
    payload = {"card": {"sessionKey": MAIN, "steps": [*steps, {"step": "?", "status": "pending"}]}}
    assert progress_card(MAIN, payload) == ProgressCard(MAIN, 1, 3, "test")
    assert progress_card(MAIN, {"card": None}) is None
    assert progress_card(MAIN, {"card": {"markdown": "only words"}}) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = [
    "exec.approval.requested",
    "plugin.approval.requested",
    "openclaw.approval.resolved",
    "question.requested",
    "question.resolved",
    "session.observer",
    "session.message",
    "session.tool",
]


@given(st.sampled_from(NAMES), st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_whatever_is_sent_nothing_raises(name: str, data: st.DataObject) -> None:
    """Each field of what is sent is anything at all."""
    base = {**QUESTION, **EXEC, **tool("start", "ask_user", args=QUESTION)}
    spoilt = {key: data.draw(ANYTHING) if data.draw(st.booleans()) else base[key] for key in base}
    for event in read(name, json.loads(json.dumps(spoilt))):
        if isinstance(event, ev.QuestionOpened):
            assert isinstance(event.question, Question)
