"""Which failures the operator has seen, by gateway and session: kept over restarts, and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.config.state_store import StateStore

MAX_MARKS = 2_000  # over all gateways; a session that is gone leaves its mark behind
_KEY = "seen"


class SeenMarks:
    """Session key → local ms of the failure that was seen, for each gateway."""

    def __init__(self, state: StateStore) -> None:
        self._state = state

    def load(self) -> dict[str, dict[str, int]]:
        """All marks that can be used, the newest `MAX_MARKS`."""
        kept = self._state.get(_KEY)
        found: dict[str, dict[str, int]] = {}
        for gateway, marks in kept.items() if isinstance(kept, dict) else ():
            if isinstance(marks, dict):
                found[gateway] = {
                    key: at
                    for key, at in marks.items()
                    if isinstance(at, int) and not isinstance(at, bool)
                }
        return _newest(found)

    def save(self, gateway: str, marks: Mapping[str, int]) -> None:
        """Keep the marks of one gateway in place of those before; 0 is none."""
        kept = {key: at for key, at in marks.items() if at}
        self._state.set(_KEY, _newest({**self.load(), gateway: kept}))


def _newest(found: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    if sum(map(len, found.values())) <= MAX_MARKS:
        return found
    every = [(at, gateway, key) for gateway, marks in found.items() for key, at in marks.items()]
    newest: dict[str, dict[str, int]] = {}
    for at, gateway, key in sorted(every, reverse=True)[:MAX_MARKS]:
        newest.setdefault(gateway, {})[key] = at
    return newest
