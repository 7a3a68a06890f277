"""What real gateways tell of the last message of a session, which their lists leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cc_desktop.fleet.model import Status
from cc_desktop.text.agents import two_lines
from tests.lab.conftest import TOKEN
from tests.lab.follow import following, settings_for
from tests.lab.openclaw import RealGateway, Sender

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


async def test_an_idle_agent_shows_its_last_message_after_a_start(
    gateway: RealGateway, tmp_path: Path
) -> None:
    async with Sender(gateway.url, TOKEN) as sender:
        await sender.send("otto", "say: twelve icons exported")
        await sender.wait_idle("otto")

    async with following(tmp_path, settings_for(gateway, TOKEN)) as follower:
        await follower.live()
        await follower.until(lambda: bool(_shown(follower.agent("otto"))))
        agent = follower.agent("otto")
        session = agent.sessions["agent:otto:main"]
        activity = agent.last_activity
        async with Sender(gateway.url, TOKEN) as sender:
            await sender.send("otto", "say: all of them are mended")
            await sender.wait_idle("otto")
        # The next run's end brings its own: by an event, or by the list that follows it.
        await follower.until(lambda: _shown(follower.agent("otto")) == "all of them are mended")
        (own,) = [
            one for one in follower.monitor.store.fleet.gateways["g"].devices.values() if one.is_own
        ]
        assert own.name == "Control Center Desktop"

    assert session.preview == "twelve icons exported"
    assert two_lines(agent, follower.monitor.now_ms())[0].strip("\u2068\u2069") == session.preview
    assert agent.status is Status.IDLE
    assert activity == session.activity_at
    assert not agent.heard


def _shown(agent: object) -> str:
    sessions = getattr(agent, "sessions", {})
    session = sessions.get("agent:otto:main")
    return session.preview if session else ""
