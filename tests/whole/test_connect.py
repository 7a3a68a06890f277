"""From an empty home to a live fleet, by keys alone."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.hosts.host import gateway_thread
from tests.whole.session import Session, need, wait_for

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(180)]

TOKEN = "local-token-123456"


def test_the_gateway_of_this_computer_is_live_after_two_keys(tmp_path: Path) -> None:
    need("Xvfb", "dbus-daemon", "xdotool", "import")
    with gateway_thread() as gateways, Session(tmp_path) as session:
        session.start_display()
        session.start_bus()
        port = int(gateways.gateway.url.rsplit(":", 1)[1].strip("/"))
        openclaw = session.home / ".openclaw" / "openclaw.json"
        openclaw.parent.mkdir(parents=True)
        auth = {"mode": "token", "token": TOKEN}
        openclaw.write_text(json.dumps({"gateway": {"port": port, "auth": auth}}))
        settings = tmp_path / "config" / "settings.toml"

        app = session.start_app()
        window = app.window()
        session.run("xdotool", "windowfocus", "--sync", window)

        def saved() -> bool:
            # "Use it" has the focus first; "Save" has it once the test has passed.
            session.press("Return")
            time.sleep(0.3)
            return settings.exists()

        wait_for(saved, "the settings", 60, still=app.running)
        session.screenshot("connected")

        assert f":{port}" in settings.read_text()
        assert TOKEN not in settings.read_text()
        assert TOKEN not in app.told()
        # Only the connection that watches the fleet subscribes; the test of the panel does not.
        asked = gateways.gateway
        wait_for(lambda: asked.count("sessions.subscribe"), "the fleet", 60, still=app.running)
        session.screenshot("connected-live")
        told = (tmp_path / "config").rglob("*")
        kept = [path for path in told if path.is_file() and TOKEN.encode() in path.read_bytes()]
        assert kept == []  # read from OpenClaw's own file, kept nowhere unless agreed
        app.process.terminate()
        assert app.process.wait(20) == 0
