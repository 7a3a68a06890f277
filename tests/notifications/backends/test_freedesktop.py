"""Notifications over D-Bus: a real bus, and a service that does what the test wants."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.notifications.backends import do_not_disturb
from cc_desktop.notifications.backends.dbus import session_bus_address
from cc_desktop.notifications.backends.freedesktop import (
    ANSWER_S,
    GIVE_UP_S,
    RETRY_S,
    FreedesktopBackend,
)
from cc_desktop.notifications.backends.outbox import MAX_UNANSWERED, MAX_WAITING
from cc_desktop.notifications.kinds import Sound
from cc_desktop.notifications.message import OPEN, SNOOZE, Button, Message, NotificationAction
from cc_desktop.text.notifications import BACKEND_FAILED
from tests.fakes.bus_service import dbus, jeepney
from tests.fakes.clock import FakeClock, settle, until
from tests.fakes.notifications import SERVICE, USUAL, FakeNotifications
from tests.whole.session import Session, need

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from cc_desktop.notifications.backends.base import NotificationBackend

OPENER = Button(OPEN, "Open Otto", {"agent": "otto"})
SNOOZER = Button(SNOOZE, "Snooze 1 h", {"hours": "1"})
FAILED = Message(
    "failed otto", "Otto failed", "No credit left", Sound.ALERT, True, (OPENER, SNOOZER)
)
PLAIN = Message("rex", "Rex is back", "")


class UnexpectedError(Exception):
    """What nobody thought of."""


class NotingClock(FakeClock):
    """Knows who slept for how long."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await super().sleep(seconds)


