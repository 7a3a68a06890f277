"""Moving the secrets of gateways, with the stores of the monitor and a gateway that is live."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from cc_desktop.config.paths import find_paths
from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.secrets.system_keyring import KeyringState
from cc_desktop.config.settings import GatewaySettings, Settings
from cc_desktop.desktop.setup.settings_tools import Secrets
from cc_desktop.monitor import FleetMonitor, MonitorOptions
from tests.config.secrets.test_device_tokens import FakeKeyring
from tests.fakes.clock import FakeClock, until
from tests.fakes.gateway import FakeGateway

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Live:
    """A live gateway whose device token is in the file and whose shared one is in memory."""

    def __init__(self, monitor: FleetMonitor, path: Path) -> None:
        self.monitor = monitor
        self.keyring = FakeKeyring()
        self.keyring.now = self.keyring.after_dialog = KeyringState.LOCKED
        monitor.tokens._keyring = self.keyring
        monitor.shared._store._keyring = self.keyring
        self.secrets = Secrets(monitor, find_paths(path))

    @property
    def place(self) -> str:
        return self.monitor.store.fleet.gateways["gw"].connection.token_place


@asynccontextmanager
async def live(path: Path) -> AsyncIterator[Live]:
    async with FakeGateway() as gateway:
        gateway.device_token = "d3vice-t0ken"
        settings = Settings((GatewaySettings("gw", "gw", gateway.url),))
        clock, rng = FakeClock(), random.Random(1)
        monitor = FleetMonitor(settings, find_paths(path), MonitorOptions(), clock=clock, rng=rng)
        it = Live(monitor, path)
        await monitor.shared.keep("gw", Token("sh4red"))
        running = asyncio.create_task(monitor.run())
        try:
            await until(lambda: it.place == "file", "the token in its file")
            yield it
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_all_is_moved_and_shown_where_it_is(tmp_path: Path) -> None:
    async with live(tmp_path) as it:
        before = it.secrets.places("gw")
        assert before.shared == "only until the app ends, because the keyring is locked"
        assert before.device == "in a private file (0600), because the keyring is locked"
        assert (before.may_use_keyring, before.may_use_file) == (True, True)
        assert await it.secrets.to_keyring() == "Not moved, because the keyring is locked."
        assert it.secrets.places("gw") == before

        it.keyring.after_dialog = KeyringState.OPEN
        assert await it.secrets.to_keyring() == ""
        after = it.secrets.places("gw")
        assert (after.shared, after.device) == ("in the system's keyring",) * 2
        assert (after.may_use_keyring, after.may_use_file) == (False, False)
        assert sorted(it.keyring.kept.values()) == ["d3vice-t0ken", "sh4red"]
        assert it.place == "keyring"


async def test_the_shared_one_is_kept_in_a_file_once_agreed(tmp_path: Path) -> None:
    async with live(tmp_path) as it:
        told: list[str] = []
        it.secrets.follow(lambda: told.append(it.secrets.places("gw").shared))
        assert await it.secrets.to_file("gw") == ""
        assert told == ["in a private file (0600), because the keyring is locked"]
        it.secrets.follow(None)
        assert await it.secrets.to_file("nobody") != ""


async def test_what_is_only_read_is_shown_and_not_moved(tmp_path: Path) -> None:
    given = GatewaySettings(
        "gw", "gw", "ws://127.0.0.1:9/", Token("t"), token_from="OPENCLAW_GATEWAY_TOKEN"
    )
    filed = GatewaySettings("f", "f", "ws://127.0.0.1:9/", Token("t"), token_from="~/t")
    line = GatewaySettings("l", "l", "ws://127.0.0.1:9/", Token("t"), token_from="--token-file")
    monitor = FleetMonitor(Settings((given, filed, line), keyring=False), find_paths(tmp_path))
    secrets = Secrets(monitor, find_paths(tmp_path))
    assert [secrets.places(name).shared for name in ("gw", "f", "l")] == [
        "in the environment (OPENCLAW_GATEWAY_TOKEN), never written",
        "in ~/t, which the settings name (token_file)",
        "in the file of the command line (--token-file)",
    ]
    assert not secrets.places("gw").may_use_keyring
