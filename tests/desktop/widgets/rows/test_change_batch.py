from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication

from cc_desktop.desktop.widgets.rows.change_batch import ChangeBatch
from cc_desktop.fleet.model import Change, DevicesChanged

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_who_wants_to_know_is_told_when_somebody_looks_and_when_nobody_does() -> None:
    batch = ChangeBatch()
    told: list[bool] = []
    batch.on_active = told.append
    for active in (True, True, False, False, True):
        batch.set_active(active)
    assert told == [True, False, True]


@pytest.mark.parametrize("booted", [0.0, 3.0, 1e9])
def test_the_first_change_waits_for_nothing_however_long_the_machine_runs(
    qtbot: QtBot, booted: float
) -> None:
    batch = ChangeBatch(interval_ms=600_000, monotonic=lambda: booted)
    handed_on: list[list[Change]] = []
    batch.ready.connect(handed_on.append)
    batch.set_active(True)
    batch.add([DevicesChanged("a", {}, {})])
    qtbot.waitUntil(lambda: len(handed_on) == 1)


def test_the_first_change_is_handed_on_at_once_and_those_that_follow_it_together(
    qtbot: QtBot,
) -> None:
    first, second, third = (DevicesChanged(name, {}, {}) for name in ("a", "b", "c"))
    batch = ChangeBatch(interval_ms=600_000)
    handed_on: list[list[Change]] = []
    batch.ready.connect(handed_on.append)
    batch.set_active(True)

    batch.add([first])
    qtbot.waitUntil(lambda: handed_on == [[first]])
    batch.add([second])
    batch.add([third])
    QCoreApplication.processEvents()
    assert handed_on == [[first]]
    batch.flush()
    assert handed_on == [[first], [second, third]]
