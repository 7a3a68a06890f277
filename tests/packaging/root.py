"""Clean Debian systems in folders, made by debootstrap: what a person's machine may be.

    root = DebianRoot.make(tmp_path / "root")
    root.apt("install", "/tmp/some.deb")
    root.run("cc-desktop", "--version", user=USER)

A command runs in a mount namespace of its own, so that nothing stays mounted whatever happens. The
packages come from where this machine's own come from.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SUITE = "bookworm"  # the release that packages are built on, and this machine's own
NEXT_SUITE = "trixie"  # Debian 13
PARTS = ("", "-updates", "-security")
USER, UID = "op", 1000
HOME = f"/home/{USER}"
MAX_AGE_S = 7 * 86400  # of the cached root: then its packages are out of date
_KEYRING = "usr/share/keyrings/debian-archive-keyring.gpg"


def cache() -> Path:
    """Where the system as debootstrap leaves it is kept, and the packages that were fetched."""
    if named := os.environ.get("CC_DESKTOP_PACKAGE_CACHE"):
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "cc-desktop-package"


def need_roots() -> None:
    """Skip where no system can be made; fail where all tests have to run."""
    reason = ""
    if os.geteuid() != 0:
        reason = "a Debian in a folder needs root"
    elif missing := [
        name for name in ("debootstrap", "unshare", "chroot") if not shutil.which(name)
    ]:
        reason = f"not installed: {', '.join(missing)}"
    elif subprocess.run(
        ["unshare", "--mount", "true"], stderr=subprocess.PIPE, check=False
    ).returncode:
        reason = "no mount namespaces here (a container needs the right to make them)"
    if reason and os.environ.get("CC_DESKTOP_LAB_REQUIRED"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


class DebianRoot:
    """A system in a folder."""

    def __init__(self, path: Path, suite: str = SUITE) -> None:
        self.path = path
        self._kept = cache() / ("archives" if suite == SUITE else f"archives-{suite}")

    @classmethod
    def make(cls, path: Path, suite: str = SUITE) -> DebianRoot:
        """A new one: the smallest that apt works in, and a user without rights."""
        path.mkdir(parents=True)
        with tarfile.open(_pristine(suite)) as tar:
            tar.extractall(path, numeric_owner=True, filter="fully_trusted")  # noqa: S202 - our own
        root = cls(path, suite)
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", path / "etc" / name)
        (path / "etc/apt/sources.list").write_text("".join(sources(suite)), "utf-8")
        root._kept.mkdir(exist_ok=True)
        for package in root._kept.glob("*.deb"):
            shutil.copy(package, path / "var/cache/apt/archives")
        root.apt("update")
        root.run("useradd", "--create-home", "--uid", str(UID), "--shell", "/bin/sh", USER)
        return root

    def command(self, *words: str, user: str = "root") -> list[str]:
        """What runs `words` in it."""
        drop = (
            []
            if user == "root"
            else ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"]
        )
        return [
            *("unshare", "--mount", f"--root={self.path}", f"--wd={self.home(user)}"),
            *("--mount-proc", "--", *drop, *words),
        ]

    def environment(
        self, user: str = "root", more: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """What a session of the user would have, and nothing of the tests'."""
        return {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": self.home(user),
            "USER": user,
            "LC_ALL": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            **(more or {}),
        }

    def home(self, user: str) -> str:
        """Their home."""
        return HOME if user == USER else "/root"

    def run(self, *words: str, user: str = "root", timeout_s: float = 60.0, expect: int = 0) -> str:
        """Run a command in it; what it printed. Another exit code than `expect` fails."""
        done = subprocess.run(
            self.command(*words, user=user),
            env=self.environment(user),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=False,
        )
        text = done.stdout.decode("utf-8", "replace")
        assert done.returncode == expect, f"{words} ended with {done.returncode}:\n{text}"
        return text

    def apt(self, *words: str) -> str:
        """Run apt-get; what it fetched is kept for the next time."""
        options = ("-qq", "-y", "--no-install-recommends", "-o", "APT::Sandbox::User=root")
        told = self.run("apt-get", *options, *words, timeout_s=600.0)
        for package in (self.path / "var/cache/apt/archives").glob("*.deb"):
            if not (self._kept / package.name).exists():
                shutil.copy(package, self._kept)
        return told

    def put(self, file: Path, folder: str = "/tmp") -> str:  # noqa: S108 - inside of the root
        """Copy a file into it; where it is there."""
        copied = shutil.copy(file, self.path / folder.lstrip("/"))
        if folder == HOME:
            os.chown(copied, UID, UID)
        return f"{folder}/{file.name}"

    def secret(self, text: str) -> str:
        """Write a file that only the user can read; where it is there."""
        path = self.path / HOME.lstrip("/") / "token"
        path.touch(mode=0o600)
        path.write_text(text, "utf-8")
        os.chown(path, UID, UID)
        return f"{HOME}/token"

    def remove(self) -> None:
        """Take it away."""
        shutil.rmtree(self.path)

    def files(self) -> set[str]:
        """Every path in it but those of apt's and dpkg's own books, of logs and of caches."""
        books = ("proc/", "tmp/", "var/cache/", "var/lib/apt/", "var/lib/dpkg/", "var/log/")
        found = (path.relative_to(self.path).as_posix() for path in _walk(self.path))
        return {name for name in found if not name.startswith(books)}


