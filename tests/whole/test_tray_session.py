"""The app in a real session: each kind of tray, none, and trays that come and go."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.fakes.gateway import FakeGateway
from tests.whole.session import PANEL_PX, Session, need, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(120)]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A screen and a bus; no tray yet."""
    need("Xvfb", "dbus-daemon", "lxqt-panel", "trayer", "xdotool", "import")
    with Session(tmp_path) as started:
        started.start_display()
        started.start_bus()
        yield started


def test_hidden_means_an_icon_and_no_window(session: Session) -> None:
    session.start_panel()
    bare = session.panel_pixels()
    app = session.start_app("--demo", "--hidden")

    item = app.item()
    wait_for(lambda: "DEMO" in str(item.get("ToolTip")), "the tooltip", still=app.running)
    _, _, title, body = item.get("ToolTip")
    assert len(title) + len(body) <= 127
    assert "<" not in title + body
    assert item.get("Title") == "cc-desktop"
    assert item.get("Status") == "Active"
    pixmaps = item.get("IconPixmap")
    assert sorted(width for width, _, _ in pixmaps) == [16, 22, 24, 32, 48, 64]
    assert all(len(data) == width * height * 4 for width, height, data in pixmaps)
    wait_for(lambda: session.panel_pixels() != bare, "the icon in the panel")
    assert app.windows() == []

    item.activate()
    app.window()
    wait_for(lambda: _colours(session.pixels(400, 100)) > 20, "what the window shows")
    session.screenshot("session")

    app.close()
    assert [icon.service for icon in session.items()] == [item.service]
    item.activate()
    app.window()
    app.running()


