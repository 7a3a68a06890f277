from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop import __version__
from cc_desktop.config.paths import find_paths
from cc_desktop.config.secrets.credentials import Token
from cc_desktop.diagnostics.state_report import state_report
from cc_desktop.diagnostics.timeline import Timeline
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Origin, Problem
from cc_desktop.fleet.store import Store
from tests.fakes.clock import START_MS

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cret-t0ken"


def test_the_state_of_each_gateway_and_how_it_came_to_be(tmp_path: Path) -> None:
    Token(SECRET)
    store = Store(lambda: START_MS)
    timeline = Timeline(store, lambda: START_MS)
    store.apply(ev.GatewayAdded("g", "G", f"ws://g/{SECRET}"))
    agents = (ev.AgentInfo("otto", name="A name of an agent"),)
    store.apply(ev.Snapshot("g", agents, (), Origin.LIVE))
    problem = Problem("token-mismatch", "AUTH_TOKEN_MISMATCH", said="words \x1b[31m", detail=SECRET)
    info = ConnectionInfo(ConnectionState.BLOCKED, problem=problem, server_version="2026.9.6")
    store.apply(ev.ConnectionChanged("g", info))

    text = state_report(store.fleet, timeline.entries, find_paths(tmp_path), START_MS)

    assert f"app {__version__}" in text
    assert str(tmp_path / "log") in text
    assert "state blocked, source live, problem token-mismatch, code AUTH_TOKEN_MISMATCH" in text
    assert "release 2026.9.6" in text
    assert "agents 1" in text
    assert len([line for line in text.splitlines() if "  g  " in line or "Z g " in line]) == 3
    for hidden in (SECRET, "A name of an agent", "words", "\x1b"):
        assert hidden not in text
