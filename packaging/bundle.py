"""The bundle: the app, its Python and its Qt in one folder, made by PyInstaller."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import elf
import icu

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
MIB = 2**20
MAX_BYTES = (90 if sys.platform == "linux" else 150) * MIB  # elsewhere never measured
# What PyInstaller says when a library that the bundle needs is not on this machine. The bundle
# would lack it, and find out on somebody's laptop.
MISSING = re.compile(r"could not resolve '(?P<library>[^']+)', dependency of '(?P<user>[^']+)'")
OPTIONAL = "libqgtk3.so"  # loaded only where there is GTK, and then GTK is the system's

# By what begins a path in the bundle, in this order.
GROUPS = {
    "Qt: plugins": ("_internal/PySide6/Qt/plugins/",),
    "Qt: ICU": ("_internal/PySide6/Qt/lib/libicu",),
    "Qt": ("_internal/PySide6/", "_internal/shiboken6/", "_internal/libpyside6"),
    "X11 and keyboard libraries": ("_internal/libxcb-", "_internal/libxkbcommon"),
    "cryptography": ("_internal/cryptography",),
    "Python": (
        "_internal/libpython",
        "_internal/python3",
        "_internal/base_library",
        "_internal/Python",
    ),
    "the app": ("cc-desktop", "_internal/cc_desktop/"),
}


class BuildError(Exception):
    """The bundle is not fit to be given away; the text says why."""


def environment(commit_time: int) -> dict[str, str]:
    """What a build sees: nothing of it may change what is built."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "QT_", "PYINSTALLER_"))
    }
    kept |= {
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "1",  # the order of sets gets into compiled code
        "PYTHONDONTWRITEBYTECODE": "1",
        "SOURCE_DATE_EPOCH": str(commit_time),
        "QT_QPA_PLATFORM": "offscreen",
    }
    return kept


def build(python: Path, work: Path, env: Mapping[str, str]) -> Path:
    """Make the bundle in `work`; its folder.

    Raises:
        BuildError: PyInstaller failed, or a library that the bundle needs is missing here.
    """
    command = [
        *(str(python), "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "INFO"),
        *("--workpath", str(work / "work"), "--distpath", str(work / "dist")),
        str(ROOT / "packaging/cc-desktop.spec"),
    ]
    done = subprocess.run(
        command,
        env={**env, "PYINSTALLER_CONFIG_DIR": str(work / "cache")},
        cwd=work,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    (work / "pyinstaller.log").write_text(done.stdout, "utf-8")
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-20:])
        raise BuildError(f"PyInstaller failed ({done.returncode}):\n{tail}")
    made = work / "dist" / "cc-desktop"
    kept = {path.name for path in made.rglob("*")} - {OPTIONAL}
    missing = [
        f"{found['library']}, which {found['user']} needs"
        for found in MISSING.finditer(done.stdout)
        if Path(found["user"]).name in kept
    ]
    if missing:
        raise BuildError("not on this machine: " + "; ".join(missing))
    return made


def clean(bundle: Path, python_prefix: Path) -> None:
    """Take out of Linux binaries what only a debugger or another app would want.

    That are symbols, most of ICU's tables (icu.py), and where Python was installed.
    """
    for tables in elf.files(bundle):
        if icu.NAME.fullmatch(tables.name):
            icu.reduce(tables, bundle.parent)
    # Linkers let a string be the tail of another, and so "3.11.7" may be that of the prefix: its
    # last part stays. What is left has to be of the same length, since nothing may move.
    folder = os.fsencode(python_prefix.parent)
    nowhere = b"/nonexistent".ljust(len(folder), b"_")
    for path in elf.files(bundle):
        name = path.relative_to(bundle).as_posix()
        if not elf.is_stripped(path):
            subprocess.run(["strip", "--strip-unneeded", str(path)], check=True)
        if not name.startswith(("_internal/libpython", "_internal/python3")):
            continue
        data = path.read_bytes()
        if len(folder) < len("/nonexistent") or folder not in data:
            continue  # /usr, /usr/local and the like tell nothing
        symbols = elf.symbols(path)
        for place in elf.searched(path):
            if place.startswith(str(python_prefix)):
                data = data.replace(os.fsencode(place) + b"\0", b"\0" * (len(place) + 1))
        path.write_bytes(data.replace(folder, nowhere))
        if elf.symbols(path) != symbols:
            raise BuildError(f"{name}: the path of Python shares letters with a symbol")


def table(bundle: Path) -> str:
    """What is in the bundle: by group, then every file, largest first."""
    sizes = {
        path.relative_to(bundle).as_posix(): path.stat().st_size
        for path in bundle.rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    groups: dict[str, list[str]] = {}
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        group = next(
            (g for g, starts in GROUPS.items() if name.startswith(starts)), "Python packages"
        )
        groups.setdefault(group, []).append(name)
    total = {group: sum(sizes[name] for name in names) for group, names in groups.items()}
    order = sorted(groups, key=lambda group: -total[group])
    lines = [f"{_mib(sum(sizes.values()))}  {len(sizes):4} files in all"]
    lines += [f"{_mib(total[group])}  {len(groups[group]):4} files: {group}" for group in order]
    for group in order:
        lines += ["", f"{_mib(total[group])}  {group}"]
        lines += [f"{_mib(sizes[name])}    {name}" for name in groups[group]]
    return "\n".join(lines) + "\n"


def check_size(bundle: Path) -> None:
    """Raise BuildError if the bundle is larger than it may be."""
    size = sum(p.stat().st_size for p in bundle.rglob("*") if p.is_file() and not p.is_symlink())
    if size > MAX_BYTES:
        raise BuildError(f"the bundle has {size / MIB:.1f} MiB, more than {MAX_BYTES / MIB:.0f}")


def _mib(size: int) -> str:
    return f"{size / MIB:8.2f} MiB"


if __name__ == "__main__":
    print(table(Path(sys.argv[1])), end="")
