"""The program itself, with files that nobody should have: one clear line, nothing lost."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

posix = pytest.mark.skipif(sys.platform == "win32", reason="rights and special files of POSIX")
ROOT = Path(__file__).resolve().parents[2]


def start(config: Path, *arguments: str, umask: int = 0o022) -> subprocess.CompletedProcess[str]:
    """`cc-desktop status`, which uses all files and ends by itself."""
    command = [sys.executable, "-m", "cc_desktop", "status", "--config", str(config), *arguments]
    return subprocess.run(
        command, cwd=ROOT, umask=umask, capture_output=True, text=True, timeout=50, check=False
    )


@posix
def test_everything_is_private_whatever_the_umask(tmp_path: Path) -> None:
    config = tmp_path / "new" / "config"
    done = start(
        config,
        *("--url", "ws://127.0.0.1:9/", "--timeout", "20", "--log-level", "debug"),
        umask=0,
    )

    assert done.returncode == 3, done.stderr
    every = [config.parent, config, *config.rglob("*")]
    rights = {path: stat.S_IMODE(path.stat().st_mode) for path in every}
    assert [path for path, mode in rights.items() if mode & 0o077] == []
    names = {path.name for path in every}
    assert {"identity.json", "cc-desktop.log"} <= names


@pytest.mark.parametrize(
    "text",
    [
        '[[gateways]]\nurl = "ws://127.0.0.1:9/"\ntoken_file = "~nosuchuser/x"',
        '[[gateways]]\nurl = "ws://127.0.0.1:9/"\ntoken_file = "a\\u0000b"',
        f'[[gateways]]\nurl = "ws://127.0.0.1:9/"\npoll_interval = {"9" * 400}',
        "a = " + "[" * 100_000,
    ],
    ids=["user", "nul", "digits", "deep"],
)
def test_a_setting_that_cannot_be_used_is_one_line_and_the_app_goes_on(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "settings.toml").write_text(text)
    done = start(tmp_path, "--timeout", "20")

    assert done.returncode == 3  # nobody is reached, but that is tried
    assert done.stdout.startswith("NO CONNECTION")
    assert done.stderr.startswith("cc-desktop: ")
    assert done.stderr.count("\n") == 1


@posix
def test_a_fifo_as_token_file_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "token")
    done = start(tmp_path, "--token-file", str(tmp_path / "token"))

    assert done.returncode == 2
    said = f"The token cannot be used: {tmp_path}/token: not a regular file."
    assert done.stderr == f"cc-desktop: --token-file: {said}\n"


def test_damaged_files_do_not_keep_the_app_from_starting(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    damaged = [data / f"{name}.json" for name in ("state", "notices", "device-tokens", "keyring")]
    damaged += [data / "identity.json", tmp_path / "preferences.json"]
    for path in damaged:
        path.write_bytes(b"[" * 100_000)
    (data / ".state.json.0123abcd").touch()
    done = start(tmp_path, "--url", "ws://127.0.0.1:9/", "--timeout", "20")

    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("The device key was damaged and kept aside as") == 1
    left = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert left.count(b"[" * 100_000) == len(damaged)
    assert not (data / ".state.json.0123abcd").exists()
