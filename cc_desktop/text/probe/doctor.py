"""The lines of `cc-desktop doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.about import APP_NAME
from cc_desktop.protocol.clean import clean_text
from cc_desktop.text.i18n import mark, tr
from cc_desktop.text.keyring import place_of_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.text.probe.steps import StepText

_WIDTH = 60  # characters before the time that a step took
_LINE = 600
# Signs by how a step ended, and what stands for them where the terminal's encoding lacks them.
SIGNS = {"ok": "✓", "warning": "!", "failed": "✗"}
PLAIN_SIGNS = {"ok": "+", "warning": "!", "failed": "x"}
_KEYRING = {
    "open": mark("unlocked"),
    "locked": mark("locked"),
    "not-made": mark("none has been made yet"),
    "absent": mark("none on this system"),
    "silent": mark("does not answer"),
    "off": mark("not used: the settings say keyring = false"),
}


def machine_lines(
    versions: Mapping[str, str], paths: Mapping[str, str], keyring: str, time: str
) -> list[str]:
    """What this installation is."""
    qt = versions.get("PySide6-Essentials")
    parts = [
        f"{APP_NAME} {versions['app']}",
        f"Python {versions['Python']}",
        f"Qt {qt}" if qt else tr("Qt: version not known"),
        versions["system"],
    ]
    rows = {
        mark("Settings"): paths["settings"],
        mark("Data"): paths["data"],
        mark("Log"): paths["log"],
        mark("Keyring"): tr(_KEYRING.get(keyring, _KEYRING["absent"])),
        mark("Clock"): time,
    }
    return [", ".join(parts), *(_row(tr(name), value) for name, value in rows.items())]


def _row(name: str, value: str) -> str:
    return f"{name:<9} {clean_text(value, _LINE)}"


def gateway_line(name: str, url: str) -> str:
    """The head of the steps to a gateway."""
    return clean_text(f"{name}  {url}" if name not in url else url, _LINE)


def step_lines(sign: str, text: StepText, took_ms: int) -> list[str]:
    """One step: what it found, how long it took, and what to do."""
    took = tr("{n} ms", n=took_ms)
    lines = [f"  {sign} {text.line:<{_WIDTH}} {took:>8}"]
    if text.next_step:
        lines.append(f"      {text.next_step}")
    return lines


def token_line(source: str, place: str, why: str) -> str:
    """Where the secrets for a gateway are.

    Args:
        source: What the shared token was read from; "" where there is none.
        place: `DeviceTokens.place` of its device token; "" where there is none.
        why: `DeviceTokens.why`.
    """
    shared = (
        tr("Its token comes from {source}.", source=clean_text(source, _LINE))
        if source
        else tr("No token is set for it.")
    )
    if place:
        kept = place_of_tokens(place, why)
        shared = tr("{shared} This device has a token of its own. {kept}", shared=shared, kept=kept)
    return f"    {shared}"


def summary_line(reached: int, count: int, *, is_well: bool) -> str:
    """The last line."""
    if not count:
        return tr("No gateway was tried.")
    if is_well:
        return tr(
            "All is well: {reached} of {count} gateways reached.", reached=reached, count=count
        )
    if reached == count:
        return tr("All gateways reached, but the settings have a mistake: see the top.")
    return tr("{reached} of {count} gateways reached.", reached=reached, count=count)
