from __future__ import annotations

import asyncio
import contextlib
import gc
import json
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.gateway import dialing
from cc_desktop.gateway.connection import GatewayConnection
from cc_desktop.gateway.dialing import open_connection
from cc_desktop.gateway.failures import (
    CannotConnectError,
    ConnectionLostError,
    Failure,
    FailureKind,
    RequestFailedError,
    RequestTimeoutError,
    classify,
)
from cc_desktop.system.network import is_loopback
from tests.fakes.clock import FakeClock, settle, until
from tests.fakes.gateway import FakeGateway, RefusalError, refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cc_desktop.protocol.frames import EventFrame

DIALECTS = [pytest.param(0, id="seed"), pytest.param(3, id="v3"), pytest.param(4, id="v4")]


class Talk:
    """An open session, what it heard, and why it ended."""

    def __init__(
        self, session: GatewayConnection, clock: FakeClock, events: list[EventFrame]
    ) -> None:
        self.session = session
        self.clock = clock
        self.events = events
        self.reader = asyncio.create_task(session.run())

    @property
    def names(self) -> list[str]:
        return [event.event for event in self.events]

    async def failure(self) -> Failure:
        await until(self.reader.done, "the end of the connection")
        return self.reader.result()


@contextlib.asynccontextmanager
async def talking(gateway: FakeGateway, clock: FakeClock | None = None) -> AsyncIterator[Talk]:
    clock = clock or FakeClock()
    events: list[EventFrame] = []
    session = await open_connection(gateway.url, lambda _challenge: {}, clock, events.append)
    talk = Talk(session, clock, events)
    try:
        yield talk
    finally:
        talk.reader.cancel()
        await asyncio.gather(talk.reader, return_exceptions=True)
        await session.close()


async def fails_to_open(url: str, clock: FakeClock | None = None) -> Failure:
    with pytest.raises(CannotConnectError) as caught:
        await open_connection(url, lambda _challenge: {}, clock or FakeClock(), lambda _event: None)
    return caught.value.failure


# The handshake


@pytest.mark.parametrize("protocol", DIALECTS)
async def test_both_dialects_let_us_in_and_answer(protocol: int) -> None:
    async with FakeGateway(protocol) as gateway, talking(gateway) as talk:
        gateway.add_agent("otto")

        payload = await talk.session.request("agents.list", {})

        assert payload["agents"] == [{"id": "otto"}]
        assert talk.session.hello.protocol == protocol
        assert talk.session.hello.conn_id == "c-1"


async def test_events_before_hello_ok_are_handed_on() -> None:
    async with FakeGateway() as gateway:
        gateway.early = [("health", {"ok": True}), ("presence", {"presence": []})]
        async with talking(gateway) as talk:
            assert talk.names == ["health", "presence"]


async def test_garbage_before_the_challenge_is_skipped() -> None:
    async with FakeGateway() as gateway:
        gateway.noise = ["{", b"\xff\xfe", "[]", '{"type":"event"}', "x" * 70_000]
        async with talking(gateway) as talk:
            assert talk.session.hello.protocol == 4


async def test_a_gateway_that_says_nothing_is_given_up_after_ten_seconds() -> None:
    clock = FakeClock()
    async with FakeGateway() as gateway:
        gateway.silent = True
        trying = asyncio.create_task(fails_to_open(gateway.url, clock))

        await clock.advance(9.9)
        assert not trying.done()
        await clock.advance(0.2)
        failure = await asyncio.wait_for(trying, 5)

    assert classify(failure).kind == "silent"


async def test_a_gateway_that_never_answers_connect_is_given_up_too() -> None:
    clock = FakeClock()
    async with FakeGateway() as gateway:
        gateway.mute = {"connect"}
        trying = asyncio.create_task(fails_to_open(gateway.url, clock))
        await clock.advance(10.1)

        assert classify(await asyncio.wait_for(trying, 5)).kind == "silent"


