from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cc_desktop.fleet.model import (
    NEEDS_YOU,
    WORKING,
    Agent,
    Approval,
    Now,
    Origin,
    Run,
    Session,
    Status,
)
from cc_desktop.fleet.reducer.state import first_expiry
from cc_desktop.fleet.status import assess, find_newest_finished, newest_finished, next_deadline

NOW = 1_764_000_000_000  # ms
STUCK_AFTER = 600_000  # ms
DONE = Session("d", "a", status="done", updated_at=NOW - 90, ended_at=NOW - 100)
FAILED = Session("f", "a", status="failed", updated_at=NOW - 40, ended_at=NOW - 50)
RUNS = Session("r", "a", status="running", active=True, updated_at=NOW - 10)


def agent(*sessions: Session, **more: Any) -> Agent:
    """An agent as `reduce` would have made it, but for what `more` says."""
    fields: dict[str, Any] = {
        "sessions": {row.key: row for row in sessions},
        "by_activity": sorted((row.activity_at, row.key) for row in sessions),
        "heard": {row.key: NOW for row in sessions if row.active},
        "awaiting_reply": frozenset(
            row.key for row in sessions if row.digest_health == "waiting-on-user"
        ),
        **more,
    }
    found = Agent("g", "a", **fields)
    told: dict[str, Any] = found.heard  # ms
    heard = {
        key: Now(at, at) for key, at in sorted(told.items(), key=lambda pair: (pair[1], pair[0]))
    }
    return replace(
        found,
        newest_finished_key=find_newest_finished(found.sessions, found.by_activity),
        heard=heard,
        acting=sum(key not in found.runs or not found.runs[key].thinking for key in heard),
        approvals_expire_at=first_expiry(found.approvals),
    )


def judged(
    subject: Agent,
    *,
    origin: Origin = Origin.LIVE,
    seen: dict[str, int] | None = None,
    now: int = NOW,
) -> tuple[Status, str]:
    return assess(subject, origin, seen or {}, Now(now, now), STUCK_AFTER)


def approval(expires_at: int = 0) -> dict[str, Approval]:
    return {"p": Approval("p", "a", "asked", expires_at=expires_at)}


ASKS = Session("q", "a", status="done", updated_at=NOW, digest_health="waiting-on-user")
THINKS = {"r": Run("r1", "r", thinking=True)}
SILENT = {"r": NOW - STUCK_AFTER}

# Each is worse than all that follow.
LADDER: list[tuple[str, dict[str, Any], Status, str]] = [
    ("a failure", {"sessions": [FAILED]}, Status.ERROR, "f"),
    ("an approval", {"approvals": approval()}, Status.WAITING, "asked"),
    ("a silent run", {"sessions": [RUNS], "heard": SILENT}, Status.STUCK, "r"),
    ("a run", {"sessions": [RUNS]}, Status.ACTIVE, "r"),
    ("nothing", {}, Status.IDLE, ""),
]


@pytest.mark.parametrize("start", range(len(LADDER)), ids=[case[0] for case in LADDER])
@pytest.mark.parametrize("alone", [True, False])
def test_the_worst_wins(start: int, alone: bool) -> None:
    together: dict[str, Any] = {"sessions": []}
    for _, parts, _, _ in reversed(LADDER[start : start + 1] if alone else LADDER[start:]):
        sessions = {row.key: row for row in (*together["sessions"], *parts.get("sessions", []))}
        together = {**together, **parts, "sessions": list(sessions.values())}
    _, _, status, cause = LADDER[start]
    assert judged(agent(*together.pop("sessions"), **together)) == (status, cause)


@pytest.mark.parametrize("origin", list(Origin))
def test_only_a_source_that_speaks_now_gives_a_status(origin: Origin) -> None:
    status, cause = judged(agent(RUNS, status_session_key="before"), origin=origin)
    if origin in (Origin.LIVE, Origin.REST, Origin.DEMO):
        assert (status, cause) == (Status.ACTIVE, "r")
    else:
        assert (status, cause) == (Status.OFFLINE, "before")


# Failures


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"status": "failed"}, Status.ERROR),
        ({"status": "timeout"}, Status.ERROR),
        ({"status": "killed"}, Status.IDLE),
        ({"status": "done"}, Status.IDLE),
        ({"status": "queued"}, Status.IDLE),
        ({"status": "running"}, Status.IDLE),
        ({"status": ""}, Status.IDLE),
        ({"status": "something new"}, Status.IDLE),
        ({"status": "timeout", "aborted": True}, Status.IDLE),
        ({"status": "failed", "archived": True}, Status.IDLE),
        ({"status": "failed", "active": True}, Status.ACTIVE),
        ({"status": "running", "active": True}, Status.ACTIVE),
        ({"status": "done", "active": True}, Status.ACTIVE),
    ],
)
def test_what_a_row_says(row: dict[str, Any], expected: Status) -> None:
    assert judged(agent(Session("s", "a", updated_at=NOW, **row)))[0] is expected


