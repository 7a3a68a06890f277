"""A thousand transitions in ten seconds: few notices, and nothing that is left out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cc_desktop.fleet.inbox import Severity
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.notifications.preferences import Preferences
from tests.streams.life import Life
from tests.streams.person import all_kinds
from tests.streams.site import AGENTS

if TYPE_CHECKING:
    from tests.streams.site import Site

MOST, TRANSITIONS, BURST_S = 5, 1_000, 10.0
GROWN_S = 70.0  # a notice that grows is shown anew at most once a minute


async def transition(life: Life, site: Site) -> None:
    """Something of any kind begins or ends."""
    rng, word = life.rng, life.script.word()
    agent = rng.choice(AGENTS)
    key = f"agent:{agent}:{rng.choice(('main', 'side'))}"
    what = rng.randrange(7)
    if what == 0 and site.rows["jobs"]:
        failed = {"lastRunStatus": "error", "lastError": word}
        await site.tell_job("job0", "finished", **(failed if rng.random() < 0.5 else {}))
    elif what == 1:
        await site.tell_task(word, status="failed", error="it broke")
    elif what == 2:
        broken = {"running": True, "connected": False}
        site.set_channel("slack", **(broken if rng.random() < 0.5 else {}))
        await site.tell_health()
    elif what == 3:
        request = {"command": f"rm {word}", "agentId": agent, "sessionKey": key}
        now = site.now_ms
        row = {"id": word, "request": request, "createdAtMs": now, "expiresAtMs": now + 999_000}
        site.rows["approvals"][word] = row
        await site.emit("exec.approval.requested", row)
    elif site.sessions[key]["hasActiveRun"]:
        await site.end_run(key, site.running[key], f"{word} broke" if what < 6 else "")
    else:
        await site.start_run(key, word)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("preferences", [Preferences(), all_kinds()], ids=["usual", "all kinds"])
async def test_a_burst_is_a_handful_of_notices(
    preferences: Preferences, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(3, preferences)
    async with life.running(monkeypatch):
        sites = [life.sites[name] for name in ("studio", "barn", "ferry", "gate")]
        await life.pass_time(60)
        before = len(life.operator.notices)
        began = life.clock.now_ms()
        for _ in range(TRANSITIONS):
            await transition(life, life.rng.choice(sites))
            await life.clock.advance(BURST_S / TRANSITIONS)
        took_s = (life.clock.now_ms() - began) / 1000
        during = life.operator.notices[before:]
        await life.pass_time(GROWN_S)
        told = {alert.target.item for one in life.operator.notices for alert in one.show.alerts}
        items = open_items(life.store.fleet)
        grouped = {part for item in items for part in item.members}
        left_out = [
            item
            for item in items
            if item.severity is Severity.NEEDS_YOU and item.id not in told | grouped
        ]
    print(f"{len(during)} notices in {took_s:.1f} s, {len(items)} items open after that")
    assert took_s <= BURST_S + 1
    assert 1 <= len(during) <= MOST
    assert len(items) > 50
    assert not left_out
