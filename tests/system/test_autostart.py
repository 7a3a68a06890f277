from __future__ import annotations

import os
import plistlib
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from cc_desktop.system.autostart import AutostartError
from cc_desktop.system.autostart.linux import XdgAutostart
from cc_desktop.system.autostart.macos import MacLaunchAgent
from cc_desktop.system.autostart.windows import APPROVED, RUN, WindowsRunKey
from cc_desktop.system.launch_command import read_entry
from tests.fakes.disk import FAULTS, failing
from tests.fakes.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "/bin/sh"  # it is there
COMMAND = [PROGRAM, "--hidden"]


def xdg(tmp_path: Path, command: list[str] | None = None) -> XdgAutostart:
    environ = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CONFIG_DIRS": str(tmp_path / "system"),
    }
    return XdgAutostart(command or COMMAND, environ)


# Linux


def test_it_is_off_where_there_is_no_entry(tmp_path: Path) -> None:
    assert not xdg(tmp_path).is_enabled()


def test_on_writes_an_entry_and_off_takes_it_away(tmp_path: Path) -> None:
    autostart = xdg(tmp_path)

    autostart.set_enabled(True)
    entry = read_entry(autostart.path.read_text())
    assert autostart.is_enabled()
    assert autostart.path == tmp_path / "config" / "autostart" / "cc-desktop.desktop"
    assert entry["Exec"] == "/bin/sh --hidden"
    assert (entry["Type"], entry["X-GNOME-Autostart-enabled"]) == ("Application", "true")

    autostart.set_enabled(False)
    assert not autostart.is_enabled()
    assert list(autostart.path.parent.iterdir()) == []
    autostart.set_enabled(False)


def test_without_a_directory_of_its_own_it_is_under_the_home(tmp_path: Path) -> None:
    for relative in ("", "not/absolute"):
        environ = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": relative}
        assert XdgAutostart(COMMAND, environ).path.parent == tmp_path / ".config" / "autostart"


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("[Desktop Entry]\nExec=/bin/sh\n", True),
        ("[Desktop Entry]\nExec=/bin/sh\nHidden=true\n", False),
        ("[Desktop Entry]\nExec=/bin/sh\nHidden=false\n", True),
        ("[Desktop Entry]\nExec=/bin/sh\nX-GNOME-Autostart-enabled=false\n", False),
        ("[Desktop Entry]\nExec=sh\n", True),
        ("[Desktop Entry]\nExec=/gone/cc-desktop --hidden\n", False),
        ("[Desktop Entry]\nName=x\n", False),
        ("[Other]\nExec=/bin/sh\n", False),
        ("", False),
        ("\0\xff garbage", False),
    ],
)
def test_the_state_is_what_the_session_would_do(text: str, on: bool, tmp_path: Path) -> None:
    autostart = xdg(tmp_path)
    autostart.path.parent.mkdir(parents=True)
    autostart.path.write_text(text, "latin-1")

    assert autostart.is_enabled() is on


def test_what_others_switched_off_is_switched_on_again(tmp_path: Path) -> None:
    autostart = xdg(tmp_path)
    autostart.set_enabled(True)
    autostart.path.write_text(autostart.path.read_text() + "Hidden=true\n")
    assert not autostart.is_enabled()

    autostart.set_enabled(True)
    assert autostart.is_enabled()


def test_an_entry_of_the_system_is_hidden_and_not_deleted(tmp_path: Path) -> None:
    autostart = xdg(tmp_path)
    system = tmp_path / "system" / "autostart" / "cc-desktop.desktop"
    system.parent.mkdir(parents=True)
    system.write_text("[Desktop Entry]\nExec=/bin/sh\n")
    assert autostart.is_enabled()

    autostart.set_enabled(False)
    assert not autostart.is_enabled()
    assert system.exists()

    autostart.set_enabled(True)
    assert autostart.is_enabled()


def test_an_entry_that_is_a_link_stays_one(tmp_path: Path) -> None:
    autostart = xdg(tmp_path)
    real = tmp_path / "dotfiles" / "cc.desktop"
    real.parent.mkdir()
    autostart.path.parent.mkdir(parents=True)
    autostart.path.symlink_to(real)

    autostart.set_enabled(True)

    assert autostart.path.is_symlink()
    assert autostart.is_enabled()
    assert [path.name for path in real.parent.iterdir()] == ["cc.desktop"]


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where a directory belongs")

    with pytest.raises(AutostartError, match=r"^Start at login cannot be set: .*\.$") as raised:
        xdg(tmp_path).set_enabled(True)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("step", "code"), FAULTS)
