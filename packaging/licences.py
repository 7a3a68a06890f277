"""The licences of what the bundle brings, in one text."""

from __future__ import annotations

import re
import subprocess
from email.parser import HeaderParser
from pathlib import Path

import sbom

_NAME = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)
_RULE = "=" * 79

# Their wheels say which licence, and leave its text to be known.
_QT = """\
Qt and PySide are used under the GNU Lesser General Public License, version 3, unchanged and as
libraries of their own: they can be replaced by others with the same interface. The sources are at
https://code.qt.io, the licence is at https://www.gnu.org/licenses/lgpl-3.0.html.
"""


def collect(python: Path, root: Path, bundle: Path) -> str:
    """The text. `python` has the packages of `bundle` installed.

    Raises:
        ValueError: a package names no licence.
        OSError: a package of the system has none.
    """
    code = "import sysconfig; print(*map(sysconfig.get_path, ('purelib', 'stdlib')), sep='\\n')"
    told = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    packages, stdlib = map(Path, told.stdout.split("\n")[:2])
    parts = [_part("Control Center Desktop", "MIT", [(root / "LICENSE").read_text("utf-8")])]
    python_licence = stdlib / "LICENSE.txt"
    if not python_licence.exists():  # Debian keeps it elsewhere
        python_licence = Path("/usr/share/doc/python3/copyright")
    parts.append(_part("Python", "PSF-2.0", [python_licence.read_text("utf-8")]))
    for info in sorted(packages.glob("*.dist-info"), key=lambda path: path.name.lower()):
        head = HeaderParser().parsestr((info / "METADATA").read_text("utf-8"))
        name = f"{head['Name']} {head['Version']}"
        if head["Name"].lower() in ("pip", "setuptools", "altgraph", "pyinstaller-hooks-contrib"):
            continue  # they build, and are not in it
        texts = [
            path.read_text("utf-8", "replace")
            for path in sorted(info.rglob("*"))
            if path.is_file() and _NAME.search(path.name)
        ]
        if head["Name"].lower().startswith(("pyside6", "shiboken6")):
            texts.append(_QT)
        if not texts:
            raise ValueError(f"no licence in {info}")
        parts.append(_part(name, head["License-Expression"] or head["License"] or "", texts))
    inside = {path.name for path in bundle.rglob("lib*")}
    for package, (version, _) in sorted(sbom.system_packages(inside).items()):
        text = Path("/usr/share/doc", package, "copyright").read_text("utf-8")
        parts.append(_part(f"{package} {version}", "", [text]))
    return "\n".join(parts)


def _part(name: str, licence: str, texts: list[str]) -> str:
    head = f"{name}: {licence}" if licence else name
    return "\n".join([_RULE, head, _RULE, "", *(text.strip() + "\n" for text in texts)])
