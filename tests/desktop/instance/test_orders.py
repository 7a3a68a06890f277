"""A shell's order reaches the running app, and its outcome comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from cc_desktop.config.paths import find_paths
from cc_desktop.desktop.instance import order_client, single_instance
from cc_desktop.desktop.instance.order_client import NoAnswer, ask_app
from cc_desktop.desktop.instance.order_desk import OrderDesk
from cc_desktop.desktop.instance.single_instance import (
    InstanceMessage,
)
from cc_desktop.orders.order import Order, Outcome, Verb, pack_outcome
from tests.desktop.instance.test_single_instance import Fake, First, Peer
from tests.fakes.clock import settle
from tests.orders.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

ORDER = Order(verb=Verb.SEND, targets=("Rex",), text="Hi\nthere", answers={"a": ("1",)})


class UnexpectedError(Exception):
    """What nobody thought of."""


# The shell


@pytest.fixture
def place(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = runtime / "s"
    endpoint = single_instance.Endpoint(str(path), str(runtime / "lock"))
    monkeypatch.setattr(order_client, "find_endpoint", lambda _paths: endpoint)
    return path


def test_an_order_arrives_whole_and_its_outcome_comes_back(place: Path, tmp_path: Path) -> None:
    outcome = Outcome(code=1, err=("no",), out=("x" * 100_000,))
    fake = Fake(place, pack_outcome(outcome).decode() + "\n")
    long = msgspec.structs.replace(ORDER, text="ä" * 20_000)
    assert ask_app(find_paths(tmp_path), long, 20.0) == outcome
    message = msgspec.json.decode(fake.end(), type=InstanceMessage)
    assert message == InstanceMessage("order", order=long)


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("no\n", NoAnswer.OTHER),
        ("ok\n", NoAnswer.OTHER),
        ("{}}\n", NoAnswer.OTHER),
        ("", NoAnswer.SILENT),
        ("{", NoAnswer.SILENT),
        ("x" * 2_000 + "\n", NoAnswer.OTHER),
        ("x" * 900, NoAnswer.SILENT),
    ],
)
def test_what_is_no_outcome_is_told_apart(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reply: str, found: NoAnswer
) -> None:
    monkeypatch.setattr(order_client, "MAX_OUTCOME", 1_000)
    fake = Fake(place, reply)
    assert ask_app(find_paths(tmp_path), ORDER, 20.0) is found
    fake.end()


def test_an_app_that_hangs_is_not_waited_for_without_end(place: Path, tmp_path: Path) -> None:
    fake = Fake(place, "silent")
    assert ask_app(find_paths(tmp_path), ORDER, 0.2) is NoAnswer.SILENT
    fake.end()


def test_no_app_is_no_answer(runtime: Path, tmp_path: Path) -> None:
    assert ask_app(find_paths(tmp_path), ORDER) is NoAnswer.NOBODY


def test_a_place_without_a_private_directory_has_no_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_client, "find_endpoint", lambda _paths: None)
    assert ask_app(find_paths(tmp_path), ORDER) is NoAnswer.NOBODY


# The app


def test_the_server_hands_an_order_on_and_sends_the_outcome(first: First, qtbot: QtBot) -> None:
    first.answer = None
    long = msgspec.structs.replace(ORDER, text="x" * 60_000)
    peer = Peer(qtbot, first.endpoint)
    peer.say(msgspec.json.encode(InstanceMessage("order", order=long)) + b"\n")
    qtbot.waitUntil(lambda: bool(first.late))
    assert [message.order for message in first.asked] == [long]
    first.late[0](b'{"code":3}\n')
    assert peer.answer() == b'{"code":3}\n'


@pytest.mark.parametrize(
    "order",
    [b"{}", b'{"verb":"dance"}', b'"next"', b'{"verb":"seen","targets":["' + b"x" * 501 + b'"]}'],
)
def test_what_is_no_order_is_turned_away(first: First, qtbot: QtBot, order: bytes) -> None:
    peer = Peer(qtbot, first.endpoint)
    peer.say(b'{"command":"order","order":' + order + b"}\n")
    assert peer.answer() == b"no\n"
    assert first.asked == []


# In the app


async def test_the_desk_carries_out_an_order() -> None:
    world = World()
    told: list[bytes] = []
    OrderDesk(world).perform(Order(verb=Verb.STOP, targets=("Rex",)), told.append)
    await settle()
    [line] = told
    assert msgspec.json.decode(line, type=Outcome).out == ("Rex (Work) on One: Done",)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1


async def test_an_order_that_fails_is_told_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(World):
        def execute(self, command: object) -> str:
            raise UnexpectedError("hunter2")

    desk, told = OrderDesk(Broken()), list[bytes]()
    for _ in range(3):
        desk.perform(Order(verb=Verb.SEND, targets=("Rex",), text="hunter2"), told.append)
        await settle()
    assert [msgspec.json.decode(line, type=Outcome).code for line in told] == [70, 70, 70]
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1


async def test_an_app_that_ends_leaves_no_order_behind() -> None:
    world = World()
    world.end = lambda _gateway, _command: None
    desk, told = OrderDesk(world), list[bytes]()
    desk.perform(Order(verb=Verb.STOP, targets=("Rex",)), told.append)
    await settle()
    desk.stop()
    await settle()
    assert told == []
    assert not desk._tasks