class Desk:
    """An adapter at work."""

    def __init__(self, address: str) -> None:
        self.clock = NotingClock()
        self.adapter = FreedesktopBackend(address, self.clock)
        self.chosen: list[NotificationAction] = []
        self.task = asyncio.create_task(self.adapter.run(self.chosen.append))

    async def shown(self, service: FakeNotifications, *messages: Message) -> list[Any]:
        """Show them, and wait until the service was asked to; the arguments of the last call."""
        before = len(service.notified)
        for message in messages:
            self.adapter.show(message)
        last = messages[-1].title
        await until(lambda: service.notified[before:] and service.notified[-1] == last, last)
        return list(service.called("Notify")[-1])

    async def moment(self) -> None:
        """A second passes for the adapter, and a moment for the bus, which is a real one."""
        await self.clock.advance(1)
        await asyncio.sleep(0.01)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        assert self.task.cancelled()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A bus that the test may end."""
    need("dbus-daemon")
    with Session(tmp_path) as started:
        yield started


@asynccontextmanager
async def at_desk(address: str, *services: FakeNotifications) -> AsyncIterator[Desk]:
    """An adapter on the bus; with a service, it has met it."""
    for service in services:
        await service.start()
    desk = Desk(address)
    try:
        await until(lambda: desk.adapter._bus, "the connection")
        if services:
            await until(lambda: desk.adapter._abilities is not None, "the capabilities")
        yield desk
    finally:
        await desk.end()
        for service in services:
            await service.stop()


# What is sent


async def test_notify_has_every_argument_as_the_specification_wants_it(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED)

        call = service.calls[-1]
        assert (call.interface, call.method, call.signature) == (
            SERVICE,
            "Notify",
            "susssasa{sv}i",
        )
        assert call.body == (
            "Control Center",
            0,
            "cc-desktop",
            "Otto failed",
            "No credit left",
            ["default", "Open Otto", "open", "Open Otto", "snooze", "Snooze 1 h"],
            {
                "desktop-entry": ("s", "cc-desktop"),
                "urgency": ("y", 2),
                "sound-name": ("s", "dialog-warning"),
            },
            -1,
        )
        assert (desk.adapter.name, desk.adapter.problem) == ("fake 1.2", "")


async def test_what_is_not_urgent_and_has_no_sound_and_no_buttons(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        *_, actions, hints, _ = await desk.shown(service, PLAIN)

        assert actions == ["default", "Open"]
        assert hints == {
            "desktop-entry": ("s", "cc-desktop"),
            "urgency": ("y", 1),
            "suppress-sound": ("b", True),
        }


async def test_a_message_with_the_usual_sound(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        message = Message("a", "Otto waits for you", "", Sound.MESSAGE)
        hints = (await desk.shown(service, message))[6]
        assert hints["sound-name"] == ("s", "message-new-instant")


@pytest.mark.parametrize("there", [True, False])
async def test_an_icon_from_a_file(bus: str, tmp_path: Path, *, there: bool) -> None:
    service = FakeNotifications(bus)
    if there:
        (tmp_path / "an icon.png").touch()
    async with at_desk(bus, service) as desk:
        desk.adapter = FreedesktopBackend(bus, desk.clock, icon=f"{tmp_path}/an icon.png")
        await desk.end()
        desk.task = asyncio.create_task(desk.adapter.run(desk.chosen.append))
        told = (await desk.shown(service, PLAIN))[2]
        assert told == (f"file://{tmp_path}/an%20icon.png" if there else "cc-desktop")


@pytest.mark.parametrize(
    ("abilities", "body", "actions", "sound"),
    [
        (("body",), "<b>R&D</b> > \"x\" 'y'", 0, False),
        (("body", "actions"), "<b>R&D</b> > \"x\" 'y'", 6, False),
        (("body", "body-markup"), "&lt;b&gt;R&amp;D&lt;/b&gt; &gt; \"x\" 'y'", 0, False),
        (("body", "sound", "x-unheard-of"), "<b>R&D</b> > \"x\" 'y'", 0, True),
        (USUAL, "&lt;b&gt;R&amp;D&lt;/b&gt; &gt; \"x\" 'y'", 6, True),
    ],
)
async def test_a_service_gets_only_what_it_supports(
    bus: str, abilities: tuple[str, ...], body: str, actions: int, sound: bool
) -> None:
    service = FakeNotifications(bus, *abilities)
    async with at_desk(bus, service) as desk:
        text = "<b>R&D</b> > \"x\" 'y'"
        message = Message("a", "<i>R&D</i>", text, Sound.ALERT, buttons=(OPENER, SNOOZER))
        sent = await desk.shown(service, message)

        assert sent[3] == "<i>R&D</i>"  # a title has no markup anywhere
        assert sent[4] == body
        assert len(sent[5]) == actions
        assert ("sound-name" in sent[6]) is sound


async def test_a_service_that_cannot_tell_what_it_supports_gets_plain_text(bus: str) -> None:
    service = FakeNotifications(bus)
    service.errors = dict.fromkeys(("GetCapabilities", "GetServerInformation"), "org.x.Broken")
    async with at_desk(bus, service) as desk:
        sent = await desk.shown(service, FAILED)
        assert sent[5:7] == [[], {"desktop-entry": ("s", "cc-desktop"), "urgency": ("y", 2)}]
        assert desk.adapter.name == "the notification service"


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("nul\0 and \x1b[31mescape\x07", "nul and [31mescape", "nul and [31mescape"),
        ("half \ud83d a pair \udc00", "half \ufffd a pair \ufffd", "half \ufffd a pair \ufffd"),
        ("\u202egpj.exe\u2066", "gpj.exe", "gpj.exe"),
        ("two\r\nlines\tand\u2028more", "two lines and more", "two\nlines and\nmore"),
        ("no\uffffn \ue000", "non", "non"),
        ("x" * 100_000, "x" * 199 + "…", "x" * 999 + "…"),
        ("&" * 2000, "&" * 199 + "…", "&amp;" * 999 + "…"),
        ("", "", ""),
    ],
)
async def test_hostile_text_neither_ends_the_connection_nor_disguises_itself(
    bus: str, text: str, title: str, body: str
) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        desk.adapter.show(Message("a", text, text, buttons=(Button("go", text),)))
        await desk.shown(service, PLAIN)  # what D-Bus refuses, it answers by hanging up

        sent = service.called("Notify")[0]
        assert sent[3:5] == (title, body)
        assert len(sent[5][3]) <= 60
        assert sum(call.method == "GetCapabilities" for call in service.calls) == 1


# Replacing and withdrawing


async def test_a_message_takes_the_place_of_the_last_with_its_slot(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        again = Message(FAILED.tag, "Otto failed twice", "")
        await desk.shown(service, FAILED, PLAIN)
        await desk.shown(service, again)

        assert [body[1] for body in service.called("Notify")] == [0, 0, 100]


async def test_what_was_closed_is_not_replaced_and_not_withdrawn(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED, PLAIN)
        await service.emit("NotificationClosed", "uu", 100, 2)
        await service.emit("NotificationClosed", "uu", 9999, 2)  # somebody else's
        await until(lambda: FAILED.tag not in desk.adapter.shown_tags, "hearing of it")
        desk.adapter.withdraw(FAILED.tag)
        await desk.shown(service, Message(PLAIN.tag, "Rex again", ""))
        await desk.shown(service, FAILED)

        assert [body[1] for body in service.called("Notify")] == [0, 0, 101, 0]
        assert service.called("CloseNotification") == []


async def test_what_is_no_longer_true_is_closed(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED)
        desk.adapter.withdraw(FAILED.tag)
        desk.adapter.withdraw("never shown")
        await desk.shown(service, PLAIN)
        assert service.called("CloseNotification") == [(100,)]

        assert (await desk.shown(service, FAILED))[1] == 0


async def test_a_withdrawal_while_it_is_on_its_way(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        service.go_on.clear()
        await desk.shown(service, FAILED)
        desk.adapter.withdraw(FAILED.tag)
        service.go_on.set()
        await until(lambda: service.called("CloseNotification"), "the withdrawal")
        assert service.called("CloseNotification") == [(100,)]


async def test_what_is_withdrawn_before_it_is_sent_is_never_sent(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        desk.adapter.show(FAILED)
        desk.adapter.withdraw(FAILED.tag)
        await desk.shown(service, PLAIN)
        assert service.notified == [PLAIN.title]
        assert service.called("CloseNotification") == []


async def test_an_error_at_closing_is_nothing_to_speak_of(
    bus: str, caplog: pytest.LogCaptureFixture
) -> None:
    service = FakeNotifications(bus)
    service.errors["CloseNotification"] = "org.freedesktop.Notifications.Error.NotFound"
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED)
        desk.adapter.withdraw(FAILED.tag)
        await desk.shown(service, PLAIN)
    assert [each for each in caplog.records if each.levelno > logging.INFO] == []


# Clicks


async def test_a_click_and_each_button_come_back_with_their_data(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED, PLAIN)
        for ident, action in ((100, "default"), (100, "open"), (100, "snooze"), (101, "default")):
            await service.click(ident, action)
        await until(lambda: len(desk.chosen) == 4, "the clicks")

        assert desk.chosen == [
            NotificationAction(FAILED.tag, OPEN, {"agent": "otto"}),
            NotificationAction(FAILED.tag, OPEN, {"agent": "otto"}),
            NotificationAction(FAILED.tag, SNOOZE, {"hours": "1"}),
            NotificationAction(PLAIN.tag, OPEN),
        ]


async def test_a_token_comes_with_the_click_that_follows_it(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED, PLAIN)
        await service.click(100, token="token-1")
        await service.click(100)
        await service.emit("ActivationToken", "us", 9999, "of another program")
        await service.click(101)
        await until(lambda: len(desk.chosen) == 3, "the clicks")

        assert [each.activation_token for each in desk.chosen] == ["token-1", "", ""]


async def test_what_is_not_ours_or_makes_no_sense_is_passed_over(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED)
        await service.click(9999)
        await service.click(100, "inline-reply")
        await service.emit("ActionInvoked", "s", "default")
        await service.emit("ActionInvoked", "su", "default", 100)
        await service.emit("ActivationToken", "u", 100)
        await service.emit("NotificationClosed", "")
        await service.emit("Unheard", "u", 100)
        await service.click(100, "snooze")
        await until(lambda: desk.chosen, "the click")

        assert desk.chosen == [NotificationAction(FAILED.tag, SNOOZE, {"hours": "1"})]


async def test_a_click_that_is_told_after_the_closing_still_leads_to_the_agent(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED)
        await service.emit("NotificationClosed", "uu", 100, 1)
        await service.click(100)
        await until(lambda: desk.chosen, "the click")
        assert desk.chosen[0].tag == FAILED.tag


async def test_a_click_that_comes_together_with_the_answer(bus: str) -> None:
    service = FakeNotifications(bus)
    service.clicks_at_once = True
    async with at_desk(bus, service) as desk:
        for number in range(20):
            desk.adapter.show(Message(f"slot {number}", f"title {number}", ""))
        await until(lambda: len(desk.chosen) == 20, "the clicks")
        assert [each.tag for each in desk.chosen] == [f"slot {number}" for number in range(20)]


async def test_no_other_program_can_click(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED)
        stranger = await dbus.open_dbus_connection(bus)
        source = jeepney.DBusAddress("/org/freedesktop/Notifications", interface=SERVICE)
        for destination in ("", service.client):
            signal = jeepney.new_signal(source, "ActionInvoked", "us", (100, "default"))
            if destination:
                signal.header.fields[jeepney.HeaderFields.destination] = destination
            await stranger.send(signal)
        forged = jeepney.DBusAddress("/org/freedesktop/DBus", interface="org.freedesktop.DBus")
        taken = (SERVICE, service.client, stranger.unique_name)
        signal = jeepney.new_signal(forged, "NameOwnerChanged", "sss", taken)
        signal.header.fields[jeepney.HeaderFields.destination] = service.client
        await stranger.send(signal)
        async with dbus.DBusRouter(stranger) as router:  # all of it has been delivered
            await dbus.Proxy(jeepney.message_bus, router).ListNames()
        await stranger.close()

        await service.click(100, "snooze")
        await until(lambda: desk.chosen, "the click")
        assert [each.key for each in desk.chosen] == [SNOOZE]


# Services that come, go, and do not answer


async def test_a_restarted_service_is_met_anew(bus: str) -> None:
    service = FakeNotifications(bus, "body")
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED)
        await service.stop()
        await until(lambda: desk.adapter.problem, "hearing of it")
        assert desk.adapter.problem == "No notification service is running."
        assert desk.adapter.name == ""

        service.abilities, service.version = USUAL, "2.0"
        await service.start()
        await until(lambda: desk.adapter.name == "fake 2.0", "meeting it")
        assert desk.adapter.problem == ""
        desk.adapter.withdraw(FAILED.tag)  # nothing that the new one knows
        await service.click(100)  # of its own
        sent = await desk.shown(service, FAILED)
        assert sent[1] == 0
        assert len(sent[5]) == 6
        assert service.called("CloseNotification") == []
        assert desk.chosen == []


async def test_another_service_that_takes_over(bus: str) -> None:
    first, second = FakeNotifications(bus, name="first"), FakeNotifications(bus, name="second")
    async with at_desk(bus, first, second) as desk:  # the second waits in the bus's line
        await desk.shown(first, FAILED)
        await first.stop()
        await until(lambda: desk.adapter.name == "second 1.2", "meeting it")
        assert (await desk.shown(second, FAILED))[1] == 0


async def test_without_a_service_the_newest_of_each_slot_is_kept_for_it(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus) as desk:
        assert desk.adapter.problem == "No notification service is running."
        for number in range(3):
            desk.adapter.show(Message("a", f"a {number}", ""))
            desk.adapter.show(Message("b", f"b {number}", ""))
            desk.adapter.show(Message("c", f"c {number}", ""))
            await settle()
        desk.adapter.withdraw("b")
        await service.start()
        await until(lambda: len(service.notified) == 2, "both")
        await desk.shown(service, PLAIN)
        await service.stop()
        assert service.notified == ["a 2", "c 2", PLAIN.title]


async def test_what_waits_for_a_service_is_bounded(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus) as desk:
        for number in range(MAX_WAITING + 50):
            desk.adapter.show(Message(f"slot {number}", f"title {number}", ""))
        await service.start()
        await until(lambda: len(service.notified) == MAX_WAITING, "all of them")
        await service.stop()
        assert service.notified[0] == "title 50"
        assert service.notified[-1] == f"title {MAX_WAITING + 49}"


async def test_a_service_that_dies_before_it_answers_leaves_the_message_to_the_next(
    bus: str,
) -> None:
    service = FakeNotifications(bus)
    service.deaf.add("Notify")
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED)
        desk.adapter.show(PLAIN)
        await service.stop()
        await until(lambda: not desk.adapter._owner, "hearing of it")
        service.calls.clear()
        service.deaf.clear()
        await service.start()
        await until(lambda: len(service.notified) == 2, "both")
        assert service.notified == [FAILED.title, PLAIN.title]


async def test_a_message_that_ends_every_service_is_given_up(bus: str) -> None:
    service = FakeNotifications(bus)
    service.deaf.add("Notify")
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED)
        desk.adapter.show(PLAIN)
        for expected in (FAILED.title, PLAIN.title):
            before = len(service.notified)
            await service.stop()
            await service.start()
            await until(lambda before=before: service.notified[before:], "the next try")  # type: ignore[misc]
            assert service.notified[-1] == expected


async def test_a_message_that_a_dying_service_swallowed_is_not_shown_if_it_was_withdrawn(
    bus: str,
) -> None:
    service = FakeNotifications(bus)
    service.deaf.add("Notify")
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED)
        desk.adapter.withdraw(FAILED.tag)
        await service.stop()
        await until(lambda: not desk.adapter._owner, "hearing of it")
        service.calls.clear()
        service.deaf.clear()
        await service.start()
        await desk.shown(service, PLAIN)
        assert service.notified == [PLAIN.title]
        assert service.called("CloseNotification") == []


async def test_a_service_that_does_not_answer_is_a_problem_until_it_does(bus: str) -> None:
    service = FakeNotifications(bus)
    service.deaf.add("Notify")
    async with at_desk(bus, service) as desk:
        await desk.shown(service, FAILED)
        await desk.clock.advance(9)
        assert desk.adapter.problem == ""
        await desk.clock.advance(2)
        assert desk.adapter.problem == "The notification service does not answer."

        await service.stop()
        service.deaf.clear()
        await service.start()
        await until(lambda: desk.adapter.problem == "", "meeting it")


async def test_a_message_without_an_answer_does_not_hold_back_the_others(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        service.deaf.add("Notify")
        await desk.shown(service, FAILED)
        desk.adapter.show(PLAIN)
        await settle()
        assert service.notified == [FAILED.title]
        service.deaf.clear()
        await desk.clock.advance(ANSWER_S)
        await until(lambda: service.notified[1:], "the next one")
        assert service.notified == [FAILED.title, PLAIN.title]
        await until(lambda: not desk.adapter.problem, "its answer")


async def test_a_frozen_service_gets_few_messages_and_later_only_what_is_still_true(
    bus: str,
) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        service.go_on.clear()
        for number in range(30):
            desk.adapter.show(Message(f"tag {number % 10}", f"title {number}", ""))
        await until(lambda: service.notified, "the first")
        for _ in range(MAX_UNANSWERED):
            await desk.clock.advance(ANSWER_S)
        assert desk.adapter.problem == "The notification service does not answer."
        for number in range(5, 10):
            desk.adapter.withdraw(f"tag {number}")
        desk.adapter.show(Message("tag 0", "title 30", ""))  # waits for the id of the first
        service.go_on.set()
        await until(lambda: "title 30" in service.notified, "the rest")
        await until(lambda: len(desk.adapter.shown_tags) == 5, "the answers")

        assert sorted(desk.adapter.shown_tags) == [f"tag {number}" for number in range(5)]
        first, last = (
            next(body for body in service.called("Notify") if body[3] == title)
            for title in ("title 20", "title 30")
        )
        assert (first[1], last[1]) == (0, 100)  # it takes the place of the first
        assert desk.adapter.problem == ""


async def test_a_service_that_never_answers_is_still_tried(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        service.deaf.add("Notify")
        for number in range(20):
            desk.adapter.show(Message(f"tag {number}", f"title {number}", ""))
        await until(lambda: service.notified, "the first")
        for _ in range(60):
            await desk.clock.advance(5)
        sent = len(service.notified)
        assert MAX_UNANSWERED < sent <= 20
        service.deaf.clear()
        await desk.clock.advance(GIVE_UP_S)
        await until(lambda: len(service.notified) == 20, "all of them")


async def test_an_id_that_is_learned_late_is_used(bus: str) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        service.go_on.clear()
        withdrawn = Message("gone", "No longer true", "")
        desk.adapter.show(FAILED)
        desk.adapter.show(withdrawn)
        await until(lambda: service.notified, "the first")
        await desk.clock.advance(ANSWER_S + GIVE_UP_S + ANSWER_S)
        await desk.clock.advance(GIVE_UP_S)
        desk.adapter.withdraw(withdrawn.tag)
        service.go_on.set()
        await until(lambda: service.called("CloseNotification"), "the withdrawal")
        assert desk.adapter.shown_tags == {FAILED.tag}
        await service.click(100)
        await until(lambda: desk.chosen, "the click")
        assert desk.chosen[0].tag == FAILED.tag
        again = Message(FAILED.tag, "Otto failed again", "")
        assert (await desk.shown(service, again))[1] == 100


async def test_a_service_that_does_not_introduce_itself_is_asked_again(bus: str) -> None:
    service = await FakeNotifications(bus).start()
    service.deaf |= {"GetCapabilities", "GetServerInformation"}
    desk = Desk(bus)
    desk.adapter.show(FAILED)
    await until(lambda: service.called("GetCapabilities"), "the question")
    await desk.clock.advance(3 * ANSWER_S)
    assert desk.adapter.problem == "The notification service does not answer."
    service.deaf.clear()
    for _ in range(4):
        await desk.clock.advance(ANSWER_S)
    await until(lambda: service.notified == [FAILED.title], "the message")
    assert desk.adapter.problem == ""
    await desk.end()
    await service.stop()


async def test_a_click_whose_handler_raises_ends_nothing(
    bus: str, caplog: pytest.LogCaptureFixture
) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:

        def fail(_chosen: NotificationAction) -> None:
            raise UnexpectedError

        desk.adapter._on_chosen = fail
        await desk.shown(service, FAILED)
        for _ in range(3):
            await service.click(100)
        await desk.shown(service, PLAIN)
        desk.adapter._on_chosen = desk.chosen.append
        await service.click(101)
        await until(lambda: desk.chosen, "the click")
        assert desk.adapter.problem == ""
        assert sum(call.method == "GetCapabilities" for call in service.calls) == 1
    assert len([each for each in caplog.records if each.exc_info]) == 1


@pytest.mark.parametrize("broken", ["_set_owner", "_on_shown", "_meet", "_find_owner"])
async def test_whatever_raises_inside_is_logged_once_and_it_goes_on(
    bus: str, broken: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise UnexpectedError

    service = await FakeNotifications(bus).start()
    with monkeypatch.context() as patch:
        patch.setattr(FreedesktopBackend, broken, fail)
        desk = Desk(bus)
        desk.adapter.show(FAILED)
        await until(lambda: [each for each in caplog.records if each.exc_info], "the failure")
        for _ in range(100):
            await desk.moment()
        assert desk.adapter.problem in ("", BACKEND_FAILED)
    while desk.adapter.name != "fake 1.2":
        await desk.moment()
    await desk.shown(service, PLAIN)
    assert desk.adapter.problem == ""
    await desk.end()
    await service.stop()
    assert len([each for each in caplog.records if each.exc_info]) == 1


async def test_an_error_is_logged_once_and_loses_one_message_only(
    bus: str, caplog: pytest.LogCaptureFixture
) -> None:
    service = FakeNotifications(bus)
    service.errors["Notify"] = "org.freedesktop.Notifications.MaxNotificationsExceeded"
    async with at_desk(bus, service) as desk:
        for number in range(3):
            await desk.shown(service, Message(f"slot {number}", f"title {number}", ""))
        service.errors.clear()
        assert (await desk.shown(service, PLAIN))[1] == 0
    told = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "Notify: org.freedesktop.Notifications.MaxNotificationsExceeded" in told[0]


async def test_a_service_that_cannot_be_started_is_a_problem(session: Session) -> None:
    services = session.home / ".local" / "share" / "dbus-1" / "services"
    services.mkdir(parents=True)
    text = f"[D-BUS Service]\nName={SERVICE}\nExec=/bin/false\n"
    (services / f"{SERVICE}.service").write_text(text)
    session.start_bus(services=True)
    address = session.env["DBUS_SESSION_BUS_ADDRESS"]
    async with at_desk(address) as desk:
        assert desk.adapter.problem == ""  # it has not been needed yet
        assert desk.adapter.name == "the notification service"
        desk.adapter.show(FAILED)
        await until(lambda: desk.adapter.problem, "the try")
        assert desk.adapter.problem == "No notification service is running."
        assert desk.adapter.name == ""

        service = await FakeNotifications(address).start()
        await until(lambda: service.notified == [FAILED.title], "the message")
        await service.stop()


# Buses that go, or never were


async def test_without_a_bus_it_tries_again_less_and_less_often(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk = Desk(f"unix:path={tmp_path}/none")
    await settle()
    assert desk.adapter.problem == "The session bus (D-Bus) cannot be reached."
    assert desk.adapter.name == ""
    for pause in (*RETRY_S, 60):
        await desk.clock.advance(pause)
    assert desk.clock.slept[1::2] == [*RETRY_S, 60, 60]  # between them: for the answer
    await desk.end()
    assert len(caplog.records) == 1


async def test_a_bus_that_went_away_is_used_when_it_is_back(session: Session) -> None:
    session.start_bus()
    address = session.env["DBUS_SESSION_BUS_ADDRESS"]
    service = FakeNotifications(address)
    async with at_desk(address, service) as desk:
        await desk.shown(service, FAILED)
        for number in range(2):
            session.stop("bus", kill=True)
            await until(lambda: desk.adapter.problem, "hearing of it")
            assert desk.adapter.problem == "The session bus (D-Bus) cannot be reached."
            await service.stop()
            desk.adapter.show(Message("rex", f"Rex {number}", ""))
            desk.adapter.withdraw(FAILED.tag)

            session.start_bus()
            await service.start()
            await until(lambda: desk.clock.sleeping, "the pause")
            await desk.clock.advance(RETRY_S[0])
            title = f"Rex {number}"
            await until(lambda title=title: service.notified[-1] == title, title)  # type: ignore[misc]
            assert desk.adapter.problem == ""
        assert service.called("CloseNotification") == []


@pytest.mark.parametrize("answer", [b"", b"REJECTED\r\n", b"\xff" * 9000, b"OK 1\r\nmore"])
async def test_something_that_is_no_bus(tmp_path: Path, answer: bytes) -> None:
    tries = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tries
        tries += 1
        await reader.read(100)
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_unix_server(serve, tmp_path / "bus"):
        desk = Desk(f"unix:path={tmp_path}/bus")
        await until(lambda: tries == 1 and desk.clock.slept[1:], "the first try")
        await desk.clock.advance(RETRY_S[0])
        await until(lambda: tries == 2, "the second try")
        assert desk.adapter.problem == "The session bus (D-Bus) cannot be reached."
        await desk.end()


async def test_a_bus_that_says_nothing_is_tried_again(tmp_path: Path) -> None:
    ends: list[bytes] = []
    open_now: list[object] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now.append(writer)
        await reader.read(100)
        ends.append(await reader.read())
        writer.close()

    async with await asyncio.start_unix_server(serve, tmp_path / "bus"):
        desk = Desk(f"unix:path={tmp_path}/bus")
        await until(lambda: open_now, "the first try")
        await desk.clock.advance(10 + RETRY_S[0])
        await until(lambda: len(open_now) == 2, "the second try")
        assert ends == [b""]  # the first socket was closed
        await desk.end()
        await until(lambda: len(ends) == 2, "the end of the second")


async def test_the_end_leaves_nothing_behind(bus: str) -> None:
    service = FakeNotifications(bus)
    await service.start()
    before = asyncio.all_tasks()
    desk = Desk(bus)
    await desk.shown(service, FAILED)
    client = service.client
    await desk.end()
    assert asyncio.all_tasks() == before
    async with dbus.open_dbus_router(bus) as router:
        proxy = dbus.Proxy(jeepney.message_bus, router)
        assert await proxy.NameHasOwner(client) == (False,)
    await service.stop()


# Do not disturb


@pytest.mark.parametrize(
    ("interface", "name"), [(SERVICE, "Inhibited"), ("org.dunstproject.cmd0", "paused")]
)
async def test_do_not_disturb_is_read_where_the_service_tells_it(
    bus: str, interface: str, name: str
) -> None:
    service = FakeNotifications(bus)
    async with at_desk(bus, service) as desk:
        assert not await desk.adapter.is_system_quiet()
        service.properties[interface, name] = ("b", True)
        assert await desk.adapter.is_system_quiet()
        service.properties[interface, name] = ("b", False)
        assert not await desk.adapter.is_system_quiet()
        service.properties[interface, name] = ("s", "yes")
        assert not await desk.adapter.is_system_quiet()


async def test_who_does_not_tell_within_a_second_is_not_quiet(bus: str) -> None:
    service = FakeNotifications(bus)
    service.deaf.add("Get")
    async with at_desk(bus, service) as desk:
        asked = asyncio.create_task(desk.adapter.is_system_quiet())
        await until(lambda: len(service.called("Get")) == 2, "the questions")
        assert not asked.done()
        await desk.clock.advance(1)
        assert not await asked


async def test_nobody_to_ask_is_not_quiet(bus: str, tmp_path: Path) -> None:
    async with at_desk(bus) as desk:
        assert not await desk.adapter.is_system_quiet()
    desk = Desk(f"unix:path={tmp_path}/none")
    assert not await desk.adapter.is_system_quiet()
    await desk.end()


@pytest.mark.parametrize(
    ("name", "banners", "quiet"),
    [
        ("gnome-shell", False, True),
        ("gnome-shell", True, False),
        ("gnome-shell", None, False),
        ("dunst", False, False),
    ],
)
async def test_gnome_is_asked_for_its_banners(
    bus: str, name: str, banners: bool | None, quiet: bool
) -> None:
    service = FakeNotifications(bus, name=name)
    async with at_desk(bus, service) as desk:
        desk.adapter._gnome_banners = lambda: banners
        assert await desk.adapter.is_system_quiet() is quiet


async def test_a_settings_portal_that_tells_it_is_believed(bus: str) -> None:
    portal = FakeNotifications(bus, service="org.freedesktop.portal.Desktop")
    service = FakeNotifications(bus)
    async with at_desk(bus, service, portal) as desk:
        for banners in (False, True):
            portal.read = ("v", ("b", banners))
            assert await desk.adapter.is_system_quiet() is not banners


@pytest.mark.parametrize(
    ("script", "expected"),
    [("echo false", False), ("echo true", True), ("exit 1", None), ("echo maybe", None)],
)
def test_gsettings_is_asked_with_no_more_of_our_environment_than_it_needs(
    tmp_path: Path, script: str, expected: bool | None
) -> None:
    program = tmp_path / "gsettings"
    program.write_text(f'#!/bin/sh\n/usr/bin/env > "$HOME/env"\n{script}\n')
    program.chmod(0o755)
    environ = {"PATH": str(tmp_path), "HOME": str(tmp_path), "CC_DESKTOP_TOKEN": "secret"}
    assert do_not_disturb.gnome_shows_banners(environ) is expected
    assert "secret" not in (tmp_path / "env").read_text()
    assert do_not_disturb.gnome_shows_banners({"PATH": str(tmp_path / "none")}) is None


async def test_where_the_service_draws_the_default_action_there_is_no_second_open(
    bus: str,
) -> None:
    service = FakeNotifications(bus, name="Xfce Notify Daemon")
    async with at_desk(bus, service) as desk:
        actions = (await desk.shown(service, FAILED))[5]
        assert actions == ["default", "Open Otto", "snooze", "Snooze 1 h"]


# What it costs, and where the bus is


def test_before_it_runs_it_takes_messages_and_knows_nothing() -> None:
    adapter: NotificationBackend = FreedesktopBackend("unix:path=/none", FakeClock())
    adapter.show(FAILED)
    adapter.withdraw(FAILED.tag)
    adapter.withdraw("never shown")
    assert (adapter.name, bool(adapter.problem)) == ("", True)


def test_jeepney_is_not_imported_before_it_is_needed() -> None:
    program = (
        "import sys, cc_desktop.notifications.backends.freedesktop; "
        "print([name for name in sys.modules if name.startswith('jeepney')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ""),
        ({"DBUS_SESSION_BUS_ADDRESS": ""}, ""),
        ({"DBUS_SESSION_BUS_ADDRESS": "disabled:"}, ""),
        ({"DBUS_SESSION_BUS_ADDRESS": "autolaunch:"}, ""),
        ({"DBUS_SESSION_BUS_ADDRESS": "tcp:host=localhost,port=1"}, ""),
        ({"DBUS_SESSION_BUS_ADDRESS": "nonsense"}, ""),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/a,guid=1"}, "unix:path=/a,guid=1"),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:guid=1,abstract=/a"}, "unix:guid=1,abstract=/a"),
        ({"DBUS_SESSION_BUS_ADDRESS": "tcp:host=a;unix:path=/b"}, "unix:path=/b"),
        ({"XDG_RUNTIME_DIR": "/nowhere"}, ""),
    ],
)
def test_where_the_bus_is(environ: dict[str, str], expected: str) -> None:
    assert session_bus_address(environ) == expected


def test_a_bus_where_systemd_has_it(session: Session) -> None:
    session.start_bus()
    environ = {"XDG_RUNTIME_DIR": str(session.runtime)}
    assert session_bus_address(environ) == f"unix:path={session.runtime}/bus"
