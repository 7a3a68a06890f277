"""How to watch, beside the settings."""

from __future__ import annotations

import sys
from collections.abc import Callable

import msgspec

from cc_desktop.config.settings import GuardSettings, Settings
from cc_desktop.demo.policy import WhenUnreachable
from cc_desktop.fleet.guard.limits import GuardLimits
from cc_desktop.fleet.model import Problem
from cc_desktop.gateway.options import AFTER_S
from cc_desktop.system.clock import SystemClock
from cc_desktop.system.network_watch import SystemBusWakeSource, WakeSource


class MonitorOptions(msgspec.Struct, frozen=True):
    """How to watch, beside the settings."""

    demo_only: bool = False  # show sample data, connect to nothing
    may_demo: bool = True  # sample data may replace a fleet that cannot be reached
    http_after_s: float = AFTER_S  # seconds without a WebSocket before the HTTP fallback starts
    when_unreachable: WhenUnreachable | None = None  # None: as the settings say
    wake_sources: tuple[WakeSource, ...] = ()  # tell when the network or the machine is back
    # Reads file, environment and token files again. None: the settings never change.
    read_settings: Callable[[], Settings] | None = None


def system_wake_sources() -> tuple[WakeSource, ...]:
    """What tells on this system when the network or the machine is back."""
    return (SystemBusWakeSource(SystemClock()),) if sys.platform == "linux" else ()


def limits_of(guard: GuardSettings) -> GuardLimits:
    """The thresholds of the settings, as the model has them."""
    return GuardLimits(
        same_calls=guard.same_calls,
        within_ms=60_000 * guard.within_minutes,
        habit_factor=guard.times_usual,
        habit_runs=guard.usual_after_runs,
        least_tokens=guard.least_tokens,
    )


def internal_problem() -> Problem:
    """What the operator sees on a gateway whose code failed in a way that nobody expected."""
    return Problem(kind="internal")
