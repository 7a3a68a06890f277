from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cc_desktop.notifications.coalescer import SUMMARY, BackendCommand, Show, Withdraw
from cc_desktop.notifications.history import KEPT, NotificationHistory
from cc_desktop.notifications.kinds import AlertKind, Sound
from cc_desktop.notifications.policy import HOURS, OFF, SNOOZED, SYSTEM, NotificationPolicy
from cc_desktop.notifications.preferences import KindPreference, Preferences, QuietWindow
from tests.notifications.scene import AGENTS, START, Scene

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Change

HOUR_MS = 3_600_000


def local(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).replace(tzinfo=None)


class Watched:
    """Attention on a scene, driven as the center does it."""

    def __init__(self, preferences: Preferences | None = None) -> None:
        self.scene = Scene()
        self.viewed: tuple[str, str] | None = None
        self.it = NotificationPolicy(
            preferences or Preferences(), viewed=lambda: self.viewed, local=local
        )
        self.orders: list[BackendCommand] = []
        self.scene.store.subscribe(self._listen)
        self.scene.connect()

    def _listen(self, changes: list[Change]) -> None:
        self.orders += self.it.process(self.scene.store.fleet, changes, self.scene.now)

    def pass_time(self, seconds: float) -> None:
        end = self.scene.now + round(seconds * 1000)
        while (due := self.it.due(self.scene.now)) is not None and due <= end:
            self.scene.pass_time(max(0, due - self.scene.now) / 1000)
            self.tick()
        self.scene.pass_time((end - self.scene.now) / 1000)
        self.tick()

    def tick(self) -> None:
        self.orders += self.it.tick(self.scene.store.fleet, self.scene.now)

    @property
    def titles(self) -> list[str]:
        return [order.message.title for order in self.orders if isinstance(order, Show)]

    @property
    def listed(self) -> list[str]:
        return [notice.title for notice in self.it.history.notices]


def with_kind(kind: AlertKind, **changes: Any) -> Preferences:
    choice = Preferences().kinds[kind]
    return Preferences().with_kind(kind, replace(choice, **changes))


def test_a_failure_is_shown_and_listed() -> None:
    watched = Watched()
    watched.scene.fail("rex")
    watched.pass_time(2)

    assert watched.titles == ["Rex failed"]
    (notice,) = watched.it.history.notices
    assert (notice.title, notice.body, notice.shown, notice.read) == (
        "Rex failed",
        "no money",
        True,
        False,
    )
    assert watched.it.history.unread == 1


def test_what_is_switched_off_is_neither_shown_nor_listed() -> None:
    watched = Watched(with_kind(AlertKind.FAILED, on=False))
    watched.scene.fail("rex")
    watched.scene.work("dex")
    watched.pass_time(2)

    assert watched.titles == watched.listed == []


@pytest.mark.parametrize("mute", [("studio", "rex"), ("studio", "")])
def test_muted_is_listed_as_read(mute: tuple[str, str]) -> None:
    watched = Watched(Preferences(muted=frozenset({mute})))
    watched.scene.fail("rex")
    watched.pass_time(2)

    assert watched.titles == []
    assert watched.listed == ["Rex failed"]
    assert watched.it.history.unread == watched.it.waiting == 0


def test_an_agent_that_is_looked_at_is_not_told_of() -> None:
    watched = Watched()
    watched.viewed = ("studio", "rex")
    watched.scene.fail("rex")
    watched.scene.fail("dex")
    watched.pass_time(2)

    assert watched.titles == ["Dex failed"]
    assert watched.it.history.unread == 1


def test_what_is_over_is_withdrawn_and_no_longer_counts() -> None:
    watched = Watched()
    watched.scene.approval("rex")
    watched.pass_time(2)
    watched.scene.decide("rex")

    tag = next(o.message.tag for o in watched.orders if isinstance(o, Show))
    assert Withdraw(tag) in watched.orders
    assert watched.it.history.notices[0].over
    assert watched.it.history.unread == 0


# Quiet


def test_a_snooze_holds_back_and_then_tells_what_is_still_true() -> None:
    watched = Watched()
    watched.it.snoozed_until = watched.scene.now + HOUR_MS
    watched.scene.fail("rex")
    watched.scene.fail("dex")
    watched.pass_time(600)
    assert watched.titles == []
    assert watched.listed == ["Dex failed", "Rex failed"]
    assert watched.it.waiting == 2
    quiet = watched.it.quiet(watched.scene.now)
    assert quiet is not None
    assert (quiet.reason, quiet.until) == (SNOOZED, START + HOUR_MS)
    watched.scene.work("rex")
    assert watched.it.waiting == 1
    watched.pass_time(3_600)

    assert watched.titles == ["Dex failed"]
    assert watched.it.waiting == 0
    assert watched.it.quiet(watched.scene.now) is None
    assert [notice.shown for notice in watched.it.history.notices] == [True, False]


def test_much_that_waited_is_one_summary() -> None:
    watched = Watched()
    watched.it.snoozed_until = watched.scene.now + HOUR_MS
    for agent in AGENTS:
        watched.scene.fail(agent)
    watched.pass_time(3_700)

    assert watched.titles == ["5 agents failed"]


def test_ending_a_snooze_tells_at_once() -> None:
    watched = Watched()
    watched.it.snoozed_until = watched.scene.now + HOUR_MS
    watched.scene.fail("rex")
    watched.pass_time(60)
    watched.it.snoozed_until = 0
    watched.tick()
    watched.pass_time(2)

    assert watched.titles == ["Rex failed"]


