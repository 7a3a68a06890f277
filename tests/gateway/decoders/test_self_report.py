"""What gateways tell of themselves: rows as 2026.5.7 and 2026.9.6 send them, shortened."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import (
    Channel,
    ChannelState,
    Condition,
    ConditionKind,
    CronJob,
    JoinRequest,
    Quota,
    SignIn,
    Task,
)
from cc_desktop.gateway.decoders.facts import cron, health, joins, sign_ins, tasks, updates

NOW = 1_795_517_864_027  # ms
_WORDS = (
    "jobs job state action jobId id schedule kind delivery task taskId status providers provider "
    "profiles windows expiry channels accounts probe plugins errors unavailable configReload "
    "modelRuntime updateAvailable latestVersion pending requests requestId errorDetail "
    "failoverReason configRevisionHash appliedConfigHash data stream phase"
)
_NAMES = st.sampled_from(_WORDS.split())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=5),
    max_leaves=20,
)


@given(JSON)
def test_no_decoder_raises_whatever_a_gateway_says(payload: Any) -> None:
    data = payload if isinstance(payload, dict) else {}
    health.channels(data)
    health.conditions(data)
    [*cron.jobs(payload)]
    cron.changed("g", data)
    [*sign_ins.sign_ins(payload), *sign_ins.sign_ins(payload, is_refused=True)]
    [*sign_ins.quotas(payload)]
    for event in ("chat", "agent", "cron"):
        sign_ins.trouble(event, data)
    tasks.changed("g", data)
    tasks.worth_telling([data])
    updates.update(data)
    updates.suspension(payload)
    updates.restart_needed(payload, "h")
    [*joins.pending(payload, "device", ""), *joins.senders(payload)]
    joins.device(data)


# Channels


def channel(**account: Any) -> Channel | None:
    told = {"channels": {"telegram": account}, "channelLabels": {"telegram": "Telegram"}}
    found = health.channels(told)
    assert found is not None
    return found[0] if found else None


@pytest.mark.parametrize(
    ("account", "state"),
    [
        ({"running": True, "connected": True, "healthState": "healthy"}, ChannelState.OK),
        ({}, ChannelState.OK),
        ({"botTokenStatus": "configured_unavailable"}, ChannelState.NO_CREDENTIALS),
        ({"probe": {"ok": False, "error": "401"}}, ChannelState.PROBE_FAILED),
        ({"probe": {"ok": True}}, ChannelState.OK),
        ({"healthState": "terminal-disconnect"}, ChannelState.DISCONNECTED),
        ({"running": True, "connected": False}, ChannelState.DISCONNECTED),
        ({"connected": False, "lastError": "socket closed"}, ChannelState.DEGRADED),
        ({"connected": True, "lastError": "an old one"}, ChannelState.OK),
        ({"healthState": "stale-socket", "connected": True}, ChannelState.DEGRADED),
        ({"healthState": "stuck"}, ChannelState.DEGRADED),
        ({"healthState": "starting"}, ChannelState.OK),
    ],
)
def test_the_faults_of_a_channel_are_those_of_the_control_ui(
    account: dict[str, Any], state: ChannelState
) -> None:
    found = channel(**account)
    assert found is not None
    assert (found.id, found.label, found.state) == ("telegram", "Telegram", state)


STOPPED = {
    "running": False,
    "healthState": "not-running",
    "restartPending": False,
    "lastStartAt": NOW - 9,
    "lastStopAt": NOW,
    "lastError": "stopped",
}


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, ChannelState.OK),  # somebody stopped it
        ({"restartPending": True}, ChannelState.DEGRADED),
        ({"reconnectAttempts": 10}, ChannelState.DEGRADED),  # it gave up
        ({"lastStopAt": NOW - 20}, ChannelState.DEGRADED),
    ],
)
def test_a_channel_that_was_stopped_is_no_fault(
    changed: dict[str, Any], state: ChannelState
) -> None:
    found = channel(**{**STOPPED, **changed})
    assert found is not None
    assert found.state is state


@pytest.mark.parametrize("field", ["configured", "enabled"])
def test_a_channel_that_nobody_uses_is_left_out(field: str) -> None:
    assert channel(**{field: False, "healthState": "disconnected"}) is None


def test_several_accounts_of_a_channel_are_told_apart() -> None:
    accounts = {
        "work": {"name": "Work", "connected": True, "lastInboundAt": NOW},
        "home": {"connected": False, "running": True, "lastError": "401\x1b[2J"},
        "bad": 3,
    }
    found = health.channels({"channels": {"telegram": {"accounts": accounts}}})
    assert found == (
        Channel("telegram/work", "telegram · Work", ChannelState.OK, "", NOW),
        Channel("telegram/home", "telegram · home", ChannelState.DEGRADED, "401 [2J"),
    )


def test_a_health_without_channels_says_nothing_of_them() -> None:
    assert health.channels({"ok": True}) is None
    assert health.channels({"channels": {}}) == ()


# The gateway itself


def test_what_is_wrong_with_the_gateway() -> None:
    told = {
        "configReload": {"hotReloadStatus": "disabled"},
        "modelRuntime": {"degraded": True, "pendingAgents": ["otto", "rex"]},
        "plugins": {
            "loaded": [],
            "errors": [{"id": "memory", "error": "cannot load", "activated": True}],
            "unavailable": [{"id": "voice", "diagnostic": {"reason": "r", "detail": "unsigned"}}],
        },
        "eventLoop": {"degraded": True, "reasons": ["cpu"]},
    }
    every = [one for several in health.conditions(told).values() for one in several]
    assert every == [
        Condition("config-ignored", ConditionKind.CONFIG_IGNORED),
        Condition("runtime", ConditionKind.RUNTIME, detail="otto, rex"),
        Condition("plugin:memory", ConditionKind.PLUGIN, "memory", "cannot load"),
        Condition("plugin:voice", ConditionKind.PLUGIN, "voice", "unsigned"),
    ]


def test_a_busy_event_loop_is_no_fault() -> None:
    told = {"eventLoop": {"degraded": True, "reasons": ["cpu"]}, "channels": {}}
    assert health.conditions(told) == {ConditionKind.PLUGIN: ()}


def test_what_a_health_does_not_speak_of_stays_as_it_is() -> None:
    assert health.conditions({"ok": True}) == {}
    well = {"configReload": {"hotReloadStatus": "active"}, "modelRuntime": {"degraded": False}}
    assert health.conditions(well) == {
        ConditionKind.CONFIG_IGNORED: (),
        ConditionKind.RUNTIME: (),
    }


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({"updateAvailable": None}, []),
        ({"updateAvailable": {"currentVersion": "1", "latestVersion": "1"}}, []),
        ({"updateAvailable": {"currentVersion": "1", "latestVersion": "2"}}, ["2"]),
        ({}, []),
    ],
)
def test_an_update(payload: dict[str, Any], found: list[str]) -> None:
    assert [condition.detail for condition in updates.update(payload)] == found


@pytest.mark.parametrize(
    ("payload", "count"),
    [({"phase": "accepting"}, 0), ({"phase": "draining"}, 1), (None, 0), ({"phase": 3}, 0)],
)
def test_a_suspension(payload: object, count: int) -> None:
    assert len(updates.suspension(payload)) == count


SECRET = "sk-very-secret"
CONFIG = {"parsed": {"token": SECRET}, "configRevisionHash": "b", "appliedConfigHash": "a"}


@pytest.mark.parametrize("encoded", [True, False])
def test_only_the_hashes_are_taken_of_a_configuration(encoded: bool) -> None:
    payload: object = msgspec.Raw(msgspec.json.encode(CONFIG)) if encoded else CONFIG
    found = updates.restart_needed(payload, "")
    assert found == (Condition("restart-needed", ConditionKind.RESTART_NEEDED),)
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("payload", "applied", "count"),
    [
        ({"configRevisionHash": "a", "appliedConfigHash": "a"}, "z", 0),
        ({"configRevisionHash": "a"}, "a", 0),
        ({"configRevisionHash": "b"}, "a", 1),
        ({"configRevisionHash": None, "appliedConfigHash": "a"}, "a", None),  # it is invalid now
        ({"configRevisionHash": "a"}, "", None),
        ({"configRevisionHash": 7}, "a", None),
        (msgspec.Raw(b"{"), "a", None),
        ("rubbish", "a", None),
    ],
)
def test_whether_a_restart_is_needed(payload: object, applied: str, count: int | None) -> None:
    found = updates.restart_needed(payload, applied)
    assert (None if found is None else len(found)) == count


# Scheduled jobs

NIGHTLY: dict[str, Any] = {
    "id": "j",
    "agentId": "otto",
    "name": "Nightly",
    "enabled": False,
    "schedule": {"kind": "at", "at": "2026-11-24T10:57:44.000Z"},
    "payload": {"kind": "agentTurn", "message": "fail: quota is gone"},
    "state": {
        "lastRunAtMs": NOW,
        "lastRunStatus": "error",
        "lastError": "FailoverError: LLM request failed",
        "lastErrorReason": "billing",
        "lastDeliveryStatus": "unknown",
        "lastDeliveryError": "LLM request failed",
        "consecutiveErrors": 2,
    },
}


def test_a_job_that_failed() -> None:
    [job] = cron.jobs({"jobs": [NIGHTLY]})
    assert job == CronJob(
        "j",
        "Nightly",
        "otto",
        is_enabled=False,
        last_run_at=NOW,
        last_status="error",
        last_error="LLM request failed",
        error_reason="billing",
        failures=2,
        is_once=True,
    )


@pytest.mark.parametrize("key", ["heartbeat:otto", "skill-collection-review:rex"])
def test_jobs_of_the_gateway_itself_are_left_out(key: str) -> None:
    row = {**NIGHTLY, "declarationKey": key}
    assert [*cron.jobs({"jobs": [row, {**NIGHTLY, "declarationKey": "mine"}, {}, 7]})] != []
    assert [*cron.jobs({"jobs": [row]})] == []
    event = cron.changed("g", {"jobId": "j", "action": "finished", "job": row})
    assert event == ev.FactGone("g", CronJob, "j")


def test_a_job_that_waits_runs_or_was_given_up() -> None:
    row = {**NIGHTLY, "enabled": True, "schedule": {"kind": "every"}}
    row["state"] = {
        "nextRunAtMs": NOW,
        "runningAtMs": NOW,
        "lastStatus": "ok",
        "lastDeliveryStatus": "not-delivered",
        "lastDeliveryError": "chat not found",
        "autoDisabled": {"reason": "consecutive-failures"},
    }
    [job] = cron.jobs({"jobs": [row]})
    assert job == CronJob(
        "j",
        "Nightly",
        "otto",
        is_running=True,
        next_run_at=NOW,
        last_status="ok",
        is_given_up=True,
        is_undelivered=True,
        delivery_error="chat not found",
    )


def test_events_of_jobs() -> None:
    finished = {"jobId": "j", "action": "finished", "job": NIGHTLY}
    told = cron.changed("g", finished)
    assert isinstance(told, ev.FactTold)
    assert isinstance(told.record, CronJob)
    assert told.record.last_status == "error"
    assert cron.changed("g", {"jobId": "j", "action": "removed"}) == ev.FactGone("g", CronJob, "j")
    # 2026.5.7 tells of a run that was skipped without the job's row.
    assert cron.changed("g", {"jobId": "j", "action": "finished", "status": "skipped"}) is None
    assert cron.changed("g", {}) is None


# Tasks

TASK: dict[str, Any] = {
    "id": "t",
    "runtime": "subagent",
    "status": "failed",
    "title": "Report",
    "agentId": "otto",
    "sessionKey": "agent:otto:main",
    "childSessionKey": "agent:otto:subagent:1",
    "startedAt": NOW - 9,
    "endedAt": "2026-11-24T10:57:44.027Z",
    "error": "no access",
    "deliveryStatus": "pending",
    "diffStat": {"files": 3, "added": 20, "removed": 4},
}


def test_a_task_that_failed() -> None:
    assert tasks.worth_telling([TASK]) == (
        Task(
            "t",
            "otto",
            "agent:otto:main",
            "Report",
            "agent:otto:subagent:1",
            status="failed",
            error="no access",
            delivery="pending",
            started_at=NOW - 9,
            ended_at=NOW,
            files=3,
            added=20,
            removed=4,
        ),
    )


@pytest.mark.parametrize(
    ("changed", "count"),
    [
        ({"runtime": "cron"}, 0),  # its job tells it
        ({"childSessionKey": "agent:otto:main"}, 0),  # its session's row tells it
        ({"sessionKey": "", "childSessionKey": ""}, 1),
        ({"status": "running"}, 0),
        ({"status": "completed", "deliveryStatus": "failed"}, 1),
        ({"status": "completed", "terminalOutcome": "blocked"}, 1),
        ({"deliveryStatus": "dismissed"}, 0),
        ({"id": ""}, 0),
    ],
)
def test_only_tasks_that_somebody_has_to_hear_of_count(changed: dict[str, Any], count: int) -> None:
    row = {**TASK, **changed}
    assert len(tasks.worth_telling([row])) == count
    if row["id"]:
        told = tasks.changed("g", {"action": "upserted", "task": row})
        assert isinstance(told, ev.FactTold if count else ev.FactGone)


def test_the_newest_tasks_are_kept() -> None:
    rows = [{**TASK, "id": str(number), "endedAt": number} for number in range(500)]
    found = tasks.worth_telling(rows)
    assert [task.id for task in found] == [str(number) for number in range(300, 500)]


def test_events_of_tasks() -> None:
    assert tasks.changed("g", {"action": "restored"}) is None
    gone = tasks.changed("g", {"action": "deleted", "taskId": "t"})
    assert gone == ev.FactGone("g", Task, "t")


# Providers


def provider(status: str, *profiles: dict[str, Any]) -> dict[str, Any]:
    row = {"provider": "anthropic", "displayName": "Anthropic", "status": status}
    return {"providers": [{**row, "expiry": {"at": NOW}, "profiles": list(profiles)}]}


@pytest.mark.parametrize(
    ("status", "profile", "is_refused", "found"),
    [
        ("static", {"type": "api_key", "status": "static"}, False, "static"),
        ("expired", {"type": "token", "status": "expired"}, False, "expired"),
        ("expiring", {"type": "token", "status": "expiring"}, False, "expiring"),
        # An access token: the gateway gets a new one by itself
        ("expiring", {"type": "oauth", "status": "expiring"}, False, "ok"),
        ("expired", {"type": "oauth", "status": "expired"}, False, "ok"),
        # … unless it cannot
        ("expired", {"type": "oauth", "status": "expired"}, True, "expired"),
        (
            "expired",
            {"type": "oauth", "status": "expired", "reasonCode": "expired"},
            False,
            "expired",
        ),
    ],
)
def test_a_sign_in(status: str, profile: dict[str, Any], is_refused: bool, found: str) -> None:
    [sign_in] = sign_ins.sign_ins(provider(status, profile), is_refused=is_refused)
    assert sign_in == SignIn("anthropic", "Anthropic", found, NOW)


def test_a_sign_in_without_profiles_is_taken_at_its_word() -> None:
    [sign_in] = sign_ins.sign_ins(provider("expired"))
    assert sign_in.status == "expired"


def test_quotas() -> None:
    windows = [{"label": "5h", "usedPercent": 93.4, "resetAt": NOW}, {"label": "Week"}]
    payload = {"providers": [{"provider": "x", "displayName": "X", "windows": windows}]}
    assert [*sign_ins.quotas(payload)] == [
        Quota("x:5h", "X", "5h", 93.4, NOW),
        Quota("x:Week", "X", "Week"),
    ]


@pytest.mark.parametrize(
    ("event", "payload", "reason"),
    [
        ("chat", {"state": "error", "errorDetail": {"failoverReason": "billing"}}, "billing"),
        ("chat", {"state": "error", "errorKind": "rate_limit"}, "rate_limit"),
        ("chat", {"state": "error", "errorKind": "timeout"}, ""),
        ("chat", {"state": "delta", "errorKind": "auth"}, ""),
        ("cron", {"action": "finished", "job": NIGHTLY}, "billing"),
        ("cron", {"action": "started", "job": NIGHTLY}, ""),
        (
            "agent",
            {"stream": "lifecycle", "data": {"phase": "error", "errorKind": "auth_permanent"}},
            "auth_permanent",
        ),
        ("agent", {"stream": "assistant", "data": {"phase": "error"}}, ""),
    ],
)
def test_failures_that_concern_a_provider(event: str, payload: dict[str, Any], reason: str) -> None:
    assert sign_ins.trouble(event, payload) == reason


# Who asks to be let in


def test_devices_and_senders_that_wait() -> None:
    rows = [
        {"requestId": "r1", "deviceId": "d1", "displayName": "Phone\u202e", "ts": NOW},
        {"requestId": "r2", "deviceId": "me", "displayName": "This app", "ts": NOW},
        {"deviceId": "without"},
    ]
    assert [*joins.pending({"pending": rows}, "device", "me")] == [
        JoinRequest("device:r1", "device", "Phone", NOW, NOW + joins.DEVICE_LIFE_MS, device="d1")
    ]
    node = {"pending": [{"requestId": "r3", "nodeId": "0123456789abcdef", "ts": NOW}]}
    assert [*joins.pending(node, "node", "me")] == [
        JoinRequest("node:r3", "node", "0123456789ab", NOW, device="0123456789abcdef")
    ]
    sender = {
        "requestId": "r4",
        "senderLabel": "Ada",
        "channelLabel": "Telegram",
        "createdAt": "2026-11-24T10:57:44.027Z",
        "expiresAt": "2026-11-24T11:57:44.027Z",
    }
    assert [*joins.senders({"requests": [sender]})] == [
        JoinRequest("sender:r4", "sender", "Ada (Telegram)", NOW, NOW + 3_600_000)
    ]


def test_a_device_that_waits_can_be_recognised() -> None:
    row = {
        "requestId": "r1",
        "deviceId": "0f" * 32,
        "publicKey": "secret-ish",
        "displayName": "Ada's phone",
        "platform": "iOS 26.1",
        "deviceFamily": "iPhone",
        "clientId": "openclaw-ios",
        "clientMode": "ui",
        "browserOrigin": "https://studio.example",
        "role": "operator",
        "scopes": ["operator.write", "operator.read"],
        "remoteIp": "192.168.1.20",
        "isRepair": True,
        "ts": NOW,
    }
    found = joins.device(row)
    assert found is not None
    assert (found.name, found.platform) == ("Ada's phone", "iPhone · iOS 26.1")
    assert found.client == "openclaw-ios · ui"
    assert found.address == "192.168.1.20 · https://studio.example"
    assert (found.device, found.scopes) == ("0f" * 32, ("operator.read", "operator.write"))
    assert found.is_repair
    assert found.known == "iPhone · iOS 26.1 · 192.168.1.20 · https://studio.example"


@pytest.mark.parametrize("rubbish", [7, None, [], {"a": 1}, True, "\x1b[8m\u202e"])
def test_what_a_device_says_of_itself_may_be_anything(rubbish: object) -> None:
    names = ("displayName", "platform", "deviceFamily", "clientId", "remoteIp", "scopes")
    found = joins.device({"requestId": "r1", "deviceId": "d", **dict.fromkeys(names, rubbish)})
    assert found is not None
    assert found.known in ("", "[8m · [8m")
    assert (found.scopes, found.is_repair) == ((), False)
