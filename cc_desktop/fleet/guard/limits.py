"""From when on a run counts as runaway."""

from __future__ import annotations

from msgspec import Struct

FULL = 0.98  # of a model's window


class GuardLimits(Struct, frozen=True, gc=False):
    """The thresholds, as the settings have them."""

    same_calls: int = 12  # of the same tool with the same arguments, in one run
    within_ms: int = 600_000
    habit_factor: float = 5.0  # times what nine in ten of the agent's runs stay below
    habit_runs: int = 10  # so many runs make a habit
    least_tokens: int = 100_000  # less is never too much
