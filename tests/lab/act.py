"""What the tests of decisions, messages and stops on real gateways share."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.settings import GatewaySettings
from cc_desktop.fleet.commands import CommandPhase, CommandState, SendMessage
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.gateway.device_identity import load_identity
from tests.lab.conftest import AGENTS, TOKEN, VERSIONS
from tests.lab.follow import Follower, following, settings_for
from tests.lab.openclaw import RealGateway, Sender
from tests.lab.test_approvals import ASKS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    import pytest

    from cc_desktop.fleet.commands import Command
    from cc_desktop.fleet.inbox import InboxItem, InboxKind
    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel

ASKING: dict[str, dict[str, Any]] = {
    "2026.5.7": ASKS,
    "2026.9.6": {"tools": {"toolSearch": False, **ASKS["tools"]}},
}
EVERYTHING = tuple(
    f"operator.{scope}" for scope in ("read", "write", "approvals", "questions", "admin")
)


@contextmanager
def asking_gateways(
    lab: Lab, model: MockModel, homes: pytest.TempPathFactory
) -> Iterator[dict[str, RealGateway]]:
    """A gateway of each release whose agents ask before each command, started side by side."""
    made = {
        version: RealGateway(
            lab,
            version,
            home=homes.mktemp(f"asking-{version}"),
            token=TOKEN,
            agents=AGENTS,
            model=model,
            extra_config=ASKING[version],
        )
        for version in VERSIONS
    }
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        for gateway in made.values():
            stack.callback(gateway.kill)
        list(pool.map(RealGateway.start, made.values()))
        yield made


def other_client(url: str) -> Sender:
    """Another operator, who may do everything."""
    return Sender(url, TOKEN, scopes=EVERYTHING, caps=("approvals", "exec-approvals"))


async def messages_of(sender: Sender, agent: str) -> list[str]:
    """What was said to an agent, as its session has it."""
    key = f"agent:{agent}:main"
    answer = await sender.request("chat.history", {"sessionKey": key, "limit": 200})
    return [str(told["content"]) for told in answer["messages"] if told["role"] == "user"]


async def arrivals(sender: Sender, agent: str, text: str) -> int:
    """How often a message has arrived."""
    return sum(text in told for told in await messages_of(sender, agent))


async def arrives_once(sender: Sender, agent: str, text: str) -> None:
    """A message is in the session once, when its run is over, too.

    2026.5.7 confirms a message up to a second before its lists and its history have it.
    """
    async with asyncio.timeout(20):
        while not await arrivals(sender, agent, text):  # noqa: ASYNC110 - asked of the gateway
            await asyncio.sleep(0.1)
    await sender.wait_idle(agent)
    assert await arrivals(sender, agent, text) == 1


class SameDevice(Sender):
    """A second connection of the app's own device, for what the app itself never asks.

    2026.9.6 shows an approval to the device that asked for it, and to administrators.
    """

    def __init__(self, url: str, config: Path) -> None:
        scopes = [scope for scope in EVERYTHING if scope != "operator.admin"]
        super().__init__(url, TOKEN, scopes=scopes, caps=("approvals", "exec-approvals"))
        self._key = load_identity(config / "data" / "identity.json").key.private

    async def want_approval(self, agent: str, command: str, timeout_ms: int) -> str:
        """Ask for a decision as a tool of an agent does, and return its id."""
        params = {
            "command": command,
            "host": "gateway",
            "agentId": agent,
            "sessionKey": f"agent:{agent}:main",
            "timeoutMs": timeout_ms,
            "twoPhase": True,  # answered twice: that it is open, and how it ended
        }
        return str((await self.request("exec.approval.request", params))["id"])


class Operator(Follower):
    """The app without its window: the model, and the one way down."""

    async def until(self, what: Callable[[], bool], seconds: float = 20.0) -> None:
        """See `Follower.until`."""
        await super().until(what, seconds)

    @classmethod
    def of(cls, follower: Follower) -> Operator:
        return cls(follower.monitor)

    def items(self, kind: InboxKind | None = None) -> list[InboxItem]:
        found = open_items(self.monitor.store.fleet)
        return [item for item in found if kind in (None, item.kind)]

    def state(self, ident: str, gateway: str = "g") -> CommandState:
        return self.monitor.store.fleet.gateways[gateway].commands[ident]

    def asked(self, agent: str) -> list[str]:
        return list(self.agent(agent).approvals)

    async def carried_out(self, command: Command, gateway: str = "g") -> CommandState:
        """Give a command; how it ended."""
        return await self.end_of(self.monitor.execute(command), gateway)

    async def end_of(self, ident: str, gateway: str = "g") -> CommandState:
        await self.until(lambda: self.state(ident, gateway).is_over, 90)
        return self.state(ident, gateway)

    async def say(self, agent: str, text: str, gateway: str = "g") -> str:
        """Send a message; the command's id."""
        sent = SendMessage(gateway, agent, f"agent:{agent}:main", text)
        ended = await self.carried_out(sent, gateway)
        assert ended.phase is CommandPhase.DONE, ended
        return ended.command.id


@contextlib.asynccontextmanager
async def operating(config: Path, **gateways: RealGateway | str) -> AsyncIterator[Operator]:
    """A monitor over gateways, by their ids, with all rights of the app.

    Args:
        config: Its files.
        gateways: The gateways, or the addresses of ways to them.
    """

    def settings(ident: str, where: RealGateway | str) -> GatewaySettings:
        if isinstance(where, RealGateway):
            return replace(settings_for(where, TOKEN, ident), access="operate")
        return GatewaySettings(ident, ident, where, Token(TOKEN), access="operate")

    every = [settings(ident, where) for ident, where in gateways.items()]
    async with following(config, *every) as follower:
        operator = Operator.of(follower)
        for ident in gateways:
            await operator.live(ident)
        yield operator
