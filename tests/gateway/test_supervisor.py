from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet.model import ConnectionState as S
from cc_desktop.fleet.model import Origin, Status
from cc_desktop.gateway.device_identity import IdentityError
from cc_desktop.gateway.failures import NotConnectedError, RequestFailedError
from cc_desktop.gateway.sources.gateway_sources import SETTLE_S
from cc_desktop.text.failures import describe
from tests.fakes.clock import START_MS, FakeClock, settle, until
from tests.fakes.gateway import FakeGateway, RefusalError, refused
from tests.fakes.rig import MemoryTokens, running_link

if TYPE_CHECKING:
    from cc_desktop.gateway.device_identity import Identity

TEN_MINUTES_S = 600.0
UP = (S.CONNECTING, S.AUTHENTICATING, S.SYNCING, S.LIVE)


async def stay_live(gateway: FakeGateway, clock: FakeClock, seconds: float = 31.0) -> None:
    """Let time pass while the gateway ticks."""
    while seconds > 0:
        await gateway.tick()
        await clock.advance(min(seconds, 10.0))
        seconds -= 10.0


# Refusals: what is said, whether it goes on, and how often it was tried after ten minutes

ONE = (1, 1)
USUAL = (20, 40)  # 1, 2, 4 … 30 s
SLOW = (18, 28)
BAD = "INVALID_REQUEST"
REFUSALS: list[tuple[str, RefusalError, S, str, str, tuple[int, int]]] = [
    (
        "wrong shared token",
        refused("AUTH_TOKEN_MISMATCH", canRetryWithDeviceToken=True),
        S.BLOCKED,
        "token-mismatch",
        "OPENCLAW_GATEWAY_TOKEN",
        ONE,
    ),
    (
        "no token",
        refused("AUTH_TOKEN_MISSING"),
        S.BLOCKED,
        "token-missing",
        "OPENCLAW_GATEWAY_TOKEN",
        ONE,
    ),
    (
        "wider scopes",
        refused("AUTH_SCOPE_MISMATCH"),
        S.BLOCKED,
        "scope-mismatch",
        "pair it again",
        ONE,
    ),
    (
        "not paired",
        refused("PAIRING_REQUIRED", outer="NOT_PAIRED", requestId="req-7"),
        S.WAITING,
        "pairing",
        "openclaw devices approve req-7",
        (68, 92),  # every 5 s as long as the request lives, then slowly
    ),
    (
        "not paired, pause",
        RefusalError(
            "NOT_PAIRED",
            details={"code": "PAIRING_REQUIRED", "requestId": "req-7", "pauseReconnect": True},
            retryable=False,
            close=1008,
        ),
        S.BLOCKED,
        "pairing",
        "openclaw devices approve req-7",
        ONE,
    ),
    (
        "wire version 9.6",
        refused("PROTOCOL_MISMATCH", close=1002, expectedProtocol=5),
        S.BLOCKED,
        "protocol",
        "update this app",
        ONE,
    ),
    (
        "wire version 5.7",
        RefusalError(BAD, details={"expectedProtocol": 2}, close=1002),
        S.BLOCKED,
        "protocol",
        "update the gateway",
        ONE,
    ),
    (
        "bad signature",
        refused("DEVICE_AUTH_SIGNATURE_INVALID"),
        S.BLOCKED,
        "device-refused",
        "remove this device",
        ONE,
    ),
    (
        "clock",
        refused("DEVICE_AUTH_SIGNATURE_EXPIRED"),
        S.BLOCKED,
        "device-expired",
        "Set the clock",
        ONE,
    ),
    (
        "nonce",
        refused("DEVICE_AUTH_NONCE_MISMATCH"),
        S.BLOCKED,
        "device-refused",
        "remove this device",
        ONE,
    ),
    (
        "too many tries",
        RefusalError(BAD, details={"code": "AUTH_RATE_LIMITED"}, retryAfterMs=120_000, close=1008),
        S.WAITING,
        "rate-limited",
        "retries",
        (5, 6),
    ),
    (
        "starting",
        RefusalError(
            "UNAVAILABLE",
            details={"reason": "startup-sidecars"},
            retryable=True,
            retryAfterMs=500,
            close=1013,
        ),
        S.WAITING,
        "starting",
        "retries",
        USUAL,
    ),
    (
        "the ids of the seed",
        RefusalError(BAD, "at /client/id: must be equal to one of the allowed values", close=1008),
        S.BLOCKED,
        "rejected",
        "client_id",
        ONE,
    ),
]


