"""The real app beside real gateways: decided from the notification, the tray's menu, the window;
said and stopped in the window, by clicks and by keys."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.lab.act import SameDevice, arrives_once, asking_gateways, other_client
from tests.lab.conftest import TOKEN
from tests.lab.test_questions import ASK
from tests.whole.dunst import PROGRAMS, Dunst, Popup
from tests.whole.session import need, wait_for
from tests.whole.window import Window, session, start_window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel
    from tests.lab.openclaw import RealGateway
    from tests.whole.session import Item

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.desktop, pytest.mark.timeout(240)]

NAMES = {"2026.5.7": "Old", "2026.9.6": "New"}


class Desk:
    """The app in its tray, and what stands there."""

    def __init__(self, window: Window, dunst: Dunst, tray: Item) -> None:
        self.window = window
        self.dunst = dunst
        self.tray = tray

    def entry(self, agent: str) -> str:
        """The entry of the tray's menu about what an agent wants; "" if there is none."""
        wants = (f"{agent} wants:", f"{agent} asks:")
        found = [text for text in self.tray.menu() if text.startswith(wants)]
        return "".join(found[:1])

    def opens(self, agent: str) -> None:
        """Choose it: the window shows the item."""
        text = wait_for(lambda: self.entry(agent), f"{agent} in {list(self.tray.menu())}")
        self.tray.choose(text)

    def popup(self, command: str) -> Popup:
        """The notification that a command waits for a decision."""

        def found() -> list[Popup]:
            return [popup for popup in self.dunst.popups() if command in popup.body]

        return wait_for(found, f"a notification of {command}", still=self.window.app.running)[0]

    def is_quiet(self, agent: str) -> None:
        """Nobody is asked any more: not by the menu, not by a notification."""
        wait_for(lambda: not self.entry(agent), f"nothing of {agent} in the menu")
        wait_for(lambda: self.dunst.displayed() == 0, "no notification")


@pytest.fixture(scope="module")
def both(
    lab: Lab, model: MockModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, RealGateway]]:
    with asking_gateways(lab, model, tmp_path_factory) as running:
        yield running


