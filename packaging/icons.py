"""The icon in the sizes and forms that systems ask for, painted from its SVG.

    python packaging/icons.py resources/icons/cc-desktop.svg TARGET

TARGET is a .ico, a .icns, a .png (the one in resources/icons), or a folder that becomes an icon
theme's.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

LINUX_SIZES = (16, 22, 24, 32, 48, 64, 96, 128, 256, 512)
PICTURE_SIZE = 64  # of a single .png: some services show a notification's icon as large as it is
WINDOWS_SIZES = (16, 20, 24, 32, 40, 48, 64, 256)
# The types of Apple's icns format for PNG, with their sizes in pixels; the last four are @2x.
APPLE_TYPES = {
    b"icp4": 16,
    b"icp5": 32,
    b"ic07": 128,
    b"ic08": 256,
    b"ic09": 512,
    b"ic11": 32,
    b"ic12": 64,
    b"ic13": 256,
    b"ic14": 512,
    b"ic10": 1024,
}


def png(svg: Path, size: int = PICTURE_SIZE) -> bytes:
    """The picture as a square PNG, `size` pixels wide."""
    renderer = QSvgRenderer(str(svg))
    if not renderer.isValid():
        raise ValueError(f"not a picture: {svg}")
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def ico(svg: Path) -> bytes:
    """The picture for Windows."""
    pictures = [(size, png(svg, size)) for size in WINDOWS_SIZES]
    offset = 6 + 16 * len(pictures)
    head = struct.pack("<HHH", 0, 1, len(pictures))
    for size, data in pictures:
        # A byte each for width and height, in which 256 is written as 0.
        head += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(data), offset)
        offset += len(data)
    return head + b"".join(data for _, data in pictures)


def icns(svg: Path) -> bytes:
    """The picture for macOS."""
    body = b""
    for kind, size in APPLE_TYPES.items():
        data = png(svg, size)
        body += kind + struct.pack(">I", 8 + len(data)) + data
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def theme(svg: Path, folder: Path) -> None:
    """Write the picture in all sizes of Linux, and as it is, where icon themes have apps."""
    for size in LINUX_SIZES:
        place = folder / f"{size}x{size}/apps"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{svg.stem}.png").write_bytes(png(svg, size))
    place = folder / "scalable/apps"
    place.mkdir(parents=True, exist_ok=True)
    (place / svg.name).write_bytes(svg.read_bytes())


def write(svg: Path, target: Path) -> Path:
    """Write `target` in the form that its name asks for."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.suffix:
        theme(svg, target)
    else:
        forms = {".ico": ico, ".icns": icns, ".png": png}
        target.write_bytes(forms[target.suffix](svg))
    return target


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