@pytest.mark.parametrize(
    ("refusal", "state", "kind", "step", "tries"),
    [pytest.param(*rest, id=name) for name, *rest in REFUSALS],
)
async def test_a_refusal_is_said_and_not_hammered_at(
    refusal: RefusalError, state: S, kind: str, step: str, tries: tuple[int, int]
) -> None:
    async with FakeGateway() as gateway:
        gateway.refusal = lambda _params: refusal
        async with running_link(gateway.url, token="shared") as rig:
            await rig.reach(state)
            assert rig.problem.kind == kind
            assert step in describe(rig.problem).next_step
            await rig.clock.advance(TEN_MINUTES_S)

            assert tries[0] <= gateway.connections <= tries[1]
            assert rig.state is state


HTTP = [
    (403, {}, S.BLOCKED, "forbidden", ONE),
    (401, {}, S.BLOCKED, "forbidden", ONE),
    (429, {"Retry-After": "200"}, S.WAITING, "too-many-requests", (3, 4)),
    (429, {}, S.WAITING, "too-many-requests", USUAL),
    (404, {}, S.WAITING, "not-a-gateway", SLOW),
    (200, {}, S.WAITING, "not-a-gateway", SLOW),
    (500, {}, S.WAITING, "behind-proxy", USUAL),
    (502, {}, S.WAITING, "behind-proxy", USUAL),
    (503, {}, S.WAITING, "behind-proxy", USUAL),
    (504, {}, S.WAITING, "behind-proxy", USUAL),
]


@pytest.mark.parametrize(("status", "headers", "state", "kind", "tries"), HTTP)
async def test_a_refused_upgrade_is_said_and_not_hammered_at(
    status: int, headers: dict[str, str], state: S, kind: str, tries: tuple[int, int]
) -> None:
    async with FakeGateway() as gateway:
        gateway.http = (status, json.dumps({"error": {"message": "go away"}}), headers)
        async with running_link(gateway.url) as rig:
            await rig.reach(state)
            assert rig.problem.kind == kind
            assert rig.problem.said == "go away"
            await rig.clock.advance(TEN_MINUTES_S)

            assert tries[0] <= len(gateway.upgrades) <= tries[1]


CLOSES = [
    (1008, S.WAITING, "refused", SLOW),
    (1002, S.WAITING, "protocol", SLOW),
    (1012, S.WAITING, "restarting", USUAL),
    (1000, S.WAITING, "lost", USUAL),
    (4321, S.WAITING, "lost", USUAL),
]


@pytest.mark.parametrize(("code", "state", "kind", "tries"), CLOSES)
async def test_a_close_without_a_word(
    code: int, state: S, kind: str, tries: tuple[int, int]
) -> None:
    async with FakeGateway() as gateway:
        gateway.close_at_once = (code, "")
        async with running_link(gateway.url) as rig:
            await rig.reach(state)
            assert rig.problem.kind == kind
            await rig.clock.advance(TEN_MINUTES_S)

            assert tries[0] <= gateway.connections <= tries[1]


async def test_nobody_there_is_tried_at_the_usual_pace() -> None:
    async with FakeGateway() as gateway:
        url = gateway.url
    async with running_link(url) as rig:
        await rig.reach(S.WAITING)
        assert rig.problem.kind == "unreachable"
        await rig.clock.advance(TEN_MINUTES_S)

        assert 200 <= rig.link.tries <= 280  # it costs nothing on this machine


async def test_a_gateway_that_is_silent_for_ever_is_not_hammered_at() -> None:
    async with FakeGateway() as gateway:
        gateway.silent = True
        async with running_link(gateway.url) as rig:
            await rig.clock.advance(TEN_MINUTES_S)

            assert 12 <= gateway.connections <= 30


