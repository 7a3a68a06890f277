"""Where the token or password of a gateway, and this device's own token, are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.text.format import plain
from cc_desktop.text.i18n import mark, tr
from cc_desktop.text.keyring import why_not_keyring

if TYPE_CHECKING:
    from typing import Any

_WITH_REASON = {
    "keyring": mark("in the system's keyring"),
    "file": mark("in a private file (0600), because {reason}"),
    "memory": mark("only until the app ends, because {reason}"),
    "": mark("none is kept here, and {reason}"),
}
_WITHOUT = {
    "keyring": mark("in the system's keyring"),
    "file": mark("in a private file (0600)"),
    "memory": mark("only until the app ends"),
    "": mark("none"),
}
_GIVEN = {
    "--token-file": mark("in the file of the command line (--token-file)"),
    "environment": mark("in the environment ({name}), never written"),
    "file": mark("in {name}, which the settings name (token_file)"),
}


def place_of_secret(place: str, why: str) -> str:
    """Where a secret is that this app keeps.

    Args:
        place: "keyring", "file", "memory", or "" for nowhere.
        why: Why it is not in the keyring; see `DeviceTokens.why`.
    """
    reason = "" if place == "keyring" else why_not_keyring(why)
    words = _WITH_REASON if reason else _WITHOUT
    return tr(words.get(place, words[""]), reason=reason)


def place_of_given(source: str) -> str:
    """Where a token comes from that this app only reads: `GatewaySettings.token_from`."""
    if source == "--token-file":
        return tr(_GIVEN[source])
    kind = "environment" if source.isupper() and "/" not in source else "file"
    values: dict[str, Any] = {"name": plain(source, 300)}
    return tr(_GIVEN[kind], **values)


def not_moved(why: str) -> str:
    """The keyring did not take all secrets, which stay where they are."""
    reason = why_not_keyring(why) or tr("no keyring took it")
    return tr("Not moved, because {reason}.", reason=reason)


def not_kept_in_file(file: str) -> str:
    """A private file could not be written."""
    return tr("{file} cannot be written. The log says why.", file=plain(file, 300))


def kept_for_now(why: str) -> str:
    """A token was saved, but it will be gone when the app ends."""
    reason = why_not_keyring(why) or tr("no keyring took it")
    return tr(
        "Saved. Its token is kept only until the app ends, because {reason}."
        " Settings ▸ Gateways can keep it.",
        reason=reason,
    )
