from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_desktop.system.launch_command import (
    LaunchError,
    exec_line,
    first_word,
    own_command,
    read_entry,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_checkout_is_started_by_its_python() -> None:
    command = own_command({}, "/x/cc_desktop/__main__.py", "/venv/bin/python")

    assert command == ["/venv/bin/python", "-m", "cc_desktop"]


def test_an_installed_script_is_started_by_its_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cc-desktop").touch()
    monkeypatch.chdir(tmp_path)

    assert own_command({}, "./cc-desktop", "/venv/bin/python") == [str(tmp_path / "cc-desktop")]


def test_a_script_that_is_gone_is_not_named(tmp_path: Path) -> None:
    command = own_command({}, str(tmp_path / "cc-desktop"), "/venv/bin/python")

    assert command == ["/venv/bin/python", "-m", "cc_desktop"]


def test_windows_gets_the_program_without_a_console(tmp_path: Path) -> None:
    for name in ("cc-desktop.exe", "cc-desktopw.exe", "python.exe", "pythonw.exe"):
        (tmp_path / name).touch()

    script = own_command({}, str(tmp_path / "cc-desktop"), "python.exe")
    module = own_command({}, "__main__.py", str(tmp_path / "python.exe"))

    assert script == [str(tmp_path / "cc-desktopw.exe")]
    assert module == [str(tmp_path / "pythonw.exe"), "-m", "cc_desktop"]


def test_a_bundle_is_its_own_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)

    assert own_command({}, "cc-desktop", "/opt/cc/cc-desktop") == ["/opt/cc/cc-desktop"]


def test_a_bundle_with_a_program_without_console_starts_that(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    (tmp_path / "cc-desktopw.exe").touch()
    program = str(tmp_path / "cc-desktop.exe")

    assert own_command({}, "cc-desktop", program) == [str(tmp_path / "cc-desktopw.exe")]


def test_an_appimage_is_started_as_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    environ = {"APPIMAGE": "/home/me/cc.AppImage"}

    assert own_command(environ, "cc-desktop", "/run/.mount/cc") == ["/home/me/cc.AppImage"]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (["/usr/bin/cc-desktop", "--hidden"], "/usr/bin/cc-desktop --hidden"),
        (["/my apps/cc", "--hidden"], '"/my apps/cc" --hidden'),
        (["/a/100%/cc"], "/a/100%%/cc"),
        (["/a/$HOME/cc"], '"/a/\\\\$HOME/cc"'),
        (["/a/`b`/cc"], '"/a/\\\\`b\\\\`/cc"'),
        (['/a/"b"/cc'], '"/a/\\\\"b\\\\"/cc"'),
        (["/a\\b"], '"/a\\\\\\\\b"'),
        (["/cc", ""], '/cc ""'),
        (["/a\nb"], '"/a\\nb"'),
    ],
)
def test_commands_are_quoted_as_the_specification_says(command: list[str], line: str) -> None:
    assert exec_line(command) == line


def test_the_place_of_the_link_is_not_quoted() -> None:
    assert exec_line(["/cc desktop"], "%u") == '"/cc desktop" %u'


@pytest.mark.parametrize("path", ["/a=b/cc", "/a/\udcff/cc"])
def test_a_path_that_an_entry_cannot_hold_is_refused(path: str) -> None:
    with pytest.raises(LaunchError):
        exec_line([path])


@given(st.text(st.characters(exclude_characters="=\0", exclude_categories=["Cs"]), min_size=1))
def test_the_program_is_read_back_from_its_line(name: str) -> None:
    line = exec_line([f"/{name}", "--hidden"])

    assert "\n" not in line
    # What is read back has spaces for tabs and line breaks, which no program's path has.
    expected = f"/{name}".replace("\n", " ").replace("\t", " ").replace("\r", " ")
    assert first_word(line) == expected


def test_only_the_main_group_is_read() -> None:
    text = "# Exec=no\n[Desktop Entry]\nExec=a b\nHidden = true\n[Desktop Action x]\nExec=c\n"

    assert read_entry(text) == {"Exec": "a b", "Hidden": "true"}


@pytest.mark.skipif(shutil.which("gio") is None, reason="gio starts desktop entries")
def test_a_desktop_starts_the_program_with_the_very_words(tmp_path: Path) -> None:
    directory = tmp_path / 'a "b" $HOME `c` \\d'  # GLib finds no program with a % in its path
    directory.mkdir()
    program, told = directory / "cc desktop", tmp_path / "told"
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >"{told}.part"\nmv "{told}.part" "{told}"\n'
    )
    program.chmod(0o755)
    words = ["--config", "/x y/$Z 100%u", "--hidden"]
    entry = tmp_path / "cc.desktop"
    line = exec_line([str(program), *words])
    entry.write_text(f"[Desktop Entry]\nType=Application\nName=x\nExec={line}\n")

    # It starts the program and does not wait for it.
    subprocess.run(["gio", "launch", str(entry)], check=True, timeout=20)
    for _ in range(400):
        if told.exists():
            break
        subprocess.run(["sleep", "0.05"], check=True)

    assert told.read_text().splitlines() == words
