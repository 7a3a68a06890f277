from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import Fleet, Session, Status
from cc_desktop.fleet.reducer import reduce
from cc_desktop.gateway.event_decoder import (
    EventDecoder,
    agent_infos,
    agent_of,
    devices,
    moment,
    session_row,
    session_rows,
)
from cc_desktop.text.report import error_of

hostile = settings(max_examples=150, deadline=None, derandomize=True)
FIXTURES = Path(__file__).parents[1] / "fixtures"
RECORDED: dict[str, dict[str, Any]] = {
    version: json.loads((FIXTURES / f"recorded-{version}.json").read_text("utf-8"))
    for version in ("2026.5.7", "2026.9.6")
}
# What a client with operator.read alone heard while another one decided, and in between how many
# approvals the gateway said were pending.
APPROVALS: dict[str, dict[str, Any]] = json.loads((FIXTURES / "approvals.json").read_text("utf-8"))
STREAMS = [
    pytest.param(recorded["protocol"], stream, id=f"{version} {stream['scenario']}")
    for version, recorded in RECORDED.items()
    for stream in recorded["streams"]
]
OLD = [param for param in STREAMS if param.values[0] == 3]
NEW = [param for param in STREAMS if param.values[0] == 4]


def stream_of(version: str, scenario: str) -> dict[str, Any]:
    streams: list[dict[str, Any]] = RECORDED[version]["streams"]
    return next(stream for stream in streams if stream["scenario"] == scenario)


def snapshot(stream: dict[str, Any], when: str) -> ev.Snapshot:
    infos, rows = agent_infos(stream["agents"]), session_rows(stream[when])
    return ev.Snapshot("gw", tuple(infos), tuple(rows), taken_at=stream[when]["ts"])


def model(*events: ev.Event, now: int = 0) -> Fleet:
    fleet, _ = reduce(Fleet(), ev.GatewayAdded("gw", "gw"), now)
    for event in events:
        fleet, _ = reduce(fleet, event, now)
    return fleet


def translated(protocol: int, frames: list[dict[str, Any]]) -> list[ev.Event]:
    decoder = EventDecoder("gw", protocol)
    return [event for frame in frames for event in decoder.decode(frame["event"], frame["payload"])]


def sessions(fleet: Fleet) -> dict[str, Session]:
    """All sessions, without what only events tell."""
    return {
        key: replace(row, derived_title="", preview="", digest_health="", digest_headline="")
        for agent in fleet.gateways["gw"].agents.values()
        for key, row in agent.sessions.items()
    }


# Recorded


@pytest.mark.parametrize(("protocol", "stream"), NEW)
def test_on_protocol_4_the_events_alone_lead_to_the_fresh_list(
    protocol: int, stream: dict[str, Any]
) -> None:
    now = stream["after"]["ts"]
    before = snapshot(stream, "before")

    after = model(before, *translated(protocol, stream["events"]), now=now)

    assert sessions(after) == sessions(model(snapshot(stream, "after"), now=now))
    assert sessions(after) != sessions(model(before, now=now))  # the stream says something


@pytest.mark.parametrize("stop_reason", ["timeout", 7])
def test_a_run_that_its_gateway_ends_was_not_stopped_by_somebody(stop_reason: object) -> None:
    ends = {"phase": "end", "aborted": True, "stopReason": "stop"}
    about = {"runId": "r", "sessionKey": "agent:otto:main"}
    told = translated(
        3,
        [
            {"event": "chat", "payload": {**about, "state": "aborted", "stopReason": stop_reason}},
            {"event": "agent", "payload": {**about, "stream": "lifecycle", "data": ends}},
        ],
    )
    assert [e.stopped for e in told if isinstance(e, ev.RunProgress) and e.over] == [False, False]


@pytest.mark.parametrize(("protocol", "stream"), OLD)
def test_on_protocol_3_the_events_lead_to_the_right_sessions_and_states(
    protocol: int, stream: dict[str, Any]
) -> None:
    """Tokens and the last `updatedAt` are in no event of 2026.5.7, so those are not compared."""
    now = stream["after"]["ts"]

    after = model(snapshot(stream, "before"), *translated(protocol, stream["events"]), now=now)
    marks = ev.Seen("gw", after.gateways["gw"].seen)  # of a run that was stopped: no list knows
    fresh = model(snapshot(stream, "after"), marks, now=now)

    assert {key: (row.status, row.active, row.label) for key, row in sessions(after).items()} == {
        key: (row.status, row.active, row.label) for key, row in sessions(fresh).items()
    }
    assert {a.id: a.status for a in after.gateways["gw"].agents.values()} == {
        a.id: a.status for a in fresh.gateways["gw"].agents.values()
    }


