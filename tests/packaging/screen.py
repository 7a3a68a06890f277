"""What the screen shows, looked at as a person would: is there text, are there faces?"""

from __future__ import annotations

import colorsys
import signal
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Self

from tests.packaging.root import USER
from tests.whole.session import MARK, Session, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.packaging.root import DebianRoot

WIDTH, HEIGHT = 1280, 800
# Where the window puts its list: the faces of the agents, and their names.
FACES = range(18, 50)
NAMES = range(60, 170)
ROWS = range(145, 690)

# Covers the whole screen, as another program would that the operator works with.
_COVER = """
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication([])
cover = QWidget()
cover.setStyleSheet("background: #808000")
cover.setGeometry(0, 0, 1280, 800)
cover.show()
app.exec()
"""
COVER = (0x80, 0x80, 0x00)

Colour = tuple[int, int, int]
Pixels = list[Colour]


class Screen(Session):
    """A display outside of the root; the programs that it shows run inside, as the user."""

    def __init__(self, tmp_path: Path, root: DebianRoot) -> None:
        super().__init__(tmp_path)
        self.root = root

    def __enter__(self) -> Self:
        self.start_display()
        return self

    def start_inside(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        """Start a program in the root, as a user without rights."""
        more = {"DISPLAY": self.env["DISPLAY"], MARK: self.env[MARK]}
        # The socket of the display has a name of its own beside the one in the file system, and
        # that is not bound to a root.
        environment = self.root.environment(USER, more)
        with (self.path / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                self.root.command(*words, user=USER),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._running[name] = process
        return process

    def end(self, name: str) -> int:
        """Ask a program to end, as the end of a session does; its exit code."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(15)

    def wait(self, name: str) -> int:
        """The exit code of a program that ends by itself."""
        return self._running.pop(name).wait(30)

    def cover(self) -> None:
        """Put another program's window over everything."""
        self.env["QT_QPA_PLATFORM"] = "xcb"
        self.start("cover", sys.executable, "-c", _COVER)
        wait_for(lambda: self.share(COVER) > 0.99, "the screen to be covered")

    def colours(self) -> Pixels:
        """Every pixel, by rows."""
        data = self.pixels(height=HEIGHT)
        return list(zip(data[::3], data[1::3], data[2::3], strict=True))

    def share(self, colour: Colour) -> float:
        """How much of the screen has that colour, 0 to 1."""
        pixels = self.colours()
        return pixels.count(colour) / len(pixels)

    def shows(self, look: Callable[[Pixels], bool], what: str) -> None:
        """Wait until `look` is true of the screen."""
        wait_for(lambda: look(self.colours()), what, 30.0)


def part(pixels: Pixels, columns: range) -> Pixels:
    """The pixels of some columns of the list's rows."""
    return [
        pixel
        for y in ROWS
        for pixel in pixels[y * WIDTH + columns.start : y * WIDTH + columns.stop]
    ]


def has_window(pixels: Pixels) -> bool:
    """Whether anything but an empty screen is shown."""
    return len(Counter(pixels)) > 200


def has_text(pixels: Pixels) -> bool:
    """Whether names are written where names belong: ink in some rows, and none between them."""
    columns = part(pixels, NAMES)
    paper = Counter(columns).most_common(1)[0][0]
    width = len(NAMES)
    inked = [
        sum(1 for pixel in columns[row : row + width] if _far(pixel, paper)) > 3
        for row in range(0, len(columns), width)
    ]
    lines = sum(1 for before, now in pairwise(inked) if now and not before)
    return lines >= 3


def has_faces(pixels: Pixels) -> bool:
    """Whether the avatars are pictures: many strong colours, where letters and boxes have one."""
    strong = set()
    for red, green, blue in set(part(pixels, FACES)):
        hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
        if saturation > 0.35 and value > 0.3:
            strong.add(round(hue * 24))
    return len(strong) >= 6


def _far(one: Colour, other: Colour) -> bool:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) > 200
