# mypy: disable-error-code="func-returns-value"
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.inbox import InboxItem, InboxKind
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.inbox.open_items import find_item
from cc_desktop.fleet.model import Change, ConnectionState, Origin, Status
from cc_desktop.notifications.alerts import Alert, AlertEvent, AlertResolved
from cc_desktop.notifications.kinds import AlertKind, Sound, tag_of
from cc_desktop.notifications.message import Target
from cc_desktop.notifications.preferences import KindPreference, Preferences
from cc_desktop.notifications.rules import Rules, agents, devices, items
from tests.notifications.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable

ON = KindPreference(on=True, sound=Sound.NONE, even_quiet=False)


class Told:
    """The rules on a scene."""

    def __init__(self, *gateways: str, preferences: Preferences | None = None) -> None:
        self.scene = Scene(*gateways)
        self.rules = Rules(preferences or Preferences())
        self.news: list[AlertEvent] = []
        self.scene.store.subscribe(self._listen)

    def _listen(self, changes: list[Change]) -> None:
        self.news += self.rules.process(self.scene.store.fleet, changes, self.scene.now)

    def pass_time(self, seconds: float) -> None:
        """In steps, as the center does it."""
        end = self.scene.now + round(seconds * 1000)
        while (due := self.rules.due()) is not None and due <= end:
            self.scene.pass_time(max(0, due - self.scene.now) / 1000)
            self.news += self.rules.tick(self.scene.store.fleet, self.scene.now)
        self.scene.pass_time((end - self.scene.now) / 1000)
        self.news += self.rules.tick(self.scene.store.fleet, self.scene.now)

    @property
    def facts(self) -> list[Alert]:
        return [item for item in self.news if isinstance(item, Alert)]

    @property
    def kinds(self) -> list[AlertKind]:
        return [fact.kind for fact in self.facts]

    @property
    def over(self) -> list[str]:
        return [item.tag for item in self.news if isinstance(item, AlertResolved)]


@pytest.fixture
def told() -> Told:
    it = Told()
    it.scene.connect()
    it.news.clear()
    return it


TRANSITIONS: list[tuple[str, Callable[[Scene], object], list[AlertKind]]] = [
    ("a run fails", lambda s: s.fail("rex"), [AlertKind.FAILED]),
    (
        "a run times out",
        lambda s: (s.start("rex"), s.end("rex", status="timeout")),
        [AlertKind.FAILED],
    ),
    (
        "a run is stopped by a person",
        lambda s: (s.start("rex"), s.end("rex", status="failed", aborted=True)),
        [],
    ),
    ("a run is killed", lambda s: (s.start("rex"), s.end("rex", status="killed")), []),
    ("a run ends well", lambda s: s.work("rex"), [AlertKind.FINISHED]),
    ("a run starts", lambda s: s.start("rex"), []),
    (
        "it fails twice",
        lambda s: (s.fail("rex"), s.fail("rex")),
        [AlertKind.FAILED, AlertKind.FAILED],
    ),
    ("the same failure again", lambda s: (s.fail("rex"), s.list()), [AlertKind.FAILED]),
    (
        "it fails, then works",
        lambda s: (s.fail("rex"), s.work("rex")),
        [AlertKind.FAILED, AlertKind.FINISHED],
    ),
    ("an approval is asked for", lambda s: s.approval("rex"), [AlertKind.APPROVAL]),
    (
        "two approvals",
        lambda s: (s.approval("rex"), s.approval("rex", "a2")),
        [AlertKind.APPROVAL] * 2,
    ),
    (
        "the same approval again",
        lambda s: (s.approval("rex"), s.approval("rex")),
        [AlertKind.APPROVAL],
    ),
    ("it asks a question", lambda s: s.ask("rex"), [AlertKind.QUESTION]),
    ("it goes on asking", lambda s: (s.ask("rex"), s.ask("rex")), [AlertKind.QUESTION]),
    (
        "it asks, is answered, asks",
        lambda s: (s.ask("rex"), s.ask("rex", waits=False), s.ask("rex")),
        [AlertKind.QUESTION] * 2,
    ),
    ("a run is silent", lambda s: (s.start("rex"), s.pass_time(601)), [AlertKind.STUCK]),
    (
        "a run is silent for an hour",
        lambda s: (s.start("rex"), s.pass_time(601), s.pass_time(3_000)),
        [AlertKind.STUCK],
    ),
    ("a subagent fails", lambda s: s.fail("rex", rest="subagent:1"), []),
    ("a subagent ends well", lambda s: s.work("rex", rest="subagent:1"), []),
    (
        "a session that another started fails",
        lambda s: (
            s.start("rex", rest="x", parent_key="agent:otto:main"),
            s.end("rex", rest="x", status="failed"),
        ),
        [],
    ),
    ("a device comes for the first time", lambda s: s.devices(("ipad", True)), []),
    ("a device was off all the time", lambda s: s.devices(("ipad", False)), []),
    (
        "a device comes back",
        lambda s: (s.devices(("ipad", False)), s.devices(("ipad", True))),
        [AlertKind.DEVICE_BACK],
    ),
    (
        "a command line comes back",
        lambda s: (s.devices(("cli", False), mode="cli"), s.devices(("cli", True), mode="cli")),
        [],
    ),
    (
        "the demo plays",
        lambda s: (
            s.store.apply(ev.GatewayAdded("demo", "Demo")),
            s.rows.__setitem__("demo", {}),
            s.list("demo", Origin.DEMO),
            s.fail("rex", gateway="demo"),
        ),
        [],
    ),
    ("pairing is wanted", lambda s: s.lose(kind="pairing"), [AlertKind.PAIRING_SELF]),
    (
        "a setting of an agent changes",
        lambda s: s.store.apply(ev.AgentConfigured("studio", "rex", name="T")),
        [],
    ),
    (
        "it says itself that it failed",
        lambda s: s.store.apply(ev.AgentActivity("studio", "rex", Status.ERROR, "x", s.now)),
        [AlertKind.FAILED],
    ),
    (
        "it says itself that it waits",
        lambda s: s.store.apply(ev.AgentActivity("studio", "rex", Status.WAITING, "x", s.now)),
        [AlertKind.QUESTION],
    ),
]


