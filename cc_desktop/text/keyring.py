"""Where device tokens are kept, in words."""

from __future__ import annotations

_FILE = "In a file that only you can read"
# `DeviceTokens.why` → why they are not in the keyring.
_WHY = {
    "off": "the settings say keyring = false",
    "absent": "this system has no keyring",
    "not-made": "no keyring has been made yet",
    "locked": "the keyring is locked",
    "silent": "the keyring does not answer",
    "refused": "the keyring refused",
}
_OPERATOR_CAN_HELP = {"not-made", "locked", "silent", "refused"}


def place_of_tokens(place: str, why: str) -> str:
    """Tell where device tokens are, and why not in the keyring.

    Args:
        place: `DeviceTokens.place`.
        why: `DeviceTokens.why`.
    """
    reason = f", because {_WHY[why]}" if why in _WHY else ""
    if place == "keyring":
        return "In the system's keyring."
    return f"{_FILE}{reason}." if place == "file" else f"Not kept{reason}."


def can_use_keyring(why: str) -> bool:
    """Whether to offer “Use the keyring”, which may open the keyring's own dialog."""
    return why in _OPERATOR_CAN_HELP
