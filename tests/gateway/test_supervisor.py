from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet.model import ConnectionState as S
from cc_desktop.fleet.model import Origin, Status
from cc_desktop.gateway.connection_state import TABLE, Backoff, ConnectionEvent, outcome_of
from cc_desktop.gateway.device_identity import IdentityError
from cc_desktop.gateway.failures import RetryPolicy
from tests.fakes.clock import START_MS, FakeClock, settle, until
from tests.fakes.gateway import FakeGateway, RefusalError, refused
from tests.fakes.rig import MemoryTokens, running_link

if TYPE_CHECKING:
    from cc_desktop.gateway.device_identity import Identity

TEN_MINUTES_S = 600.0
UP = (S.CONNECTING, S.AUTHENTICATING, S.SYNCING, S.LIVE)

# The table


@pytest.mark.parametrize("state", UP)
def test_every_state_of_a_try_can_fail_both_ways(state: S) -> None:
    assert TABLE[(state, ConnectionEvent.RETRY)] is S.WAITING
    assert TABLE[(state, ConnectionEvent.STOP)] is S.BLOCKED


@pytest.mark.parametrize("state", list(S))
def test_the_end_is_off_from_everywhere(state: S) -> None:
    assert TABLE[(state, ConnectionEvent.END)] is S.OFF


@pytest.mark.parametrize("state", [S.OFF, S.WAITING, S.BLOCKED])
def test_a_try_starts_where_none_is_under_way(state: S) -> None:
    assert TABLE[(state, ConnectionEvent.START)] is S.CONNECTING


def test_a_try_goes_through_its_states_in_order() -> None:
    state = S.OFF
    seen = []
    for outcome in (
        ConnectionEvent.START,
        ConnectionEvent.CHALLENGED,
        ConnectionEvent.HELLO,
        ConnectionEvent.SYNCED,
    ):
        state = TABLE[(state, outcome)]
        seen.append(state)

    assert seen == list(UP)


def test_no_other_way_leads_to_live() -> None:
    assert [key for key, state in TABLE.items() if state is S.LIVE] == [
        (S.SYNCING, ConnectionEvent.SYNCED)
    ]


@pytest.mark.parametrize("state", list(S))
def test_every_state_can_be_reached_and_left(state: S) -> None:
    assert state in TABLE.values()
    assert any(before is state and after is not state for (before, _), after in TABLE.items()) or (
        state is S.OFF
    )


def test_only_stop_stops() -> None:
    assert {then: outcome_of(then) for then in RetryPolicy} == {
        RetryPolicy.RETRY: ConnectionEvent.RETRY,
        RetryPolicy.SLOWLY: ConnectionEvent.RETRY,
        RetryPolicy.STOP: ConnectionEvent.STOP,
    }


# Waits


class _Steady(random.Random):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def random(self) -> float:
        return self.value


