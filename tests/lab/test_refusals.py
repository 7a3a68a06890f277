"""How real gateways refuse: every refusal has its own words and its own next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.settings import GatewaySettings
from cc_desktop.fleet.commands import Reconnect
from cc_desktop.fleet.model import ConnectionState
from cc_desktop.protocol import handshake
from cc_desktop.text.failures import describe
from tests.lab.conftest import TOKEN
from tests.lab.follow import Follower, following, settings_for
from tests.lab.openclaw import Sender
from tests.lab.proxy import proxied

if TYPE_CHECKING:
    from pathlib import Path

    from cc_desktop.fleet.model import Problem
    from tests.lab.openclaw import RealGateway

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

ELSEWHERE = "X-Forwarded-For: 203.0.113.7"


def _problem(follower: Follower) -> Problem:
    problem = follower.monitor.store.fleet.gateways["g"].connection.problem
    assert problem is not None
    return problem


@pytest.mark.parametrize(
    ("token", "code"), [("wrong-token", "AUTH_TOKEN_MISMATCH"), ("", "AUTH_TOKEN_MISSING")]
)
async def test_a_refused_token_stops_with_words(
    gateway: RealGateway, tmp_path: Path, token: str, code: str
) -> None:
    async with following(tmp_path, settings_for(gateway, token)) as follower:
        await follower.until(lambda: follower.link_state() is ConnectionState.BLOCKED)
        assert _problem(follower).code == code
        assert "token" in describe(_problem(follower)).next_step
        assert follower.monitor.supervisors["g"].tries == 1


async def test_another_protocol_stops_and_says_which_side_to_update(
    gateway: RealGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshake, "MIN_PROTOCOL", 1)
    monkeypatch.setattr(handshake, "MAX_PROTOCOL", 2)
    async with following(tmp_path, settings_for(gateway, TOKEN)) as follower:
        await follower.until(lambda: follower.link_state() is ConnectionState.BLOCKED)
        assert _problem(follower).kind == "protocol"
        assert "update" in describe(_problem(follower)).next_step.lower()
        assert follower.monitor.supervisors["g"].tries == 1


async def test_a_device_from_elsewhere(gateway: RealGateway, tmp_path: Path) -> None:
    """2026.5.7 wants it paired, and lets it in once it is; 2026.9.6 refuses a proxy it does
    not know at the upgrade."""
    async with proxied(gateway.url, ELSEWHERE) as url:
        settings = GatewaySettings("g", "g", url, Token(TOKEN))
        async with following(tmp_path, settings) as follower:
            if gateway.version == "2026.9.6":
                await follower.until(lambda: follower.link_state() is ConnectionState.BLOCKED)
                assert _problem(follower).kind == "forbidden"
                assert follower.monitor.supervisors["g"].tries == 1
                return
            await follower.until(lambda: follower.link_state() is ConnectionState.WAITING)
            problem = _problem(follower)
            assert problem.kind == "pairing"
            assert f"openclaw devices approve {problem.detail}" in describe(problem).next_step
            request_id = problem.detail
            assert request_id
            async with Sender(gateway.url, TOKEN) as sender:
                await sender.request("device.pair.approve", {"requestId": request_id})
            follower.monitor.execute(Reconnect())
            await follower.live()


async def test_the_device_token_serves_when_the_shared_one_is_refused(
    gateway: RealGateway, tmp_path: Path
) -> None:
    async with following(tmp_path, settings_for(gateway, TOKEN)) as follower:
        await follower.live()
        await follower.until(
            lambda: bool(follower.monitor.store.fleet.gateways["g"].connection.token_place)
        )
    async with following(tmp_path, settings_for(gateway, "changed-since")) as follower:
        await follower.live()
        assert follower.monitor.supervisors["g"].tries == 2
    async with following(tmp_path, settings_for(gateway, "")) as follower:
        await follower.live()
        assert follower.monitor.supervisors["g"].tries == 1
