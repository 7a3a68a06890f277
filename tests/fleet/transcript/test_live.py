from __future__ import annotations

from cc_desktop.fleet.transcript import live
from cc_desktop.fleet.transcript.conversation import Conversation
from cc_desktop.fleet.transcript.live import (
    MOST_STEPS,
    LiveEvent,
    LiveRun,
    MessageSaid,
    Phase,
    ReplyStreamed,
    RunEnded,
    RunPhased,
    Step,
    ToolBegan,
    ToolEnded,
    ToolTold,
)
from cc_desktop.fleet.transcript.rows import Outcome, RowKind
from tests.fleet.transcript.talk import AT, agent, result, user


def after(*events: LiveEvent, run: LiveRun | None = None) -> LiveRun:
    for event in events:
        run = live.follow(run, event)
    assert run is not None
    return run


def began(call: str) -> ToolBegan:
    return ToolBegan("r", Step(call, "exec", f"do {call}", started_at=AT))


def test_a_run_from_start_to_end() -> None:
    run = after(RunPhased("r", Phase.MODEL, AT), began("c1"))
    assert (run.phase, run.started_at) == (Phase.TOOL, AT)
    assert live.current_step(run) == run.steps[0]
    run = after(
        ToolTold("r", "c1", "so far"),
        ToolEnded("r", "c1", failed=True, note="exit 1", result="all", ended_at=AT + 9),
        run=run,
    )
    assert run.phase is Phase.MODEL
    assert (run.steps[0].outcome, run.steps[0].note) == (Outcome.FAILED, "exit 1")
    run = after(ReplyStreamed("r", "It"), ReplyStreamed("r", "It is"), run=run)
    assert (run.phase, run.reply) == (Phase.REPLY, "It is")
    run = after(MessageSaid(agent("a", "It is done")), RunEnded("r", ended_at=AT + 50), run=run)
    assert (run.over, run.reply, run.ended_at) == (True, "", AT + 50)


def test_the_message_of_an_earlier_step_does_not_take_the_reply_away() -> None:
    run = after(RunPhased("r", Phase.MODEL), ReplyStreamed("r", "The tool said"))
    assert after(MessageSaid(agent("a", "", calls=("c1",))), run=run).reply == "The tool said"
    assert after(MessageSaid(agent("a", "Something else")), run=run).reply == "The tool said"


def test_late_events_of_a_run_that_is_over_do_not_start_it_again() -> None:
    run = after(RunPhased("r", Phase.MODEL, AT), RunEnded("r"))
    assert after(ReplyStreamed("r", "late"), began("c1"), run=run) == run
    assert after(RunEnded("another"), run=run) == run


def test_another_run_begins_its_own_account() -> None:
    run = after(RunPhased("r", Phase.MODEL, AT), began("c1"), RunPhased("r2", Phase.MODEL, AT + 5))
    assert (run.run_id, run.steps, run.started_at) == ("r2", (), AT + 5)


def test_the_first_reason_of_a_failure_stays() -> None:
    run = after(RunPhased("r", Phase.MODEL), RunEnded("r", "402"), RunEnded("r", "see the logs"))
    assert run.error == "402"


def test_a_call_told_twice_is_one_step_and_many_steps_are_bounded() -> None:
    run = after(began("c1"), began("c1"))
    assert len(run.steps) == 1
    run = after(*[began(f"c{n}") for n in range(MOST_STEPS + 50)])
    assert (len(run.steps), run.dropped_steps, run.step_count) == (
        *(MOST_STEPS, 50, MOST_STEPS + 50),
    )


def test_the_rows_of_a_run_are_what_no_message_says_yet() -> None:
    talk = Conversation()
    run = after(RunPhased("r", Phase.MODEL), began("c1"), ReplyStreamed("r", "Well"))
    rows = live.live_rows(run, talk)
    assert [row.kind for row in rows] == [RowKind.CALL, RowKind.MESSAGE]
    assert all(row.live for row in rows)
    talk.add(agent("a", "", calls=("c1",)))
    assert [row.kind for row in live.live_rows(run, talk)] == [RowKind.MESSAGE]
    assert live.live_rows(None, talk) == []


def test_the_outcome_of_a_call_reaches_its_row_before_history_says_it() -> None:
    talk = Conversation()
    talk.add(agent("a", "", calls=("c1",)))
    run = after(began("c1"), ToolEnded("r", "c1", result="out", ended_at=AT + 1_500))
    live.settle(run, talk)
    assert (talk.rows[-1].outcome, talk.rows[-1].result) == (Outcome.DONE, "out")
    assert talk.rows[-1].took_ms == 1_500


def test_a_run_that_is_joined_midway_has_the_steps_that_messages_tell_of() -> None:
    talk = Conversation()
    for message in (
        user("u1", at=AT),
        agent("a1", "", calls=("old",)),
        user("u2", at=AT + 10),
        agent("a2", "", AT + 20, calls=("c1", "c2")),
        result("c1", "ok", AT + 25),
    ):
        talk.add(message)
    run = live.with_history(after(RunPhased("r", Phase.MODEL)), talk)
    assert [(one.call_id, one.outcome, one.ended_at) for one in run.steps] == [
        ("c1", Outcome.DONE, AT + 25),
        ("c2", Outcome.RUNNING, 0),
    ]
    assert (run.phase, run.started_at) == (Phase.TOOL, AT + 10)
    assert live.with_history(run, talk) == run
    over = after(RunEnded("r"), run=run)
    assert live.with_history(over, talk) == over


def test_steps_that_never_ended_are_unknown_when_the_run_is_over() -> None:
    run = after(began("c1"), RunEnded("r", aborted=True))
    assert run.aborted
    assert run.steps[0].outcome is Outcome.UNKNOWN
