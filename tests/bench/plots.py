"""The plots of docs/performance.md, painted with Qt from figures that the benchmarks give.

`python -m tests.bench.plots` paints docs/plots/*.png, each for a light and a dark page, from
docs/plots/figures.json. With --measure it first measures what an event costs anew; figures of
`tests.bench.day` and `tests.bench.peers --json` are taken in with --day FILE and --peers FILE.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter, QPen, QPolygonF

from cc_desktop.desktop.style.palette import DARK, LIGHT, Theme
from tests.bench import inbox_cost, reduce_cost, traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "docs/plots"
WIDTH, HEIGHT, SCALE = 760, 340, 2
LEFT, TOP, BOTTOM = 64, 74, 46
LABELS = 200  # px at the right, for the names of the lines
SESSIONS = (10, 100, 1_000, 10_000)
GATEWAYS = (1, 5, 10, 25, 50)
EVENTS = 1_000
OURS = "Control Center"

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Lines:
    """A plot of lines.

    Attributes:
        name: Of the file.
        title: What a reader shall see.
        unit: What goes up.
        across: What goes to the right.
        lines: The points of each line.
        logarithmic: Whether steps to the right are factors.
    """

    name: str
    title: str
    unit: str
    across: str
    lines: dict[str, Points]
    logarithmic: bool = False


@dataclass(frozen=True)
class Bars:
    """A plot of bars, one a program, in groups."""

    name: str
    title: str
    groups: dict[str, dict[str, tuple[float, str]]]


def ticks(most: float, about: int = 4) -> list[float]:
    """Round numbers from 0 to the first that is not less than `most`."""
    if most <= 0:
        return [0.0, 1.0]
    rough = most / about
    power: float = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    return [step * number for number in range(math.ceil(most / step - 1e-9) + 1)]


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"


def apart(places: Sequence[float], least: float, end: float) -> list[float]:
    """Places from the top, moved up so that each has so much room before `end`."""
    found = list(places)
    for this in sorted(range(len(places)), key=lambda one: -places[one]):
        found[this] = min(found[this], end)
        end = found[this] - least
    return found


class Page:
    """A picture with the colours of a theme."""

    def __init__(self, theme: Theme, title: str, words: str, height: int = HEIGHT) -> None:
        self.theme = theme
        self.image = QImage(WIDTH * SCALE, height * SCALE, QImage.Format.Format_RGB32)
        self.image.setDevicePixelRatio(SCALE)
        self.image.fill(QColor(theme.surface))
        self.painter = painter = QPainter(self.image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.write(QRectF(24, 16, WIDTH - 48, 22), title, theme.text, size=15, bold=True)
        self.write(QRectF(24, 40, WIDTH - 48, 18), words, theme.muted)

    def write(
        self,
        box: QRectF,
        text: str,
        colour: str,
        *,
        size: int = 12,
        bold: bool = False,
        at: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        font = QFont("DejaVu Sans")
        font.setPixelSize(size)
        font.setBold(bold)
        self.painter.setFont(font)
        self.painter.setPen(QColor(colour))
        self.painter.drawText(box, at | Qt.AlignmentFlag.AlignVCenter, text)

    def colours(self) -> list[str]:
        one = self.theme
        return [one.active, one.waiting, one.stuck, one.live]

    def save(self, path: Path) -> None:
        self.painter.end()
        if not self.image.save(str(path)):
            raise OSError(f"cannot write {path}")


def paint_lines(plot: Lines, theme: Theme) -> Page:
    page = Page(theme, plot.title, plot.unit)
    painter = page.painter
    area = QRectF(LEFT, TOP, WIDTH - LEFT - LABELS, HEIGHT - TOP - BOTTOM)
    every = [point for line in plot.lines.values() for point in line]
    steps = ticks(max(y for _, y in every))
    first, last = min(x for x, _ in every), max(x for x, _ in every)

    def place(x: float, y: float) -> QPointF:
        if plot.logarithmic:
            share = math.log(x / first) / math.log(last / first)
        else:
            share = (x - first) / (last - first)
        return QPointF(
            area.left() + share * area.width(), area.bottom() - y / steps[-1] * area.height()
        )

    right = Qt.AlignmentFlag.AlignRight
    for step in steps:
        y = place(first, step).y()
        painter.setPen(QPen(QColor(theme.border if step == 0 else theme.line), 1))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        page.write(QRectF(0, y - 9, LEFT - 10, 18), number(step), theme.muted, at=right)
    centre = Qt.AlignmentFlag.AlignHCenter
    for x in sorted({x for x, _ in every}) if len(plot.lines) > 1 else (first, 6, 12, 18, last):
        at = place(x, 0)
        page.write(QRectF(at.x() - 40, at.y() + 6, 80, 18), number(x), theme.muted, at=centre)
    below = QRectF(area.left(), HEIGHT - 22, area.width(), 18)
    page.write(below, plot.across, theme.muted, at=centre)
    places = [place(*line[-1]).y() for line in plot.lines.values()]
    ends = apart(places, 36, area.bottom() - 17)
    for (name, line), colour, end in zip(plot.lines.items(), page.colours(), ends, strict=False):
        painter.setPen(QPen(QColor(colour), 2.4))
        painter.drawPolyline(QPolygonF([place(*point) for point in line]))
        painter.setBrush(QColor(colour))
        for point in line if len(line) < 12 else line[-1:]:
            painter.drawEllipse(place(*point), 3, 3)
        beside = QRectF(area.right() + 26, end - 17, LABELS - 30, 17)
        page.write(beside, name, colour, bold=True)
        told = f"{number(round(line[-1][1], 1))} {plot.unit.split()[0]} at {number(line[-1][0])}"
        page.write(beside.translated(0, 16), told, theme.muted)
    return page


def paint_bars(plot: Bars, theme: Theme) -> Page:
    rows = sum(len(group) for group in plot.groups.values())
    height = 78 + rows * 25 + len(plot.groups) * 34
    page = Page(theme, plot.title, "shorter is better; each group has a scale of its own", height)
    y = 76.0
    for words, group in plot.groups.items():
        page.write(QRectF(24, y, WIDTH - 48, 20), words, theme.text, bold=True)
        y += 25
        most = max(value for value, _ in group.values())
        for name, (value, told) in group.items():
            mine = name == OURS
            page.write(QRectF(24, y, 130, 20), name, theme.text if mine else theme.muted, bold=mine)
            bar = QColor(theme.active if mine else theme.border)
            length = max(2.0, value / most * (WIDTH - 160 - 150))
            page.painter.setPen(Qt.PenStyle.NoPen)
            page.painter.setBrush(bar)
            page.painter.drawRoundedRect(QRectF(160, y + 3, length, 14), 2, 2)
            page.write(QRectF(168 + length, y, 130, 20), told, theme.text if mine else theme.muted)
            y += 25
        y += 9
    return page


def measured() -> dict[str, Any]:
    """What an event costs, µs: over sessions and over gateways."""
    kinds: dict[str, Callable[..., Any]] = {
        "step of a run": reduce_cost.progress,
        "row of a busy session": reduce_cost.changes,
        "row of any session": reduce_cost.scattered,
    }
    sessions = {
        name: reduce_cost.costs_us(kind, SESSIONS, traffic.AGENTS, EVENTS)
        for name, kind in kinds.items()
    }
    gateways = {}
    for name in ("step of a run", "row", "agent fails or works"):
        kind = inbox_cost.KINDS.get(name)
        if kind is not None:
            stores = {size: inbox_cost.with_gateways(size) for size in GATEWAYS}
            gateways[name] = inbox_cost.costs_us(stores, kind, EVENTS)
    return {
        "sessions": {name: _points(costs) for name, costs in sessions.items()},
        "gateways": {name: _points(costs) for name, costs in gateways.items()},
    }


def _points(costs: dict[int, list[float]]) -> Points:
    # What other work of the machine adds is none of the model's.
    return [(size, round(min(times), 2)) for size, times in costs.items()]


def plots(figures: dict[str, Any]) -> list[Lines | Bars]:
    """What can be painted from the figures."""
    found: list[Lines | Bars] = []
    for what, words in (("sessions", "sessions"), ("gateways", "gateways of 100 sessions each")):
        if lines := figures.get(what):
            unit = "µs of the model for one event; the best of seven rounds of each"
            title = f"What an event costs, by the number of {what}"
            found.append(
                Lines(
                    what,
                    title,
                    unit,
                    words,
                    {n: list(p) for n, p in lines.items()},
                    what == "sessions",
                )
            )
    if day := figures.get("day"):
        title = "Memory over a day of events, compressed"
        unit = "MiB that the process holds; 6 gateways, 30 agents"
        found.append(Lines("day", title, unit, "hours", {OURS: [(h, m) for h, m in day]}))
    if peers := figures.get("peers"):
        groups: dict[str, dict[str, tuple[float, str]]] = {}
        for words, unit, digits in (
            ("start to the first window", "s", 2),
            ("memory, PSS", "MiB", 0),
            ("idle: CPU", "% of a core", 3),
        ):
            if turns := peers.get(words):
                groups[words] = {
                    name: (median(values), f"{median(values):,.{digits}f} {unit}")
                    for name, values in turns.items()
                    if values
                }
        if groups:
            found.append(Bars("peers", "Beside other programs, in one run", groups))
    return found


def read_day(file: Path) -> Points:
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line[:1] == "{"]
    return [(row["hour"], row["mib"]) for row in rows if "hour" in row]


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.plots", description=__doc__)
    parser.add_argument("--measure", action="store_true", help="measure the cost of events anew")
    parser.add_argument("--day", type=Path, help="what tests.bench.day printed")
    parser.add_argument("--peers", type=Path, help="what tests.bench.peers --json wrote")
    args = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / "figures.json"
    figures: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    if args.measure:
        figures |= measured()
    if args.day:
        figures["day"] = read_day(args.day)
    if args.peers:
        figures["peers"] = json.loads(args.peers.read_text("utf-8"))
    file.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", "utf-8")
    application = QGuiApplication(sys.argv[:1])
    for plot in plots(figures):
        for theme in (LIGHT, DARK):
            page = paint_bars(plot, theme) if isinstance(plot, Bars) else paint_lines(plot, theme)
            page.save(FOLDER / f"{plot.name}-{'dark' if theme.dark else 'light'}.png")
    application.quit()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
