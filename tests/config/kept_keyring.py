"""A keyring that outlives the process that uses it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cc_desktop.config.secrets.system_keyring import KeyringState
from cc_desktop.system.files import write_private

if TYPE_CHECKING:
    from pathlib import Path


class KeptKeyring:
    """Implements `Keyring` with a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _read(self) -> dict[str, str]:
        kept: dict[str, str] = json.loads(self._path.read_text()) if self._path.exists() else {}
        return kept

    def state(self) -> KeyringState:
        return KeyringState.OPEN

    def get(self, name: str) -> str | None:
        return self._read().get(name)

    def set(self, name: str, token: str) -> None:
        write_private(self._path, json.dumps({**self._read(), name: token}).encode())

    def delete(self, name: str) -> None:
        left = {key: value for key, value in self._read().items() if key != name}
        write_private(self._path, json.dumps(left).encode())

    def unlock(self) -> KeyringState:
        return KeyringState.OPEN
