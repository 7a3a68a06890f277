"""Noticing an absence, and the card that tells what it brought."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from cc_desktop.desktop.away.desk import LAST_SEEN, AwayDesk, AwayPorts
from cc_desktop.desktop.away.lock_watch import LockWatch
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.history.ledger import LedgerPage, LedgerRecord
from cc_desktop.fleet.history.log import HistoryLog
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState
from cc_desktop.gateway.failures import Failure, FailureKind, NotConnectedError
from cc_desktop.system.network_watch import Signal
from tests.desktop import sample
from tests.desktop.details.scripted import ScriptedQueries, settle
from tests.desktop.sample import MIN
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.store import Store

LIVE = ConnectionInfo(ConnectionState.LIVE, server_version="2026.9.6")
LOST = ConnectionInfo(ConnectionState.WAITING)


class UnexpectedError(Exception):
    pass


class Scene:
    """A desk that was looked at until now."""

    def __init__(
        self, look: ThemeManager, clock: sample.Clock, store: Store, kept: dict[str, Any]
    ) -> None:
        self.clock = clock
        self.store = store
        self.kept = kept
        self.opened: list[Any] = []
        self.queries = ScriptedQueries()
        self.history = HistoryLog(store, clock)
        context = ViewContext(
            store, sample.Asked().actions, clock, look, self.queries, self.history
        )
        ports = AwayPorts(
            kept.get,
            kept.__setitem__,
            lambda agents, words: self.opened.append((agents, words)),
            self.opened.append,
        )
        self.desk = AwayDesk(context, ports)

    def finish(self, agent: str, *, fails: str = "", cost: float = 0.0) -> None:
        now = self.clock.now
        key = f"agent:{agent}:main"
        run = {"status": "running", "active": True, "updated_at": now - 1, "started_at": now - 1}
        self.store.apply(ev.SessionChanged("studio", key, agent, run))
        status = "failed" if fails else "done"
        end = {"status": status, "active": False, "updated_at": now, "ended_at": now}
        more = {"error": fails, "cost_usd": cost}
        self.store.apply(ev.SessionChanged("studio", key, agent, {**end, **more}))

    def heads(self) -> list[str]:
        return [one.line.head for one in self.desk.card.buttons()]

    def details(self) -> list[str]:
        return [one.line.detail for one in self.desk.card.buttons()]

    @property
    def is_shown(self) -> bool:
        return not self.desk.pane.isHidden()


@pytest.fixture
def scene(qtbot: QtBot, look: ThemeManager, clock: sample.Clock) -> Callable[..., Scene]:
    def make(store: Store | None = None, kept: dict[str, Any] | None = None) -> Scene:
        found = Scene(look, clock, store or sample.live_store(clock), kept or {})
        qtbot.addWidget(found.desk.pane)
        return found

    return make


async def test_half_an_hour_without_a_look_brings_the_card(scene: Callable[..., Scene]) -> None:
    it = scene()
    it.queries.pages = [LedgerPage(kept=False), LedgerPage(kept=False)]
    it.desk.set_visible(True)
    it.desk.set_visible(False)
    it.clock.now += 20 * MIN
    it.finish("sketch", cost=0.5)
    it.finish("flip")
    it.finish("norbert", fails="no credits")
    it.store.apply(ev.ApprovalClosed("studio", "dex", "a1"))
    it.clock.now += 11 * MIN
    it.desk.set_visible(True)
    await settle()
    assert it.is_shown
    assert it.desk.card.heading() == "While you were away · 14:25 to 14:56"
    assert it.heads() == ["2 runs finished", "1 failed", "1 decided without you", "$0.47"]
    assert it.details()[1:3] == ["Norbert: no credits", "“uname -a && make deploy”"]
    assert it.desk.card.note.text() == (
        "studio and home-lab keep no ledger: what this app saw itself counts."
    )


@pytest.mark.parametrize("minutes", [0, 29])
def test_a_short_absence_is_none(scene: Callable[..., Scene], minutes: int) -> None:
    it = scene()
    it.desk.set_visible(True)
    it.desk.set_visible(False)
    it.clock.now += minutes * MIN
    it.finish("sketch")
    it.desk.set_visible(True)
    assert it.desk.summary() is None
    assert it.queries.calls == []


async def test_when_it_was_last_seen_survives_a_restart(scene: Callable[..., Scene]) -> None:
    kept: dict[str, Any] = {}
    first = scene(kept=kept | {"x": 1})
    first.kept = kept
    first.desk.set_visible(True)
    first.desk.stop()
    seen = first.clock.now
    assert first.desk.summary() is None
    again = scene(kept={LAST_SEEN: seen - 60 * MIN})
    again.queries.pages = [LedgerPage(kept=False)] * 2
    again.finish("sketch")
    again.desk.set_visible(True)
    await settle()
    assert again.heads()[0] == "1 run finished"
    assert again.kept[LAST_SEEN] == seen


@pytest.mark.parametrize("bad", [None, "x", True, -5, 0, [], 10**18])
def test_a_time_that_makes_no_sense_is_no_absence(scene: Callable[..., Scene], bad: Any) -> None:
    it = scene(kept={LAST_SEEN: bad})
    it.finish("sketch")
    it.desk.set_visible(True)
    assert not it.is_shown


async def test_a_locked_screen_counts_as_well(scene: Callable[..., Scene]) -> None:
    it = scene()
    it.queries.pages = [LedgerPage(kept=False)] * 2
    it.desk.set_visible(True)
    it.desk.set_locked(True)
    it.clock.now += 40 * MIN
    it.finish("sketch")
    it.desk.set_visible(True)  # it was visible all the time, behind the lock
    assert not it.is_shown
    it.desk.set_locked(False)
    await settle()
    assert it.is_shown


async def test_where_there_is_a_ledger_it_counts(scene: Callable[..., Scene]) -> None:
    it = scene(sample.live_store(second=False))
    it.desk.set_visible(True)
    it.desk.set_visible(False)
    left = it.clock.now
    it.clock.now += 60 * MIN

    def record(number: int, status: str) -> LedgerRecord:
        at = left + number * MIN
        return LedgerRecord(
            f"r{number}", at, "agent_run", "agent.run.finished", status, "flip", "agent:flip:main"
        )

    runs = [record(number, "succeeded") for number in range(1, 15)]
    it.queries.pages = [
        LedgerPage((*runs[:9], record(30, "failed")), "next"),
        LedgerPage((*runs[9:], record(31, "blocked"))),
    ]
    it.desk.set_visible(True)
    await settle()
    assert it.heads() == ["14 runs finished", "2 failed"]
    assert it.desk.card.note.text() == ""
    assert [call[3] for call in it.queries.calls] == ["", "next"]
    assert it.queries.calls[0][4:] == (left, True)


async def test_a_gateway_that_comes_later_is_asked_then(scene: Callable[..., Scene]) -> None:
    it = scene(sample.live_store(second=False))
    it.store.apply(ev.ConnectionChanged("studio", LOST))
    it.desk.set_visible(True)
    it.desk.set_visible(False)
    it.clock.now += 60 * MIN
    it.finish("sketch")
    it.desk.set_visible(True)
    await settle()
    assert it.queries.calls == []
    assert it.heads()[0] == "1 run finished"  # by the own list
    it.queries.pages = [LedgerPage()]
    it.store.apply(ev.ConnectionChanged("studio", LIVE))
    await settle()
    assert len(it.queries.calls) == 1
    # The ledger has no run, and it counts.
    assert it.heads() == ["studio was gone 1 h"]


async def test_a_ledger_that_fails_is_said_and_the_own_list_stands_in(
    scene: Callable[..., Scene], caplog: pytest.LogCaptureFixture
) -> None:
    it = scene()
    it.desk.set_visible(True)
    it.desk.set_visible(False)
    it.clock.now += 60 * MIN
    it.finish("sketch")
    it.queries.pages = [
        NotConnectedError(Failure(kind=FailureKind.LOST)),
        UnexpectedError(),
    ]
    it.desk.set_visible(True)
    await settle()
    assert it.heads()[0] == "1 run finished"
    assert "did not tell their ledgers" in it.desk.card.note.text()
    assert caplog.text.count("UnexpectedError") == 1


async def test_a_line_opens_whom_it_is_about(scene: Callable[..., Scene]) -> None:
    it = scene()
    it.queries.pages = [LedgerPage(kept=False)] * 2
    it.desk.set_visible(True)
    it.desk.set_visible(False)
    it.clock.now += 31 * MIN
    it.store.apply(ev.ConnectionChanged("home-lab", LOST))
    it.finish("sketch")
    it.clock.now += 1
    it.finish("flip")
    it.finish("norbert", fails="no")
    it.desk.set_visible(True)
    await settle()
    it.desk.pane.show()
    finished, failed, gone = it.desk.card.buttons()[:3]
    finished.click()
    QTest.keyClick(failed, Qt.Key.Key_Return)
    gone.click()
    assert it.opened == [
        ((("studio", "flip"), ("studio", "sketch")), "2 runs finished"),
        ((("studio", "norbert"),), "1 failed"),
        "home-lab",
    ]
    assert finished.accessibleName().startswith("2 runs finished: Flip")


async def test_dismissed_it_stays_away_and_asks_no_more(scene: Callable[..., Scene]) -> None:
    it = scene()
    it.queries.hold = asyncio.Event()
    it.desk.set_visible(True)
    it.desk.set_visible(False)
    it.clock.now += 31 * MIN
    it.finish("sketch")
    it.desk.set_visible(True)
    await settle()
    assert "Still asking studio and home-lab…" in it.desk.card.note.text()
    it.desk.card.dismiss.click()
    await settle()
    assert not it.is_shown
    assert it.queries.cancelled == 2
    it.store.apply(ev.ConnectionChanged("home-lab", LOST))
    it.store.apply(ev.ConnectionChanged("home-lab", LIVE))
    assert not it.is_shown


async def test_hostile_texts_stay_text(scene: Callable[..., Scene]) -> None:
    it = scene()
    it.queries.pages = [LedgerPage(kept=False)] * 2
    it.desk.set_visible(True)
    it.desk.set_visible(False)
    it.clock.now += 31 * MIN
    it.finish("sketch", fails="<img src=x>\u202e\x1b[0m" + "z" * 100_000)
    it.desk.set_visible(True)
    await settle()
    (failed,) = it.details()
    assert failed.startswith("Sketch: <img src=x>")
    assert len(failed) < 120
    assert not {"\u202e", "\x1b"} & set(failed)
    for part in it.desk.card.findChildren(QLabel):
        assert part.textFormat() == Qt.TextFormat.PlainText
    assert it.desk.card.buttons()[0].sizeHint().width() <= 600


def bus(*signals: Signal, fails: bool = False) -> Callable[[], AsyncGenerator[Signal, None]]:
    async def source() -> AsyncGenerator[Signal, None]:
        for signal in signals:
            yield signal
        if fails:
            raise UnexpectedError
        await asyncio.Event().wait()

    return source


async def test_signals_of_both_buses_tell_of_a_lock_and_nonsense_of_none() -> None:
    saver, login = "org.gnome.ScreenSaver", "org.freedesktop.login1.Manager"
    told: list[bool] = []
    session = bus(
        Signal(saver, "ActiveChanged", (True,)),
        Signal(saver, "ActiveChanged", ("yes",)),
        Signal(saver, "ActiveChanged", ()),
        Signal("org.evil", "ActiveChanged", (False,)),
        Signal(saver, "ActiveChanged", (False,)),
        fails=True,
    )
    system = bus(Signal(login, "PrepareForSleep", (True,)))

    def handle(locked: bool) -> None:
        told.append(locked)
        raise UnexpectedError

    watch = asyncio.create_task(LockWatch(FakeClock(), handle, (session, system)).run())
    await settle()
    assert sorted(told) == [False, True, True]
    assert not watch.done()
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
