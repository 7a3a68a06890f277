"""The part of the self-test that needs Qt: plugins, fonts, and a painted window with the demo."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QObject, QPluginLoader, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QImage, QImageReader, QPainter

from cc_desktop.config.paths import resource
from cc_desktop.desktop.application import App
from cc_desktop.desktop.lifecycle import run_controller
from cc_desktop.diagnostics.checks import Result, State, guarded
from cc_desktop.fleet.summary import summarize
from cc_desktop.text.i18n import mark, tr
from cc_desktop.text.summary import headline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cc_desktop.desktop.controller import DesktopController
    from cc_desktop.monitor import FleetMonitor

PLATFORMS = {"win32": ("qwindows",), "darwin": ("qcocoa",)}
LINUX_PLATFORMS = ("xcb", "wayland")
POLL_MS = 50
PAINT_MS = 15_000  # for a slow machine; it takes less than one second
PAGE = 64  # px of what is painted to look at fonts
COLOURS = 40  # a window with agents has more, an empty one has less
TEXT, EMOJI, NO_CHARACTER = "Agents", "\U0001f9a6", "\U0003fffd"  # the otter; a place without any


def run(make_monitor: Callable[[], FleetMonitor]) -> Iterator[Result]:
    """Run every check that needs an application, the demo last."""
    found: list[Result] = []
    painted: list[Result] = []

    def ready(controller: DesktopController) -> None:
        for name, check in (
            ("Qt plugins", check_platforms),
            ("SVG", check_svg),
            ("font, text", check_text),
            ("font, emoji", check_emoji),
        ):
            found.append(guarded(name, check))
        _Watch(controller, painted.append)

    def demo() -> Result:
        code = run_controller(make_monitor, hidden=False, ready=ready)
        if code or not painted:
            text = tr("the app ended with {code}; report this as a fault of the app", code=code)
            return Result("demo", State.FAIL, text)
        return painted[0]

    last = guarded("demo", demo)
    yield from (*found, last)


def check_platforms() -> Result:
    """The platform plugins of Qt, with the libraries they need."""
    names = PLATFORMS.get(sys.platform, LINUX_PLATFORMS)
    loaded, failures = [], []
    for name in names:
        path = _plugin("platforms", name)
        if path is None:
            continue
        error = _load_error(path)
        if error:
            failures.append(f"{name}: {error}")
        else:
            loaded.append(name)
    text = "; ".join(failures)
    if failures:
        return Result(
            "Qt plugins", State.FAIL, tr("{error}; install the library it names", error=text)
        )
    if not loaded:
        return Result(
            "Qt plugins", State.FAIL, tr("{files} missing; install the app again", files=names[0])
        )
    text = tr("platforms {names} and {last}", names=", ".join(loaded), last=App.platformName())
    return Result("Qt plugins", State.OK, text)


def _plugin(kind: str, name: str) -> Path | None:
    from pathlib import Path

    directory = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / kind
    files = [
        path for path in directory.glob(f"*{name}*") if path.suffix in (".so", ".dll", ".dylib")
    ]
    exact = [path for path in files if path.stem.removeprefix("lib").removeprefix("q") == name]
    return next(iter(exact or files), None)


def _load_error(path: Path) -> str:
    """Why a plugin cannot be loaded, or ""."""
    loader = QPluginLoader(str(path))
    return "" if loader.load() else loader.errorString()


def check_svg() -> Result:
    """The plugins that draw SVG. The app paints its own icons, so it works without them."""
    picture = resource("icons/cc-desktop.svg")
    if b"svg" not in [bytes(form.data()) for form in QImageReader.supportedImageFormats()]:
        return Result("SVG", State.NOT_HERE, tr("no image plugin; the app paints its own icons"))
    image = QImageReader(str(picture))
    image.setScaledSize(QSize(PAGE, PAGE))
    icon = QIcon(str(picture)).pixmap(PAGE, PAGE).toImage()
    for failure, drawn in (
        (mark("nothing is drawn as an image"), image.read()),
        (mark("nothing is drawn as an icon"), icon),
    ):
        if colours(drawn) < 2:
            return Result("SVG", State.NOT_HERE, tr(failure))
    return Result("SVG", State.OK, tr("as an image and as an icon"))


def check_text() -> Result:
    """Some font has letters."""
    family = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    page, nothing = paint(TEXT), paint(NO_CHARACTER * len(TEXT))
    if not QFontDatabase.families() or colours(page) < 2 or page == nothing:
        return Result(
            "font, text", State.FAIL, tr("no font with letters; install fonts-dejavu-core")
        )
    return Result("font, text", State.OK, family)


def check_emoji() -> Result:
    """Some font has emoji, which many agents use as their picture."""
    page, nothing = paint(EMOJI), paint(NO_CHARACTER)
    if colours(page) < 2 or page == nothing:
        text = tr("no font with emoji; install fonts-noto-color-emoji")
        return Result("font, emoji", State.FAIL, text)
    kind = tr("in colour") if has_hue(page) else tr("in black and white")
    return Result("font, emoji", State.OK, kind)


def paint(text: str) -> QImage:
    """Paint text in black on white."""
    page = QImage(PAGE * 2, PAGE, QImage.Format.Format_RGB32)
    page.fill(QColor("white"))
    painter = QPainter(page)
    font = QFont()
    font.setPixelSize(PAGE // 2)
    painter.setFont(font)
    painter.setPen(QColor("black"))
    painter.drawText(QRect(0, 0, PAGE * 2, PAGE), Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return page


def colours(image: QImage) -> int:
    """Count the colours of an image, on a grid of samples."""
    step = max(1, min(image.width(), image.height()) // 200)
    found = {
        image.pixel(x, y)
        for y in range(0, image.height(), step)
        for x in range(0, image.width(), step)
    }
    return len(found)


def has_hue(image: QImage) -> bool:
    """Whether an image has more than shades of grey."""
    return any(
        image.pixelColor(x, y).hsvSaturation() > 60
        for y in range(0, image.height(), 2)
        for x in range(0, image.width(), 2)
    )


class _Watch(QObject):
    """Waits until the demo is painted, reports the result, and ends the app."""

    def __init__(self, controller: DesktopController, tell: Callable[[Result], None]) -> None:
        super().__init__(controller.window)
        self._controller = controller
        self._tell = tell
        self._polls = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._check)
        self._timer.start(POLL_MS)

    def _check(self) -> None:
        self._polls += 1
        agents = self._controller.window.model.total
        seen = colours(self._controller.window.grab().toImage()) if agents else 0
        if seen >= COLOURS:
            words = headline(summarize(self._controller.monitor.store.fleet))
            self._end(
                Result("demo", State.OK, tr("{n} agents painted: {what}", n=agents, what=words))
            )
        elif self._polls * POLL_MS > PAINT_MS:
            text = tr(
                "not painted: {n} agents, {colours} colours; report this as a fault of the app",
                n=agents,
                colours=seen,
            )
            self._end(Result("demo", State.FAIL, text))

    def _end(self, result: Result) -> None:
        self._timer.stop()
        self._tell(result)
        App.quit()
