"""Try the app on real desktops, headless, and print what works as a table.

``python -m tests.hosts [--checkout] [sway] [xfce] ...``: those named, or all; with `--checkout`
without the launcher and the icon that a package installs. With ``$CC_DESKTOP_SHOTS`` set, a
screenshot of each answer goes there. With ``$CC_DESKTOP_LAB_REQUIRED`` set, a desktop that is not
installed is a failure.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.hosts.gnome import Gnome, GnomeAppIndicator
from tests.hosts.host import Cell, Host, try_host
from tests.hosts.kde import Kde
from tests.hosts.sway import Sway
from tests.hosts.xfce import Xfce

_ALL: tuple[type[Host], ...] = (Sway, Xfce, Gnome, GnomeAppIndicator, Kde)
HOSTS = {host.name: host for host in _ALL}


def main(names: list[str]) -> int:
    """Print a row for each desktop. Returns 1 if a cell failed, 2 if there is no such desktop."""
    launcher = "--checkout" not in names
    names = [name for name in names if name != "--checkout"]
    unknown = [name for name in names if name not in HOSTS]
    if unknown:
        print(f"no such desktop: {', '.join(unknown)}; there are {', '.join(HOSTS)}")
        return 2
    return show({name: row(HOSTS[name], launcher=launcher) for name in names or HOSTS})


def row(kind: type[Host], *, launcher: bool) -> list[Cell] | str:
    """The answers of a desktop, or why there are none."""
    missing = [program for program in kind.programs if shutil.which(program) is None]
    missing += [file for file in kind.files if not Path(file).exists()]
    if missing:
        return f"not installed: {', '.join(missing)}"
    path = Path(tempfile.mkdtemp(prefix=f"cc-host-{kind.name}-"))
    try:
        with kind(path) as host:
            host.launcher = launcher
            cells = try_host(host)
    except AssertionError as error:
        return f"does not start: {error} (see {path})"
    shutil.rmtree(path, ignore_errors=True)
    return cells


def show(results: dict[str, list[Cell] | str]) -> int:
    """Print the table. Returns 1 if something failed."""
    columns = next((list(row) for row in results.values() if not isinstance(row, str)), [])
    print("| desktop |", *(f" {cell.name} |" for cell in columns), sep="")
    print("|---|", *("---|" for _ in columns), sep="")
    failed = []
    for name, row in results.items():
        if isinstance(row, str):
            print(f"| {name} | {row} |")
            if os.environ.get("CC_DESKTOP_LAB_REQUIRED") or not row.startswith("not installed"):
                failed.append(f"{name}: {row}")
            continue
        print(f"| {name} |", *(f" {cell} |" for cell in row), sep="")
        failed += [f"{name}, {cell.name}: {cell.why}" for cell in row if not cell.passed]
    for line in failed:
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
