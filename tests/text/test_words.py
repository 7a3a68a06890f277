from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import (
    Agent,
    ConnectionInfo,
    ConnectionState,
    Fleet,
    Origin,
    Session,
    Status,
)
from cc_desktop.fleet.store import Store
from cc_desktop.text import words
from cc_desktop.text.words import BannerKind, BannerLink
from tests.desktop import sample
from tests.desktop.sample import DAY, HOUR, MIN, NOW


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Rex", "Rex"),
        ("  two\n lines\tand\0more ", "two lines and more"),
        ("abc\u202etxt.exe\u2066", "abctxt.exe"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("👩\u200d🚀", "👩\u200d🚀"),  # the joiner makes one emoji of two
        ("\ud800x", "\ufffdx"),
        ("", ""),
    ],
)
def test_plain_is_one_harmless_line(text: str, shown: str) -> None:
    assert words.plain(text) == shown


def test_plain_cuts_what_is_too_long() -> None:
    assert words.plain("x" * 1_000_000, 10) == "x" * 9 + "…"


def test_a_tooltip_is_never_markup() -> None:
    assert words.tooltip("<img src=x>\nnext") == "<qt>&lt;img src=x&gt;<br>next</qt>"
    assert words.tooltip("") == ""


@pytest.mark.parametrize(
    ("name", "emoji", "shown"),
    [
        ("Rex", "🦖", "🦖"),
        ("Stuart Little-Field", "", "SL"),
        ("rex", "not an emoji", "R"),
        ("data_bot", "", "DB"),
        ("⚡", "", "?"),
        ("", "", "?"),
    ],
)
def test_avatar(name: str, emoji: str, shown: str) -> None:
    assert words.avatar(name, emoji) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0"),
        (-5, "0"),
        (940, "940"),
        (1200, "1.2k"),
        (61_400, "61k"),
        (999_600, "1.0M"),
        (12_345_678, "12M"),
    ],
)
def test_tokens(count: int, shown: str) -> None:
    assert words.tokens(count) == shown


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (0, ""),
        (-1, ""),
        (math.nan, ""),
        (math.inf, ""),
        (0.004, "<$0.01"),
        (1.846, "$1.85"),
        (12345.6, "$12,346"),
    ],
)
def test_cost(usd: float, shown: str) -> None:
    assert words.cost(usd) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [(-5, "0 s"), (8_400, "8 s"), (3 * MIN, "3 min"), (30 * HOUR, "30 h"), (4 * DAY, "4 d")],
)
def test_span(ms: int, shown: str) -> None:
    assert words.span(ms) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (300, "300 ms"),
        (8_000, "8 s"),
        (72_000, "1 min 12 s"),
        (2 * HOUR, "2 h"),
        (25 * HOUR, "1 d 1 h"),
    ],
)
def test_run_time(ms: int, shown: str) -> None:
    assert words.run_time(ms) == shown


@pytest.mark.parametrize(
    ("before", "said", "short"),
    [
        (2_000, "just now", "now"),
        (-HOUR, "just now", "now"),  # their clock runs ahead
        (8_000, "8 s ago", "8 s"),
        (4 * MIN, "4 min ago", "4 min"),
        (3 * HOUR, "3 h ago", "3 h"),
        (DAY, "yesterday", "Tue"),
        (4 * DAY, "on Saturday", "Sat"),
        (30 * DAY, "on 19 Oct", "19 Oct"),
        (400 * DAY, "on 14 Oct 2025", "14 Oct 2025"),
        (NOW, "", ""),
    ],
)
def test_ago_and_when(before: int, said: str, short: str) -> None:
    assert words.ago(NOW - before, NOW) == said
    assert words.when(NOW - before, NOW) == short


def test_a_time_beyond_all_years_is_no_time() -> None:
    assert words.ago(10**18, NOW) == words.clock(10**18, NOW) == ""


def test_late_at_night_an_hour_ago_is_not_yesterday() -> None:
    half_past_midnight = words.midnight(NOW) + 30 * MIN
    assert words.ago(half_past_midnight - HOUR, half_past_midnight) == "1 h ago"


def test_clock_names_the_day_when_it_is_not_today() -> None:
    assert words.clock(NOW - 23 * MIN, NOW) == "14:02"
    assert words.clock(NOW - 4 * DAY, NOW) == "Sat 14:25"


