from __future__ import annotations

import pytest

from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Problem
from cc_desktop.gateway.failures import FailureKind
from cc_desktop.text.failures import KINDS, connection_words, describe
from cc_desktop.text.i18n import PSEUDO, set_language

NOW = 1_800_000_000_000


def test_the_kinds_are_those_of_the_gateway() -> None:
    assert set(FailureKind) == KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("detail", ["", "ws://host:18789"])
@pytest.mark.parametrize("said", ["", "no", "no!"])
def test_every_kind_has_words(kind: str, detail: str, said: str) -> None:
    told = describe(Problem(kind, said=said, detail=detail))

    assert 3 < len(told.title) <= 40
    assert told.title[-1] not in ".!?"
    assert told.message[-1] in ".!?)"
    assert told.message[0].isupper() or told.message.startswith("ws://")
    assert (told.next_step[-1] == ".") or kind == "pairing"
    assert "{" not in "".join(told)
    assert said in told.message


def test_an_unknown_kind_is_an_internal_error() -> None:
    assert describe(Problem("of the future")).title == "Internal error"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_text_can_be_translated(kind: str) -> None:
    set_language(PSEUDO)
    try:
        told = describe(Problem(kind, said="no", detail="5"))
        assert all(part.startswith("[") for part in told), told
    finally:
        set_language("")


def test_words_from_outside_are_never_a_template() -> None:
    told = describe(Problem("unreachable", said="{at} {0}", detail="ws://{at}:1"))
    assert told.message == "ws://{at}:1 cannot be reached. Reason: {at} {0}."


def test_pairing_ends_with_the_command_and_nothing_after_it() -> None:
    step = describe(Problem("pairing", detail="6f0c-11")).next_step
    assert step.endswith("run: openclaw devices approve 6f0c-11")


def test_pairing_without_a_usable_id_says_where_to_find_it() -> None:
    assert "openclaw devices list" in describe(Problem("pairing")).next_step


@pytest.mark.parametrize(
    ("expected", "side"), [("5", "this app"), ("4", "the gateway"), ("2", "the gateway")]
)
def test_another_protocol_says_which_side_to_update(expected: str, side: str) -> None:
    step = describe(Problem("protocol", detail=expected)).next_step
    assert step.endswith(f"update {side}.")
    assert f"protocol {expected}" in step


def test_a_socks_proxy_is_refused_in_words() -> None:
    assert "python-socks" in describe(Problem("proxy", detail="socks5")).message


@pytest.mark.parametrize("kind", ["unreachable", "silent", "dns", "not-a-gateway", "certificate"])
def test_the_address_is_named(kind: str) -> None:
    assert "wss://gw.example" in describe(Problem(kind, detail="wss://gw.example")).message


WAITING = ConnectionState.WAITING


@pytest.mark.parametrize(
    ("info", "said"),
    [
        (ConnectionInfo(WAITING, until=NOW + 12_000), "unreachable · retry in 12 s"),
        (ConnectionInfo(WAITING, until=NOW - 1), "unreachable · retrying…"),
        (ConnectionInfo(WAITING, NOW + 9_000, Problem("pairing")), "waiting for approval"),
        (ConnectionInfo(WAITING, NOW + 9_000, Problem("restarting")), "restarting…"),
        (
            ConnectionInfo(WAITING, NOW + 9_000, Problem("internal")),
            "internal error · retry in 9 s",
        ),
        (
            ConnectionInfo(WAITING, NOW + 9_000, Problem("lost"), flapping=True),
            "unstable · retry in 9 s",
        ),
        (ConnectionInfo(ConnectionState.LIVE, flapping=True), "live · unstable"),
        (ConnectionInfo(ConnectionState.LIVE), "live"),
        (ConnectionInfo(ConnectionState.BLOCKED), "blocked"),
        (ConnectionInfo(ConnectionState.BLOCKED, problem=Problem("protocol")), "Version mismatch"),
        (ConnectionInfo(), "off"),
    ],
)
def test_a_pill_says_how_it_is(info: ConnectionInfo, said: str) -> None:
    assert connection_words(info, NOW) == said
