"""The state machine of a connection, as one table: (state, outcome) → next state."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from cc_desktop.fleet.model import ConnectionState
from cc_desktop.gateway.failures import RetryPolicy

if TYPE_CHECKING:
    import random

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
LONGEST_TOLD_S = 3600.0  # whatever a gateway asks for
JITTER = 0.25  # a wait is shortened by up to this part, so that clients do not come back in step


class ConnectionEvent(Enum):
    """What happened to a connection."""

    START = "start"  # the first try, the end of a wait, or "Reconnect now"
    CHALLENGED = "challenged"
    HELLO = "hello"
    SYNCED = "synced"
    RETRY = "retry"  # it failed in a way that time may mend
    STOP = "stop"  # it failed in a way that only the operator can mend
    END = "end"  # the app ends


S, Out = ConnectionState, ConnectionEvent
TABLE: dict[tuple[ConnectionState, ConnectionEvent], ConnectionState] = {
    (S.OFF, Out.START): S.CONNECTING,
    (S.CONNECTING, Out.CHALLENGED): S.AUTHENTICATING,
    (S.AUTHENTICATING, Out.HELLO): S.SYNCING,
    (S.SYNCING, Out.SYNCED): S.LIVE,
    (S.WAITING, Out.START): S.CONNECTING,
    (S.BLOCKED, Out.START): S.CONNECTING,
    **{(s, Out.RETRY): S.WAITING for s in (S.CONNECTING, S.AUTHENTICATING, S.SYNCING, S.LIVE)},
    **{(s, Out.STOP): S.BLOCKED for s in (S.CONNECTING, S.AUTHENTICATING, S.SYNCING, S.LIVE)},
    **{(s, Out.END): S.OFF for s in ConnectionState},
}


def outcome_of(then: RetryPolicy) -> ConnectionEvent:
    """What the error table's advice means here."""
    return ConnectionEvent.STOP if then is RetryPolicy.STOP else ConnectionEvent.RETRY


class Backoff:
    """Waits of 1, 2, 4 … 30 s, each shortened at random. Reset by hello-ok, not by a connection."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._tries = 0

    def reset(self) -> None:
        """Start again at 1 s."""
        self._tries = 0

    def wait_s(self, then: RetryPolicy, at_least_ms: int) -> float:
        """Seconds until the next try."""
        base = min(FIRST_WAIT_S * float(2**self._tries), LONGEST_WAIT_S)
        self._tries = min(self._tries + 1, 10)
        if then is RetryPolicy.SLOWLY:
            base = LONGEST_WAIT_S
        wait = base * (1 - JITTER * self._rng.random())
        return max(float(wait), min(at_least_ms / 1000, LONGEST_TOLD_S))