async def test_the_error_before_a_close_is_what_is_told() -> None:
    async with FakeGateway() as gateway:
        gateway.refusal = lambda _params: refused("AUTH_TOKEN_MISSING")

        failure = await fails_to_open(gateway.url)

    assert failure.error is not None
    assert failure.error.detail_code == "AUTH_TOKEN_MISSING"


@pytest.mark.parametrize("code", [1002, 1008, 1012])
async def test_a_close_without_an_error_keeps_its_code(code: int) -> None:
    async with FakeGateway() as gateway:
        gateway.close_at_once = (code, "words")

        failure = await fails_to_open(gateway.url)

    assert (failure.close_code, failure.close_reason) == (code, "words")


async def test_a_proxy_s_refusal_keeps_status_words_and_wait() -> None:
    async with FakeGateway() as gateway:
        body = json.dumps({"error": {"message": "untrusted proxy"}})
        gateway.http = (429, body, {"Retry-After": "17"})

        failure = await fails_to_open(gateway.url)

    assert failure.http_status == 429
    assert failure.http_message == "untrusted proxy"
    assert failure.retry_after_ms == 17_000


@pytest.mark.parametrize("body", ["", "<html>no</html>", "[]", '{"error": 7}', '{"error": "no"}'])
async def test_any_body_of_a_refusal_will_do(body: str) -> None:
    async with FakeGateway() as gateway:
        gateway.http = (403, body, {})

        assert classify(await fails_to_open(gateway.url)).kind == "forbidden"


async def test_nobody_listens() -> None:
    async with FakeGateway() as gateway:
        url = gateway.url

    assert classify(await fails_to_open(url)).kind == "unreachable"


async def test_something_else_listens() -> None:
    async def other(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(other, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]

        assert classify(await fails_to_open(f"ws://127.0.0.1:{port}/")).kind == "not-a-gateway"


# Requests


async def test_two_answers_to_one_id_are_one() -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        gateway.twice = {"agents.list", "sessions.list"}

        await talk.session.request("agents.list", {})
        second = await talk.session.request("sessions.list", {})

        assert "sessions" in second
        assert talk.session.skipped == 0


async def test_answers_may_overtake_each_other() -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        hold = gateway.hold("agents.list")
        first = asyncio.create_task(talk.session.request("agents.list", {}))
        await until(hold.reached.is_set)
        second = await talk.session.request("sessions.list", {})
        hold.release.set()

        assert "agents" in await first
        assert "sessions" in second


async def test_an_error_has_code_and_message() -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        with pytest.raises(RequestFailedError) as caught:
            await talk.session.request("nonsense")

    assert caught.value.failure.error is not None
    assert caught.value.failure.error.code == "INVALID_REQUEST"


async def test_the_seed_s_error_codes_are_numbers() -> None:
    async with FakeGateway(0) as gateway, talking(gateway) as talk:
        with pytest.raises(RequestFailedError) as caught:
            await talk.session.request("sessions.subscribe", {})

    assert caught.value.failure.error is not None
    assert caught.value.failure.error.code == "-32601"


async def test_a_request_without_an_answer_ends_after_its_deadline() -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        gateway.mute = {"agents.list"}
        asking = asyncio.create_task(talk.session.request("agents.list", {}, timeout_s=12.0))
        await talk.clock.advance(11.9)
        assert not asking.done()
        await talk.clock.advance(5.0)  # the sweeper looks every 5 s

        with pytest.raises(RequestTimeoutError):
            await asyncio.wait_for(asking, 5)
        assert talk.session.pending == 0


async def test_requests_under_way_fail_when_the_connection_goes() -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        gateway.mute = {"agents.list"}
        asking = asyncio.create_task(talk.session.request("agents.list", {}))
        await until(lambda: gateway.count("agents.list"))
        gateway.drop()

        with pytest.raises(ConnectionLostError):
            await asyncio.wait_for(asking, 5)
        assert (await talk.failure()).kind == "lost"


async def test_a_request_after_the_end_fails_at_once() -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        gateway.drop()
        await talk.failure()

        with pytest.raises(ConnectionLostError):
            await talk.session.request("agents.list", {})


async def test_an_answer_to_a_request_that_has_just_timed_out_is_no_harm() -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        gateway.mute = {"agents.list"}
        asking = asyncio.create_task(talk.session.request("agents.list", {}))
        await until(lambda: talk.session._pending)
        ((ident, pending),) = talk.session._pending.items()
        pending.future.set_exception(RequestTimeoutError(Failure(kind=FailureKind.SILENT)))
        talk.session.handle_message(
            json.dumps({"type": "res", "id": ident, "ok": True, "payload": 1})
        )

        with pytest.raises(RequestTimeoutError):
            await asking


async def test_a_cancelled_request_leaves_nothing_behind() -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        gateway.mute = {"agents.list"}
        asking = asyncio.create_task(talk.session.request("agents.list", {}))
        await until(lambda: gateway.count("agents.list"))
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

        assert talk.session.pending == 0


async def test_a_request_that_could_not_even_be_sent_leaves_no_complaint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, about: complaints.append(about))

    async def blocked(_message: object) -> None:
        await asyncio.Event().wait()

    async with FakeGateway() as gateway, talking(gateway) as talk:
        monkeypatch.setattr(talk.session._channel, "send", blocked)
        asking = asyncio.create_task(talk.session.request("agents.list", {}))
        await until(lambda: talk.session.pending)
        gateway.drop()
        with pytest.raises(ConnectionLostError):
            await asyncio.wait_for(asking, 5)
    async with FakeGateway() as gateway, talking(gateway) as talk:
        monkeypatch.setattr(talk.session._channel, "send", blocked)
        asking = asyncio.create_task(talk.session.request("agents.list", {}))
        await until(lambda: talk.session.pending)
        (ident,) = talk.session._pending
        error = {"code": "NO", "message": "no"}
        talk.session.handle_message(
            json.dumps({"type": "res", "id": ident, "ok": False, "error": error})
        )
        asking.cancel()  # in the same turn: nobody will look at the answer
        await asyncio.gather(asking, return_exceptions=True)
    del asking
    gc.collect()
    await settle()

    assert complaints == []


