"""What Linux programs and libraries are linked to, read with readelf (binutils)."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")
_SEARCHED = re.compile(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]")
_RODATA = re.compile(r" \.rodata +PROGBITS +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+) ")
_VERSION = re.compile(r"\bName: ([A-Z]+)_(\d+(?:\.\d+)+)\b")


def is_elf(path: Path) -> bool:
    """Whether it is a program or a library of Linux."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def files(folder: Path) -> list[Path]:
    """All programs and libraries in a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if is_elf(path))


def needed(path: Path) -> list[str]:
    """The names of the libraries that it is linked to."""
    return _NEEDED.findall(_readelf("--dynamic", path))


def searched(path: Path) -> list[str]:
    """The folders in which it has the loader look for them (RPATH, RUNPATH)."""
    return [
        part
        for found in _SEARCHED.findall(_readelf("--dynamic", path))
        for part in found.split(":")
    ]


def symbols(path: Path) -> str:
    """The table of symbols that the loader uses, as text."""
    return _readelf("--dyn-syms", path)


def rodata(path: Path) -> tuple[int, int]:
    """Where in the file its constants are, and how many bytes they have.

    Raises:
        ValueError: It has no section of that name.
    """
    found = _RODATA.search(_readelf("--section-headers", path))
    if found is None:
        raise ValueError(f"{path.name} has no .rodata")
    return int(found[1], 16), int(found[2], 16)


def is_stripped(path: Path) -> bool:
    """Whether it has no table of symbols but the one that the loader needs."""
    return ".symtab" not in _readelf("--section-headers", path)


def versions(paths: Iterable[Path]) -> dict[str, tuple[int, ...]]:
    """The newest version of each family of symbols (GLIBC, GLIBCXX, ...) that they need."""
    newest: dict[str, tuple[int, ...]] = {}
    for path in paths:
        for family, version in _needed_versions(path):
            newest[family] = max(newest.get(family, ()), version)
    return newest


def _needed_versions(path: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    _, _, needs = _readelf("--version-info", path).partition("Version needs section")
    for family, version in _VERSION.findall(needs):
        yield family, tuple(map(int, version.split(".")))


def _readelf(what: str, path: Path) -> str:
    command = ["readelf", "--wide", what, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