@pytest.fixture(scope="module")
def desk(both: dict[str, RealGateway], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    need("Xvfb", "dbus-daemon", "lxqt-panel", "import", *PROGRAMS)
    path = tmp_path_factory.mktemp("acting")
    token = path / "token"
    token.write_text(TOKEN)
    file = path / "config" / "settings.toml"
    file.parent.mkdir()
    file.write_text(
        "".join(
            f'[[gateways]]\nid = "{NAMES[version]}"\nurl = "{gateway.url}"\n'
            f'token_file = "{token}"\naccess = "operate"\n\n'
            for version, gateway in both.items()
        )
    )
    with session(path) as started:
        dunst = Dunst(started)
        started.start_panel()
        window = start_window(started)
        window.until("Old live", "New live")
        yield Desk(window, dunst, window.app.item())
        window.end()


def said(desk: Desk, gateway: RealGateway, agent: str, text: str, *, shows: str = "") -> str:
    """Say something from the app's device; what the session has once the run is over."""

    async def say() -> str:
        async with SameDevice(gateway.url, desk.window.config.parent / "config") as same:
            if text:
                await same.send(agent, text)
                return ""
            await same.wait_idle(agent)
            for _ in range(100):  # 2026.5.7 runs a command after the run that wanted it
                key = {"sessionKey": f"agent:{agent}:main", "limit": 50}
                history = str(await same.request("chat.history", key))
                if not shows or shows in history:
                    return history
                await asyncio.sleep(0.1)
            return history

    return asyncio.run(say())


@pytest.mark.parametrize("version", NAMES)
def test_decided_on_the_notification_and_in_the_window(
    desk: Desk, both: dict[str, RealGateway], version: str
) -> None:
    gateway, window = both[version], desk.window
    command = f"printf %s-%s by notice {version}"
    said(desk, gateway, "rex", f"run: {command}")
    told = desk.popup(command)
    assert told.summary == "Rex needs your approval"
    desk.dunst.invoke(told.id, "decide allow-once")
    desk.is_quiet("Rex")
    assert "by-notice" in said(desk, gateway, "rex", "", shows="by-notice")

    for agent, button, ending, ran in (
        ("dex", "Approve once", "Approved once.", True),
        ("otto", "Deny", "Denied.", False),
    ):
        said(desk, gateway, agent, f"run: printf %s-%s by {agent}")
        desk.opens(agent.capitalize())
        window.until(f"printf %s-%s by {agent}", NAMES[version])
        window.session.screenshot(f"asked-{agent}-{version}")
        window.click(button)
        window.until(ending)
        window.session.screenshot(f"decided-{agent}-{version}")
        desk.is_quiet(agent.capitalize())
        history = said(desk, gateway, agent, "", shows=f"by-{agent}" if ran else "")
        assert (f"by-{agent}" in history) is ran


@pytest.mark.parametrize("version", NAMES)
def test_what_ends_elsewhere_is_over_in_the_window(
    desk: Desk, both: dict[str, RealGateway], version: str
) -> None:
    gateway, window = both[version], desk.window

    async def end(agent: str, command: str, timeout_ms: int, decision: str) -> None:
        async with SameDevice(gateway.url, window.config.parent / "config") as same:
            ident = await same.want_approval(agent, command, timeout_ms)
            await asyncio.to_thread(desk.opens, agent.capitalize())
            await asyncio.to_thread(window.until, command, "Approve once  A")
            if decision:
                await same.request("exec.approval.resolve", {"id": ident, "decision": decision})
                await asyncio.to_thread(window.until, "Deny: decided by Lab sender.")
            else:
                await asyncio.to_thread(window.until, "Its time ran out.")
        window.until_gone("Approve once  A")
        window.session.screenshot(f"over-{decision or 'expired'}-{version}")
        desk.is_quiet(agent.capitalize())

    asyncio.run(end("dex", f"echo theirs {version}", 60_000, "deny"))
    asyncio.run(end("dex", f"echo late {version}", 8_000, ""))


def test_a_question_is_answered_in_the_window(desk: Desk, both: dict[str, RealGateway]) -> None:
    """2026.9.6 only: 2026.5.7 has no questions."""
    gateway, window = both["2026.9.6"], desk.window
    said(desk, gateway, "rex", ASK)
    desk.opens("Rex")
    window.until("Which database?")
    window.click("SQLite")
    window.session.screenshot("question")
    window.click("Answer")
    window.until("Answered.")
    desk.is_quiet("Rex")
    assert "SQLite" in said(desk, gateway, "rex", "", shows="The tool said")


def shows(window: Window, agent: str, gateway: str) -> None:
    """Go to the fleet, and choose an agent there."""
    for _ in range(2):
        window.press("Esc")
    window.until(f"{agent} on {gateway}")
    window.choose(f"{agent} on {gateway}")


@pytest.mark.parametrize("version", NAMES)
def test_a_message_from_the_foot_of_the_details_arrives_once(
    desk: Desk, both: dict[str, RealGateway], version: str
) -> None:
    window = desk.window
    shows(window, "Otto", NAMES[version])
    for way in ("click", "key"):
        words = f"say: by {way} {version}"
        window.enter("Message to Otto", words)
        window.click("Send") if way == "click" else window.press("Return")
        window.until(f"“{words}” has arrived")
        window.session.screenshot(f"sent-{way}-{version}")
        assert words not in window.words()  # the box is empty again

        async def check(words: str) -> None:
            async with other_client(both[version].url) as other:
                await arrives_once(other, "otto", words)

        asyncio.run(check(words))


@pytest.mark.parametrize("version", NAMES)
def test_keyboard_alone_from_a_notification_to_a_decision(
    desk: Desk, both: dict[str, RealGateway], version: str
) -> None:
    gateway, window = both[version], desk.window
    command = f"printf %s-%s by keys {version}"
    said(desk, gateway, "rex", f"run: {command}")
    told = desk.popup(command)
    window.press("Ctrl+W")
    wait_for(lambda: not window.words(), "the window to go into the tray")
    desk.dunst.invoke(told.id)
    wait_for(lambda: window.focus() == "Agents", "the keyboard in the list of agents")
    window.until(command)
    window.press("Return")
    wait_for(lambda: window.focus() == "The whole command", "the keyboard on the card")
    window.press("A")
    window.until("Press A again: Approve once.")
    window.session.screenshot(f"by-keys-{version}")
    window.press("A")
    desk.is_quiet("Rex")
    assert "by-keys" in said(desk, gateway, "rex", "", shows="by-keys")


def test_everything_is_stopped_with_a_true_report_for_each_run(
    desk: Desk, both: dict[str, RealGateway], model: MockModel
) -> None:
    """2026.5.7 lets nobody but an administrator stop what another operator has started."""
    window, held = desk.window, model.held_count
    for agent, gateway in (("Otto", "Old"), ("Rex", "New")):
        shows(window, agent, gateway)
        window.enter(f"Message to {agent}", "hold: by hand")
        window.press("Return")

    async def start() -> None:
        async with other_client(both["2026.5.7"].url) as other:
            await other.send("dex", "hold: theirs")

    async def end() -> None:
        async with other_client(both["2026.5.7"].url) as other:
            await other.wait_idle("dex")

    asyncio.run(start())
    model.wait_held(held + 3)
    window.until("3 working")
    window.press("Ctrl+Shift+.")
    window.until("3 runs are in progress on 2 gateways. Unsaved work is lost.")
    window.session.screenshot("stop-asked")
    window.click("Yes, stop these 3 runs")
    window.click("Stop all")
    window.until("2 stopped · 1 not stopped")
    window.session.screenshot("stop-reported")
    rows = {agent: window.the(f"Agent: {agent}, ") for agent in ("Otto", "Rex", "Dex")}
    assert rows["Otto"].endswith("Gateway: Old, State: Stopped")
    assert rows["Rex"].endswith("Gateway: New, State: Stopped")
    assert "Gateway: Old, State: Only the client that started the run may" in rows["Dex"]
    wait_for(lambda: model.held_count == held + 1, "the two that were stopped to end")
    window.click("Close")
    window.until("1 working · 5 idle")  # what was stopped did not fail: it needs nobody
    model.release()
    asyncio.run(end())