@pytest.mark.parametrize(
    ("happens", "kinds"),
    [pytest.param(happens, kinds, id=name) for name, happens, kinds in TRANSITIONS],
)
def test_what_is_told(
    told: Told, happens: Callable[[Scene], object], kinds: list[AlertKind]
) -> None:
    happens(told.scene)

    assert told.kinds == kinds


OVER: list[tuple[str, Callable[[Scene], object], Callable[[Scene], object], AlertKind, str]] = [
    (
        "a failure, by a new run",
        lambda s: s.fail("rex"),
        lambda s: s.start("rex"),
        AlertKind.FAILED,
        "",
    ),
    (
        "a failure, by success",
        lambda s: s.fail("rex"),
        lambda s: s.work("rex"),
        AlertKind.FAILED,
        "",
    ),
    (
        "a failure, by being seen",
        lambda s: s.fail("rex"),
        lambda s: s.see("rex"),
        AlertKind.FAILED,
        "",
    ),
    (
        "an approval, by a decision",
        lambda s: s.approval("rex"),
        lambda s: s.decide("rex"),
        AlertKind.APPROVAL,
        "a1",
    ),
    (
        "an approval, by time",
        lambda s: s.approval("rex", expires_ms=60_000),
        lambda s: s.pass_time(61),
        AlertKind.APPROVAL,
        "a1",
    ),
    (
        "a question, by an answer",
        lambda s: s.ask("rex"),
        lambda s: s.ask("rex", waits=False),
        AlertKind.QUESTION,
        "digest:agent:rex:main",
    ),
    (
        "silence, by a sign of life",
        lambda s: (s.start("rex"), s.pass_time(601)),
        lambda s: s.row("rex", status="running"),
        AlertKind.STUCK,
        "agent:rex:main",
    ),
]


@pytest.mark.parametrize(
    ("happens", "ends", "kind", "key"), [pytest.param(*rest, id=name) for name, *rest in OVER]
)
def test_what_is_no_longer_true(
    told: Told,
    happens: Callable[[Scene], object],
    ends: Callable[[Scene], object],
    kind: AlertKind,
    key: str,
) -> None:
    happens(told.scene)
    assert told.over == []
    ends(told.scene)

    assert tag_of(kind, "studio", "rex", key) in told.over
    assert told.facts[0].tag == tag_of(kind, "studio", "rex", key)


