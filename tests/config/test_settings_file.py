from __future__ import annotations

import multiprocessing
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cc_desktop.config import settings_file
from cc_desktop.config.settings_file import GatewayEntry, SettingsFile, SettingsFileError

if TYPE_CHECKING:
    from pathlib import Path

HAND_WRITTEN = """\
# Ours
stuck_after_minutes = 20   # patient

[[gateways]]  # the big one
id = "studio"
url = "wss://studio.example/"   # behind nginx
mine = [1, 2]  # a key of a later release

# the lab in the cellar
[[gateways]]
id = "home-lab"
url = "ws://localhost:18789/"
insecure = true

[later]
key = "kept"
"""


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    path = tmp_path / "settings.toml"
    path.write_text(HAND_WRITTEN)
    return SettingsFile(path)


def loaded(file: SettingsFile) -> dict[str, Any]:
    return tomllib.loads(file.path.read_text())


def ids(file: SettingsFile) -> list[str]:
    return [table["id"] for table in loaded(file).get("gateways", [])]


def comments(file: SettingsFile) -> set[str]:
    return {
        line.split("#", 1)[1].strip() for line in file.path.read_text().splitlines() if "#" in line
    }


ALL_COMMENTS = {
    "Ours",
    "patient",
    "the big one",
    "behind nginx",
    "a key of a later release",
    "the lab in the cellar",
}


def test_a_gateway_is_added_to_no_file(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "new" / "settings.toml")
    file.add_gateway(GatewayEntry("studio", "wss://studio.example/", name="Studio"))
    assert loaded(file) == {
        "gateways": [{"id": "studio", "name": "Studio", "url": "wss://studio.example/"}]
    }
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_adding_keeps_what_was_written_by_hand(file: SettingsFile) -> None:
    file.add_gateway(GatewayEntry("third", "wss://third/"))
    assert ids(file) == ["studio", "home-lab", "third"]
    assert comments(file) == ALL_COMMENTS
    assert loaded(file)["later"] == {"key": "kept"}


def test_an_id_is_not_given_twice(file: SettingsFile) -> None:
    before = file.stamp()
    with pytest.raises(SettingsFileError, match='"studio" already'):
        file.add_gateway(GatewayEntry("studio", "wss://other/"))
    assert file.stamp() == before


def test_a_change_touches_only_its_own_keys(file: SettingsFile) -> None:
    file.update_gateway("studio", GatewayEntry("studio", "wss://new.example/", enabled=False))
    table = loaded(file)["gateways"][0]
    assert table == {"id": "studio", "url": "wss://new.example/", "mine": [1, 2], "enabled": False}
    assert comments(file) == ALL_COMMENTS


