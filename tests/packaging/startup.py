"""How long a start takes, from source and from the bundle: `python -m tests.packaging.startup`.

From the start of the process to the first painted window, under Xvfb, one after the other in turns;
prints the medians, in seconds, and their ratio.
"""

from __future__ import annotations

import ctypes
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.packaging.conftest import ROOT
from tests.whole.session import Session

TURNS = 15
PATIENCE_S = 30.0
# A part of the screen that the window covers with more than one colour.
X, Y, WIDTH, HEIGHT = 0, 0, 600, 200
Z_PIXMAP = 2


class Eye:
    """Looks at the screen a thousand times a second, over one connection."""

    def __init__(self, display: str) -> None:
        self._x = x = ctypes.CDLL("libX11.so.6")
        x.XOpenDisplay.restype = ctypes.c_void_p
        x.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
        x.XDefaultRootWindow.restype = ctypes.c_ulong
        x.XGetImage.argtypes = [
            *(ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_int),
            *(ctypes.c_uint, ctypes.c_uint, ctypes.c_ulong, ctypes.c_int),
        ]
        x.XGetImage.restype = ctypes.POINTER(_Image)
        self._display = x.XOpenDisplay(display.encode())
        self._root = x.XDefaultRootWindow(self._display)

    def sees_something(self) -> bool:
        """Whether there is text or a line, not only one colour."""
        image = self._x.XGetImage(
            self._display, self._root, X, Y, WIDTH, HEIGHT, 0xFFFFFFFF, Z_PIXMAP
        )
        data = ctypes.string_at(image.contents.data, image.contents.bytes_per_line * HEIGHT)
        self._x.XDestroyImage(image)
        return len({data[at : at + 4] for at in range(0, len(data), 4)}) > 20


class _Image(ctypes.Structure):
    """The start of Xlib's XImage."""

    _fields_ = (
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("xoffset", ctypes.c_int),
        ("format", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("byte_order", ctypes.c_int),
        ("bitmap_unit", ctypes.c_int),
        ("bitmap_bit_order", ctypes.c_int),
        ("bitmap_pad", ctypes.c_int),
        ("depth", ctypes.c_int),
        ("bytes_per_line", ctypes.c_int),
    )


def start(session: Session, eye: Eye, command: list[str]) -> float:
    """Seconds from the start of the process to the first paint."""
    while eye.sees_something():
        time.sleep(0.01)
    began = time.monotonic()
    process = session.start("app", *command, stdout=subprocess.DEVNULL)
    while not eye.sees_something():
        if time.monotonic() - began > PATIENCE_S or process.poll() is not None:
            raise SystemExit(f"no window from {command}")
        time.sleep(0.001)
    took = time.monotonic() - began
    session.stop("app")
    return took


def main() -> int:
    """Measure and print."""
    source = [sys.executable, "-m", "cc_desktop", "--demo"]
    bundle = [str(ROOT / "build/package/dist/cc-desktop/cc-desktop"), "--demo"]
    took: dict[str, list[float]] = {"source": [], "bundle": []}
    with tempfile.TemporaryDirectory() as folder, Session(Path(folder)) as session:
        session.start_display()
        eye = Eye(session.env["DISPLAY"])
        for turn in range(TURNS + 1):
            for name, command in (("source", source), ("bundle", bundle)):
                seconds = start(session, eye, command)
                if turn:  # the first reads from the disk
                    took[name].append(seconds)
    medians = {name: statistics.median(values) for name, values in took.items()}
    for name, values in took.items():
        print(f"{name}: {medians[name]:.3f} s ({min(values):.3f} to {max(values):.3f})")
    print(f"bundle / source: {medians['bundle'] / medians['source']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
