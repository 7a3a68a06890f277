from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cc_desktop.demo.conversation import words_of
from cc_desktop.demo.simulation import GATEWAY
from cc_desktop.fleet.transcript.ports import NoViews, ViewState
from cc_desktop.fleet.transcript.rows import Outcome, RowKind
from cc_desktop.gateway.views import GatewayViews
from cc_desktop.monitor import FleetMonitor
from cc_desktop.monitor.demo_view import _fleet
from tests.fakes.clock import until
from tests.fakes.gateway import FakeGateway
from tests.gateway.views.talking import KEY, Talk, numbered, ready, texts
from tests.test_monitor import DEMO_ONLY, paths_in, running, settings_for

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class UnexpectedError(Exception):
    """What nobody expected."""


async def test_a_session_of_a_gateway_and_other_settings(tmp_path: Path) -> None:
    async with FakeGateway() as gateway, FakeGateway() as other:
        for one, count in ((gateway, 3), (other, 7)):
            one.add_agent("otto")
            one.add_session(KEY)
            Talk(one, count)
        settings = settings_for(gateway.url)
        async with running(settings, paths_in(tmp_path)) as app:
            views = app.monitor.views
            handle = views.transcript("gw", KEY, lambda: None)  # before it is connected
            assert handle.state in (ViewState.LOADING, ViewState.OFFLINE)
            await ready(handle)
            assert texts(handle) == numbered(0, 3)
            app.monitor.configure(settings_for(other.url))
            await until(lambda: texts(handle) == numbered(0, 7))
            app.monitor.configure(settings_for())
            assert (handle.state, list(handle.rows)) == (ViewState.OFFLINE, [])
            handle.load_older()
            handle.retry()
            handle.close()
            handle.close()
            app.monitor.configure(settings)
            assert handle.state is ViewState.OFFLINE


async def test_what_nobody_expected_while_opening_is_shown_and_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise UnexpectedError

    async with FakeGateway() as gateway:
        gateway.add_agent("otto")
        gateway.add_session(KEY)
        Talk(gateway, 3)
        async with running(settings_for(gateway.url), paths_in(tmp_path)) as app:
            with monkeypatch.context() as patch:
                patch.setattr(GatewayViews, "open", broken)
                handles = [app.monitor.views.now("gw", KEY, lambda: None) for _ in range(3)]
            assert {(one.state, one.problem) for one in handles} == {(ViewState.FAILED, "internal")}
            handles[0].retry()
            await ready(handles[0])
            for one in handles:
                one.close()
    assert len([one for one in caplog.records if one.levelno >= logging.ERROR]) == 1


def test_before_anything_runs_a_session_is_offline(tmp_path: Path) -> None:
    """Without an event loop, as when a window is built before it."""
    monitor = FleetMonitor(settings_for("ws://127.0.0.1:9/"), paths_in(tmp_path))
    handle = monitor.views.now("gw", KEY, lambda: None)
    assert handle.state is not ViewState.READY
    handle.close()


async def test_a_gateway_that_nobody_knows_is_offline(tmp_path: Path) -> None:
    async with running(settings_for(), paths_in(tmp_path)) as app:
        handle = app.monitor.views.now("nowhere", KEY, lambda: None)
        assert handle.state is ViewState.OFFLINE
        assert (handle.run, handle.card, handle.messages) == (None, None, ())
        handle.close()


async def test_the_demo_has_conversations_and_runs_that_go_on(tmp_path: Path) -> None:
    async with running(settings_for(), paths_in(tmp_path), options=DEMO_ONLY) as app:
        store = app.monitor.store
        await until(lambda: GATEWAY in store.fleet.gateways)
        called: list[int] = []
        agents = store.fleet.gateways[GATEWAY].agents
        handles = [
            app.monitor.views.now(GATEWAY, key, lambda: called.append(1))
            for agent in agents.values()
            for key in agent.sessions
        ]
        assert all(handle.messages for handle in handles)
        assert any(handle.rows[-1].kind is RowKind.FAILURE for handle in handles)
        for _ in range(60):
            await app.clock.advance(8)
        steps = [step for handle in handles if handle.run for step in handle.run.steps]
        assert {step.outcome for step in steps} >= {Outcome.DONE}
        assert any(handle.run and handle.run.over for handle in handles)
        assert called
        for handle in handles:
            handle.close()
        called.clear()
        await app.clock.advance(60)
        assert called == []


def test_every_sample_session_has_a_story() -> None:
    for agent in _fleet().agents:
        for session in agent.sessions:
            assert words_of(_fleet(), f"agent:{agent.id}:{session.key}") is session
    assert words_of(_fleet(), "agent:nobody:main") is None


def test_without_a_monitor_nothing_can_be_read() -> None:
    handle = NoViews().transcript("gw", KEY, lambda: None)
    handle.load_older()
    handle.retry()
    handle.close()
    assert (handle.state, handle.rows) == (ViewState.OFFLINE, ())
