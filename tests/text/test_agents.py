from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import ProgressCard
from cc_desktop.fleet.model import Agent, Now, Run, Session, Status
from cc_desktop.fleet.requests import Choice, Question, QuestionPart
from cc_desktop.fleet.store import Store
from cc_desktop.text import agents
from cc_desktop.text import format as format_
from cc_desktop.text.agent_facts import context_percent, gist, usage_since
from cc_desktop.text.i18n import FSI, PDI
from tests.desktop import sample
from tests.desktop.sample import MIN, NOW


def agent(gateway: str, agent_id: str, store: Store | None = None) -> Agent:
    found = (store or sample.live_store()).fleet.agent(gateway, agent_id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("gateway", "agent_id", "first", "second"),
    [
        (
            "studio",
            "rex",
            "The API key has run out",
            "failed 4 min ago · Fix the login redirect",
        ),
        (
            "studio",
            "dex",
            "Approve: uname -a && make deploy",
            "waiting 1 min · expires in 29 min",
        ),
        (
            "home-lab",
            "hex",
            "exec: pytest -q · silent for 12 min",
            "running for 40 min · Nightly tests",
        ),
        ("studio", "otto", "edit: src/fleet/reduce.py", "working 3 min · Split the reducer"),
        ("studio", "pip", "Release notes for 1.4", "thinking"),
        ("studio", "sketch", "12 icons exported", "done 2 h ago · took 1 min 12 s"),
        ("studio", "norbert", "No open tickets left", "done yesterday · took 1 min 12 s"),
    ],
)
def test_the_two_lines_of_a_row(gateway: str, agent_id: str, first: str, second: str) -> None:
    task, line = agents.two_lines(agent(gateway, agent_id), NOW)
    assert task.startswith(first)
    assert line == second


def test_an_offline_agent_says_what_it_was() -> None:
    store = sample.last_known_store()
    clock_offset_ms = store.fleet.gateways["studio"].clock_offset_ms
    lines = {
        key: agents.two_lines(value, NOW, clock_offset_ms)
        for key, value in _agents(store, "studio").items()
    }
    assert lines["otto"] == ("Was working: Split the reducer", "last heard 23 min ago")
    assert lines["rex"][0] == "Had failed: Fix the login redirect"
    assert lines["sketch"][0] == "Was idle"


def _agents(store: Store, gateway: str) -> dict[str, Agent]:
    return dict(store.fleet.gateways[gateway].agents)


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_words_even_when_nothing_else_is_known(status: Status) -> None:
    bare = Agent("g", "a", status=status)
    first, second = agents.two_lines(bare, NOW)
    assert first
    assert second or status in (Status.OFFLINE, Status.STUCK)
    assert agents.current(bare, NOW)
    assert bool(agents.why(bare, NOW)) is status.needs_you


def test_the_gateways_clock_is_put_right() -> None:
    ahead = replace(agent("studio", "rex"), status=Status.ERROR)
    assert agents.two_lines(ahead, NOW + 10 * MIN, 10 * MIN)[1].startswith("failed 4 min ago")


def test_usage_today_leaves_out_yesterday() -> None:
    rex = agent("studio", "rex")
    used, usd = usage_since(rex, format_.midnight(NOW))
    assert used == 184_000
    assert usd == pytest.approx(2.65)
    assert usage_since(agent("studio", "norbert"), format_.midnight(NOW)) == (0, 0.0)


def test_context_is_not_told_without_the_size_of_the_window() -> None:
    assert context_percent(agent("studio", "rex")) == 61
    assert context_percent(Agent("g", "a")) is None
    full = Session("k", "a", total_tokens=900, context_tokens=100)
    crowded = Agent("g", "a", sessions={"k": full}, by_activity=((0, "k"),))
    assert context_percent(crowded) == 100


def test_the_sentence_of_a_row_for_a_screen_reader() -> None:
    lines = ("Run failed: no credits", "failed 4 min ago")
    assert (
        agents.sentence("Rex", "studio", Status.ERROR, lines, 61)
        == "Rex on studio: Error, Run failed: no credits, failed 4 min ago, "
        "context 61 percent full."
    )
    assert agents.sentence("Bob", "", Status.IDLE, ("—", ""), None) == "Bob: Idle."


def test_a_row_is_one_sentence_whatever_agents_write() -> None:
    lines = ("No credits. Top up at example.org.", "failed 4 min ago · Login")
    assert (
        agents.sentence("Rex", "", Status.ERROR, lines, 59)
        == "Rex: Error, No credits. Top up at example.org, failed 4 min ago, Login."
    )
    said = agents.sentence("Rex", "", Status.ERROR, (f"{FSI}No credits.{PDI}", ""), None)
    assert f"{FSI}No credits{PDI}" in said


def test_what_it_does_now() -> None:
    assert agents.current(agent("studio", "otto"), NOW) == (
        "edit: src/fleet/reduce.py\nSplit the reducer · running for 3 min"
    )
    assert agents.current(agent("studio", "rex"), NOW) == (
        "Nothing is running. Last run took 1 min 12 s and failed at 14:21."
    )


