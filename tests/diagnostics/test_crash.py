"""What nobody caught is logged, once, and ends nothing."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.diagnostics.crash import CrashHook, details, headline

if TYPE_CHECKING:
    from collections.abc import Iterator


class UnexpectedError(Exception):
    """Nobody has thought of this one."""


@pytest.fixture
def hook() -> Iterator[CrashHook]:
    made = CrashHook()
    made.install()
    yield made
    made.remove()


def call_excepthook(error: BaseException) -> None:
    sys.excepthook(type(error), error, error.__traceback__)


def test_an_exception_is_logged_once(hook: CrashHook, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(50):
        call_excepthook(UnexpectedError("why"))

    assert len([record for record in caplog.records if record.exc_info]) == 1
    assert "why" in caplog.text


def test_ctrl_c_goes_where_it_went(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, *_: seen.append(kind))
    hook = CrashHook()
    hook.install()
    call_excepthook(KeyboardInterrupt())
    hook.remove()

    assert seen == [KeyboardInterrupt]


def test_an_exception_of_a_thread_is_logged(
    hook: CrashHook, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise UnexpectedError

    thread = threading.Thread(target=fail, name="keyring")
    thread.start()
    thread.join()

    assert "thread keyring: internal error" in caplog.text
    assert "UnexpectedError" in caplog.text


def test_an_exception_of_a_finalizer_is_logged(
    hook: CrashHook, caplog: pytest.LogCaptureFixture
) -> None:
    class Bad:
        def __del__(self) -> None:
            raise UnexpectedError

    Bad()
    gc.collect()

    assert "UnexpectedError" in caplog.text


async def test_what_the_loop_cannot_deliver_is_logged(
    hook: CrashHook, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise UnexpectedError

    loop = asyncio.get_running_loop()
    hook.watch_loop(loop)
    try:
        loop.call_soon(fail)
        loop.call_exception_handler({"message": "odd"})
        loop.call_exception_handler({"message": "odd"})
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    finally:
        loop.set_exception_handler(None)

    assert "UnexpectedError" in caplog.text
    assert caplog.text.count("event loop: odd") == 1


def test_the_hooks_are_given_back() -> None:
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    hook = CrashHook()
    hook.install()
    hook.install()
    assert sys.excepthook != before[0]
    hook.remove()
    hook.remove()

    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before


def test_the_details_have_the_traceback_and_no_secret() -> None:
    Token("very-secret-token")
    try:
        raise UnexpectedError("sent very-secret-token to\nthe gateway")
    except UnexpectedError as error:
        whole, line = details(error), headline(error)

    assert "very-secret-token" not in whole + line
    assert "in test_the_details_have_the_traceback_and_no_secret" in whole
    assert "Python" in whole
    assert line == "UnexpectedError: sent [redacted] to the gateway"
    assert headline(UnexpectedError()) == "UnexpectedError"
