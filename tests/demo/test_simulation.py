from __future__ import annotations

import copy
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.demo.scenario import load
from cc_desktop.demo.simulation import GATEWAY, LONGEST_WAIT, SHORTEST_WAIT, Demo
from cc_desktop.fleet.events import ApprovalOpened, DevicesListed, SessionChanged, Snapshot, Tick
from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.model import WORKING, Fleet, Origin, Status
from cc_desktop.fleet.reducer import reduce

if TYPE_CHECKING:
    from cc_desktop.fleet.events import Event
    from cc_desktop.fleet.model import Agent

NOW = 1_790_000_000_000
MINUTE = 60_000
FILE = Path(__file__).parents[2] / "resources" / "demo-fleet.json"


@pytest.fixture(scope="module")
def parsed() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return data


@pytest.fixture
def data(parsed: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(parsed)


def reduced(fleet: Fleet, events: list[Event], now: int) -> Fleet:
    for event in events:
        fleet, _ = reduce(fleet, event, now)
    return fleet


def agents(fleet: Fleet) -> dict[str, Agent]:
    return dict(fleet.gateways[GATEWAY].agents)


def statuses(fleet: Fleet) -> dict[str, Status]:
    return {key: agent.status for key, agent in agents(fleet).items()}


def story(data: dict[str, Any], seed: int, steps: int) -> list[list[Event]]:
    demo, now = Demo(data, seed, NOW), NOW
    told = [demo.first()]
    for _ in range(steps):
        events, wait = demo.step(now)
        told.append(events)
        now += wait
    return told


def test_first_picture_shows_every_status(data: dict[str, Any]) -> None:
    fleet = reduced(Fleet(), Demo(data, 1, NOW).first(), NOW)
    found = statuses(fleet)
    assert found == {
        "otto": Status.ACTIVE,
        "rex": Status.ERROR,
        "dex": Status.WAITING,
        "hex": Status.STUCK,
        "pip": Status.THINKING,
        "nano": Status.ACTIVE,
        "sketch": Status.WAITING,
        **dict.fromkeys(("bob", "stuart", "norbert", "flip"), Status.IDLE),
    }


def test_first_picture_tells_the_reasons(data: dict[str, Any]) -> None:
    fleet = reduced(Fleet(), Demo(data, 1, NOW).first(), NOW)
    gateway, known = fleet.gateways[GATEWAY], agents(fleet)
    assert (gateway.name, gateway.origin, gateway.clock_offset_ms) == ("Demo", Origin.DEMO, 0)
    assert len(gateway.devices) == 4
    failed = known["rex"].cause
    assert failed is not None
    assert failed.error.startswith("The provider returned a billing error")
    (approval,) = known["dex"].approvals.values()
    assert approval.title == "uname -a && make deploy"
    assert approval.session_key in known["dex"].sessions
    assert NOW - known["hex"].last_seen_at[known["hex"].status_session_key] == 12 * MINUTE
    for name in ("otto", "nano"):
        assert known[name].runs[known[name].status_session_key].activity
    (question,) = known["sketch"].questions.values()
    assert question.title.startswith("Two sets of status dots")
    for name in ("bob", "stuart", "norbert", "flip"):
        assert NOW - known[name].last_activity >= 120 * MINUTE


def test_sessions_are_full_of_life(data: dict[str, Any]) -> None:
    for agent in agents(reduced(Fleet(), Demo(data, 1, NOW).first(), NOW)).values():
        assert agent.name
        assert agent.emoji
        assert agent.role
        assert agent.model in ("opus-5", "sonnet-5", "haiku-5")
        assert 1 <= len(agent.sessions) <= 3
        for session in agent.sessions.values():
            assert session.title
            assert session.channel
            assert session.cost_usd > 0
            assert 0 < session.total_tokens < session.context_tokens
            assert session.updated_at <= NOW


def test_the_same_seed_tells_the_same_story(data: dict[str, Any]) -> None:
    assert story(data, 7, 200) == story(copy.deepcopy(data), 7, 200)


def test_another_seed_tells_another_story(data: dict[str, Any]) -> None:
    assert story(data, 7, 30) != story(data, 8, 30)


@pytest.mark.parametrize("seed", range(4))
def test_a_long_story_stays_plausible(data: dict[str, Any], seed: int) -> None:
    demo, now = Demo(data, seed, NOW), NOW
    fleet = reduced(Fleet(), demo.first(), now)
    working_since: dict[str, int] = {}
    quiet = 0
    moved: set[str] = set()
    updated = {
        key: row.updated_at for one in agents(fleet).values() for key, row in one.sessions.items()
    }
    for _ in range(500):
        before = agents(fleet)
        events, wait = demo.step(now)
        assert events
        assert SHORTEST_WAIT <= wait <= LONGEST_WAIT
        for event in events:
            if isinstance(event, SessionChanged):
                assert event.fields["updated_at"] > updated[event.key]
                updated[event.key] = event.fields["updated_at"]
            after, changes = reduce(fleet, event, now)
            assert changes or not isinstance(event, SessionChanged | ApprovalOpened)
            fleet = after
        fleet = reduced(fleet, [Tick(GATEWAY)], now)
        found = statuses(fleet)
        assert len(found) == 11
        changed = {key for key, status in found.items() if status is not before[key].status}
        moved |= changed
        quiet = 0 if agents(fleet) != before else quiet + 1
        assert quiet < 2, "nothing to see"
        assert len(changed) <= 2, "frantic"
        working = {key for key, status in found.items() if status in WORKING}
        assert 2 <= len(working) <= 7
        assert sum(status.needs_you for status in found.values()) <= 4
        for key in found:
            if key not in working:
                working_since.pop(key, None)
            assert now - working_since.setdefault(key, now) < 15 * MINUTE or key not in working
        now += wait
    assert moved == set(statuses(fleet)), "an agent never did anything"
    # What the story believes and what the events made of the fleet are the same.
    told = {key: row for one in agents(fleet).values() for key, row in one.sessions.items()}
    (snapshot,) = [event for event in demo.first() if isinstance(event, Snapshot)]
    assert {row.key: row for row in snapshot.sessions} == told


def test_every_status_is_come_to_again(data: dict[str, Any]) -> None:
    demo, now = Demo(data, 2, NOW), NOW
    fleet = reduced(Fleet(), demo.first(), now)
    entered: Counter[Status] = Counter()
    for _ in range(1_000):
        before = statuses(fleet)
        events, wait = demo.step(now)
        fleet = reduced(fleet, [*events, Tick(GATEWAY)], now)
        after = statuses(fleet)
        entered.update(after[key] for key in after if after[key] is not before[key])
        now += wait
    assert set(entered) == set(Status) - {Status.OFFLINE, Status.UNKNOWN}
    assert sum(entered[status] for status in Status if status.needs_you) < 60, "only trouble"


def test_troubles_end(data: dict[str, Any]) -> None:
    demo, now = Demo(data, 3, NOW), NOW
    fleet = reduced(Fleet(), demo.first(), now)
    trouble = {key for key, status in statuses(fleet).items() if status.needs_you}
    assert trouble == {"rex", "dex", "hex", "sketch"}
    while now < NOW + 5 * MINUTE:
        events, wait = demo.step(now)
        fleet = reduced(fleet, events, now)
        trouble -= {key for key, status in statuses(fleet).items() if not status.needs_you}
        now += wait
    assert not trouble


def test_the_picture_can_be_had_again_later(data: dict[str, Any]) -> None:
    demo, now = Demo(data, 5, NOW), NOW
    fleet = reduced(Fleet(), demo.first(), now)
    for _ in range(40):
        fleet = reduced(fleet, demo.step(now)[0], now)
        again = reduced(Fleet(), demo.first(), now)
        silent = {key for key, one in agents(again).items() if one.last_seen_at and not one.runs}
        expected = {key: one for key, one in statuses(fleet).items() if key not in silent}
        assert {key: one for key, one in statuses(again).items() if key not in silent} == expected
        now += 5_000


def test_a_clock_set_back_does_not_stop_it(data: dict[str, Any]) -> None:
    demo = Demo(data, 1, NOW)
    fleet = reduced(Fleet(), demo.first(), NOW)
    for _ in range(100):
        for event in demo.step(NOW - 60 * MINUTE)[0]:
            fleet, changes = reduce(fleet, event, NOW)
            assert changes or not isinstance(event, SessionChanged)


def test_a_tiny_fleet_goes_on(data: dict[str, Any]) -> None:
    for keep in ("rex", "dex", "hex", "stuart"):
        data_one = {**data, "agents": [one for one in data["agents"] if one["id"] == keep]}
        demo, now = Demo(data_one, 1, NOW), NOW
        assert all(demo.step(now + at * 5_000)[0] for at in range(100))


def test_devices_are_older_than_now(data: dict[str, Any]) -> None:
    (listed,) = [one for one in Demo(data, 1, NOW).first() if isinstance(one, DevicesListed)]
    assert all(0 < device.since < NOW for device in listed.devices)
    assert {device.online for device in listed.devices} == {True, False}


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (["agents"], None, "missing required field `agents`"),
        (["agents"], [], r"length >= 1 - at `\$\.agents`"),
        (["agents", 0], "Otto", r"Expected `object`.*agents\[0\]"),
        (["agents", 1, "name"], "", r"agents\[1\]\.name"),
        (["agents", 1, "name"], "  ", r"agents\[1\]\.name"),
        (["agents", 1, "model"], "gpt", "unknown model `gpt`"),
        (["agents", 1, "id"], "otto", "two agents are called `otto`"),
        (["agents", 1, "sessions"], {}, r"agents\[1\]\.sessions"),
        (["agents", 1, "sessions", 0, "state"], "odd", r"sessions\[0\]\.state"),
        (["agents", 1, "sessions", 0, "error"], None, r"needs an `error`.*sessions\[0\]"),
        (["agents", 1, "sessions", 0, "minutes_ago"], "4", r"sessions\[0\]\.minutes_ago"),
        (["agents", 1, "sessions", 0, "cost_usd"], float("nan"), r"sessions\[0\]\.cost_usd"),
        (["agents", 1, "sessions", 0, "cost_usd"], True, r"sessions\[0\]\.cost_usd"),
        (["agents", 1, "sessions", 0, "steps"], [], r"sessions\[0\]\.steps"),
        (["agents", 1, "sessions", 0, "steps"], [1], r"sessions\[0\]\.steps"),
        (["agents", 1, "sessions", 1, "key"], "telegram:login", r"two sessions.*agents\[1\]"),
        (["agents", 0, "sessions", 1, "state"], "running", r"only one session.*agents\[0\]"),
        (["agents", 6, "sessions", 0, "approval"], "make", r"one thing at a time.*sessions\[0\]"),
        (["gateway", "cron", 0, "status"], "odd", r"\$\.gateway\.cron\[0\]\.status"),
        (["gateway", "channels", 0, "state"], "odd", r"\$\.gateway\.channels\[0\]\.state"),
        (["replies"], [], r"length >= 1 - at `\$\.replies`"),
        (["devices", 2, "online"], "yes", r"devices\[2\]\.online"),
        (["models"], [], r"\$\.models"),
        (["models", "opus-5", "context_tokens"], -1, r"models.*\.context_tokens"),
        (["errors"], None, "missing required field `errors`"),
    ],
)
def test_bad_fields_are_named(
    data: dict[str, Any], path: list[str | int], value: object, place: str
) -> None:
    load(data)  # it is good until one field is not
    at: Any = data
    for name in path[:-1]:
        at = at[name]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    with pytest.raises(ValueError, match=place):
        load(data)


