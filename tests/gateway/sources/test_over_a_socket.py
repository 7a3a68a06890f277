"""Sources beside the lists of sessions, over a real socket."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NoReturn

from cc_desktop.fleet.facts import ReadAccess
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.gateway.sources.gateway_sources import GatewaySources
from tests.fakes.clock import until
from tests.fakes.gateway import FakeGateway
from tests.fakes.rig import Rig, running_link
from tests.gateway.sources.scene import EMPTY, METHODS

if TYPE_CHECKING:
    import pytest

JOB = {"id": "j", "name": "Backup", "state": {"lastRunStatus": "error", "lastRunAtMs": 1}}
KEY = "agent:otto:main"


class UnexpectedError(Exception):
    """What nobody expected."""


def _told(answer: Any, _params: object) -> Any:
    return answer


def telling(**answers: Any) -> FakeGateway:
    gateway = FakeGateway()
    gateway.add_agent("otto", name="Otto")
    gateway.add_session(KEY)
    gateway.methods = ["agents.list", "sessions.list", *METHODS]
    gateway.snapshot = {"appliedConfigHash": "a"}
    for method, answer in {**EMPTY, **answers}.items():
        gateway.answers[method] = functools.partial(_told, answer)
    return gateway


def kinds(rig: Rig) -> list[str]:
    return sorted(item.kind.value for item in all_items(rig.gateway))


async def test_a_gateway_is_live_before_its_sources_are_asked() -> None:
    async with telling() as gateway, running_link(gateway.url) as rig:
        hold = gateway.hold("cron.list")
        await rig.live()
        assert not gateway.count("cron.list")
        await rig.clock.advance(2)
        assert hold.reached.is_set()
        await gateway.change(KEY, status="running", hasActiveRun=True)
        await until(lambda: (row := rig.session(KEY)) and row.active)
        assert rig.gateway.facts.access("cron") is ReadAccess.PENDING
        hold.release.set()
        await until(lambda: rig.gateway.facts.access("quotas") is ReadAccess.READABLE)


async def test_what_it_tells_becomes_items() -> None:
    answers = {"cron.list": {"jobs": [JOB]}}
    async with telling(**answers) as gateway, running_link(gateway.url) as rig:
        gateway.health = {"channels": {"telegram": {"healthState": "stuck"}}}
        await rig.live()
        await rig.clock.advance(2)
        await until(lambda: kinds(rig) == ["channel", "cron-failed"])
        well = {**JOB, "state": {"lastRunStatus": "ok"}}
        await gateway.emit("cron", {"jobId": "j", "action": "finished", "job": well})
        await gateway.emit("health", {"channels": {"telegram": {"healthState": "healthy"}}})
        await until(lambda: kinds(rig) == [])
        await gateway.emit(
            "update.available",
            {"updateAvailable": {"currentVersion": "2026.9.6", "latestVersion": "2026.10.1"}},
        )
        await until(lambda: kinds(rig) == ["update"])


async def test_an_hour_of_an_idle_gateway_is_less_than_a_request_a_minute() -> None:
    """All that is asked, the lists of sessions included."""
    async with telling() as gateway, running_link(gateway.url) as rig:
        await rig.live()
        for _ in range(144):
            await rig.clock.advance(25)
            await gateway.tick()
        assert gateway.handshakes == 1
        lists = ["connect", "sessions.subscribe", "agents.list", "sessions.list"]
        sources = ["cron.list", "tasks.list", "config.get", "models.authStatus", "usage.status"]
        again = ["models.authStatus", "usage.status"]
        assert sorted(one.method for one in gateway.asked) == sorted(lists + sources + again)


async def test_a_source_that_breaks_costs_no_session_and_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> NoReturn:
        raise UnexpectedError

    monkeypatch.setattr(GatewaySources, "_on_health", broken)
    monkeypatch.setattr(GatewaySources, "_read", broken)
    async with telling() as gateway, running_link(gateway.url, incidents=-1) as rig:
        gateway.health = {"channels": {}}
        await rig.live()
        await rig.clock.advance(10)
        await gateway.emit("health", {"channels": {}})
        await gateway.change(KEY, status="running", hasActiveRun=True)
        await until(lambda: (row := rig.session(KEY)) and row.active)
        assert gateway.handshakes == 1
        assert rig.link.incidents > 0
