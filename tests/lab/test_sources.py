"""What real gateways tell of themselves: jobs, tasks, sign-ins, edits of their configuration.

An update, a channel that drops and a sign-in that expires cannot be had without the network:
`tests/gateway/decoders` and `tests/gateway/sources` have their frames.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet.commands import MarkItems, Refresh
from cc_desktop.fleet.facts import ReadAccess, RestartCheck
from cc_desktop.fleet.inbox import InboxChanged, InboxItem, InboxKind
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.gateway.connection import GatewayConnection
from cc_desktop.gateway.decoders.facts import tasks
from tests.lab.conftest import AGENTS, TOKEN
from tests.lab.follow import Follower, following, settings_for
from tests.lab.openclaw import RealGateway, Sender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from cc_desktop.fleet.facts import Facts
    from cc_desktop.fleet.model import Change
    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(240)]

WITH_JOBS = {"OPENCLAW_SKIP_CRON": ""}
BY_HAND = {"gateway": {"reload": {"mode": "off"}}}  # edits wait for a restart by the operator
# 2026.5.7 does nothing else for 45 s when its first job runs: its job failed before.
OLD_JOB = {
    "id": "a9cd5539-5c01-4783-b650-af18c28e99ba",
    "name": "Before",
    "enabled": True,
    "createdAtMs": 1_795_517_943_660,
    "schedule": {"kind": "every", "everyMs": 86_400_000, "anchorMs": 1_795_517_943_660},
    "sessionTarget": "isolated",
    "wakeMode": "now",
    "payload": {"kind": "agentTurn", "message": "say: ok"},
    "delivery": {"mode": "none"},
    "state": {},
}
OLD_STATE: dict[str, Any] = {
    "lastRunAtMs": 1_795_517_946_003,
    "lastRunStatus": "error",
    "lastError": "FailoverError: LLM request failed: provider rejected the request schema.",
    "consecutiveErrors": 1,
}


@pytest.fixture(scope="module")
def gateway(
    lab: Lab, model: MockModel, version: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealGateway]:
    home = tmp_path_factory.mktemp(f"sources-{version}")
    if version < "2026.6":
        folder = home / ".openclaw" / "cron"
        folder.mkdir(parents=True)
        state = {"version": 1, "jobs": {OLD_JOB["id"]: {"state": OLD_STATE}}}
        (folder / "jobs.json").write_text(json.dumps({"version": 1, "jobs": [OLD_JOB]}))
        (folder / "jobs-state.json").write_text(json.dumps(state))
    with RealGateway(
        lab,
        version,
        home=home,
        token=TOKEN,
        agents=AGENTS,
        model=model,
        extra_config=BY_HAND,
        environment=WITH_JOBS,
    ) as running:
        yield running


class Told:
    """The items of the gateway, and how often each began."""

    def __init__(self, follower: Follower) -> None:
        self.follower = follower
        self.began: Counter[str] = Counter()
        follower.monitor.store.subscribe(self._on_changes)

    def _on_changes(self, changes: list[Change]) -> None:
        for change in changes:
            if isinstance(change, InboxChanged) and change.before is None and change.after:
                self.began[change.after.id] += 1

    @property
    def facts(self) -> Facts:
        return self.follower.monitor.store.fleet.gateways["g"].facts

    def items(self, kind: InboxKind) -> list[InboxItem]:
        gateway = self.follower.monitor.store.fleet.gateways["g"]
        return [item for item in all_items(gateway) if item.kind is kind]

    async def one(self, kind: InboxKind, name: str) -> InboxItem:
        """Wait for the item; it was told once."""
        await self.follower.until(lambda: any(i.name == name for i in self.items(kind)))
        [item] = [item for item in self.items(kind) if item.name == name]
        assert self.began[item.id] == 1
        return item

    async def read(self, subject: str) -> ReadAccess:
        """Wait until it is known whether a subject can be read."""
        await self.follower.until(
            lambda: (
                subject in self.facts.subjects
                and self.facts.access(subject) is not ReadAccess.PENDING
            )
        )
        return self.facts.access(subject)


@contextlib.asynccontextmanager
async def watched(gateway: RealGateway, config: Path) -> AsyncIterator[tuple[Told, Sender]]:
    sender = Sender(gateway.url, TOKEN)
    async with following(config, settings_for(gateway, TOKEN)) as follower, sender:
        told = Told(follower)
        await follower.live()
        yield told, sender


def job(name: str, payload: dict[str, Any], **schedule: Any) -> dict[str, Any]:
    return {
        "name": name,
        "schedule": schedule or {"kind": "every", "everyMs": 3_600_000},
        "sessionTarget": "isolated",
        "wakeMode": "now",
        "payload": payload,
        "delivery": {"mode": "none"},
    }


def runs(command: str) -> dict[str, Any]:
    return {"kind": "command", "argv": [command]}


async def test_a_job_that_failed_before_is_an_item_until_somebody_switches_it_off(
    gateway: RealGateway, version: str, tmp_path: Path
) -> None:
    if version > "2026.6":
        pytest.skip("it shows how its jobs fail in the other tests")
    async with watched(gateway, tmp_path) as (told, sender):
        item = await told.one(InboxKind.CRON_FAILED, "Before")
        assert item.detail.startswith("LLM request failed")
        assert abs(item.since - OLD_STATE["lastRunAtMs"]) < 10
        await sender.request("cron.update", {"id": OLD_JOB["id"], "patch": {"enabled": False}})
        await told.follower.until(lambda: not told.items(InboxKind.CRON_FAILED))


async def test_a_job_that_fails_is_one_item_until_it_succeeds(
    gateway: RealGateway, version: str, tmp_path: Path
) -> None:
    if version < "2026.6":
        pytest.skip("its first job takes 45 s")
    async with watched(gateway, tmp_path) as (told, sender):
        assert await told.read("cron") is ReadAccess.READABLE
        turn = {"kind": "agentTurn", "message": "say: ok", "model": "nobody/none"}
        made = await sender.request("cron.add", job("Nightly", turn))
        await sender.request("cron.run", {"id": made["id"], "mode": "force"})
        item = await told.one(InboxKind.CRON_FAILED, "Nightly")
        assert item.detail.startswith("Unknown model")
        assert (item.agent, item.code) == ("otto", "model_not_found")
        # Its run is a task, too, and yet it is told once.
        rows = (await sender.request("tasks.list", {}))["tasks"]
        assert [row["status"] for row in rows] == ["failed"]
        assert not told.items(InboxKind.TASK_FAILED)
        known = {one.name for one in told.facts.cron.values()}
        assert known == {"Nightly"}, "built-in jobs are left out"
        await sender.request("cron.update", {"id": made["id"], "patch": {"payload": runs("true")}})
        await sender.request("cron.run", {"id": made["id"], "mode": "force"})
        await told.follower.until(lambda: not told.items(InboxKind.CRON_FAILED))
        await sender.request("cron.remove", {"id": made["id"]})
        await told.follower.until(lambda: not told.facts.cron)


async def test_a_run_begun_from_outside_is_a_task_and_yet_told_once(
    gateway: RealGateway, version: str, tmp_path: Path
) -> None:
    if version < "2026.7":
        pytest.skip("it does not tell of tasks")
    async with watched(gateway, tmp_path) as (told, sender):
        assert await told.read("tasks") is ReadAccess.READABLE
        key = "agent:rex:main"
        order = {"message": "fail: no disk", "agentId": "rex", "sessionKey": key}
        await sender.request("agent", {**order, "idempotencyKey": str(uuid.uuid4())})
        item = await told.one(InboxKind.FAILED, "Rex")
        assert item.session_key == key
        rows = (await sender.request("tasks.list", {}))["tasks"]
        [row] = [row for row in rows if row["sessionKey"] == key]
        assert tasks.task(row) is not None
        assert not told.items(InboxKind.TASK_FAILED)
        await sender.send("rex", "say: done")
        await told.follower.until(lambda: not told.items(InboxKind.FAILED))


async def test_what_happened_while_nobody_looked_is_the_same_item(
    gateway: RealGateway, version: str, tmp_path: Path
) -> None:
    if version < "2026.6":
        pytest.skip("it has no jobs that run a command")
    async with watched(gateway, tmp_path) as (told, sender):
        await told.read("cron")
        made = await sender.request("cron.add", job("Weekly", runs("false")))
        await sender.request("cron.run", {"id": made["id"], "mode": "force"})
        item = await told.one(InboxKind.CRON_FAILED, "Weekly")
    async with watched(gateway, tmp_path) as (told, sender):
        listed = await told.one(InboxKind.CRON_FAILED, "Weekly")
        assert (listed.id, listed.detail) == (item.id, item.detail)
        assert listed.since == item.since
        await sender.request("cron.remove", {"id": made["id"]})
        await told.follower.until(lambda: not told.items(InboxKind.CRON_FAILED))


async def test_a_job_that_does_not_start_is_overdue(
    gateway: RealGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway runs its jobs on time: here the grace is over before a job is due."""
    monkeypatch.setattr("cc_desktop.fleet.inbox.gateway_items.OVERDUE_AFTER_MS", -3_600_000)
    async with watched(gateway, tmp_path) as (told, sender):
        await told.read("cron")
        soon = time.time() + 1_800
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(soon))
        turn = {"kind": "agentTurn", "message": "say: late"}
        made = await sender.request("cron.add", job("Late", turn, kind="at", at=at))
        item = await told.one(InboxKind.CRON_OVERDUE, "Late")
        assert abs(item.since / 1000 - soon) < 5
        await sender.request("cron.remove", {"id": made["id"]})
        await told.follower.until(lambda: not told.items(InboxKind.CRON_OVERDUE))


