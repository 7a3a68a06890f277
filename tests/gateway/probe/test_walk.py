"""The way to a gateway, step by step, and every place where it can end."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from cc_desktop.gateway.device_identity import IdentityError, new_identity
from cc_desktop.gateway.dialing import Way
from cc_desktop.gateway.probe import Found, ProbeTarget, Step, StepResult, probe
from cc_desktop.gateway.probe import walk as probing
from cc_desktop.gateway.probe.readiness import Ready, ask_ready
from cc_desktop.text.probe import step_text
from tests.fakes.clock import FakeClock, until
from tests.fakes.gateway import FakeGateway, RefusalError, refused
from tests.fakes.raw import raw_server, self_signed
from tests.fakes.rig import CLIENT, MemoryTokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = "s3cret-t0ken"
ALL = [Step.NAME, Step.PORT, Step.UPGRADE, Step.HANDSHAKE, Step.RIGHTS, Step.LIST]


class UnexpectedError(Exception):
    """What nobody expects."""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SOCKS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def target(url: str, **changes: Any) -> ProbeTarget:
    me = new_identity()
    return ProbeTarget(**{"url": url, "client": CLIENT, "identity": lambda: me, **changes})


async def results_of(
    url: str,
    *,
    clock: FakeClock | None = None,
    stuck: Callable[[], object] | None = None,
    **changes: Any,
) -> list[StepResult]:
    """All results.

    Args:
        url: The gateway's address.
        clock: The clock that deadlines are measured by.
        stuck: Whether it has got as far as it gets: only then time goes on, and deadlines pass.
            None: time stands still.
        changes: Fields of the target.
    """
    clock = clock or FakeClock()
    found: list[StepResult] = []

    async def collect() -> None:
        found.extend([result async for result in probe(target(url, **changes), clock)])

    task = asyncio.create_task(collect())
    if stuck is not None:
        await until(lambda: (clock.sleeping and stuck()) or task.done(), "the wait")
        for _ in range(60):
            if task.done():
                break
            await clock.advance(1)
    await asyncio.wait_for(task, 20)
    own = {asyncio.current_task()}
    assert {each for each in asyncio.all_tasks() if each.get_name().startswith("probe")} <= own
    return found


def words(result: StepResult) -> str:
    return " ".join(step_text(result.step, result.facts, result.problem))


async def test_a_gateway_that_lets_us_in() -> None:
    async with FakeGateway(tokens=(SECRET,)) as gateway:
        gateway.add_agent("otto")
        gateway.add_agent("rex")
        results = await results_of(gateway.url, token=SECRET)
        await until(lambda: gateway.open_connections == 0, "the end of the connection")

    assert [result.step for result in results] == ALL
    assert {result.found for result in results} == {Found.OK}
    facts = {result.step: result.facts for result in results}
    assert facts[Step.NAME] == {"host": "127.0.0.1", "addresses": ["127.0.0.1"]}
    assert facts[Step.PORT] == {"port": gateway.port}
    assert facts[Step.UPGRADE] == {"proxy": ""}
    assert facts[Step.HANDSHAKE] == {"release": "2026.9.6", "protocol": 4, "skew_ms": 0}
    assert facts[Step.RIGHTS] == {"scopes": ["operator.read"], "missing": []}
    assert facts[Step.LIST] == {"agents": 2}
    assert SECRET not in repr(results)
    assert gateway.close_codes == [1000]
    assert [words(result) for result in results][-1] == "2 agents "


@pytest.mark.parametrize("protocol", [0, 3, 4])
async def test_each_dialect(protocol: int) -> None:
    async with FakeGateway(protocol) as gateway:
        results = await results_of(gateway.url)
    assert [result.step for result in results] == ALL
    assert results[-1].found is Found.OK


async def test_each_step_is_told_before_the_next_begins_and_says_what_it_took() -> None:
    clock = FakeClock()
    async with FakeGateway() as gateway:
        hold = gateway.hold("connect")
        async with contextlib.aclosing(probe(target(gateway.url), clock)) as steps:
            for _ in range(3):
                result = await anext(steps)
            assert result.step is Step.UPGRADE
            waiting = asyncio.ensure_future(anext(steps))
            await hold.reached.wait()
            await clock.advance(0.25)
            hold.release.set()
            result = await waiting
        assert (result.step, result.took_ms) == (Step.HANDSHAKE, 250)


@pytest.mark.parametrize("after", range(1, 6))
async def test_who_stops_early_leaves_nothing_open(after: int) -> None:
    async with FakeGateway() as gateway:
        async with contextlib.aclosing(probe(target(gateway.url), FakeClock())) as steps:
            for _ in range(after):
                await anext(steps)
        await until(lambda: gateway.open_connections == 0, "the end of the connection")


async def test_who_is_cancelled_leaves_nothing_open() -> None:
    async with FakeGateway() as gateway:
        hold = gateway.hold("connect")
        task = asyncio.create_task(results_of(gateway.url))
        await hold.reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: gateway.open_connections == 0, "the end of the connection")


# Refusals


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AUTH_TOKEN_MISMATCH", "token-mismatch"),
        ("AUTH_TOKEN_MISSING", "token-missing"),
        ("AUTH_RATE_LIMITED", "rate-limited"),
        ("PROTOCOL_MISMATCH", "protocol"),
        ("DEVICE_AUTH_SIGNATURE_EXPIRED", "device-expired"),
    ],
)
async def test_a_refusal_ends_the_handshake(code: str, kind: str) -> None:
    async with FakeGateway() as gateway:
        gateway.ready = True
        gateway.refusal = lambda _params: refused(code)
        results = await results_of(gateway.url, token=SECRET)
    last = results[-1]
    assert (last.step, last.found) == (Step.HANDSHAKE, Found.FAILED)
    assert last.problem is not None
    assert last.problem.kind == kind
    assert last.facts["ready"] == "yes"
    assert SECRET not in words(last)


async def test_a_wrong_token() -> None:
    async with FakeGateway(tokens=("another",)) as gateway:
        last = (await results_of(gateway.url, token=SECRET))[-1]
    assert last.problem is not None
    assert last.problem.kind == "token-mismatch"
    assert "Put the gateway's token" in words(last)


async def test_pairing_is_a_failed_handshake_with_the_request() -> None:
    async with FakeGateway() as gateway:
        gateway.refusal = lambda _params: refused(
            "PAIRING_REQUIRED", outer="NOT_PAIRED", requestId="7f3a91c2"
        )
        last = (await results_of(gateway.url))[-1]
    assert (last.step, last.found) == (Step.HANDSHAKE, Found.FAILED)
    assert last.problem is not None
    assert (last.problem.kind, last.problem.detail) == ("pairing", "7f3a91c2")
    assert words(last).endswith("openclaw devices approve 7f3a91c2")


async def test_a_request_id_that_would_be_a_command_is_not_shown() -> None:
    async with FakeGateway() as gateway:
        gateway.refusal = lambda _params: refused(
            "PAIRING_REQUIRED", outer="NOT_PAIRED", requestId="x; rm -rf ~"
        )
        last = (await results_of(gateway.url))[-1]
    assert last.problem is not None
    assert (last.problem.kind, last.problem.detail) == ("pairing", "")
    assert "rm -rf" not in words(last)


async def test_a_connection_without_the_right_to_read() -> None:
    async with FakeGateway() as gateway:
        gateway.scopes = []
        last = (await results_of(gateway.url))[-1]
    assert last.step is Step.RIGHTS
    assert last.problem is not None
    assert last.problem.kind == "no-permission"


async def test_a_right_that_was_not_given_is_a_warning() -> None:
    async with FakeGateway() as gateway:
        results = await results_of(gateway.url, scopes=("operator.read", "operator.approvals"))
    rights = results[-2]
    assert (rights.step, rights.found) == (Step.RIGHTS, Found.WARNING)
    assert "operator.approvals" in words(rights)
    assert results[-1].found is Found.OK


async def test_a_list_that_is_refused() -> None:
    def refuse(_params: Any) -> Any:
        raise RefusalError("INVALID_REQUEST", "missing scope: operator.read")

    async with FakeGateway() as gateway:
        gateway.answers["agents.list"] = refuse
        last = (await results_of(gateway.url))[-1]
    assert (last.step, last.found) == (Step.LIST, Found.FAILED)
    assert last.problem is not None
    assert last.problem.kind == "no-permission"


@pytest.mark.parametrize("skew_ms", [-300_000, 300_000])
async def test_a_clock_that_is_off_is_a_warning(skew_ms: int) -> None:
    async with FakeGateway() as gateway:
        gateway.now_ms += skew_ms
        results = await results_of(gateway.url)
    (shaken,) = [result for result in results if result.step is Step.HANDSHAKE]
    assert (shaken.found, shaken.facts["skew_ms"]) == (Found.WARNING, skew_ms)
    assert f"5 min {'ahead of' if skew_ms > 0 else 'behind'} this computer's" in words(shaken)
    assert results[-1].step is Step.LIST


# Secrets


async def test_no_token_goes_out_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeGateway() as gateway:
        monkeypatch.setattr(probing, "may_send_secret", lambda _url, insecure: insecure)
        last = (await results_of(gateway.url, token=SECRET))[-1]
        assert (last.step, last.found) == (Step.UPGRADE, Found.FAILED)
        assert last.problem is not None
        assert last.problem.kind == "insecure"
        assert gateway.connections == 0

        results = await results_of(gateway.url, token=SECRET, insecure=True)
        assert results[-1].step is Step.LIST


async def test_the_device_token_serves_where_there_is_no_other() -> None:
    async with FakeGateway(tokens=("device-token-1",)) as gateway:
        tokens = MemoryTokens({gateway.url: "device-token-1"})
        results = await results_of(gateway.url, tokens=tokens)
        assert results[-1].step is Step.LIST
        last = (await results_of(gateway.url, tokens=tokens, token="typed-wrong"))[-1]
        assert last.step is Step.HANDSHAKE
        assert tokens.writes == 0


async def test_what_is_signed_is_what_the_supervisor_sends() -> None:
    async with FakeGateway() as gateway:
        me = new_identity()
        await results_of(gateway.url, identity=lambda: me, scopes=("operator.read",))
    params = gateway.connect_params
    assert params["client"]["instanceId"] == me.instance_id
    assert params["device"]["id"] == me.device_id
    assert params["scopes"] == ["operator.read"]


async def test_a_device_without_a_key() -> None:
    def broken() -> Any:
        raise IdentityError("/data/identity.json: No space left on device")

    async with FakeGateway() as gateway:
        last = (await results_of(gateway.url, identity=broken))[-1]
    assert last.problem is not None
    assert last.problem.kind == "identity"
    assert "No space left" in words(last)


# The way there


@pytest.mark.parametrize(
    "url", ["", "gateway", "ws://", "ws://host:99999/", "http://host/", "ws://a b/", "ws://[::1"]
)
async def test_an_address_that_is_none(url: str) -> None:
    (result,) = await results_of(url)
    assert (result.step, result.found) == (Step.NAME, Found.FAILED)
    assert result.problem is not None
    assert result.problem.kind == "bad-url"


async def test_an_unknown_host() -> None:
    (result,) = await results_of("ws://no-such-host.invalid:18789/")
    assert result.problem is not None
    assert result.problem.kind == "dns"
    assert "no-such-host.invalid" in words(result)


async def test_a_dead_port() -> None:
    async with FakeGateway() as gateway:
        url = gateway.url
    results = await results_of(url)
    last = results[-1]
    assert [result.step for result in results] == [Step.NAME, Step.PORT]
    assert last.problem is not None
    assert last.problem.kind == "unreachable"
    assert "refused" in words(last).lower()


async def test_a_host_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = asyncio.Event()

    async def never(*_args: Any, **_more: Any) -> Any:
        tried.set()
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(asyncio, "open_connection", never)
    last = (await results_of("ws://127.0.0.1:9/", stuck=tried.is_set))[-1]
    assert last.step is Step.PORT
    assert last.problem is not None
    assert last.problem.kind == "silent"


async def test_a_certificate_that_nobody_trusts_is_shown(tmp_path: Path) -> None:
    async def nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(nothing, tls=self_signed(tmp_path)) as server:
        last = (await results_of(f"wss://localhost:{server.port}/", token=SECRET))[-1]
    assert (last.step, last.found) == (Step.TLS, Found.FAILED)
    assert last.problem is not None
    assert last.problem.kind == "certificate"
    assert last.facts["trusted"] is False
    assert last.facts["fingerprint"] == fingerprint_of(tmp_path)
    assert ":".join(fingerprint_of(tmp_path)[i : i + 2].upper() for i in (0, 2, 4)) in words(last)


async def test_a_trusted_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_server(b"HTTP/1.1 404 no\r\n\r\n", tls=self_signed(tmp_path)) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
        results = await results_of(f"wss://localhost:{server.port}/")
    tls = results[2]
    assert (tls.step, tls.found) == (Step.TLS, Found.OK)
    assert tls.facts["fingerprint"] == fingerprint_of(tmp_path)
    assert tls.facts["version"].startswith("TLS")
    assert results[-1].problem is not None
    assert results[-1].problem.kind == "not-a-gateway"


def fingerprint_of(directory: Path) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    pem = (directory / "server.pem").read_bytes()
    return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex()


async def test_wss_to_a_port_that_speaks_plain() -> None:
    async with FakeGateway() as gateway:
        last = (await results_of(f"wss://127.0.0.1:{gateway.port}/"))[-1]
    assert last.step is Step.TLS
    assert last.problem is not None
    assert last.problem.kind == "tls"


async def test_ws_to_a_port_that_wants_tls_says_so(tmp_path: Path) -> None:
    async def nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(nothing, tls=self_signed(tmp_path)) as server:
        last = (await results_of(f"ws://localhost:{server.port}/"))[-1]
    assert (last.step, last.found) == (Step.UPGRADE, Found.FAILED)
    assert last.facts["speaks_tls"] is True
    assert "wss://" in words(last)


async def test_another_program_on_the_port() -> None:
    async with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") as server:
        url = f"ws://127.0.0.1:{server.port}/"
        last = (await results_of(url, stuck=lambda: server.requests))[-1]
    assert last.problem is not None
    assert (last.step, last.problem.kind) == (Step.UPGRADE, "not-a-gateway")
    assert last.facts["ready"] == ""


@pytest.mark.parametrize(("ready", "said"), [(True, "is up."), (False, "not ready")])
async def test_a_gateway_that_is_up_but_refuses_the_upgrade(ready: bool, said: str) -> None:
    async with FakeGateway() as gateway:
        gateway.http = (403, json.dumps({"error": "origin"}), {})
        gateway.ready = ready
        last = (await results_of(gateway.url))[-1]
    assert last.problem is not None
    assert (last.step, last.problem.kind) == (Step.UPGRADE, "forbidden")
    assert said in words(last)


async def _no_tls(*_args: object) -> tuple[str, str]:
    return "", ""


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{", b'{"ready": "yes"}', b"x" * 200_000])
async def test_nonsense_from_readyz(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    length = str(len(body)).encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\n" + body
    async with raw_server(answer) as server:
        url = f"ws://127.0.0.1:{server.port}/"
        with contextlib.suppress(httpx.HTTPError, msgspec.MsgspecError, ValueError, RecursionError):
            assert await ask_ready(url) is Ready.UNKNOWN
        monkeypatch.setattr(probing._Probe, "_untrusted", _no_tls)
        last = (await results_of(url))[-1]
    assert last.facts["ready"] == ""


async def test_a_gateway_that_upgrades_and_says_nothing() -> None:
    async with FakeGateway() as gateway:
        gateway.silent = True
        last = (await results_of(gateway.url, stuck=lambda: gateway.open_connections))[-1]
        await until(lambda: gateway.open_connections == 0, "the end of the connection")
    assert last.problem is not None
    assert (last.step, last.problem.kind) == (Step.UPGRADE, "silent")


async def test_a_half_open_connection() -> None:
    async with FakeGateway() as gateway:
        hold = gateway.hold("agents.list")
        last = (await results_of(gateway.url, stuck=hold.reached.is_set))[-1]
    assert last.problem is not None
    assert (last.step, last.problem.kind) == (Step.LIST, "silent")


async def test_a_gateway_that_goes_away_meanwhile() -> None:
    async with FakeGateway() as gateway:
        hold = gateway.hold("agents.list")
        task = asyncio.create_task(results_of(gateway.url))
        await hold.reached.wait()
        gateway.drop()
        last = (await task)[-1]
    assert last.problem is not None
    assert (last.step, last.problem.kind) == (Step.LIST, "lost")


async def test_the_proxy_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_server(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:pr0xy-pass@127.0.0.1:{server.port}")
        (result,) = await results_of("ws://gateway.invalid:18789/", insecure=True)
    assert result.step is Step.UPGRADE
    assert result.problem is not None
    assert result.problem.kind == "proxy-failed"
    assert result.facts["proxy"] == f"127.0.0.1:{server.port}"
    assert f"127.0.0.1:{server.port}" in words(result)
    assert "pr0xy-pass" not in repr(result)


# What nobody expects


@pytest.mark.parametrize("step", ["_name", "_listens", "_upgrade", "_let_in", "_rights", "_list"])
async def test_what_nobody_expects_is_a_failed_step(
    step: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_self: object) -> Any:
        raise UnexpectedError

    monkeypatch.setattr(probing._Probe, step, fail)
    async with FakeGateway() as gateway:
        last = (await results_of(gateway.url))[-1]
        await until(lambda: gateway.open_connections == 0, "the end of the connection")
    assert last.found is Found.FAILED
    assert last.problem is not None
    assert (last.problem.kind, last.problem.detail) == ("internal", "UnexpectedError")
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1


# A certificate that the operator pinned


async def test_a_pinned_certificate_is_trusted_and_another_is_not(tmp_path: Path) -> None:
    async with raw_server(b"HTTP/1.1 404 no\r\n\r\n", tls=self_signed(tmp_path)) as server:
        url, shown = f"wss://localhost:{server.port}/", fingerprint_of(tmp_path)
        tls = (await results_of(url, way=Way(fingerprint=shown)))[2]
        assert (tls.step, tls.found, tls.facts["fingerprint"]) == (Step.TLS, Found.OK, shown)

        last = (await results_of(url, token=SECRET, way=Way(fingerprint="0" * 64)))[-1]
    assert last.step is Step.TLS
    assert last.problem is not None
    assert last.problem.kind == "certificate-changed"
    assert (last.problem.fingerprint, last.problem.pinned) == (shown, "0" * 64)


async def test_the_proxy_of_one_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://of.the.environment.invalid:1")
    async with raw_server(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") as server:
        place = f"127.0.0.1:{server.port}"
        (result,) = await results_of("ws://gateway.invalid/", way=Way(proxy=f"http://{place}"))
    assert result.facts["proxy"] == place
    (result,) = await results_of("ws://gateway.invalid/", way=Way(proxy="none"))
    assert result.step is Step.NAME
