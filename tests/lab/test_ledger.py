"""What real gateways tell of the past: their ledger, and what an agent used."""

from __future__ import annotations

import asyncio
import datetime
from typing import TYPE_CHECKING

import pytest

from cc_desktop.fleet.history.absence import Absence, summarize
from cc_desktop.fleet.history.entries import EntryKind
from cc_desktop.fleet.history.usage import last_days
from tests.lab.conftest import TOKEN
from tests.lab.follow import Follower, following, settings_for
from tests.lab.openclaw import RealGateway, Sender

if TYPE_CHECKING:
    from pathlib import Path

    from cc_desktop.fleet.history.ledger import LedgerRecord

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]


async def _work(gateway: RealGateway, *orders: str, agent: str = "otto") -> None:
    async with Sender(gateway.url, TOKEN) as sender:
        for order in orders:
            await sender.send(agent, order)
            await sender.wait_idle(agent)


async def test_the_ledger_tells_what_the_own_list_tells(
    gateway: RealGateway, tmp_path: Path
) -> None:
    async with following(tmp_path, settings_for(gateway, TOKEN)) as follower:
        await follower.live()
        await _work(gateway, "say: hello", "fail: no credits")
        kinds = (EntryKind.FINISHED, EntryKind.FAILED)

        def own() -> list[EntryKind]:
            entries = follower.monitor.history.entries("g", "otto")
            return [entry.kind for entry in entries if entry.kind in kinds]

        await follower.until(lambda: len(own()) >= 2)
        page = await follower.monitor.queries.ledger("g", "otto")
        if gateway.version < "2026.7":
            assert not page.kept  # "missing scope: operator.admin": it has none
            assert page.records == ()
            assert _away(follower, {}) == (1, 1)
            return
        assert page.kept
        for _ in range(90):  # the gateway writes its ledger in the background
            page = await follower.monitor.queries.ledger("g", "otto")
            runs = [one for one in page.records if one.kind == "agent_run" and one.is_end]
            if len(runs) >= 2:
                break
            await asyncio.sleep(0.5)
        # A run that the model refused is "blocked" in the ledger, and "failed" in its row.
        words = {"succeeded": EntryKind.FINISHED, "blocked": EntryKind.FAILED}
        assert [words[one.status] for one in runs] == own()
        assert {one.agent for one in page.records} == {"otto"}
        assert {one.session_key for one in runs} == {"agent:otto:main"}
        offset = follower.monitor.store.fleet.gateways["g"].clock_offset_ms
        newest = follower.monitor.history.entries("g", "otto")[0]
        assert abs(runs[0].at + offset - newest.at) < 20_000
        only = await follower.monitor.queries.ledger("g", "otto", after=runs[0].at, runs=True)
        assert [one.id for one in only.records] == [runs[0].id]
        every = await follower.monitor.queries.ledger("g", "", after=1, runs=True)
        assert _away(follower, {"g": every.records}) == (1, 1)


async def test_usage_is_that_of_the_agent_and_of_no_other(
    gateway: RealGateway, tmp_path: Path
) -> None:
    await _work(gateway, "say: one two three", agent="rex")
    async with following(tmp_path, settings_for(gateway, TOKEN)) as follower:
        await follower.live()
        rex = await follower.monitor.queries.usage_cost("g", "rex", 14)
        dex = await follower.monitor.queries.usage_cost("g", "dex", 14)
    today = datetime.datetime.now().astimezone().date().isoformat()
    assert last_days(rex, 14, today)[-1].tokens > 0
    assert dex.total.tokens == 0


def _away(follower: Follower, ledgers: dict[str, tuple[LedgerRecord, ...]]) -> tuple[int, int]:
    """How many runs finished and failed, as the card "While you were away" says."""
    monitor = follower.monitor
    now = monitor.now_ms()
    absence = Absence(now - 3_600_000, now)
    found = summarize(absence, monitor.store.fleet, monitor.history.since(0), ledgers)
    return len(found.finished), len(found.failed)
