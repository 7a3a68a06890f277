"""The first's ears, and what a later start hears from a first that is not as it should be."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QLockFile

from cc_desktop.config.paths import find_paths
from cc_desktop.desktop import single_instance
from cc_desktop.desktop.single_instance import (
    MAX_BYTES,
    MAX_GUESTS,
    Claim,
    HandOver,
    InstanceMessage,
    InstanceServer,
    Place,
    activation_token,
    ask,
    claim,
    find_place,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="sockets in a directory"),
    pytest.mark.usefixtures("qapp"),
]


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with a path that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="cc-") as directory:
        monkeypatch.setenv("XDG_RUNTIME_DIR", directory)
        yield Path(directory)


class First:
    """One that listens, and what it was asked for."""

    def __init__(self, config: Path) -> None:
        held = claim(find_paths(config), InstanceMessage("show"))
        assert isinstance(held, Claim)
        assert held.place is not None
        self.place: Place = held.place
        self.asked: list[InstanceMessage] = []
        self.server = InstanceServer(held)
        self.server.asked.connect(self.asked.append)
        assert self.server.start()


@pytest.fixture
def first(runtime: Path, tmp_path: Path) -> Iterator[First]:
    it = First(tmp_path)
    yield it
    it.server.stop()


class Guest:
    """Somebody who connects."""

    def __init__(self, qtbot: QtBot, place: Place) -> None:
        self._qtbot = qtbot
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(place.socket)
        self._socket.setblocking(False)
        self.heard = b""
        self.ended = False

    def say(self, data: bytes) -> None:
        self._socket.send(data)

    def _listen(self) -> bool:
        try:
            data = self._socket.recv(100)
        except BlockingIOError:
            return False
        except ConnectionError:
            data = b""
        self.heard += data
        self.ended = not data
        return self.ended

    def answer(self) -> bytes:
        """All that it hears until the other side ends it."""
        self._qtbot.waitUntil(self._listen, timeout=5_000)
        self._socket.close()
        return self.heard


SHOW = b'{"command":"show","version":1}\n'


# Where they meet


def test_users_and_configurations_are_apart(runtime: Path, tmp_path: Path) -> None:
    one, two = find_place(find_paths(tmp_path / "a")), find_place(find_paths(tmp_path / "b"))

    assert one is not None
    assert two is not None
    assert one.socket != two.socket
    assert one.lock != two.lock
    assert Path(one.socket).parent == runtime


def test_the_same_configuration_by_another_path_is_the_same(
    runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)

    places = {find_place(find_paths(Path(way))) for way in ("real", "./link", "real/../link")}
    assert places == {find_place(find_paths(tmp_path / "real"))}


def test_a_directory_that_others_can_enter_is_not_used(
    runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime.chmod(0o755)
    own = tmp_path / "t"
    own.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    monkeypatch.setattr(single_instance, "MAX_SOCKET_PATH", 1000)

    place = find_place(find_paths(tmp_path), {"XDG_RUNTIME_DIR": str(runtime)})
    assert place is not None
    directory = Path(place.socket).parent
    assert directory != runtime
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_path_that_is_too_long_is_no_place_and_nobody_is_kept_out(
    runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_instance, "MAX_SOCKET_PATH", 10)

    assert find_place(find_paths(tmp_path)) is None
    held = claim(find_paths(tmp_path), InstanceMessage("show"))
    assert held == Claim()
    assert not InstanceServer(Claim()).start()


def test_only_the_user_can_reach_the_socket(first: First) -> None:
    assert stat.S_IMODE(Path(first.place.socket).stat().st_mode) == 0o700


# The first


def test_a_message_is_heard_and_answered(first: First, qtbot: QtBot) -> None:
    guest = Guest(qtbot, first.place)
    guest.say(
        b'{"command":"open","version":1,"target":"cc-desktop://agent/a/b",'
        b'"activation_token":"t","later":[1]}\n'
    )

    assert guest.answer() == b"ok\n"
    assert first.asked == [InstanceMessage("open", "cc-desktop://agent/a/b", "t")]


def test_a_message_may_come_in_pieces(first: First, qtbot: QtBot) -> None:
    guest = Guest(qtbot, first.place)
    guest.say(SHOW[:7])
    qtbot.wait(20)
    assert first.asked == []
    guest.say(SHOW[7:])

    assert guest.answer() == b"ok\n"
    assert first.asked == [InstanceMessage("show")]


def test_a_guest_that_went_before_the_answer_is_heard_all_the_same(
    first: First, qtbot: QtBot
) -> None:
    guest = Guest(qtbot, first.place)
    guest.say(SHOW)
    guest._socket.close()

    qtbot.waitUntil(lambda: len(first.asked) == 1)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0\xff\xfe\n",
        b"{}\n",
        b"[]\n",
        b'{"command":"quit","version":1}\n',
        b'{"command":"show","version":2}\n',
        b'{"command":"show","version":"1"}\n',
        b'{"command":"open","version":1,"target":7}\n',
        b'{"command":"show","version":1,"activation_token":"a\\u0000b"}\n',
        b'{"command":"show","version":1,"activation_token":"' + b"a" * 600 + b'"}\n',
        b"[" * 8_000 + b"\n",
        b"a" * (MAX_BYTES + 1),
        b'{"command":"show","version":1,"target":"' + b"a" * 100_000,
    ],
)
def test_garbage_is_turned_away(garbage: bytes, first: First, qtbot: QtBot) -> None:
    guest = Guest(qtbot, first.place)
    guest.say(garbage)

    # Who still sends when the other end closes hears of a broken connection and of nothing else.
    assert guest.answer() in (b"no\n", b"")
    assert first.asked == []
    good = Guest(qtbot, first.place)
    good.say(SHOW)
    assert good.answer() == b"ok\n"


def test_who_says_nothing_is_sent_away(
    first: First, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_instance, "GUEST_MS", 30)
    guest = Guest(qtbot, first.place)
    guest.say(SHOW[:-1])

    assert guest.answer() == b""
    assert first.asked == []


def test_a_crowd_is_not_let_in(first: First, qtbot: QtBot) -> None:
    crowd = [Guest(qtbot, first.place) for _ in range(MAX_GUESTS + 3)]

    for late in crowd[MAX_GUESTS:]:
        assert late.answer() == b""
    for early in crowd[:MAX_GUESTS]:
        early.say(SHOW)
        assert early.answer() == b"ok\n"


def test_a_second_message_of_a_guest_is_not_read(first: First, qtbot: QtBot) -> None:
    guest = Guest(qtbot, first.place)
    guest.say(SHOW + SHOW)

    assert guest.answer() == b"ok\n"
    assert len(first.asked) == 1


def test_the_end_leaves_nothing(runtime: Path, tmp_path: Path) -> None:
    it = First(tmp_path)
    assert len(list(runtime.iterdir())) == 2

    it.server.stop()
    assert list(runtime.iterdir()) == []


def test_a_socket_that_was_left_behind_is_replaced(runtime: Path, tmp_path: Path) -> None:
    place = find_place(find_paths(tmp_path))
    assert place is not None
    left = socket.socket(socket.AF_UNIX)
    left.bind(place.socket)
    left.close()

    it = First(tmp_path)
    assert Path(place.socket).is_socket()
    it.server.stop()


# The later start

FAKE = """
import socket, sys
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1])
listening.listen()
print("up", flush=True)
guest, _ = listening.accept()
said = guest.makefile("rb").readline()
print(said.decode(), end="", flush=True)
if sys.argv[2] == "silent":
    sys.stdin.read()
