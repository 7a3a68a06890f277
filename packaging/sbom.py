"""The bill of materials of a bundle, as CycloneDX JSON: what is in it, and under which licence.

    python packaging/sbom.py BUNDLE VERSION COMMIT_TIME TARGET

It runs in the environment that the bundle was made in, and looks into the bundle: a distribution is
listed when one of its modules or files is there. The same bundle gives the same bytes. No place to
download from is named: package URLs (purl) say which registry's name and version it is.

The format: https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from email.message import Message

Component = dict[str, Any]

# Which licences may be in what we give away: the app is under the MIT licence, and Qt and PySide
# are used under the LGPL, as libraries of their own that a user can replace.
ALLOWED = {
    *("MIT", "MIT-0", "ISC", "X11", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0"),
    *("MPL-2.0", "Unicode-3.0", "LGPL-3.0-only"),
    # PyInstaller's starter, whose exception allows programs of any licence.
    "GPL-2.0-or-later WITH Bootloader-exception",
}
# What metadata says in words of its own, as SPDX has it.
_SPDX = {
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
}
_BOOTLOADER = "GPL-2.0-or-later WITH Bootloader-exception"
_MODULE = re.compile(r"(?P<name>.+?)(?:/__init__)?\.pyc?$")
_ICU = re.compile(r"libicudata\.so\.(\d+)$")
# What the spec takes from the system that builds: its licences by the beginning of the name.
_OF_SYSTEM = {"libxcb-": "X11", "libxkbcommon": "X11", "libmpdec": "BSD-2-Clause"}
# They build, and are not in it.
BUILDERS = {"pyinstaller-hooks-contrib", "altgraph", "setuptools", "pip"}
_NAMESPACE = uuid.UUID("0f9a5a3e-8a5e-5c8c-9f0e-6a8a4c1f7b11")  # any; it makes serial numbers equal


def canonical(name: str) -> str:
    """The name of a distribution as its registry compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_of(head: Message[str, str]) -> str:
    """The licence that a distribution's metadata names, by SPDX; "" if it names none."""
    if expression := head["License-Expression"]:
        return str(expression)
    for classifier in head.get_all("Classifier", []):
        name = classifier.rpartition(" :: ")[2]
        if classifier.startswith("License :: ") and name in _SPDX:
            return _SPDX[name]
    text = str(head["License"] or "").strip()
    if canonical(str(head["Name"] or "")) == "pyinstaller":
        return _BOOTLOADER
    return text if "\n" not in text and len(text) < 80 else ""


def is_allowed(expression: str) -> bool:
    """Whether one of the alternatives of an SPDX expression may be given away."""
    choices = (choice.split(" AND ") for choice in expression.strip("()").split(" OR "))
    return any(all(part.strip() in ALLOWED for part in choice) for choice in choices)


def licence_in(entry: Component) -> str:
    """The licence of an entry of a bill; "" if it has none."""
    for one in entry.get("licenses") or ():
        return str(one.get("expression") or one.get("license", {}).get("id") or "")
    return ""


def contents(bundle: Path) -> set[str]:
    """What is in a bundle: files by their path below _internal/, modules as module.name."""
    from PyInstaller.archive.readers import ArchiveReadError, CArchiveReader

    inside = next((p for p in bundle.rglob("_internal") if p.is_dir()), bundle)
    found = {path.relative_to(inside).as_posix() for path in inside.rglob("*") if path.is_file()}
    for path in bundle.iterdir():
        if not path.is_file():
            continue
        try:
            archive = CArchiveReader(str(path))
        except (ArchiveReadError, ValueError):
            continue
        for entry, (*_, kind) in archive.toc.items():
            found.add(f"module:{entry}")
            if kind == "z":
                found |= {f"module:{name}" for name in archive.open_embedded_archive(entry).toc}
    return found


def is_in(files: Iterable[PurePosixPath], inside: set[str]) -> bool:
    """Whether one of a distribution's files is in a bundle, as a file or as a module."""
    for path in files:
        text = path.as_posix()
        if ".dist-info/" in text or text.startswith("../"):
            continue
        module = _MODULE.fullmatch(text)
        if text in inside or (module and f"module:{module['name'].replace('/', '.')}" in inside):
            return True
    return False


def distributions(inside: set[str]) -> list[Component]:
    """The distributions of this environment that are in the bundle."""
    found = []
    for one in metadata.distributions():
        name = canonical(one.metadata["Name"])
        # PyInstaller is in every bundle: as the starter.
        if name != "pyinstaller" and (name in BUILDERS or not is_in(one.files or (), inside)):
            continue
        head = HeaderParser().parsestr(one.read_text("METADATA") or "")
        found.append(
            component(
                *(name, one.version, licence_of(head)),
                purl=f"pkg:pypi/{name}@{one.version}",
                needs=[re.split(r"[ ;<>=!~\[(]", text)[0] for text in one.requires or ()],
            )
        )
    return found


