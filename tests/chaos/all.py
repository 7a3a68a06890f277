"""Every scenario by its name, in the order in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos import clocks, cut, files, fuzz, real, services, soak, storm

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.chaos.scenario import Chaos

SCENARIOS: dict[str, Callable[[Chaos], Awaitable[str]]] = {
    "cut": cut.every_byte,
    "storm": storm.lists_and_truth,
    "comes-and-goes": storm.comes_and_goes,
    "clock-steps": clocks.steps,
    "clock-silence": clocks.silence,
    "files": files.damaged,
    "disk-full": files.disk_full,
    "fuzz-link": fuzz.connection,
    "fuzz-http": fuzz.http,
    "fuzz-settings": fuzz.settings,
    "fuzz-links": fuzz.links,
    "fuzz-starts": fuzz.other_starts,
    "services": services.killed_and_hung,
    "session-bus": services.bus_killed,
    "gateway-kill": real.killed_and_stopped,
    "soak": soak.long_run,
}