def test_waits_double_from_one_second_to_thirty() -> None:
    backoff = Backoff(_Steady(0.0))

    assert [backoff.wait_s(RetryPolicy.RETRY, 0) for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    backoff.reset()
    assert backoff.wait_s(RetryPolicy.RETRY, 0) == 1


def test_waits_are_shortened_at_random_by_a_quarter_at_most() -> None:
    backoff = Backoff(random.Random(3))
    for _ in range(10):
        backoff.wait_s(RetryPolicy.RETRY, 0)
    waits = [backoff.wait_s(RetryPolicy.RETRY, 0) for _ in range(300)]

    assert 22.5 <= min(waits) < 23.5
    assert 29 < max(waits) <= 30


@pytest.mark.parametrize("told_ms", [10**9, 2**62])
def test_an_absurd_wait_is_no_wait_for_ever(told_ms: int) -> None:
    assert Backoff(_Steady(0.0)).wait_s(RetryPolicy.RETRY, told_ms) == 3600


def test_slowly_is_slow_from_the_first_try() -> None:
    assert Backoff(_Steady(0.0)).wait_s(RetryPolicy.SLOWLY, 0) == 30


def test_never_sooner_than_the_gateway_asked() -> None:
    backoff = Backoff(_Steady(0.99))

    assert backoff.wait_s(RetryPolicy.RETRY, 45_000) == 45
    assert backoff.wait_s(RetryPolicy.SLOWLY, 90_000) == 90


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
        "The token is wrong",
        "OPENCLAW_GATEWAY_TOKEN",
        ONE,
    ),
    (
        "no token",
        refused("AUTH_TOKEN_MISSING"),
        S.BLOCKED,
        "A token is needed",
        "OPENCLAW_GATEWAY_TOKEN",
        ONE,
    ),
    (
        "wider scopes",
        refused("AUTH_SCOPE_MISMATCH"),
        S.BLOCKED,
        "This device may not read",
        "pair it again",
        ONE,
    ),
    (
        "not paired",
        refused("PAIRING_REQUIRED", outer="NOT_PAIRED", requestId="req-7"),
        S.WAITING,
        "Wants pairing",
        "openclaw devices approve req-7",
        SLOW,
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
        "Wants pairing",
        "openclaw devices approve req-7",
        ONE,
    ),
    (
        "wire version 9.6",
        refused("PROTOCOL_MISMATCH", close=1002, expectedProtocol=5),
        S.BLOCKED,
        "Another protocol",
        "update this app",
        ONE,
    ),
    (
        "wire version 5.7",
        RefusalError(BAD, details={"expectedProtocol": 2}, close=1002),
        S.BLOCKED,
        "Another protocol",
        "update the gateway",
        ONE,
    ),
    (
        "bad signature",
        refused("DEVICE_AUTH_SIGNATURE_INVALID"),
        S.BLOCKED,
        "The device's signature is refused",
        "remove this device",
        ONE,
    ),
    (
        "clock",
        refused("DEVICE_AUTH_SIGNATURE_EXPIRED"),
        S.BLOCKED,
        "The clocks differ",
        "Set the clock",
        ONE,
    ),
    (
        "nonce",
        refused("DEVICE_AUTH_NONCE_MISMATCH"),
        S.BLOCKED,
        "The device's signature is refused",
        "remove this device",
        ONE,
    ),
    (
        "too many tries",
        RefusalError(BAD, details={"code": "AUTH_RATE_LIMITED"}, retryAfterMs=120_000, close=1008),
        S.WAITING,
        "Too many tries",
        "Wait",
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
        "Starting",
        "Wait",
        USUAL,
    ),
    (
        "the ids of the seed",
        RefusalError(BAD, "at /client/id: must be equal to one of the allowed values", close=1008),
        S.BLOCKED,
        "The gateway refused",
        "client_id",
        ONE,
    ),
]


@pytest.mark.parametrize(
    ("refusal", "state", "title", "step", "tries"),
    [pytest.param(*rest, id=name) for name, *rest in REFUSALS],
)
async def test_a_refusal_is_said_and_not_hammered_at(
    refusal: RefusalError, state: S, title: str, step: str, tries: tuple[int, int]
) -> None:
    async with FakeGateway() as gateway:
        gateway.refusal = lambda _params: refusal
        async with running_link(gateway.url, token="shared") as rig:
            await rig.reach(state)
            problem = rig.link.connection.problem
            assert problem is not None
            assert problem.title == title
            assert step in problem.next_step
            await rig.clock.advance(TEN_MINUTES_S)

            assert tries[0] <= gateway.connections <= tries[1]
            assert rig.state is state


HTTP = [
    (403, {}, S.BLOCKED, "Refused by a proxy", ONE),
    (401, {}, S.BLOCKED, "Refused by a proxy", ONE),
    (429, {"Retry-After": "200"}, S.WAITING, "Too many tries", (3, 4)),
    (429, {}, S.WAITING, "Too many tries", USUAL),
    (404, {}, S.WAITING, "No gateway there", SLOW),
    (200, {}, S.WAITING, "No gateway there", SLOW),
    (500, {}, S.WAITING, "Down behind a proxy", USUAL),
    (502, {}, S.WAITING, "Down behind a proxy", USUAL),
    (503, {}, S.WAITING, "Down behind a proxy", USUAL),
    (504, {}, S.WAITING, "Down behind a proxy", USUAL),
]


@pytest.mark.parametrize(("status", "headers", "state", "title", "tries"), HTTP)
async def test_a_refused_upgrade_is_said_and_not_hammered_at(
    status: int, headers: dict[str, str], state: S, title: str, tries: tuple[int, int]
) -> None:
    async with FakeGateway() as gateway:
        gateway.http = (status, json.dumps({"error": {"message": "go away"}}), headers)
        async with running_link(gateway.url) as rig:
            await rig.reach(state)
            problem = rig.link.connection.problem
            assert problem is not None
            assert problem.title == title
            assert "go away" in problem.message
            await rig.clock.advance(TEN_MINUTES_S)

            assert tries[0] <= len(gateway.upgrades) <= tries[1]


CLOSES = [
    (1008, S.BLOCKED, "The gateway refused", ONE),
    (1002, S.BLOCKED, "Another protocol", ONE),
    (1012, S.WAITING, "Restarting", USUAL),
    (1000, S.WAITING, "Connection lost", USUAL),
    (4321, S.WAITING, "Connection lost", USUAL),
]