def test_urgent_kinds_pass_when_the_operator_says_so() -> None:
    watched = Watched(with_kind(AlertKind.APPROVAL, even_quiet=True))
    watched.it.snoozed_until = watched.scene.now + HOUR_MS
    watched.scene.fail("rex")
    watched.scene.approval("dex")
    watched.pass_time(5)

    assert watched.titles == ["Dex needs your approval"]
    assert watched.it.waiting == 1


def test_quiet_hours_begin_and_end_by_themselves() -> None:
    now = local(START)
    begin = now + timedelta(minutes=10)
    minutes = begin.hour * 60 + begin.minute
    window = QuietWindow(frozenset(range(7)), minutes, (minutes + 30) % 1440)
    watched = Watched(Preferences(quiet=(window,), quiet_on=True))
    watched.scene.fail("rex")
    watched.pass_time(60)
    assert watched.titles == ["Rex failed"]
    watched.pass_time(11 * 60)
    quiet = watched.it.quiet(watched.scene.now)
    assert quiet is not None
    assert quiet.reason == HOURS
    assert local(quiet.until).minute == (minutes + 30) % 60
    watched.scene.fail("dex")
    watched.pass_time(60)
    assert watched.titles == ["Rex failed"]
    watched.pass_time(40 * 60)

    assert watched.titles == ["Rex failed", "2 agents failed"]


def test_what_is_gathered_when_it_becomes_quiet_is_held() -> None:
    watched = Watched()
    watched.scene.fail("rex")
    watched.it.snoozed_until = watched.scene.now + HOUR_MS
    watched.pass_time(10)

    assert watched.titles == []
    assert watched.it.waiting == 1


def test_the_desktop_s_own_do_not_disturb() -> None:
    watched = Watched()
    watched.it.system_quiet = True
    watched.scene.fail("rex")
    watched.pass_time(10)
    assert watched.titles == []
    quiet = watched.it.quiet(watched.scene.now)
    assert quiet is not None
    assert (quiet.reason, quiet.until) == (SYSTEM, 0)
    watched.it.preferences = Preferences(respect_system=False)
    watched.tick()
    watched.pass_time(2)

    assert watched.titles == ["Rex failed"]


def test_switched_off_lists_but_keeps_nothing_waiting() -> None:
    watched = Watched(Preferences(on=False))
    watched.scene.fail("rex")
    watched.pass_time(10)
    quiet = watched.it.quiet(watched.scene.now)
    assert quiet is not None
    assert quiet.reason == OFF
    assert watched.listed == ["Rex failed"]
    watched.it.preferences = Preferences()
    watched.pass_time(10)

    assert watched.titles == []


def test_a_storm_gives_few_notifications() -> None:
    watched = Watched()
    for number in range(500):
        watched.scene.fail(AGENTS[number % 5])
        watched.scene.work(AGENTS[number % 5])
        if number % 50 == 49:
            watched.pass_time(1)

    watched.pass_time(60)
    assert len(watched.titles) <= 5


# The list


def test_the_list_keeps_the_newest() -> None:
    watched = Watched()
    for number in range(KEPT + 20):
        watched.scene.approval("rex", f"a{number}")
    watched.pass_time(5)

    assert len(watched.it.history.notices) == KEPT
    assert watched.it.history.notices[0].id == KEPT + 20
    assert any(isinstance(o, Show) and o.message.tag == SUMMARY for o in watched.orders)


def test_what_is_kept_shares_its_texts_with_the_list() -> None:
    """It stays in memory as long as the list does: 500 entries are 0.6 MiB as a copy."""
    watched = Watched()
    watched.scene.fail("rex")
    watched.pass_time(5)
    (notice,), (kept,) = watched.it.history.notices, watched.it.history.dump()
    assert kept["title"] is notice.title
    assert kept["body"] is notice.body
    assert kept["tag"] is notice.tag


def test_the_list_survives_a_restart() -> None:
    watched = Watched(with_kind(AlertKind.FINISHED, on=True, sound=Sound.NONE))
    watched.scene.fail("rex")
    watched.scene.work("dex")
    watched.pass_time(5)
    watched.it.history.mark_read(1)
    again = NotificationHistory()
    again.load(watched.it.history.dump())

    assert again.notices == watched.it.history.notices
    assert again.unread == 1


@pytest.mark.parametrize(
    "data",
    [None, {}, [None, 3, {}], [{"at": 1}], "x", [{"at": "1", "kind": "failed", "title": 1}]],
)
def test_an_unreadable_list_is_empty(data: Any) -> None:
    it = NotificationHistory()
    it.load(data)

    assert it.notices == ()


def test_reading() -> None:
    watched = Watched()
    for agent in AGENTS:
        watched.scene.fail(agent)
    watched.pass_time(5)
    before = watched.it.history.version
    watched.it.history.mark_read(2)
    watched.it.history.mark_read(99)
    assert watched.it.history.unread == 4
    watched.it.mark_all_read()
    assert watched.it.history.unread == 0
    watched.it.clear()
    assert watched.it.history.notices == ()
    assert watched.it.history.version > before


def test_a_kind_s_own_sound_goes_with_it() -> None:
    choice = KindPreference(on=True, sound=Sound.MESSAGE, even_quiet=False)
    watched = Watched(Preferences().with_kind(AlertKind.FAILED, choice))
    watched.scene.fail("rex")
    watched.pass_time(2)

    assert [o.message.sound for o in watched.orders if isinstance(o, Show)] == [Sound.MESSAGE]