def test_a_failure_is_told_with_the_agent_and_the_gateway_s_words(told: Told) -> None:
    told.scene.fail("rex", "400 bad request")

    (fact,) = told.facts
    assert (fact.name, fact.detail, fact.where) == ("Rex", "400 bad request", "")
    item = fact.target.item
    assert find_item(told.scene.store.fleet, item) is not None
    assert fact.target == Target((("studio", "rex"),), "studio", item=item)


def test_of_several_gateways_it_is_said_which(told: Told) -> None:
    told = Told("studio", "lab")
    for gateway in ("studio", "lab"):
        told.scene.connect(gateway)
    told.scene.fail("rex", gateway="lab")

    assert [(fact.gateway, fact.where) for fact in told.facts] == [("lab", "Lab")]


def test_the_first_list_is_not_news() -> None:
    told = Told()
    told.scene.fail("rex")
    told.scene.ask("dex")
    told.scene.connect()

    assert told.kinds == []
    told.scene.fail("otto")
    assert told.kinds == [AlertKind.FAILED]


def test_subagents_are_told_of_when_asked_for() -> None:
    told = Told(preferences=Preferences(subagents=True))
    told.scene.connect()
    told.scene.fail("rex", rest="subagent:1")

    assert told.kinds == [AlertKind.FAILED]


def test_recovery_is_told_in_place_of_the_end_when_it_is_switched_on() -> None:
    told = Told(preferences=Preferences().with_kind(AlertKind.RECOVERED, ON))
    told.scene.connect()
    told.scene.work("rex")
    told.scene.fail("rex")
    told.scene.work("rex")
    told.scene.work("rex")

    assert told.kinds == [
        AlertKind.FINISHED,
        AlertKind.FAILED,
        AlertKind.RECOVERED,
        AlertKind.FINISHED,
    ]


# Away and back


def test_a_gateway_that_is_back_within_the_grace_is_not_news(told: Told) -> None:
    told.scene.lose()
    told.pass_time(29)
    told.scene.connect()
    told.pass_time(60)

    assert told.news == []


def test_a_gateway_is_told_lost_after_the_grace_and_told_back(told: Told) -> None:
    told.scene.lose()
    told.pass_time(31)
    assert told.kinds == [AlertKind.GATEWAY_LOST]
    told.pass_time(600)
    told.scene.connect()

    assert told.kinds == [AlertKind.GATEWAY_LOST, AlertKind.BACK]
    assert told.over == [tag_of(AlertKind.GATEWAY_LOST, "studio")]


def test_a_gateway_that_cannot_come_back_by_itself_is_told_at_once(told: Told) -> None:
    told.scene.lose(state=ConnectionState.BLOCKED, kind="token-mismatch")

    assert told.kinds == [AlertKind.GATEWAY_BLOCKED]
    assert told.facts[0].tag == tag_of(AlertKind.GATEWAY_LOST, "studio")
    told.pass_time(600)
    assert told.kinds == [AlertKind.GATEWAY_BLOCKED]


def test_a_gateway_that_was_never_there_is_not_lost() -> None:
    told = Told()
    told.scene.link(ConnectionState.WAITING, kind="refused")
    told.pass_time(600)

    assert told.kinds == []


def test_a_gateway_that_is_polled_meanwhile_is_not_lost(told: Told) -> None:
    told.scene.lose()
    told.pass_time(20)
    told.scene.list(origin=Origin.REST)
    told.pass_time(60)

    assert told.kinds == []


def test_what_changed_while_away_is_one_piece_of_news(told: Told) -> None:
    told.scene.lose()
    told.pass_time(10)
    told.scene.fail("rex")
    told.scene.ask("dex")
    told.scene.connect()

    (fact,) = told.facts
    assert fact.kind is AlertKind.FAILED
    assert fact.title == "While Studio was away"
    assert fact.detail == "Rex failed, Dex asks"
    assert fact.target.agents == (("studio", "rex"), ("studio", "dex"))


def test_one_change_while_away_is_told_as_itself(told: Told) -> None:
    told.scene.lose()
    told.pass_time(10)
    told.scene.fail("rex", "no money")
    told.scene.connect()

    (fact,) = told.facts
    assert (fact.kind, fact.detail) == (AlertKind.FAILED, "no money")


def test_what_changed_while_it_was_lost_is_told_with_its_return(told: Told) -> None:
    told.scene.lose()
    told.pass_time(40)
    told.scene.fail("rex")
    told.scene.work("dex")  # finished is off
    told.scene.connect()

    assert told.kinds == [AlertKind.GATEWAY_LOST, AlertKind.BACK]
    assert told.facts[1].detail == "While it was away: Rex failed"
    assert told.facts[1].target.agents == (("studio", "rex"),)


