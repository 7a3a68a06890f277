"""Hostile text in every place of the two outputs that end on a terminal."""

from __future__ import annotations

import json
from inspect import signature
from typing import Any

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import (
    Approval,
    ConnectionInfo,
    ConnectionState,
    Device,
    Fleet,
    Origin,
    Problem,
    Session,
    Status,
)
from cc_desktop.fleet.reducer import reduce
from cc_desktop.text import report
from tests.protocol.hidden import HOSTILE, hidden_in

NOW = 1_000_000


def fleet_of(*events: ev.Event) -> Fleet:
    fleet = Fleet()
    for event in events:
        fleet, _ = reduce(fleet, event, NOW)
    return fleet


def everywhere(text: str) -> Fleet:
    """A fleet that has the text in each place that is told, as it is and as if never cleaned."""
    gateway = f"gw {text}"
    agents = (
        ev.AgentInfo(f"only id {text}"),
        ev.AgentInfo("named", name=text, task=text, model=text, status=Status.ACTIVE),
        ev.AgentInfo("failed", name=text),
        ev.AgentInfo("asks", name=text),
    )
    sessions = (
        Session(f"agent:failed:{text}", "failed", status="failed", error=text, updated_at=5),
        Session(f"agent:asks:{text}", "asks", status="running", label=text, model=text),
        Session(f"agent:named:{text}", "named", status="running", updated_at=6),
    )
    device = Device(gateway=gateway, id=text, name=text, platform=text, mode=text)
    return fleet_of(
        ev.GatewayAdded(gateway, text, text),
        ev.ConnectionChanged(
            gateway,
            ConnectionInfo(ConnectionState.LIVE, server_version=text, token_place=text),
        ),
        ev.Snapshot(gateway, agents, sessions, Origin.LIVE),
        ev.ApprovalOpened(
            gateway, Approval(text, "asks", f"agent:asks:{text}", title=text, opened_at=1)
        ),
        ev.DevicesListed(gateway, (device,)),
        ev.GatewayAdded(f"off {text}", text, text),
        ev.ConnectionChanged(
            f"off {text}",
            ConnectionInfo(ConnectionState.BLOCKED, problem=problem(text)),
        ),
    )


def problem(text: str) -> Problem:
    """A problem whose every text is the given one, whatever its fields are."""
    return Problem(**dict.fromkeys(signature(Problem).parameters, text))


def strings(told: object) -> list[str]:
    if isinstance(told, dict):
        return [text for value in told.values() for text in strings(value)]
    if isinstance(told, list):
        return [text for value in told for text in strings(value)]
    return [told] if isinstance(told, str) else []


@pytest.mark.parametrize("text", HOSTILE)
def test_the_text_has_no_hidden_character(text: str) -> None:
    lines = list(report.as_text(everywhere(text), NOW))

    assert len(lines) == 8
    for line in lines:
        assert hidden_in(line) == []
        assert "\n" not in line
        line.encode()


@pytest.mark.parametrize("text", HOSTILE)
def test_the_json_has_no_raw_hidden_character_and_its_ids_are_exact(text: str) -> None:
    told = report.as_json(everywhere(text), NOW)
    line = report.json_line(told)

    assert line.isascii()
    assert line.isprintable()
    back: dict[str, Any] = json.loads(line)
    assert back == told
    assert [gateway["id"] for gateway in back["gateways"]] == [f"gw {text}", f"off {text}"]
    assert f"only id {text}" in [agent["id"] for agent in back["agents"]]
    assert f"agent:named:{text}" in [agent["session_key"] for agent in back["agents"]]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_the_json_says_for_people_is_clean_when_it_is_decoded_too(text: str) -> None:
    told = report.as_json(everywhere(text), NOW)
    for gateway in told["gateways"]:
        del gateway["id"], gateway["url"]
    for row in told["agents"] + told["devices"]:
        del row["id"], row["gateway"]
        row.pop("session_key", None)
    for item in told["inbox"]:
        del item["gateway"], item["agent"], item["session_key"]  # exact, for scripts

    assert [hidden for shown in strings(told) for hidden in hidden_in(shown)] == []
