from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cc_desktop
from tests.packaging.root import SUITE, DebianRoot, need_roots
from tests.whole.session import need

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / "packaging"))  # its scripts import each other by their bare names


@dataclass(frozen=True, slots=True)
class Built:
    """What `make package` has made."""

    bundle: Path
    deb: Path
    archive: Path
    bill: Path


@pytest.fixture(scope="session")
def built() -> Built:
    version = cc_desktop.__version__
    made = Built(
        ROOT / "build/package/dist/cc-desktop",
        ROOT / f"dist/cc-desktop_{version}_amd64.deb",
        ROOT / f"dist/cc-desktop-{version}-linux-x86_64.tar.xz",
        ROOT / f"dist/cc-desktop-{version}-linux-x86_64.cdx.json",
    )
    for path in (made.bundle, made.deb, made.archive, made.bill):
        if not path.exists():
            pytest.fail(f"{path} is not there: make package makes it")
    return made


@pytest.fixture(scope="module")
def clean_root(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DebianRoot]:
    """A Debian of the module's own, as debootstrap leaves it; `DEBIAN` names another release."""
    need("Xvfb", "xdotool", "import")
    need_roots()
    suite = getattr(request.module, "DEBIAN", SUITE)
    root = DebianRoot.make(tmp_path_factory.mktemp("debian") / "root", suite)
    yield root
    root.remove()