@pytest.mark.parametrize(("protocol", "stream"), STREAMS)
def test_a_list_after_the_events_settles_all(protocol: int, stream: dict[str, Any]) -> None:
    now = stream["after"]["ts"]
    final = snapshot(stream, "after")

    after = model(
        snapshot(stream, "before"), *translated(protocol, stream["events"]), final, now=now
    )

    assert sessions(after) == sessions(model(final, now=now))


@pytest.mark.parametrize("version", list(RECORDED))
def test_a_run_shows_what_it_does(version: str) -> None:
    stream = stream_of(version, "b_exec")
    events = translated(RECORDED[version]["protocol"], stream["events"])

    doing = [
        event.activity for event in events if isinstance(event, ev.RunProgress) and event.activity
    ]
    assert "exec uname -s; sleep 1; echo finished" in doing
    assert any("run uname" in words for words in doing)
    over = [event for event in events if isinstance(event, ev.RunProgress) and event.over]
    assert {(event.agent_id, event.session_key) for event in over} == {("rex", "agent:rex:main")}


@pytest.mark.parametrize("version", list(RECORDED))
def test_a_failed_run_tells_why(version: str) -> None:
    stream = stream_of(version, "c_fail")
    events = translated(RECORDED[version]["protocol"], stream["events"])

    errors = [e.error for e in events if isinstance(e, ev.RunProgress) and e.error]
    assert errors[0] == (
        "LLM request failed: provider rejected the request schema or tool payload."
    )
    assert all("\n" not in error for error in errors)
    fleet = model(snapshot(stream, "before"), *events, now=stream["after"]["ts"])
    otto = fleet.gateways["gw"].agents["otto"]
    assert otto.status is Status.ERROR
    assert error_of(otto) == errors[0]


@pytest.mark.parametrize("version", list(RECORDED))
@pytest.mark.parametrize("lost", ["chat", "agent", ""])
def test_a_run_that_somebody_stopped_is_no_error(version: str, lost: str) -> None:
    """Clients with few scopes do not get `agent`."""
    stream = stream_of(version, "i_abort")
    frames = [frame for frame in stream["events"] if frame["event"] != lost]
    events = translated(RECORDED[version]["protocol"], frames)

    assert any(isinstance(e, ev.RunProgress) and e.stopped for e in events)
    assert [e for e in events if isinstance(e, ev.RunProgress) and e.error] == []
    fleet = model(snapshot(stream, "before"), *events, now=stream["after"]["ts"])
    assert all(a.status is Status.IDLE for a in fleet.gateways["gw"].agents.values())
    assert not any(row.active for row in sessions(fleet).values())


def test_a_patch_of_2026_5_7_clears_by_leaving_out() -> None:
    stream = stream_of("2026.5.7", "e_patch_delete")
    patches = [
        event
        for frame in stream["events"]
        if frame["payload"].get("reason") == "patch"
        for event in translated(3, [frame])
        if isinstance(event, ev.SessionChanged) and event.key == "agent:otto:main"
    ]

    assert [event.complete for event in patches] == [True, True]
    assert [event.fields.get("label", "") for event in patches] == ["Otto's label", ""]


def test_a_deletion_names_the_session() -> None:
    for version, protocol in (("2026.5.7", 3), ("2026.9.6", 4)):
        events = translated(protocol, stream_of(version, "e_patch_delete")["events"])

        removed = [e.key for e in events if isinstance(e, ev.SessionRemoved)]
        assert "agent:rex:side" in removed


@pytest.mark.parametrize("version", list(RECORDED))
def test_agents_have_names_faces_and_models(version: str) -> None:
    otto, rex = agent_infos(RECORDED[version]["streams"][0]["agents"])

    assert (otto.id, otto.name, otto.emoji, otto.model) == ("otto", "Otto", "🦦", "mock/mock-1")
    assert (rex.id, rex.name, rex.emoji) == ("rex", "Rex", "🦖")


@pytest.mark.parametrize("version", list(RECORDED))
def test_presence_is_the_list_of_devices(version: str) -> None:
    (event,) = EventDecoder("gw", 4).decode("presence", RECORDED[version]["presence"])

    assert isinstance(event, ev.DevicesListed)
    assert event.devices[0].mode == "gateway"
    assert event.devices[0].online
    assert all(device.name and device.id for device in event.devices)
    assert len({device.id for device in event.devices}) == len(event.devices)


