from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cc_desktop.fleet.facts import ReadAccess
from cc_desktop.gateway.decoders.facts import cron, health
from cc_desktop.gateway.failures import (
    ConnectionLostError,
    Failure,
    FailureKind,
    RequestTimeoutError,
)
from cc_desktop.gateway.sources.gateway_sources import RETRY_S
from cc_desktop.protocol.frames import EventFrame
from cc_desktop.protocol.handshake import Hello
from tests.fakes.clock import FakeClock
from tests.gateway.sources.scene import EMPTY, METHODS, Scene, hello, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

ONCE = ["cron.list", "tasks.list", "config.get", "models.authStatus", "usage.status"]
JOB = {
    "id": "j",
    "name": "Backup",
    "enabled": True,
    "state": {"lastRunStatus": "error", "lastError": "disk full", "lastRunAtMs": 1_000},
}
TASK = {"id": "t", "status": "failed", "runtime": "subagent", "title": "Report"}
REFUSED = refusal("FORBIDDEN", "missing scope: operator.read")


class UnexpectedError(Exception):
    """What nobody expected."""


@pytest.fixture
def scene() -> Scene:
    return Scene(FakeClock())


# At connect


async def test_each_subject_is_asked_for_once_after_the_connection_is_live(scene: Scene) -> None:
    async with scene.connected(live=False) as live:
        await scene.clock.advance(60)
        assert scene.asked == []
        assert scene.access("cron") is ReadAccess.PENDING
        live.set()
        await scene.clock.advance(60)
        assert scene.asked == ONCE
        assert scene.access("cron") is ReadAccess.READABLE
        await scene.clock.advance(1_700)
        assert scene.asked == ONCE


async def test_a_connection_that_breaks_at_once_is_asked_nothing(scene: Scene) -> None:
    for _ in range(20):
        async with scene.connected():
            await scene.clock.advance(0.5)
    assert scene.asked == []


async def test_connections_that_come_and_go_do_not_ask_more_often(scene: Scene) -> None:
    for _ in range(30):
        async with scene.connected():
            await scene.clock.advance(20)
    assert scene.asked.count("models.authStatus") <= 3
    assert scene.asked.count("cron.list") <= 21


async def test_what_providers_say_is_read_each_half_hour_and_nothing_else(scene: Scene) -> None:
    async with scene.connected():
        await scene.clock.advance(60)
        scene.asked.clear()
        await scene.clock.advance(1_800)
        assert scene.asked == ["models.authStatus", "usage.status"]


async def test_an_idle_gateway_gets_less_than_a_request_a_minute_over_a_day(scene: Scene) -> None:
    async with scene.connected():
        for _ in range(24):
            for _ in range(60):
                scene.event("health", {"channels": {}, "eventLoop": {"degraded": True}})
            await scene.clock.advance(3_600)
    assert len(scene.asked) == len(ONCE) + 2 * 47
    assert len(scene.asked) / (24 * 60) < 0.1


async def test_the_dialect_of_the_control_center_is_asked_nothing(scene: Scene) -> None:
    scene.hello = Hello()
    async with scene.connected():
        await scene.clock.advance(4_000)
    assert scene.asked == []
    assert scene.access("cron") is ReadAccess.ABSENT


async def test_hello_tells_channels_faults_and_updates_without_a_question(scene: Scene) -> None:
    scene.hello = hello(
        updateAvailable={"currentVersion": "1", "latestVersion": "2"},
        health={
            "channels": {"telegram": {"connected": False, "running": True}},
            "configReload": {"hotReloadStatus": "disabled"},
        },
    )
    async with scene.connected(live=False):
        assert scene.kinds == ["channel", "config-ignored", "update"]
        scene.event("update.available", {"updateAvailable": None})
        scene.event("health", {"channels": {}, "configReload": {"hotReloadStatus": "active"}})
        assert scene.kinds == []


