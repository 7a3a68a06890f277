"""From a real gateway to a real desktop: told once, one click from the agent, and withdrawn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.lab.conftest import AGENTS, TOKEN
from tests.lab.openclaw import RealGateway
from tests.lab.test_approvals import ASKS, Decider
from tests.whole.dunst import PROGRAMS, Dunst, Popup
from tests.whole.session import App, Session, need, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel

pytestmark = [pytest.mark.lab, pytest.mark.desktop, pytest.mark.timeout(240)]

TRAYS = {"2026.5.7": "trayer", "2026.9.6": "lxqt-panel"}  # XEmbed, StatusNotifierItem


class Desk:
    """An operator's desktop: a tray, notifications, and the app in the background."""

    def __init__(self, session: Session, tray: str, url: str) -> None:
        self.session = session
        self._tray = tray
        session.start_display()
        session.start_bus()
        self.dunst = Dunst(session)
        self._start_tray()
        session.env["OPENCLAW_GATEWAY_TOKEN"] = TOKEN
        self.app: App = session.start_app("--hidden", "--url", url, "--log-level", "info")
        self.see_icon()

    def _start_tray(self) -> None:
        if self._tray == "trayer":
            self.session.start_trayer()
        else:
            self.session.start_panel()

    def restart_tray(self) -> None:
        self.session.stop("trayer" if self._tray == "trayer" else "panel", kill=True)
        self._start_tray()
        self.see_icon()

    def see_icon(self) -> None:
        if self._tray == "trayer":
            self.app.icon()
        else:
            self.app.item()

    def title(self) -> str:
        """Of the app's window, "" while there is none."""
        return "".join(
            self.session.run("xdotool", "getwindowname", ident) for ident in self.app.windows()
        ).strip()

    def popup(self, summary: str, count: int = 1) -> Popup:
        """The newest of that title, once there are so many."""

        def found() -> list[Popup]:
            those = [popup for popup in self.dunst.popups() if popup.summary == summary]
            return those if len(those) >= count else []

        return wait_for(found, f"{count} of {summary}", 60, still=self.app.running)[-1]

    def opens(self, popup: Popup, agent: str) -> None:
        """A click on the notification shows the window with the agent."""
        self.dunst.invoke(popup.id)
        wait_for(lambda: self.title().startswith(f"{agent} "), f"{agent} in the window")


@pytest.fixture
def desk(
    lab: Lab, model: MockModel, version: str, tmp_path: Path
) -> Iterator[tuple[Desk, RealGateway]]:
    need("Xvfb", "dbus-daemon", "lxqt-panel", "trayer", "xdotool", "import", *PROGRAMS)
    with (
        RealGateway(
            lab,
            version,
            home=tmp_path / "gateway",
            token=TOKEN,
            agents=AGENTS,
            model=model,
            extra_config=ASKS,
        ) as gateway,
        Session(tmp_path / "session") as session,
    ):
        yield Desk(session, TRAYS[version], gateway.url), gateway


async def test_a_failure_and_an_approval_reach_the_operator(
    desk: tuple[Desk, RealGateway],
) -> None:
    it, gateway = desk
    dunst = it.dunst
    decider = Decider(gateway.url)
    async with decider.sender as sender:
        await sender.send("otto", "say: hello")  # by its end the app is live for long
        await sender.wait_idle("otto", settled=True)
        assert dunst.popups() == []

        # A failure: told once, with the agent's name and the gateway's words.
        await sender.send("rex", "fail: bad request")
        told = await asyncio.to_thread(it.popup, "Rex failed")
        assert "provider rejected the request" in told.body  # without what each reason begins with
        assert told.urgency == "NORMAL"  # do-not-disturb holds it back
        assert told.desktop_entry == "cc-desktop"
        assert it.title() == ""
        await asyncio.to_thread(it.opens, told, "Rex")
        it.session.screenshot(f"opened-{gateway.version}")
        await asyncio.to_thread(it.app.close)

        # Everything around the app ends and comes back.
        await asyncio.to_thread(dunst.restart)
        await asyncio.to_thread(it.restart_tray)

        # An approval: told, and withdrawn when another client has decided.
        await sender.send("dex", "run: echo approved")
        approval = await decider.asked()
        told = await asyncio.to_thread(it.popup, "Dex needs your approval")
        assert "echo approved" in told.body
        assert told.urgency == "CRITICAL"  # it expires
        await asyncio.to_thread(wait_for, lambda: dunst.displayed() == 1, "one on the screen")
        await decider.decide(approval, "allow-once")
        await asyncio.to_thread(wait_for, lambda: dunst.displayed() == 0, "nothing left", 60)
        await sender.wait_idle("dex", settled=True)

        # A run that succeeds ends the failure; two at once would share one notification.
        await sender.send("rex", "say: better")
        await sender.wait_idle("rex", settled=True)

        # The window was closed meanwhile: a click brings it back, with the agent it speaks of.
        await sender.send("otto", "fail: bad request")
        told = await asyncio.to_thread(it.popup, "Otto failed")
        await asyncio.to_thread(it.opens, told, "Otto")

        assert [popup.summary for popup in dunst.popups()] == [
            "Rex failed",
            "Dex needs your approval",
            "Otto failed",
        ]
        assert await asyncio.to_thread(it.app.end) == 0