def test_a_disk_that_fails_is_one_sentence_and_the_entry_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    autostart = xdg(tmp_path)
    autostart.set_enabled(True)
    before = autostart.path.read_bytes()
    with monkeypatch.context() as patch:
        failing(patch, step, code)
        with pytest.raises(AutostartError, match=re.escape(os.strerror(code))):
            xdg(tmp_path, ["/bin/ls"]).set_enabled(True)

    assert [path.read_bytes() for path in autostart.path.parent.iterdir()] == [before]


def test_a_path_that_no_entry_can_hold_is_one_sentence(tmp_path: Path) -> None:
    autostart = xdg(tmp_path, ["/a=b/cc-desktop", "--hidden"])

    with pytest.raises(AutostartError, match=r"^Start at login cannot be set: .*'='"):
        autostart.set_enabled(True)
    assert not autostart.path.exists()


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="it validates entries")
def test_the_entry_is_valid(tmp_path: Path) -> None:
    autostart = xdg(tmp_path, ["/my apps/$x/cc-desktop", "--config", "/a b", "--hidden"])
    autostart.set_enabled(True)

    command = ["desktop-file-validate", str(autostart.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


# Windows


def test_the_run_key_is_set_and_deleted() -> None:
    registry = Registry()
    autostart = WindowsRunKey(["C:\\Program Files\\cc\\cc-desktop.exe", "--hidden"], registry)
    assert not autostart.is_enabled()

    autostart.set_enabled(True)
    assert autostart.is_enabled()
    line = '"C:\\Program Files\\cc\\cc-desktop.exe" --hidden'
    assert registry.keys[RUN] == {"cc-desktop": line}

    autostart.set_enabled(False)
    autostart.set_enabled(False)
    assert not autostart.is_enabled()
    assert registry.keys[RUN] == {}


def test_what_the_task_manager_switched_off_is_off() -> None:
    registry = Registry()
    autostart = WindowsRunKey(COMMAND, registry)
    autostart.set_enabled(True)

    registry.keys[APPROVED] = {"cc-desktop": b"\x03" + bytes(11)}
    assert not autostart.is_enabled()
    registry.keys[APPROVED] = {"cc-desktop": b"\x02" + bytes(11)}
    assert autostart.is_enabled()

    registry.keys[APPROVED] = {"cc-desktop": b"\x03" + bytes(11)}
    autostart.set_enabled(True)
    assert autostart.is_enabled()


def test_a_registry_that_refuses_is_one_sentence() -> None:
    registry = Registry()
    registry.locked = True

    with pytest.raises(AutostartError, match=r"in the registry: Access is denied\.$"):
        WindowsRunKey(COMMAND, registry).set_enabled(True)


# macOS


def test_the_launch_agent_is_written_and_deleted(tmp_path: Path) -> None:
    autostart = MacLaunchAgent(COMMAND, tmp_path / "LaunchAgents")
    assert not autostart.is_enabled()

    autostart.set_enabled(True)
    agent = plistlib.loads(autostart.path.read_bytes())
    assert autostart.is_enabled()
    assert (agent["Label"], agent["ProgramArguments"]) == ("cc-desktop", COMMAND)

    autostart.set_enabled(False)
    autostart.set_enabled(False)
    assert not autostart.is_enabled()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<plist",
        plistlib.dumps(["RunAtLoad"]),
        plistlib.dumps({"RunAtLoad": False}),
        plistlib.dumps({"RunAtLoad": True, "Disabled": True}),
    ],
)
def test_an_agent_that_does_not_run_is_off(content: bytes, tmp_path: Path) -> None:
    autostart = MacLaunchAgent(COMMAND, tmp_path)
    autostart.path.write_bytes(content)

    assert not autostart.is_enabled()


def test_a_launch_agent_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(AutostartError, match=r"^Start at login cannot be set: .*\.$"):
        MacLaunchAgent(COMMAND, tmp_path / "file").set_enabled(True)
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208 - no draft is left
