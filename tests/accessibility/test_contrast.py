"""Whoever asks the desktop for more contrast gets it, without a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cc_desktop.desktop.style.high_contrast import HIGH_LIGHT
from cc_desktop.desktop.style.palette import LIGHT
from tests.accessibility.portal import Portal
from tests.whole.session import Session, need, wait_for

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(120)]


def test_more_contrast_is_given_while_the_app_runs(tmp_path: Path) -> None:
    need("Xvfb", "dbus-daemon", "xdotool", "import")
    with Session(tmp_path) as session:
        session.start_display()
        session.start_bus()
        session.env["XDG_CURRENT_DESKTOP"] = "GNOME"
        with Portal(session, contrast=0) as portal:
            app = session.start_app("--demo")
            app.window()

            def shows(colour: str) -> bool:
                """Whether a row of the list is selected in that colour."""
                return bytes.fromhex(colour[1:]) * 20 in session.pixels()

            wait_for(lambda: shows(LIGHT.selection), "the usual colours", still=app.running)
            portal.change("contrast", 1)
            wait_for(lambda: shows(HIGH_LIGHT.selection), "more contrast", still=app.running)
            session.screenshot("high-contrast")
            portal.change("contrast", 0)
            wait_for(lambda: shows(LIGHT.selection), "the usual colours again", still=app.running)
