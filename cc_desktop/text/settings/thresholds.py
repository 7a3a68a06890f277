"""Thresholds of the guard, in words. Pure."""

from __future__ import annotations

from cc_desktop.text.format import number, tokens
from cc_desktop.text.i18n import tr, trn


def threshold(key: str, value: float) -> str:
    """A value of the table `[guard]`: "12 times", "10 min", "100k tokens"."""
    if key == "same_calls":
        return trn("{n} time", "{n} times", int(value))
    if key == "within_minutes":
        return tr("{n} min", n=int(value))
    if key == "times_usual":
        return tr("{n} times as many", n=number(value, 0 if value == int(value) else 1))
    if key == "usual_after_runs":
        return trn("{n} run", "{n} runs", int(value))
    return tr("{tokens} tokens", tokens=tokens(int(value)))
