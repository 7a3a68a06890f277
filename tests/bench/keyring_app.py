"""The app from an empty home to live, by its widgets, with a heartbeat: how long the window froze.

`python -m tests.bench.keyring_app URL --config DIR`. Prints "<phase> <longest gap in ms> <seconds
that it took> <where the token is>" lines. Started by `tests.bench.keyring`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer

from cc_desktop import cli
from cc_desktop.config.secrets.credentials import Token
from cc_desktop.fleet.model import ConnectionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.connect.page import ConnectPage
    from cc_desktop.desktop.controller import DesktopController

BEAT_MS = 2
PATIENCE_S = 60.0
SECRET = "bench-t0ken-0123456789"


class Heart:
    """The longest time between two beats, in each phase."""

    def __init__(self) -> None:
        self._last = self._began = time.perf_counter()
        self._longest = 0.0
        self._timer = QTimer(interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        self._longest, self._last = max(self._longest, now - self._last), now

    def end_phase(self, name: str, said: str = "") -> None:
        self._beat()
        took = self._last - self._began
        print(name, f"{self._longest * 1000:.0f} {took:.1f} {said}", flush=True)
        self._began, self._longest = self._last, 0.0


async def until(look: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not look():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.01)


async def connect(desk: DesktopController, url: str) -> None:
    heart = Heart()
    connecting = desk.connect
    assert connecting is not None
    await until(lambda: connecting.panel is not None and connecting.panel.isVisible())
    panel = connecting.panel
    assert panel is not None
    await asyncio.sleep(0.5)
    heart.end_phase("panel")
    fill(panel, url)
    panel.test.click()
    await until(lambda: "list" in {step.step for step in panel.form.steps._found})
    heart.end_phase("test")
    panel.save.click()
    await until(lambda: not panel.isVisible())
    gateway = desk.monitor.settings.gateways[0].id
    heart.end_phase("save", desk.monitor.shared.place_of(gateway))
    await until(lambda: gateways_live(desk, gateway))
    heart.end_phase("live", desk.monitor.tokens.place)
    desk.open_settings("gateways")
    await asyncio.sleep(0.5)
    heart.end_phase("settings")
    window = desk.settings_window
    assert window is not None
    secrets = window.page("gateways").facts.secrets  # type: ignore[attr-defined]
    if secrets.to_keyring.isVisible():
        secrets.to_keyring.click()
        await until(lambda: secrets.to_keyring.isEnabled())
    heart.end_phase("move", desk.monitor.shared.place_of(gateway))
    connecting.open_dialog(window, gateway)
    dialog = connecting.dialog
    assert dialog is not None
    await asyncio.sleep(0.3)
    dialog.page.form.token.set_token(Token(f"{SECRET}-2"))
    dialog.page.save.click()
    await until(lambda: connecting.dialog is None or not connecting.dialog.isVisible())
    heart.end_phase("edit", desk.monitor.shared.place_of(gateway))
    print("done", flush=True)


def gateways_live(desk: DesktopController, gateway: str) -> bool:
    found = desk.monitor.store.fleet.gateways.get(gateway)
    return found is not None and found.connection.state is ConnectionState.LIVE


def fill(panel: ConnectPage, url: str) -> None:
    panel.form.address.edit.setText(url)
    panel.form.token.set_token(Token(SECRET))


def main(url: str, args: list[str]) -> int:
    from cc_desktop.desktop import lifecycle

    running: list[asyncio.Task[None]] = []

    def ready(desk: DesktopController) -> None:
        async def run() -> None:
            try:
                await connect(desk, url)
            finally:
                desk._stop()

        running.append(asyncio.get_running_loop().create_task(run()))

    # `ready` is no argument of the command line: the app looks `run_controller` up when it starts.
    vars(lifecycle)["run_controller"] = partial(lifecycle.run_controller, ready=ready)
    return cli.main(args)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2:]))
