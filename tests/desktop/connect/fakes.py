"""A gateway that is tested without a network, and settings that are not written."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cc_desktop.config.local_gateway import LocalGateway
from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.settings_file import GatewayEntry, SettingsFileError
from cc_desktop.desktop.connect.tools import ConnectTools
from cc_desktop.fleet.model import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from cc_desktop.desktop.style.theme import ThemeManager

LOCAL = LocalGateway("ws://localhost:18789/", "/somewhere/openclaw.json", has_token=True)
SECRET = "local-secret-0123"
PAIRING = Problem("pairing", "PAIRING_REQUIRED", detail="7f3a91c2")


@dataclass(frozen=True)
class Result:
    step: str
    found: str = "ok"
    facts: dict[str, Any] = field(default_factory=dict)
    problem: Problem | None = None
    took_ms: int = 4


NAME = Result("name", facts={"host": "studio.example", "addresses": ["10.0.0.12"]})
PORT = Result("port", facts={"port": 18789})
TLS = Result("tls", facts={"fingerprint": "ab", "version": "TLSv1.3"})
UPGRADE = Result("upgrade", facts={"skew_ms": 0})
LIVE = (
    *(NAME, PORT, TLS, UPGRADE),
    Result("handshake", facts={"release": "2026.9.6", "protocol": 4}),
    Result("rights", facts={"scopes": ["operator.read"]}),
    Result("list", facts={"agents": 11}),
)
UNPAIRED = (NAME, PORT, TLS, UPGRADE, Result("handshake", "failed", problem=PAIRING))


class FakeGateways:
    """Implements what `ConnectTools` asks for, and writes down what was done."""

    def __init__(self, look: ThemeManager) -> None:
        self.look = look
        self.entries: list[GatewayEntry] = []
        self.done: list[tuple[Any, ...]] = []
        self.refusal = ""
        self.may_use_file = False
        self.results: list[tuple[Result, ...]] = [LIVE]  # of one test after another; the last stays
        self.tested: list[tuple[str, str, bool]] = []
        self.pins: list[str] = []  # the certificates that were trusted, of one test after another
        self.local: LocalGateway | None = None
        self.reads = 0  # of the local token
        self.keyring = asyncio.Event()  # cleared: it takes its time
        self.keyring.set()
        self.broken: Exception | None = None
        self.slept = asyncio.Event()
        self.now = 1_000_000  # local ms

    @property
    def tools(self) -> ConnectTools:
        return ConnectTools(
            look=self.look,
            editor=self,
            test=self.test,
            sleep=self.sleep,
            now_ms=lambda: self.now,
            find_local=self.find_local,
            local_token=self.read_local,
            stored_token=lambda ident: Token(f"stored-for-{ident}"),
        )

    async def test(
        self, url: str, token: Token, insecure: bool, fingerprint: str
    ) -> AsyncGenerator[Result, None]:
        self.tested.append((url, token.reveal(), insecure))
        self.pins.append(fingerprint)
        if self.broken is not None:
            raise self.broken
        results = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        for result in results:
            await asyncio.sleep(0)
            yield result

    async def sleep(self, seconds: float) -> None:
        await self.slept.wait()
        self.slept.clear()

    async def find_local(self) -> LocalGateway | None:
        return self.local

    def read_local(self) -> Token:
        self.reads += 1
        return Token(SECRET)

    # The editor

    def list(self) -> tuple[GatewayEntry, ...]:
        return tuple(self.entries)

    async def add(self, entry: GatewayEntry, token: Token, *, may_use_file: bool = False) -> None:
        self._refuse()
        await self.keyring.wait()
        self.may_use_file = may_use_file
        self.entries.append(entry)
        self.done.append(("add", entry, token.reveal()))

    async def update(
        self,
        ident: str,
        entry: GatewayEntry,
        token: Token | None = None,
        *,
        may_use_file: bool = False,
    ) -> None:
        self._refuse()
        self.may_use_file = may_use_file
        self.entries[[each.id for each in self.entries].index(ident)] = entry
        self.done.append(("update", ident, entry, token.reveal() if token else None))

    def _refuse(self) -> None:
        if self.refusal:
            raise SettingsFileError(self.refusal)
