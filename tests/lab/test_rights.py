"""Pairing, rights, device tokens, passwords and certificates, against real gateways."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.settings import GatewaySettings
from cc_desktop.fleet.commands import CommandPhase, GiveBackRights, RequestRights, WithdrawRequest
from cc_desktop.fleet.inbox import InboxItem, InboxKind
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState
from tests.fakes.raw import self_signed
from tests.lab.conftest import AGENTS, TOKEN
from tests.lab.follow import Follower, following, settings_for
from tests.lab.openclaw import RealGateway, Sender
from tests.lab.proxy import proxied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cc_desktop.fleet.model import PairingRequest
    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

ELSEWHERE = "X-Forwarded-For: 203.0.113.7"
QUESTIONS = "operator.questions"
PAIRING = ("operator.read", "operator.write", "operator.admin", "operator.pairing")
BEHIND_PROXY = {"gateway": {"trustedProxies": ["127.0.0.1"]}}


@pytest.fixture(scope="module")
def trusting(
    lab: Lab, model: MockModel, version: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealGateway]:
    """A gateway that knows the proxy before it, where the release wants that."""
    home = tmp_path_factory.mktemp(f"trusting-{version}")
    extra = BEHIND_PROXY if version == "2026.9.6" else {}
    with RealGateway(
        lab, version, home=home, token=TOKEN, agents=AGENTS, model=model, extra_config=extra
    ) as running:
        yield running


class SecureGateway(RealGateway):
    """A gateway with a certificate of its own."""

    @property
    def url(self) -> str:
        return f"wss://127.0.0.1:{self.port}/"

    def _is_ready(self) -> bool:
        trusting_all = ssl._create_unverified_context()  # noqa: S323 - it is this test's own
        try:
            opener = urllib.request.build_opener(
                urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting_all)
            )
            with opener.open(f"https://127.0.0.1:{self.port}/readyz", timeout=5.0) as answer:
                return bool(json.load(answer).get("ready"))
        except (OSError, ValueError):
            return False


def certificate_files(home: Path) -> tuple[Path, Path]:
    """A new certificate and its key, in the same files each time."""
    self_signed(home)
    pem = (home / "server.pem").read_text()
    marker = "-----BEGIN CERTIFICATE-----"
    private, _, public = pem.partition(marker)
    cert, key = home / "cert.pem", home / "key.pem"
    cert.write_text(marker + public)
    key.write_text(private)
    return cert, key


def fingerprint_of(cert: Path) -> str:
    der = ssl.PEM_cert_to_DER_cert(cert.read_text())
    return hashlib.sha256(der).hexdigest()


def link(follower: Follower) -> ConnectionInfo:
    return follower.monitor.store.fleet.gateways["g"].connection


def phase(follower: Follower, ident: str) -> tuple[CommandPhase, str]:
    state = follower.monitor.store.fleet.gateways["g"].commands[ident]
    return state.phase, state.reason


async def approve(gateway: RealGateway, request_id: str) -> Any:
    async with Sender(gateway.url, TOKEN, scopes=PAIRING) as sender:
        return await sender.request("device.pair.approve", {"requestId": request_id})


async def paired(follower: Follower, gateway: RealGateway) -> None:
    """Approve the request that a first connect from elsewhere opens, and wait for live."""
    await follower.until(lambda: link(follower).pairing is not None)
    pairing = link(follower).pairing
    assert pairing is not None
    await approve(gateway, pairing.request_id)
    await follower.until(lambda: link(follower).state is ConnectionState.LIVE, 12)


async def test_pairing_from_refusal_to_live_by_itself(
    trusting: RealGateway, tmp_path: Path
) -> None:
    async with proxied(trusting.url, ELSEWHERE) as url:
        settings = GatewaySettings("g", "g", url, Token(TOKEN))
        async with following(tmp_path, settings) as follower:
            await follower.until(lambda: link(follower).pairing is not None)
            pairing = link(follower).pairing
            assert pairing is not None
            assert pairing.request_id
            assert pairing.command == f"openclaw devices approve {pairing.request_id}"
            assert pairing.scopes == ("operator.read",)
            assert not pairing.upgrade
            assert pairing.expires_at - pairing.requested_at == 300_000
            await asyncio.sleep(6)  # asked again meanwhile: it is still the same request
            again = link(follower).pairing
            assert again is not None
            assert again == pairing
            await paired(follower, trusting)
            assert link(follower).pairing is None
            assert link(follower).scopes == ("operator.read",)


async def test_who_asks_to_be_let_in_can_be_recognised(
    trusting: RealGateway, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = ("operator.pairing", "operator.read")  # no `access` of the settings has the first
    monkeypatch.setattr(GatewaySettings, "scopes", property(lambda _self: wanted))
    here = settings_for(trusting, TOKEN)
    async with (
        proxied(trusting.url, ELSEWHERE) as url,
        following(tmp_path / "here", here) as seen,
        following(tmp_path / "there", GatewaySettings("g", "g", url, Token(TOKEN))) as asking,
    ):
        await asking.until(lambda: link(asking).pairing is not None)
        pairing = link(asking).pairing
        assert pairing is not None
        await seen.until(lambda: bool(waiting(seen)))
        [item] = waiting(seen)
        join = seen.monitor.store.fleet.gateways["g"].facts.joins[item.subject]
        if version > "2026.7":  # 2026.5.7 keeps the address of a proxy's client to itself
            assert join.address.startswith("203.0.113.7")
        assert join.device == asking.monitor.identity().device_id
        assert (join.scopes, join.is_repair) == (wanted, False)
        assert join.platform
        assert join.client
        assert item.detail == join.known
        await approve(trusting, pairing.request_id)
        await seen.until(lambda: not waiting(seen))


def waiting(follower: Follower) -> list[InboxItem]:
    gateway = follower.monitor.store.fleet.gateways["g"]
    return [item for item in all_items(gateway) if item.kind is InboxKind.PAIRING]


async def asked_for_questions(follower: Follower) -> tuple[str, PairingRequest]:
    """Ask for the right; the command's id, and the request that waits for approval."""
    ident = follower.monitor.execute(RequestRights(gateway="g", scopes=(QUESTIONS,)))
    await follower.until(lambda: link(follower).pairing is not None)
    pairing = link(follower).pairing
    assert pairing is not None
    return ident, pairing


