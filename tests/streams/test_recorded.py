"""Frames of real releases, labelled by hand: what they mean to an operator."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Session
from cc_desktop.fleet.store import Store
from cc_desktop.gateway.event_decoder import EventDecoder, agent_infos, session_rows
from cc_desktop.protocol import fields
from tests.fakes.clock import FakeClock
from tests.streams.person import Operator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TESTS = Path(__file__).parents[1]
FIXTURES = TESTS / "fixtures"
CORPUS = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((TESTS / "chaos" / "corpus" / "frames").glob("2026.*.json"))
}
RECORDED: dict[str, Any] = {
    version: json.loads((FIXTURES / f"recorded-{version}.json").read_text("utf-8"))
    for version in ("2026.5.7", "2026.9.6")
}
APPROVALS: dict[str, Any] = json.loads((FIXTURES / "approvals.json").read_text("utf-8"))

# Scenario → kinds that are told, and kinds that are open after it.
LABELS: dict[str, tuple[list[str], list[str]]] = {
    "b_exec": (["finished rex"], []),
    "c_fail": (["failed otto"], ["failed otto"]),
    "e_patch_delete": ([], []),
    "i_abort": ([], []),  # the operator stopped it himself
}


class Player:
    """Plays frames to the decoder, the model and the operator."""

    def __init__(self, protocol: int, now_ms: int) -> None:
        self.clock = FakeClock(now_ms)
        self.store = Store(self.clock.now_ms, lambda: round(self.clock.monotonic() * 1000))
        self.operator = Operator(self.store, self.clock)
        self._decoder = EventDecoder("gw", protocol)
        self.store.apply(ev.GatewayAdded("gw", "Gateway"))

    def take_list(self, agents: object, rows: tuple[Session, ...]) -> None:
        infos = tuple(agent_infos(agents))
        self.store.apply(ev.Snapshot("gw", infos, rows, taken_at=self.clock.now_ms()))
        self.store.apply(ev.ConnectionChanged("gw", ConnectionInfo(ConnectionState.LIVE)))

    async def frame(self, name: str, payload: object) -> None:
        """At the moment at which the gateway sent it, if it says so."""
        at = fields.integer(fields.as_object(payload).get("ts"))
        await self.clock.advance(max(0.01, (at - self.clock.now_ms()) / 1000))
        for event in self._decoder.decode(name, payload):
            self.store.apply(event)

    @property
    def told(self) -> list[str]:
        """Kind and agent of each alert that was shown, once each."""
        alerts = {id(alert): alert for one in self.operator.notices for alert in one.show.alerts}
        return [f"{alert.kind} {alert.agent}" for alert in alerts.values()]

    @property
    def open(self) -> list[str]:
        return [f"{item.kind} {item.agent}" for item in open_items(self.store.fleet)]


@contextlib.asynccontextmanager
async def playing(protocol: int, now_ms: int) -> AsyncIterator[Player]:
    player = Player(protocol, now_ms)
    task = asyncio.create_task(player.operator.run())
    try:
        yield player
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("version", "number"),
    [
        pytest.param(version, number, id=f"{version} {stream['scenario']}")
        for version, recorded in RECORDED.items()
        for number, stream in enumerate(recorded["streams"])
    ],
)
async def test_a_recorded_run(version: str, number: int) -> None:
    recorded = RECORDED[version]
    stream = recorded["streams"][number]
    label = LABELS[stream["scenario"]]
    async with playing(recorded["protocol"], stream["before"]["ts"]) as player:
        player.take_list(stream["agents"], tuple(session_rows(stream["before"])))
        for one in stream["events"]:
            await player.frame(one["event"], one["payload"])
        await player.clock.advance(70)
        assert (player.told, player.open) == label
        player.take_list(stream["agents"], tuple(session_rows(stream["after"])))
        await player.clock.advance(70)
        assert (player.told, player.open) == label


@pytest.mark.parametrize("version", APPROVALS)
async def test_each_recorded_approval_is_told_once_and_open_as_long_as_the_gateway_says(
    version: str,
) -> None:
    """In between the frames is how many the gateway said were pending at that moment."""
    recorded = APPROVALS[version]
    async with playing(recorded["protocol"], recorded["frames"][0][1].get("ts", 1)) as player:
        player.take_list(
            {"agents": [{"id": "otto"}]}, (Session("agent:otto:main", "otto", status="done"),)
        )
        for name, payload in recorded["frames"]:
            if name != "pending":
                await player.frame(name, payload)
                continue
            await player.clock.advance(2)
            waiting = [one for one in player.open if one == "approval otto"]
            assert len(waiting) == payload, player.clock.now_ms()
        await player.clock.advance(70)
    assert player.told.count("approval otto") == 4
    assert set(player.told) <= {"approval otto", "finished otto"}
    assert player.open == []


WORTH_TELLING = {"chat-error": ["failed otto"]}


@pytest.mark.parametrize("stem", CORPUS)
async def test_a_single_frame_of_a_release(stem: str) -> None:
    """Alone, most frames mean nothing to an operator: a run says something, or is at work."""
    version, _, name = stem.partition("-")
    frame = CORPUS[stem]
    protocol = RECORDED[version]["protocol"]
    key = fields.as_object(frame["payload"]).get("sessionKey") or "agent:otto:main"
    agent = key.split(":")[1]
    run = fields.as_object(frame["payload"]).get("runId", "r")
    async with playing(protocol, 1_795_000_000_000) as player:
        row = Session(key, agent, status="running", active=True, updated_at=1)
        player.take_list({"agents": [{"id": agent}]}, (row,))
        player.store.apply(ev.RunProgress("gw", agent, key, run, starts=True))
        await player.frame(frame["event"], frame["payload"])
        await player.clock.advance(70)
        told = [one for one in player.told if not one.startswith("finished")]
        assert told == [one.replace("otto", agent) for one in WORTH_TELLING.get(name, [])]
