"""How long to wait before the next try."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.gateway.failures import FailureKind, RetryPolicy

if TYPE_CHECKING:
    import random

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
RARE_FIRST_S = 30.0
RARE_LONGEST_S = 300.0
LOCAL_LONGEST_S = 3.0
LONGEST_TOLD_S = 3600.0  # whatever a gateway asks for
JITTER = 0.25  # a wait is shortened by up to this part, so that clients do not come back in step
_MOST_DOUBLINGS = 10

# A try that ends like this costs nothing on the same machine.
CHEAP = frozenset({FailureKind.UNREACHABLE, FailureKind.HUNG_UP})


class Backoff:
    """Exponential backoff with jitter.

    The owner resets it when a connection has held for a while: a gateway that lets clients in and
    goes away at once would otherwise be tried every second for ever.
    """

    def __init__(self, rng: random.Random, *, is_local: bool = False) -> None:
        """`is_local`: the gateway runs on this machine."""
        self._rng = rng
        self._is_local = is_local
        self._tries = 0
        self._rare_tries = 0

    def reset(self) -> None:
        """Start again with the shortest wait."""
        self._tries = self._rare_tries = 0

    def wait_s(self, policy: RetryPolicy, kind: FailureKind, at_least_ms: int = 0) -> float:
        """Return the seconds until the next try, and count it.

        Args:
            policy: The kind of waiting; STOP waits like RARELY.
            kind: Decides whether a local gateway is tried fast.
            at_least_ms: What the gateway asks for, cut at an hour.
        """
        if policy in (RetryPolicy.RARELY, RetryPolicy.STOP):
            base = min(RARE_FIRST_S * float(2**self._rare_tries), RARE_LONGEST_S)
            self._rare_tries = min(self._rare_tries + 1, _MOST_DOUBLINGS)
        else:
            longest = LOCAL_LONGEST_S if self._is_local and kind in CHEAP else LONGEST_WAIT_S
            base = min(FIRST_WAIT_S * float(2**self._tries), longest)
            self._tries = min(self._tries + 1, _MOST_DOUBLINGS)
            if policy is RetryPolicy.SLOWLY:
                base = LONGEST_WAIT_S
        wait = base * (1 - JITTER * self._rng.random())
        return max(wait, min(at_least_ms / 1000, LONGEST_TOLD_S))