def test_every_kind_of_view_has_something_to_show(data: dict[str, Any]) -> None:
    fleet = reduced(Fleet(), Demo(data, 1, NOW).first(), NOW)
    kinds = {item.kind for item in open_items(fleet)}
    assert kinds == {
        InboxKind.FAILED,
        InboxKind.APPROVAL,
        InboxKind.QUESTION,
        InboxKind.STUCK,
        InboxKind.CRON_FAILED,
        InboxKind.SIGN_IN_EXPIRING,
        InboxKind.CHANNEL,
        InboxKind.TASK_FAILED,
    }
    gateway = fleet.gateways[GATEWAY]
    card = gateway.facts.progress["agent:otto:main"]
    assert (card.done, card.total, card.current) == (2, 5, "Hand the parts out")
    otto = gateway.agents["otto"].sessions["agent:otto:main"]
    assert otto.digest_headline.startswith("Handing")


def test_a_card_and_a_headline_end_with_their_run(data: dict[str, Any]) -> None:
    demo, now = Demo(data, 4, NOW), NOW
    fleet = reduced(Fleet(), demo.first(), now)
    counts: set[int] = set()
    for _ in range(600):
        events, wait = demo.step(now)
        fleet = reduced(fleet, events, now)
        now += wait
        gateway = fleet.gateways[GATEWAY]
        rows = {key: row for one in gateway.agents.values() for key, row in one.sessions.items()}
        assert all(rows[key].active for key in gateway.facts.progress)
        assert all(row.active or not row.digest_headline for row in rows.values())
        counts |= {card.done for card in gateway.facts.progress.values()}
    assert len(counts) > 2, "no plan ever went on"


def test_jobs_run_by_the_clock(data: dict[str, Any]) -> None:
    demo, now = Demo(data, 4, NOW), NOW
    fleet = reduced(Fleet(), demo.first(), now)
    for _ in range(100):
        now += MINUTE
        fleet = reduced(fleet, [*demo.step(now)[0], Tick(GATEWAY)], now)
        overdue = [one for one in open_items(fleet) if one.kind is InboxKind.CRON_OVERDUE]
        assert not overdue
    assert fleet.gateways[GATEWAY].facts.cron["demo-cron-uptime"].last_run_at > NOW


def test_no_object_at_all() -> None:
    with pytest.raises(ValueError, match="Expected `object`"):
        load([])
