"""One running app per user and configuration: a later start hands over to the running one.

The running app holds a lock file and listens on a local socket. A later start connects, sends one
message, waits for the answer and ends.
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
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct
from PySide6.QtCore import QLockFile, QObject, QTimer
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from cc_desktop.orders.order import LIMIT_S, MAX_ORDER, Order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cc_desktop.config.paths import Paths

log = logging.getLogger(__name__)

VERSION = 1
CONNECT_MS = 100
TIMEOUT_S = 5.0  # for a running app that starts, ends, or does not answer
RETRY_S = 0.05
PEER_MS = 2_000  # how long a peer may take to send its message, and the app to answer it
MAX_PEERS = 8
ORDER_MS = round(LIMIT_S * 1000) + 3_000  # how long the app may take for an order
MAX_BYTES = MAX_ORDER + 8_192
MAX_TOKEN = 512  # characters
MAX_SOCKET_PATH = 100  # bytes; Linux takes 107, macOS 103


class InstanceMessage(msgspec.Struct, frozen=True):
    """What a later start asks of the running app."""

    command: Literal["show", "open", "none", "order"]  # none: only find out whether it runs
    target: str = ""  # a link, for open
    activation_token: str = ""  # lets the running app take the focus
    version: int = VERSION
    order: Order | msgspec.UnsetType = msgspec.UNSET  # with the command "order"


class Answer(Enum):
    """What the running app answers: one line on the socket."""

    DONE = b"ok\n"  # done as asked; for "show" and "open": the window is in front
    BEHIND = b"behind\n"  # the window is open, but the desktop does not let it take the focus
    FAILED = b"failed\n"  # the window could not be shown
    REFUSED = b"no\n"  # the message is not understood


class HandOver(Enum):
    """The outcome of handing over to the running app."""

    NOBODY = "nobody"  # no app is running
    DONE = "done"
    BEHIND = "behind"
    FAILED = "failed"
    SILENT = "silent"  # it runs and does not answer
    REFUSED = "refused"  # it runs and does not understand


_OUTCOMES = {
    Answer.DONE.value: HandOver.DONE,
    Answer.BEHIND.value: HandOver.BEHIND,
    Answer.FAILED.value: HandOver.FAILED,
}


class Endpoint(Struct, frozen=True):
    """Where the running app listens."""

    socket: str  # a path, or the name of a pipe on Windows
    lock: str


class InstanceLock(Struct):
    """Held by the running app. Without an endpoint, a second app is not noticed."""

    endpoint: Endpoint | None = None
    lock: QLockFile | None = None


def activation_token(environ: Mapping[str, str] = os.environ) -> str:
    """The token that lets a window take the focus, from the launcher of this process.

    Read it before Qt starts: Qt removes it.
    """
    token = environ.get("XDG_ACTIVATION_TOKEN") or environ.get("DESKTOP_STARTUP_ID") or ""
    return token if is_token(token) else ""


def is_token(token: str) -> bool:
    """Whether a text can be an activation token."""
    return len(token) <= MAX_TOKEN and token.isascii() and token.isprintable()


# The endpoint


def find_endpoint(paths: Paths, environ: Mapping[str, str] = os.environ) -> Endpoint | None:
    """The endpoint of this user and this configuration; None without a private directory."""
    user = getpass.getuser() if sys.platform == "win32" else str(os.getuid())
    files = [os.path.normcase(path.resolve()) for path in (paths.config, paths.data)]
    name = hashlib.sha256("\0".join([user, *files]).encode("utf-8", "replace")).hexdigest()[:16]
    if sys.platform == "win32":
        lock = Path(tempfile.gettempdir()) / f"cc-desktop-{name}.lock"
        return Endpoint(f"cc-desktop-{name}", str(lock))
    directory = _runtime_directory(environ)
    if directory is None:
        return None
    socket = str(directory / f"cc-desktop-{name}.sock")
    if len(os.fsencode(socket)) > MAX_SOCKET_PATH:
        _leave(directory)
        return None
    return Endpoint(socket, str(directory / f"cc-desktop-{name}.lock"))


def _runtime_directory(environ: Mapping[str, str]) -> Path | None:
    """A directory that only this user can enter, or None."""
    user = os.getuid()
    # /run/user/UID is what XDG_RUNTIME_DIR usually names; not every launcher passes it on.
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
        with contextlib.suppress(OSError):  # another configuration uses it
            directory.rmdir()


def _is_private(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return mine and not found.st_mode & 0o077


# The later start


def acquire(
    paths: Paths, message: InstanceMessage, timeout_s: float = TIMEOUT_S
) -> InstanceLock | HandOver:
    """Become the running app, or hand over to it. Needs no application object.

    Args:
        paths: The configuration.
        message: What to ask of an app that runs already.
        timeout_s: How long to wait for one that starts, ends, or does not answer.
    """
    end = time.monotonic() + timeout_s
    while True:
        endpoint = find_endpoint(paths)
        if endpoint is None:
            log.warning("no private directory for a socket: a second start is not noticed")
            return InstanceLock()
        outcome = ask(endpoint.socket, message, max(0.0, end - time.monotonic()))
        if outcome is not HandOver.NOBODY:
            return outcome
        lock = QLockFile(endpoint.lock)
        lock.setStaleLockTime(0)  # an app may run for months; a lock of a dead one is noticed
        if lock.tryLock(0):
            return InstanceLock(endpoint, lock)
        there = Path(endpoint.lock).parent.is_dir()  # else an app that ends has just removed it
        if there and lock.error() is not QLockFile.LockError.LockFailedError:
            log.warning("%s cannot be locked: a second start is not noticed", endpoint.lock)
            return InstanceLock()
        if time.monotonic() >= end:
            return HandOver.SILENT
        time.sleep(RETRY_S)  # the app is starting or ending


def running_pid(paths: Paths) -> int:
    """The process that holds the lock, or 0."""
    endpoint = find_endpoint(paths)
    # PySide gives (pid, host, program); its types say otherwise.
    info: object = QLockFile(endpoint.lock).getLockInfo() if endpoint else ()
    return info[0] if isinstance(info, tuple) and info and isinstance(info[0], int) else 0


def ask(socket_name: str, message: InstanceMessage, timeout_s: float) -> HandOver:
    """Send a message to the running app and wait for the answer."""
    end = time.monotonic() + timeout_s
    socket = QLocalSocket()
    socket.connectToServer(socket_name)
    if not socket.waitForConnected(CONNECT_MS):
        return HandOver.NOBODY
    _allow_foreground()
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
    return _OUTCOMES.get(answer, HandOver.REFUSED)


def _allow_foreground() -> None:
    """Windows: the process that the operator started may pass on the right to take the focus.

    Not tried on Windows.
    """
    if sys.platform == "win32":
        import ctypes

        any_process = -1
        ctypes.windll.user32.AllowSetForegroundWindow(any_process)


# The running app


class InstanceServer(QObject):
    """Listens to later starts; what is not a message of theirs is turned away."""

    def __init__(
        self,
        held: InstanceLock,
        handle: Callable[[InstanceMessage, Callable[[Answer | bytes], None]], None],
        parent: QObject | None = None,
    ) -> None:
        """Create the server; `start` listens.

        Args:
            held: The lock, with the endpoint to listen on.
            handle: Called with each message and a function that sends the answer (of an order:
                a line), now or later.
            parent: Owner of this object.
        """
        super().__init__(parent)
        self._held = held
        self._handle = handle
        self._peers: set[_Peer] = set()
        self._ended: list[_Peer] = []
        self._sweep = QTimer(self, singleShot=True, interval=0)
        self._sweep.timeout.connect(self._let_go)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    @property
    def peers(self) -> int:
        """How many connections are open."""
        return len(self._peers)

    def start(self) -> bool:
        """Listen; whether that works. Whoever connects is heard as soon as the loop runs."""
        endpoint = self._held.endpoint
        if endpoint is None:
            return False
        # Only the holder of the lock gets here, so a socket that exists was left by a dead app.
        QLocalServer.removeServer(endpoint.socket)
        if not self._server.listen(endpoint.socket):
            log.warning("a second start is not noticed: %s", self._server.errorString())
            return False
        return True

    def stop(self) -> None:
        """Close the socket and release the lock."""
        self._server.close()
        for peer in list(self._peers):
            peer.end()
        if self._held.lock is not None:
            self._held.lock.unlock()
        if self._held.endpoint is not None:
            _leave(Path(self._held.endpoint.lock).parent)

    def _on_connection(self) -> None:
        while self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            # PySide keeps 1 KiB for every child that a C++ parent deletes; without a parent, the
            # socket goes with its last reference.
            socket.setParent(None)
            if len(self._peers) >= MAX_PEERS:
                socket.abort()
                continue
            peer = _Peer(socket, self._handle, self._on_end)
            self._peers.add(peer)
            peer.read()

    def _on_end(self, peer: _Peer) -> None:
        # Kept for one turn of the loop: the socket's own signal may still be running.
        self._peers.discard(peer)
        self._ended.append(peer)
        self._sweep.start(0)

    def _let_go(self) -> None:
        self._ended = [peer for peer in self._ended if not peer.is_closed]
        if self._ended:  # Windows still sends the answer
            self._sweep.start(PEER_MS)


class _Peer:
    """One connection: reads one message, sends one answer, ends."""

    def __init__(
        self,
        socket: QLocalSocket,
        handle: Callable[[InstanceMessage, Callable[[Answer | bytes], None]], None],
        on_end: Callable[[_Peer], None],
    ) -> None:
        self._socket = socket
        self._handle = handle
        self._on_end = on_end
        self._heard = self._over = False
        socket.setReadBufferSize(MAX_BYTES + 1)
        socket.readyRead.connect(self.read)
        socket.disconnected.connect(self.end)
        self._timer = QTimer(singleShot=True, interval=PEER_MS)
        self._timer.timeout.connect(self.end)
        self._timer.start()

    def read(self) -> None:
        """Read what has come; a whole line is the message."""
        socket = self._socket
        if self._over or self._heard:
            return
        if socket.canReadLine():
            self._on_line(bytes(socket.readLine(MAX_BYTES + 1).data()))
        elif socket.bytesAvailable() > MAX_BYTES:
            self._on_line(b"")

    def _on_line(self, line: bytes) -> None:
        self._heard = True
        message = _parse(line)
        if message is None:
            log.info("ignored a message that is not from another start of this app")
            self.answer(Answer.REFUSED)
            return
        self._timer.start(PEER_MS if message.command != "order" else ORDER_MS)
        try:
            self._handle(message, self.answer)
        except Exception:
            log.exception("a second start could not be served")
            self.answer(Answer.FAILED)

    def answer(self, answer: Answer | bytes) -> None:
        """Send the answer and end. A second answer, or one that comes too late, is dropped."""
        if not self._over:
            self._socket.write(answer if isinstance(answer, bytes) else answer.value)
            self._socket.flush()
            self.end()

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left to send."""
        return self._socket.state() is QLocalSocket.LocalSocketState.UnconnectedState

    def end(self) -> None:
        """Close the connection."""
        if self._over:
            return
        self._over = True
        self._timer.stop()
        self._socket.disconnectFromServer()
        self._on_end(self)


def _parse(line: bytes) -> InstanceMessage | None:
    try:
        message = msgspec.json.decode(line, type=InstanceMessage)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return message if message.version == VERSION and is_token(message.activation_token) else None
