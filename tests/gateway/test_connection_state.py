from __future__ import annotations

import pytest

from cc_desktop.fleet.model import ConnectionState as S
from cc_desktop.gateway.connection_state import (
    TABLE,
    ConnectionEvent,
    UnknownTransitionError,
    event_of,
    next_state,
)
from cc_desktop.gateway.failures import RetryPolicy

UP = (S.CONNECTING, S.AUTHENTICATING, S.SYNCING, S.LIVE)


@pytest.mark.parametrize("state", UP)
def test_every_state_of_a_try_can_fail_both_ways(state: S) -> None:
    assert TABLE[(state, ConnectionEvent.RETRY)] is S.WAITING
    assert TABLE[(state, ConnectionEvent.STOP)] is S.BLOCKED


@pytest.mark.parametrize("state", list(S))
def test_the_end_is_off_from_everywhere(state: S) -> None:
    assert TABLE[(state, ConnectionEvent.END)] is S.OFF


@pytest.mark.parametrize("state", [S.OFF, S.WAITING, S.BLOCKED])
def test_a_try_starts_where_none_is_under_way(state: S) -> None:
    assert TABLE[(state, ConnectionEvent.START)] is S.CONNECTING


def test_a_try_goes_through_its_states_in_order() -> None:
    state = S.OFF
    seen = []
    for outcome in (
        ConnectionEvent.START,
        ConnectionEvent.CHALLENGED,
        ConnectionEvent.HELLO,
        ConnectionEvent.SYNCED,
    ):
        state = TABLE[(state, outcome)]
        seen.append(state)

    assert seen == list(UP)


def test_no_other_way_leads_to_live() -> None:
    ways = [key for key, state in TABLE.items() if state is S.LIVE and key[0] is not S.LIVE]
    assert ways == [(S.SYNCING, ConnectionEvent.SYNCED)]


@pytest.mark.parametrize("state", list(S))
def test_every_state_can_be_reached_and_left(state: S) -> None:
    assert state in TABLE.values()
    assert any(before is state and after is not state for (before, _), after in TABLE.items()) or (
        state is S.OFF
    )


def test_only_stop_stops() -> None:
    stopping = [policy for policy in RetryPolicy if event_of(policy) is ConnectionEvent.STOP]
    assert stopping == [RetryPolicy.STOP]


def test_an_unknown_transition_is_an_error() -> None:
    with pytest.raises(UnknownTransitionError, match="synced while off"):
        next_state(S.OFF, ConnectionEvent.SYNCED)
