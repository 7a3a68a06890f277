"""One app for each user and each configuration: a second start hands over to the first.

The first start holds a lock file and listens on a local socket. A later one connects, says what it
was started for, and ends as soon as that was done.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import logging
import os
import stat
import sys
import tempfile
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from PySide6.QtCore import QLockFile, QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.config.paths import Paths

log = logging.getLogger(__name__)

VERSION = 1
CONNECT_MS = 100
PATIENCE_S = 5.0  # for a first one that starts, ends, or does not answer
RETRY_S = 0.05
GUEST_MS = 2_000  # for who connects to say something
MAX_GUESTS = 8
MAX_BYTES = 8_192
MAX_TOKEN = 512  # characters
MAX_SOCKET_PATH = 100  # bytes; Linux takes 107, macOS 103
_DONE, _REFUSED = b"ok\n", b"no\n"


class InstanceMessage(msgspec.Struct, frozen=True):
    """What a later start asks of the first."""

    command: Literal["show", "open", "none"]  # none: only whether somebody is there
    target: str = ""  # a link, for open
    activation_token: str = ""  # lets the first take the focus
    version: int = VERSION


class HandOver(Enum):
    """How it went to hand over."""

    NOBODY = "nobody"  # there is no first one
    DONE = "done"
    SILENT = "silent"  # it is there and does not answer
    REFUSED = "refused"  # it is there and does not understand


@dataclass(frozen=True, slots=True)
class Place:
    """Where the first and the later ones meet."""

    socket: str  # a path, or the name of a pipe on Windows
    lock: str


@dataclass(slots=True)
class Claim:
    """Held by the first. Without a place, nothing is shared and nobody is kept out."""

    place: Place | None = None
    lock: QLockFile | None = None


def activation_token(environ: Mapping[str, str] = os.environ) -> str:
    """What the launcher of this process gave it for taking the focus; read it before Qt does."""
    token = environ.get("XDG_ACTIVATION_TOKEN") or environ.get("DESKTOP_STARTUP_ID") or ""
    return token if is_token(token) else ""


def is_token(token: str) -> bool:
    """Whether it can be put into the environment."""
    return len(token) <= MAX_TOKEN and token.isascii() and token.isprintable()


# Where to meet


def find_place(paths: Paths, environ: Mapping[str, str] = os.environ) -> Place | None:
    """The meeting place of this user and this configuration; None where there can be none."""
    user = getpass.getuser() if sys.platform == "win32" else str(os.getuid())
    files = [os.path.normcase(path.resolve()) for path in (paths.config, paths.data)]
    name = hashlib.sha256("\0".join([user, *files]).encode("utf-8", "replace")).hexdigest()[:16]
    if sys.platform == "win32":
        lock = Path(tempfile.gettempdir()) / f"cc-desktop-{name}.lock"
        return Place(f"cc-desktop-{name}", str(lock))
    directory = _runtime_directory(environ)
    if directory is None:
        return None
    socket = str(directory / f"cc-desktop-{name}.sock")
    if len(os.fsencode(socket)) > MAX_SOCKET_PATH:
        _leave(directory)
        return None
    return Place(socket, str(directory / f"cc-desktop-{name}.lock"))


def _runtime_directory(environ: Mapping[str, str]) -> Path | None:
    """A directory that only this user can enter."""
    user = os.getuid()
    # The second is where the first mostly points to, for programs that were started without it.
    for usual in (environ.get("XDG_RUNTIME_DIR"), f"/run/user/{user}"):
        if usual and usual.startswith("/") and _is_private(Path(usual)):
            return Path(usual)
    own = Path(tempfile.gettempdir()) / f"cc-desktop-{user}"
    with contextlib.suppress(OSError):
        own.mkdir(mode=0o700)
    return own if _is_private(own) else None


def _leave(directory: Path) -> None:
    """Remove the directory if it is one of ours and empty."""
    if sys.platform != "win32" and directory.name == f"cc-desktop-{os.getuid()}":
        with contextlib.suppress(OSError):  # another configuration's is in it
            directory.rmdir()


def _is_private(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return mine and not found.st_mode & 0o077


# The later start


def claim(
    paths: Paths, message: InstanceMessage, patience_s: float = PATIENCE_S
) -> Claim | HandOver:
    """Become the first, or hand over to it. Needs no application object."""
    end = time.monotonic() + patience_s
    while True:
        place = find_place(paths)
        if place is None:
            log.warning("no private directory for a socket: a second start is not noticed")
            return Claim()
        outcome = ask(place.socket, message, max(0.0, end - time.monotonic()))
        if outcome is not HandOver.NOBODY:
            return outcome
        lock = QLockFile(place.lock)
        lock.setStaleLockTime(0)  # a first one may run for months; one that was killed is noticed
        if lock.tryLock(0):
            return Claim(place, lock)
        there = Path(place.lock).parent.is_dir()  # else a first one has just left it
        if there and lock.error() is not QLockFile.LockError.LockFailedError:
            log.warning("%s cannot be locked: a second start is not noticed", place.lock)
            return Claim()
        if time.monotonic() >= end:
            return HandOver.SILENT
        time.sleep(RETRY_S)  # it is just starting, or just ending


def first_pid(paths: Paths) -> int:
    """The process that holds the lock, or 0."""
    place = find_place(paths)
    # PySide gives (pid, host, program); its types say otherwise.
    info: object = QLockFile(place.lock).getLockInfo() if place else ()
    return info[0] if isinstance(info, tuple) and info and isinstance(info[0], int) else 0


def ask(socket_name: str, message: InstanceMessage, timeout_s: float) -> HandOver:
    """Say it to whoever listens there, and wait for the answer."""
    end = time.monotonic() + timeout_s
    socket = QLocalSocket()
    socket.connectToServer(socket_name)
    if not socket.waitForConnected(CONNECT_MS):
        return HandOver.NOBODY
    _let_it_take_the_focus()
    socket.write(msgspec.json.encode(message) + b"\n")
    while not socket.canReadLine():
        left = end - time.monotonic()
        if left <= 0:
            return HandOver.SILENT
        if socket.waitForReadyRead(max(1, round(left * 1000))):
            continue
        if socket.state() is not QLocalSocket.LocalSocketState.ConnectedState:
            return HandOver.NOBODY  # it has just ended
    answer = bytes(socket.readLine(16).data())
    return HandOver.DONE if answer == _DONE else HandOver.REFUSED


def _let_it_take_the_focus() -> None:
    """Windows: who was started by the operator may, and may pass that on. Untried."""
    if sys.platform == "win32":
        import ctypes

        any_process = -1
        ctypes.windll.user32.AllowSetForegroundWindow(any_process)


# The first


class InstanceServer(QObject):
    """Listens to later starts. What is not a message of theirs is turned away.

    Signals:
        asked: A `Message`; it is answered when all who hear it have returned.
    """

    asked = Signal(object)

    def __init__(self, held: Claim, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._claim = held
        self._guests: set[QLocalSocket] = set()
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    def start(self) -> bool:
        """Listen. Whoever connected meanwhile is heard as soon as the loop runs."""
        place = self._claim.place
        if place is None:
            return False
        # Only who holds the lock comes here, so what is there was left by one that was killed.
        QLocalServer.removeServer(place.socket)
        if not self._server.listen(place.socket):
            log.warning("a second start is not noticed: %s", self._server.errorString())
            return False
        return True

    def stop(self) -> None:
        """Leave nothing behind."""
        self._server.close()
        for guest in list(self._guests):
            self._end(guest)
        if self._claim.lock is not None:
            self._claim.lock.unlock()
        if self._claim.place is not None:
            _leave(Path(self._claim.place.lock).parent)

    def _on_connection(self) -> None:
        while self._server.hasPendingConnections():
            guest = self._server.nextPendingConnection()
            if len(self._guests) >= MAX_GUESTS:
                guest.abort()
                guest.deleteLater()
                continue
            self._guests.add(guest)
            guest.setReadBufferSize(MAX_BYTES + 1)
            timer = QTimer(guest, singleShot=True, interval=GUEST_MS)
            timer.timeout.connect(lambda guest=guest: self._end(guest))
            timer.start()
            guest.readyRead.connect(lambda guest=guest: self._on_bytes(guest))
            guest.disconnected.connect(lambda guest=guest: self._end(guest))
            self._on_bytes(guest)

    def _on_bytes(self, guest: QLocalSocket) -> None:
        if guest not in self._guests:
            return
        if guest.canReadLine():
            self._answer(guest, bytes(guest.readLine(MAX_BYTES + 1).data()))
        elif guest.bytesAvailable() > MAX_BYTES:
            self._answer(guest, b"")

    def _answer(self, guest: QLocalSocket, line: bytes) -> None:
        message = _parse(line)
        self._guests.discard(guest)  # nothing more is read from it
        if message is None:
            log.info("a message that is not of another start was ignored")
        else:
            self.asked.emit(message)
        guest.write(_REFUSED if message is None else _DONE)
        guest.flush()
        self._end(guest)

    def _end(self, guest: QLocalSocket) -> None:
        self._guests.discard(guest)
        guest.disconnectFromServer()
        guest.deleteLater()


def _parse(line: bytes) -> InstanceMessage | None:
    try:
        message = msgspec.json.decode(line, type=InstanceMessage)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return message if message.version == VERSION and is_token(message.activation_token) else None
