"""What is said of the key that works in every window. Pure."""

from __future__ import annotations

from cc_desktop.text.format import plain
from cc_desktop.text.i18n import mark, tr

_NOTES = {
    "off": mark("A key that brings this window to the front from wherever you are."),
    "looking": mark("The desktop is asked…"),
    "asking": mark("The desktop asks you which key it should be."),
    "absent": mark("Not available on this desktop."),
    "unknown-app": mark(
        "This desktop gives keys to installed apps only. Install the package, or start the app"
        " from the menu."
    ),
    "refused": mark("You did not allow it. Tick the box to be asked again."),
    "silent": mark("The desktop does not answer. It is asked again."),
    "failed": mark("The desktop gives no key. It is asked again."),
    "gone": mark("The desktop took the key back. It is asked again."),
}


def key_note(state: str, trigger: str = "") -> str:
    """How it is with the key.

    Args:
        state: A kind: of `desktop/shortcut/global_key.py`.
        trigger: Which key it is, in the desktop's words.
    """
    if state != "ready":
        return tr(_NOTES.get(state, _NOTES["failed"]))
    if trigger:
        key = plain(trigger, 60)
        return tr("{key}, everywhere. Change it in the desktop's settings.", key=key)
    return tr("The desktop has not given it a key yet. Choose one in the desktop's settings.")
