"""Where a right stands on a gateway, from what the model knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import GiveBackRights, RequestRights, Right
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Origin, PairingRequest
from cc_desktop.fleet.store import Store
from cc_desktop.text.connect.rights import (
    RightStage,
    RightState,
    expires_in,
    right_state,
    what_else_changes,
)

if TYPE_CHECKING:
    from cc_desktop.fleet.commands import Command

NOW = 1_800_000_000_000
READ, ASK, APPROVE, WRITE = (
    "operator.read",
    "operator.questions",
    "operator.approvals",
    "operator.write",
)


class Known:
    """What the model knows of one gateway."""

    def __init__(self, *scopes: str, **connection: Any) -> None:
        self.store = Store(lambda: NOW)
        self.store.apply(ev.GatewayAdded("studio", "studio"))
        self.connect(*scopes, **connection)

    def connect(
        self, *scopes: str, state: ConnectionState = ConnectionState.LIVE, **connection: Any
    ) -> None:
        info = ConnectionInfo(state, scopes=scopes or (READ,), **connection)
        self.store.apply(ev.ConnectionChanged("studio", info))

    def send(self, command: Command) -> None:
        self.store.apply(ev.CommandSent("studio", command))

    def refuse(self, ident: str, why: str) -> None:
        self.store.apply(ev.CommandRefused("studio", ident, why))

    def state(self, right: Right, *in_settings: str) -> RightState:
        return right_state(self.store.fleet.gateways["studio"], right, in_settings)


def ask(ident: str, *scopes: str) -> RequestRights:
    return RequestRights(id=ident, gateway="studio", scopes=scopes or (ASK,))


def give(ident: str, *scopes: str) -> GiveBackRights:
    return GiveBackRights(id=ident, gateway="studio", scopes=scopes or (ASK,))


def test_what_is_granted_can_be_given_back_but_for_watching() -> None:
    known = Known(READ, ASK)
    assert known.state(Right.ANSWER) == RightState(RightStage.GRANTED, can_return=True)
    assert known.state(Right.WATCH) == RightState(RightStage.GRANTED)
    assert known.state(Right.OPERATE) == RightState(RightStage.POSSIBLE)


def test_what_the_settings_or_an_admin_gave_is_not_given_back_here() -> None:
    by_settings = Known(READ, ASK).state(Right.ANSWER, ASK)
    assert (by_settings.stage, by_settings.can_return) == (RightStage.GRANTED, False)
    assert "access" in by_settings.words
    by_admin = Known(READ, "operator.admin").state(Right.OPERATE)
    assert (by_admin.stage, by_admin.can_return) == (RightStage.GRANTED, False)
    assert "operator.admin" in by_admin.words


@pytest.mark.parametrize("state", [s for s in ConnectionState if s is not ConnectionState.LIVE])
def test_nothing_is_asked_for_without_a_connection(state: ConnectionState) -> None:
    found = Known(READ, state=state).state(Right.ANSWER)
    assert found == RightState(RightStage.UNAVAILABLE, "The gateway is not connected.")
    assert right_state(None, Right.ANSWER).stage is RightStage.UNAVAILABLE


def test_the_demo_has_all_rights() -> None:
    known = Known(state=ConnectionState.OFF)
    known.store.apply(ev.OriginChanged("studio", Origin.DEMO))
    assert all(known.state(right).stage is RightStage.GRANTED for right in Right)


def test_a_question_waits_for_the_gateway_and_then_for_a_person() -> None:
    known = Known(READ)
    known.send(ask("1"))
    assert known.state(Right.ANSWER).stage is RightStage.ASKING
    pairing = PairingRequest("7f3a", "laptop", (READ, ASK), NOW, NOW + 300_000, upgrade=True)
    known.connect(READ, pairing=pairing)
    found = known.state(Right.ANSWER)
    assert (found.stage, found.command, found.expires_at) == (
        RightStage.WAITING,
        "openclaw devices approve 7f3a",
        NOW + 300_000,
    )
    other = known.state(Right.OPERATE)
    assert (other.stage, other.words) == (
        RightStage.UNAVAILABLE,
        "Another request for rights is still open.",
    )


def test_a_request_without_a_name_is_found_in_the_list() -> None:
    known = Known(READ)
    known.send(ask("1"))
    known.connect(READ, pairing=PairingRequest("", "laptop", (ASK,), NOW, NOW + 9, upgrade=True))
    assert known.state(Right.ANSWER).command == "openclaw devices list"


def test_a_refusal_says_why_until_it_is_asked_again_or_granted() -> None:
    known = Known(READ)
    known.send(ask("1"))
    known.refuse("1", "rejected")
    found = known.state(Right.ANSWER)
    assert (found.stage, found.refused) == (RightStage.POSSIBLE, True)
    assert "rejected" in found.words
    assert known.state(Right.OPERATE) == RightState(RightStage.POSSIBLE)
    known.send(ask("2"))
    assert known.state(Right.ANSWER).stage is RightStage.ASKING
    known.refuse("2", "expired")
    known.connect(READ, ASK)
    assert known.state(Right.ANSWER) == RightState(RightStage.GRANTED, can_return=True)


def test_giving_back_goes_on_and_says_why_it_did_not() -> None:
    known = Known(READ, ASK)
    known.send(give("1"))
    assert known.state(Right.ANSWER).stage is RightStage.RETURNING
    known.refuse("1", "lost")
    found = known.state(Right.ANSWER)
    assert (found.stage, found.refused, found.can_return) == (RightStage.GRANTED, True, True)
    known.connect(READ)
    assert known.state(Right.ANSWER) == RightState(RightStage.POSSIBLE)


def test_only_approvals_change_something_for_others() -> None:
    warned = [right for right in Right if what_else_changes(right)]
    assert warned == [Right.APPROVE]
    assert "where the fleet sends its approvals" in what_else_changes(Right.APPROVE)


@pytest.mark.parametrize(
    ("left_ms", "words"),
    [(252_000, "expires in 4:12"), (59_001, "expires in 1:00"), (1, "expires in 0:01"), (0, "")],
)
def test_how_long_a_request_lives(left_ms: int, words: str) -> None:
    assert expires_in(NOW + left_ms, NOW) == words
