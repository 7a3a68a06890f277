"""Figures beside each other: a line for each measure, a column for each program."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

OURS = "Control Center"


@dataclass
class Measure:
    """One measure of several programs.

    Attributes:
        name: What was measured.
        unit: Of the figures.
        digits: Of the figures, after the point.
        turns: What each turn gave, by program; in each turn one came after the other.
        note: What a reader has to know.
    """

    name: str
    unit: str
    digits: int = 0
    turns: dict[str, list[float]] = field(default_factory=dict)
    note: str = ""

    def add(self, program: str, value: float) -> None:
        self.turns.setdefault(program, []).append(value)

    def ratio(self, program: str) -> float | None:
        """How many times as much as ours: the median of the turns' ratios."""
        ours, other = self.turns.get(OURS, []), self.turns.get(program, [])
        if not ours or not other or min(ours) <= 0:
            return None
        if len(ours) == len(other):
            return median(one / mine for one, mine in zip(other, ours, strict=True))
        return median(other) / median(ours)

    def figure(self, program: str) -> str:
        """The median, with its unit; "" where nothing was measured."""
        values = self.turns.get(program)
        return f"{median(values):,.{self.digits}f} {self.unit}" if values else ""


def render(measures: list[Measure], programs: list[str]) -> str:
    """Two tables for a page in Markdown: ratios to ours first, then figures."""
    others = [name for name in programs if name != OURS]
    ratios = [["times as much as ours", *others]]
    figures = [["median", *programs, "turns"]]
    notes = []
    for one in measures:
        cells = [one.ratio(name) for name in others]
        if any(cell is not None for cell in cells):
            ratios.append([one.name, *("" if c is None else f"{c:.2f}" for c in cells)])
        turns = max((len(values) for values in one.turns.values()), default=0)
        figures.append([one.name, *(one.figure(name) for name in programs), str(turns)])
        if one.note:
            notes.append(f"- {one.name}: {one.note}")
    parts = [_table(ratios), _table(figures), *(["\n".join(notes)] if notes else [])]
    return "\n\n".join(parts) + "\n"


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(widths[0]) if not n else cell.rjust(widths[n]) for n, cell in enumerate(row)
        ]
        lines.append("| " + " | ".join(cells) + " |")
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines.insert(1, "| " + " | ".join(rule) + " |")
    return "\n".join(lines)
