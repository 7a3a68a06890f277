"""Pictures of the window and the tray in every look: `python -m tests.screenshots OUTDIR`.

Needs a display (Xvfb will do), for real fonts and emoji.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from cc_desktop.desktop.fleet_window import FleetWindow
from cc_desktop.desktop.icons import TRAY_SIZES, app_icon, tray_pixmap
from cc_desktop.desktop.theme import DARK, LIGHT, Look
from cc_desktop.fleet.store import Store
from cc_desktop.fleet.summary import TrayState
from tests.desktop import sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.theme import Theme


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    look = Look(app, DARK)

    def shoot(
        name: str,
        theme: Theme,
        store: Store,
        size: tuple[int, int] = (1180, 720),
        prepare: Callable[[FleetWindow], object] = lambda _window: None,
    ) -> None:
        look.set_theme(theme)
        window = FleetWindow(store, sample.Asked().actions, {}, sample.Clock(), look)
        window.resize(*size)
        window.show()
        window.list.setFocus()
        _settle(app)
        prepare(window)
        _settle(app)
        window.grab().save(str(out / f"{name}.png"))
        if window.header.popup is not None:
            window.header.popup.grab().save(str(out / f"{name}-popup.png"))
            window.header.popup.close()
        window.close()
        window.deleteLater()

    def search(window: FleetWindow) -> None:
        window.header.search.setText("zebra")

    shoot("live-dark", DARK, sample.live_store())
    shoot("live-light", LIGHT, sample.live_store())
    shoot("demo-light", LIGHT, sample.demo_store())
    shoot("demo-dark", DARK, sample.demo_store())
    shoot("last-known-light", LIGHT, sample.last_known_store())
    shoot(
        "blocked-dark",
        DARK,
        sample.blocked_store(),
        prepare=lambda w: w.header.pills["studio"].click(),
    )
    shoot("empty-light", LIGHT, Store(sample.Clock()))
    shoot("no-match-light", LIGHT, sample.live_store(), prepare=search)
    shoot("devices-dark", DARK, sample.live_store(), prepare=lambda w: w.show_devices())
    shoot("narrow-light", LIGHT, sample.live_store(), (640, 480))
    shoot("narrow-demo-dark", DARK, sample.demo_store(), (640, 480))
    shoot("tiny-light", LIGHT, sample.live_store(second=False), (440, 560))
    shoot("wide-dark", DARK, sample.live_store(), (1700, 800))
    shoot(
        "working-light",
        LIGHT,
        sample.live_store(),
        prepare=lambda w: w.show_agent("studio", "otto"),
    )
    shoot(
        "waiting-dark", DARK, sample.live_store(), prepare=lambda w: w.show_agent("studio", "dex")
    )
    shoot("thousand-dark", DARK, sample.big_store(1000))
    app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    shoot("rtl-light", LIGHT, sample.live_store())
    app.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    tray_sheet().save(str(out / "tray.png"))


def tray_sheet() -> QPixmap:
    """Every state in every size, on a dark and on a light panel."""
    cell, states = 140, list(TrayState)
    backs = ("#1e2127", "#ebeef3", "#6f7a88")
    sheet = QPixmap(cell * len(states) + 140, 330 * len(backs))
    painter = QPainter(sheet)
    for row, back in enumerate(backs):
        painter.fillRect(QRect(0, 330 * row, sheet.width(), 330), QColor(back))
        for column, state in enumerate(states):
            y = 330 * row + 10
            for size in TRAY_SIZES:
                pixmap = tray_pixmap(state, 3 if column % 2 else 12, size, None)
                painter.drawPixmap(cell * column + 10, y, pixmap)
                y += size + 8
                if size == 64:
                    break
            painter.drawPixmap(
                cell * column + 80, 330 * row + 10, tray_pixmap(state, 3, 22, None).scaled(66, 66)
            )
            painter.drawPixmap(
                cell * column + 80, 330 * row + 90, tray_pixmap(state, 3, 16, None).scaled(64, 64)
            )
        painter.drawPixmap(cell * len(states) + 6, 330 * row + 10, app_icon().pixmap(128, 128))
    painter.end()
    return sheet


def _settle(app: QApplication) -> None:
    for _ in range(20):
        app.processEvents()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
