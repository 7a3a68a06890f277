"""The measurement of costs runs; its figures are for people."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench import reduce_cost


@pytest.mark.parametrize(
    "what", [reduce_cost.with_runs, reduce_cost.with_circles, reduce_cost.with_approvals]
)
@pytest.mark.parametrize("kind", [reduce_cost.progress, reduce_cost.calls])
def test_costs_by_what_is_open(what: object, kind: Any) -> None:
    assert callable(what)
    costs = reduce_cost.open_costs_us(what, kind, (0, 3), 5)
    assert [len(rounds) for rounds in costs.values()] == [reduce_cost.ROUNDS] * 2


def test_slices_and_memory() -> None:
    longest, total = reduce_cost.longest_slice_ms(50, 3)
    assert 0 < longest <= total
    assert reduce_cost.memory_mb(50, 3) > 0
