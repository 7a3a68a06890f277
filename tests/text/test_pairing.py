from __future__ import annotations

import pytest

from cc_desktop.fleet.commands import Right, rights_in
from cc_desktop.fleet.model import (
    ConnectionInfo,
    ConnectionState,
    Fleet,
    Gateway,
    Origin,
    PairingRequest,
    Problem,
)
from cc_desktop.text import pairing
from cc_desktop.text.banner import banner
from cc_desktop.text.failures import connection_words, describe

REQUEST = PairingRequest("req-7", "Control Center Desktop", ("operator.read",), 0, 300_000)
PROBLEM = Problem("pairing", "PAIRING_REQUIRED", detail="req-7")


@pytest.mark.parametrize(
    "state", [s for s in ConnectionState if s is not ConnectionState.LIVE], ids=str
)
def test_the_pill_stays_while_it_is_asked_again(state: ConnectionState) -> None:
    info = ConnectionInfo(state, problem=PROBLEM, pairing=REQUEST)
    assert connection_words(info, 0) == pairing.PILL


def test_asking_for_more_rights_changes_nothing_on_the_pill() -> None:
    request = PairingRequest("req-7", upgrade=True)
    info = ConnectionInfo(ConnectionState.LIVE, pairing=request)
    assert connection_words(info, 0) == "live"


@pytest.mark.parametrize("origin", [Origin.NONE, Origin.LAST_KNOWN])
@pytest.mark.parametrize("demo", [False, True])
def test_a_gateway_that_waits_for_approval_was_reached(origin: Origin, demo: bool) -> None:
    info = ConnectionInfo(ConnectionState.CONNECTING, problem=PROBLEM, pairing=REQUEST)
    gateways = {"g": Gateway("g", "Home", connection=info, origin=origin, hidden=demo)}
    if demo:
        gateways["demo"] = Gateway("demo", "Demo", origin=Origin.DEMO)
    shown = banner(Fleet(gateways), 0)

    assert shown is not None
    assert "openclaw devices approve req-7" in shown.text
    assert "reached" not in shown.text


def test_a_command_can_be_copied() -> None:
    assert pairing.approval_step(REQUEST).endswith("openclaw devices approve req-7")
    assert "devices list" in pairing.approval_step(PairingRequest())


def test_how_long_a_request_lives() -> None:
    assert pairing.lifetime(REQUEST, 0) == "The request is valid for 5 min."
    assert pairing.lifetime(REQUEST, 290_000) == "The request is valid for 10 s."
    assert "expired" in pairing.lifetime(REQUEST, 300_000)


def test_who_asks_for_what() -> None:
    assert (
        pairing.request_line(REQUEST)
        == "“Control Center Desktop” asks to pair, with these rights: Watch."
    )


def test_deciding_approvals_says_what_it_changes() -> None:
    assert "waits" in pairing.right_text(Right.APPROVE).what
    assert {pairing.right_text(right).name for right in Right} == {
        *("Watch", "Answer questions", "Decide approvals", "Send and stop"),
    }


def test_scopes_are_rights() -> None:
    assert rights_in(("operator.read", "operator.questions")) == (Right.WATCH, Right.ANSWER)
    assert rights_in(("operator.write",)) == (Right.WATCH, Right.OPERATE)
    assert rights_in(("operator.admin",)) == tuple(Right)
    assert rights_in(()) == ()


@pytest.mark.parametrize("reason", ["rejected", "expired", "busy", "lost", "something-new"])
def test_every_refusal_has_words(reason: str) -> None:
    assert pairing.why_refused(reason).endswith(".")


def test_both_certificates_are_shown_to_compare() -> None:
    problem = Problem("certificate-changed", fingerprint="ab" * 32, pinned="cd" * 32)
    shown, trusted = pairing.fingerprint_lines(problem)

    assert shown.replace("\n", "") == "Shown (SHA-256):" + ":".join(["AB"] * 32)
    assert trusted.replace("\n", "") == "Trusted (SHA-256):" + ":".join(["CD"] * 32)
    _, first, second = shown.splitlines()
    assert first.removesuffix(":") == second  # one below the other
    assert "Nothing was sent" in describe(problem).next_step
