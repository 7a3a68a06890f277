"""The pictures of README.md, from the app's own windows: `python -m tests.readme_pictures OUTDIR`.

Needs a display (Xvfb will do), for real fonts and emoji. OUTDIR is resources/pictures. The sheet of
tray icons is made by tests/tray_sheet.py.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import qasync
from PySide6.QtWidgets import QApplication

from cc_desktop.config.local_gateway import LocalGateway
from cc_desktop.desktop.connect.page import ConnectPage
from cc_desktop.desktop.details.panel import Details
from cc_desktop.desktop.fleet_desktop import NotificationTools, build_fleet_window
from cc_desktop.desktop.style.palette import DARK, LIGHT
from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.fleet.store import Store
from tests.desktop import sample
from tests.desktop.connect.fakes import UNPAIRED, FakeGateways
from tests.desktop.inbox import fleet as inbox
from tests.desktop.notified import SAMPLE, Notified
from tests.look_screenshots import sample_view, settle

if TYPE_CHECKING:
    from cc_desktop.desktop.window.fleet_window import FleetWindow

SIZE = (1180, 720)
TOOK_MS = (4, 11, 31, 18, 20)
HERE = LocalGateway("ws://localhost:18789/", "~/.openclaw/openclaw.json", has_token=True)


def _open(look: ThemeManager, store: Store) -> tuple[FleetWindow, NotificationTools]:
    context = sample_view(look, store)
    window = build_fleet_window(context, {})
    center = Notified(store, SAMPLE).center
    tools = NotificationTools(window, context, center, lambda: None)
    window.resize(*SIZE)
    window.show()
    window.list.setFocus()
    return window, tools


async def _save(window: FleetWindow, path: Path) -> None:
    await settle()
    window.grab().save(str(path))
    window.close()
    window.deleteLater()


async def _shoot(app: QApplication, out: Path) -> None:
    look = ThemeManager(app, DARK)
    window, _ = _open(look, sample.writing_store())
    await _save(window, out / "fleet-dark.png")
    look.set_theme(LIGHT)
    window, tools = _open(look, inbox.store())
    tools.open_item(inbox.item(inbox.store(), "approval").id)
    await _save(window, out / "inbox-light.png")
    window, _ = _open(look, sample.writing_store())
    window.show_agent("studio", "rex")
    if isinstance(window.details, Details) and window.details.body.bar is not None:
        window.details.body.bar.setCurrentIndex(1)
    await _save(window, out / "transcript-light.png")
    await _shoot_connect(look, out)


async def _shoot_connect(look: ThemeManager, out: Path) -> None:
    window, _ = _open(look, Store(sample.Clock()))
    fake = FakeGateways(look)
    fake.local = HERE
    timed = zip(UNPAIRED, TOOK_MS, strict=True)
    fake.results = [tuple(replace(one, took_ms=took) for one, took in timed)]
    page = ConnectPage(
        fake.tools,
        "Connect your gateway",
        "Then your agents take the place of the sample behind this panel.",
        "Look at the sample first",
    )
    window.column.insertWidget(window.column.indexOf(window.splitter), page, 1)
    window.splitter.hide()
    await settle()
    page.form.address.edit.setText("studio.example")
    page.form.token.edit.setText("a-token-of-no-gateway-1234")
    page.test.click()
    await settle()
    page.test.setFocus()
    await _save(window, out / "connect-light.png")


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    loop = qasync.QEventLoop(app)
    loop.run_until_complete(_shoot(app, out))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
