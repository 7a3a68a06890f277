"""Stop everything: what runs where, a second yes, and a report that is true to the end."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication

from cc_desktop.config.seen_marks import SeenMarks
from cc_desktop.desktop.widgets.rights.right_prompt import RightPrompt
from cc_desktop.desktop.window.agents.stop_dialog import StopDialog
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import RequestRights, StopAll, StopRun
from cc_desktop.fleet.store import Store
from cc_desktop.monitor.command_desk import CommandDesk
from cc_desktop.system.supervision import FaultLog
from tests.desktop import sample
from tests.fakes.clock import FakeClock
from tests.monitor.test_command_desk import FakeActions, FakePool, MemoryState

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.window.fleet_window import FleetWindow

    Open = Callable[[Store], StopDialog]


@pytest.fixture
def open_dialog(open_window: Callable[..., FleetWindow], asked: sample.Asked, qtbot: QtBot) -> Open:
    def make(store: Store) -> StopDialog:
        pool = FakePool()
        pool.supervisors = dict.fromkeys(store.fleet.gateways, object())
        pool.all = {name: FakeActions() for name in store.fleet.gateways}
        desk = CommandDesk(
            store,
            pool,  # type: ignore[arg-type]
            SeenMarks(MemoryState()),  # type: ignore[arg-type]
            FakeClock(sample.NOW),
            random.Random(1),
            FaultLog(logging.getLogger(__name__)),
        )

        def execute(command: object) -> None:
            asked.commands.append(command)  # type: ignore[arg-type]
            if isinstance(command, StopAll):
                desk.execute(command)

        asked.execute = execute
        window = open_window(store)
        window.triage.stop_everything()
        (dialog,) = window.findChildren(StopDialog)
        QApplication.processEvents()
        return dialog

    return make


def shown(dialog: StopDialog) -> list[tuple[str, ...]]:
    return [row.cells for row in dialog.model.rows()]


def stops(store: Store) -> dict[str, str]:
    return {
        state.command.agent: ident
        for gateway in store.fleet.gateways.values()
        for ident, state in gateway.commands.items()
        if isinstance(state.command, StopRun)
    }


def agree_and_stop(dialog: StopDialog) -> None:
    dialog.agree.setChecked(True)
    dialog.stop.click()


def test_it_lists_what_runs_where_and_stops_nothing_at_one_click(
    open_dialog: Open, asked: sample.Asked
) -> None:
    dialog = open_dialog(sample.writing_store())
    assert [cells[:3] for cells in shown(dialog)] == [
        ("Hex", "exec: pytest -q", "home-lab"),
        ("Nano", 'web_search: "qt 6.11 tray wayland"', "home-lab"),
        ("Dex", "Deploy the docs", "studio"),
        ("Otto", "edit: src/fleet/reduce.py", "studio"),
        ("Pip", "Release notes for 1.4", "studio"),
    ]
    assert dialog.words.text() == ("5 runs are in progress on 2 gateways. Unsaved work is lost.")
    assert not dialog.stop.isEnabled()
    dialog.stop.click()
    assert asked.commands == []
    dialog.agree.setChecked(True)
    assert dialog.agree.text() == "Yes, stop these 5 runs"
    assert dialog.stop.isEnabled()


def test_the_report_follows_every_run_to_its_end(open_dialog: Open) -> None:
    store = sample.writing_store()
    dialog = open_dialog(store)
    agree_and_stop(dialog)
    assert dialog.words.text() == "5 being stopped"
    assert not dialog.is_over
    ids = stops(store)
    store.apply(ev.CommandDone("studio", ids["otto"]))
    store.apply(ev.CommandDone("studio", ids["pip"]))
    store.apply(ev.CommandRefused("studio", ids["dex"], "not-owner"))
    store.apply(ev.CommandRefused("home-lab", ids["nano"], "not-running"))
    store.apply(ev.CommandUnknown("home-lab", ids["hex"], "lost"))
    dialog.refresh()
    assert dialog.words.text() == (
        "2 stopped · 1 had ended already · 1 not stopped · 1 not known yet"
    )
    assert {cells[0]: cells[3] for cells in shown(dialog)} == {
        "Otto": "Stopped",
        "Pip": "Stopped",
        "Dex": "Only the client that started the run may stop it.",
        "Nano": "Nothing runs there any more.",
        "Hex": "The connection was lost. It is not known whether it arrived.",
    }
    assert not dialog.is_over
    store.apply(ev.CommandDone("home-lab", ids["hex"]))
    dialog.refresh()
    assert dialog.is_over


def test_the_report_stays_when_the_model_forgets(open_dialog: Open, clock: sample.Clock) -> None:
    store = sample.writing_store(clock)
    dialog = open_dialog(store)
    agree_and_stop(dialog)
    for agent, ident in stops(store).items():
        store.apply(ev.CommandDone("home-lab" if agent in ("hex", "nano") else "studio", ident))
    dialog.refresh()
    clock.now += sample.DAY
    store.apply(ev.Tick("studio"))
    store.apply(ev.Tick("home-lab"))
    assert not stops(store)
    dialog.refresh()
    assert dialog.words.text() == "5 stopped"
    assert len(shown(dialog)) == 5


def test_one_gateway_alone(open_dialog: Open, asked: sample.Asked) -> None:
    dialog = open_dialog(sample.writing_store())
    dialog.agree.setChecked(True)
    dialog.where.setCurrentIndex(dialog.where.findData("studio"))
    assert not dialog.agree.isChecked()  # another set of runs is another yes
    agree_and_stop(dialog)
    (command,) = asked.commands
    assert isinstance(command, StopAll)
    assert command.gateway == "studio"
    assert {cells[2] for cells in shown(dialog)} == {"studio"}


def test_without_the_right_it_asks_for_it_and_cannot_stop(
    open_dialog: Open, asked: sample.Asked
) -> None:
    store = sample.live_store()
    dialog = open_dialog(store)
    assert not dialog.stop.isVisible()
    prompts = dialog.findChildren(RightPrompt)
    assert len(prompts) == 2
    prompts[0].button.click()
    assert isinstance(asked.commands[0], RequestRights)
    sample.may(store, "studio", "operator.write")
    dialog.refresh()
    assert dialog.stop.isVisible()


def test_when_nothing_runs_it_says_so(open_dialog: Open) -> None:
    store = Store(sample.Clock())
    store.apply(ev.GatewayAdded("studio", "studio"))
    dialog = open_dialog(store)
    assert dialog.words.text() == "Nothing runs now."
    assert not dialog.stop.isVisible()


def test_closed_it_follows_nothing(open_dialog: Open) -> None:
    store = sample.writing_store()
    dialog = open_dialog(store)
    dialog.hide()
    said = dialog.words.text()
    store.apply(ev.GatewayRemoved("home-lab"))
    QApplication.processEvents()
    assert dialog.words.text() == said
