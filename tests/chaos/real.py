"""Real gateways that are killed or hang under load. They have to be installed: make lab."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING

from cc_desktop.fleet.model import ConnectionState
from tests.chaos.scenario import Chaos, Skipped, check
from tests.lab.conftest import AGENTS, TOKEN, make_gateway
from tests.lab.follow import Follower, following, settings_for
from tests.lab.install import LabUnavailable, default_cache, ensure_lab
from tests.lab.mock_model import MockModel
from tests.lab.openclaw import RealGateway, Sender

if TYPE_CHECKING:
    from tests.lab.install import Lab

_VERSION = "2026.9.6"
_BACK_S = 45.0  # the longest wait between tries is 30 s


def _lab() -> Lab:
    if not (default_cache() / f"openclaw-{_VERSION}").is_dir():
        raise Skipped("no real gateway is installed (make lab installs it)")
    try:
        return ensure_lab()
    except LabUnavailable as reason:
        raise Skipped(str(reason)) from None


async def _load(gateway: RealGateway) -> None:
    """Runs in every agent, one after the other, for as long as the gateway answers."""
    while True:
        try:
            async with Sender(gateway.url, TOKEN) as sender:
                while True:
                    for ident, _name, _emoji in AGENTS:
                        await sender.send(ident, "say: one two three four five")
                    await asyncio.sleep(0.5)
        except Exception:  # noqa: BLE001, RUF100 - it is killed just now: that is the point
            await asyncio.sleep(0.5)


async def _live_again(follower: Follower) -> float:
    began = time.monotonic()
    await follower.until(lambda: follower.link_state() is ConnectionState.LIVE, seconds=_BACK_S)
    return time.monotonic() - began


async def _same(follower: Follower, gateway: RealGateway) -> None:
    async with Sender(gateway.url, TOKEN) as sender:
        for ident, _name, _emoji in AGENTS:
            await sender.send(ident, "say: the end")
            await sender.wait_idle(ident, settled=True)
        await follower.equals_fresh_list(sender)


async def killed_and_stopped(chaos: Chaos) -> str:
    """SIGKILL and SIGSTOP of a real gateway that works; the model is true afterwards."""
    lab = await asyncio.to_thread(_lab)
    kills, stop_s = (1, 5.0) if chaos.short else (max(2, int(chaos.minutes)), 45.0)
    waits: list[float] = []
    with MockModel() as model:
        gateway = make_gateway(lab, _VERSION, chaos.path / "gateway", model)
        gateway.home.mkdir()
        await asyncio.to_thread(gateway.start)
        try:
            async with following(chaos.path, settings_for(gateway, TOKEN)) as follower:
                await follower.live()
                load = asyncio.create_task(_load(gateway))
                try:
                    for _ in range(kills):
                        await asyncio.sleep(2 + 3 * chaos.rng.random())
                        await asyncio.to_thread(gateway.kill)
                        await follower.until(
                            lambda: follower.link_state() is not ConnectionState.LIVE, seconds=5
                        )
                        await asyncio.to_thread(gateway.start)
                        waits.append(await _live_again(follower))
                    states = len(follower.states["g"])
                    _signal(gateway, signal.SIGSTOP)
                    await asyncio.sleep(stop_s)
                    _signal(gateway, signal.SIGCONT)
                    await _live_again(follower)
                    lost = len(follower.states["g"]) - states
                finally:
                    load.cancel()
                    await asyncio.gather(load, return_exceptions=True)
                await _same(follower, gateway)
        finally:
            await asyncio.to_thread(gateway.kill)
    check(not lost, f"the connection was given up while the gateway stood still for {stop_s} s")
    return (
        f"{kills} kills, live again {max(waits):.1f} s after it was ready; stopped {stop_s:.0f} s"
    )


def _signal(gateway: RealGateway, number: signal.Signals) -> None:
    process = gateway._process
    check(process is not None, "the gateway has ended")
    if process is not None:
        os.killpg(process.pid, number)