def _walk(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            yield Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path))


def sources(suite: str = SUITE) -> list[str]:
    """Package sources for a release of Debian: where this machine's own release comes from."""
    return [
        f"deb [signed-by=/{_KEYRING}] {place} {suite}{part} main\n"
        for part, place in sorted(_places().items())
    ]


def _places() -> dict[str, str]:
    """Where each part of this machine's release comes from: "", "-updates", "-security"."""
    found: dict[str, str] = {}
    parts = {f"{SUITE}{part}": part for part in PARTS}
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for file in files:
        text = file.read_text("utf-8") if file.is_file() else ""
        entries: list[tuple[list[str], list[str]]] = []
        if file.suffix == ".sources":
            for stanza in re.split(r"\n\s*\n", text):
                keys = dict(re.findall(r"^([\w-]+):\s*(.*)$", stanza, re.MULTILINE))
                entries.append((keys.get("URIs", "").split(), keys.get("Suites", "").split()))
        elif file.suffix == ".list":
            for place, suite in re.findall(
                r"^deb\s+(?:\[.*?\]\s+)?(\S+)\s+(\S+)", text, re.MULTILINE
            ):
                entries.append(([place], [suite]))
        for places, suites in entries:
            for suite in parts.keys() & set(suites):
                if places:
                    found.setdefault(parts[suite], places[0])
    if "" not in found:
        reason = f"the package sources of this machine do not have Debian {SUITE}"
        if os.environ.get("CC_DESKTOP_LAB_REQUIRED"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _pristine(suite: str) -> Path:
    """The system as debootstrap leaves it, from the cache if it is there and not too old."""
    folder = cache()
    kept = folder / f"{suite}.tar"
    if kept.exists() and time.time() - kept.stat().st_mtime < MAX_AGE_S:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    place = _places()[""]
    work, draft = folder / f"{suite}.new", folder / f"{suite}.tar.new"
    shutil.rmtree(work, ignore_errors=True)
    # Without trust in any authority, a root could not fetch over https.
    more = ["--include=ca-certificates"] if place.startswith("https:") else []
    keyring = f"/{_KEYRING}"
    command = [
        "debootstrap",
        "--variant=minbase",
        f"--keyring={keyring}",
        *more,
        suite,
        str(work),
        place,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        pytest.fail(f"debootstrap: {done.stdout[-2000:]}")
    with tarfile.open(draft, "w") as tar:
        tar.add(work, ".")
    draft.replace(kept)
    shutil.rmtree(work)
    return kept