def test_a_click_on_the_icon_opens_the_window(session: Session) -> None:
    session.start_panel()
    bare = session.panel_pixels()
    app = session.start_app("--demo", "--hidden")
    x = wait_for(lambda: _difference(bare, session.panel_pixels()), "the icon", still=app.running)

    session.click(x, PANEL_PX // 2)
    app.window()


def test_the_menu_has_everything_and_quits(session: Session) -> None:
    session.start_panel()
    app = session.start_app("--demo", "--hidden")
    item = app.item()
    wait_for(lambda: "DEMO" in next(iter(item.menu()), ""), "the demo", still=app.running)

    texts = list(item.menu())
    assert texts[0].startswith("DEMO · ")
    assert "need" in texts[0]  # as the demo begins, so that they are in the menu
    assert texts[1] == "Open fleet"
    kinds = (" wants: ", " failed: ", " is stuck: ", " asks: ")
    assert any(words in texts[2] for words in kinds), texts[2]
    assert [text for text in texts if text in ("Open fleet", "Reconnect now", "Quit")] == [
        "Open fleet",
        "Reconnect now",
        "Quit",
    ]
    item.choose("Open fleet")
    app.window()
    item.choose("Quit")
    assert app.wait() == 0
    wait_for(lambda: not session.items(), "the icon to go")


async def test_names_are_spelt_in_the_menu_as_everywhere(session: Session) -> None:
    name = "my_R & D_agent & co"

    def look(url: str) -> None:
        session.start_panel()
        app = session.start_app("--url", url, "--hidden")
        item = app.item()
        wait_for(lambda: f"{name} · Working" in item.menu(), "the agent", still=app.running)
        item.choose(f"{name} · Working")
        app.window()
        assert app.end() == 0

    async with FakeGateway() as gateway:
        gateway.add_agent("rd", name=name)
        gateway.add_session("agent:rd:main", status="running", hasActiveRun=True)
        await asyncio.to_thread(look, gateway.url)


def test_a_panel_that_comes_late_and_goes_and_comes_back(session: Session) -> None:
    app = session.start_app("--demo")
    app.window()

    session.start_panel()
    app.item()
    app.close()  # there is a tray now, so the app lives on in it
    app.running()

    session.stop("panel", kill=True)
    app.window()  # an app without window and icon could not be reached

    session.start_panel()
    item = app.item()
    app.close()
    assert len(session.items()) == 1
    item.activate()
    app.window()
    item.choose("Quit")
    assert app.wait() == 0


def test_a_panel_that_restarts_at_once_has_the_icon_again(session: Session) -> None:
    session.start_panel()
    bare = session.panel_pixels()
    app = session.start_app("--demo", "--hidden")
    app.item()

    session.stop("panel", kill=True)
    session.start_panel()
    app.item()
    x = wait_for(lambda: _difference(bare, session.panel_pixels()), "the icon", still=app.running)
    session.click(x, PANEL_PX // 2)
    app.window()


def test_a_panel_that_hangs_keeps_the_icon(session: Session) -> None:
    polls = session.path / "polls"
    note = f"""
from cc_desktop.desktop.tray import tray_icon as tray
tray.POLL_MS, tray.POLL_FAST = 20, 10**9
poll = tray.TrayHost.poll
def noted(self):
    poll(self)
    with open({str(polls)!r}, "a") as file:
        print(id(self.icon), file=file)
tray.TrayHost.poll = noted
"""
    session.start_panel()
    app = session.start_app("--demo", "--hidden", first=note)
    item = app.item()
    with session.suspended("panel"):
        before = len(polls.read_text().splitlines())
        wait_for(lambda: len(polls.read_text().splitlines()) > before + 5, "polls")
        assert item.get("Title") == "cc-desktop"
    assert len(set(polls.read_text().splitlines())) == 1
    assert app.item().service == item.service


def test_without_a_tray_the_window_is_the_app(session: Session) -> None:
    app = session.start_app("--demo", "--hidden")
    session.close_window(app.window())

    assert app.wait() == 0


@pytest.mark.parametrize("arguments", [("--demo",), ("--demo", "--hidden")])
def test_sigterm_takes_window_and_icon_away(session: Session, arguments: tuple[str, ...]) -> None:
    session.start_panel()
    app = session.start_app(*arguments)
    app.item()
    if "--hidden" not in arguments:
        app.window()

    assert app.end() == 0
    wait_for(lambda: not session.items(), "the icon to go")
    assert app.windows() == []


@pytest.mark.parametrize("hidden", [True, False])
def test_a_session_bus_that_is_killed_and_back_has_the_icon_again(
    session: Session, hidden: bool
) -> None:
    session.start_panel()
    app = session.start_app("--demo", *(["--hidden"] if hidden else []))
    app.item()
    if not hidden:
        app.window()

    session.stop("bus", kill=True)
    session.stop("panel", kill=True)
    app.window()  # an app without window and icon could not be reached
    session.start_bus()
    session.start_panel()

    again = app.successor()
    item = again.item()
    wait_for(lambda: "DEMO" in str(item.get("ToolTip")), "the tooltip", 60, still=again.running)
    again.window()
    assert "the session bus came back" in app.told()
    assert len(session.items()) == 1


def test_a_second_click_on_the_icon_hides_the_window(session: Session) -> None:
    session.start_panel()
    app = session.start_app("--demo", "--hidden")
    item = app.item()
    for _ in range(2):
        item.activate()
        app.window()
        wait_for(lambda: session.has_focus(app.process.pid), "the focus", still=app.running)
        item.activate()
        wait_for(lambda: not app.windows(), "the window to hide", still=app.running)


def test_an_xembed_tray(session: Session) -> None:
    session.start_trayer()
    app = session.start_app("--demo", "--hidden")

    x, y = app.icon()
    ((_, _, width, height),) = app.icons()
    assert 16 <= width <= 32
    assert 16 <= height <= 32
    wait_for(lambda: _colours(session.pixels(y - height // 2, height)) > 2, "the picture")
    assert app.windows() == []

    session.click(x, y)
    app.window()
    app.close()
    app.running()
    assert len(app.icons()) == 1

    assert app.end() == 0
    wait_for(lambda: not app.icons(), "the icon to go")


def test_an_xembed_menu_quits(session: Session) -> None:
    session.start_trayer()
    app = session.start_app("--demo", "--hidden")
    x, y = app.icon()

    def open_menu() -> list[str]:
        """Clicks again where the tray was not yet ready for a click: nothing tells when it is."""
        session.click(x, y, button=3)
        with suppress(AssertionError):
            return wait_for(app.windows, "the menu", 5, still=app.running)
        return []

    wait_for(open_menu, "the menu", still=app.running)
    session.press("Up", "Return")  # the last entry
    assert app.wait() == 0


def test_an_xembed_tray_that_comes_late_and_goes_and_comes_back(session: Session) -> None:
    app = session.start_app("--demo")
    app.window()

    session.start_trayer()
    app.icon()
    app.close()
    app.running()

    session.stop("trayer", kill=True)
    app.window()

    session.start_trayer()
    app.icon()
    app.close()
    session.click(*app.icon())
    app.window()


def test_an_xembed_tray_that_restarts_at_once_has_the_icon_again(session: Session) -> None:
    session.start_trayer()
    app = session.start_app("--demo", "--hidden")
    app.icon()

    session.stop("trayer", kill=True)
    session.start_trayer()
    session.click(*app.icon())
    app.window()


def test_the_icon_moves_to_a_tray_of_the_other_kind(session: Session) -> None:
    session.start_panel()
    session.start_trayer()
    app = session.start_app("--demo", "--hidden")
    app.item()
    assert app.icons() == []

    session.stop("panel", kill=True)
    app.icon()

    session.start_panel()
    app.item()
    wait_for(lambda: not app.icons(), "the old icon to go", still=app.running)
    assert app.windows() == []


def _colours(pixels: bytes) -> int:
    """How many colours there are."""
    return len(set(zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True)))


def _difference(before: bytes, after: bytes) -> int:
    """The middle of what differs, in px from the left; 0 if nothing does."""
    columns = [at // 3 % 1280 for at in range(0, len(after), 3) if before[at] != after[at]]
    return (min(columns) + max(columns)) // 2 if columns else 0
