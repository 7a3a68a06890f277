"""The running app's socket, and what a later start hears from one that is not as it should be."""

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
from cc_desktop.desktop.instance import single_instance
from cc_desktop.desktop.instance.single_instance import (
    MAX_BYTES,
    MAX_PEERS,
    Answer,
    Endpoint,
    HandOver,
    InstanceLock,
    InstanceMessage,
    InstanceServer,
    acquire,
    activation_token,
    ask,
    find_endpoint,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="sockets in a directory"),
    pytest.mark.usefixtures("qapp"),
]


class First:
    """One that listens, and what it was asked for."""

    def __init__(self, config: Path) -> None:
        held = single_instance.acquire(find_paths(config), InstanceMessage("show"))
        assert isinstance(held, InstanceLock)
        assert held.endpoint is not None
        self.endpoint: Endpoint = held.endpoint
        self.asked: list[InstanceMessage] = []
        self.answer: Answer | None = Answer.DONE
        self.late: list[Callable[[Answer | bytes], None]] = []
        self.server = InstanceServer(held, self._handle)
        assert self.server.start()

    def _handle(self, message: InstanceMessage, answer: Callable[[Answer | bytes], None]) -> None:
        self.asked.append(message)
        if self.answer is None:
            self.late.append(answer)
        else:
            answer(self.answer)


class Peer:
    """A process that connects."""

    def __init__(self, qtbot: QtBot, endpoint: Endpoint) -> None:
        self._qtbot = qtbot
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(endpoint.socket)
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
    one, two = find_endpoint(find_paths(tmp_path / "a")), find_endpoint(find_paths(tmp_path / "b"))

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

    places = {find_endpoint(find_paths(Path(way))) for way in ("real", "./link", "real/../link")}
    assert places == {find_endpoint(find_paths(tmp_path / "real"))}