# The seed's dialect


def test_presence_with_an_agent_s_id_is_that_agent_s_activity() -> None:
    payload = {"agentId": "otto", "status": "ACTIVE", "currentTask": "Mail", "lastActivity": 5}

    assert list(EventDecoder("gw", 0).decode("presence", payload)) == [
        ev.AgentActivity("gw", "otto", status=Status.ACTIVE, task="Mail", at=5)
    ]


def test_presence_may_leave_the_task_alone_or_clear_it() -> None:
    (alone,) = EventDecoder("gw", 0).decode("presence", {"agentId": "otto", "status": "idle"})
    (clear,) = EventDecoder("gw", 0).decode("presence", {"agentId": "otto", "currentTask": ""})

    assert isinstance(alone, ev.AgentActivity)
    assert isinstance(clear, ev.AgentActivity)
    assert (alone.task, clear.task) == (None, "")


def test_agent_config_says_what_it_says_and_no_more() -> None:
    decoder = EventDecoder("gw", 0)

    assert list(
        decoder.decode("agent.config", {"agentId": "otto", "displayName": "O", "role": "PM"})
    ) == [ev.AgentConfigured("gw", "otto", name="O", role="PM")]
    assert list(decoder.decode("agent.config", {"id": "otto", "name": 7})) == [
        ev.AgentConfigured("gw", "otto")
    ]
    assert list(decoder.decode("agent.config", {"displayName": "nobody"})) == []


# Rows


@pytest.mark.parametrize(("status", "active"), [("running", False), ("done", True)])
def test_has_active_run_overrules_the_status(status: str, active: bool) -> None:
    session = session_row({"key": "agent:otto:main", "status": status, "hasActiveRun": active})

    assert session is not None
    assert (session.status, session.active) == (status, active)


@pytest.mark.parametrize(
    ("status", "active"), [("running", True), ("queued", True), ("done", False), ("", False)]
)
def test_without_it_the_status_tells(status: str, active: bool) -> None:
    session = session_row({"key": "agent:otto:main", "status": status})

    assert session is not None
    assert session.active is active


@pytest.mark.parametrize(
    ("key", "agent"),
    [
        ("agent:otto:main", "otto"),
        ("agent:otto:discord:channel:7", "otto"),
        ("agent:otto", ""),
        ("global", ""),
        ("", ""),
        ("agent::main", ""),
    ],
)
def test_the_key_names_the_agent(key: str, agent: str) -> None:
    assert agent_of(key) == agent


def test_one_bad_row_does_not_lose_the_list() -> None:
    rows = [None, 7, {}, {"key": 3}, {"key": "global"}, {"key": "agent:otto:main", "label": 9}]

    assert [session.key for session in session_rows({"sessions": rows})] == ["agent:otto:main"]


def test_of_two_rows_with_one_key_the_newer_is_taken() -> None:
    rows = [{"key": "agent:otto:main", "updatedAt": at, "label": str(at)} for at in (5, 9, 7)]

    assert [session.label for session in session_rows({"sessions": rows})] == ["9"]


def test_a_null_clears_and_the_nested_row_wins() -> None:
    payload = {
        "sessionKey": "agent:otto:main",
        "label": None,
        "status": "running",
        "session": {"key": "agent:otto:main", "status": "done"},
    }
    (event,) = EventDecoder("gw", 3).decode("sessions.changed", payload)

    assert isinstance(event, ev.SessionChanged)
    assert event.fields["label"] == ""
    assert event.fields["status"] == "done"


@pytest.mark.parametrize(
    "payload", [None, {}, [], 7, {"reason": "delete", "ts": 5}, {"sessionKey": "global"}]
)
def test_a_change_without_a_key_says_nothing(payload: Any) -> None:
    assert list(EventDecoder("gw", 4).decode("sessions.changed", payload)) == []


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        (5, 5),
        ("1970-01-01T00:00:01Z", 1000),
        ("1970-01-01T00:00:01", 1000),
        ("1970-01-01T02:00:01+02:00", 1000),
        ("yesterday", 0),
        ("0001-01-01T00:00:00+14:00", 0),
        ("1950-01-01T00:00:00Z", 0),
        (None, 0),
        (True, 0),
    ],
)
def test_moments(value: Any, ms: int) -> None:
    assert moment(value) == ms