async def test_a_right_is_asked_for_granted_and_given_back(
    trusting: RealGateway, tmp_path: Path
) -> None:
    async with proxied(trusting.url, ELSEWHERE) as url:
        settings = GatewaySettings("g", "g", url, Token(TOKEN))
        async with following(tmp_path, settings) as follower:
            await paired(follower, trusting)
            ident, pairing = await asked_for_questions(follower)
            assert pairing.upgrade
            assert link(follower).state is ConnectionState.LIVE
            assert phase(follower, ident) == (CommandPhase.PENDING, "")
            await approve(trusting, pairing.request_id)
            await follower.until(lambda: QUESTIONS in link(follower).scopes, 15)
            assert link(follower).pairing is None
            assert phase(follower, ident) == (CommandPhase.DONE, "")
            assert follower.states["g"].count(ConnectionState.LIVE) == 1  # never interrupted
        async with following(tmp_path, settings) as follower:  # kept over starts
            await follower.live()
            assert QUESTIONS in link(follower).scopes
            follower.monitor.execute(GiveBackRights(gateway="g", scopes=(QUESTIONS,)))
            await follower.until(lambda: QUESTIONS not in link(follower).scopes, 15)
            assert follower.states["g"].count(ConnectionState.LIVE) == 1
        async with following(tmp_path, settings) as follower:
            await follower.live()
            assert link(follower).scopes == ("operator.read",)


async def test_a_request_is_withdrawn_and_what_is_approved_after_that_costs_nothing(
    trusting: RealGateway, tmp_path: Path
) -> None:
    async with proxied(trusting.url, ELSEWHERE) as url:
        settings = GatewaySettings("g", "g", url, Token(TOKEN))
        async with following(tmp_path, settings) as follower:
            await paired(follower, trusting)
            ident, pairing = await asked_for_questions(follower)
            follower.monitor.execute(WithdrawRequest(gateway="g"))
            await follower.until(lambda: phase(follower, ident)[0] is CommandPhase.REFUSED, 15)
            assert phase(follower, ident)[1] == "left-open"
            assert link(follower).pairing is None
            assert link(follower).state is ConnectionState.LIVE
            await approve(trusting, pairing.request_id)  # nevertheless
            await asyncio.sleep(3)
            assert link(follower).scopes == ("operator.read",)
            assert follower.states["g"].count(ConnectionState.LIVE) == 1
        # The approval has replaced the token. The new one is kept, so it comes in again.
        async with following(tmp_path, settings) as follower:
            await follower.live()
            assert link(follower).scopes == ("operator.read",)


async def test_a_right_that_is_refused_costs_nothing(trusting: RealGateway, tmp_path: Path) -> None:
    async with proxied(trusting.url, ELSEWHERE) as url:
        settings = GatewaySettings("g", "g", url, Token(TOKEN))
        async with following(tmp_path, settings) as follower:
            await paired(follower, trusting)
            ident, pairing = await asked_for_questions(follower)
            async with Sender(trusting.url, TOKEN, scopes=PAIRING) as sender:
                await sender.request("device.pair.reject", {"requestId": pairing.request_id})
            await follower.until(lambda: phase(follower, ident)[0] is CommandPhase.REFUSED, 15)
            assert phase(follower, ident)[1] == "rejected"
            assert link(follower).pairing is None
            assert link(follower).scopes == ("operator.read",)
            assert follower.states["g"].count(ConnectionState.LIVE) == 1


