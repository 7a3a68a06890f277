"""The state machine of a connection, as one table: (state, event) → next state."""

from __future__ import annotations

from enum import Enum

from cc_desktop.fleet.model import ConnectionState
from cc_desktop.gateway.failures import RetryPolicy


class ConnectionEvent(Enum):
    """What happens to a connection."""

    START = "start"  # the first try, the end of a wait, or "Reconnect now"
    CHALLENGED = "challenged"
    HELLO = "hello"
    SYNCED = "synced"
    RETRY = "retry"  # it failed in a way that time may mend
    STOP = "stop"  # it failed in a way that only the operator can mend
    END = "end"  # the app ends


class UnknownTransitionError(Exception):
    """The table has no next state: a mistake in the supervisor."""


S, E = ConnectionState, ConnectionEvent
TRYING = (S.CONNECTING, S.AUTHENTICATING, S.SYNCING)
TABLE: dict[tuple[ConnectionState, ConnectionEvent], ConnectionState] = {
    **{(s, E.START): S.CONNECTING for s in (S.OFF, S.WAITING, S.BLOCKED)},
    (S.CONNECTING, E.CHALLENGED): S.AUTHENTICATING,
    (S.AUTHENTICATING, E.HELLO): S.SYNCING,
    (S.SYNCING, E.SYNCED): S.LIVE,
    # A connection with other rights takes over from one that is live.
    **{(S.LIVE, e): S.LIVE for e in (E.HELLO, E.SYNCED)},
    **{(s, E.RETRY): S.WAITING for s in (*TRYING, S.LIVE)},
    **{(s, E.STOP): S.BLOCKED for s in (*TRYING, S.LIVE)},
    **{(s, E.END): S.OFF for s in ConnectionState},
}


def next_state(state: ConnectionState, event: ConnectionEvent) -> ConnectionState:
    """Look up the next state.

    Raises:
        UnknownTransitionError: the table has none.
    """
    try:
        return TABLE[state, event]
    except KeyError:
        raise UnknownTransitionError(f"{event.value} while {state.value}") from None


def event_of(policy: RetryPolicy) -> ConnectionEvent:
    """Translate the advice about a failure."""
    return ConnectionEvent.STOP if policy is RetryPolicy.STOP else ConnectionEvent.RETRY
