"""The rooms import one way. This walks every import of the package, sub-rooms included."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cc_desktop"
FILES = sorted(PACKAGE.rglob("*.py"))

# Room → the other rooms it may import. A file is in the room of the longest name that fits.
ROOMS: dict[str, set[str]] = {
    "about": set(),
    "protocol": set(),
    "fleet": set(),
    "system": {"about"},
    "text": {"about", "fleet", "protocol"},
    "demo": {"fleet"},
    "gateway": {"protocol", "fleet", "system"},
    "notifications": {"about", "fleet", "protocol", "system", "text"},
    "config": {"about", "system", "text"},
    "monitor": {"about", "fleet", "demo", "gateway", "config", "system", "protocol"},
    "diagnostics": {
        *("about", "system", "config", "monitor", "gateway", "text", "fleet", "protocol"),
    },
    "desktop": {
        *("about", "fleet", "text", "notifications", "monitor", "config", "system", "diagnostics"),
        *("desktop.window", "desktop.details", "desktop.notifications", "desktop.tray"),
        *("desktop.settings", "desktop.widgets", "desktop.icons", "desktop.style", "demo"),
        *("desktop.connect", "desktop.away", "desktop.inbox", "orders"),
    },
    "orders": {"about", "fleet", "text", "system"},
    "app": {"about", "desktop", "monitor", "config", "system"},
    "headless": {
        *("about", "monitor", "config", "text", "diagnostics", "fleet", "system", "orders"),
    },
    "shell": {
        *("about", "headless", "app", "monitor", "config", "system", "text", "diagnostics"),
        *("desktop", "fleet", "orders"),
    },
    "cli": {"about", "shell", "config", "system", "text", "diagnostics"},
    "__main__": {"cli"},
}
BELOW_VIEWS = {"about", "fleet", "text", "notifications", "system", "config"}
ROOMS |= {
    "desktop.style": {"fleet"},
    "desktop.icons": {"fleet", "desktop.style"},
    "desktop.widgets": {*BELOW_VIEWS, "desktop.style", "desktop.icons"},
}
VIEWS = (*("window", "details", "inbox", "notifications", "tray", "settings", "connect", "away"),)
for view in VIEWS:
    ROOMS[f"desktop.{view}"] = ROOMS["desktop.widgets"] | {"desktop.widgets", "monitor"}

PURE = {"protocol", "fleet", "text", "demo"}
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
# Names of the package itself, which say which release this is.
PACKAGE_NAMES = {"__version__"}


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


def room_of(dotted: str) -> str:
    """The room of a module, given below the package: "desktop.tray.menu" → "desktop.tray"."""
    parts = dotted.split(".")
    two = ".".join(parts[:2])
    return two if two in ROOMS else parts[0]


def faults(path: str, source: str) -> list[str]:
    """What a file (path inside the package, such as "fleet/model.py") must not import."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    room = room_of(".".join(parts))
    top_room = parts[0]
    found = []
    for name in sorted(imported(source, ".".join(["cc_desktop", *parts[:-1]]))):
        top, *rest = name.split(".")
        if top in QT and top_room != "desktop":
            found.append(f"{path}: {name}: only desktop knows Qt")
        if top == "appdirs" and path != "config/paths.py":
            found.append(f"{path}: {name}: only config/paths.py knows appdirs")
        if top in IMPURE and top_room in PURE:
            found.append(f"{path}: {name}: {top_room} is pure")
        if top != "cc_desktop" or not rest or rest[0] in PACKAGE_NAMES:
            continue
        other = room_of(".".join(rest))
        if other != room and other not in ROOMS.get(room, set()):
            found.append(f"{path}: {name}: not from {room}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_one_way(path: Path) -> None:
    name = path.relative_to(PACKAGE).as_posix()
    assert faults(name, path.read_text("utf-8")) == []


def test_every_module_is_in_a_room() -> None:
    names = {path.relative_to(PACKAGE).with_suffix("").as_posix() for path in FILES}
    rooms = {room_of(name.replace("/", ".")) for name in names if name != "__init__"}
    assert rooms <= set(ROOMS)
    assert rooms >= PURE


def test_no_room_is_a_drawer() -> None:
    for folder in {path.parent for path in FILES}:
        modules = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(modules) <= 12, f"{folder.relative_to(ROOT)} holds {len(modules)} modules"


def test_no_module_is_longer_than_it_can_be_read() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in FILES}
    long = [str(path.relative_to(ROOT)) for path, lines in lengths.items() if lines > 400]
    assert long == []


def test_rooms_have_no_circle() -> None:
    done: set[str] = set()

    def visit(room: str, way: tuple[str, ...]) -> None:
        assert room not in way, " → ".join([*way, room])
        if room in done:
            return
        for other in ROOMS[room]:
            visit(other, (*way, room))
        done.add(room)

    for room in ROOMS:
        visit(room, ())


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("protocol/frames.py", "from cc_desktop.fleet.model import Fleet"),
        ("protocol/frames.py", "from cc_desktop import fleet"),
        ("protocol/frames.py", "from cc_desktop.config import paths"),
        ("protocol/frames.py", "import asyncio"),
        ("protocol/frames.py", "def late():\n    import socket"),
        ("fleet/model.py", "import cc_desktop.protocol.fields"),
        ("fleet/model.py", "from ..protocol import fields"),
        ("fleet/model.py", "from .. import gateway"),
        ("fleet/model.py", "if TYPE_CHECKING:\n    from PySide6.QtCore import QObject"),
        ("gateway/connection.py", "from cc_desktop.text import format"),
        ("gateway/connection.py", "import qasync"),
        ("gateway/connection.py", "from cc_desktop.app import main"),
        ("notifications/center.py", "from cc_desktop.gateway import connection"),
        ("desktop/tray/tray_icon.py", "from cc_desktop.gateway.failures import judge"),
        ("desktop/tray/tray_icon.py", "import cc_desktop.gateway"),
        ("desktop/tray/tray_icon.py", "import appdirs"),
        ("desktop/tray/tray_icon.py", "from cc_desktop.desktop.window import header"),
        ("desktop/tray/tray_icon.py", "from cc_desktop.desktop import controller"),
        ("desktop/widgets/pill.py", "from cc_desktop.desktop.window import header"),
        ("config/storage.py", "from cc_desktop.desktop.widgets import widgets"),
        ("config/storage.py", "from appdirs import user_data_dir"),
        ("monitor/fleet_monitor.py", "from cc_desktop.app import run_desktop"),
        ("app.py", "from PySide6 import QtWidgets"),
    ],
)
def test_a_forbidden_import_is_found(path: str, source: str) -> None:
    assert len(faults(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("protocol/handshake.py", "from cc_desktop.protocol import fields\nimport base64"),
        ("gateway/connection.py", "from cc_desktop.protocol import frames\nimport asyncio"),
        ("gateway/connection.py", "from cc_desktop.fleet.events import Snapshot"),
        ("desktop/tray/menu.py", "from cc_desktop.notifications import rules\nimport PySide6"),
        ("desktop/tray/menu.py", "from cc_desktop import __version__"),
        ("config/paths.py", "import appdirs"),
        ("monitor/fleet_monitor.py", "from cc_desktop.gateway import connection"),
        ("shell/app_commands.py", "import cc_desktop.desktop.self_checks"),
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