def test_a_device_that_is_back_is_not_hidden_by_its_old_entry() -> None:
    rows = [
        {"deviceId": "d", "host": "a", "reason": "connect", "ts": 9},
        {"deviceId": "d", "host": "a", "reason": "disconnect", "ts": 5},
    ]

    for order in (rows, rows[::-1]):
        (device,) = devices("gw", order)
        assert device.online


def test_approvals_open_and_close() -> None:
    run = {"runId": "r", "sessionKey": "agent:otto:main", "stream": "approval"}
    opened = {**run, "data": {"phase": "requested", "approvalId": "a", "command": "rm -r x"}}
    closed = {**run, "data": {"phase": "resolved", "approvalId": "a"}}
    decoder = EventDecoder("gw", 3)

    (first,) = decoder.decode("agent", opened)
    (second,) = decoder.decode("agent", closed)

    assert isinstance(first, ev.ApprovalOpened)
    assert (first.approval.id, first.approval.title) == ("a", "rm -r x")
    assert second == ev.ApprovalClosed("gw", "otto", "a")


@pytest.mark.parametrize("version", APPROVALS)
def test_recorded_approvals_are_open_for_as_long_as_the_gateway_says(version: str) -> None:
    """Allowed, denied, decided after another message, and after (or by) the abort of the run."""
    decoder = EventDecoder("gw", APPROVALS[version]["protocol"])
    fleet = model(ev.Snapshot("gw", (ev.AgentInfo("otto"),), ()))
    now, titles = 0, set()
    for name, payload in APPROVALS[version]["frames"]:
        if name == "pending":
            otto = fleet.gateways["gw"].agents["otto"]
            assert len(otto.approvals) == payload
            assert (otto.status is Status.WAITING) is bool(payload)
            titles |= {approval.title for approval in otto.approvals.values()}
            continue
        now = payload.get("ts", now)
        for event in decoder.decode(name, payload):
            fleet, _ = reduce(fleet, event, now)
    assert titles == {f"echo hello-{what}" for what in ("allow-once", "deny", "next", "abort")}


def test_what_nobody_can_approve_does_not_wait() -> None:
    """2026.9.6 refuses at once when no client decides approvals, 2026.5.7 when no channel can."""
    info = ev.Snapshot("gw", (ev.AgentInfo("rex"),), ())
    decoder = EventDecoder("gw", 4)
    refused = [
        event
        for name, payload in APPROVALS["2026.9.6"]["refused"]
        for event in decoder.decode(name, payload)
    ]
    run = {"runId": "r", "sessionKey": "agent:rex:main", "stream": "approval"}
    data = {"phase": "requested", "status": "unavailable", "command": "ls", "reason": "no-route"}

    events = [*refused, *EventDecoder("gw", 3).decode("agent", {**run, "data": data})]

    assert len(refused) > 5
    assert not [event for event in events if isinstance(event, ev.ApprovalOpened)]
    assert model(info, *events).gateways["gw"].agents["rex"].status is not Status.WAITING


def test_commands_of_tool_calls_are_kept_for_a_bounded_number_of_them() -> None:
    decoder = EventDecoder("gw", 4)
    run = {"runId": "r", "sessionKey": "agent:otto:main"}
    for number in range(1_000):
        data = {"phase": "start", "name": "exec", "args": {"command": f"echo {number}"}}
        translated = {**run, "data": {**data, "toolCallId": f"c{number}"}}
        assert list(decoder.decode("session.tool", translated))

    def title(call: str) -> str:
        data = {"phase": "waiting-approval", "approvalId": "p", "toolCallId": call}
        frame = {**run, "stream": "lifecycle", "data": data}
        (opened, _) = decoder.decode("agent", frame)
        assert isinstance(opened, ev.ApprovalOpened)
        return opened.approval.title

    assert (title("c0"), title("c999"), title("")) == ("", "echo 999", "")


HEARTBEATS: list[tuple[dict[str, Any], int]] = [
    ({"enabled": True, "every": "2m", "everyMs": 120_000}, 120_000),
    ({"enabled": False, "every": "disabled", "everyMs": None}, 0),
    ({"enabled": True, "every": "0m", "everyMs": None}, 0),
    ({"enabled": False, "everyMs": 120_000}, 0),
    ({"everyMs": 1}, 0),
    ({"everyMs": -120_000}, 0),
    ({"everyMs": 2**60}, 0),
    ({"everyMs": "2m"}, 0),
    ({"everyMs": True}, 0),
]


