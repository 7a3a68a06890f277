"""The portable archive, in the home of a user without rights, on a desktop of somebody else's."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

import cc_desktop
from tests.lab.conftest import TOKEN, VERSIONS, lab, make_gateway, model
from tests.packaging.root import HOME, UID, USER
from tests.packaging.screen import COVER, Screen, has_faces, has_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel
    from tests.packaging.conftest import Built
    from tests.packaging.root import DebianRoot

pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]

__all__ = ["lab", "model"]  # fixtures

FOLDER = f"{HOME}/cc-desktop-{cc_desktop.__version__}"


@pytest.fixture(scope="module")
def machine(clean_root: DebianRoot, built: Built) -> DebianRoot:
    """What a desktop has: the libraries that the archive does not bring, keyboards, fonts."""
    told = subprocess.run(
        ["dpkg-deb", "--field", built.deb, "Depends"], capture_output=True, text=True, check=True
    )
    names = [re.split(r"[ |(]", part.strip())[0] for part in told.stdout.split(",")]
    brought = ("libxcb-", "libxkbcommon")
    clean_root.apt("install", "xkb-data", *(n for n in names if not n.startswith(brought)))
    clean_root.put(built.archive, HOME)
    # Unpacked by the user. Debian's smallest system has tar, but not xz.
    clean_root.apt("install", "xz-utils")
    name = built.archive.name
    clean_root.run("tar", "-C", HOME, "-xf", f"{HOME}/{name}", user=USER)
    return clean_root


@pytest.fixture
def screen(machine: DebianRoot, tmp_path: Path) -> Iterator[Screen]:
    with Screen(tmp_path, machine) as session:
        yield session


def test_the_system_lacks_what_the_archive_brings(machine: DebianRoot) -> None:
    found = {path.name for path in (machine.path / "usr/lib").rglob("libxcb-cursor.so*")}
    assert found == set()


def test_the_readme_names_the_libraries_that_the_system_has_to_have(machine: DebianRoot) -> None:
    readme = (machine.path / FOLDER.lstrip("/") / "README").read_text("utf-8")
    named = re.findall(r"^    (lib\S+)$", readme, re.MULTILINE)
    assert "libGL.so.1" in named
    known = machine.run("ldconfig", "-p")
    assert [name for name in named if name not in known] == []


def test_the_self_test_passes(machine: DebianRoot) -> None:
    told = machine.run(f"{FOLDER}/cc-desktop", "--self-test", user=USER)
    assert "FAIL" not in told


def test_the_status_is_printed_without_a_display(machine: DebianRoot) -> None:
    words = ("status", "--json", "--demo")
    told = json.loads(machine.run(f"{FOLDER}/cc-desktop", *words, user=USER, expect=1))
    assert told["source"] == "demo"


def test_the_demo_is_seen_and_a_second_start_raises_it(screen: Screen) -> None:
    screen.start_inside("app", f"{FOLDER}/cc-desktop", "--demo")
    screen.shows(lambda seen: has_text(seen) and has_faces(seen), "the demo")
    screen.screenshot("archive-demo")
    screen.cover()

    screen.start_inside("second", f"{FOLDER}/cc-desktop")

    assert screen.wait("second") == 0
    screen.shows(has_faces, "the window in front")
    assert screen.share(COVER) < 0.5
    assert screen.end("app") == 0


@pytest.mark.parametrize("release", VERSIONS[:1])
def test_the_fleet_of_a_real_gateway_is_seen(
    screen: Screen, lab: Lab, model: MockModel, release: str, tmp_path: Path
) -> None:
    with make_gateway(lab, release, tmp_path / "gateway", model) as gateway:
        where = ("--url", gateway.url, "--token-file", screen.root.secret(TOKEN))
        screen.start_inside("app", f"{FOLDER}/cc-desktop", *where)
        screen.shows(lambda seen: has_text(seen) and has_faces(seen), "the fleet")
        screen.screenshot("archive-live")
        assert screen.end("app") == 0


def test_it_is_installed_for_the_user_and_goes_again(machine: DebianRoot) -> None:
    before = machine.files()
    machine.run(f"{FOLDER}/install", user=USER)
    own = HOME.lstrip("/")
    new = machine.files() - before
    assert f"{own}/.local/share/icons/hicolor/256x256/apps/cc-desktop.png" in new
    assert {name for name in new if not name.startswith(f"{own}/.local/")} == set()
    entry = (machine.path / own / ".local/share/applications/cc-desktop.desktop").read_text("utf-8")
    assert f"\nExec={HOME}/.local/lib/cc-desktop/cc-desktop %u\n" in entry
    told = machine.run(f"{HOME}/.local/bin/cc-desktop", "--version", user=USER)
    assert told.strip() == f"cc-desktop {cc_desktop.__version__}"

    machine.run(f"{HOME}/.local/lib/cc-desktop/install", "--remove", user=USER)

    left = machine.files() - before
    assert {name for name in left if (machine.path / name).is_file()} == set()
    assert {name for name in left if "cc-desktop" in name} == set()
    assert (machine.path / FOLDER.lstrip("/") / "cc-desktop").exists()


def test_nothing_of_it_needed_rights(machine: DebianRoot) -> None:
    owners = {
        path.lstat().st_uid for path in (machine.path / HOME.lstrip("/")).rglob("cc-desktop*")
    }
    assert owners == {UID}
