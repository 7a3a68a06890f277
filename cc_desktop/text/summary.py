"""The whole fleet in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.model import Origin
from cc_desktop.text.i18n import tr, trn

if TYPE_CHECKING:
    from cc_desktop.fleet.summary import Summary

TOOLTIP_LIMIT = 127  # characters: Windows cuts there

_SOURCES = {
    Origin.LIVE: "live",
    Origin.REST: "polled over HTTP",
    Origin.LAST_KNOWN: "last known",
    Origin.DEMO: "not your fleet",
    Origin.NONE: "no connection",
}


def headline(summary: Summary) -> str:
    """The counts, what needs the operator first: "1 needs you · 3 working · 7 idle"."""
    return " · ".join(_counts(summary)) or tr("No agents")


def tooltip(summary: Summary, more: str = "") -> str:
    """One sentence of at most `TOOLTIP_LIMIT` characters. `more` is the last part to be cut."""
    start = "DEMO - " if summary.origin is Origin.DEMO else ""
    counts = ", ".join(_counts(summary)) or "no agents"
    end = f" · {more}" if more else ""
    text = f"{start}Control Center: {counts} · {_SOURCES[summary.origin]}"
    text = _cut(text, TOOLTIP_LIMIT - len(end)) + end
    if summary.unreachable and summary.origin is Origin.LIVE:
        text += f" · {', '.join(summary.unreachable)} not reached"
    return _cut(text, TOOLTIP_LIMIT)


def _counts(summary: Summary) -> list[str]:
    counts = (
        trn("{n} needs you", "{n} need you", summary.needs_you) if summary.needs_you else "",
        tr("{n} working", n=summary.working) if summary.working else "",
        tr("{n} idle", n=summary.idle) if summary.idle else "",
        tr("{n} offline", n=summary.offline) if summary.offline else "",
    )
    return [count for count in counts if count]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
