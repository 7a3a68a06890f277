"""The way to real gateways, step by step, and where it ends."""

from __future__ import annotations

import asyncio
import io
import json
import ssl
import urllib.request
import zipfile
from http.client import HTTPException
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from cc_desktop.config.paths import find_paths
from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.settings import GatewaySettings, Settings
from cc_desktop.diagnostics import doctor
from cc_desktop.diagnostics.bundle import make_bundle
from cc_desktop.gateway.probe import Found, Step, StepResult
from cc_desktop.gateway.probe.readiness import Ready, ask_ready
from cc_desktop.monitor import FleetMonitor
from tests.fakes.raw import self_signed
from tests.lab.conftest import AGENTS, TOKEN
from tests.lab.follow import following, settings_for
from tests.lab.openclaw import RealGateway
from tests.lab.proxy import proxied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

ELSEWHERE = "X-Forwarded-For: 203.0.113.7"


async def tried(directory: Path, gateway: GatewaySettings) -> doctor.Visit:
    settings = Settings((gateway,), keyring=False)
    monitor = FleetMonitor(settings, find_paths(directory))
    examination = doctor.Examination(monitor, settings, find_paths(directory).settings, {})
    async for _ in examination.run():
        pass
    (visit,) = examination.visits
    return visit


def end_of(visit: doctor.Visit) -> StepResult:
    return visit.results[-1]


async def test_the_whole_way(gateway: RealGateway, tmp_path: Path) -> None:
    visit = await tried(tmp_path, settings_for(gateway, TOKEN))
    facts = {result.step: result.facts for result in visit.results}
    assert [result.found for result in visit.results] == [Found.OK] * 6, visit
    assert visit.release == gateway.version
    assert facts[Step.HANDSHAKE]["protocol"] == (3 if gateway.version == "2026.5.7" else 4)
    assert abs(facts[Step.HANDSHAKE]["skew_ms"]) < 60_000
    assert "operator.read" in facts[Step.RIGHTS]["scopes"]
    assert facts[Step.LIST]["agents"] == 3
    print([(result.step.value, result.took_ms) for result in visit.results])


async def test_the_fleet_that_is_watched_stays_live(gateway: RealGateway, tmp_path: Path) -> None:
    """A test with the same key beside the connection that watches."""
    async with following(tmp_path, settings_for(gateway, TOKEN)) as follower:
        await follower.live()
        steps = follower.monitor.test_gateway(gateway.url, TOKEN)
        results = [result async for result in steps]
        assert results[-1].step is Step.LIST
        await asyncio.sleep(1)
        assert follower.monitor.supervisors["g"].tries == 1
        assert follower.monitor.supervisors["g"].is_live
    async with following(tmp_path, settings_for(gateway, "")) as follower:
        await follower.live()  # the device token that was kept before is still good
        assert follower.monitor.supervisors["g"].tries == 1


@pytest.mark.parametrize(("token", "kind"), [("wrong", "token-mismatch"), ("", "token-missing")])
async def test_a_refused_token(gateway: RealGateway, tmp_path: Path, token: str, kind: str) -> None:
    end = end_of(await tried(tmp_path, settings_for(gateway, token)))
    assert (end.step, end.found) == (Step.HANDSHAKE, Found.FAILED)
    assert end.problem is not None
    assert end.problem.kind == kind
    assert end.facts["ready"] == "yes"


async def test_a_device_from_elsewhere(gateway: RealGateway, tmp_path: Path) -> None:
    """2026.5.7 wants it paired; 2026.9.6 refuses a proxy that it does not know."""
    async with proxied(gateway.url, ELSEWHERE) as url:
        visit = await tried(tmp_path, GatewaySettings("g", "g", url, Token(TOKEN)))
    end = end_of(visit)
    assert end.problem is not None
    if gateway.version == "2026.9.6":
        assert (end.step, end.problem.kind) == (Step.UPGRADE, "forbidden")
        return
    assert (end.step, end.problem.kind) == (Step.HANDSHAKE, "pairing")
    assert doctor.text_of(end).next_step.endswith(f"approve {end.problem.detail}")
    assert end.problem.detail


async def test_the_gateway_says_that_it_is_up(gateway: RealGateway) -> None:
    assert await ask_ready(gateway.url) is Ready.YES


async def test_the_bundle_has_no_secret_of_the_lab(gateway: RealGateway, tmp_path: Path) -> None:
    paths = find_paths(tmp_path)
    async with following(tmp_path, settings_for(gateway, TOKEN)) as follower:
        await follower.live()
        await follower.until(
            lambda: bool(follower.monitor.store.fleet.gateways["g"].connection.token_place)
        )
    visit = await tried(tmp_path, settings_for(gateway, TOKEN))
    assert visit.kept_in == "file"
    machine = await doctor.look_at_machine(paths, Settings((visit.gateway,), keyring=False))
    log = paths.log
    log.mkdir()
    kept = paths.tokens.read_text() + paths.identity.read_text()
    (log / "cc-desktop.log").write_text(kept)
    made = make_bundle(paths, doctor.as_json(machine, [visit]), [kept], {})

    secrets = [TOKEN, *json.loads(paths.tokens.read_text()).values()]
    secrets.append(json.loads(paths.identity.read_text())["private"])
    with zipfile.ZipFile(io.BytesIO(made)) as bundle:
        text = "".join(bundle.read(name).decode() for name in bundle.namelist())
    assert gateway.version in text
    assert [secret for secret in secrets if secret in text] == []


class TlsGateway(RealGateway):
    """Shows a certificate of its own."""

    def _is_ready(self) -> bool:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        address = f"https://127.0.0.1:{self.port}/readyz"
        try:
            with urllib.request.urlopen(address, timeout=5.0, context=context) as answer:
                return json.load(answer).get("ready") is True
        except (OSError, ValueError, HTTPException):
            return False


@pytest.fixture(scope="module")
def tls_gateway(
    lab: Lab, model: MockModel, version: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TlsGateway]:
    home = tmp_path_factory.mktemp(f"tls-{version}")
    self_signed(home)
    pem = str(home / "server.pem")
    tls = {"enabled": True, "certPath": pem, "keyPath": pem, "autoGenerate": False}
    with TlsGateway(
        lab,
        version,
        home=home,
        token=TOKEN,
        agents=AGENTS,
        model=model,
        extra_config={"gateway": {"tls": tls}},
    ) as running:
        yield running


async def test_a_certificate_of_its_own(tls_gateway: TlsGateway, tmp_path: Path) -> None:
    pem = (tls_gateway.home / "server.pem").read_bytes()
    shown = x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex()
    url = f"wss://localhost:{tls_gateway.port}/"

    end = end_of(await tried(tmp_path, GatewaySettings("g", "g", url, Token(TOKEN))))
    assert (end.step, end.found) == (Step.TLS, Found.FAILED)
    assert (end.facts["fingerprint"], end.facts["trusted"]) == (shown, False)

    plain = f"ws://localhost:{tls_gateway.port}/"
    end = end_of(await tried(tmp_path, GatewaySettings("g", "g", plain, Token(TOKEN))))
    assert (end.step, end.facts["speaks_tls"]) == (Step.UPGRADE, True)

    pinned = GatewaySettings("g", "g", url, Token(TOKEN), fingerprint=shown)
    visit = await tried(tmp_path, pinned)
    assert [result.step for result in visit.results] == list(Step), end_of(visit)
    assert visit.reached
