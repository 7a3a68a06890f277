"""What a scenario is, and how one is run: one line with its figures, and whether it passed."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Skipped(Exception):  # noqa: N818 - a reason to skip, not a fault
    """The scenario cannot run here; the text says why."""


@dataclass(frozen=True)
class Chaos:
    """What a scenario is given.

    Attributes:
        rng: its own source of chance; the seed and the scenario's name repeat it.
        short: whether it has to end within some seconds.
        minutes: how long the long scenarios may take, each.
        path: an empty directory of its own.
    """

    rng: random.Random
    short: bool
    minutes: float
    path: Path

    def budget_s(self, short_s: float) -> float:
        """Seconds that a scenario may take: `short_s`, or all of its minutes."""
        return short_s if self.short else self.minutes * 60


def check(condition: object, what: str) -> None:
    """Raises AssertionError with `what` if the condition is false."""
    if not condition:
        raise AssertionError(what)


async def run(
    name: str,
    scenario: Callable[[Chaos], Awaitable[str]],
    *,
    seed: int,
    short: bool,
    minutes: float,
) -> bool:
    """Run one scenario, print its line, and return whether it did not fail."""
    rng = random.Random(f"{seed} {name}")
    began = time.monotonic()
    verdict, figures, details = "pass", "", ""
    with tempfile.TemporaryDirectory(prefix=f"chaos-{name}-") as path:
        try:
            figures = await scenario(Chaos(rng, short, minutes, Path(path)))
        except Skipped as reason:
            verdict, figures = "skip", str(reason)
        except AssertionError as error:
            verdict, figures = "FAIL", str(error).strip().split("\n", 1)[0][:300]
            details = traceback.format_exc()
        except Exception as error:  # noqa: BLE001, RUF100 - one scenario does not end the others
            verdict, figures = "FAIL", f"{type(error).__name__}: {error}"[:300]
            details = traceback.format_exc()
    print(f"{verdict}  {name:<14} {time.monotonic() - began:6.1f} s  {figures}", flush=True)
    if details:
        print(details, flush=True)
    await asyncio.sleep(0)
    return verdict != "FAIL"
