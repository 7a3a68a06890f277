from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.paths import find_paths
from cc_desktop.config.state_file import NotificationMemory, StateFile

if TYPE_CHECKING:
    from pathlib import Path


def test_a_state_file_remembers(tmp_path: Path) -> None:
    path = tmp_path / "data" / "state.json"
    StateFile(path).set("window", [1, 2])

    assert StateFile(path).get("window") == [1, 2]
    assert StateFile(path).get("other") is None
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"{"])
def test_a_file_that_cannot_be_read_is_kept_aside(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(data)
    state = StateFile(path)
    assert state.get("window") is None
    assert path.read_bytes() == data
    state.set("window", 3)

    assert StateFile(path).get("window") == 3
    assert (tmp_path / "state.json.unreadable").read_bytes() == data


def test_where_nothing_can_be_written_it_is_remembered_for_now(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    state = StateFile(blocker / "state.json")
    state.set("window", 3)

    assert state.get("window") == 3


def test_choices_notices_and_snooze_are_kept_apart_from_the_settings(tmp_path: Path) -> None:
    paths = find_paths(tmp_path)
    memory = NotificationMemory(paths, StateFile(paths.state))
    assert memory.load_notifications() == (None, None, None)
    assert memory.tray_look == ""
    memory.save_preferences({"on": False})
    memory.save_snooze(5)
    memory.save_notices([{"title": "x"}])
    memory.tray_look = "dark"
    again = NotificationMemory(paths, StateFile(paths.state))

    assert again.load_notifications() == ({"on": False}, 5, [{"title": "x"}])
    assert again.tray_look == "dark"
    assert not paths.settings.exists()