async def test_more_jobs_than_a_page_are_read_in_pages(scene: Scene) -> None:
    def page(params: dict[str, Any]) -> dict[str, Any]:
        offset = params.get("offset", 0)
        row = {**JOB, "id": f"j{offset}"}
        return {"jobs": [row], "hasMore": offset < 400, "nextOffset": offset + 200}

    scene.answers["cron.list"] = page
    async with scene.connected():
        await scene.clock.advance(5)
    assert [*scene.facts.cron] == ["j0", "j200", "j400"]


async def test_a_list_that_never_ends_is_left(scene: Scene) -> None:
    scene.answers["cron.list"] = lambda params: {
        "hasMore": True,
        "nextOffset": params.get("offset", 0) + 1,
    }
    async with scene.connected():
        await scene.clock.advance(5)
    assert scene.asked.count("cron.list") == 5
    assert "tasks.list" in scene.asked


async def test_a_parameter_that_a_release_does_not_know_is_left_out(scene: Scene) -> None:
    error = refusal("INVALID_REQUEST", "invalid tasks.list params: unexpected property 'limit'")
    scene.answers["tasks.list"] = lambda params: error if params else {"tasks": [TASK]}
    async with scene.connected():
        await scene.clock.advance(5)
    assert scene.kinds == ["task-failed"]


# Events


async def test_events_tell_without_a_question(scene: Scene) -> None:
    async with scene.connected():
        await scene.clock.advance(60)
        scene.asked.clear()
        scene.event("cron", {"jobId": "j", "action": "finished", "job": JOB})
        scene.event("task", {"action": "upserted", "task": TASK})
        assert scene.kinds == ["cron-failed", "task-failed"]
        ok = {**JOB, "state": {"lastRunStatus": "ok"}}
        scene.event("cron", {"jobId": "j", "action": "finished", "job": ok})
        scene.event("task", {"action": "upserted", "task": {**TASK, "status": "running"}})
        assert scene.kinds == []
        await scene.clock.advance(600)
        assert scene.asked == []


async def test_it_is_the_same_item_whether_a_list_or_an_event_tells_of_it(scene: Scene) -> None:
    scene.answers["cron.list"] = {"jobs": [JOB]}
    scene.event("cron", {"jobId": "j", "action": "finished", "job": JOB})
    told = scene.store.fleet.gateways["g"].fact_inbox
    async with scene.connected():
        await scene.clock.advance(60)
    assert scene.store.fleet.gateways["g"].fact_inbox == told


async def test_an_event_that_only_a_list_explains_asks_for_one(scene: Scene) -> None:
    async with scene.connected():
        await scene.clock.advance(60)
        scene.asked.clear()
        for _ in range(50):
            scene.event("cron", {"jobId": "j", "action": "finished", "status": "skipped"})
        scene.event("task", {"action": "restored"})
        await scene.clock.advance(60)
        assert scene.asked == ["cron.list", "tasks.list"]


async def test_an_event_during_a_list_asks_for_another(scene: Scene) -> None:
    def answer(_params: object) -> dict[str, Any]:
        if scene.asked.count("cron.list") == 1:
            scene.event("cron", {"jobId": "j", "action": "finished", "job": JOB})
        return {"jobs": [] if scene.asked.count("cron.list") == 1 else [JOB]}

    scene.answers["cron.list"] = answer
    async with scene.connected():
        await scene.clock.advance(20)
        assert scene.asked.count("cron.list") == 1
        await scene.clock.advance(20)
        assert scene.asked.count("cron.list") == 2
        assert scene.kinds == ["cron-failed"]
        await scene.clock.advance(600)
        assert scene.asked.count("cron.list") == 2


@pytest.mark.parametrize("reason", ["auth", "billing", "rate_limit"])
async def test_a_run_that_a_provider_refused_asks_for_sign_ins_and_quotas(
    scene: Scene, reason: str
) -> None:
    failed = {"state": "error", "errorDetail": {"failoverReason": reason}}
    async with scene.connected():
        await scene.clock.advance(400)
        scene.asked.clear()
        for _ in range(60):  # a run fails each second, for a minute
            scene.event("chat", failed)
            await scene.clock.advance(1)
        assert scene.asked == ["models.authStatus", "usage.status"]
        await scene.clock.advance(240)
        # The last of those failures was after that: once more, 5 min later.
        assert len(scene.asked) <= 2
        await scene.clock.advance(60)
        assert len(scene.asked) == 4


