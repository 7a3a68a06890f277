from __future__ import annotations

import random

import pytest

from cc_desktop.gateway.backoff import Backoff
from cc_desktop.gateway.failures import FailureKind, RetryPolicy

LOST, REFUSED = FailureKind.LOST, FailureKind.UNREACHABLE


class _Steady(random.Random):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def random(self) -> float:
        return self.value


def waits(backoff: Backoff, policy: RetryPolicy, kind: FailureKind, count: int) -> list[float]:
    return [backoff.wait_s(policy, kind) for _ in range(count)]


def test_waits_double_from_one_second_to_thirty() -> None:
    backoff = Backoff(_Steady(0.0))

    assert waits(backoff, RetryPolicy.RETRY, LOST, 8) == [1, 2, 4, 8, 16, 30, 30, 30]
    backoff.reset()
    assert waits(backoff, RetryPolicy.RETRY, LOST, 1) == [1]


@pytest.mark.parametrize("kind", [FailureKind.UNREACHABLE, FailureKind.HUNG_UP])
def test_a_refusal_on_this_machine_costs_nothing_and_is_retried_fast(kind: FailureKind) -> None:
    backoff = Backoff(_Steady(0.0), is_local=True)

    assert waits(backoff, RetryPolicy.RETRY, kind, 6) == [1, 2, 3, 3, 3, 3]
    assert waits(backoff, RetryPolicy.RETRY, LOST, 1) == [30]  # a connection that is lost costs


def test_rarely_goes_from_half_a_minute_to_five() -> None:
    backoff = Backoff(_Steady(0.0), is_local=True)
    waits(backoff, RetryPolicy.RETRY, LOST, 20)

    assert waits(backoff, RetryPolicy.RARELY, REFUSED, 6) == [30, 60, 120, 240, 300, 300]


def test_waits_are_shortened_at_random_by_a_quarter_at_most() -> None:
    backoff = Backoff(random.Random(3))
    waits(backoff, RetryPolicy.RETRY, LOST, 10)
    found = waits(backoff, RetryPolicy.RETRY, LOST, 300)

    assert 22.5 <= min(found) < 23.5
    assert 29 < max(found) <= 30


@pytest.mark.parametrize("told_ms", [10**9, 2**62])
def test_an_absurd_wait_is_no_wait_for_ever(told_ms: int) -> None:
    assert Backoff(_Steady(0.0)).wait_s(RetryPolicy.RETRY, LOST, told_ms) == 3600


def test_slowly_is_slow_from_the_first_try() -> None:
    assert Backoff(_Steady(0.0), is_local=True).wait_s(RetryPolicy.SLOWLY, REFUSED) == 30


def test_never_sooner_than_the_gateway_asked() -> None:
    backoff = Backoff(_Steady(0.99), is_local=True)

    assert backoff.wait_s(RetryPolicy.RETRY, REFUSED, 45_000) == 45
    assert backoff.wait_s(RetryPolicy.SLOWLY, REFUSED, 90_000) == 90
