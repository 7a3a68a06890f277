from __future__ import annotations

import asyncio
import contextlib
import json
import random
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.system import update_check
from cc_desktop.system.update_check import DAY_S, MAX_BYTES, START_S, Update, UpdateCheck, is_newer
from tests.fakes.clock import FakeClock, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Memory:
    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def recall(self, key: str) -> Any:
        return self.kept.get(key)

    def remember(self, key: str, value: Any) -> None:
        self.kept[key] = value


class Server:
    """Answers every GET; `answers` by path, else what `body` says."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.head = "200 OK"
        self.headers: dict[str, str] = {}
        self.body: bytes = b""
        self.moved: dict[str, str] = {}
        self.silent = False
        self.url = ""

    def tells(self, version: object, **more: object) -> None:
        self.body = json.dumps({"version": version, **more}).encode()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = request.split()[1]
        self.asked.append(request)
        if self.silent:
            await reader.read()
            writer.close()
            return
        head, headers, body = self.head, dict(self.headers), self.body
        if path in self.moved:
            head, headers["Location"], body = "302 Found", self.moved[path], b""
        lines = [f"HTTP/1.1 {head}", "Connection: close"]
        lines += [f"{key}: {value}" for key, value in headers.items()]
        with contextlib.suppress(ConnectionError):
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/newest.json"
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


def check(url: str, memory: Memory, clock: FakeClock | None = None) -> UpdateCheck:
    return UpdateCheck(url, memory, clock or FakeClock(), random.Random(1), version="1.2.0")


async def asked(server: Server) -> Update | None:
    it = check(server.url, Memory())
    await it._ask()
    return it.found


# Versions


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("1.2.1", "1.2.0"),
        ("1.10.0", "1.9.9"),
        ("2", "1.99"),
        ("v1.3", "1.2"),
        ("1.2.0", "1.2.0rc1"),
        ("1.2.0rc2", "1.2.0rc1"),
        ("1.2.0rc1", "1.2.0b9"),
        ("1.2.0-beta.1", "1.2.0-alpha.2"),
        ("1.2.0a1", "1.2.0.dev5"),
        ("1.2.0.1", "1.2"),
    ],
)
def test_versions_are_compared_by_their_numbers(newer: str, older: str) -> None:
    assert is_newer(newer, older)
    assert not is_newer(older, newer)


@pytest.mark.parametrize("same", ["1.2", "v1.2.0", "1.2.0+build.7", "1.2.0.0"])
def test_the_same_version_is_not_newer(same: str) -> None:
    assert not is_newer(same, "1.2.0")
    assert not is_newer("1.2.0", same)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "latest",
        "1.2.x",
        "9" * 80,
        "9.9<b>",
        "-1",
        "99\n",
        " 99",
        "99\u202e",
        "99+<img src=x>",
        "99+\u202eevil",
        "99+\x1b[31m",
        "٩٩",
        "99\ud800",
        "99 .0",
    ],
)
def test_what_is_no_version_is_never_newer(text: str) -> None:
    assert not is_newer(text, "1.2.0")


# Asking


async def test_a_newer_version_is_found_with_its_page() -> None:
    async with serving() as server:
        server.tells("1.3.0", url="https://example.org/news", other=[1])

        assert await asked(server) == Update("1.3.0", "https://example.org/news")
        request = server.asked[0]
        assert "User-Agent: cc-desktop/" in request
        assert "Accept-Encoding: identity" in request


@pytest.mark.parametrize("version", ["1.2.0", "1.1.9", "1.2.0rc1", "newest"])
async def test_no_newer_version_is_no_news(version: str) -> None:
    async with serving() as server:
        server.tells(version)

        assert await asked(server) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https://me:pw@example.org/",
        "https://example.org/ x",
        "https://example.org/\u202e",
        "https://[",
        "https://example.org/" + "a" * 500,
    ],
)
async def test_a_page_that_is_not_https_is_not_offered(url: str) -> None:
    async with serving() as server:
        server.tells("1.3.0", url=url)

        assert await asked(server) == Update("1.3.0")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'{"version": 3}',
        b'{"url": "https://example.org/"}',
        b'{"version": "1.3.0", "url": 1}',
        b"\xff\xfe",
        b"[" * 10_000,
        b'{"version": "1.3.0"}' + b" " * MAX_BYTES,
        b'{"version": "1.3.0", "more": ' + b"[" * 8_000,
        b'{"version": "1.3.0", "more": ' + b'{"a":' * 3_000,
        b'{"version": "1.3.0\\n"}',
        b'{"version": "99+\\u202eevil"}',
        b'{"version": "99\\ud800"}',
    ],
)
async def test_answers_of_no_use_are_no_news(body: bytes) -> None:
    async with serving() as server:
        server.body = body

        assert await asked(server) is None
        assert len(server.asked) == 1


@pytest.mark.parametrize("head", ["404 Not Found", "500 Oops", "401 No", "204 No Content"])
async def test_an_error_is_no_news(head: str) -> None:
    async with serving() as server:
        server.head = head
        server.tells("1.3.0")

        assert await asked(server) is None


async def test_a_redirect_on_the_same_server_is_followed() -> None:
    async with serving() as server:
        server.moved = {"/newest.json": "/a", "/a": "b"}
        server.tells("1.3.0")

        assert await asked(server) == Update("1.3.0")


async def test_redirects_end() -> None:
    async with serving() as server:
        server.moved = {"/newest.json": "/newest.json"}

        assert await asked(server) is None
        assert len(server.asked) == update_check.MAX_REDIRECTS + 1


async def test_a_redirect_to_another_server_is_not_followed() -> None:
    async with serving() as server, serving() as other:
        other.tells("1.3.0")
        server.moved = {"/newest.json": other.url}

        assert await asked(server) is None
        assert other.asked == []


async def test_a_compressed_answer_is_not_read() -> None:
    async with serving() as server:
        server.headers = {"Content-Encoding": "gzip"}
        server.tells("1.3.0")

        assert await asked(server) is None


async def test_a_server_that_is_silent_or_gone_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_check, "TIMEOUT_S", 0.2)
    async with serving() as server:
        server.silent = True
        assert await asked(server) is None
    assert await asked(server) is None


# When


async def test_it_asks_some_time_after_the_start_and_once_a_day() -> None:
    clock, memory = FakeClock(), Memory()
    told: list[str] = []
    async with serving() as server:
        server.tells("1.3.0")
        it = check(server.url, memory, clock)
        task = asyncio.create_task(it.run(lambda: told.append("found")))

        await clock.advance(START_S[0] - 1)
        assert server.asked == []
        await clock.advance(START_S[1] - START_S[0] + 1)
        await until(lambda: told, "the news")
        assert len(server.asked) == 1

        await clock.advance(DAY_S - START_S[1])
        assert len(server.asked) == 1
        await clock.advance(START_S[1])
        await until(lambda: len(server.asked) == 2, "the next day")
        await until(lambda: clock.sleeping, "the answer")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert told == ["found"]  # the same version is told once


async def test_a_restart_remembers_what_was_heard_and_does_not_ask_again() -> None:
    clock, memory = FakeClock(), Memory()
    async with serving() as server:
        server.tells("1.3.0")
        await check(server.url, memory, clock)._ask()

        again = check(server.url, memory, clock)
        assert again.found == Update("1.3.0")
        task = asyncio.create_task(again.run(lambda: None))
        await clock.advance(START_S[1] + 3600)
        assert len(server.asked) == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_failure_is_not_asked_again_before_the_next_day() -> None:
    clock, memory = FakeClock(), Memory()
    async with serving() as server:
        server.head = "500 Oops"
        task = asyncio.create_task(check(server.url, memory, clock).run(lambda: None))
        await clock.advance(START_S[1])
        await until(lambda: server.asked, "the question")
        await until(lambda: clock.sleeping, "the answer")
        await clock.advance(3600)
        assert len(server.asked) == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Unexpected(Exception):  # noqa: N818 - what nobody has thought of has no such name
    """Raised where nobody expects it."""


@pytest.mark.parametrize("place", ["recall", "remember", "_fetch", "on_found"])
async def test_what_nobody_expected_ends_neither_the_check_nor_its_schedule(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    clock, memory = FakeClock(), Memory()
    failing = True
    told: list[str] = []

    def fail(*_args: object) -> Any:
        if failing:
            raise Unexpected
        return None

    async def fetch(_url: str) -> Any:
        if place == "_fetch":
            fail()
        return SimpleNamespace(version="1.3.0" if failing else "1.4.0", url="")

    def on_found() -> None:
        if place == "on_found":
            fail()
        told.append("found")

    if place in ("recall", "remember"):
        real = getattr(memory, place)
        monkeypatch.setattr(memory, place, lambda *args: fail(*args) or real(*args))
    monkeypatch.setattr(update_check, "_fetch", fetch)
    task = asyncio.create_task(check("https://h/", memory, clock).run(on_found))
    await clock.advance(START_S[1])
    for _ in range(3):
        await clock.advance(DAY_S)
    assert not task.done()
    assert told == []
    assert [record.levelname for record in caplog.records] == ["ERROR"]

    failing = False
    await clock.advance(DAY_S)
    await until(lambda: told, "the news")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_proxy_that_cannot_be_used_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://h:1")
    monkeypatch.setenv("https_proxy", "socks5://h:1")
    it = check("https://h.invalid/", Memory())

    await it._ask()

    assert it.found is None


def test_what_is_remembered_is_shown_in_its_normal_form() -> None:
    memory = Memory()
    memory.kept["update"] = {"asked_url": "https://h/", "version": "V1.3.0-RC.1", "url": ""}

    assert check("https://h/", memory).found == Update("1.3.0rc1")


async def test_another_address_is_asked_anew_and_old_news_are_forgotten() -> None:
    memory = Memory()
    async with serving() as server:
        server.tells("1.3.0")
        await check(server.url, memory)._ask()

    other = check("https://example.org/", memory)
    assert other.found is None
    assert other._due_s() == 0


async def test_a_clock_that_was_set_back_does_not_stop_the_questions() -> None:
    memory, clock = Memory(), FakeClock()
    memory.kept["update"] = {"asked": clock.now_ms() + 10**9, "asked_url": "https://h/"}

    assert check("https://h/", memory, clock)._due_s() == 0


@pytest.mark.parametrize(
    "kept",
    [
        7,
        {"version": 3},
        {"asked_url": "https://h/", "asked": 10**400},
        {"asked_url": "https://h/", "version": 3, "asked": "x"},
    ],
)
def test_what_was_remembered_may_be_anything(kept: object) -> None:
    memory = Memory()
    memory.kept["update"] = kept

    it = check("https://h/", memory)
    assert it.found is None
    assert it._due_s() == 0


def test_after_the_update_the_news_are_old() -> None:
    memory = Memory()
    memory.kept["update"] = {"asked_url": "https://h/", "version": "1.2.0", "url": ""}

    assert check("https://h/", memory).found is None
