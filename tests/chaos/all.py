"""Every scenario by its name, in the order in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos import cut, storm

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.chaos.scenario import Chaos

SCENARIOS: dict[str, Callable[[Chaos], Awaitable[str]]] = {
    "cut": cut.every_byte,
    "storm": storm.lists_and_truth,
    "comes-and-goes": storm.comes_and_goes,
}