def agent(gateway: str, agent_id: str, store: Store | None = None) -> Agent:
    found = (store or sample.live_store()).fleet.agent(gateway, agent_id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("gateway", "agent_id", "first", "second"),
    [
        ("studio", "rex", "Run failed: provider returned a billing error: the", "failed 4 min ago"),
        (
            "studio",
            "dex",
            "Approve: uname -a && make deploy",
            "waiting 1 min · expires in 29 min",
        ),
        ("home-lab", "hex", "exec: pytest -q · silent for 12 min", "last heard 12 min ago"),
        ("studio", "otto", "edit: src/fleet/reduce.py", "working 3 min · Split the reducer"),
        ("studio", "pip", "Release notes for 1.4", "thinking"),
        ("studio", "sketch", "—", "done 2 h ago"),
        ("studio", "norbert", "—", "done yesterday"),
    ],
)
def test_the_two_lines_of_a_row(gateway: str, agent_id: str, first: str, second: str) -> None:
    task, line = words.task(agent(gateway, agent_id), 0, NOW)
    assert task.startswith(first)
    assert line == second


def test_an_offline_agent_says_what_it_was() -> None:
    store = sample.last_known_store()
    clock_offset_ms = store.fleet.gateways["studio"].clock_offset_ms
    lines = {
        key: words.task(value, clock_offset_ms, NOW)
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
    first, second = words.task(bare, 0, NOW)
    assert first
    assert second or status in (Status.OFFLINE, Status.STUCK)
    assert words.now_text(bare, 0, NOW)
    assert bool(words.why_text(bare, 0, NOW)) is status.needs_you


def test_the_gateways_clock_is_put_right() -> None:
    ahead = replace(agent("studio", "rex"), status=Status.ERROR)
    assert words.task(ahead, 10 * MIN, NOW + 10 * MIN)[1] == "failed 4 min ago"


def test_usage_today_leaves_out_yesterday() -> None:
    rex = agent("studio", "rex")
    used, usd = words.usage_since(rex, words.midnight(NOW))
    assert used == 184_000
    assert usd == pytest.approx(2.65)
    assert words.usage_since(agent("studio", "norbert"), words.midnight(NOW)) == (0, 0.0)


def test_context_is_not_told_without_the_size_of_the_window() -> None:
    assert words.context_percent(agent("studio", "rex")) == 61
    assert words.context_percent(Agent("g", "a")) is None
    full = Session("k", "a", total_tokens=900, context_tokens=100)
    crowded = Agent("g", "a", sessions={"k": full}, by_activity=((0, "k"),))
    assert words.context_percent(crowded) == 100


def test_the_sentence_of_a_row_for_a_screen_reader() -> None:
    lines = ("Run failed: no credits", "failed 4 min ago")
    assert (
        words.sentence("Rex", "studio", Status.ERROR, lines, 61)
        == "Rex on studio: Error, Run failed: no credits, failed 4 min ago, "
        "context 61 percent full."
    )
    assert words.sentence("Bob", "", Status.IDLE, ("—", ""), None) == "Bob: Idle."


def test_what_it_does_now() -> None:
    assert words.now_text(agent("studio", "otto"), 0, NOW) == (
        "edit: src/fleet/reduce.py\nSplit the reducer · running for 3 min"
    )
    assert words.now_text(agent("studio", "rex"), 0, NOW) == (
        "Nothing is running. Last run took 1 min 12 s and failed at 14:21."
    )


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (ConnectionInfo(ConnectionState.LIVE), "live"),
        (sample.waiting(8), "unreachable · retry in 8 s"),
        (sample.waiting(0), "unreachable · retrying…"),
        (ConnectionInfo(ConnectionState.BLOCKED, problem=sample.WRONG_TOKEN), "The token is wrong"),
        (ConnectionInfo(ConnectionState.BLOCKED), "blocked"),
        (ConnectionInfo(ConnectionState.OFF), "off"),
    ],
)
def test_the_words_of_a_pill(link: ConnectionInfo, said: str) -> None:
    assert words.link_words(link, NOW) == said


# Banners


def test_no_banner_when_all_is_live() -> None:
    assert words.banner(sample.live_store().fleet, NOW) is None


def test_the_banner_of_the_demo() -> None:
    banner = words.banner(sample.demo_store().fleet, NOW)
    assert banner is not None
    assert banner.kind is BannerKind.DEMO
    assert banner.tag == "DEMO"
    assert banner.text == "No gateway can be reached, so this is sample data, not your fleet."
    assert banner.links == (
        (BannerLink.LAST_KNOWN, "Show last known (14:02)"),
        (BannerLink.RECONNECT, "Reconnect now"),
    )


