from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from cc_desktop.desktop.widgets.rows.change_batch import ChangeBatch
from cc_desktop.desktop.window.agents.agent_filter import Chip
from cc_desktop.desktop.window.agents.agent_model import MODEL_ROLE, AgentModel, Row
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import Origin
from tests.desktop import sample
from tests.desktop.sample import MIN, NOW

if TYPE_CHECKING:
    from cc_desktop.fleet.store import Store

pytestmark = pytest.mark.usefixtures("qapp")


class Watched:
    """A model that follows a store, as the window does it."""

    def __init__(self, store: Store, clock: sample.Clock) -> None:
        self.store = store
        self.model = AgentModel(store, clock)
        self.batch = ChangeBatch()
        self.batch.ready.connect(self.model.apply)
        self.batch.caught_up.connect(self.model.catch_up)
        store.subscribe(self.batch.add)
        self.tester = QAbstractItemModelTester(
            self.model, QAbstractItemModelTester.FailureReportingMode.Warning
        )
        self.batch.set_active(True)

    def names(self) -> list[str]:
        return self.model.shown_names()


@pytest.fixture
def watched(clock: sample.Clock) -> Watched:
    return Watched(sample.live_store(clock), clock)


def test_who_needs_the_operator_comes_first_then_the_working_then_the_latest(
    watched: Watched,
) -> None:
    assert watched.names() == [
        *("Rex", "Dex", "Hex"),  # error, waiting, stuck
        *("Nano", "Otto", "Pip"),  # at work, by name
        *("Sketch", "Bob", "Norbert", "Stuart Little-Field", "Flip"),  # by last activity
    ]


def test_a_run_that_ends_moves_its_row(watched: Watched) -> None:
    ended = {"status": "done", "active": False, "updated_at": NOW, "ended_at": NOW}
    watched.store.apply(ev.SessionChanged("studio", "agent:otto:main", "otto", ended))
    watched.batch.flush()
    assert watched.names()[3:7] == ["Nano", "Pip", "Otto", "Sketch"]
    row = watched.model.known(("studio", "otto"))
    assert row is not None
    assert (row.word, row.task) == ("Idle", "Split the reducer")


def test_signs_of_life_do_not_shuffle_the_working(watched: Watched) -> None:
    before = watched.names()
    for turn in range(5):
        for gateway, name in (("studio", "otto"), ("home-lab", "nano"), ("studio", "pip")):
            watched.store.apply(sample.progress(gateway, name, f"step {turn}", turn % 2 == 0))
        watched.batch.flush()
        assert watched.names() == before


def test_an_update_never_resets_the_list(watched: Watched) -> None:
    resets: list[int] = []
    watched.model.modelReset.connect(lambda: resets.append(1))
    watched.model.set_search("o")
    watched.model.set_chip(Chip.WORKING)
    watched.model.set_chip(Chip.ALL)
    watched.model.set_search("")
    watched.store.apply(ev.OriginChanged("studio", Origin.LAST_KNOWN))
    watched.store.apply(ev.GatewayRemoved("home-lab"))
    watched.batch.flush()
    assert resets == []
    assert watched.model.rowCount() == 7


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("REX", ["Rex"]),
        ("billing", ["Rex"]),  # what it does
        ("review pr", ["Rex"]),  # the title of an older session
        ("qwen3", ["Stuart Little-Field"]),  # the model
        ("home-lab idle", ["Bob", "Stuart Little-Field"]),  # gateway and word, both
        ("zebra", []),
    ],
)
def test_search(watched: Watched, text: str, names: list[str]) -> None:
    watched.model.set_search(text)
    assert watched.names() == names


def test_chips_and_their_counts(watched: Watched) -> None:
    assert watched.model.counts == {
        Chip.ALL: 11,
        Chip.NEEDS_YOU: 3,
        Chip.WORKING: 3,
        Chip.IDLE: 5,
        Chip.OFFLINE: 0,
    }
    watched.model.set_chip(Chip.NEEDS_YOU)
    assert watched.names() == ["Rex", "Dex", "Hex"]
    watched.model.set_chip(Chip.WORKING)
    assert watched.names() == ["Nano", "Otto", "Pip"]
    assert watched.model.counts[Chip.ALL] == 11