def test_a_directory_that_others_can_enter_is_not_used(
    runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime.chmod(0o755)
    own = tmp_path / "t"
    own.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    monkeypatch.setattr(single_instance, "MAX_SOCKET_PATH", 1000)

    place = find_endpoint(find_paths(tmp_path), {"XDG_RUNTIME_DIR": str(runtime)})
    assert place is not None
    directory = Path(place.socket).parent
    assert directory != runtime
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_path_that_is_too_long_is_no_place_and_nobody_is_kept_out(
    runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_instance, "MAX_SOCKET_PATH", 10)

    assert find_endpoint(find_paths(tmp_path)) is None
    held = single_instance.acquire(find_paths(tmp_path), InstanceMessage("show"))
    assert held == InstanceLock()
    assert not InstanceServer(InstanceLock(), lambda _message, _answer: None).start()


def test_only_the_user_can_reach_the_socket(first: First) -> None:
    assert stat.S_IMODE(Path(first.endpoint.socket).stat().st_mode) == 0o700


# The first


def test_a_message_is_heard_and_answered(first: First, qtbot: QtBot) -> None:
    peer = Peer(qtbot, first.endpoint)
    peer.say(
        b'{"command":"open","version":1,"target":"cc-desktop://agent/a/b",'
        b'"activation_token":"t","later":[1]}\n'
    )

    assert peer.answer() == b"ok\n"
    assert first.asked == [InstanceMessage("open", "cc-desktop://agent/a/b", "t")]


def test_a_message_may_come_in_pieces(first: First, qtbot: QtBot) -> None:
    peer = Peer(qtbot, first.endpoint)
    peer.say(SHOW[:7])
    qtbot.wait(20)
    assert first.asked == []
    peer.say(SHOW[7:])

    assert peer.answer() == b"ok\n"
    assert first.asked == [InstanceMessage("show")]


def test_a_peer_that_went_before_the_answer_is_heard_all_the_same(
    first: First, qtbot: QtBot
) -> None:
    peer = Peer(qtbot, first.endpoint)
    peer.say(SHOW)
    peer._socket.close()

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
    peer = Peer(qtbot, first.endpoint)
    peer.say(garbage)

    # Who still sends when the other end closes hears of a broken connection and of nothing else.
    assert peer.answer() in (b"no\n", b"")
    assert first.asked == []
    good = Peer(qtbot, first.endpoint)
    good.say(SHOW)
    assert good.answer() == b"ok\n"


def test_who_says_nothing_is_sent_away(
    first: First, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_instance, "PEER_MS", 30)
    peer = Peer(qtbot, first.endpoint)
    peer.say(SHOW[:-1])

    assert peer.answer() == b""
    assert first.asked == []


def test_a_crowd_is_not_let_in(first: First, qtbot: QtBot) -> None:
    crowd = [Peer(qtbot, first.endpoint) for _ in range(MAX_PEERS + 3)]

    for late in crowd[MAX_PEERS:]:
        assert late.answer() == b""
    for early in crowd[:MAX_PEERS]:
        early.say(SHOW)
        assert early.answer() == b"ok\n"


def test_a_second_message_of_a_peer_is_not_read(first: First, qtbot: QtBot) -> None:
    peer = Peer(qtbot, first.endpoint)
    peer.say(SHOW + SHOW)

    assert peer.answer() == b"ok\n"
    assert len(first.asked) == 1


@pytest.mark.parametrize("answer", [Answer.DONE, Answer.BEHIND, Answer.FAILED])
def test_the_answer_may_come_later(answer: Answer, first: First, qtbot: QtBot) -> None:
    first.answer = None
    peer = Peer(qtbot, first.endpoint)
    peer.say(SHOW)
    qtbot.waitUntil(lambda: len(first.late) == 1)
    first.late[0](answer)
    first.late[0](Answer.REFUSED)  # only the first counts

    assert peer.answer() == answer.value
    assert first.server.peers == 0


def test_an_answer_that_never_comes_ends_the_connection(
    first: First, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_instance, "PEER_MS", 30)
    first.answer = None
    peer = Peer(qtbot, first.endpoint)
    peer.say(SHOW)

    assert peer.answer() == b""
    first.late[0](Answer.DONE)  # too late, and no harm


def test_a_handler_that_raises_answers_that_it_failed(
    first: First, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    class UnexpectedError(Exception):
        pass

    class Bad(list[InstanceMessage]):
        def append(self, _message: InstanceMessage) -> None:
            raise UnexpectedError

    good, first.asked = first.asked, Bad()
    peer = Peer(qtbot, first.endpoint)
    peer.say(SHOW)
    assert peer.answer() == b"failed\n"
    assert "UnexpectedError" in caplog.text

    first.asked = good
    peer = Peer(qtbot, first.endpoint)
    peer.say(SHOW)
    assert peer.answer() == b"ok\n"


LEAK = """
import gc, socket, sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from cc_desktop.config.paths import find_paths
from cc_desktop.desktop.instance import single_instance
from cc_desktop.desktop.instance.single_instance import Answer, InstanceMessage, InstanceServer

app = QCoreApplication([])
held = single_instance.acquire(find_paths(Path(sys.argv[1])), InstanceMessage("show"))
server = InstanceServer(held, lambda _message, answer: answer(Answer.DONE))
assert server.start()

def one():
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(held.endpoint.socket)
    peer.send(b'{"command":"show","version":1}\\n')
    peer.setblocking(False)
    while True:
        app.processEvents()
        try:
            if not peer.recv(10):
                break
        except BlockingIOError:
            continue
    peer.close()

def kib():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4

for _ in range(500):
    one()
before = kib()
for _ in range(2000):
    one()
print(kib() - before)
server.stop()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory from /proc")
def test_answered_messages_leave_no_memory_behind(runtime: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAK, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 500  # KiB; a leak of PySide's was 1 KiB a message


def test_the_end_leaves_nothing(runtime: Path, tmp_path: Path) -> None:
    it = First(tmp_path)
    assert len(list(runtime.iterdir())) == 2

    it.server.stop()
    assert list(runtime.iterdir()) == []


def test_a_socket_that_was_left_behind_is_replaced(runtime: Path, tmp_path: Path) -> None:
    place = find_endpoint(find_paths(tmp_path))
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
peer, _ = listening.accept()
said = peer.makefile("rb").readline()
print(said.decode(), end="", flush=True)
if sys.argv[2] == "silent":
    sys.stdin.read()
peer.sendall(sys.argv[2].encode())
peer.close()
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
        ("behind\n", HandOver.BEHIND),
        ("failed\n", HandOver.FAILED),
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
    place = find_endpoint(find_paths(tmp_path))
    assert place is not None
    lock = QLockFile(place.lock)
    assert lock.tryLock(0)

    assert acquire(find_paths(tmp_path), InstanceMessage("show"), 0.12) is HandOver.SILENT
    assert single_instance.running_pid(find_paths(tmp_path)) > 0
    lock.unlock()
    assert isinstance(acquire(find_paths(tmp_path), InstanceMessage("show"), 0.12), InstanceLock)
    assert single_instance.running_pid(find_paths(tmp_path)) == 0


# Tokens


def test_the_launchers_token_is_taken_along() -> None:
    both = {"XDG_ACTIVATION_TOKEN": "wayland-1", "DESKTOP_STARTUP_ID": "x_TIME1"}

    assert activation_token(both) == "wayland-1"
    assert activation_token({"DESKTOP_STARTUP_ID": "x_TIME1"}) == "x_TIME1"
    assert activation_token({}) == ""


@pytest.mark.parametrize("token", ["a" * 600, "a\nb", "é"])
def test_a_token_that_cannot_be_one_is_left_behind(token: str) -> None:
    assert activation_token({"XDG_ACTIVATION_TOKEN": token}) == ""