async def test_each_release_tells_what_it_has_at_few_questions(
    gateway: RealGateway, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()
    request = GatewayConnection.request

    async def counted(self: GatewayConnection, method: str, *args: Any, **more: Any) -> Any:
        asked[method] += 1
        return await request(self, method, *args, **more)

    monkeypatch.setattr(GatewayConnection, "request", counted)
    new = version > "2026.7"
    async with watched(gateway, tmp_path) as (told, _):
        access = {
            subject: await told.read(subject)
            for subject in ("cron", "tasks", "config", "joins", "sign-ins", "quotas")
        }
        assert access == {
            "cron": ReadAccess.READABLE,
            "tasks": ReadAccess.READABLE if new else ReadAccess.ABSENT,
            "config": ReadAccess.READABLE if new else ReadAccess.ABSENT,
            "joins": ReadAccess.REFUSED,
            "sign-ins": ReadAccess.READABLE,
            "quotas": ReadAccess.READABLE,
        }
        if new:
            assert {one.status for one in told.facts.sign_ins.values()} == {"static"}
        found = all_items(told.follower.monitor.store.fleet.gateways["g"])
        assert not found, "a healthy gateway asks for nobody"
        at_connect = asked.total()
        assert at_connect <= 10, asked
        await asyncio.sleep(3)
        assert asked.total() == at_connect, asked
        check = await told.follower.monitor.queries.restart_check("g")
        assert check == RestartCheck(is_safe=True)


async def test_an_edit_that_waits_for_a_restart(
    gateway: RealGateway, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if version < "2026.7":
        pytest.skip("it does not tell with which configuration it runs")
    monkeypatch.setattr("cc_desktop.gateway.sources.gateway_sources.CONFIG_SETTLE_S", 2.0)
    monkeypatch.setattr("cc_desktop.gateway.sources.gateway_sources.CONFIG_CONFIRM_S", 4.0)
    path = gateway.home / ".openclaw" / "openclaw.json"
    async with watched(gateway, tmp_path) as (told, _):
        await told.read("config")
        assert not told.items(InboxKind.RESTART_NEEDED)
        before = path.read_text(encoding="utf-8")
        config = json.loads(before)
        config["gateway"]["port"] += 1
        path.write_text(json.dumps(config), encoding="utf-8")
        await told.one(InboxKind.RESTART_NEEDED, "g")
        path.write_text(before, encoding="utf-8")
        # Nothing tells of an edit that is taken back: it shows at the next look.
        await asyncio.sleep(2)
        told.follower.monitor.execute(Refresh(gateway="g"))
        await told.follower.until(lambda: not told.items(InboxKind.RESTART_NEEDED))


async def test_a_command_in_the_background_that_fails_is_an_item_until_it_is_seen(
    gateway: RealGateway, version: str, tmp_path: Path
) -> None:
    """The last one: the gateway keeps the task for a week."""
    if version < "2026.7":
        pytest.skip("it does not tell of tasks")
    async with watched(gateway, tmp_path) as (told, sender):
        assert await told.read("tasks") is ReadAccess.READABLE
        command = f"sleep 1; echo {uuid.uuid4()}; exit 3"
        order = json.dumps({"command": command, "background": True})
        await sender.send("rex", f"call: exec {order}")
        item = await told.one(InboxKind.TASK_FAILED, command)
        assert (item.agent, item.code) == ("rex", "failed")
        assert item.detail == "Command failed (exit code 3)"
        assert not told.items(InboxKind.FAILED), "the run that began it went well"
        ident = item.subject.removeprefix("task:")
        # The gateway dismisses results that reach nobody, and no failures.
        answer = await sender.request("tasks.dismiss", {"taskIds": [ident]})
        assert [row["ok"] for row in answer["results"]] == [False]
        told.follower.monitor.execute(MarkItems("g", items=(item.id,)))
        await told.follower.until(lambda: told.items(InboxKind.TASK_FAILED)[0].seen)