def test_what_was_wrong_before_is_not_told_again_after_a_reconnect(told: Told) -> None:
    told.scene.fail("rex")
    told.scene.lose()
    told.pass_time(10)
    told.scene.connect()

    assert told.kinds == [AlertKind.FAILED]
    assert told.over == []


def test_what_was_mended_while_away_is_over(told: Told) -> None:
    told.scene.fail("rex")
    told.scene.lose()
    told.pass_time(10)
    told.scene.work("rex")
    told.scene.connect()

    assert tag_of(AlertKind.FAILED, "studio", "rex") in told.over


def test_muted_agents_are_left_out_of_the_summary(told: Told) -> None:
    told.rules.preferences = Preferences(muted=frozenset({("studio", "rex")}))
    told.scene.lose()
    told.pass_time(40)
    told.scene.fail("rex")
    told.scene.fail("dex")
    told.scene.connect()

    assert told.facts[-1].detail == "While it was away: Dex failed"


def test_polling_names_sessions_otherwise_and_is_not_news(told: Told) -> None:
    told.scene.fail("rex")
    told.scene.lose()
    infos = tuple(
        ev.AgentInfo(
            agent,
            agent,
            status=Status.ERROR if agent == "rex" else Status.IDLE,
            last_activity=told.scene.now,
        )
        for agent in ("otto", "rex")
    )
    told.scene.store.apply(ev.Snapshot("studio", infos, (), Origin.REST))
    told.scene.lose()
    told.scene.connect()

    assert told.kinds == [AlertKind.FAILED]


# Devices


def test_a_device_is_gone_after_a_grace_and_told_back(told: Told) -> None:
    told.scene.devices(("ipad", True), ("node", True))
    told.scene.devices(("ipad", False), ("node", True))
    told.pass_time(29)
    assert told.kinds == []
    told.pass_time(2)
    assert told.kinds == [AlertKind.DEVICE_GONE]
    assert (told.facts[0].name, told.facts[0].detail) == ("Ipad", "linux")
    assert told.facts[0].target == Target(gateway="studio", devices=True)
    told.scene.devices(("ipad", True), ("node", True))

    assert told.kinds == [AlertKind.DEVICE_GONE, AlertKind.DEVICE_BACK]
    assert told.over == [told.facts[0].tag]


def test_a_device_that_is_no_longer_listed_is_gone(told: Told) -> None:
    told.scene.devices(("ipad", True), ("node", True))
    told.scene.devices(("node", True))
    told.pass_time(31)

    assert told.kinds == [AlertKind.DEVICE_GONE]


def test_a_device_that_changes_its_network_is_not_news(told: Told) -> None:
    told.scene.devices(("ipad", True))
    told.scene.devices(("ipad", False))
    told.pass_time(20)
    told.scene.devices(("ipad", True))
    told.pass_time(60)

    assert told.news == []


def test_devices_of_a_lost_gateway_are_not_gone(told: Told) -> None:
    told.scene.devices(("ipad", True))
    told.scene.devices(("ipad", False))
    told.scene.lose()
    told.pass_time(60)

    assert told.kinds == [AlertKind.GATEWAY_LOST]


# Pairing


def test_pairing_is_told_once_until_it_is_done(told: Told) -> None:
    for state in (ConnectionState.WAITING, ConnectionState.CONNECTING, ConnectionState.WAITING):
        told.scene.link(state, kind="pairing")
    told.scene.link(ConnectionState.WAITING, kind="pairing", detail="another")
    assert told.kinds == [AlertKind.PAIRING_SELF]
    told.scene.connect()
    assert told.over == [tag_of(AlertKind.PAIRING_SELF, "studio")]
    told.scene.link(ConnectionState.WAITING, kind="pairing")

    assert told.kinds == [AlertKind.PAIRING_SELF, AlertKind.PAIRING_SELF]


# Heartbeats


HEARTBEATS = Preferences().with_kind(AlertKind.SILENT, ON)


def beat(told: Told, agent: str, minutes: int) -> None:
    told.scene.store.apply(ev.HeartbeatsTold("studio", {agent: minutes * 60_000}))