guest.sendall(sys.argv[2].encode())
guest.close()
"""


class Fake:
    """Somebody else who listens, as a process: waiting for an answer stops this one."""

    def __init__(self, place: Path, answer: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", FAKE, str(place), answer],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "up\n"

    def end(self) -> str:
        out, _ = self.process.communicate(timeout=10)
        return str(out)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("ok\n", HandOver.DONE),
        ("no\n", HandOver.REFUSED),
        ("what?\n", HandOver.REFUSED),
        ("a" * 100 + "\n", HandOver.REFUSED),
        ("", HandOver.NOBODY),
        ("ok", HandOver.NOBODY),
    ],
)
def test_the_answer_tells_how_it_went(answer: str, outcome: HandOver, runtime: Path) -> None:
    fake = Fake(runtime / "s", answer)
    message = InstanceMessage("open", "cc-desktop://agent/a/b", "token")

    assert ask(str(runtime / "s"), message, 5.0) is outcome
    assert json.loads(fake.end()) == {
        "command": "open",
        "target": "cc-desktop://agent/a/b",
        "activation_token": "token",
        "version": 1,
    }


def test_who_does_not_answer_is_given_up(runtime: Path) -> None:
    fake = Fake(runtime / "s", "silent")

    assert ask(str(runtime / "s"), InstanceMessage("show"), 0.1) is HandOver.SILENT
    fake.process.kill()
    fake.end()


def test_nobody_there_is_said_at_once(runtime: Path) -> None:
    assert ask(str(runtime / "s"), InstanceMessage("show"), 5.0) is HandOver.NOBODY


def test_a_lock_that_is_held_is_waited_for_and_then_told(runtime: Path, tmp_path: Path) -> None:
    place = find_place(find_paths(tmp_path))
    assert place is not None
    lock = QLockFile(place.lock)
    assert lock.tryLock(0)

    assert claim(find_paths(tmp_path), InstanceMessage("show"), 0.12) is HandOver.SILENT
    assert single_instance.first_pid(find_paths(tmp_path)) > 0
    lock.unlock()
    assert isinstance(claim(find_paths(tmp_path), InstanceMessage("show"), 0.12), Claim)
    assert single_instance.first_pid(find_paths(tmp_path)) == 0


# Tokens


def test_the_launchers_token_is_taken_along() -> None:
    both = {"XDG_ACTIVATION_TOKEN": "wayland-1", "DESKTOP_STARTUP_ID": "x_TIME1"}

    assert activation_token(both) == "wayland-1"
    assert activation_token({"DESKTOP_STARTUP_ID": "x_TIME1"}) == "x_TIME1"
    assert activation_token({}) == ""


@pytest.mark.parametrize("token", ["a" * 600, "a\nb", "é"])
def test_a_token_that_cannot_be_one_is_left_behind(token: str) -> None:
    assert activation_token({"XDG_ACTIVATION_TOKEN": token}) == ""
