"""What Windows shows under "Details" of the programs: the version resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PyInstaller.utils.win32.versioninfo import VSVersionInfo

ENGLISH, UNICODE = 0x0409, 1200


def numbers(version: str) -> tuple[int, int, int, int]:
    """Windows' four numbers of a version: 1.2.3 is (1, 2, 3, 0)."""
    parts = [int(part) for part in version.split(".")]
    if len(parts) > 4:
        raise ValueError(f"more than four numbers: {version}")
    first, second, third, fourth = (*parts, 0, 0, 0, 0)[:4]
    return first, second, third, fourth


def make(version: str, name: str) -> VSVersionInfo:
    """The resource of the program `name`.exe."""
    # Not at the top: the module is there on Windows alone.
    from PyInstaller.utils.win32.versioninfo import (
        FixedFileInfo,
        StringFileInfo,
        StringStruct,
        StringTable,
        VarFileInfo,
        VarStruct,
        VSVersionInfo,
    )

    words = {
        "CompanyName": "Control Center Desktop contributors",
        "FileDescription": "Control Center Desktop",
        "FileVersion": version,
        "InternalName": name,
        "LegalCopyright": "MIT licence",
        "OriginalFilename": f"{name}.exe",
        "ProductName": "Control Center Desktop",
        "ProductVersion": version,
    }
    table = StringTable(
        f"{ENGLISH:04x}{UNICODE:04x}", [StringStruct(*item) for item in words.items()]
    )
    return VSVersionInfo(
        ffi=FixedFileInfo(filevers=numbers(version), prodvers=numbers(version)),
        kids=[StringFileInfo([table]), VarFileInfo([VarStruct("Translation", [ENGLISH, UNICODE])])],
    )
