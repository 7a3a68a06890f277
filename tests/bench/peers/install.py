"""Other tray apps in Python, in a cache of this user: Vorta from PyPI, Nagstamon from Debian.

Both come through the clients of their registries, pip and apt, as the machine has them set up.
Nothing is installed into the system: Vorta gets an environment of its own, and the packages of
Nagstamon and of what it needs are unpacked into a folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

VORTA = "0.11.6"
PATIENCE_S = 600.0
_LIBRARIES = "usr/lib/{machine}-linux-gnu"


class UnavailableError(Exception):
    """A program cannot be had here; the text says why."""


@dataclass(frozen=True)
class Installed:
    """How a program is started.

    Attributes:
        version: The version, as its registry has it.
        command: The command.
        env: Variables that it needs.
    """

    version: str
    command: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)


def default_cache() -> Path:
    """The folder for what is fetched; CC_DESKTOP_BENCH_CACHE names another."""
    if named := os.environ.get("CC_DESKTOP_BENCH_CACHE"):
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "cc-desktop-bench"


def vorta(cache: Path) -> Installed:
    """Vorta, a tray app for backups (PyQt6, PyPI).

    Raises:
        UnavailableError: pip could not get it.
    """
    folder = cache / f"vorta-{VORTA}"
    python = folder / "bin/python"
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        options = ("--quiet", "--disable-pip-version-check", "--only-binary", "PyQt6,psutil")
        _run(str(python), "-m", "pip", "install", *options, f"vorta=={VORTA}")
        (folder / "made").touch()
    return Installed(VORTA, (str(python), "-m", "vorta", "--foreground"))


def nagstamon(cache: Path) -> Installed:
    """Nagstamon, a tray app that watches monitoring servers (PyQt6, Debian).

    Raises:
        UnavailableError: This is no Debian, or apt could not get it.
    """
    if sys.platform != "linux" or not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise UnavailableError("no apt here")
    folder = cache / "nagstamon"
    root, made = folder / "root", folder / "made"
    if not made.exists():
        shutil.rmtree(folder, ignore_errors=True)
        root.mkdir(parents=True)
        # What the system has already stays where it is. A dry run needs no rights.
        told = _run("apt-get", "--simulate", "--no-install-recommends", "install", "nagstamon")
        names = [line.split()[1] for line in told.splitlines() if line.startswith("Inst ")]
        if not names:  # it is installed
            names = ["nagstamon"]
        _run("apt-get", "--quiet", "download", *names, folder=folder)
        packages = sorted(folder.glob("*.deb"))
        for package in packages:
            _run("dpkg-deb", "--extract", str(package), str(root))
        (found,) = (path.name for path in packages if path.name.startswith("nagstamon_"))
        made.write_text(found.split("_")[1])
    libraries = root / _LIBRARIES.format(machine=os.uname().machine)
    env = {
        "PYTHONPATH": str(root / "usr/lib/python3/dist-packages"),
        "LD_LIBRARY_PATH": f"{libraries}:{root / 'lib' / libraries.name}",
        "QT_PLUGIN_PATH": str(libraries / "qt6/plugins"),
    }
    return Installed(made.read_text(), ("/usr/bin/python3", str(root / "usr/bin/nagstamon")), env)


PROGRAMS: dict[str, Callable[[Path], Installed]] = {"Vorta": vorta, "Nagstamon": nagstamon}


def _run(*command: str, folder: Path | None = None) -> str:
    """What a command prints.

    Raises:
        UnavailableError: It failed, or took too long.
    """
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"{command[0]}: {error}") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise UnavailableError(f"{Path(command[0]).name} failed: {last}")
    return done.stdout
