from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.config.paths import find_paths
from cc_desktop.config.settings import GatewaySettings, Settings
from cc_desktop.fleet.model import ConnectionState
from cc_desktop.gateway.probe import Step
from cc_desktop.monitor import FleetMonitor
from tests.fakes.gateway import FakeGateway

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_gateway_is_tested_with_a_connection_of_its_own(tmp_path: Path) -> None:
    async with FakeGateway(tokens=("s3cret-t0ken",)) as gateway:
        one = GatewaySettings("g", "g", gateway.url, access="approve", client_mode="operator")
        monitor = FleetMonitor(Settings((one,), keyring=False), find_paths(tmp_path))
        right = [result async for result in monitor.test_gateway(gateway.url, "s3cret-t0ken")]
        wrong = [result async for result in monitor.test_gateway(gateway.url, "mistyped")]

        assert (right[-1].step, right[-1].problem) == (Step.LIST, None)
        assert wrong[-1].problem is not None
        assert wrong[-1].problem.kind == "token-mismatch"
        # As the supervisor introduces itself, or the gateway would ask for a new pairing.
        assert gateway.connect_params["client"]["mode"] == "operator"
        assert tuple(gateway.connect_params["scopes"]) == one.scopes
        assert monitor.store.fleet.gateways["g"].connection.state is ConnectionState.OFF


async def test_a_gateway_that_is_not_in_the_settings(tmp_path: Path) -> None:
    async with FakeGateway() as gateway:
        monitor = FleetMonitor(Settings((), keyring=False), find_paths(tmp_path))
        results = [result async for result in monitor.test_gateway(gateway.url, "")]
        assert results[-1].step is Step.LIST
        assert gateway.connect_params["scopes"] == ["operator.read"]
