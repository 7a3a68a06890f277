from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from cc_desktop.desktop.widgets.rows.sorted_model import Index, SortedModel

pytestmark = pytest.mark.usefixtures("qapp")


@dataclass(frozen=True)
class Row:
    key: int
    place: int
    text: str = ""

    @property
    def order(self) -> tuple[Any, ...]:
        return (self.place, self.key)


class Model(SortedModel[Row]):
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row(index)
        return row.text if row and role == Qt.ItemDataRole.DisplayRole else None


def watched() -> tuple[Model, QAbstractItemModelTester]:
    model = Model()
    # A failure is a warning, and a warning of Qt fails the test.
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    return model, tester


def shown(model: Model) -> list[Row]:
    rows = [model.row(model.index(number, 0)) for number in range(model.rowCount())]
    return [row for row in rows if row is not None]


@pytest.mark.parametrize("seed", range(8))
def test_any_change_keeps_order_and_whoever_holds_an_index(seed: int) -> None:
    dice = random.Random(seed)
    model, _tester = watched()
    expected: dict[int, Row] = {}
    for _ in range(60):
        held = {row.key: QPersistentModelIndex(model.index_of(row.key)) for row in shown(model)}
        puts = {
            key: Row(key, dice.randrange(12), dice.choice("ab"))
            for key in dice.sample(range(40), dice.randrange(10))
        }
        gone = [key for key in dice.sample(range(40), dice.randrange(6)) if key not in puts]
        model.change(puts.values(), gone)
        expected = {key: row for key, row in {**expected, **puts}.items() if key not in gone}
        assert shown(model) == sorted(expected.values(), key=lambda row: row.order)
        for key, index in held.items():
            row = model.row(index) if index.isValid() else None
            assert (row.key if row else None) == (key if key in expected else None)


def test_sync_shows_exactly_what_it_is_given() -> None:
    model, _tester = watched()
    model.sync([Row(1, 5), Row(2, 3)])
    model.sync([Row(3, 4), Row(2, 9)])
    assert [row.key for row in shown(model)] == [3, 2]


def test_rows_that_look_the_same_are_not_painted_again() -> None:
    model, _tester = watched()
    model.sync([Row(number, number) for number in range(5)])
    seen: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: seen.append((first.row(), last.row())))
    model.sync([Row(number, number, "new" if number in (1, 2, 4) else "") for number in range(5)])
    assert seen == [(1, 2), (4, 4)]


def test_neighbours_come_and_go_together() -> None:
    model, _tester = watched()
    come: list[tuple[int, int]] = []
    go: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _parent, first, last: come.append((first, last)))
    model.rowsRemoved.connect(lambda _parent, first, last: go.append((first, last)))
    model.sync([Row(number, number) for number in range(100)])
    model.sync([Row(number, number) for number in range(100) if not 10 <= number < 90])
    assert come == [(0, 99)]
    assert go == [(10, 89)]