async def test_a_request_that_cannot_be_sent_ends_after_its_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def blocked(_message: object) -> None:
        await asyncio.Event().wait()

    async with FakeGateway() as gateway, talking(gateway) as talk:
        monkeypatch.setattr(talk.session._channel, "send", blocked)
        asking = asyncio.create_task(talk.session.request("agents.list", {}, timeout_s=12.0))
        await talk.clock.advance(17.0)

        with pytest.raises(RequestTimeoutError):
            await asyncio.wait_for(asking, 5)


async def test_a_cancellation_is_not_lost_while_the_reader_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaving = asyncio.Event()

    async def slow_to_go(_self: GatewayConnection) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            leaving.set()
            await asyncio.sleep(0.01)

    monkeypatch.setattr(GatewayConnection, "_enforce_deadlines", slow_to_go)
    async with FakeGateway() as gateway, talking(gateway) as talk:
        await settle()
        gateway.drop()
        await leaving.wait()
        talk.reader.cancel()

        with pytest.raises(asyncio.CancelledError):
            await talk.reader


async def test_a_mistake_in_the_deadlines_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(_self: GatewayConnection) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(GatewayConnection, "_enforce_deadlines", broken)
    async with FakeGateway() as gateway, talking(gateway) as talk:
        with pytest.raises(ZeroDivisionError):
            await talk.reader


# Messages


async def test_garbage_is_counted_and_the_connection_goes_on() -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        for message in ("{", "null", b"\x00\xff", '{"type":"res"}', "[" * 5000):
            await gateway.raw(message)
        await gateway.raw('{"type":"surprise","from":"the future"}')
        await gateway.tick()
        await until(lambda: talk.names == ["tick"])

        assert talk.session.skipped == 5
        assert "agents" in await talk.session.request("agents.list", {})