async def test_more_rights_need_an_approval_on_this_machine_too(
    gateway: RealGateway, tmp_path: Path
) -> None:
    async with following(tmp_path, settings_for(gateway, TOKEN)) as follower:
        await follower.live()
        follower.monitor.execute(RequestRights(gateway="g", scopes=("operator.write",)))
        await follower.until(lambda: link(follower).pairing is not None)
        pairing = link(follower).pairing
        assert pairing is not None
        await approve(gateway, pairing.request_id)
        await follower.until(lambda: "operator.write" in link(follower).scopes, 15)
        assert follower.states["g"].count(ConnectionState.LIVE) == 1


async def test_settings_that_want_more_do_not_cost_the_right_to_read(
    trusting: RealGateway, tmp_path: Path
) -> None:
    async with proxied(trusting.url, ELSEWHERE) as url:
        settings = GatewaySettings("g", "g", url, Token(TOKEN))
        async with following(tmp_path, settings) as follower:
            await paired(follower, trusting)
        wide = GatewaySettings("g", "g", url, Token(TOKEN), access="operate")
        async with following(tmp_path, wide) as follower:
            await follower.live()
            await follower.until(lambda: link(follower).pairing is not None)
            pairing = link(follower).pairing
            assert pairing is not None
            await approve(trusting, pairing.request_id)
            await follower.until(lambda: "operator.write" in link(follower).scopes, 15)


async def test_a_device_token_is_rotated_and_revoked(gateway: RealGateway, tmp_path: Path) -> None:
    async with following(tmp_path, settings_for(gateway, TOKEN)) as follower:
        await follower.live()
        await follower.until(lambda: bool(link(follower).token_place))
        device = follower.monitor.identity().device_id
    params = {"deviceId": device, "role": "operator"}
    async with Sender(gateway.url, TOKEN, scopes=PAIRING) as sender:
        await sender.request("device.token.rotate", params)
    async with following(tmp_path, settings_for(gateway, TOKEN)) as follower:
        await follower.live()  # the shared token still does, and brings the new one
        await follower.until(lambda: bool(link(follower).token_place))
    async with following(tmp_path, settings_for(gateway, "")) as follower:
        await follower.live()
    async with Sender(gateway.url, TOKEN, scopes=PAIRING) as sender:
        await sender.request("device.token.revoke", params)
    async with following(tmp_path, settings_for(gateway, "")) as follower:
        await follower.until(lambda: follower.link_state() is ConnectionState.BLOCKED)
        problem = link(follower).problem
        assert problem is not None
        print("revoked:", problem)
        assert problem.kind == "token-mismatch"
        tokens = follower.monitor.tokens
        assert not await tokens.get(gateway.url, device, "operator")


async def test_a_password_is_taken_like_a_token(
    lab: Lab, model: MockModel, version: str, tmp_path: Path
) -> None:
    home = tmp_path / "gateway"
    home.mkdir()
    extra = {"gateway": {"auth": {"mode": "password", "password": "lab-password-1", "token": ""}}}
    with RealGateway(
        lab, version, home=home, token=TOKEN, agents=AGENTS, model=model, extra_config=extra
    ) as gateway:
        async with following(tmp_path, settings_for(gateway, "lab-password-1")) as follower:
            await follower.live()
        async with following(tmp_path, settings_for(gateway, "wrong")) as follower:
            await follower.live()  # by the device token, as on any gateway of this machine
            assert follower.monitor.supervisors["g"].tries == 2


async def test_a_certificate_of_the_gateway_is_pinned_and_then_changed(
    lab: Lab, model: MockModel, version: str, tmp_path: Path
) -> None:
    home = tmp_path / "gateway"
    home.mkdir()
    cert, key = certificate_files(home)
    tls = {"enabled": True, "certPath": str(cert), "keyPath": str(key), "autoGenerate": False}
    gateway = SecureGateway(
        lab,
        version,
        home=home,
        token=TOKEN,
        agents=AGENTS,
        model=model,
        extra_config={"gateway": {"tls": tls}},
    )
    with gateway:
        url = gateway.url
        first = fingerprint_of(cert)
        unknown = GatewaySettings("g", "g", url, Token(TOKEN))
        async with following(tmp_path, unknown) as follower:
            await follower.until(lambda: link(follower).problem is not None)
            problem = link(follower).problem
            assert problem is not None
            assert (problem.kind, problem.fingerprint) == ("certificate", first)
        pinned = GatewaySettings("g", "g", url, Token(TOKEN), fingerprint=first)
        async with following(tmp_path, pinned) as follower:
            await follower.live()
        gateway.kill()
        certificate_files(home)
        gateway.start()
        async with following(tmp_path, pinned) as follower:
            await follower.until(lambda: follower.link_state() is ConnectionState.BLOCKED)
            problem = link(follower).problem
            assert problem is not None
            assert problem.kind == "certificate-changed"
            assert problem.pinned == first
            assert problem.fingerprint == fingerprint_of(cert) != first