@pytest.fixture
def beating() -> Told:
    it = Told(preferences=HEARTBEATS)
    it.scene.connect()
    beat(it, "rex", 30)
    it.scene.work("rex")
    it.news.clear()
    return it


def falls_silent(told: Told) -> None:
    """Time passes, and a fresh list shows nothing either."""
    told.pass_time(46 * 60)
    told.scene.list()


def test_a_silent_agent_is_told_once_and_until_it_shows_life(beating: Told) -> None:
    falls_silent(beating)
    assert beating.kinds == [AlertKind.SILENT]
    beating.pass_time(100 * 60)
    beating.scene.list()
    assert beating.kinds == [AlertKind.SILENT]
    tag = items.item_tag(silent_item(beating))
    beating.scene.work("rex")
    assert beating.over == [tag]


def test_a_silent_agent_leads_to_itself(beating: Told) -> None:
    falls_silent(beating)
    [alert] = beating.facts
    assert alert.target.agents == (("studio", "rex"),)
    assert alert.target.item == silent_item(beating).id
    assert alert.detail == "Heartbeat overdue"


def silent_item(told: Told) -> InboxItem:
    gateway = told.scene.store.fleet.gateways["studio"]
    [item] = [item for item in all_items(gateway) if item.kind is InboxKind.SILENT]
    return item


def test_a_gateway_that_is_removed_leaves_nothing_due(told: Told) -> None:
    told.scene.devices(("ipad", True))
    told.scene.devices(("ipad", False))
    told.scene.lose()
    told.scene.store.apply(ev.GatewayRemoved("studio"))
    told.pass_time(600)

    assert told.kinds == []
    assert told.rules.due() is None


def test_an_agent_that_is_deleted_takes_its_news_along(told: Told) -> None:
    told.scene.fail("rex")
    infos = (ev.AgentInfo("otto", "Otto"),)
    told.scene.store.apply(ev.Snapshot("studio", infos, (), Origin.LIVE))

    assert tag_of(AlertKind.FAILED, "studio", "rex") in told.over


def test_the_failure_that_a_run_tells_before_its_row_is_told_once(told: Told) -> None:
    told.scene.start("rex")
    told.scene.store.apply(ev.RunProgress("studio", "rex", "agent:rex:main", "r1", thinking=True))
    told.scene.store.apply(
        ev.RunProgress("studio", "rex", "agent:rex:main", "r1", error="no money", over=True)
    )
    assert told.kinds == [AlertKind.FAILED]
    assert told.facts[0].detail == "no money"
    told.scene.end("rex", status="failed")  # 2026.5.7: 15 s later

    assert told.kinds == [AlertKind.FAILED]
    assert told.over == []


def test_an_agent_that_was_silent_and_shows_life_while_away_is_not_silent_any_more(
    beating: Told,
) -> None:
    falls_silent(beating)
    assert beating.kinds == [AlertKind.SILENT]
    tag = items.item_tag(silent_item(beating))
    beating.scene.lose()
    beating.pass_time(10)
    beating.scene.work("rex")
    beating.scene.connect()

    assert set(beating.over) == {tag}


# What is remembered


def test_marks_of_gateways_with_the_same_session_keys_are_apart() -> None:
    told = Told("studio", "lab")
    for gateway in ("studio", "lab"):
        told.scene.connect(gateway)
    at = told.scene.now
    for gateway in ("studio", "lab"):
        told.scene.start("rex", gateway)
        told.scene.end("rex", gateway, ended_at=at)

    assert [(fact.kind, fact.gateway) for fact in told.facts] == [
        (AlertKind.FINISHED, "studio"),
        (AlertKind.FINISHED, "lab"),
    ]


def test_marks_go_with_the_agent_and_with_the_gateway(told: Told) -> None:
    for agent in ("rex", "dex"):
        told.scene.work(agent)
        told.scene.fail(agent)
    before = told.rules.marks
    told.scene.store.apply(ev.Snapshot("studio", (ev.AgentInfo("dex", "Dex"),), (), Origin.LIVE))
    assert told.rules.marks < before
    told.scene.store.apply(ev.GatewayRemoved("studio"))

    assert told.rules.marks == 0


def test_marks_of_sessions_and_devices_are_bounded(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "MAX_FINISHED", 10)
    monkeypatch.setattr(devices, "MAX_GONE", 10)
    for number in range(50):
        told.scene.work("rex", rest=f"s{number}")
        told.scene.devices((f"d{number}", True))
        told.scene.devices()
        told.pass_time(31)

    assert told.rules.marks <= 21