def test_a_demo_that_was_asked_for_blames_nobody() -> None:
    store = Store(sample.Clock())
    store.apply(ev.GatewayAdded("demo", "Demo"))
    store.apply(ev.Snapshot("demo", (), (), Origin.DEMO))
    banner = words.banner(store.fleet, NOW)
    assert banner is not None
    assert (banner.text, banner.links) == ("This is sample data, not your fleet.", ())


def test_the_banner_of_the_last_known() -> None:
    banner = words.banner(sample.last_known_store().fleet, NOW)
    assert banner is not None
    assert banner.kind is BannerKind.LAST_KNOWN
    assert banner.text.startswith("As of 14:02: studio cannot be reached")


@pytest.mark.parametrize("store", [sample.blocked_store, sample.demo_store])
def test_a_problem_that_only_the_operator_can_solve_comes_first(store: object) -> None:
    made: Store = store()  # type: ignore[operator]
    gateway = next(iter(made.fleet.gateways))
    made.apply(
        ev.ConnectionChanged(
            gateway, ConnectionInfo(ConnectionState.BLOCKED, problem=sample.WRONG_TOKEN)
        )
    )
    banner = words.banner(made.fleet, NOW)
    assert banner is not None
    assert banner.text.startswith("The token is wrong. Set OPENCLAW_GATEWAY_TOKEN to the")


def test_a_blocked_gateway_is_named_beside_live_ones() -> None:
    store = sample.live_store()
    store.apply(
        ev.ConnectionChanged(
            "home-lab", ConnectionInfo(ConnectionState.BLOCKED, problem=sample.WRONG_TOKEN)
        )
    )
    banner = words.banner(store.fleet, NOW)
    assert banner is not None
    assert banner.text.startswith("home-lab: The token is wrong.")


def test_the_banner_of_the_fallback() -> None:
    store = sample.live_store(second=False)
    store.apply(ev.ConnectionChanged("studio", sample.waiting(8)))
    store.apply(ev.OriginChanged("studio", Origin.REST))
    banner = words.banner(store.fleet, NOW)
    assert banner is not None
    assert banner.kind is BannerKind.REST
    assert "polled over HTTP" in banner.text


@pytest.mark.parametrize(
    ("fleet", "said"),
    [
        (sample.live_store().fleet, "Live · as of now"),
        (sample.demo_store().fleet, "Demo since 14:25 · not your fleet"),
        (sample.last_known_store().fleet, "Last known · as of 14:02"),
        (Fleet(), "No connection"),
    ],
)
def test_the_source_in_the_status_bar(fleet: Fleet, said: str) -> None:
    assert words.source(fleet, NOW) == said


def test_an_empty_list_says_why() -> None:
    live = sample.live_store().fleet
    assert words.empty(live, 11, "zebra").title == "No match"
    assert words.empty(live, 11, "").title == "Nobody here"
    assert words.empty(live, 0, "").title == "No agents"
    assert words.empty(Fleet(), 0, "").title == "No gateway yet"
    assert words.empty(sample.blocked_store().fleet, 0, "").title == "The token is wrong"
    connecting = Store(sample.Clock())
    connecting.apply(ev.GatewayAdded("g", "studio"))
    connecting.apply(ev.ConnectionChanged("g", ConnectionInfo(ConnectionState.SYNCING)))
    assert words.empty(connecting.fleet, 0, "").title == "Connecting"


def test_a_failure_that_only_its_run_has_told_says_why_and_since_when() -> None:
    store = Store(lambda: NOW)
    store.apply(ev.GatewayAdded("g", "G"))
    row = Session("agent:rex:main", "rex", status="running", active=True, updated_at=NOW - 9)
    store.apply(ev.Snapshot("g", (ev.AgentInfo("rex", "Rex"),), (row,), taken_at=NOW))
    for event in ({"thinking": True}, {"error": "no credits", "over": True}):
        store.apply(ev.RunProgress("g", "rex", row.key, "r1", **event))
    failed = agent("g", "rex", store)

    assert words.task(failed, 0, NOW + 60_000) == ("Run failed: no credits", "failed 1 min ago")
    assert words.why_text(failed, 0, NOW) == "no credits"