def component(
    name: str,
    version: str,
    licence: str,
    *,
    purl: str,
    kind: str = "library",
    needs: Iterable[str] = (),
) -> Component:
    """An entry; `needs` are names, which become references at the end."""
    found: Component = {"type": kind, "bom-ref": purl, "name": name, "version": version}
    if licence:
        is_one = re.fullmatch(r"[A-Za-z0-9.+-]+", licence) is not None
        found["licenses"] = [{"license": {"id": licence}} if is_one else {"expression": licence}]
    return {**found, "purl": purl, "needs": sorted({canonical(need) for need in needs})}


def brought_along(inside: set[str]) -> list[Component]:
    """What comes in no distribution of its own name: Python, Qt, OpenSSL, ICU."""
    version = ".".join(map(str, sys.version_info[:3]))
    entries = [
        component(
            "python", version, "PSF-2.0", purl=f"pkg:generic/python@{version}", kind="platform"
        )
    ]
    try:
        from PySide6.QtCore import qVersion
    except ImportError:
        pass
    else:
        qt = qVersion()
        entries.append(
            component("qt", qt, "LGPL-3.0-only", purl=f"pkg:generic/qt@{qt}", kind="framework")
        )
    try:
        from cryptography.hazmat.backends.openssl.backend import backend
    except ImportError:
        pass
    else:
        ssl = backend.openssl_version_text().split()[1]
        entries.append(component("openssl", ssl, "Apache-2.0", purl=f"pkg:generic/openssl@{ssl}"))
    icus = {found[1] for path in inside if (found := _ICU.search(path))}  # a link leads to it, too
    return entries + [
        component("icu", icu, "Unicode-3.0", purl=f"pkg:generic/icu@{icu}") for icu in icus
    ]


def system_packages(inside: set[str]) -> dict[str, tuple[str, list[str]]]:
    """The packages of the system that libraries in the bundle come from: version, files.

    Empty where the system is not Debian or a relative of it.
    """
    names = sorted(name for name in inside if name.startswith(tuple(_OF_SYSTEM)))
    found: dict[str, tuple[str, list[str]]] = {}
    for name in names:
        told = _ask("dpkg-query", "--search", f"*/{name}")
        package = told.partition(":")[0]
        if package:
            version = _ask("dpkg-query", "--show", "--showformat=${Version}", package)
            found.setdefault(package, (version, []))[1].append(name)
    return found


def _ask(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def bill(version: str, commit_time: int, components: list[Component]) -> str:
    """The document. The same input gives the same text, whatever its order."""
    root = f"pkg:generic/cc-desktop@{version}"
    entries = sorted(components, key=lambda one: str(one["bom-ref"]))
    refs = {one["name"]: one["bom-ref"] for one in entries}
    depends = [{"ref": root, "dependsOn": sorted(refs.values())}] + [
        {"ref": one["bom-ref"], "dependsOn": sorted(refs[n] for n in one["needs"] if n in refs)}
        for one in entries
    ]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(commit_time, UTC)
            .isoformat()
            .replace("+00:00", "Z"),
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": "cc-desktop",
                "version": version,
                "licenses": [{"license": {"id": "MIT"}}],
                "purl": root,
            },
        },
        "components": [{k: v for k, v in one.items() if k != "needs"} for one in entries],
        "dependencies": depends,
    }
    serial = uuid.uuid5(_NAMESPACE, json.dumps(document, sort_keys=True))
    return json.dumps({**document, "serialNumber": f"urn:uuid:{serial}"}, indent=1) + "\n"


def of_bundle(bundle: Path, version: str, commit_time: int) -> str:
    """The bill of a bundle that was made in this environment."""
    inside = contents(bundle)
    found = [*distributions(inside), *brought_along(inside)]
    for package, (number, files) in system_packages(inside).items():
        purl = f"pkg:deb/debian/{package}@{number}"
        licence = next(_OF_SYSTEM[begin] for begin in _OF_SYSTEM if files[0].startswith(begin))
        found.append(component(package, number, licence, purl=purl))
    return bill(version, commit_time, found)


def main() -> int:
    """Write the bill that the command line asks for."""
    bundle, version, commit_time, target = sys.argv[1:]
    Path(target).write_text(
        of_bundle(Path(bundle), version, int(commit_time)), "utf-8", newline="\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