async def test_connections_that_come_and_go_are_not_reset_by_the_mere_connect() -> None:
    async with FakeGateway() as gateway:
        gateway.stamp = (clock := FakeClock()).monotonic
        gateway.close_at_once = (1001, "")
        async with running_link(gateway.url, clock=clock):
            await clock.advance(62)
    waits = [b - a for a, b in zip(gateway.upgrades, gateway.upgrades[1:], strict=False)]

    for wait, longest in zip(waits, [1, 2, 4, 8, 16, 30], strict=False):
        assert longest * 0.75 <= wait <= longest
    assert len(waits) >= 5


async def test_the_wait_is_shown() -> None:
    refusal = RefusalError("UNAVAILABLE", retryAfterMs=7_000, close=1013)
    async with FakeGateway() as gateway:
        gateway.refusal = lambda _params: refusal
        async with running_link(gateway.url) as rig:
            await rig.reach(S.WAITING)

            assert rig.link.connection.until == START_MS + 7_000
            await rig.clock.advance(6.9)
            assert gateway.connections == 1
            gateway.refusal = lambda _params: None
            await rig.clock.advance(0.2)
            await rig.live()


# Up, down, up


async def test_a_first_connection_goes_through_its_states() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()

        assert rig.states == list(UP)
        assert rig.gateway.origin is Origin.LIVE
        assert rig.link.connection.protocol == 4
        assert rig.link.connection.server_version == "2026.9.6"
        assert rig.link.connection.problem is None
    assert rig.states[-1] is S.OFF


async def test_it_says_where_the_device_token_is_kept() -> None:
    async with FakeGateway() as gateway:
        tokens = MemoryTokens({gateway.url: "kept-before"})
        async with running_link(gateway.url, tokens=tokens) as rig:
            await rig.live()

            assert rig.link.connection.token_place == "file"


@pytest.mark.parametrize("protocol", [0, 3])
async def test_other_dialects_get_live_too(protocol: int) -> None:
    async with FakeGateway(protocol) as gateway, running_link(gateway.url) as rig:
        gateway.add_agent("otto")
        await rig.live()

        assert list(rig.gateway.agents) == ["otto"]


async def test_a_killed_gateway_leaves_what_was_last_known() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        gateway.add_agent("otto")
        gateway.add_session("agent:otto:main", status="running", hasActiveRun=True)
        await rig.live()
        assert rig.gateway.agents["otto"].status.working

        await gateway.stop()
        await rig.reach(S.WAITING)
        await rig.clock.advance(100)
        assert rig.gateway.origin is Origin.LAST_KNOWN
        assert rig.gateway.agents["otto"].status is Status.OFFLINE
        assert rig.session("agent:otto:main") is not None


async def test_a_gateway_that_is_back_is_found_without_being_told() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        gateway.add_agent("otto")
        gateway.add_session("agent:otto:main", status="running", hasActiveRun=True)
        await rig.live()
        await gateway.stop()
        await rig.reach(S.WAITING)
        await rig.clock.advance(100)
        gateway.set_row("agent:otto:main", status="done", hasActiveRun=False)
        await gateway.start()
        await rig.clock.advance(30)
        await rig.live()

        assert rig.gateway.origin is Origin.LIVE
        assert rig.gateway.agents["otto"].status is Status.IDLE


async def test_waits_start_again_at_one_second_once_a_connection_has_held() -> None:
    async with FakeGateway() as gateway:
        gateway.stamp = (clock := FakeClock()).monotonic
        gateway.close_at_once = (1001, "")
        async with running_link(gateway.url, clock=clock) as rig:
            await clock.advance(40)
            gateway.close_at_once = None
            await clock.advance(30)
            await rig.live()
            await stay_live(gateway, clock)
            lost_at = clock.monotonic()
            gateway.drop()
            await rig.reach(S.WAITING)
            await clock.advance(1.0)
            await rig.live()

            assert 0.75 <= gateway.upgrades[-1] - lost_at <= 1.0


async def test_a_gateway_that_lets_in_and_drops_at_once_is_not_hammered_at() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        gateway.answers["agents.list"] = lambda _params: gateway.drop()
        await rig.clock.advance(TEN_MINUTES_S)

        assert USUAL[0] <= gateway.connections <= USUAL[1]


