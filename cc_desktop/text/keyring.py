"""Where device tokens are kept, in words."""

from __future__ import annotations

from cc_desktop.text.i18n import mark, tr

# `DeviceTokens.why` → why they are not in the keyring.
_WHY = {
    "off": mark("the settings say keyring = false"),
    "absent": mark("this system has no keyring"),
    "not-made": mark("no keyring has been made yet"),
    "locked": mark("the keyring is locked"),
    "silent": mark("the keyring does not answer"),
    "refused": mark("the keyring refused"),
}
_OPERATOR_CAN_HELP = {"not-made", "locked", "silent", "refused"}


def place_of_tokens(place: str, why: str) -> str:
    """Tell where device tokens are, and why not in the keyring.

    Args:
        place: `DeviceTokens.place`.
        why: `DeviceTokens.why`.
    """
    if place == "keyring":
        return tr("In the system's keyring.")
    reason = tr(_WHY[why]) if why in _WHY else ""
    if place == "file":
        if reason:
            return tr("In a file that only you can read, because {reason}.", reason=reason)
        return tr("In a file that only you can read.")
    return tr("Not kept, because {reason}.", reason=reason) if reason else tr("Not kept.")


def why_not_keyring(why: str) -> str:
    """Why tokens are not in the keyring, as part of a sentence; "" where they are."""
    return tr(_WHY[why]) if why in _WHY else ""


def can_use_keyring(why: str) -> bool:
    """Whether to offer “Use the keyring”, which may open the keyring's own dialog."""
    return why in _OPERATOR_CAN_HELP
