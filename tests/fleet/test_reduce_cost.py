"""The measurement of costs runs; its figures are for people."""

from __future__ import annotations

import pytest

from tests.bench import reduce_cost


@pytest.mark.parametrize("what", [reduce_cost.with_runs, reduce_cost.with_approvals])
def test_costs_by_what_is_open(what: object) -> None:
    assert callable(what)
    costs = reduce_cost.open_costs_us(what, reduce_cost.progress, (0, 3), 5)
    assert [len(rounds) for rounds in costs.values()] == [reduce_cost.ROUNDS] * 2


def test_slices_and_memory() -> None:
    longest, total = reduce_cost.longest_slice_ms(50, 3)
    assert 0 < longest <= total
    assert reduce_cost.memory_mb(50, 3) > 0
