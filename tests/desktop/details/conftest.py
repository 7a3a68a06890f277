from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cc_desktop.desktop.details.panel import Details
from cc_desktop.desktop.widgets.view_context import ViewContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.store import Store
    from tests.desktop import sample

    OpenDetails = Callable[[Store, str, str], Details]


@pytest.fixture
def open_agent(
    qtbot: QtBot, look: ThemeManager, asked: sample.Asked, clock: sample.Clock
) -> OpenDetails:
    def make(store: Store, gateway: str, agent: str) -> Details:
        panel = Details(ViewContext(store, asked.actions, clock, look))
        qtbot.addWidget(panel)
        panel.resize(420, 700)
        panel.show()
        panel.show_agent(gateway, agent)
        return panel

    return make