# Gateways that come and go


def stumble(told: Told, times: int) -> None:
    """It comes and goes; after the third time its supervisor says that it does not hold."""
    for number in range(times):
        told.scene.flapping = told.scene.flapping or number >= 2
        told.scene.lose()
        told.pass_time(1)
        told.scene.connect()
        told.pass_time(20)


def steady(told: Told) -> None:
    told.scene.flapping = False
    told.scene.link(ConnectionState.LIVE)


def test_a_gateway_that_comes_and_goes_is_told_once(told: Told) -> None:
    stumble(told, 2)
    assert told.kinds == []
    stumble(told, 3)
    assert told.kinds == [AlertKind.GATEWAY_FLAPPING]
    stumble(told, 30)

    assert told.kinds == [AlertKind.GATEWAY_FLAPPING]
    assert told.over == []
    assert told.facts[0].tag == tag_of(AlertKind.GATEWAY_LOST, "studio")  # takes its place


def test_a_gateway_that_is_steady_again_is_over_and_may_be_told_again(told: Told) -> None:
    stumble(told, 3)
    steady(told)
    assert told.over == [tag_of(AlertKind.GATEWAY_FLAPPING, "studio")]
    assert told.rules.due() is None
    stumble(told, 3)

    assert told.kinds == [AlertKind.GATEWAY_FLAPPING] * 2


def test_a_flapping_gateway_that_stays_away_is_lost(told: Told) -> None:
    stumble(told, 3)
    told.scene.lose()
    told.pass_time(1_000)
    assert told.kinds == [AlertKind.GATEWAY_FLAPPING, AlertKind.GATEWAY_LOST]
    assert told.rules.due() is None
    told.scene.flapping = False
    told.scene.connect()

    assert told.kinds[2:] == [AlertKind.BACK]


def test_other_monitors_come_and_go_unnoticed(told: Told) -> None:
    told.scene.devices(("monitor", True), mode="ui")
    told.scene.devices(mode="ui")
    told.pass_time(60)
    told.scene.devices(("monitor", True), mode="ui")

    assert told.news == []


def all_news() -> Preferences:
    chosen = Preferences()
    for kind in (AlertKind.FINISHED, AlertKind.RECOVERED):
        chosen = chosen.with_kind(kind, ON)
    return chosen


def test_a_failure_that_shows_again_is_no_news() -> None:
    """While the session of the success is at work again, no row says that there was a success."""
    told = Told(preferences=all_news())
    told.scene.connect()
    told.scene.fail("rex")
    told.pass_time(90)
    told.scene.work("rex", rest="side")
    assert told.kinds == [AlertKind.FAILED, AlertKind.RECOVERED]
    told.scene.start("rex", rest="side")
    agent = told.scene.store.fleet.agent("studio", "rex")
    assert agent is not None
    assert agent.status is Status.ERROR
    told.scene.end("rex", rest="side")
    assert told.kinds == [AlertKind.FAILED, AlertKind.RECOVERED, AlertKind.FINISHED]


def test_a_failure_that_was_there_before_us_is_no_news_later() -> None:
    told = Told(preferences=all_news())
    told.scene.fail("rex")
    told.scene.connect()
    told.pass_time(90)
    told.scene.work("rex", rest="side")
    told.scene.start("rex", rest="side")
    assert AlertKind.FAILED not in told.kinds


def test_a_failure_that_was_over_before_it_was_shown_is_told_when_it_shows_again() -> None:
    told = Told()
    told.scene.connect()
    told.scene.fail("rex")
    told.scene.work("rex", rest="side")
    told.scene.start("rex", rest="side")
    assert told.kinds.count(AlertKind.FAILED) == 2


def test_a_success_after_a_full_context_is_a_recovery() -> None:
    told = Told(preferences=all_news())
    told.scene.connect()
    told.scene.fail("rex", "prompt too long")
    told.scene.work("rex")
    assert told.kinds == [AlertKind.CONTEXT_FULL, AlertKind.RECOVERED]


def test_an_approval_that_expires_while_the_gateway_is_away_is_taken_back() -> None:
    told = Told()
    told.scene.connect()
    told.scene.approval("rex", expires_ms=60_000)
    told.scene.lose()
    told.pass_time(61)
    assert told.facts[0].tag in told.over
