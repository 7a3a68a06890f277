"""The .deb on a Debian that has nothing but apt: one machine, from the first day to the last."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.lab.conftest import TOKEN, VERSIONS, lab, make_gateway, model
from tests.packaging.root import HOME, USER
from tests.packaging.screen import COVER, Screen, has_faces, has_text, has_window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel
    from tests.packaging.conftest import Built
    from tests.packaging.root import DebianRoot

pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]

__all__ = ["lab", "model"]  # fixtures


@pytest.fixture(scope="module")
def before(clean_root: DebianRoot) -> set[str]:
    """The files of the machine before the app came."""
    return clean_root.files()


@pytest.fixture(scope="module")
def machine(clean_root: DebianRoot, before: set[str], built: Built) -> DebianRoot:
    """The machine with the app, and no package that the app does not depend on."""
    assert before
    clean_root.apt("install", clean_root.put(built.deb))
    return clean_root


@pytest.fixture
def screen(machine: DebianRoot, tmp_path: Path) -> Iterator[Screen]:
    with Screen(tmp_path, machine) as session:
        yield session


def test_it_installs_with_what_it_depends_on_and_without_python(machine: DebianRoot) -> None:
    state = machine.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}", "cc-desktop")
    assert state.strip() == "ii"
    assert not list((machine.path / "usr/bin").glob("python*"))
    assert machine.run("dpkg", "--audit") == ""
    assert machine.run("dpkg", "--verify", "cc-desktop") == ""


def test_every_library_is_found(machine: DebianRoot) -> None:
    app = machine.path / "usr/lib/cc-desktop/_internal"
    libraries = sorted(path for path in app.rglob("*.so*") if path.name != "libqgtk3.so")
    inside = [f"/{path.relative_to(machine.path)}" for path in libraries]
    assert len(inside) > 50

    told = machine.run("env", "LD_LIBRARY_PATH=/usr/lib/cc-desktop/_internal", "ldd", *inside)

    assert [line for line in told.splitlines() if "not found" in line] == []


def test_it_does_not_start_at_login_by_itself(machine: DebianRoot) -> None:
    listed = machine.run("dpkg", "-L", "cc-desktop")
    assert "autostart" not in listed
    assert "/usr/bin/cc-desktop" in listed


def test_the_self_test_passes(machine: DebianRoot) -> None:
    told = machine.run("cc-desktop", "--self-test", user=USER)
    assert "FAIL" not in told
    assert "font, emoji" in told


def test_the_status_is_printed_without_a_display(machine: DebianRoot) -> None:
    told = json.loads(machine.run("cc-desktop", "status", "--json", "--demo", user=USER, expect=1))
    assert told["source"] == "demo"
    assert len(told["agents"]) > 5
    where = ("--url", "ws://127.0.0.1:9/")
    nothing = machine.run("cc-desktop", "status", "--json", *where, user=USER, expect=3)
    assert json.loads(nothing)["source"] == "none"


def test_the_demo_is_seen_with_text_and_faces(screen: Screen) -> None:
    screen.start_inside("app", "cc-desktop", "--demo")
    screen.shows(lambda seen: has_window(seen) and has_text(seen) and has_faces(seen), "the demo")
    screen.screenshot("deb-demo")
    assert screen.end("app") == 0


def test_a_second_start_raises_the_window(screen: Screen) -> None:
    screen.start_inside("app", "cc-desktop", "--demo")
    screen.shows(has_faces, "the window")
    screen.cover()
    screen.screenshot("deb-covered")

    screen.start_inside("second", "cc-desktop")

    assert screen.wait("second") == 0
    screen.shows(has_faces, "the window in front")
    screen.screenshot("deb-raised")
    assert screen.share(COVER) < 0.5
    assert screen.end("app") == 0


@pytest.mark.parametrize("release", VERSIONS[-1:])
def test_the_fleet_of_a_real_gateway_is_seen(
    screen: Screen, lab: Lab, model: MockModel, release: str, tmp_path: Path
) -> None:
    with make_gateway(lab, release, tmp_path / "gateway", model) as gateway:
        where = ("--url", gateway.url, "--token-file", screen.root.secret(TOKEN))
        # Exit code 0: live, and nobody needs the operator.
        told = json.loads(screen.root.run("cc-desktop", "status", "--json", *where, user=USER))
        assert told["source"] == "live"
        assert sorted(agent["id"] for agent in told["agents"]) == ["dex", "otto", "rex"]

        screen.start_inside("app", "cc-desktop", *where)
        screen.shows(lambda seen: has_text(seen) and has_faces(seen), "the fleet")
        screen.screenshot("deb-live")
        assert screen.end("app") == 0


def test_links_open_with_it_where_there_is_a_desktop(machine: DebianRoot) -> None:
    machine.apt("install", "desktop-file-utils")
    links = machine.path / "usr/share/applications/mimeinfo.cache"
    assert "x-scheme-handler/cc-desktop=cc-desktop.desktop;" in links.read_text("utf-8")


def test_without_the_font_that_it_depends_on_there_would_be_no_faces(screen: Screen) -> None:
    screen.root.run("dpkg", "--purge", "--force-depends", "fonts-noto-color-emoji")
    screen.start_inside("app", "cc-desktop", "--demo")
    screen.shows(lambda seen: has_window(seen) and has_text(seen), "the demo")
    screen.screenshot("deb-without-emoji")
    assert not has_faces(screen.colours())
    screen.end("app")
    screen.root.run("cc-desktop", "--self-test", user=USER, expect=1)
    screen.root.apt("install", "-f")
    screen.root.run("cc-desktop", "--self-test", user=USER)


def test_it_goes_and_leaves_nothing_but_what_is_the_users(
    machine: DebianRoot, before: set[str]
) -> None:
    machine.apt("purge", "--autoremove", "cc-desktop")
    assert [name for name in _left(machine, before) if "cc-desktop" in name] == []
    mimes = machine.path / "usr/share/applications/mimeinfo.cache"
    assert "cc-desktop" not in mimes.read_text("utf-8")

    # What else a test has installed, and what apt would keep because it recommends it itself.
    machine.apt("purge", "--autoremove", "desktop-file-utils", "ca-certificates")
    assert _left(machine, before) == []
    assert (machine.path / HOME.lstrip("/") / ".local/share/cc-desktop").is_dir()


def _left(machine: DebianRoot, before: set[str]) -> list[str]:
    """What there is more than before, but for what is the user's."""
    return sorted(n for n in machine.files() - before if not n.startswith(HOME.lstrip("/")))
