from __future__ import annotations

import pytest

from cc_desktop.config.secrets.device_tokens import OFF, REFUSED
from cc_desktop.config.secrets.system_keyring import KeyringState
from cc_desktop.text.keyring import can_use_keyring, place_of_tokens

REASONS = [OFF, REFUSED, *(state.value for state in KeyringState if state != KeyringState.OPEN)]


@pytest.mark.parametrize("why", REASONS)
def test_every_reason_has_words(why: str) -> None:
    assert place_of_tokens("file", why).startswith("In a file that only you can read, because ")
    assert place_of_tokens("", why).startswith("Not kept, because ")


def test_the_place_is_told() -> None:
    assert place_of_tokens("keyring", "") == "In the system's keyring."
    assert place_of_tokens("file", "") == "In a file that only you can read."


def test_the_keyring_is_offered_only_where_the_operator_can_do_something() -> None:
    assert {why for why in REASONS if can_use_keyring(why)} == {
        *("refused", "locked", "not-made", "silent"),
    }
    assert not can_use_keyring("")