def test_a_failure_that_only_its_run_has_told_says_why_and_since_when() -> None:
    store = Store(lambda: NOW)
    store.apply(ev.GatewayAdded("g", "G"))
    row = Session("agent:rex:main", "rex", status="running", active=True, updated_at=NOW - 9)
    store.apply(ev.Snapshot("g", (ev.AgentInfo("rex", "Rex"),), (row,), taken_at=NOW))
    for event in ({"thinking": True}, {"error": "no credits", "over": True}):
        store.apply(ev.RunProgress("g", "rex", row.key, "r1", **event))
    failed = agent("g", "rex", store)

    assert agents.two_lines(failed, NOW + 60_000) == ("no credits", "failed 1 min ago")
    assert agents.why(failed, NOW) == "no credits"


def test_the_reason_of_a_failure_stays_after_it_was_seen() -> None:
    store = sample.live_store()
    store.apply(ev.Seen("studio", {"agent:rex:telegram:1": NOW - 4 * MIN}))
    seen = agent("studio", "rex", store)
    assert seen.status is Status.IDLE
    assert "out of credits" in agents.why(seen, NOW)


def test_an_idle_agent_shows_its_last_words() -> None:
    last = Session("k", "a", status="done", updated_at=NOW - MIN, preview="All tests pass.")
    idle = Agent("g", "a", status=Status.IDLE, sessions={"k": last}, by_activity=((NOW, "k"),))
    assert agents.two_lines(idle, NOW)[0] == "All tests pass."


def test_describe_says_all_of_it() -> None:
    rex = agent("studio", "rex")
    said = agents.describe(rex, NOW)
    assert (said.task, said.since) == agents.two_lines(rex, NOW)
    assert (said.why, said.now) == (agents.why(rex, NOW), agents.current(rex, NOW))


def test_many_runs_are_counted() -> None:
    sessions = {f"k{n}": Session(f"k{n}", "a", label=f"Run {n}", active=True) for n in range(6)}
    heard = {key: Now(NOW - n, 0) for n, key in enumerate(sessions)}
    busy = Agent("g", "a", status=Status.ACTIVE, sessions=sessions, heard=heard)
    lines = agents.current(busy, NOW).splitlines()
    assert lines[1] == "Run 0"
    assert lines[-1] == "and 2 more runs"


def asking(**fields: Any) -> Agent:
    part = QuestionPart("q", "Which database first?", choices=(Choice("a"), Choice("b")))
    question = Question("x", "rex", (part,), opened_at=NOW - 60_000, **fields)
    return Agent("g", "rex", status=Status.WAITING, questions={"x": question}, status_since=NOW)


def test_a_question_leads_with_its_words_and_says_how_much_there_is_to_choose_from() -> None:
    agent = asking(expires_at=NOW + 12 * 60_000)
    assert agents.two_lines(agent, NOW) == (
        "Which database first?",
        "waiting 1 min · 2 options · expires in 12 min",
    )
    assert agents.word(agent) == "Asks you"


def test_a_run_leads_with_its_headline_and_then_says_what_it_does() -> None:
    key = "agent:rex:main"
    row = Session(key, "rex", status="running", active=True, digest_headline="Splitting it in two")
    run = Run("r", key, activity="edit src/reduce.py")
    agent = Agent(
        "g",
        "rex",
        status=Status.ACTIVE,
        status_session_key=key,
        sessions={key: row},
        runs={key: run},
        status_since=NOW - 180_000,
    )
    assert agents.two_lines(agent, NOW) == (
        "Splitting it in two",
        "working 3 min · edit src/reduce.py",
    )
    card = ProgressCard(key, done=2, total=7, current="running tests")
    assert agents.two_lines(agent, NOW, 0, {key: card}) == (
        "Splitting it in two",
        "working 3 min · 3 of 7 · running tests",
    )


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (
            "LLM request failed: provider rejected the request schema or tool payload.",
            "provider rejected the request schema or tool payload.",
        ),
        ("provider returned a billing error: no credits are left", "no credits are left"),
        ("HTTP 529 overloaded_error: Anthropic is overloaded", "Anthropic is overloaded"),
        ("Error: LLM request failed: read ECONNRESET", "read ECONNRESET"),
        ("LLM request failed: 401", "LLM request failed: 401"),  # says nothing alone
        ("Command failed: git push origin main", "Command failed: git push origin main"),
        ("Error:" * 50, "Error:" * 50),
        (
            "⚠️ API provider returned a billing error — your API key has run out of credits.",
            "your API key has run out of credits.",
        ),
        (
            "Mock (mock-1) returned a billing error — your API key has run out of credits.",
            "your API key has run out of credits.",
        ),
        ("no credits", "no credits"),
        ("", ""),
    ],
)
def test_a_reason_leads_not_what_stands_before_all_of_them(told: str, shown: str) -> None:
    assert gist(told) == shown