def test_the_newest_run_that_ended_decides() -> None:
    assert judged(agent(DONE, FAILED)) == (Status.ERROR, "f")
    later = Session("l", "a", status="done", updated_at=NOW, ended_at=NOW)
    assert judged(agent(DONE, FAILED, later)) == (Status.IDLE, "l")
    # Renamed after it had failed: that is no newer run.
    renamed = Session("d", "a", status="done", updated_at=NOW, ended_at=NOW - 100)
    assert judged(agent(renamed, FAILED)) == (Status.ERROR, "f")


def test_a_run_in_progress_does_not_hide_a_failure() -> None:
    assert judged(agent(FAILED, RUNS)) == (Status.ERROR, "f")
    assert judged(agent(FAILED, RUNS), seen={"f": NOW - 50}) == (Status.ACTIVE, "r")


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ({}, Status.ERROR),
        ({"f": NOW - 51}, Status.ERROR),
        ({"f": NOW - 50}, Status.IDLE),
        ({"f": NOW}, Status.IDLE),
        ({"other": NOW}, Status.ERROR),
    ],
)
def test_a_failure_that_was_seen(seen: dict[str, int], expected: Status) -> None:
    assert judged(agent(FAILED), seen=seen) == (expected, "f")


def test_a_failure_without_an_end_is_dated_by_its_row() -> None:
    row = Session("s", "a", status="failed", updated_at=NOW)
    assert row.finished_at == NOW
    assert judged(agent(row), seen={"s": NOW - 1})[0] is Status.ERROR
    assert judged(agent(row), seen={"s": NOW})[0] is Status.IDLE


def test_the_newest_finished_session() -> None:
    assert newest_finished(agent()) is None
    assert newest_finished(agent(RUNS)) is None
    assert newest_finished(agent(DONE, RUNS, FAILED)) is FAILED
    hidden = Session("h", "a", status="failed", ended_at=NOW, archived=True)
    assert newest_finished(agent(DONE, hidden)) is DONE


# Waiting


@pytest.mark.parametrize(
    ("expires_at", "expected"),
    [(0, Status.WAITING), (NOW + 1, Status.WAITING), (NOW, Status.IDLE), (NOW - 1, Status.IDLE)],
)
def test_an_approval_that_expired_waits_for_nobody(expires_at: int, expected: Status) -> None:
    assert judged(agent(approvals=approval(expires_at)))[0] is expected


def test_one_open_approval_among_expired_ones_is_enough() -> None:
    many = {
        "old": Approval("old", "a", "x", expires_at=NOW - 1),
        "new": Approval("new", "a", "y", expires_at=NOW + 1),
    }
    assert judged(agent(approvals=many)) == (Status.WAITING, "y")


def test_the_newest_question_is_the_cause() -> None:
    older = Session("o", "a", updated_at=NOW - 5, digest_health="waiting-on-user")
    assert judged(agent(older, ASKS)) == (Status.WAITING, "q")


# Runs


@pytest.mark.parametrize(
    ("silent_ms", "expected"),
    [(0, Status.ACTIVE), (STUCK_AFTER - 1, Status.ACTIVE), (STUCK_AFTER, Status.STUCK)],
)
def test_silence(silent_ms: int, expected: Status) -> None:
    assert judged(agent(RUNS), now=NOW + silent_ms) == (expected, "r")


def test_the_quietest_run_is_stuck_and_the_loudest_is_the_cause_of_activity() -> None:
    other = Session("s", "a", status="running", active=True, updated_at=NOW)
    both = {"r": NOW - 5, "s": NOW - 9}
    assert judged(agent(RUNS, other, heard=both)) == (Status.ACTIVE, "r")
    assert judged(agent(RUNS, other, heard=both), now=NOW + STUCK_AFTER - 9) == (
        Status.STUCK,
        "s",
    )


def test_it_thinks_when_every_run_does() -> None:
    other = Session("s", "a", status="running", active=True, updated_at=NOW)
    assert judged(agent(RUNS, runs=THINKS))[0] is Status.THINKING
    assert judged(agent(RUNS, other, runs=THINKS))[0] is Status.ACTIVE
    both = {**THINKS, "s": Run("r2", "s", thinking=True)}
    assert judged(agent(RUNS, other, runs=both))[0] is Status.THINKING
    works = {**THINKS, "s": Run("r2", "s", thinking=False)}
    assert judged(agent(RUNS, other, runs=works))[0] is Status.ACTIVE


