from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.local_gateway import LocalGateway, find_local_gateway, read_local_token

if TYPE_CHECKING:
    from pathlib import Path


def write(home: Path, gateway: object) -> Path:
    path = home / ".openclaw" / "openclaw.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"gateway": gateway}))
    return path


def test_without_openclaw_the_default_port_is_offered(tmp_path: Path) -> None:
    assert find_local_gateway({}, tmp_path) == LocalGateway("ws://localhost:18789/", "")
    assert not read_local_token({}, tmp_path)


def test_its_port_and_token_are_found(tmp_path: Path) -> None:
    path = write(tmp_path, {"port": 19001, "auth": {"mode": "token", "token": "s3cret"}})
    found = find_local_gateway({}, tmp_path)
    assert found == LocalGateway("ws://localhost:19001/", str(path), has_token=True)
    assert "s3cret" not in repr(found)
    assert read_local_token({}, tmp_path).reveal() == "s3cret"


def test_a_password_is_found_in_password_mode(tmp_path: Path) -> None:
    write(tmp_path, {"auth": {"mode": "password", "password": "pw", "token": "old"}})
    assert read_local_token({}, tmp_path).reveal() == "pw"


def test_tls_is_seen(tmp_path: Path) -> None:
    write(tmp_path, {"port": 19001, "tls": {"enabled": True}})
    assert find_local_gateway({}, tmp_path).url == "wss://localhost:19001/"


def test_the_environment_names_another_place(tmp_path: Path) -> None:
    path = write(tmp_path / "elsewhere", {"port": 19002})
    for environ in (
        {"OPENCLAW_CONFIG_PATH": str(path)},
        {"OPENCLAW_STATE_DIR": str(path.parent)},
    ):
        assert find_local_gateway(environ, tmp_path).url == "ws://localhost:19002/"


@pytest.mark.parametrize(
    "gateway",
    [
        *({"port": port} for port in (0, -1, 70_000, True, "18789", 1.5, None)),
        {"auth": None},
        {"auth": []},
        {"auth": {"token": {"source": "env"}}},
        {"auth": {"token": "a b"}},
        *(None, [], "x", {"tls": 3}),
    ],
)
def test_odd_values_count_as_absent(tmp_path: Path, gateway: object) -> None:
    write(tmp_path, gateway)
    assert find_local_gateway({}, tmp_path).url == "ws://localhost:18789/"
    assert not read_local_token({}, tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff", b"// JSON5\n{}", b"[" * 100_000, b"[]"])
def test_odd_files_count_as_absent(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, {}).write_bytes(content)
    assert find_local_gateway({}, tmp_path) == LocalGateway("ws://localhost:18789/", "")


def test_a_pipe_in_its_place_does_not_block(tmp_path: Path) -> None:
    (tmp_path / ".openclaw").mkdir()
    os.mkfifo(tmp_path / ".openclaw" / "openclaw.json")
    assert find_local_gateway({}, tmp_path).config == ""
