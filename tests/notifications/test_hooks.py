"""The operator's own program is run for each notice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from cc_desktop.fleet.store import Store
from cc_desktop.notifications import hooks
from cc_desktop.notifications.alerts import Alert
from cc_desktop.notifications.hooks import Ended, HookRunner, run_program
from cc_desktop.notifications.kinds import AlertKind
from cc_desktop.notifications.message import Target
from cc_desktop.system.environment import SECRET_NAMES
from cc_desktop.text.notifications import hook_words
from tests.fakes.clock import FakeClock
from tests.orders.world import NOW, World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

COMMAND = ("notify", "--now")


class UnexpectedError(Exception):
    """What nobody thought of."""


def alert(tag: str = "t", item: str = "") -> Alert:
    target = Target((("one", "a"),), item=item)
    return Alert(AlertKind.APPROVAL, tag, "Rex", target, "one", "a", detail="make deploy")


class Program:
    """Stands for a program: it ends when a test lets it."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.commands: list[tuple[str, ...]] = []
        self.may_end = threading.Event()
        self.may_end.set()
        self.ended: Ended | Exception = ("exit", 0, "")
        self.now = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, command: Sequence[str], data: bytes) -> Ended:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.got.append(data)
            self.commands.append(tuple(command))
        self.may_end.wait(20)
        with self.lock:
            self.now -= 1
        if isinstance(self.ended, Exception):
            raise self.ended
        return self.ended


@pytest.fixture
def program() -> Program:
    return Program()


@pytest.fixture
async def runner(program: Program) -> HookRunner:
    made = HookRunner(FakeClock(NOW), program)
    made.configure(COMMAND)
    return made


async def results(runner: HookRunner, count: int, do: Callable[[], object]) -> None:
    """Do something, and wait until so many programs have ended."""
    ended = asyncio.Semaphore(0)
    runner.on_result = ended.release
    do()
    for _ in range(count):
        await asyncio.wait_for(ended.acquire(), 20)


async def test_a_notice_is_json_on_stdin(runner: HookRunner, program: Program) -> None:
    world = World()
    item = world.ask_approval()
    await results(runner, 1, lambda: runner.tell(world.store.fleet, alert(item=item.id)))
    assert program.commands == [COMMAND]
    [line] = program.got
    told = json.loads(line)
    assert line.endswith(b"\n")
    assert (told["id"], told["kind"], told["gateway_name"]) == (item.id, "approval", "One")
    assert told["title"].startswith("Rex")
    assert runner.last == hooks.HookResult(NOW)
    assert not runner.last.is_failure


async def test_what_is_no_open_item_has_the_same_fields(
    runner: HookRunner, program: Program
) -> None:
    world = World()
    item = world.ask_approval()
    gone = Alert(AlertKind.DEVICE_GONE, "d", "Pi", Target(devices=True), "gone")
    await results(runner, 1, lambda: runner.tell(world.store.fleet, alert(item=item.id)))
    await results(runner, 1, lambda: runner.tell(world.store.fleet, gone))
    one, other = map(json.loads, program.got)
    assert one.keys() == other.keys()
    assert (other["kind"], other["gateway"], other["severity"]) == ("device-gone", "gone", "news")


async def test_an_alert_that_is_shown_again_is_not_told_again(
    runner: HookRunner, program: Program
) -> None:
    fleet = Store(lambda: NOW).fleet
    first, again = alert(), alert()

    def tell() -> None:
        for one in (first, first, again):
            runner.tell(fleet, one)

    await results(runner, 2, tell)
    assert len(program.got) == 2


async def test_only_some_run_at_once_and_a_flood_drops_the_oldest(
    runner: HookRunner, program: Program
) -> None:
    fleet = Store(lambda: NOW).fleet
    program.may_end.clear()
    total = hooks.AT_ONCE + hooks.WAITING

    def flood() -> None:
        for number in range(total + 5):
            runner.tell(fleet, alert(str(number)))
        program.may_end.set()

    await results(runner, total, flood)
    assert program.most <= hooks.AT_ONCE
    assert len(program.got) == total
    assert runner.dropped == 5


@pytest.mark.parametrize(
    "ended",
    [("exit", 3, ""), ("no-start", 0, "No such file"), ("timed-out", 0, ""), UnexpectedError()],
    ids=repr,
)
async def test_a_program_that_fails_is_logged_once_and_seen(
    runner: HookRunner,
    program: Program,
    caplog: pytest.LogCaptureFixture,
    ended: Ended | Exception,
) -> None:
    program.ended = ended
    fleet = Store(lambda: NOW).fleet

    def tell() -> None:
        for number in range(3):
            runner.tell(fleet, alert(str(number)))

    await results(runner, 3, tell)
    assert runner.last is not None
    assert runner.last.is_failure
    assert len(caplog.records) == 1
    assert "make deploy" not in caplog.text


async def test_nothing_runs_where_nothing_is_set(runner: HookRunner, program: Program) -> None:
    runner.configure(())
    runner.tell(Store(lambda: NOW).fleet, alert())
    assert program.got == []
    assert runner.program == ""


def test_a_real_program_gets_its_words_and_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    for name in SECRET_NAMES:
        monkeypatch.setenv(name, "s3cret")
    source = "import os,sys; open(sys.argv[1],'w').write(sys.stdin.read()+repr(dict(os.environ)))"
    ended = run_program((sys.executable, "-c", source, str(out), "$(touch x)"), b'{"a": 1}\n')
    assert ended == ("exit", 0, "")
    assert out.read_text().startswith('{"a": 1}\n')
    assert "s3cret" not in out.read_text()


def is_alive(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_a_program_that_takes_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    source = (
        "import subprocess,sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[1], 'w').write(str(child.pid))\n"
        "child.wait()"
    )
    program = (sys.executable, "-c", source, str(mark))
    limit_s = 2.0  # long enough to start it
    assert run_program(program, b"", limit_s) == ("timed-out", 0, "")
    child = int(mark.read_text())
    deadline = time.monotonic() + 20  # the system takes a moment to bury it
    while is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_program_that_is_not_there_and_one_that_reads_nothing() -> None:
    assert run_program(("/no/such/program",), b"")[0] == "no-start"
    assert run_program(("bad\0name",), b"")[0] == "no-start"
    assert run_program((sys.executable, "-c", ""), b"x" * 1_000_000) == ("exit", 0, "")


def test_settings_say_how_it_went() -> None:
    assert "did not run" in hook_words("notify", None)
    assert "without a fault" in hook_words("notify", ("exit", 0, "", "14:02"))
    assert "exit code 3" in hook_words("notify", ("exit", 3, "", "14:02"))
    assert "too long" in hook_words("notify", ("timed-out", 0, "", "14:02"))
    assert "No such file" in hook_words("notify", ("no-start", 0, "No such file", "14:02"))
