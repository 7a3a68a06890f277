from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet.inbox import InboxKind, item_id
from cc_desktop.notifications.center import SNOOZE_MS, NotificationCenter
from cc_desktop.notifications.message import MUTE, OPEN, SNOOZE, Message, NotificationAction, Target
from cc_desktop.notifications.policy import SYSTEM
from cc_desktop.notifications.rules import items
from cc_desktop.text.notifications import BACKEND_FAILED
from tests.fakes.clock import FakeClock
from tests.notifications.scene import START, Scene

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Desk:
    """An adapter that remembers what it was asked to show."""

    name = "Desk"
    problem = ""

    def __init__(self) -> None:
        self.shown: list[Message] = []
        self.withdrawn: list[str] = []
        self.system_quiet = False
        self.asked = 0
        self.choose: Callable[[NotificationAction], None] = lambda _chosen: None
        self.ends: list[Exception | None] = []  # how the next runs end
        self.runs = 0

    async def run(self, on_chosen: Callable[[NotificationAction], None]) -> None:
        self.choose = on_chosen
        self.runs += 1
        if self.ends:
            error = self.ends.pop()
            if error is not None:
                raise error
            return
        await asyncio.Event().wait()

    def show(self, message: Message) -> None:
        self.shown.append(message)

    def withdraw(self, tag: str) -> None:
        self.withdrawn.append(tag)

    async def is_system_quiet(self) -> bool:
        self.asked += 1
        return self.system_quiet


class Kept:
    """What is kept between starts."""

    def __init__(
        self, preferences: object = None, snooze: object = 0, notices: object = ()
    ) -> None:
        self.preferences = preferences
        self.snooze = snooze
        self.notices = notices
        self.saves = 0

    def load_notifications(self) -> tuple[object, object, object]:
        return self.preferences, self.snooze, self.notices

    def save_preferences(self, data: dict[str, Any]) -> None:
        self.preferences = data

    def save_snooze(self, until: int) -> None:
        self.snooze = until

    def save_notices(self, data: list[dict[str, Any]]) -> None:
        self.saves += 1
        self.notices = data


REX = Target(
    (("studio", "rex"),),
    "studio",
    item=item_id(InboxKind.FAILED, "studio", "agent:rex:main", "rex"),
)


