"""When a window is there: mapped, and painted. Over Xlib, the same for each program."""

from __future__ import annotations

import ctypes
import ctypes.util
import select
import time
from dataclasses import dataclass

_SUBSTRUCTURE_NOTIFY = 1 << 19
_MAP_NOTIFY = 19
_Z_PIXMAP = 2
_LOOK_S = 0.002
LEAST = (120, 40)  # px; smaller ones are icons in a tray, or are never seen


class _MapEvent(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("event", ctypes.c_ulong),
        ("window", ctypes.c_ulong),
        ("override_redirect", ctypes.c_int),
    )


class _Event(ctypes.Union):
    _fields_ = (("type", ctypes.c_int), ("map", _MapEvent), ("room", ctypes.c_long * 24))


class _Image(ctypes.Structure):
    _fields_ = (
        *(("width", ctypes.c_int), ("height", ctypes.c_int), ("xoffset", ctypes.c_int)),
        *(("format", ctypes.c_int), ("data", ctypes.c_void_p), ("byte_order", ctypes.c_int)),
        *(("bitmap_unit", ctypes.c_int), ("bitmap_bit_order", ctypes.c_int)),
        *(("bitmap_pad", ctypes.c_int), ("depth", ctypes.c_int)),
        ("bytes_per_line", ctypes.c_int),
    )


@dataclass(frozen=True)
class Shown:
    """When the first window of a program was there, by the monotonic clock."""

    mapped: float
    painted: float
    size: tuple[int, int]


class Screen:
    """Watches one display."""

    def __init__(self, display: str) -> None:
        self._x = x = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
        x.XOpenDisplay.restype = ctypes.c_void_p
        for name, more in (
            *(("XDefaultRootWindow", 0), ("XPending", 0), ("XConnectionNumber", 0)),
            *(("XCloseDisplay", 0), ("XFlush", 0)),
        ):
            getattr(x, name).argtypes = [ctypes.c_void_p] * (1 + more)
        x.XDefaultRootWindow.restype = ctypes.c_ulong
        x.XSelectInput.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_long]
        x.XNextEvent.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        x.XGetGeometry.argtypes = [ctypes.c_void_p, ctypes.c_ulong, *[ctypes.c_void_p] * 7]
        x.XGetImage.argtypes = [
            *(ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_int),
            *(ctypes.c_uint, ctypes.c_uint, ctypes.c_ulong, ctypes.c_int),
        ]
        x.XGetImage.restype = ctypes.POINTER(_Image)
        x.XDestroyImage.argtypes = [ctypes.POINTER(_Image)]
        # A window may go while it is looked at; Xlib's own handler would end this process.
        self._handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(
            lambda _display, _error: 0
        )
        x.XSetErrorHandler(self._handler)
        self._display = x.XOpenDisplay(display.encode())
        if not self._display:
            raise RuntimeError(f"no display {display}")
        x.XSelectInput(self._display, x.XDefaultRootWindow(self._display), _SUBSTRUCTURE_NOTIFY)
        x.XFlush(self._display)

    def close(self) -> None:
        self._x.XCloseDisplay(self._display)

    def forget(self) -> None:
        """Leave out what was mapped so far."""
        event = _Event()
        while self._x.XPending(self._display):
            self._x.XNextEvent(self._display, ctypes.byref(event))

    def first_window(self, timeout_s: float = 60.0) -> Shown:
        """Wait for the next window of a program that is mapped and painted.

        Raises:
            TimeoutError: None came.
        """
        end = time.monotonic() + timeout_s
        window, mapped = self._next_mapped(end)
        while True:
            size = self._size(window)
            if size >= LEAST and self._is_painted(window, size):
                return Shown(mapped, time.monotonic(), size)
            if time.monotonic() > end:
                raise TimeoutError("a window that is never painted")
            if self._x.XPending(self._display) and size < LEAST:
                window, mapped = self._next_mapped(end)
            time.sleep(_LOOK_S)

    def _next_mapped(self, end: float) -> tuple[int, float]:
        event = _Event()
        connection = self._x.XConnectionNumber(self._display)
        while (left := end - time.monotonic()) > 0:
            if not self._x.XPending(self._display):
                select.select([connection], [], [], left)
                continue
            self._x.XNextEvent(self._display, ctypes.byref(event))
            if event.type != _MAP_NOTIFY or event.map.override_redirect:
                continue
            width, height = self._size(event.map.window)
            if width >= LEAST[0] and height >= LEAST[1]:
                return event.map.window, time.monotonic()
        raise TimeoutError("no window")

    def _size(self, window: int) -> tuple[int, int]:
        """In px; (0, 0) if it is gone."""
        root, x, y = ctypes.c_ulong(), ctypes.c_int(), ctypes.c_int()
        width, height, border, depth = (ctypes.c_uint() for _ in range(4))
        places = [ctypes.byref(one) for one in (root, x, y, width, height, border, depth)]
        if not self._x.XGetGeometry(self._display, window, *places):
            return 0, 0
        return width.value, height.value

    def _is_painted(self, window: int, size: tuple[int, int]) -> bool:
        """Whether there is more than one colour: before its first paint a window has none."""
        # What lies outside of the screen has no pixels: the top of it is enough.
        width, height = min(size[0], 600), min(size[1], 300)
        image = self._x.XGetImage(self._display, window, 0, 0, width, height, 0xFFFFFFFF, _Z_PIXMAP)
        if not image:
            return False
        try:
            length = image.contents.bytes_per_line * height
            data = ctypes.string_at(image.contents.data, length)
        finally:
            self._x.XDestroyImage(image)
        return data[:-4] != data[4:]
