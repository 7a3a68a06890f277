from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import Mock, call

import pytest

from cc_desktop.desktop.controller import DesktopController
from cc_desktop.notifications.message import Target

if TYPE_CHECKING:
    from unittest.mock import _Call

REX, DEX = ("studio", "rex"), ("studio", "dex")


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (Target((REX,), "studio"), call.show_agent("studio", "rex")),
        (Target((REX, DEX), words="2 failed"), call.show_only((REX, DEX), "2 failed")),
        (Target(gateway="studio", devices=True), call.show_devices()),
        (Target(gateway="studio"), call.show_gateway("studio")),
        (Target(), None),
    ],
)
def test_a_click_raises_the_window_and_shows_what_it_spoke_of(
    target: Target, shown: _Call | None
) -> None:
    desk = Mock(spec_set=["manners", "window"])
    DesktopController.open_target(cast("Any", SimpleNamespace(**vars_of(desk))), target, "token")

    asked = [call.manners.raise_window("token")]
    if shown is not None:
        asked.append(getattr(call.window, shown[0])(*shown[1]))
    assert desk.mock_calls == asked


def vars_of(desk: Mock) -> dict[str, Any]:
    return {"manners": desk.manners, "window": desk.window}
