"""An hour of a fleet's life, frames to notices: all that matters is told once, and nothing else."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from cc_desktop.fleet.inbox import InboxKind
from tests.fakes.gateway import refused
from tests.streams.life import Life

SEEDS = [int(seed) for seed in os.environ.get("CC_STREAM_SEEDS", "1,2").split(",")]
TOLD_WITHIN_MS = 2_000  # a second to gather, and one to show it
CROWD_MS = 62_000  # a notice that grows is shown anew at most once a minute
HEALED_MS = 120_000  # what was lost on the way is known by then


WORKERS = ("otto", "rex", "dex", "hex")


async def an_hour(life: Life) -> None:
    rare = {"studio": life.script.sign_in, "barn": life.script.providers}  # once, from minute 15
    for chapter in range(20):
        for name in [*rare] if chapter >= 5 else ():
            if free := life.free(name, *WORKERS):
                life.start(rare.pop(name)(life.sites[name], free[0]), (name, free[0]))
        life.usual()
        if chapter == 2:
            life.start(life.script.silence(life.sites["studio"], "pip"), ("studio", "heartbeat"))
        if chapter == 3:
            life.start(life.script.device(life.sites["studio"]), ("studio", "node"))
        if chapter in (4, 14):
            victims = {name: life.free(name, "hex", "rex")[:2] for name in ("studio", "barn")}
            subjects = [(name, agent) for name, agents in victims.items() for agent in agents]
            sites = [life.sites["studio"], life.sites["barn"]]
            life.start(life.script.weather(sites, victims), *subjects)
        await life.play(65)
        life.usual()
        await life.play(65)
        if chapter in (6, 12, 18):
            await life.outage("ferry", {6: 10, 12: 50, 18: 150}[chapter])
        if chapter == 16:
            await life.flaps("ferry")
        if chapter == 8:
            await life.blocked("gate", refused("AUTH_TOKEN_MISMATCH"), "gateway-blocked")
        if chapter == 10:
            refusal = refused("PAIRING_REQUIRED", outer="NOT_PAIRED", requestId="req-1")
            await life.blocked("gate", refusal, "pairing-self")
        await life.check()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
async def test_an_hour_of_a_fleet(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(seed)
    # One runs an older release than the others.
    life.truth.begin(("drift", "cellar", "", ""), within_s=10)
    async with life.running(monkeypatch):
        await an_hour(life)
    truth, verdict = life.truth, life.verdict
    wanted = [
        one for one in truth.tellings if not one.optional and one.begins <= truth.now() - 9_000
    ]
    verdict.missed = [str(one) for one in wanted if not one.told_at]
    told = [one for one in wanted if one.told_at]
    for one in told:
        at_once_ms = TOLD_WITHIN_MS if one.certain else HEALED_MS
        allowed_ms = max(at_once_ms, CROWD_MS) if one.in_crowd else at_once_ms
        if one.told_at - one.latest > allowed_ms:
            verdict.late.append(f"{one.told_at - one.latest} ms: {one}")
    alone = sorted(one.told_at - one.latest for one in told if one.certain and not one.in_crowd)
    print(
        f"\nseed {seed}: {life.clock.passed / 60:.0f} min, {truth.transitions} transitions, "
        f"{sum(site.events for site in life.sites.values())} events "
        f"({sum(site.lossy for site in life.sites.values())} lost), "
        f"{len(told)} told of {len(wanted)}, {len(life.operator.notices)} notices, "
        f"{len(alone)} of them alone, at the latest after {max(alone)} ms; "
        f"{verdict.checked} items at {life.checkpoints} checkpoints, {verdict.clicks} clicks\n"
        f"kinds: {dict(Counter(truth.kinds))}"
    )
    for name in ("missed", "false", "late", "wrong_items", "bad_clicks"):
        found = getattr(verdict, name)
        print(name, len(found), *found[:12], sep="\n  ")
    assert len(alone) > 0.6 * len(told)
    assert not verdict.missed
    assert not verdict.false
    assert not verdict.late
    assert not verdict.wrong_items
    assert not verdict.bad_clicks
    assert life.clock.passed >= 3_600
    assert truth.transitions >= 300
    assert {kind.value for kind in InboxKind} <= truth.kinds.keys(), "every kind occurs"