async def test_other_failures_ask_nothing(scene: Scene) -> None:
    async with scene.connected():
        await scene.clock.advance(400)
        scene.asked.clear()
        scene.event("chat", {"state": "error", "errorKind": "timeout"})
        await scene.clock.advance(400)
    assert scene.asked == []


async def test_an_access_token_that_is_over_counts_after_a_run_was_refused(scene: Scene) -> None:
    profiles = [{"type": "oauth", "status": "expired"}]
    row = {"provider": "x", "status": "expired", "profiles": profiles}
    scene.answers["models.authStatus"] = {"providers": [row]}
    async with scene.connected():
        await scene.clock.advance(400)
        assert scene.kinds == []
        scene.event("chat", {"state": "error", "errorKind": "auth"})
        await scene.clock.advance(10)
        assert scene.kinds == ["sign-in-expired"]
        row["status"] = profiles[0]["status"] = "ok"
        await scene.clock.advance(1_900)
        assert scene.kinds == []


# The configuration


async def test_a_saved_edit_that_is_not_applied_needs_a_restart(scene: Scene) -> None:
    async with scene.connected():
        await scene.clock.advance(60)
        scene.answers["config.get"] = msgspec.Raw(
            b'{"configRevisionHash":"b","appliedConfigHash":"a","parsed":{"token":"s3cret"}}'
        )
        scene.event("config.changed", {"hash": "b"})
        await scene.clock.advance(60)
        assert scene.kinds == ["restart-needed"]
    scene.hello = replace(scene.hello, config_hash="b")
    scene.answers["config.get"] = EMPTY["config.get"]
    async with scene.connected():
        assert scene.kinds == ["restart-needed"], "nobody knows better yet"
        await scene.clock.advance(60)
        assert scene.kinds == []


async def test_an_edit_that_is_being_applied_is_no_item(scene: Scene) -> None:
    async with scene.connected():
        await scene.clock.advance(60)
        scene.answers["config.get"] = {"configRevisionHash": "b", "appliedConfigHash": "a"}
        scene.event("config.changed", {})
        await scene.clock.advance(15)
        assert scene.asked.count("config.get") == 2
        assert scene.kinds == []
        scene.answers["config.get"] = {"configRevisionHash": "b", "appliedConfigHash": "b"}
        await scene.clock.advance(15)
        assert scene.asked.count("config.get") == 3
        assert scene.kinds == []


async def test_an_edit_that_is_taken_back_ends_the_item_at_the_next_look(scene: Scene) -> None:
    """The gateway tells nothing of it."""
    scene.answers["config.get"] = {"configRevisionHash": "b", "appliedConfigHash": "a"}
    async with scene.connected():
        await scene.clock.advance(60)
        assert scene.kinds == ["restart-needed"]
        scene.answers["config.get"] = EMPTY["config.get"]
        scene.sources.refresh()
        await scene.clock.advance(1)
        assert scene.kinds == []
        scene.asked.clear()
        await scene.clock.advance(3_600)
        assert "config.get" not in scene.asked, "nothing is waited for any more"


async def test_the_operator_reads_everything_anew_and_asks_no_provider_too_often(
    scene: Scene,
) -> None:
    async with scene.connected():
        await scene.clock.advance(60)
        scene.asked.clear()
        for _ in range(20):
            scene.sources.refresh()
            await scene.clock.advance(1)
        assert scene.asked.count("cron.list") == scene.asked.count("tasks.list") == 1
        assert "models.authStatus" not in scene.asked
        await scene.clock.advance(300)
        assert scene.asked.count("models.authStatus") == 1


async def test_many_edits_are_one_question(scene: Scene) -> None:
    async with scene.connected():
        await scene.clock.advance(60)
        scene.asked.clear()
        for _ in range(9):
            scene.event("config.changed", {})
            await scene.clock.advance(1)
        await scene.clock.advance(60)
        assert scene.asked == ["config.get"]


