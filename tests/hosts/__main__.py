"""Try the app on real desktops, headless, and print what works as a table.

``python -m tests.hosts [sway] [xfce] ...``: those named, or all that are installed; screenshots go to
``$CC_DESKTOP_SHOTS`` if it is set.
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

HOSTS: dict[str, type[Host]] = {host.name: host for host in (Sway, Xfce, Gnome, GnomeAppIndicator, Kde)}


def main(names: list[str]) -> int:
    """Print a row a desktop. Returns 1 if a cell failed."""
    results: dict[str, list[Cell] | str] = {}
    for name in names or list(HOSTS):
        kind = HOSTS[name]
        missing = [program for program in kind.programs if shutil.which(program) is None]
        missing += [file for file in kind.files if not Path(file).exists()]
        if missing:
            results[name] = f"not installed: {', '.join(missing)}"
            continue
        path = Path(tempfile.mkdtemp(prefix=f"cc-host-{name}-"))
        with kind(path) as host:
            results[name] = try_host(host)
        shutil.rmtree(path, ignore_errors=True)
    return show(results)


def show(results: dict[str, list[Cell] | str]) -> int:
    columns = next((list(row) for row in results.values() if not isinstance(row, str)), [])
    print("| desktop |", *(f" {cell.name} |" for cell in columns), sep="")
    print("|---|", *("---|" for _ in columns), sep="")
    failed = []
    for name, row in results.items():
        if isinstance(row, str):
            print(f"| {name} | {row} |")
            if os.environ.get("CC_DESKTOP_LAB_REQUIRED"):
                failed.append(f"{name}: {row}")
            continue
        print(f"| {name} |", *(f" {cell} |" for cell in row), sep="")
        failed += [f"{name}, {cell.name}: {cell.why}" for cell in row if not cell.passed]
    print(*failed, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
