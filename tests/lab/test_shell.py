"""Commands of a shell on real gateways, as processes with a connection of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.conftest import AGENTS, TOKEN
from tests.lab.openclaw import RealGateway
from tests.lab.test_approvals import ASKS, Decider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(240)]

NAMES = ("GATEWAY_", "WS_GATEWAY", "OPENCLAW_", "DISPLAY", "WAYLAND_DISPLAY")


@pytest.fixture(scope="module")
def gateway(
    lab: Lab, model: MockModel, version: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealGateway]:
    home = tmp_path_factory.mktemp(f"shell-{version}")
    with RealGateway(
        lab, version, home=home, token=TOKEN, agents=AGENTS, model=model, extra_config=ASKS
    ) as running:
        yield running


class Shell:
    """Runs commands with the settings of one directory."""

    def __init__(self, directory: Path, gateway: RealGateway) -> None:
        self.directory = directory
        token = directory / "token"
        token.write_text(TOKEN)
        token.chmod(0o600)
        (directory / "settings.toml").write_text(
            f'keyring = false\n[[gateways]]\nid = "g"\nurl = "{gateway.url}"\n'
            f'token_file = "{token}"\naccess = "operate"\n'
        )
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith(NAMES)}
        self.environ["XDG_RUNTIME_DIR"] = str(directory)  # no app of this machine is asked

    async def run(self, *words: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cc_desktop", "--config", str(self.directory), *words),
            env=self.environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode is not None
        assert TOKEN not in (out + err).decode()
        return process.returncode, out.decode(), err.decode()

    async def until(self, wanted: int, *words: str) -> str:
        """Run a command until it ends with this code; returns what it printed."""
        ran = (-1, "", "")
        for _ in range(20):
            ran = await self.run(*words)
            if ran[0] == wanted:
                return ran[1]
            await asyncio.sleep(0.3)
        raise AssertionError(ran)


@pytest.fixture
def shell(gateway: RealGateway) -> Iterator[Shell]:
    with tempfile.TemporaryDirectory(prefix="cc-") as short:  # a path that is fit for a socket
        yield Shell(Path(short), gateway)


@contextlib.asynccontextmanager
async def running_app(shell: Shell) -> AsyncIterator[None]:
    """The app without a screen."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cc_desktop", "--config", str(shell.directory)),
        env={**shell.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            if len(list(shell.directory.glob("cc-desktop-*"))) == 2:
                break
            await asyncio.sleep(0.1)
        await shell.until(0, "next")
        yield
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)


async def test_an_approval_is_found_and_decided(
    gateway: RealGateway, version: str, shell: Shell
) -> None:
    """2026.9.6 does not list to us what another client has caused: it is seen, and refused."""
    decider = Decider(gateway.url)
    async with running_app(shell), decider.sender:
        await decider.sender.send("otto", "run: echo by-shell")
        approval = await decider.asked()
        item: dict[str, Any] = json.loads(await shell.until(1, "next", "--json"))
        assert (item["kind"], item["agent"]) == ("approval", "otto")
        assert item["approval"]["title"] == "echo by-shell"

        code, out, err = await shell.run("approve", item["id"][:-2])
        if version > "2026.6":
            assert (code, out) == (1, "")
            assert err
            assert approval in await decider.pending()
            await decider.decide(approval, "deny")
            return
        assert (code, err) == (0, "")
        assert approval not in await decider.pending()
        code, out, err = await shell.run("deny", item["id"])
        assert (code, out) == (1, "")
        assert "nothing open" in err
        await decider.sender.wait_idle("otto", settled=True)


async def test_a_message_is_sent(gateway: RealGateway, shell: Shell) -> None:
    code, out, err = await shell.run("send", "Rex", "say:", "hello from a shell")
    assert (code, err) == (0, ""), out
    decider = Decider(gateway.url)
    async with decider.sender:
        await decider.sender.wait_idle("rex", settled=True)
        history = await decider.sender.request("chat.history", {"sessionKey": "agent:rex:main"})
    assert "hello from a shell" in json.dumps(history)
