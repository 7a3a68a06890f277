"""The link "Open in Control UI" opens that very session in a real browser."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.control_ui import control_ui_address
from tests.lab.browser import Browser, find_browser
from tests.lab.conftest import AGENTS, TOKEN
from tests.lab.follow import following, settings_for
from tests.lab.openclaw import RealGateway, Sender

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(240)]

SESSIONS = {  # agent, name → what its model says
    ("rex", "main"): "first words of rex",
    ("otto", "telegram:12345"): "second words of otto",
    ("otto", f"dashboard:{uuid.uuid4()}"): "third words of otto",
}


async def test_each_session_opens_and_no_secret_is_in_the_address(
    lab: Lab, model: MockModel, version: str, tmp_path: Path
) -> None:
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium: apt-get install chromium")
    home = tmp_path / "home"
    home.mkdir()
    shown = {"gateway": {"controlUi": {"enabled": True}}}
    gateway = RealGateway(
        lab, version, home=home, token=TOKEN, agents=AGENTS, model=model, extra_config=shown
    )
    with gateway:
        async with Sender(gateway.url, TOKEN) as sender:
            for (agent, name), words in SESSIONS.items():
                await sender.send(agent, f"say: {words}", session=name)
                await sender.wait_idle(agent)
        async with following(tmp_path / "app", settings_for(gateway, TOKEN)) as follower:
            await follower.live()
            known = follower.monitor.store.fleet.gateways["g"]
        assert known.connection.server_version == version
        async with Browser(program, tmp_path / "profile") as browser:
            # The operator signs in once, in the browser itself.
            await browser.open(f"{gateway.url.replace('ws:', 'http:')}#token={TOKEN}")
            assert await browser.says("Otto")
            for (agent, name), words in SESSIONS.items():
                key = f"agent:{agent}:{name}"
                address = control_ui_address(known.url, version, key)
                await browser.open(address)
                assert await browser.says(words), (address, await browser.text())
                others = set(SESSIONS.values()) - {words}
                text = await browser.text()
                assert not any(f"say: {other}" in text for other in others)
                assert TOKEN not in address + await browser.address()
            assert not any(TOKEN in one for one in (await browser.history())[1:])