def test_a_row_leaves_the_filter_when_its_status_does(watched: Watched) -> None:
    watched.model.set_chip(Chip.NEEDS_YOU)
    watched.store.apply(ev.Seen("studio", {"agent:rex:telegram:1": NOW - 4 * MIN}))
    watched.batch.flush()
    assert watched.names() == ["Dex", "Hex"]
    assert watched.model.known(("studio", "rex")) is not None


def test_the_gateway_is_named_only_when_there_are_several(watched: Watched) -> None:
    row = watched.model.known(("studio", "rex"))
    assert row is not None
    assert row.gateway == "studio"
    watched.store.apply(ev.GatewayRemoved("home-lab"))
    watched.batch.flush()
    row = watched.model.known(("studio", "rex"))
    assert row is not None
    assert row.gateway == ""


def test_the_demo_takes_the_place_of_what_is_hidden(clock: sample.Clock) -> None:
    watched = Watched(sample.demo_store(clock), clock)
    assert {row.key[0] for row in _rows(watched)} == {"demo-studio", "demo-home-lab"}
    watched.store.apply(ev.Shown("real", shown=True))
    watched.store.apply(ev.Shown("demo-studio", shown=False))
    watched.store.apply(ev.Shown("demo-home-lab", shown=False))
    watched.batch.flush()
    assert {row.key[0] for row in _rows(watched)} == {"real"}
    assert {row.word for row in _rows(watched)} == {"Offline"}


def _rows(watched: Watched) -> list[Row]:
    return watched.model.rows()


def test_times_move_on_without_news(watched: Watched, clock: sample.Clock) -> None:
    clock.now += MIN
    watched.model.refresh_times()
    row = watched.model.known(("studio", "rex"))
    assert row is not None
    assert row.second.startswith("failed 5 min ago")


def test_every_row_is_a_sentence(watched: Watched) -> None:
    model = watched.model
    said = model.data(model.index(1, 0), Qt.ItemDataRole.AccessibleTextRole)
    assert said == (
        "Dex on studio: Needs you, Approve: uname -a && make deploy, "
        "waiting 1 min, expires in 29 min."
    )


def test_hostile_text_stays_text(clock: sample.Clock) -> None:
    store = sample.live_store(clock, second=False)
    store.apply(ev.AgentConfigured("studio", "rex", name="<b>Rex</b>\n\u202eevil"))
    watched = Watched(store, clock)
    assert watched.names()[0] == "<b>Rex</b> evil"
    tip = watched.model.data(watched.model.index(0, 0), Qt.ItemDataRole.ToolTipRole)
    assert "<b>" not in tip


# Batches


def test_changes_wait_for_each_other(watched: Watched) -> None:
    updates: list[int] = []
    watched.model.updated.connect(lambda: updates.append(1))
    assert not watched.batch.waiting
    for turn in range(50):
        watched.store.apply(sample.progress("studio", "otto", f"step {turn}", False))
    assert watched.batch.waiting
    assert updates == []
    watched.batch.flush()
    assert updates == [1]
    assert not watched.batch.waiting


def test_nobody_looks_nothing_works_and_one_look_catches_up(watched: Watched) -> None:
    updates: list[int] = []
    watched.model.updated.connect(lambda: updates.append(1))
    watched.batch.set_active(False)
    watched.store.apply(ev.AgentConfigured("studio", "rex", name="Max"))
    assert not watched.batch.waiting
    assert updates == []
    watched.batch.set_active(True)
    assert updates == [1]
    assert watched.names()[0] == "Max"
    watched.batch.set_active(False)
    watched.batch.set_active(True)
    assert updates == [1]  # nothing was missed


def test_a_model_is_named_where_it_differs_from_most(clock: sample.Clock) -> None:
    def named(store: Store) -> set[str]:
        model = AgentModel(store, clock)
        model.catch_up()
        rows = range(model.rowCount())
        return {model.data(model.index(row, 0), MODEL_ROLE) for row in rows}

    assert named(sample.big_store(9, clock)) == {""}  # all alike
    assert {"opus-5", "sonnet-5", "haiku-5"} < named(sample.live_store(clock))  # none has most
    mixed = sample.big_store(9, clock)
    mixed.apply(ev.AgentConfigured("big", "agent0003", model="x/opus-5"))
    assert named(mixed) == {"", "opus-5"}
