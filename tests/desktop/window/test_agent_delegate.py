from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from cc_desktop.desktop.style.palette import DARK, LIGHT
from cc_desktop.desktop.widgets.rows.row_delegate import ROW_HEIGHT
from cc_desktop.desktop.window.agents.agent_delegate import AgentDelegate, columns
from cc_desktop.desktop.window.agents.agent_model import AgentModel
from cc_desktop.fleet import events as ev
from tests.desktop import sample

if TYPE_CHECKING:
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.store import Store

BACK = QColor("#123456")


def paint(
    look: ThemeManager, store: Store, row: int, width: int = 770, selected: bool = False
) -> QImage:
    model = AgentModel(store, sample.Clock())
    model.catch_up()
    image = QImage(width, ROW_HEIGHT, QImage.Format.Format_RGB32)
    image.fill(BACK)
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, width, ROW_HEIGHT)
    option.direction = Qt.LayoutDirection.LeftToRight
    if selected:
        option.state = QStyle.StateFlag.State_Selected
    painter = QPainter(image)
    AgentDelegate(look).paint(painter, option, model.index(row, 0))
    painter.end()
    return image


def has_colour(image: QImage, colour: QColor, area: QRect) -> bool:
    return any(
        image.pixelColor(x, y) == colour
        for x in range(area.left(), area.right())
        for y in range(area.top(), area.bottom())
    )


@pytest.mark.parametrize(
    ("row", "token"), [(0, "error"), (1, "waiting"), (2, "stuck"), (3, "active"), (5, "thinking")]
)
def test_a_row_wears_the_colour_of_its_status(look: ThemeManager, row: int, token: str) -> None:
    image = paint(look, sample.live_store(), row)
    assert has_colour(image, QColor(getattr(DARK, token)), QRect(232, 10, 100, 30))


def test_the_selected_row_stands_out(look: ThemeManager) -> None:
    image = paint(look, sample.live_store(), 6, selected=True)
    assert image.pixelColor(300, 3) == QColor(DARK.selection)
    assert paint(look, sample.live_store(), 6).pixelColor(300, 3) == BACK


def test_a_context_that_is_almost_full_warns(look: ThemeManager) -> None:
    for width in (770, 1100):  # before what it cost, and below it
        bar = QRect(width - 180, 30, 180, 9)
        nearly, half = (paint(look, sample.live_store(), row, width) for row in (2, 0))
        assert has_colour(nearly, QColor(DARK.error), bar)  # 82 %
        assert not has_colour(half, QColor(DARK.error), bar)  # 61 %


def test_the_reason_has_the_whole_line_where_room_is_short() -> None:
    """At 1024 px the list has 600: what it cost stands in the second line."""
    for width in (600, 770):
        at = columns(width, 1.0)
        assert sum(at.task) == sum(at.usage)
    assert columns(600, 1.0).task[1] >= 270
    at = columns(1100, 1.0)
    assert sum(at.task) < at.model[0]


def test_both_looks_are_drawn(look: ThemeManager) -> None:
    dark = paint(look, sample.live_store(), 0)
    look.set_theme(LIGHT)
    assert paint(look, sample.live_store(), 0) != dark


@pytest.mark.parametrize("width", [0, 40, 200, 440, 660, 1000, 3000])
def test_parts_never_overlap_whatever_the_width(look: ThemeManager, width: int) -> None:
    at = columns(width, 1.0)
    beside = sum(at.task) <= at.usage[0]
    parts = [at.name, at.status, at.task, at.model, *([at.usage] if beside else [])]
    ends = [(start, start + length) for start, length in parts if length]
    if width >= 440:
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(ends))
        assert ends[-1][1] <= width
        assert at.task[1] >= 100
    paint(look, sample.live_store(), 0, max(width, 1))  # and it is drawn without a warning


def test_what_matters_least_goes_first() -> None:
    def present(width: int) -> list[str]:
        at = columns(width, 1.0)
        return [name for name in ("usage", "model") if getattr(at, name)[1]]

    assert present(1000) == ["usage", "model"]
    assert present(770) == ["usage"]
    assert present(480) == []


def test_words_for_a_status_are_never_cut_whatever_the_language() -> None:
    longest = 160
    at = columns(770, 1.0, longest)
    assert at.status[1] >= longest
    assert at.task[0] >= sum(at.status)
    assert columns(390, 1.0, longest).status[1] == 22  # no room for words at all


def test_names_get_the_room_that_is_there() -> None:
    widths = [columns(width, 1.0).name[1] for width in (440, 560, 770, 900, 1100, 1300)]
    assert widths == sorted(set(widths))


def test_markup_in_a_name_is_drawn_as_it_is(look: ThemeManager) -> None:
    def named(name: str) -> QImage:
        store = sample.live_store(second=False)
        store.apply(ev.AgentConfigured("studio", "rex", name=name))
        return paint(look, store, 0)

    assert named("<b>R</b>") != named("R")
