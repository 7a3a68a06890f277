from __future__ import annotations

import pytest

from cc_desktop.notifications.alerts import Alert
from cc_desktop.notifications.coalescer import SUMMARY, BackendCommand, Coalescer, Show, Withdraw
from cc_desktop.notifications.kinds import AlertKind, Sound, tag_of
from cc_desktop.notifications.message import MUTE, OPEN, SNOOZE, Target
from cc_desktop.notifications.preferences import Preferences

START = 1_800_000_000_000
CHOICES = Preferences()


def fact(
    agent: str = "rex",
    kind: AlertKind = AlertKind.STUCK,
    gateway: str = "studio",
    detail: str = "no money",
    where: str = "",
) -> Alert:
    return Alert(
        kind,
        tag_of(kind, gateway, agent),
        agent.capitalize(),
        Target(((gateway, agent),), gateway),
        gateway,
        agent,
        detail,
        where,
    )


class Teller:
    """A coalescer on a clock that the test holds."""

    def __init__(self) -> None:
        self.now = START
        self.it = Coalescer()
        self.orders: list[BackendCommand] = []

    def tell(self, *facts: Alert) -> None:
        for one in facts:
            self.it.add(one, self.now)

    def over(self, one: Alert) -> None:
        self.orders += self.it.resolve(one.tag)

    def pass_time(self, seconds: float) -> None:
        """As the center does it: awake when something is due."""
        end = self.now + round(seconds * 1000)
        while (due := self.it.due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.orders += self.it.flush(CHOICES, self.now)
        self.now = end

    @property
    def shown(self) -> list[Show]:
        return [order for order in self.orders if isinstance(order, Show)]

    @property
    def titles(self) -> list[str]:
        return [show.message.title for show in self.shown]

    @property
    def withdrawn(self) -> list[str]:
        return [order.tag for order in self.orders if isinstance(order, Withdraw)]


def test_one_fact_is_one_notification_after_a_second() -> None:
    teller = Teller()
    teller.tell(fact())
    teller.pass_time(0.9)
    assert teller.orders == []
    teller.pass_time(0.2)

    (show,) = teller.shown
    assert (show.message.title, show.message.body) == ("Rex is stuck", "no money")
    assert not show.message.critical  # only what expires stays on the screen
    assert show.message.sound is Sound.MESSAGE
    assert show.target.agents == (("studio", "rex"),)
    assert [(button.key, button.label) for button in show.message.buttons] == [
        (OPEN, "Open"),
        (SNOOZE, "Snooze 1 h"),
        (MUTE, "Mute Rex"),
    ]
    assert dict(show.message.buttons[2].data) == {"gateway": "studio", "agent": "rex"}
    assert teller.it.due() is None


def test_the_gateway_is_named_when_there_are_several() -> None:
    teller = Teller()
    teller.tell(fact(where="Studio"))
    teller.pass_time(2)

    assert teller.shown[0].message.body == "Studio · no money"


def test_up_to_three_are_shown_one_by_one() -> None:
    teller = Teller()
    teller.tell(fact("rex"), fact("dex"), fact("otto"))
    teller.pass_time(30)

    assert teller.titles == ["Rex is stuck", "Dex is stuck", "Otto is stuck"]


def test_four_at_once_are_one_summary() -> None:
    teller = Teller()
    teller.tell(*(fact(name, where="Studio") for name in ("rex", "dex", "otto", "pip")))
    teller.pass_time(30)

    (show,) = teller.shown
    assert show.message.title == "4 agents are stuck on Studio"
    assert show.message.body == "Rex, Dex, Otto, Pip"
    assert show.message.tag == SUMMARY
    assert [agent for _, agent in show.target.agents] == ["rex", "dex", "otto", "pip"]
    assert show.target.words == "4 agents are stuck on Studio"


def test_a_summary_of_several_kinds_and_gateways() -> None:
    teller = Teller()
    teller.tell(
        fact("rex", AlertKind.FAILED, where="Studio"),
        fact("dex", AlertKind.FAILED, gateway="lab", where="Lab"),
        fact("otto", AlertKind.APPROVAL, where="Studio"),
        fact("pip", AlertKind.STUCK, where="Studio"),
    )
    teller.pass_time(30)

    assert teller.titles == ["2 agents failed, Otto needs your approval, Pip is stuck"]


def test_a_fourth_within_five_seconds_takes_the_others_in() -> None:
    teller = Teller()
    for name in ("rex", "dex", "otto"):
        teller.tell(fact(name))
        teller.pass_time(1.2)
    assert len(teller.titles) == 3
    teller.tell(fact("pip"))
    teller.pass_time(2)

    assert teller.titles[3:] == ["4 agents are stuck"]
    assert sorted(teller.withdrawn) == sorted(fact(name).tag for name in ("rex", "dex", "otto"))


def test_one_every_few_seconds_stays_one_by_one() -> None:
    teller = Teller()
    for number in range(10):
        teller.tell(fact(f"agent{number}"))
        teller.pass_time(3)

    assert len(teller.titles) == 10
    assert teller.withdrawn == []


def test_the_same_slot_within_the_second_is_told_once() -> None:
    teller = Teller()
    teller.tell(fact(detail="first"), fact(detail="second"))
    teller.pass_time(2)

    assert [show.message.body for show in teller.shown] == ["second"]


def test_what_is_over_within_the_second_is_never_told() -> None:
    teller = Teller()
    teller.tell(fact())
    teller.over(fact())
    teller.pass_time(10)

    assert teller.orders == []


def test_what_is_over_is_withdrawn() -> None:
    teller = Teller()
    teller.tell(fact())
    teller.pass_time(2)
    teller.over(fact())
    teller.over(fact())

    assert teller.withdrawn == [fact().tag]


def test_a_summary_is_withdrawn_when_all_of_it_is_over() -> None:
    teller = Teller()
    names = ("rex", "dex", "otto", "pip")
    teller.tell(*(fact(name) for name in names))
    teller.pass_time(2)
    for name in names[:3]:
        teller.over(fact(name))
    assert teller.withdrawn == []
    teller.over(fact("pip"))

    assert teller.withdrawn == [SUMMARY]


def test_a_storm_is_one_summary_that_is_seldom_shown_again() -> None:
    teller = Teller()
    for number in range(1_000):
        teller.tell(fact(f"agent{number}"))
        teller.pass_time(0.01)
    teller.pass_time(120)

    assert len(teller.shown) <= 5
    assert teller.titles[-1] == "1000 agents are stuck"
    assert {show.message.tag for show in teller.shown} == {SUMMARY}


def test_a_storm_without_end_is_shown_once_a_minute() -> None:
    teller = Teller()
    for number in range(3_600):
        teller.tell(fact(f"agent{number % 50}"))
        teller.pass_time(1)

    assert len(teller.shown) <= 70


def test_after_a_storm_notifications_are_single_again() -> None:
    teller = Teller()
    teller.tell(*(fact(f"agent{number}") for number in range(10)))
    teller.pass_time(60)
    teller.tell(fact("rex"))
    teller.pass_time(2)

    assert teller.titles == ["10 agents are stuck", "Rex is stuck"]


@pytest.mark.parametrize("name", ["x" * 500, "{count}", "%s", "<b>Rex</b>"])
def test_names_are_only_names(name: str) -> None:
    teller = Teller()
    teller.tell(fact(name), fact("a" + name), fact("b" + name), fact("c" + name))
    teller.tell(fact("d" + name, AlertKind.STUCK))
    teller.pass_time(2)

    assert len(teller.titles[0]) < 200
    assert all(len(button.label) < 60 for button in teller.shown[0].message.buttons)


def test_a_long_reason_is_cut() -> None:
    teller = Teller()
    teller.tell(fact(detail="no " * 1_000))
    teller.pass_time(2)

    assert len(teller.shown[0].message.body) == 240


# The failures of a gateway share a notification


def failure(agent: str, detail: str = "no money", gateway: str = "studio") -> Alert:
    return fact(agent, AlertKind.FAILED, gateway, detail)


def test_failures_of_a_gateway_are_one_notification_with_the_newest_reason() -> None:
    teller = Teller()
    teller.tell(*(failure(name) for name in ("rex", "dex", "otto", "pip", "hex", "max")))
    teller.tell(failure("kim", "no disk"))
    teller.pass_time(30)

    (show,) = teller.shown
    assert show.message.title == "7 agents failed"
    assert show.message.body == "Kim: no disk\nAlso Max, Hex, Pip, Otto, Dex, Rex"
    assert not show.message.critical
    assert len(show.target.agents) == 7


def test_later_failures_replace_that_notification_less_and_less_often() -> None:
    teller = Teller()
    for number in range(300):
        teller.tell(failure(f"agent{number}"))
        teller.pass_time(1)

    assert len({show.message.tag for show in teller.shown}) == 1
    assert teller.titles[0] == "Agent0 failed"
    assert len(teller.shown) <= 12


def test_each_gateway_has_a_notification_of_its_own() -> None:
    teller = Teller()
    teller.tell(failure("rex"), failure("dex"), failure("otto", gateway="lab"))
    teller.pass_time(2)

    assert teller.titles == ["2 agents failed", "Otto failed"]


def test_it_is_withdrawn_with_the_last_of_its_failures() -> None:
    teller = Teller()
    teller.tell(failure("rex"), failure("dex"))
    teller.pass_time(2)
    teller.over(failure("rex"))
    assert teller.withdrawn == []
    teller.over(failure("dex"))

    assert teller.withdrawn == [teller.shown[0].message.tag]
    teller.tell(failure("rex"))
    teller.pass_time(2)
    assert teller.titles[-1] == "Rex failed"


def test_an_agent_that_finishes_leaves_the_failures() -> None:
    teller = Teller()
    teller.tell(failure("rex"))
    teller.pass_time(10)
    teller.tell(fact("rex", AlertKind.FINISHED))
    teller.pass_time(10)
    teller.tell(failure("dex"))
    teller.pass_time(10)

    assert teller.titles == ["Rex failed", "Rex has finished", "Dex failed"]


def test_only_what_expires_is_critical() -> None:
    teller = Teller()
    for kind in AlertKind:
        teller.tell(fact("rex", kind, gateway=kind))
        teller.pass_time(20)

    critical = [show.alerts[0].kind for show in teller.shown if show.message.critical]
    assert critical == [AlertKind.APPROVAL]
    assert len(teller.shown) == len(AlertKind)


def test_what_waits_in_a_summary_is_not_forgotten_with_the_next_flood() -> None:
    teller = Teller()
    teller.tell(*(fact(f"a{number}") for number in range(4)))
    for wait_s, agent in ((2, "b"), (5, "c"), (9, "late")):  # each is shown later than the last
        teller.pass_time(wait_s)
        teller.tell(fact(agent))
    teller.pass_time(13)
    assert not any(one.agent == "late" for show in teller.shown for one in show.alerts)
    teller.tell(*(fact(f"d{number}") for number in range(4)))
    teller.pass_time(70)
    assert any(one.agent == "late" for show in teller.shown for one in show.alerts)
