"""The global key over D-Bus: a real bus, and a portal that does what the test wants."""

from __future__ import annotations

import asyncio
import functools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.desktop.shortcut.global_key import (
    ASKING,
    HEALTHY_S,
    MIN_BETWEEN_S,
    OFF,
    READY,
    RETRY_S,
    GlobalKey,
)
from cc_desktop.desktop.shortcut.portal import ANSWER_S, NOT_ALLOWED, Why, Wish
from tests.fakes.clock import FakeClock, until
from tests.fakes.shortcut_portal import IDENT, FakePortal
from tests.whole.session import Session, need

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

WISH = Wish("cc-desktop", IDENT, "Go to the next that needs you", "LOGO+ALT+F8")


class UnexpectedError(Exception):
    """What nobody thought of."""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A bus that the test may end."""
    need("dbus-daemon")
    with Session(tmp_path) as started:
        started.start_bus()
        yield started


class Desk:
    """A key at work."""

    def __init__(self, address: str) -> None:
        self.clock = FakeClock()
        self.pressed: list[str] = []
        self.seen: list[str] = []
        self.key = GlobalKey(address, self.clock, WISH, self.pressed.append)
        self.key.on_change = lambda: self.seen.append(self.key.state)
        self.refused = 0
        self.key.on_refused = self._on_refused
        self.task = asyncio.create_task(self.key.run())

    def _on_refused(self) -> None:
        self.refused += 1

    async def state(self, state: str) -> None:
        await until(lambda: self.key.state == state, f"{state}, it is {self.key.state}")

    async def ready(self) -> None:
        self.key.want(True)
        await self.state(READY)

    async def passes(self, seconds: float, state: str) -> None:
        """Time passes for the app, and moments for the bus, until it is so."""
        left = seconds
        while left > 0 and self.key.state != state:
            await self.clock.advance(min(1.0, left))
            await asyncio.sleep(0.005)
            left -= 1
        await self.state(state)


@asynccontextmanager
async def at_desk(address: str, portal: FakePortal | None = None) -> AsyncIterator[Desk]:
    if portal is not None:
        await portal.start()
    desk = Desk(address)
    try:
        yield desk
    finally:
        desk.task.cancel()
        await asyncio.gather(desk.task, return_exceptions=True)
        assert desk.task.cancelled()
        if portal is not None:
            await portal.stop()


async def test_nothing_is_asked_of_a_portal_by_whoever_wants_no_key(bus: str) -> None:
    portal = FakePortal(bus)
    async with at_desk(bus, portal) as desk:
        await desk.clock.advance(1000)
        assert (desk.key.state, portal.calls) == (OFF, [])


async def test_the_app_says_who_it_is_and_asks_for_one_key(bus: str) -> None:
    portal = FakePortal(bus)
    async with at_desk(bus, portal) as desk:
        await desk.ready()
        assert desk.key.trigger == "Meta+Alt+F8"
        assert portal.methods == [
            "Register",
            "Get",
            "CreateSession",
            "ListShortcuts",
            "BindShortcuts",
        ]
        assert portal.called("Register") == [("cc-desktop", {})]
        ((session, shortcuts, parent, options),) = portal.called("BindShortcuts")
        assert session == portal.session
        about = {
            "description": ("s", "Go to the next that needs you"),
            "preferred_trigger": ("s", "LOGO+ALT+F8"),
        }
        assert shortcuts == [(IDENT, about)]
        assert parent == ""
        assert list(options) == ["handle_token"]


async def test_a_key_that_the_desktop_knows_is_not_asked_for_again(bus: str) -> None:
    portal = FakePortal(bus)
    portal.listed = True
    async with at_desk(bus, portal) as desk:
        await desk.ready()
        assert desk.key.trigger == "Meta+Alt+F8"
        assert ASKING not in desk.seen
        assert "BindShortcuts" not in portal.methods


@pytest.mark.parametrize("token", ["", "abc"])
async def test_a_press_is_heard_with_its_token(bus: str, token: str) -> None:
    portal = FakePortal(bus)
    async with at_desk(bus, portal) as desk:
        await desk.ready()
        await portal.press(token)
        await until(lambda: desk.pressed, "the press")
        assert desk.pressed == [token]


async def test_a_key_that_is_held_down_is_one_press(bus: str) -> None:
    portal = FakePortal(bus)
    async with at_desk(bus, portal) as desk:
        await desk.ready()
        for _ in range(20):
            await portal.press("first")
        await portal.rebind("Z")  # they are all read before this is
        await until(lambda: desk.key.trigger == "Z", "the new key")
        assert desk.pressed == ["first"]
        await desk.clock.advance(2 * MIN_BETWEEN_S)
        await portal.press("second")
        await until(lambda: len(desk.pressed) > 1, "the second")
        assert desk.pressed == ["first", "second"]


async def test_another_key_is_shown_as_soon_as_it_is_given(bus: str) -> None:
    portal = FakePortal(bus)
    portal.key = ""
    async with at_desk(bus, portal) as desk:
        await desk.ready()
        assert desk.key.trigger == ""
        await portal.rebind("Ctrl+\x1b[1m\u202eN")
        await until(lambda: desk.key.trigger, "the key")
        assert "\x1b" not in desk.key.trigger
        assert "\u202e" not in desk.key.trigger


async def test_presses_of_others_are_not_ours(bus: str) -> None:
    """Any program on the bus can send signals, and the portal has other sessions."""
    portal, stranger = FakePortal(bus), FakePortal(bus)
    async with at_desk(bus, portal) as desk:
        await desk.ready()
        await stranger.start()  # it does not get the name, which is taken
        await stranger.press("stranger", session=portal.session)
        await portal.press("other session", session="/org/freedesktop/portal/desktop/session/x/y")
        await portal.press("other shortcut", ident="quit")
        await portal.emit("Activated", "s", "nonsense")
        await portal.press("ours")
        await until(lambda: desk.pressed, "the press")
        assert desk.pressed == ["ours"]
        await stranger.stop()


async def test_a_desktop_without_a_portal_is_said_to_have_none(bus: str) -> None:
    async with at_desk(bus) as desk:
        desk.key.want(True)
        await desk.state(Why.ABSENT)


async def test_a_machine_without_a_bus_is_said_to_have_none() -> None:
    async with at_desk("") as desk:
        desk.key.want(True)
        await desk.state(Why.ABSENT)


async def test_a_portal_that_has_no_such_keys_is_said_to_have_none(bus: str) -> None:
    portal = FakePortal(bus)
    portal.version = None
    async with at_desk(bus, portal) as desk:
        desk.key.want(True)
        await desk.state(Why.ABSENT)
        assert "CreateSession" not in portal.methods


async def test_whether_the_desktop_has_such_keys_is_found_out_without_asking_for_one(
    bus: str,
) -> None:
    portal = FakePortal(bus)
    async with at_desk(bus) as desk:
        desk.key.look()
        await desk.state(Why.ABSENT)
        await portal.start()
        desk.key.look()
        await desk.state(OFF)
        assert portal.methods == ["Get"]
        await portal.stop()


async def test_a_portal_that_comes_later_gives_its_key(bus: str) -> None:
    portal = FakePortal(bus)
    async with at_desk(bus) as desk:
        desk.key.want(True)
        await desk.state(Why.ABSENT)
        await portal.start()
        await desk.passes(RETRY_S[0], READY)
        await portal.stop()


async def test_an_operator_who_says_no_is_not_asked_again(bus: str) -> None:
    portal = FakePortal(bus)
    portal.codes["BindShortcuts"] = 1
    async with at_desk(bus, portal) as desk:
        desk.key.want(True)
        await desk.state(Why.REFUSED)
        assert desk.refused == 1
        assert not desk.key.is_wanted
        asked = len(portal.calls)
        await desk.clock.advance(10 * RETRY_S[-1])
        assert len(portal.calls) == asked
        portal.codes.clear()
        await desk.ready()  # the box is ticked again


async def test_a_dialog_may_stay_open_for_as_long_as_the_operator_likes(bus: str) -> None:
    portal = FakePortal(bus)
    portal.held.add("BindShortcuts")
    async with at_desk(bus, portal) as desk:
        desk.key.want(True)
        await desk.state(ASKING)
        await desk.clock.advance(50 * ANSWER_S)
        assert desk.key.state == ASKING
        await portal.respond("BindShortcuts")
        await desk.state(READY)


async def test_who_wants_the_key_no_longer_lets_go_of_it(bus: str) -> None:
    portal = FakePortal(bus)
    async with at_desk(bus, portal) as desk:
        await desk.ready()
        desk.key.want(False)
        await desk.state(OFF)
        await portal.press("late")
        await portal.stop()
        await portal.start()
        await desk.clock.advance(10 * RETRY_S[-1])
        assert (desk.key.state, desk.pressed) == (OFF, [])
        await desk.ready()  # and may want it again


@pytest.mark.parametrize("method", ["CreateSession", "ListShortcuts", "BindShortcuts"])
async def test_an_app_that_the_portal_does_not_know_is_told_so(bus: str, method: str) -> None:
    portal = FakePortal(bus)
    portal.errors = {method: NOT_ALLOWED, "Register": "org.freedesktop.portal.Error.Failed"}
    async with at_desk(bus, portal) as desk:
        desk.key.want(True)
        await desk.state(Why.UNKNOWN_APP)


@pytest.mark.parametrize(
    "error",
    [
        "org.freedesktop.DBus.Error.UnknownInterface",
        "org.freedesktop.portal.Error.Failed",
        "x.y",
    ],
)
async def test_a_portal_without_a_registry_gives_its_key_nevertheless(bus: str, error: str) -> None:
    portal = FakePortal(bus)
    portal.errors = {"Register": error}
    async with at_desk(bus, portal) as desk:
        await desk.ready()


# A portal that hangs, dies, or talks nonsense


@pytest.mark.parametrize(
    "method", ["Register", "Get", "CreateSession", "ListShortcuts", "BindShortcuts"]
)
async def test_a_portal_that_hangs_is_said_to_hang_and_asked_again(bus: str, method: str) -> None:
    portal = FakePortal(bus)
    portal.deaf.add(method)
    async with at_desk(bus, portal) as desk:
        desk.key.want(True)
        await until(lambda: method in portal.methods, method)
        await desk.passes(ANSWER_S + 1, Why.SILENT)
        portal.deaf.clear()
        await desk.passes(RETRY_S[0], READY)


@pytest.mark.parametrize("method", ["CreateSession", "ListShortcuts"])
async def test_a_response_that_never_comes_is_not_waited_for(bus: str, method: str) -> None:
    portal = FakePortal(bus)
    portal.held.add(method)
    async with at_desk(bus, portal) as desk:
        desk.key.want(True)
        await until(lambda: method in portal.methods, method)
        await desk.passes(ANSWER_S + 1, Why.SILENT)


@pytest.mark.parametrize("held", ["CreateSession", "ListShortcuts", "BindShortcuts", ""])
async def test_a_portal_that_dies_is_asked_again_when_it_is_back(bus: str, held: str) -> None:
    portal = FakePortal(bus)
    portal.held.add(held)
    async with at_desk(bus, portal) as desk:
        desk.key.want(True)
        await until(lambda: held in portal.methods if held else desk.key.state == READY, "it")
        await portal.stop()
        await desk.state(Why.GONE)
        portal.held.clear()
        await portal.start()
        await desk.passes(RETRY_S[0], READY)
        await portal.press("again")
        await until(lambda: desk.pressed, "the press")


async def test_a_portal_that_ends_and_ends_is_asked_less_and_less(bus: str) -> None:
    portal = FakePortal(bus)
    async with at_desk(bus, portal) as desk:
        await desk.ready()
        for pause in RETRY_S[:3]:
            await portal.end_session()
            await desk.state(Why.GONE)
            await desk.clock.advance(pause - 0.5)
            assert desk.key.state == Why.GONE
            await desk.passes(1, READY)
        await desk.clock.advance(HEALTHY_S)  # this time it lasts
        await portal.end_session()
        await desk.state(Why.GONE)
        await desk.passes(RETRY_S[0], READY)


async def test_a_bus_that_ends_takes_the_key_with_it(session: Session) -> None:
    address = session.env["DBUS_SESSION_BUS_ADDRESS"]
    portal = FakePortal(address)
    async with at_desk(address, portal) as desk:
        await desk.ready()
        session.stop("bus", kill=True)
        await desk.state(Why.GONE)
        await desk.passes(RETRY_S[0] + 1, Why.ABSENT)
        await portal.stop()
        session.start_bus()
        await portal.start()
        await desk.passes(RETRY_S[-1], READY)


@pytest.mark.parametrize("method", ["Get", "CreateSession", "ListShortcuts", "BindShortcuts"])
@pytest.mark.parametrize("name", ["org.freedesktop.DBus.Error.Failed", "x.y", "a.b.UnknownMethod"])
async def test_errors_of_any_name_are_survived(bus: str, method: str, name: str) -> None:
    portal = FakePortal(bus)
    portal.errors = {method: name}
    async with at_desk(bus, portal) as desk:
        desk.key.want(True)
        await until(lambda: desk.key.state in (Why.ABSENT, Why.FAILED), "an end")
        portal.errors.clear()
        await desk.passes(RETRY_S[0], READY)


NONSENSE: list[tuple[str, tuple[Any, ...]]] = [
    ("s", ("no",)),
    ("u", (0,)),
    ("ss", ("a", "b")),
    ("sa{sv}", ("0", {})),
    ("ua{sv}", (99, {})),
    ("ua{sv}", (0, {"session_handle": ("u", 7)})),
    ("ua{sv}", (0, {"session_handle": ("s", "no path")})),
    ("ua{sv}", (0, {})),
]


@pytest.mark.parametrize("body", NONSENSE, ids=repr)
async def test_a_session_of_any_shape_is_survived(bus: str, body: tuple[str, Any]) -> None:
    portal = FakePortal(bus)
    portal.responses["CreateSession"] = body
    async with at_desk(bus, portal) as desk:
        desk.key.want(True)
        await desk.state(Why.FAILED)
        portal.responses.clear()
        await desk.passes(RETRY_S[0], READY)


@pytest.mark.parametrize(
    "shortcuts",
    [
        ("s", "no"),
        ("as", ["a"]),
        ("a(sa{sv})", []),
        ("a(sa{sv})", [("other", {})]),
        ("a(sa{sv})", [(IDENT, {})]),
        ("a(sa{sv})", [(IDENT, {"trigger_description": ("u", 7)})]),
        ("aas", [["a"], []]),
    ],
    ids=repr,
)
async def test_shortcuts_of_any_shape_are_a_key_that_is_not_known(
    bus: str, shortcuts: tuple[str, Any]
) -> None:
    portal = FakePortal(bus)
    portal.results["BindShortcuts"] = {"shortcuts": shortcuts}
    async with at_desk(bus, portal) as desk:
        await desk.ready()
        assert desk.key.trigger == ""


async def test_a_handle_of_any_shape_is_survived(bus: str) -> None:
    portal = FakePortal(bus)
    portal.returns["CreateSession"] = ("u", (7,))
    async with at_desk(bus, portal) as desk:
        await desk.ready()  # the response is what counts


async def test_whatever_a_press_raises_the_next_one_is_heard(
    bus: str, caplog: pytest.LogCaptureFixture
) -> None:
    portal = FakePortal(bus)
    async with at_desk(bus, portal) as desk:
        await desk.ready()
        heard: list[str] = []

        def fail(token: str) -> None:
            heard.append(token)
            raise UnexpectedError

        desk.key._on_pressed = fail
        for number in ("one", "two", "three"):
            await portal.press(number)
            await until(functools.partial(heard.__contains__, number), "the press")
            await desk.clock.advance(2 * MIN_BETWEEN_S)
        assert desk.key.state == READY
        assert caplog.text.count("internal error") == 1


async def test_whatever_showing_it_raises_it_goes_on(bus: str) -> None:
    portal = FakePortal(bus)
    async with at_desk(bus, portal) as desk:

        def fail() -> None:
            raise UnexpectedError

        desk.key.on_change = fail
        await desk.ready()


async def test_whatever_the_portal_object_raises_it_is_asked_again(
    bus: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    portal = FakePortal(bus)
    async with at_desk(bus, portal) as desk:

        async def fail(*_: object) -> None:
            raise UnexpectedError

        with monkeypatch.context() as patch:
            patch.setattr("cc_desktop.desktop.shortcut.portal.ShortcutPortal.ask", fail)
            desk.key.want(True)
            await desk.state(Why.FAILED)
        assert "global shortcut: internal error" in caplog.text
        await desk.passes(RETRY_S[0], READY)


@pytest.mark.parametrize("why", [Why.SILENT, Why.FAILED, Why.GONE])
async def test_a_key_that_is_not_wanted_any_more_is_off_and_not_about_to_be_asked_for(
    bus: str, why: Why
) -> None:
    portal = FakePortal(bus)
    if why is Why.SILENT:
        portal.deaf = {"CreateSession"}
    elif why is Why.FAILED:
        portal.codes = {"CreateSession": 2}
    async with at_desk(bus, portal) as desk:
        desk.key.want(True)
        if why is Why.GONE:
            await desk.state(READY)
            await portal.stop()
        await desk.passes(2 * ANSWER_S, why.value)
        desk.key.want(False)
        await desk.state(OFF)
        calls = len(portal.calls)
        await desk.clock.advance(10 * RETRY_S[-1])
        assert len(portal.calls) == calls
