from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication

from cc_desktop.desktop.widgets import change_batch
from cc_desktop.desktop.widgets.change_batch import ChangeBatch
from cc_desktop.fleet.model import Change, DevicesChanged

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.mark.parametrize("uptime_s", [1.0, 1e6], ids=["just started", "for days"])
def test_the_first_change_is_handed_on_at_once_and_those_that_follow_it_together(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, uptime_s: float
) -> None:
    monkeypatch.setattr(change_batch, "time", SimpleNamespace(monotonic=lambda: uptime_s))
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
