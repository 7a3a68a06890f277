"""The real window on real gateways: from an empty home to live, and back to it, by clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.conftest import TOKEN, VERSIONS
from tests.lab.desk import both_releases, configure, is_live
from tests.whole.session import Session, need, wait_for
from tests.whole.window import driven, start_window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel
    from tests.lab.openclaw import RealGateway

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def both(
    lab: Lab, model: MockModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, RealGateway]]:
    with both_releases(lab, model, tmp_path_factory) as running:
        yield running


@pytest.fixture(params=VERSIONS)
def gateway(request: pytest.FixtureRequest, both: dict[str, RealGateway]) -> RealGateway:
    return both[request.param]


def test_from_an_empty_home_to_live_by_two_keys(gateway: RealGateway, tmp_path: Path) -> None:
    configure(tmp_path / "home", gateway, {"mode": "token", "token": TOKEN})
    with driven(tmp_path) as window:
        window.until("DEMO", "A gateway runs on this computer")
        wait_for(lambda: window.focus() == "Button", "the keyboard at “Use it”")
        window.press("Return")
        window.until("3 agents", f"OpenClaw {gateway.version}")
        window.press("Return")  # on Save, which has the keyboard now
        is_live(window)
        window.session.screenshot(f"live-{gateway.version}")
        assert TOKEN not in window.settings.read_text()
        assert TOKEN not in window.app.told()
