"""Hands an order to the running app, and waits for its outcome."""

from __future__ import annotations

import time
from enum import Enum, auto
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtNetwork import QLocalSocket

from cc_desktop.desktop.instance.single_instance import (
    CONNECT_MS,
    Answer,
    InstanceMessage,
    find_endpoint,
)
from cc_desktop.orders.order import LIMIT_S, MAX_OUTCOME, Outcome, unpack_outcome

if TYPE_CHECKING:
    from cc_desktop.config.paths import Paths
    from cc_desktop.orders.order import Order

GRACE_S = 5.0  # beyond the time that the app gives an order


class NoAnswer(Enum):
    """Why there is no outcome."""

    NOBODY = auto()  # no app runs
    SILENT = auto()  # it runs and does not answer
    OTHER = auto()  # it runs and does not understand: it is of another release


def ask_app(paths: Paths, order: Order, timeout_s: float = LIMIT_S + GRACE_S) -> Outcome | NoAnswer:
    """Let the running app carry out an order.

    Args:
        paths: The configuration whose app is meant.
        order: What is asked.
        timeout_s: How long to wait for its outcome.
    """
    endpoint = find_endpoint(paths)
    if endpoint is None:
        return NoAnswer.NOBODY
    end = time.monotonic() + timeout_s
    socket = QLocalSocket()
    socket.connectToServer(endpoint.socket)
    if not socket.waitForConnected(CONNECT_MS):
        return NoAnswer.NOBODY
    socket.setReadBufferSize(MAX_OUTCOME + 1)
    socket.write(msgspec.json.encode(InstanceMessage("order", order=order)) + b"\n")
    while not socket.canReadLine():
        left = end - time.monotonic()
        if socket.bytesAvailable() > MAX_OUTCOME:
            return NoAnswer.OTHER
        if left <= 0:
            return NoAnswer.SILENT
        if socket.waitForReadyRead(max(1, round(left * 1000))) or socket.canReadLine():
            continue
        if socket.state() is not QLocalSocket.LocalSocketState.ConnectedState:
            return NoAnswer.SILENT  # it has ended, and whether it acted nobody knows
    line = bytes(socket.readLine(MAX_OUTCOME + 1).data())
    if line == Answer.REFUSED.value:
        return NoAnswer.OTHER
    return unpack_outcome(line) or NoAnswer.OTHER