@pytest.mark.parametrize(("code", "state", "title", "tries"), CLOSES)
async def test_a_close_without_a_word(
    code: int, state: S, title: str, tries: tuple[int, int]
) -> None:
    async with FakeGateway() as gateway:
        gateway.close_at_once = (code, "")
        async with running_link(gateway.url) as rig:
            await rig.reach(state)
            assert rig.link.connection.problem is not None
            assert rig.link.connection.problem.title == title
            await rig.clock.advance(TEN_MINUTES_S)

            assert tries[0] <= gateway.connections <= tries[1]


async def test_nobody_there_is_tried_at_the_usual_pace() -> None:
    async with FakeGateway() as gateway:
        url = gateway.url
    async with running_link(url) as rig:
        await rig.reach(S.WAITING)
        assert rig.link.connection.problem is not None
        assert rig.link.connection.problem.title == "Not reachable"
        await rig.clock.advance(TEN_MINUTES_S)

        assert 20 <= rig.link.tries <= 40


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


async def test_waits_start_again_at_one_second_once_live() -> None:
    async with FakeGateway() as gateway:
        gateway.stamp = (clock := FakeClock()).monotonic
        gateway.close_at_once = (1001, "")
        async with running_link(gateway.url, clock=clock) as rig:
            await clock.advance(40)
            gateway.close_at_once = None
            await clock.advance(30)
            await rig.live()
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
        assert rig.link.connection.problem is not None
        assert rig.link.connection.problem.title == "Restarting"
        await rig.clock.advance(2)
        await rig.live()

        assert gateway.handshakes == 2


async def test_a_half_open_connection_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cc_desktop.gateway.connection.CLOSE_TIMEOUT_S", 0.05)
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        await rig.live()
        gateway.freeze()
        await rig.clock.advance(66)
        await rig.reach(S.WAITING)

        assert rig.gateway.origin is Origin.LAST_KNOWN
        assert rig.link.connection.problem is not None
        assert rig.link.connection.problem.title == "No answer"


@pytest.mark.parametrize("tick_ms", [1, 2**62])
async def test_an_absurd_tick_neither_drops_nor_keeps_the_connection_for_ever(
    tick_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cc_desktop.gateway.connection.CLOSE_TIMEOUT_S", 0.05)
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
        assert rig.link.connection.problem is not None
        assert rig.link.connection.problem.title == "No answer"


@pytest.mark.parametrize("scopes", [[], ["operator.approvals"]])
async def test_let_in_without_the_right_to_read(scopes: list[str]) -> None:
    async with FakeGateway() as gateway, running_link(gateway.url) as rig:
        gateway.scopes = scopes
        await rig.reach(S.BLOCKED)
        assert rig.link.connection.problem is not None
        assert rig.link.connection.problem.title == "No permission to read"
        await rig.clock.advance(TEN_MINUTES_S)

        assert gateway.connections == 1


async def test_missing_scope_on_a_read_stops_too() -> None:
    def forbidden(_params: Any) -> None:
        raise RefusalError("INVALID_REQUEST", "missing scope: operator.read")

    async with FakeGateway(3) as gateway, running_link(gateway.url) as rig:
        gateway.answers["agents.list"] = forbidden
        await rig.reach(S.BLOCKED)

        assert rig.link.connection.problem is not None
        assert rig.link.connection.problem.title == "No permission to read"


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

        assert gateway.connect_params["auth"] == {"token": "shared"}
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
            assert rig.link.connection.problem is not None
            assert rig.link.connection.problem.title == "The token is wrong"


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

        assert rig.link.connection.problem is not None
        assert rig.link.connection.problem.title == "Not encrypted"
        assert "insecure = true" in rig.link.connection.problem.next_step


async def test_no_identity_no_connection() -> None:
    def broken() -> Identity:
        raise IdentityError("/data/identity.json: Permission denied")

    async with FakeGateway() as gateway, running_link(gateway.url, identity=broken) as rig:
        await rig.reach(S.BLOCKED)

        assert gateway.connections == 0
        assert rig.link.connection.problem is not None
        assert rig.link.connection.problem.title == "No identity"


async def test_the_problem_stays_readable_while_it_is_tried_again() -> None:
    async with FakeGateway() as gateway:
        gateway.close_at_once = (1012, "")
        async with running_link(gateway.url) as rig:
            await rig.reach(S.WAITING)
            gateway.close_at_once = None
            gateway.mute = {"connect"}
            await rig.clock.advance(1)
            await rig.reach(S.AUTHENTICATING)

            assert rig.link.connection.problem is not None
            assert rig.link.connection.problem.title == "Restarting"


async def test_the_end_of_the_app_closes_the_connection_with_a_word() -> None:
    async with FakeGateway() as gateway:
        async with running_link(gateway.url) as rig:
            await rig.live()
        await until(lambda: Counter(gateway.close_codes) == {1000: 1})