async def test_a_computer_that_slept_connects_anew_at_once() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()
        rig.clock.sleep_computer(3_600)
        await rig.clock.advance(5)
        await until(lambda: gateway.close_codes == [4000])
        await rig.clock.advance(1)
        await rig.live()

        assert gateway.handshakes == 2


async def test_what_went_wrong_stays_readable_until_it_is_live_again() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()
        gateway.drop()
        await rig.reach(S.WAITING)
        gateway.answers["agents.list"] = lambda _params: gateway.drop()
        await rig.clock.advance(120)
        assert rig.link.connection.problem is not None
        del gateway.answers["agents.list"]
        await rig.clock.advance(31)
        await rig.live()

        assert rig.link.connection.problem is None


async def test_a_restart_is_back_soon_and_says_so() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()
        await gateway.shut_down()
        await rig.reach(S.WAITING)
        assert rig.problem.kind == "restarting"
        await rig.clock.advance(2)
        await rig.live()

        assert gateway.handshakes == 2


async def test_a_half_open_connection_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cc_desktop.gateway.dialing.CLOSE_TIMEOUT_S", 0.05)
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()
        gateway.freeze()
        await rig.clock.advance(66)
        await rig.reach(S.WAITING)

        assert rig.gateway.origin is Origin.LAST_KNOWN
        assert rig.problem.kind == "silent"


async def test_an_overdue_tick_is_told_before_the_connection_is_given_up() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()
        spoke_at = rig.clock.now_ms() + round(SETTLE_S * 1000)  # its answers to the sources
        await rig.clock.advance(33)
        assert rig.gateway.connection.silent_since == 0
        await rig.clock.advance(9)
        assert rig.state is S.LIVE
        assert abs(rig.gateway.connection.silent_since - spoke_at) < 1000
        await gateway.tick()
        await until(lambda: rig.gateway.connection.silent_since == 0)
        assert rig.state is S.LIVE


