"""The app's own list: what a change is worth, and how much of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.history import log as history_log
from cc_desktop.fleet.history.entries import Entry, EntryKind
from cc_desktop.fleet.history.log import HistoryLog
from cc_desktop.fleet.model import (
    Approval,
    ConnectionInfo,
    ConnectionState,
    Problem,
    Session,
)
from cc_desktop.fleet.store import Store

if TYPE_CHECKING:
    import pytest

T0 = 1_790_000_000_000
KEY = "agent:otto:main"
LIVE = ConnectionInfo(ConnectionState.LIVE)


class Scene:
    """A store with one agent, its clock, and the list."""

    def __init__(self, *sessions: Session, agents: tuple[str, ...] = ("otto",)) -> None:
        self.now = T0
        self.store = Store(lambda: self.now)
        self.log = HistoryLog(self.store, lambda: self.now)
        self.store.apply(ev.GatewayAdded("g", "Studio"))
        self.store.apply(ev.ConnectionChanged("g", LIVE))
        infos = tuple(ev.AgentInfo(name) for name in agents)
        self.store.apply(ev.Snapshot("g", infos, sessions, taken_at=T0))

    def row(self, **fields: Any) -> None:
        self.store.apply(ev.SessionChanged("g", KEY, "otto", fields))

    def runs(self, doing: str | None = None, run: str = "r1", **more: Any) -> None:
        self.store.apply(ev.RunProgress("g", "otto", KEY, run, activity=doing, **more))

    def kinds(self, agent: str = "otto") -> list[EntryKind]:
        """Oldest first, without what happened to the gateway."""
        return [e.kind for e in reversed(self.log.entries("g", agent)) if e.agent]

    def newest(self) -> Entry:
        return self.log.entries("g", "otto")[0]


def start(scene: Scene) -> None:
    scene.now += 1_000
    at = scene.now
    scene.row(status="running", active=True, updated_at=at, started_at=at, label="Split it")


def test_a_run_is_told_from_its_start_over_its_tools_to_its_end() -> None:
    scene = Scene()
    start(scene)
    scene.now += 1_000
    scene.runs("exec: make")
    scene.now += 5_000
    end = {"ended_at": scene.now, "updated_at": scene.now, "runtime_ms": 6_000}
    scene.row(status="done", active=False, **end)
    assert scene.kinds() == [EntryKind.STARTED, EntryKind.TOOL, EntryKind.FINISHED]
    assert scene.newest() == Entry(
        scene.now, EntryKind.FINISHED, "g", "otto", KEY, "Split it", "", 6_000
    )


def test_the_same_tool_over_and_over_is_one_line_with_a_count() -> None:
    scene = Scene()
    start(scene)
    for _ in range(14):
        scene.now += 2_000
        scene.runs("exec: curl -s staging/health")
        scene.now += 2_000
        scene.runs("")
    newest = scene.newest()
    assert (newest.kind, newest.count, newest.at) == (EntryKind.TOOL, 14, scene.now - 2_000)
    assert len(scene.kinds()) == 2


def test_a_failure_that_its_row_confirms_later_is_told_once() -> None:
    scene = Scene()
    start(scene)
    scene.runs("exec: make")
    scene.now += 1_000
    scene.runs(None, error="no credits", over=True)
    scene.now += 15_000
    end = {"ended_at": scene.now, "updated_at": scene.now, "error": "no credits"}
    scene.row(status="failed", active=False, **end)
    failures = [e for e in scene.log.entries("g", "otto") if e.kind is EntryKind.FAILED]
    assert [e.detail for e in failures] == ["no credits"]


def test_an_approval_is_asked_for_and_decided_or_expires() -> None:
    scene = Scene()
    for ident, expires in (("a", T0 + 60_000), ("b", T0 + 1_000)):
        approval = Approval(ident, "otto", KEY, f"make {ident}", T0, expires)
        scene.store.apply(ev.ApprovalOpened("g", approval))
    scene.now += 2_000
    scene.store.apply(ev.Tick("g"))
    scene.store.apply(ev.ApprovalClosed("g", "otto", "a"))
    assert scene.kinds() == [
        *(EntryKind.ASKED, EntryKind.ASKED, EntryKind.EXPIRED, EntryKind.DECIDED)
    ]
    assert scene.newest().detail == "make a"


def test_a_silent_run_is_stuck_until_it_speaks() -> None:
    scene = Scene()
    start(scene)
    scene.runs("exec: make")
    scene.now += 11 * 60_000
    scene.store.apply(ev.Tick("g"))
    scene.now += 1_000
    scene.runs("read: a")
    kinds = scene.kinds()
    assert EntryKind.STUCK in kinds
    assert kinds.index(EntryKind.UNSTUCK) > kinds.index(EntryKind.STUCK)


def test_a_lost_gateway_stands_in_the_list_of_each_of_its_agents() -> None:
    scene = Scene(agents=("otto", "rex"))
    scene.now += 1_000
    lost = ConnectionInfo(ConnectionState.WAITING, problem=Problem("unreachable"))
    scene.store.apply(ev.ConnectionChanged("g", lost))
    scene.now += 1_000
    scene.store.apply(ev.ConnectionChanged("g", LIVE))
    for agent in ("otto", "rex"):
        back, gone, _ = scene.log.entries("g", agent)
        assert (back.kind, gone.kind, gone.detail) == (
            *(EntryKind.BACK, EntryKind.LOST, "unreachable"),
        )


def test_what_ended_before_the_app_started_is_known_from_the_rows() -> None:
    old = Session(
        KEY, "otto", status="failed", ended_at=T0 - 9_000, updated_at=T0 - 9_000, error="no"
    )
    scene = Scene(old)
    newest = scene.log.entries("g", "otto")[-1]
    assert (newest.kind, newest.at, newest.detail) == (EntryKind.FAILED, T0 - 9_000, "no")


def test_what_ended_while_the_gateway_was_away_is_told_with_its_own_time() -> None:
    running = Session(KEY, "otto", status="running", active=True, started_at=T0, updated_at=T0)
    scene = Scene(running)
    scene.now += 3_600_000
    done = Session(
        KEY, "otto", status="done", started_at=T0, ended_at=T0 + 60_000, updated_at=T0 + 60_000
    )
    scene.store.apply(ev.Snapshot("g", (ev.AgentInfo("otto"),), (done,), taken_at=scene.now))
    ends = [e for e in scene.log.entries("g", "otto") if e.kind is EntryKind.FINISHED]
    assert [e.at for e in ends] == [T0 + 60_000]


def test_a_new_title_of_an_old_session_is_no_end() -> None:
    done = Session(KEY, "otto", status="done", updated_at=T0 - 9_000, started_at=T0 - 10_000)
    scene = Scene(done)
    before = scene.kinds()
    scene.now += 1_000
    scene.row(label="Other", updated_at=scene.now)
    assert scene.kinds() == before


def test_the_list_is_bounded_for_an_agent_and_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    start(scene)
    for number in range(700):
        scene.now += 1
        scene.runs(f"exec: {number}")
    assert len(scene.log.entries("g", "otto")) == history_log.MOST_PER_AGENT
    assert scene.newest().detail == "exec: 699"
    monkeypatch.setattr(history_log, "MOST", 100)
    scene.now += 1
    scene.runs("exec: last")
    assert len(scene.log) <= 100
    assert scene.newest().detail == "exec: last"
    assert len(scene.log) == sum(1 for _ in scene.log.since(0))


def test_a_gateway_that_is_no_longer_watched_is_forgotten() -> None:
    scene = Scene()
    start(scene)
    before = scene.log.version("g", "otto")
    scene.store.apply(ev.GatewayRemoved("g"))
    assert scene.log.entries("g", "otto") == []
    assert len(scene.log) == 0
    assert scene.log.version("g", "otto") != before


def test_a_listing_that_repeats_what_is_known_adds_nothing() -> None:
    done = Session(KEY, "otto", status="done", ended_at=T0 - 5, updated_at=T0 - 5)
    scene = Scene(done)
    for _ in range(3):
        scene.store.apply(ev.Snapshot("g", (ev.AgentInfo("otto"),), (done,), taken_at=T0))
    assert scene.kinds() == [EntryKind.FINISHED]


def test_a_change_is_found_wherever_in_the_rows_it_stands() -> None:
    rows = [
        Session(f"agent:otto:{number}", "otto", status="running", active=True, updated_at=T0)
        for number in range(5)
    ]
    for number in range(5):
        scene = Scene(*rows)
        scene.now += 1
        gone = f"agent:otto:{(number + 2) % 5}"
        scene.store.apply(ev.SessionRemoved("g", gone, "otto"))
        key = f"agent:otto:{number}"
        end = {"status": "done", "active": False, "ended_at": scene.now, "updated_at": scene.now}
        new = {**end, "status": "failed"}
        scene.store.apply(ev.SessionChanged("g", key, "otto", end))
        scene.store.apply(ev.SessionChanged("g", "agent:otto:new", "otto", new))
        ends = [
            (e.kind, e.session_key) for e in scene.log.entries("g", "otto") if e.at == scene.now
        ]
        assert (EntryKind.FINISHED, key) in ends
        assert (EntryKind.FAILED, "agent:otto:new") in ends
        assert (EntryKind.DELETED, gone) in ends


def test_an_end_whose_start_is_corrected_is_told_once() -> None:
    """The rows of a run on 2026.5.7."""
    scene = Scene()
    start(scene)
    began = scene.now
    scene.now += 2_000
    end = {"status": "done", "active": False, "ended_at": scene.now}
    scene.row(**end, started_at=scene.now, updated_at=scene.now)
    scene.now += 3_000
    scene.row(**end, started_at=began, updated_at=scene.now, runtime_ms=2_000)
    assert scene.kinds() == [EntryKind.STARTED, EntryKind.FINISHED]