@pytest.mark.parametrize(("beat", "ms"), HEARTBEATS, ids=str)
def test_health_tells_how_often_an_agent_wakes(beat: dict[str, Any], ms: int) -> None:
    payload = {"agents": [{"agentId": "otto", "heartbeat": beat}, {"agentId": 1}, None]}
    (told,) = EventDecoder("gw", 4).decode("health", payload)
    assert told == ev.HeartbeatsTold("gw", {"otto": ms})


@pytest.mark.parametrize("payload", [{}, {"agents": [{"agentId": "otto"}]}, {"agents": "otto"}])
def test_health_without_heartbeats_tells_nothing(payload: Any) -> None:
    assert list(EventDecoder("gw", 4).decode("health", payload)) == []


def test_an_approval_of_the_lifecycle_waits_too() -> None:
    run = {"runId": "r", "sessionKey": "agent:otto:main", "stream": "lifecycle"}
    info = ev.Snapshot("gw", (ev.AgentInfo("otto"),), ())
    waiting = {**run, "data": {"phase": "waiting-approval", "approvalId": "a"}}
    resolved = {**run, "data": {"phase": "approval-resolved", "approvalId": "a"}}
    decoder = EventDecoder("gw", 4)

    asked = list(decoder.decode("agent", waiting))
    answered = list(decoder.decode("agent", resolved))

    otto = model(info, *asked, now=1).gateways["gw"].agents["otto"]
    assert otto.status is Status.WAITING
    otto = model(info, *asked, *answered, now=1).gateways["gw"].agents["otto"]
    assert otto.status is not Status.WAITING


# Hostile

junk: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("sessionKey", "key", "agentId", "id", "session", "sessions", "agents"),
                    *("status", "updatedAt", "hasActiveRun", "observerDigest", "lastRunError"),
                    *("runId", "stream", "data", "phase", "presence", "reason", "args", "name"),
                    *("title", "approvalId", "request", "state", "errorMessage", "identity"),
                    *("model", "deviceId", "host", "ts", "lastActivity", "displayName", "role"),
                    *("heartbeat", "everyMs", "toolCallId"),
                ]
            ),
            inner | st.sampled_from(["agent:otto:main", "otto", "lifecycle", "approval", "error"]),
            max_size=8,
        )
    ),
    max_leaves=25,
)
NAMES = [
    *("sessions.changed", "presence", "agent.config", "agent", "chat", "session.tool", "health"),
    "other",
]


@hostile
@given(protocol=st.sampled_from([0, 3, 4]), name=st.sampled_from(NAMES), payload=junk)
def test_whatever_is_sent_neither_translating_nor_reducing_raises(
    protocol: int, name: str, payload: Any
) -> None:
    events = list(EventDecoder("gw", protocol).decode(name, payload))

    model(ev.Snapshot("gw", (ev.AgentInfo("otto"),), ()), *events, now=5)


@hostile
@given(payload=junk)
def test_whatever_a_list_holds_it_is_read(payload: Any) -> None:
    infos, rows = agent_infos(payload), session_rows(payload)

    model(ev.Snapshot("gw", tuple(infos), tuple(rows)), now=5)
    assert all(info.id for info in infos)
    assert all(device.id for device in devices("gw", payload))


@pytest.mark.parametrize("version", sorted(RECORDED))
def test_a_run_tells_when_it_started(version: str) -> None:
    stream = stream_of(version, "b_exec")
    decoder = EventDecoder("gw", RECORDED[version]["protocol"])
    events = [
        event
        for frame in stream["events"]
        for event in decoder.decode(frame["event"], frame["payload"])
        if isinstance(event, ev.RunProgress) and event.starts
    ]
    wire = [
        frame["payload"]["data"]["startedAt"]
        for frame in stream["events"]
        if frame["event"] == "agent"
        and frame["payload"]["data"].get("phase") == "start"
        and frame["payload"]["stream"] == "lifecycle"
    ]

    assert [event.started_at for event in events] == wire
    assert min(wire) > 0


def test_this_app_is_known_among_the_devices() -> None:
    rows = [{"deviceId": "me", "host": "app"}, {"deviceId": "other", "host": "app"}]
    (event,) = EventDecoder("gw", 4, "me").decode("presence", {"presence": rows})
    assert isinstance(event, ev.DevicesListed)
    assert [device.is_own for device in event.devices] == [True, False]
