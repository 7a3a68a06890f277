"""The .deb on the next Debian, whose libraries are newer than those it was built with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.packaging.root import NEXT_SUITE, USER
from tests.packaging.screen import Screen, has_faces, has_text, has_window

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packaging.conftest import Built
    from tests.packaging.root import DebianRoot

pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]

DEBIAN = NEXT_SUITE  # of `clean_root`


@pytest.fixture(scope="module")
def machine(clean_root: DebianRoot, built: Built) -> DebianRoot:
    """The machine with the app, and no package that the app does not depend on."""
    clean_root.apt("install", clean_root.put(built.deb))
    return clean_root


def test_it_is_the_next_release(machine: DebianRoot) -> None:
    assert f"VERSION_CODENAME={NEXT_SUITE}\n" in (machine.path / "etc/os-release").read_text(
        "utf-8"
    )
    assert machine.run("dpkg", "--audit") == ""


def test_the_self_test_passes(machine: DebianRoot) -> None:
    assert "FAIL" not in machine.run("cc-desktop", "--self-test", user=USER)
    told = json.loads(machine.run("cc-desktop", "status", "--json", "--demo", user=USER, expect=1))
    assert told["source"] == "demo"


def test_the_demo_is_seen_and_a_second_start_raises_it(machine: DebianRoot, tmp_path: Path) -> None:
    with Screen(tmp_path, machine) as screen:
        screen.start_inside("app", "cc-desktop", "--demo")
        screen.shows(lambda seen: has_window(seen) and has_text(seen) and has_faces(seen), "it")
        screen.screenshot("debian13-demo")
        screen.cover()

        screen.start_inside("second", "cc-desktop")

        assert screen.wait("second") == 0
        screen.shows(has_faces, "the window in front")
        assert screen.end("app") == 0


def test_it_goes_again(machine: DebianRoot) -> None:
    machine.apt("purge", "--autoremove", "cc-desktop")
    left = [name for name in machine.files() if "cc-desktop" in name]
    assert [name for name in left if not name.startswith("home/")] == []
