"""The whole fleet in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.model import Origin
from cc_desktop.text.i18n import mark, tr, trn

if TYPE_CHECKING:
    from cc_desktop.fleet.summary import Summary

TOOLTIP_LIMIT = 127  # characters: Windows cuts there

_SOURCES = {
    Origin.LIVE: mark("live"),
    Origin.REST: mark("polled over HTTP"),
    Origin.LAST_KNOWN: mark("last known"),
    Origin.DEMO: mark("not your fleet"),
    Origin.NONE: mark("no connection"),
}


def headline(summary: Summary) -> str:
    """The counts, what needs the operator first: "1 needs you · 3 working · 7 idle"."""
    return " · ".join(_counts(summary)) or tr("No agents")


def tooltip(summary: Summary, more: str = "") -> str:
    """One sentence of at most `TOOLTIP_LIMIT` characters. `more` is the last part to be cut."""
    counts = ", ".join(_counts(summary)) or tr("no agents")
    end = f" · {more}" if more else ""
    template = mark("Control Center: {counts} · {source}")
    if summary.origin is Origin.DEMO:
        template = mark("DEMO - Control Center: {counts} · {source}")
    text = tr(template, counts=counts, source=tr(_SOURCES[summary.origin]))
    text = _cut(text, TOOLTIP_LIMIT - len(end)) + end
    if summary.unreachable and summary.origin is Origin.LIVE:
        names = ", ".join(summary.unreachable)
        text = tr("{text} · {gateways} not reached", text=text, gateways=names)
    return _cut(text, TOOLTIP_LIMIT)


def _counts(summary: Summary) -> list[str]:
    needs_you = summary.needs_you + summary.gateway_needs_you
    counts = (
        trn("{n} needs you", "{n} need you", needs_you) if needs_you else "",
        trn("{n} working", "{n} working", summary.working) if summary.working else "",
        tr("{n} idle", n=summary.idle) if summary.idle else "",
        tr("{n} offline", n=summary.offline) if summary.offline else "",
        trn("{n} warning", "{n} warnings", summary.warnings) if summary.warnings else "",
    )
    return [count for count in counts if count]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
