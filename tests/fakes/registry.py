"""The little of `winreg` that the app uses, over a dictionary."""

from __future__ import annotations

from typing import Self


class Key:
    def __init__(self, values: dict[str, object]) -> None:
        self.values = values

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Registry:
    HKEY_CURRENT_USER, REG_SZ, KEY_SET_VALUE = 1, 1, 2

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, object]] = {}
        self.locked = False

    def CreateKey(self, _root: int, path: str) -> Key:
        if self.locked:
            raise PermissionError(13, "Access is denied")
        return Key(self.keys.setdefault(path, {}))

    def OpenKey(self, _root: int, path: str, _reserved: int = 0, _access: int = 0) -> Key:
        if path not in self.keys:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return Key(self.keys[path])

    def SetValueEx(self, key: Key, name: str, _reserved: int, _kind: int, value: object) -> None:
        key.values[name] = value

    def QueryValueEx(self, key: Key, name: str) -> tuple[object, int]:
        if name not in key.values:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return key.values[name], self.REG_SZ

    def DeleteValue(self, key: Key, name: str) -> None:
        if name not in key.values:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        del key.values[name]
