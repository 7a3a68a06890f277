from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.lab.install import Lab, LabUnavailable, ensure_lab
from tests.lab.mock_model import MockModel
from tests.lab.openclaw import RealGateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "lab-token-0123456789"
VERSIONS = ("2026.5.7", "2026.9.6")
AGENTS = [("otto", "Otto", "🦦"), ("rex", "Rex", "🦖"), ("dex", "Dex", "🦊")]


@pytest.fixture(scope="session")
def lab() -> Lab:
    try:
        return ensure_lab()
    except LabUnavailable as reason:
        if os.environ.get("CC_DESKTOP_LAB_REQUIRED"):
            raise
        pytest.skip(f"no lab: {reason}")


@pytest.fixture(scope="session")
def model() -> Iterator[MockModel]:
    with MockModel() as mock:
        yield mock


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def gateway(
    lab: Lab, model: MockModel, version: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealGateway]:
    home = tmp_path_factory.mktemp(f"gateway-{version}")
    with make_gateway(lab, version, home, model) as running:
        yield running


def make_gateway(lab: Lab, version: str, home: Path, model: MockModel) -> RealGateway:
    return RealGateway(lab, version, home=home, token=TOKEN, agents=AGENTS, model=model)
