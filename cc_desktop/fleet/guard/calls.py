"""The same call of a tool, made again and again in one run.

Calls count by what they do, not in a row: who polls in circles often does two or three things in
turn. The latest calls are remembered, so that a call costs the same however long the run is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.runs import Repetition

if TYPE_CHECKING:
    from cc_desktop.fleet.guard.limits import GuardLimits
    from cc_desktop.fleet.runs import Run

REMEMBERED = 64  # calls of a run


def with_call(run: Run, call: str, what: str, now: int, limits: GuardLimits) -> Run:
    """The run after one more call of a tool.

    Args:
        run: As it was before.
        call: The signature of the tool's name and arguments.
        what: The same in words.
        now: Local ms.
        limits: From when on calls are too many.
    """
    calls = (*run.calls[1 - REMEMBERED :], (call, now))
    known = run.repetition
    if known is not None and known.call == call:
        again = replace(known, count=known.count + 1, latest=now, others=0)
        return replace(run, calls=calls, repetition=again)
    if known is not None and known.others < _stride(limits):
        return replace(run, calls=calls, repetition=replace(known, others=known.others + 1))
    if known is not None:  # it has changed its course
        calls = tuple(one for one in calls if one[0] != known.call)
    since = now - limits.within_ms
    times = [at for other, at in calls if other == call and at >= since]
    repetition = None
    if len(times) >= limits.same_calls:
        repetition = Repetition(call, what, len(times), times[0], now)
    return replace(run, calls=calls, repetition=repetition)


def still_circles(run: Run, limits: GuardLimits) -> Run:
    """The run by other thresholds. One that is a circle by these alone shows at its next call."""
    again = run.repetition
    if again is None or again.count >= limits.same_calls:
        return run
    return replace(run, repetition=None)


def _stride(limits: GuardLimits) -> int:
    """How many other calls may lie between two of a circle that is just found."""
    return REMEMBERED // limits.same_calls
