"""Every tray icon on light and dark panels, in colour and in grey, on one sheet.

    QT_QPA_PLATFORM=offscreen python -m tests.tray_sheet resources/pictures/tray-states.png

A row for each state, alone and when it is quiet. Each icon is as large as on a screen, and beside
it four times as large.
"""

from __future__ import annotations

import sys
from collections import Counter

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from cc_desktop.desktop.icons.tray import TrayKey, tray_pixmap
from cc_desktop.desktop.icons.tray_state import TrayIconStyle, TrayState

DARK_PANEL, LIGHT_PANEL = "#1e2127", "#ebeef3"
SIZES = (16, 22, 32)
SCALE = 4
GAP = 8
LABELS, TITLE = 200, 30
ROW = max(SIZES) * SCALE + GAP
CELL = sum(size + size * SCALE + 2 * GAP for size in SIZES)
NAMES = {
    TrayState.OFFLINE: "no connection",
    TrayState.CONNECTING: "connecting",
    TrayState.IDLE: "all idle",
    TrayState.WORKING: "working",
    TrayState.NEEDS_YOU: "needs you: 3",
    TrayState.ERROR: "error: 3 need you",
    TrayState.DEMO: "demo",
}


def keys() -> list[TrayKey]:
    """Every state, then every state while it is quiet."""
    return [TrayKey.of(state, 3, quiet) for quiet in (False, True) for state in TrayState]


def on_panel(
    key: TrayKey,
    size: int,
    panel: str,
    look: TrayIconStyle = TrayIconStyle.AUTO,
    *,
    mask: bool = False,
) -> QImage:
    """The icon as a panel shows it. A mask is drawn black on a light one, white on a dark one."""
    image = QImage(size, size, QImage.Format.Format_RGB32)
    image.fill(QColor(panel))
    picture = tray_pixmap(key, size, look, mask=mask)
    painter = QPainter(image)
    if mask and panel == DARK_PANEL:
        tint = QPainter(picture)
        tint.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        tint.fillRect(picture.rect(), Qt.GlobalColor.white)
        tint.end()
    painter.drawPixmap(0, 0, picture)
    painter.end()
    return image


def sheet() -> QImage:
    """The whole of it."""
    height = ROW * len(keys())
    image = QImage(LABELS + 4 * CELL, TITLE + height, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    font = painter.font()
    font.setPixelSize(15)
    painter.setFont(font)
    columns = [(panel, grey) for grey in (False, True) for panel in (DARK_PANEL, LIGHT_PANEL)]
    for number, (panel, grey) in enumerate(columns):
        left = LABELS + number * CELL
        title = f"{'light' if panel == LIGHT_PANEL else 'dark'} panel{', no colour' * grey}"
        painter.drawText(QRect(left, 0, CELL, TITLE), Qt.AlignmentFlag.AlignCenter, title)
        painter.fillRect(QRect(left, TITLE, CELL, height), QColor(panel))
        for row, key in enumerate(keys()):
            _draw_cell(painter, left, TITLE + ROW * row, key, panel, grey)
    for row, key in enumerate(keys()):
        box = QRect(GAP, TITLE + ROW * row, LABELS - GAP, ROW)
        name = NAMES[key.state] + (", quiet" if key.quiet else "")
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, name)
    painter.end()
    return image


def _draw_cell(
    painter: QPainter, left: int, top: int, key: TrayKey, panel: str, grey: bool
) -> None:
    for size in SIZES:
        icon = on_panel(key, size, panel)
        if grey:
            icon = icon.convertToFormat(QImage.Format.Format_Grayscale8)
        crop = size * SCALE
        painter.drawImage(left + GAP, top + (ROW - size) // 2, icon)
        left += size + GAP
        painter.drawImage(QRect(left + GAP, top + (ROW - crop) // 2, crop, crop), icon)
        left += crop + GAP


def small(image: QImage) -> QImage:
    """The picture in the 256 colours that it has most of: half the bytes, and no eye sees it."""
    pixels = memoryview(image.constBits()).cast("I")
    table = [colour for colour, _ in Counter(pixels).most_common(256)]
    return image.convertToFormat(
        QImage.Format.Format_Indexed8, table, Qt.ImageConversionFlag.AvoidDither
    )


if __name__ == "__main__":
    app = QApplication([])
    small(sheet()).save(sys.argv[1], quality=0)  # packed as well as can be