async def test_a_handler_that_fails_does_not_end_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_event: EventFrame) -> None:
        raise RuntimeError("boom")

    async with FakeGateway() as gateway:
        session = await open_connection(gateway.url, lambda _challenge: {}, FakeClock(), broken)
        reader = asyncio.create_task(session.run())
        for _ in range(30):
            await gateway.tick()

        assert "agents" in await session.request("agents.list", {})
        await until(lambda: session.failed_events == 30)
        assert caplog.text.count("Traceback") == 1
        assert len(caplog.records) == 2  # the first, and the tenth
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def test_a_frame_of_many_megabytes_is_read() -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        gateway.add_agent("otto", workspace="w" * 3_000_000)

        payload = await talk.session.request("agents.list", {})

        assert len(payload["agents"][0]["workspace"]) == 3_000_000


# The end


async def test_a_restart_tells_what_it_said() -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        await gateway.shut_down(1500)
        failure = await talk.failure()

        assert classify(failure).kind == "restarting"
        assert talk.session.restart_expected_ms == 1500


async def test_closing_says_goodbye() -> None:
    async with FakeGateway() as gateway:
        async with talking(gateway):
            pass
        await until(lambda: gateway.close_codes == [1000])


async def test_ticks_keep_the_connection_alive() -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        for _ in range(10):
            await talk.clock.advance(30)
            await gateway.tick()
            await settle()

        assert not talk.reader.done()


async def test_silence_of_two_ticks_is_a_dead_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        await talk.clock.advance(54)
        assert not talk.reader.done()
        await talk.clock.advance(12)

        assert (await talk.failure()).kind == "silent"
        await until(lambda: gateway.close_codes == [4000])


async def test_a_half_open_connection_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialing, "CLOSE_TIMEOUT_S", 0.05)
    async with FakeGateway() as gateway, talking(gateway) as talk:
        gateway.freeze()
        await talk.clock.advance(66)

        assert (await talk.failure()).kind == "silent"


async def test_pongs_keep_a_gateway_without_ticks_alive() -> None:
    async with FakeGateway(0) as gateway, talking(gateway) as talk:
        await talk.clock.advance(300)

        assert not talk.reader.done()


async def test_a_frozen_gateway_without_ticks_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialing, "CLOSE_TIMEOUT_S", 0.05)
    async with FakeGateway(0) as gateway, talking(gateway) as talk:
        gateway.freeze()
        await talk.clock.advance(70)

        assert (await talk.failure()).kind == "silent"


async def test_a_request_that_ends_a_scope_is_not_the_end_of_the_connection() -> None:
    def forbidden(_params: Any) -> None:
        raise RefusalError("FORBIDDEN", details={"code": "MISSING_SCOPE"})

    async with FakeGateway() as gateway, talking(gateway) as talk:
        gateway.answers["sessions.list"] = forbidden
        with pytest.raises(RequestFailedError):
            await talk.session.request("sessions.list", {})

        assert "agents" in await talk.session.request("agents.list", {})


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("ws://localhost:18789/", True),
        ("ws://127.0.0.1/", True),
        ("ws://127.8.8.8:1/", True),
        ("ws://[::1]:18789/", True),
        ("http://LOCALHOST/", True),
        ("ws://127.evil.example/", False),
        ("ws://localhost.evil.example/", False),
        ("ws://192.168.1.2/", False),
        ("wss://gateway.example/", False),
        ("ws://user:localhost@evil.example/", False),
    ],
)
def test_what_is_this_machine(url: str, here: bool) -> None:
    assert is_loopback(url) is here


async def test_what_cannot_be_written_leaves_no_request_behind() -> None:
    async with FakeGateway() as gateway, talking(gateway) as talk:
        with pytest.raises(UnicodeError):
            await talk.session.request("chat.send", {"message": "\ud800"})
        assert talk.session._pending == {}