@pytest.mark.parametrize("tick_ms", [1, 2**62])
async def test_an_absurd_tick_neither_drops_nor_keeps_the_connection_for_ever(
    tick_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cc_desktop.gateway.dialing.CLOSE_TIMEOUT_S", 0.05)
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        gateway.tick_ms = tick_ms
        await rig.live()
        await rig.clock.advance(1.5)
        assert rig.state is S.LIVE
        gateway.freeze()
        await rig.clock.advance(700)

        await until(lambda: S.WAITING in rig.states, "the loss")


async def test_a_first_list_that_never_comes_ends_the_try() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        gateway.mute = {"agents.list"}
        while rig.state is not S.WAITING:
            assert rig.clock.passed < 70
            await rig.clock.advance(0.5)
            await gateway.tick()

        assert S.LIVE not in rig.states
        assert rig.problem.kind == "silent"


@pytest.mark.parametrize("scopes", [[], ["operator.approvals"]])
async def test_let_in_without_the_right_to_read(scopes: list[str]) -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        gateway.scopes = scopes
        await rig.reach(S.BLOCKED)
        assert rig.problem.kind == "no-permission"
        await rig.clock.advance(TEN_MINUTES_S)

        assert gateway.connections == 1


async def test_missing_scope_on_a_read_stops_too() -> None:
    def forbidden(_params: Any) -> None:
        raise RefusalError("INVALID_REQUEST", "missing scope: operator.read")

    async with FakeGateway(3) as gateway, running_link(gateway.url) as rig:
        gateway.answers["agents.list"] = forbidden
        await rig.reach(S.BLOCKED)

        assert rig.problem.kind == "no-permission"


# Reconnect now


async def test_reconnect_now_ends_a_wait() -> None:
    async with FakeGateway() as gateway:
        gateway.close_at_once = (1001, "")
        async with running_link(gateway.url) as rig:
            await rig.clock.advance(40)
            tries = gateway.connections
            gateway.close_at_once = None
            rig.link.reconnect_now()
            await rig.live()

            assert gateway.connections == tries + 1


async def test_reconnect_now_ends_a_stop() -> None:
    async with (
        FakeGateway(tokens=("right",)) as gateway,
        running_link(gateway.url, token="wrong") as rig,
    ):
        await rig.reach(S.BLOCKED)
        gateway.tokens = ("wrong",)
        await rig.clock.advance(TEN_MINUTES_S)
        assert gateway.connections == 1
        rig.link.reconnect_now()
        await rig.live()


async def test_reconnect_now_is_no_harm_while_live() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()
        for _ in range(5):
            rig.link.reconnect_now()
        await rig.clock.advance(5)

        assert gateway.connections == 1
        # Nor does it shorten a later wait.
        await gateway.stop()
        await rig.reach(S.WAITING)
        await settle()
        assert rig.link.tries == 1


# Tokens


async def test_the_shared_token_is_sent_and_signed() -> None:
    async with (
        FakeGateway(tokens=("shared",)) as gateway,
        running_link(gateway.url, token="shared") as rig,
    ):
        await rig.live()

        assert gateway.connect_params["auth"] == {"token": "shared", "password": "shared"}
        assert gateway.connect_params["device"]["nonce"] == "nonce-1"


async def test_a_device_token_is_kept_and_used_when_there_is_no_other() -> None:
    tokens = MemoryTokens()
    async with FakeGateway(tokens=("shared",)) as gateway:
        gateway.device_token = "device"
        async with running_link(gateway.url, token="shared", tokens=tokens) as rig:
            await rig.live()
            await until(lambda: tokens.kept == {gateway.url: "device"})
            await until(lambda: rig.link.connection.token_place == "file")
        gateway.tokens = ("device",)
        async with running_link(gateway.url, tokens=tokens) as rig:
            await rig.live()

            assert gateway.connect_params["auth"] == {"token": "device"}


async def test_after_a_mismatch_the_device_token_is_tried_once() -> None:
    tokens = MemoryTokens()
    async with FakeGateway(tokens=("new",)) as gateway:
        tokens.kept[gateway.url] = "device"
        async with running_link(gateway.url, token="old", tokens=tokens) as rig:
            await rig.clock.advance(TEN_MINUTES_S)
            await rig.reach(S.BLOCKED)
            sent = [a.params["auth"]["token"] for a in gateway.asked if a.method == "connect"]

            assert sent == ["old", "device"]
            assert rig.problem.kind == "token-mismatch"


async def test_a_device_token_that_is_good_replaces_a_wrong_shared_one() -> None:
    tokens = MemoryTokens()
    async with FakeGateway(tokens=("device",)) as gateway:
        tokens.kept[gateway.url] = "device"
        async with running_link(gateway.url, token="old", tokens=tokens) as rig:
            await rig.clock.advance(2)
            await rig.live()

            assert gateway.connections == 2


async def test_a_mismatch_without_a_device_token_stops_at_once() -> None:
    async with (
        FakeGateway(tokens=("new",)) as gateway,
        running_link(gateway.url, token="old") as rig,
    ):
        await rig.reach(S.BLOCKED)

        assert gateway.connections == 1


async def test_no_token_goes_over_the_network_in_the_clear() -> None:
    async with running_link("ws://192.0.2.1:18789/", token="shared") as rig:
        await rig.reach(S.BLOCKED)

        assert rig.problem.kind == "insecure"
        assert "Settings → Gateways" in describe(rig.problem).next_step


async def test_no_device_token_goes_over_the_network_in_the_clear() -> None:
    async with FakeGateway() as gateway:
        # Not loopback for this app: a name that the resolver turns into it.
        url = f"ws://127.1:{gateway.port}/"
        tokens = MemoryTokens({url: "device"})
        async with running_link(url, tokens=tokens) as rig:
            await rig.reach(S.BLOCKED)

            assert rig.problem.kind == "insecure"
            assert gateway.connections == 0
        async with running_link(url, tokens=tokens, insecure=True) as rig:
            await rig.live()

            assert gateway.connect_params["auth"] == {"token": "device"}


async def test_the_token_store_is_asked_once_and_told_only_of_changes() -> None:
    async with FakeGateway() as gateway:
        gateway.device_token = "device"
        tokens = MemoryTokens({gateway.url: "device"})
        async with running_link(gateway.url, tokens=tokens) as rig:
            for _ in range(5):
                await rig.live()
                gateway.drop()
                await rig.reach(S.WAITING)
                await rig.clock.advance(30)
            await rig.live()

            assert (tokens.reads, tokens.writes) == (1, 0)
            gateway.device_token = "another"
            gateway.drop()
            await rig.reach(S.WAITING)
            await rig.clock.advance(30)
            await rig.live()
            await until(lambda: tokens.kept == {gateway.url: "another"})
            assert tokens.writes == 1


async def test_the_scopes_are_those_of_the_settings() -> None:
    scopes = ("operator.read", "operator.approvals")
    async with FakeGateway() as gateway, running_link(gateway.url, scopes=scopes) as rig:
        await rig.live()

        assert gateway.connect_params["scopes"] == list(scopes)


async def test_no_identity_no_connection() -> None:
    def broken() -> Identity:
        raise IdentityError("/data/identity.json: Permission denied")

    async with FakeGateway() as gateway, running_link(gateway.url, identity=broken) as rig:
        await rig.reach(S.WAITING)

        assert gateway.connections == 0
        assert "Permission denied" in describe(rig.problem).message
        assert rig.problem.kind == "identity"


async def test_the_problem_stays_readable_while_it_is_tried_again() -> None:
    async with FakeGateway() as gateway:
        gateway.close_at_once = (1012, "")
        async with running_link(gateway.url) as rig:
            await rig.reach(S.WAITING)
            gateway.close_at_once = None
            gateway.mute = {"connect"}
            await rig.clock.advance(1)
            await rig.reach(S.AUTHENTICATING)

            assert rig.problem.kind == "restarting"


async def test_the_end_of_the_app_closes_the_connection_with_a_word() -> None:
    async with FakeGateway() as gateway:
        async with running_link(gateway.url) as rig:
            await rig.live()
        await until(lambda: Counter(gateway.close_codes) == {1000: 1})


# The way down


async def test_a_request_goes_to_the_live_connection() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        gateway.answers["exec.approval.resolve"] = lambda params: {"got": params}
        with pytest.raises(NotConnectedError):
            await rig.link.request("exec.approval.resolve", {"id": "a"})
        await rig.live()
        answer = await rig.link.request("exec.approval.resolve", {"id": "a"})
        assert answer == {"got": {"id": "a"}}

        with pytest.raises(RequestFailedError):
            await rig.link.request("nonsense")
        gateway.drop()
        await rig.reach(S.WAITING)
        with pytest.raises(NotConnectedError):
            await rig.link.request("exec.approval.resolve", {"id": "a"})


# A gateway that stumbles


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1008, 1009, 1011, 1012, 1013, 4001])
async def test_a_close_while_live_is_never_the_end(code: int) -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()
        await gateway.close(code, "slow consumer")
        await rig.reach(S.WAITING)
        await rig.clock.advance(1)
        await rig.live()


