"""The settings file changes while the window is open, and slips are shown in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QDesktopServices

from cc_desktop.config.paths import find_paths
from cc_desktop.config.settings import Settings, load_settings
from cc_desktop.desktop.settings_watcher import FileWatcher, SettingsWatcher
from cc_desktop.desktop.update_notice import UpdateNotice
from cc_desktop.monitor import FleetMonitor, MonitorOptions
from cc_desktop.system.files import write_private

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot


class Bar(QObject):
    chosen = Signal()
    second_chosen = Signal()
    dismissed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.line: tuple[str, ...] = ()

    def show_line(self, text: str, link: str = "", second: str = "") -> None:
        self.line = (text, link, second)


@pytest.mark.parametrize("how", ["in place", "renamed over it", "through a link"])
def test_every_way_of_saving_is_seen_once(qtbot: QtBot, tmp_path: Path, how: str) -> None:
    file = tmp_path / "config" / "settings.toml"
    file.parent.mkdir()
    target = file
    if how == "through a link":
        target = tmp_path / "dots" / "settings.toml"
        target.parent.mkdir()
        file.symlink_to(target)
    target.write_text("demo = true\n")
    seen: list[str] = []
    watcher = FileWatcher(file, lambda: seen.append(file.read_text()))

    def has_seen(number: int) -> Callable[[], bool]:
        return lambda: seen[-1:] == [f"demo_seed = {number}\n"]

    for number in range(3):
        if how == "in place":
            target.write_text(f"demo_seed = {number}\n")
        else:
            write_private(target, f"demo_seed = {number}\n".encode(), durable=False)
        qtbot.waitUntil(has_seen(number))
    (file.parent / "preferences.json").write_text("{}")
    qtbot.wait(400)

    assert len(seen) == 3
    watcher.deleteLater()


def test_a_file_that_comes_later_is_seen(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    seen: list[str] = []
    watcher = FileWatcher(file, lambda: seen.append(file.read_text()))
    file.write_text("demo = true\n")
    qtbot.waitUntil(lambda: bool(seen))
    watcher.deleteLater()


def test_a_slip_is_shown_with_what_can_be_done(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = find_paths(tmp_path)
    paths.settings.write_text('keyring = false\ndemo = "yes"\ncolour = 1\ndemo_seed = "x"\n')

    def read() -> Settings:
        return load_settings(paths.settings, {}, url="ws://127.0.0.1:9/")

    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    bar, monitor = Bar(), FleetMonitor(read(), paths, MonitorOptions(read_settings=read))
    watcher = SettingsWatcher(monitor, UpdateNotice(bar, None, monitor))

    text, *links = bar.line
    assert text.startswith(f'{paths.settings}:2: demo cannot be "yes"')
    assert text.endswith("(and 1 more slip)")
    assert links == ["Open file", "Try again"]
    bar.chosen.emit()
    assert opened == [str(paths.settings)]

    paths.settings.write_text("keyring = false\ncolour = 1\n")
    bar.second_chosen.emit()
    assert bar.line[0] == f"{paths.settings}:2: The setting colour is unknown and is ignored."
    assert bar.line[1] == "Open file"

    paths.settings.write_text("keyring = false\ndemo = false\n")
    bar.second_chosen.emit()
    assert bar.line == ("", "", "")
    assert not monitor.settings.demo

    paths.settings.write_text("[[")
    qtbot.waitUntil(lambda: bar.line[0].startswith(f"{paths.settings}:1: "))
    bar.dismissed.emit()
    assert bar.line == ("", "", "")
    assert list(monitor.supervisors) == ["127.0.0.1:9"]
    watcher.reload()
    assert bar.line[0] != ""


def test_settings_that_cannot_be_taken_over_end_nothing(
    tmp_path: Path, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    def read() -> Settings:
        raise LookupError("nobody expected this")

    paths = find_paths(tmp_path)
    settings = Settings(gateways=(), keyring=False)
    monitor = FleetMonitor(settings, paths, MonitorOptions(read_settings=read))
    SettingsWatcher(monitor, UpdateNotice(Bar(), None, monitor)).reload()

    assert "could not be taken over" in caplog.text


def test_what_was_written_just_before_the_end_is_not_told(qtbot: QtBot, tmp_path: Path) -> None:
    """The window is gone by then."""
    file = tmp_path / "settings.toml"
    seen: list[str] = []
    watcher = FileWatcher(file, lambda: seen.append("changed"))
    file.write_text("demo = false\n")
    qtbot.waitUntil(watcher._soon.isActive)
    watcher.stop()
    assert not watcher._soon.isActive()
    file.write_text("demo = true\n")
    qtbot.wait(50)
    assert not watcher._soon.isActive()
    assert seen == []