# What a source says of an agent without sessions


@pytest.mark.parametrize("status", list(Status))
def test_a_reported_status_counts_while_the_sessions_know_nothing(status: Status) -> None:
    expected = status if status.needs_you or status.working else Status.IDLE
    assert judged(agent(reported_status=status)) == (expected, "")


def test_sessions_that_are_newer_know_better() -> None:
    told = {"reported_status": Status.ERROR}
    assert judged(agent(DONE, **told, reported_at=NOW - 101)) == (Status.IDLE, "d")
    assert judged(agent(DONE, **told, reported_at=NOW - 100)) == (Status.ERROR, "")


def test_a_run_is_more_than_a_report() -> None:
    assert judged(agent(RUNS, reported_status=Status.THINKING, reported_at=NOW))[0] is Status.ACTIVE
    assert judged(agent(RUNS, reported_status=Status.WAITING, reported_at=NOW))[0] is Status.WAITING


# Time


def test_the_next_deadline() -> None:
    quiet, loud = agent(RUNS, heard={"r": NOW - 7}), agent(RUNS)
    assert next_deadline({}, STUCK_AFTER, NOW) is None
    assert next_deadline({"a": agent(DONE)}, STUCK_AFTER, NOW) is None
    assert next_deadline({"a": agent(approvals=approval())}, STUCK_AFTER, NOW) is None
    assert next_deadline({"a": loud, "b": quiet}, STUCK_AFTER, NOW) == NOW - 7 + STUCK_AFTER
    soon = {"a": loud, "b": agent(approvals=approval(NOW + 3))}
    assert next_deadline(soon, STUCK_AFTER, NOW) == NOW + 3
    assert next_deadline(soon, STUCK_AFTER, NOW + 3) == NOW + 3  # due: a Tick drops it
    assert next_deadline({"a": loud}, STUCK_AFTER, NOW + STUCK_AFTER) is None
    assert next_deadline({"a": loud}, STUCK_AFTER, 5, NOW) == 5 + STUCK_AFTER


moments = st.integers(NOW - 2 * STUCK_AFTER, NOW + STUCK_AFTER)


@given(
    st.lists(moments, max_size=3),
    st.lists(st.integers(NOW + 1, NOW + STUCK_AFTER) | st.just(0), max_size=3),
    st.integers(1, 3 * STUCK_AFTER),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_until_the_deadline_time_changes_nothing(
    heard: list[int], expiries: list[int], ms: int
) -> None:
    rows = [Session(f"s{n}", "a", active=True, updated_at=NOW) for n in range(len(heard))]
    subject = agent(
        *rows,
        heard={f"s{n}": at for n, at in enumerate(heard)},
        approvals={f"p{n}": Approval(f"p{n}", "a", expires_at=at) for n, at in enumerate(expiries)},
    )
    deadline = next_deadline({"a": subject}, STUCK_AFTER, NOW)
    assert deadline is None or deadline > NOW
    if deadline is None or NOW + ms < deadline:
        assert judged(subject, now=NOW + ms) == judged(subject)


# Words


def test_needing_you_and_working_are_what_they_say() -> None:
    assert [status for status in Status if status.needs_you] == list(NEEDS_YOU)
    assert [status for status in Status if status.working] == list(WORKING)
    assert list(Status)[:3] == list(NEEDS_YOU)  # worst first


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"label": "L", "derived_title": "D", "display_name": "N"}, "L"),
        ({"derived_title": "D", "display_name": "N"}, "D"),
        ({"key": "agent:a:x", "display_name": "N"}, "N"),
        ({"key": "agent:a:x"}, "x"),
        ({"key": "agent:a:telegram:group:5"}, "telegram:group:5"),
        ({"key": "agent:a:main", "display_name": "lab"}, "Main"),  # the name of who wrote last
        ({"key": "odd"}, "odd"),
    ],
)
def test_the_title_of_a_session(fields: dict[str, Any], title: str) -> None:
    assert Session(**{"key": "agent:a:main", "agent_id": "a", **fields}).title == title


def test_the_moment_of_a_session() -> None:
    assert DONE.activity_at == NOW - 100
    assert RUNS.activity_at == NOW - 10
    assert Session("s", "a", updated_at=5).activity_at == 5


def test_what_an_agent_tells_of_itself() -> None:
    subject = agent(DONE, RUNS, status_session_key="r", reported_at=5)
    assert subject.shown_name == "a"
    assert agent(name="Otto").shown_name == "Otto"
    assert subject.cause is subject.sessions["r"]
    assert agent(status_session_key="gone").cause is None
    assert subject.last_activity == NOW - 10
    assert agent(DONE, reported_at=NOW).last_activity == NOW
    assert agent().last_activity == 0