@pytest.mark.parametrize("status", [302, 403, 404, 502, 503])
async def test_a_proxy_s_answer_in_place_of_a_gateway_that_was_live(status: int) -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()
        gateway.http = (status, "", {})
        gateway.drop()
        await rig.clock.advance(70)
        assert rig.state is S.WAITING
        assert rig.problem.kind != "not-a-gateway"
        gateway.http = None
        await rig.clock.advance(31)
        await rig.live()


async def test_a_port_forward_whose_far_end_comes_back_is_live_soon() -> None:
    gateway = FakeGateway()
    async with gateway, running_link(gateway.url) as rig:
        await rig.live()
        port = gateway.port
        await gateway.stop()

        def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        tunnel = await asyncio.start_server(hang_up, "127.0.0.1", port)
        await rig.clock.advance(60)
        assert rig.problem.kind == "hung-up"
        tunnel.close()
        await tunnel.wait_closed()
        await gateway.start()
        await rig.clock.advance(3)
        await rig.live()


async def test_a_gateway_that_comes_and_goes_is_told_as_such_and_not_listed_each_second() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        for _ in range(10):
            await until(lambda: rig.state in (S.LIVE, S.WAITING))
            if rig.state is S.LIVE:
                gateway.drop()
                await rig.reach(S.WAITING)
            await rig.clock.advance(9)
        await rig.clock.advance(30)
        await rig.live()

        assert gateway.count("agents.list") <= 8  # in two minutes
        assert rig.link.connection.flapping
        assert rig.gateway.connection.flapping
        await stay_live(gateway, rig.clock)
        assert rig.state is S.LIVE
        assert not rig.gateway.connection.flapping


