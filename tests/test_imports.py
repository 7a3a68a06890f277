"""The rooms import one way: this walks every import of the package."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cc_desktop"
FILES = sorted(PACKAGE.rglob("*.py"))

# Which other rooms a room may import.
ROOMS: dict[str, set[str]] = {
    "protocol": set(),
    "fleet": set(),
    "gateway": {"protocol", "fleet"},
    "notify": {"fleet"},
    "desktop": {"fleet", "notify"},
}
KNOW_EVERYONE = {"app", "cli"}
LOOKS_INTO_EVERYTHING = {"selftest"}  # its part about Qt is in desktop, and uses its table
PURE = {"protocol", "fleet"}
# What waits, listens or paints: the pure rooms are called, they do not call.
IMPURE = {
    "asyncio",
    "concurrent",
    "http",
    "httpx",
    "selectors",
    "socket",
    "socketserver",
    "ssl",
    "subprocess",
    "threading",
    "urllib",
    "websockets",
}
QT = {"PySide6", "qasync", "shiboken6"}


def imported(source: str, package: str) -> set[str]:
    """Full names of the modules and names that a source imports, under `if` and `def` too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                parents = parts[: len(parts) - node.level + 1]
                base = ".".join([*parents, base] if base else parents)
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def faults(path: str, source: str) -> list[str]:
    """What a file (path inside the package, such as "fleet/model.py") must not import."""
    parts = path.removesuffix(".py").split("/")
    inside = len(parts) > 1
    room = parts[0] if inside else ""
    found = []
    for name in sorted(imported(source, ".".join(["cc_desktop", *parts[:-1]]))):
        top, *rest = name.split(".")
        if top in QT and room != "desktop":
            found.append(f"{path}: {name}: only desktop knows Qt")
        if top == "appdirs" and path != "paths.py":
            found.append(f"{path}: {name}: only paths.py knows appdirs")
        if top in IMPURE and room in PURE:
            found.append(f"{path}: {name}: {room} is pure")
        if top != "cc_desktop" or not rest:
            continue
        other = rest[0]
        if other in ROOMS:
            if inside:
                allowed = ROOMS[room] | {room}
            else:
                # Settings and the like stand beside app.py, and must load without Qt.
                knows = parts[0] in KNOW_EVERYONE | LOOKS_INTO_EVERYTHING
                allowed = set(ROOMS) if knows else set(ROOMS) - {"desktop"}
            if other not in allowed:
                found.append(f"{path}: {name}: not from here")
        elif inside and (other in KNOW_EVERYONE or room in PURE) and other != "__version__":
            found.append(f"{path}: {name}: a room does not know what is above it")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_one_way(path: Path) -> None:
    assert faults(path.relative_to(PACKAGE).as_posix(), path.read_text("utf-8")) == []


def test_every_folder_is_a_room() -> None:
    folders = {
        path.parent.relative_to(PACKAGE).parts[0] for path in FILES if path.parent != PACKAGE
    }
    assert folders <= set(ROOMS)
    assert folders >= PURE


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("protocol/frames.py", "from cc_desktop.fleet.model import Fleet"),
        ("protocol/frames.py", "from cc_desktop import fleet"),
        ("protocol/frames.py", "from cc_desktop import paths"),
        ("protocol/frames.py", "import asyncio"),
        ("protocol/frames.py", "def late():\n    import socket"),
        ("fleet/model.py", "import cc_desktop.protocol.read"),
        ("fleet/model.py", "from ..protocol import read"),
        ("fleet/model.py", "from .. import gateway"),
        ("fleet/model.py", "if TYPE_CHECKING:\n    from PySide6.QtCore import QObject"),
        ("gateway/session.py", "from cc_desktop.desktop import words"),
        ("gateway/session.py", "import qasync"),
        ("gateway/session.py", "from cc_desktop.app import main"),
        ("notify/rules.py", "from cc_desktop.gateway import session"),
        ("desktop/tray.py", "from cc_desktop.protocol.errors import judge"),
        ("desktop/tray.py", "import cc_desktop.gateway"),
        ("desktop/tray.py", "import appdirs"),
        ("settings.py", "from cc_desktop.desktop import words"),
        ("settings.py", "from appdirs import user_data_dir"),
        ("app.py", "from PySide6 import QtWidgets"),
    ],
)
def test_a_forbidden_import_is_found(path: str, source: str) -> None:
    assert len(faults(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("protocol/hello.py", "from cc_desktop.protocol import read\nimport base64"),
        ("gateway/session.py", "from cc_desktop.protocol import frames\nimport asyncio"),
        ("gateway/session.py", "from cc_desktop.fleet.events import Snapshot"),
        ("desktop/tray.py", "from cc_desktop.notify import rules\nfrom PySide6 import QtGui"),
        ("desktop/tray.py", "from cc_desktop import __version__"),
        ("paths.py", "import appdirs"),
        ("app.py", "from cc_desktop.desktop import tray\nfrom cc_desktop.gateway import session"),
        ("cli.py", "import cc_desktop.desktop.tray"),
    ],
)
def test_an_allowed_import_is_let_through(path: str, source: str) -> None:
    assert faults(path, source) == []


def test_all_but_the_desktop_loads_without_qt() -> None:
    modules = [
        ".".join(("cc_desktop", *path.relative_to(PACKAGE).with_suffix("").parts))
        for path in FILES
        if path.parent != PACKAGE and path.relative_to(PACKAGE).parts[0] != "desktop"
    ]
    program = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name.removesuffix('.__init__'))\n"
        f"print(sorted({QT!r} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, *modules],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=30,
    )
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "[]", "")
