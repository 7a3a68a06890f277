"""What must not be in a bundle: tests, secrets, and where it was built.

    python packaging/scan.py FOLDER

FOLDER is a bundle, or a package or archive that was unpacked. The program inside the starter and
the compressed library of Python are looked into as well. Exit code 1 if something was found.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from PyInstaller.archive.readers import ArchiveReadError, CArchiveReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parent.parent

TESTS = re.compile(
    r"(^|[./])(test|tests|conftest|unittest|doctest|pytest|_pytest|hypothesis|QtTest|test_[^/]+)([./]|$)"
)
PRIVATE_FILES = re.compile(
    r"(^|/)(\.env|\.netrc|\.npmrc|\.git|id_(rsa|ed25519)|identity\.json)(/|$)"
)
SECRETS = {
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{60}",
    "a token of GitHub": rb"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50})",
    "a token of PyPI": rb"\bpypi-Ag[A-Za-z0-9_-]{50}",
    "a key of AWS": rb"\bAKIA[0-9A-Z]{16}\b",
    "a key of a model's provider": rb"\bsk-(ant-|proj-)?[A-Za-z0-9_-]{32}",
}
SECRET_NAMES = re.compile(r"TOKEN|SECRET|PASSWORD|PASSPHRASE|API_?KEY|CREDENTIAL", re.IGNORECASE)


def places() -> dict[str, bytes]:
    """The paths of this machine that a build could leave behind, by what they are."""
    found = {"the checkout": str(ROOT), "the home directory": f"{Path.home()}{os.sep}"}
    if Path(sys.base_prefix) not in (Path("/usr"), Path("/usr/local")):
        found["Python's directory"] = sys.base_prefix
    return {what: os.fsencode(path) for what, path in found.items()}


def private_values() -> dict[str, bytes]:
    """What the environment holds that nobody else may know, by the name of the variable."""
    return {
        name: os.fsencode(value)
        for name, value in os.environ.items()
        if SECRET_NAMES.search(name) and len(value) >= 12 and not Path(value).exists()
    }


def published(site_packages: Path) -> set[str]:
    """The hashes of the files of all installed packages, as their wheels tell them."""
    hashes = set()
    for record in site_packages.glob("*.dist-info/RECORD"):
        for encoded in re.findall(r",sha256=([^,]+),", record.read_text("utf-8")):
            hashes.add(base64.urlsafe_b64decode(encoded + "==").hex())
    return hashes


def parts(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file, and of all that is packed inside of some."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield name, os.fsencode(path.readlink())
        elif path.is_file():
            data = path.read_bytes()
            yield name, data
            if path.suffix == ".gz":
                yield f"{name}:", gzip.decompress(data)
            elif path.suffix == ".zip":
                with zipfile.ZipFile(path) as archive:
                    for member in archive.namelist():
                        yield f"{name}:{member}", archive.read(member)
            else:
                yield from _program(path, name)


def _program(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """The scripts and modules that PyInstaller has put into a starter."""
    try:
        archive = CArchiveReader(str(path))
    except (ArchiveReadError, ValueError):
        return
    for entry, (*_, kind) in archive.toc.items():
        if kind == "z":
            modules = archive.open_embedded_archive(entry)
            for module in modules.toc:
                yield f"{name}:{module}", modules.extract(module, raw=True) or b""
        else:
            yield f"{name}:{entry}", archive.extract(entry) or b""


def findings(
    folder: Path, *, here: dict[str, bytes], private: dict[str, bytes], known: Iterable[str] = ()
) -> list[str]:
    """What was found, a line each.

    Args:
        folder: What is looked through.
        here: Paths that must not be in it, by what they are.
        private: Values that must not be in it, by their names.
        known: Hashes (SHA-256) of files that were published like that; paths in them are of those
            who published them.
    """
    known, found = set(known), []
    for name, data in parts(folder):
        if TESTS.search(name):
            found.append(f"{name}: a test")
        if PRIVATE_FILES.search(name):
            found.append(f"{name}: a private file")
        for what, pattern in SECRETS.items():
            if re.search(pattern, data):
                found.append(f"{name}: {what}")
        found += [
            f"{name}: the value of {word}" for word, value in private.items() if value in data
        ]
        paths = [what for what, path in here.items() if path in data]
        if paths and hashlib.sha256(data).hexdigest() not in known:
            found += [f"{name}: the path of {what}" for what in paths]
    return found


def main() -> int:
    """Look through the folder that the command line names."""
    folder = Path(sys.argv[1])
    site_packages = next((ROOT / "build/package/venv").glob("**/site-packages"))
    found = findings(
        folder, here=places(), private=private_values(), known=published(site_packages)
    )
    print("\n".join(found) or f"{folder}: nothing that must not be there")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