async def test_a_gateway_that_is_lost_now_and_then_does_not_flap() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        for _ in range(6):
            await rig.live()
            await stay_live(gateway, rig.clock)
            gateway.drop()
            await rig.reach(S.WAITING)
            assert not rig.link.connection.flapping
            await rig.clock.advance(1)


async def test_a_planned_restart_says_when_it_should_be_over() -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()
        await gateway.shut_down(expected_ms=20_000)
        await rig.reach(S.WAITING)
        info = rig.link.connection
        assert rig.problem.kind == "restarting"
        assert info.expected_back == rig.clock.now_ms() + 35_000
        await gateway.stop()
        await rig.clock.advance(30)
        assert rig.problem.kind == "restarting"  # refused meanwhile, as expected
        assert rig.link.connection.expected_back == info.expected_back
        await rig.clock.advance(10)
        assert rig.problem.kind == "unreachable"  # late
        assert rig.link.connection.expected_back == 0
        await gateway.start()
        await rig.clock.advance(3)
        await rig.live()
        assert rig.link.connection.problem is None


@pytest.mark.parametrize(("expected_ms", "longest_ms"), [(None, 0), (0, 0), (2**60, 700_000)])
async def test_what_a_gateway_says_of_its_restart_is_bounded(
    expected_ms: int | None, longest_ms: int
) -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()
        await gateway.shut_down(expected_ms)
        await rig.reach(S.WAITING)

        back = rig.link.connection.expected_back
        assert back <= rig.clock.now_ms() + longest_ms
        assert bool(back) == bool(longest_ms)


# The network or the computer comes back


async def test_a_wake_ends_a_wait() -> None:
    async with FakeGateway() as gateway:
        gateway.close_at_once = (1001, "")
        async with running_link(gateway.url) as rig:
            await rig.clock.advance(40)
            gateway.close_at_once = None
            rig.link.wake()
            await rig.live()


async def test_a_wake_does_not_shorten_a_wait_that_the_gateway_asked_for() -> None:
    refusal = RefusalError("UNAVAILABLE", retryAfterMs=60_000, close=1013)
    async with FakeGateway() as gateway:
        gateway.refusal = lambda _params: refusal
        async with running_link(gateway.url) as rig:
            await rig.reach(S.WAITING)
            for _ in range(5):
                rig.link.wake()
                await settle()

            assert gateway.connections == 1


async def test_a_wake_does_not_present_a_wrong_token_again() -> None:
    async with (
        FakeGateway(tokens=("right",)) as gateway,
        running_link(gateway.url, token="wrong") as rig,
    ):
        await rig.reach(S.BLOCKED)
        rig.link.wake()
        await settle()

        assert gateway.connections == 1


async def test_a_wait_ends_when_the_computer_slept() -> None:
    async with FakeGateway() as gateway:
        gateway.close_at_once = (1001, "")
        async with running_link(gateway.url) as rig:
            await rig.clock.advance(100)
            while rig.link.connection.until < rig.clock.now_ms() + 15_000:
                await rig.clock.advance(1)
            gateway.close_at_once = None
            rig.clock.sleep_computer(3_600)
            await rig.clock.advance(10)
            await rig.live()


async def test_a_wait_that_was_asked_for_counts_the_sleep() -> None:
    refusal = RefusalError("UNAVAILABLE", retryAfterMs=600_000, close=1013)
    async with FakeGateway() as gateway:
        gateway.refusal = lambda _params: refusal
        async with running_link(gateway.url) as rig:
            await rig.reach(S.WAITING)
            rig.clock.sleep_computer(300)
            await rig.clock.advance(20)
            assert gateway.connections == 1
            rig.clock.sleep_computer(300)
            gateway.refusal = lambda _params: None
            await rig.clock.advance(10)
            await rig.live()