class Office:
    """A running center."""

    def __init__(self, kept: Kept, desk: Desk) -> None:
        self.clock = FakeClock(START)
        self.scene = Scene()
        self.kept = kept
        self.desk = desk
        self.opened: list[tuple[Target, str]] = []
        self.told = 0
        self.center = NotificationCenter(
            self.scene.store,
            desk,
            self.clock,
            kept,
            open_target=lambda target, token: self.opened.append((target, token)),
        )
        self.center.subscribe(self._on_told)
        self.scene.connect()

    def _on_told(self) -> None:
        self.told += 1

    async def pass_time(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        self.scene.now = max(self.scene.now, self.clock.now_ms())


@asynccontextmanager
async def office(kept: Kept | None = None, desk: Desk | None = None) -> AsyncIterator[Office]:
    it = Office(kept or Kept(), desk or Desk())
    task = asyncio.create_task(it.center.run())
    await it.pass_time(0)
    try:
        yield it
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_failure_is_shown_and_a_click_opens_that_agent() -> None:
    async with office() as it:
        it.scene.fail("rex")
        await it.pass_time(2)
        (message,) = it.desk.shown
        assert message.title == "Rex failed"
        assert it.center.unread == 1
        it.desk.choose(NotificationAction(message.tag, OPEN, activation_token="tok"))

        assert it.opened == [(REX, "tok")]
        assert it.center.unread == 0


async def test_a_click_on_something_older_than_this_start_opens_the_fleet() -> None:
    async with office() as it:
        it.desk.choose(NotificationAction("whatever", OPEN))

        assert it.opened == [(Target(), "")]


async def test_the_buttons_snooze_and_mute() -> None:
    async with office() as it:
        it.scene.fail("rex")
        await it.pass_time(2)
        (message,) = it.desk.shown
        mute = next(button for button in message.buttons if button.key == MUTE)
        it.desk.choose(NotificationAction(message.tag, MUTE, mute.data))
        assert it.center.preferences.is_muted("studio", "rex")
        it.desk.choose(NotificationAction(message.tag, SNOOZE))
        assert it.center.quiet is not None
        assert it.center.quiet.until == it.clock.now_ms() + SNOOZE_MS
        assert it.kept.snooze == it.center.quiet.until
        assert isinstance(it.kept.preferences, dict)
        assert it.kept.preferences["muted"] == [["studio", "rex"]]

        assert it.opened == []


async def test_what_is_over_is_withdrawn() -> None:
    async with office() as it:
        it.scene.approval("rex")
        await it.pass_time(2)
        it.scene.decide("rex")

        assert it.desk.withdrawn == [it.desk.shown[0].tag]


async def test_it_goes_on_where_it_ended() -> None:
    kept = Kept()
    async with office(kept) as it:
        it.scene.fail("rex")
        await it.pass_time(1.5)
        it.center.snooze_until(START + 7_200_000)
        it.center.mute("studio", "dex", True)
    async with office(kept) as it:
        assert [notice.title for notice in it.center.notices] == ["Rex failed"]
        assert it.center.quiet is not None
        assert it.center.preferences.is_muted("studio", "dex")
        it.center.open_notice(it.center.notices[0].id)

        assert it.opened == [(REX, "")]


async def test_a_snooze_that_has_ended_meanwhile_is_over() -> None:
    async with office(Kept(snooze=START - 1)) as it:
        assert it.center.quiet is None
    async with office(Kept(snooze="tomorrow")) as it:
        assert it.center.quiet is None


async def test_the_list_is_kept_seldom() -> None:
    async with office() as it:
        for number in range(50):
            it.scene.approval("rex", f"a{number}")
            await it.pass_time(0.1)
        await it.pass_time(5)

        assert 1 <= it.kept.saves <= 4
    assert isinstance(it.kept.notices, list)
    assert len(it.kept.notices) == 50


async def test_do_not_disturb_is_asked_for_before_something_is_shown() -> None:
    desk = Desk()
    desk.system_quiet = True
    async with office(desk=desk) as it:
        await it.pass_time(600)
        assert desk.asked == 0
        it.scene.fail("rex")
        await it.pass_time(2)
        assert desk.shown == []
        assert it.center.quiet is not None
        assert it.center.quiet.reason == SYSTEM
        assert it.center.waiting == 1
        await it.pass_time(120)
        assert desk.asked <= 6
        desk.system_quiet = False
        await it.pass_time(35)

        assert [message.title for message in desk.shown] == ["Rex failed"]
        assert it.center.quiet is None


async def test_news_after_do_not_disturb_does_not_wait_for_the_next_check() -> None:
    desk = Desk()
    desk.system_quiet = True
    async with office(desk=desk) as it:
        await it.pass_time(600)
        it.scene.fail("rex")
        await it.pass_time(2)
        assert desk.shown == []
        desk.system_quiet = False
        it.scene.approval("otto", "a1")
        await it.pass_time(4)

        assert len(desk.shown) == 2
        assert it.center.quiet is None


async def test_nobody_is_told_of_nothing() -> None:
    async with office() as it:
        await it.pass_time(5)
        before = it.told
        for _ in range(100):
            it.scene.row("rex", total_tokens=5)
        await it.pass_time(60)

        assert it.told == before
        assert it.clock.sleeping == 0


async def test_a_listener_that_fails_does_not_stop_the_others() -> None:
    async with office() as it:
        heard: list[int] = []
        it.center.subscribe(lambda: 1 / 0)  # type: ignore[arg-type]
        leave = it.center.subscribe(lambda: heard.append(1))
        it.center.snooze_until(START + 60_000)
        leave()
        it.center.resume()

        assert heard == [1]


# Whatever is raised at a border, notifications go on


class UnexpectedError(Exception):
    """What nobody thought of."""


def fail(*_: object) -> Any:
    raise UnexpectedError


@pytest.mark.parametrize("ends", [UnexpectedError(), OSError("no bus"), None])
async def test_a_backend_that_ends_is_started_again_and_says_so_meanwhile(
    ends: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk()
    desk.ends = [ends] * 3
    async with office(desk=desk) as it:
        assert it.center.backend.problem == BACKEND_FAILED
        assert it.center.backend.name == ""
        it.scene.fail("rex")
        await it.pass_time(400)
        assert [notice.title for notice in it.center.notices] == ["Rex failed"]
        assert (it.center.backend.problem, it.center.backend.name) == ("", "Desk")
        assert desk.runs == 4
        it.scene.fail("dex")
        await it.pass_time(2)
        desk.choose(NotificationAction(desk.shown[-1].tag, OPEN))
        assert it.opened
    assert len([each for each in caplog.records if each.exc_info]) == 1


@pytest.mark.parametrize("method", ["show", "withdraw", "is_system_quiet"])
async def test_a_backend_whose_methods_raise_does_not_stop_notifications(
    method: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with office() as it:
        with monkeypatch.context() as patch:
            patch.setattr(it.desk, method, fail)
            for number in range(5):
                it.scene.approval("rex", f"a{number}")
                await it.pass_time(20)
                it.scene.decide("rex", f"a{number}")
        it.scene.fail("dex")
        await it.pass_time(2)

        assert it.desk.shown[-1].title == "Dex failed"
        assert len(it.center.notices) == 6
    assert len([each for each in caplog.records if each.exc_info]) == 1


async def test_a_click_whose_handler_raises_is_logged_once_and_the_next_one_works(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with office() as it:
        opened: list[Target] = []
        it.center._open_target = fail
        it.scene.fail("rex")
        await it.pass_time(2)
        for _ in range(3):
            it.desk.choose(NotificationAction(it.desk.shown[0].tag, OPEN))
            it.center.open_notice(it.center.notices[0].id)
        it.center._open_target = lambda target, _token: opened.append(target)
        it.desk.choose(NotificationAction(it.desk.shown[0].tag, OPEN))

        assert opened == [REX]
        assert it.center.backend.problem == ""
    assert len([each for each in caplog.records if each.exc_info]) == 1


@pytest.mark.parametrize("method", ["process", "tick"])
async def test_a_policy_that_raises_is_logged_once_and_asked_again(
    method: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with office() as it:
        with monkeypatch.context() as patch:
            patch.setattr(it.center._policy, method, fail)
            for _ in range(5):
                it.scene.fail("rex")
                await it.pass_time(10)
        it.scene.fail("dex")
        await it.pass_time(10)

        assert "Dex failed" in [notice.title for notice in it.center.notices]
        assert it.desk.shown
    assert len([each for each in caplog.records if each.exc_info]) == 1


async def test_a_rule_that_raises_loses_one_change_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    process = items.process

    def picky(fleet: Any, change: Any, *more: Any) -> Any:
        is_rex = change.after is not None and change.after.agent == "rex"
        return fail() if is_rex else process(fleet, change, *more)

    monkeypatch.setattr(items, "process", picky)
    async with office() as it:
        for agent in ("rex", "dex"):
            it.scene.fail(agent)
        await it.pass_time(2)

        assert [message.title for message in it.desk.shown] == ["Dex failed"]
    assert len([each for each in caplog.records if each.exc_info]) == 1


@pytest.mark.parametrize("method", ["save_preferences", "save_snooze", "save_notices"])
async def test_a_memory_that_raises_changes_nothing_for_the_operator(
    method: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept()
    monkeypatch.setattr(kept, method, fail)
    async with office(kept) as it:
        it.center.mute("studio", "dex", True)
        it.center.snooze_until(START + 10_000)
        for _ in range(2):
            it.scene.fail("rex")
            await it.pass_time(20)

        assert it.center.preferences.is_muted("studio", "dex")
        assert [message.title for message in it.desk.shown][:1] == ["Rex failed"]
    assert len([each for each in caplog.records if each.exc_info]) == 1


async def test_a_memory_that_cannot_be_read_starts_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = Kept()
    monkeypatch.setattr(kept, "load_notifications", fail)
    async with office(kept) as it:
        assert it.center.notices == ()
        it.scene.fail("rex")
        await it.pass_time(2)
        assert it.desk.shown


async def test_who_cannot_say_what_is_viewed_loses_no_alert() -> None:
    scene, desk = Scene(), Desk()
    center = NotificationCenter(
        scene.store, desk, FakeClock(START), Kept(), open_target=fail, viewed=fail
    )
    scene.connect()
    scene.fail("rex")

    assert [notice.title for notice in center.notices] == ["Rex failed"]


async def test_a_test_is_shown_however_quiet_it_is() -> None:
    async with office() as it:
        it.center.snooze_until(START + 60_000)
        it.center.send_test()

        assert [message.title for message in it.desk.shown] == ["This is a test"]
        it.desk.choose(NotificationAction(it.desk.shown[0].tag, OPEN))
        assert it.opened == [(Target(), "")]


async def test_a_storm_of_a_thousand_failures_in_ten_seconds_is_few_notifications() -> None:
    async with office() as it:
        for number in range(1_000):
            it.scene.approval("rex", f"a{number}")
            if number % 20 == 0:
                await it.pass_time(0.2)
        await it.pass_time(60)

        assert 1 <= len(it.desk.shown) <= 5
        assert len(it.center.notices) == 500


async def test_a_storm_of_agents_that_fail_and_recover_is_few_notifications() -> None:
    async with office() as it:
        for number in range(500):
            agent = ("otto", "rex", "dex", "hex", "pip")[number % 5]
            it.scene.fail(agent)
            if number % 10 == 0:
                await it.pass_time(0.2)
            it.scene.work(agent)
        await it.pass_time(60)

        assert len(it.desk.shown) <= 5
