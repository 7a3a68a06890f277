"""The test of a gateway on the loop that the app runs on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import qasync

from cc_desktop.config.paths import find_paths
from cc_desktop.config.settings import Settings
from cc_desktop.gateway.probe import Step, StepResult
from cc_desktop.monitor import FleetMonitor
from tests.fakes.gateway import FakeGateway
from tests.fakes.raw import raw_server, self_signed

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication


def test_a_gateway_is_tested_on_the_loop_of_qt(qapp: QApplication, tmp_path: Path) -> None:
    async def nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def try_both() -> list[StepResult]:
        monitor = FleetMonitor(Settings((), keyring=False), find_paths(tmp_path))

        async def end_of(url: str) -> StepResult:
            return [result async for result in monitor.test_gateway(url, "")][-1]

        async with FakeGateway() as gateway:
            gone = gateway.url
            ends = [await end_of(gateway.url)]
        async with raw_server(nothing, tls=self_signed(tmp_path)) as server:
            ends.append(await end_of(f"wss://localhost:{server.port}/"))
        return [*ends, await end_of(gone)]

    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(qapp)) as runner:
        ends = runner.run(try_both())
    assert [end.step for end in ends] == [Step.LIST, Step.TLS, Step.PORT]
    assert ends[1].facts["fingerprint"]