def test_a_new_key_leaves_the_comment_above_the_next_gateway(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    first = '[[gateways]]\nid = "a"\nurl = "ws://a:1/"\n'
    rest = '\n# the one at home\n[[gateways]]\nid = "b"\nurl = "ws://b:1/"\n'
    path.write_text(first + rest)
    file = SettingsFile(path)
    for name in ("Studio", "Office"):
        file.update_gateway("a", replace(file.gateways()[0], name=name))
        assert path.read_text() == f'{first}name = "{name}"\n{rest}'
    file.update_gateway("a", replace(file.gateways()[0], enabled=False))
    assert path.read_text() == f'{first}name = "Office"\nenabled = false\n{rest}'


def test_a_default_takes_the_key_out(file: SettingsFile) -> None:
    entry = GatewayEntry("home-lab", "ws://localhost:18789/", insecure=False)
    file.update_gateway("home-lab", entry)
    assert "insecure" not in loaded(file)["gateways"][1]


def test_no_change_writes_nothing(file: SettingsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_file, "write_private", None)
    file.update_gateway(
        "home-lab", GatewayEntry("home-lab", "ws://localhost:18789/", insecure=True)
    )


@pytest.mark.parametrize("ident", ["studio", "home-lab"])
def test_removing_can_be_undone(file: SettingsFile, ident: str) -> None:
    before = loaded(file)
    removed = file.remove_gateway(ident)
    assert len(ids(file)) == 1
    file.restore_gateway(removed)
    assert loaded(file) == before


def test_nothing_is_restored_beside_another_of_its_id(file: SettingsFile) -> None:
    removed = file.remove_gateway("studio")
    file.add_gateway(GatewayEntry("studio", "wss://elsewhere.example/"))
    before = file.stamp()
    with pytest.raises(SettingsFileError, match='"studio" already'):
        file.restore_gateway(removed)
    assert file.stamp() == before


def test_no_gateway_takes_the_id_of_another(file: SettingsFile) -> None:
    before = file.stamp()
    with pytest.raises(SettingsFileError, match='"studio" already'):
        file.update_gateway("home-lab", replace(file.gateways()[1], id="studio"))
    assert file.stamp() == before


def test_what_cannot_be_used_stays_until_it_is_set_to_something_else(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.toml")
    file.path.write_text('[[gateways]]\nid = "x"\nurl = "ws://x"\nproxy = 5\nscopes = "all"\n')
    file.update_gateway("x", replace(file.gateways()[0], enabled=False))
    table = loaded(file)["gateways"][0]
    assert table == {"id": "x", "url": "ws://x", "proxy": 5, "scopes": "all", "enabled": False}
    file.update_gateway("x", replace(file.gateways()[0], proxy="none"))
    assert loaded(file)["gateways"][0]["proxy"] == "none"


def test_the_only_gateway_is_removed_and_restored(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.toml")
    file.add_gateway(GatewayEntry("a", "ws://a/"))
    removed = file.remove_gateway("a")
    assert loaded(file) == {}
    file.restore_gateway(removed)
    assert ids(file) == ["a"]


def test_the_order_changes(file: SettingsFile) -> None:
    file.add_gateway(GatewayEntry("third", "wss://third/"))
    file.move_gateway("third", 0)
    assert ids(file) == ["third", "studio", "home-lab"]
    file.move_gateway("third", 99)
    assert ids(file) == ["studio", "home-lab", "third"]
    assert loaded(file)["later"] == {"key": "kept"}


@pytest.mark.parametrize(("key", "value"), [("demo", False), ("stuck_after_minutes", 5)])
def test_a_setting_is_written_above_the_tables(file: SettingsFile, key: str, value: object) -> None:
    file.set_value(key, value)  # type: ignore[arg-type] # a parameter of the test
    assert loaded(file)[key] == value
    assert ids(file) == ["studio", "home-lab"]
    assert comments(file) == ALL_COMMENTS
    file.set_value(key, None)
    assert key not in loaded(file)


def test_a_gateway_that_is_gone_is_said(file: SettingsFile) -> None:
    with pytest.raises(SettingsFileError, match="no gateway 'gone' any more"):
        file.remove_gateway("gone")


def test_of_two_with_one_id_neither_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    text = '[[gateways]]\nid = "a"\nurl = "ws://a:1/"\n'
    path.write_text(text + text)
    with pytest.raises(SettingsFileError, match="several gateways have the id 'a'"):
        SettingsFile(path).update_gateway("a", GatewayEntry("a", "ws://b:1/"))
    assert path.read_text() == text + text


@pytest.mark.parametrize(
    "content", [b"[[gateways", b"\xff\xfe", b"a = " + b"[" * 100_000, b"gateways = 3"]
)
def test_a_file_that_cannot_be_read_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsFileError):
        SettingsFile(path).add_gateway(GatewayEntry("a", "ws://a/"))
    assert path.read_bytes() == content


def test_a_change_by_an_editor_in_between_survives(
    file: SettingsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The editor saves after we read and before we write."""
    read, reads = SettingsFile.stamp, []

    def stamp(self: SettingsFile) -> bytes:
        reads.append(1)
        if len(reads) == 2:
            text = self.path.read_text().replace("= 20 ", "= 30 ")
            self.path.write_text(text)
        return read(self)

    monkeypatch.setattr(SettingsFile, "stamp", stamp)
    file.add_gateway(GatewayEntry("third", "wss://third/"))
    monkeypatch.undo()
    assert loaded(file)["stuck_after_minutes"] == 30
    assert ids(file) == ["studio", "home-lab", "third"]


def test_a_link_to_a_file_elsewhere_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text(HAND_WRITTEN)
    path = tmp_path / "settings.toml"
    path.symlink_to(real)
    SettingsFile(path).set_value("demo", False)
    assert path.is_symlink()
    assert tomllib.loads(real.read_text())["demo"] is False


def _write(path: Path, name: str, count: int) -> None:
    for number in range(count):
        SettingsFile(path).add_gateway(GatewayEntry(f"{name}{number}", "ws://a/"))


def test_two_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_write, args=(path, name, 20)) for name in "ab"]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert len(ids(SettingsFile(path))) == 40
    assert {entry.name for entry in tmp_path.iterdir()} == {"settings.toml", ".settings.toml.lock"}


@pytest.mark.skipif(sys.platform == "win32", reason="flock")
def test_a_writer_that_was_stopped_does_not_stop_this_one(tmp_path: Path) -> None:
    import fcntl

    path = tmp_path / "settings.toml"
    with (tmp_path / ".settings.toml.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        SettingsFile(path, lock_wait_s=0).set_value("demo_seed", 3)
    assert path.read_text() == "demo_seed = 3\n"