async def test_a_gateway_that_does_not_tell_its_hash_is_not_asked_for_its_configuration(
    scene: Scene,
) -> None:
    scene.hello = hello(appliedConfigHash=None)
    async with scene.connected():
        scene.event("config.changed", {})
        await scene.clock.advance(600)
    assert "config.get" not in scene.asked
    assert scene.access("config") is ReadAccess.ABSENT


# What may be read


async def test_what_a_release_does_not_have_is_absent_and_asked_for_once(scene: Scene) -> None:
    methods = [method for method in METHODS if method != "tasks.list"]
    scene.hello = replace(scene.hello, methods=frozenset(methods))
    del scene.answers["tasks.list"]
    for _ in range(3):
        async with scene.connected():
            await scene.clock.advance(600)
            assert scene.access("tasks") is ReadAccess.ABSENT
    assert scene.asked.count("tasks.list") == 1
    scene.hello = replace(scene.hello, server_version="2026.10.1")
    async with scene.connected():
        await scene.clock.advance(60)
    assert scene.asked.count("tasks.list") == 2


async def test_what_is_refused_is_said_once_and_not_shown_as_none(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    scene.event("cron", {"jobId": "j", "action": "finished", "job": JOB})
    scene.answers["cron.list"] = refusal("FORBIDDEN", "missing scope: operator.read")
    for _ in range(3):
        async with scene.connected():
            await scene.clock.advance(4_000)
            assert scene.access("cron") is ReadAccess.REFUSED
            assert scene.access("tasks") is ReadAccess.READABLE
            assert not scene.facts.cron
    assert caplog.text.count("does not let this connection read: cron") == 1
    assert scene.asked.count("cron.list") == 3


@pytest.mark.parametrize(
    ("scopes", "methods", "access", "asked"),
    [
        (("operator.read",), METHODS, ReadAccess.REFUSED, 0),
        (("operator.read",), [], ReadAccess.ABSENT, 0),
        (("operator.read", "operator.pairing"), METHODS, ReadAccess.READABLE, 1),
    ],
)
async def test_who_waits_to_be_let_in_is_asked_for_with_the_right_alone(
    scene: Scene,
    scopes: tuple[str, ...],
    methods: list[str],
    access: ReadAccess,
    asked: int,
) -> None:
    scene.hello = replace(scene.hello, methods=frozenset(methods))
    scene.scopes = scopes
    waiting = {"requestId": "r", "deviceId": "d", "displayName": "Phone"}
    scene.answers["device.pair.list"] = {"pending": [waiting]}
    scene.answers["node.pair.list"] = {"pending": []}
    async with scene.connected():
        await scene.clock.advance(60)
        assert scene.access("joins") is access
        assert scene.asked.count("device.pair.list") == asked
        assert scene.kinds == ["pairing"] * asked
        scene.event("device.pair.resolved", {"requestId": "r"})
        assert scene.kinds == []


# Failure domains


async def test_a_request_that_is_not_answered_is_tried_again_much_later(scene: Scene) -> None:
    silent = RequestTimeoutError(Failure(kind=FailureKind.SILENT))
    scene.answers["cron.list"] = silent
    async with scene.connected():
        await scene.clock.advance(60)
        assert scene.asked == ONCE
        assert scene.access("cron") is ReadAccess.PENDING
        await scene.clock.advance(RETRY_S)
        assert scene.asked.count("cron.list") == 2
    assert scene.incidents.total == 0


async def test_the_end_of_the_connection_ends_the_questions(scene: Scene) -> None:
    scene.answers["cron.list"] = ConnectionLostError(Failure(kind=FailureKind.LOST))
    async with scene.connected():
        await scene.clock.advance(4_000)
    assert scene.asked == ["cron.list"]
    assert scene.incidents.total == 0


@pytest.mark.parametrize("method", ONCE)
async def test_an_answer_that_breaks_one_source_leaves_the_others(
    scene: Scene, method: str
) -> None:
    scene.answers[method] = UnexpectedError()
    async with scene.connected():
        await scene.clock.advance(60)
        assert scene.asked == ONCE
        assert scene.incidents.total == 1
        readable = [name for name in scene.facts.subjects if scene.access(name).value == "readable"]
        assert len(readable) == 4


@pytest.mark.parametrize("answer", [None, 7, [], "x", {"jobs": 7}, {"jobs": [None, [], {}]}])
@pytest.mark.parametrize("method", ONCE)
async def test_rubbish_is_no_answer_and_no_incident(
    scene: Scene, method: str, answer: object
) -> None:
    scene.answers[method] = answer
    async with scene.connected():
        await scene.clock.advance(60)
    assert scene.asked == ONCE
    assert scene.incidents.total == 0


@pytest.mark.parametrize(
    ("module", "name", "event"),
    [(cron, "changed", "cron"), (health, "channels", "health"), (health, "conditions", "health")],
)
async def test_an_event_that_breaks_its_decoder_costs_only_that_event(
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    event: str,
) -> None:
    def broken(*_: object) -> None:
        raise UnexpectedError

    async with scene.connected():
        with monkeypatch.context() as patch:
            patch.setattr(module, name, broken)
            scene.event(event, {"jobId": "j", "job": JOB})
            scene.event("task", {"action": "upserted", "task": TASK})
        assert scene.incidents.total == 1
        assert scene.kinds == ["task-failed"]
        await scene.clock.advance(60)
        assert scene.asked == ONCE


async def test_a_model_that_breaks_ends_no_source(scene: Scene) -> None:
    def broken(_event: object) -> None:
        raise UnexpectedError

    sink: Callable[..., object] = scene.sink
    scene.sink = broken
    async with scene.connected():
        await scene.clock.advance(60)
        scene.event("health", {"channels": {}})
        assert scene.incidents.total > 0
        scene.sink = sink
        scene.answers["cron.list"] = {"jobs": [JOB]}
        await scene.clock.advance(RETRY_S)
        assert scene.kinds == ["cron-failed"]


async def test_no_task_is_left_behind(scene: Scene) -> None:
    before = asyncio.all_tasks()
    async with scene.connected():
        await scene.clock.advance(60)
    assert asyncio.all_tasks() == before


async def test_a_gateway_that_is_about_to_end_is_asked_later_and_that_is_no_fault(
    scene: Scene,
) -> None:
    scene.answers["cron.list"] = refusal("UNAVAILABLE", "gateway is restarting")
    async with scene.connected():
        await scene.clock.advance(60)
        assert scene.incidents.total == 0
        assert scene.asked.count("cron.list") == 1
        scene.answers["cron.list"] = EMPTY["cron.list"]
        await scene.clock.advance(RETRY_S)
        assert scene.asked.count("cron.list") == 2
        assert scene.access("cron") is ReadAccess.READABLE


async def test_what_lost_events_said_is_read_from_lists(scene: Scene) -> None:
    """What a gateway tells of jobs and tasks, it does not tell again."""
    async with scene.connected():
        await scene.clock.advance(60)
        scene.sources.on_event(EventFrame("tick", {}, 7))
        scene.sources.on_event(EventFrame("tick", {}, 8))
        await scene.clock.advance(60)
        assert scene.asked.count("cron.list") == 1
        failed = {"lastRunStatus": "error", "lastError": "E"}
        scene.answers["cron.list"] = {"jobs": [{"id": "j", "state": failed}]}
        scene.sources.on_event(EventFrame("tick", {}, 10))
        await scene.clock.advance(6)
        assert scene.asked.count("cron.list") == scene.asked.count("tasks.list") == 2
        assert scene.kinds == ["cron-failed"]


async def test_the_first_event_of_a_connection_follows_none(scene: Scene) -> None:
    for first in (3, 900):
        async with scene.connected():
            scene.sources.on_event(EventFrame("tick", {}, first))
            await scene.clock.advance(60)
    assert scene.asked.count("cron.list") == 2
