"""Install the exact releases that the lab runs: Node, two OpenClaw gateways and the schema.

They are large (about 1.4 GB), so they live in a cache outside of the tree:
``$CC_DESKTOP_LAB_CACHE``, else ``$XDG_CACHE_HOME/cc-desktop-lab``, else
``~/.cache/cc-desktop-lab``. `ensure_lab` installs what is missing, with `npm` from the PATH, and
costs nothing when everything is there. ``python -m tests.lab.install`` does it by hand.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NODE_VERSION = "26.10.0"
OPENCLAW_VERSIONS = ("2026.5.7", "2026.9.6")
# Named exactly: what the package's tag "latest" points to is an empty 0.0.0.
SCHEMA_VERSION = "2026.9.1"

_INSTALL_TIMEOUT_S = 900.0
# npm 12 asks before it runs a package's scripts, a gateway needs none of them, and the flags are
# known to npm 9 (Debian 12) as well as to npm 11. A user's own npmrc must not decide about them.
_NPM_FLAGS = (
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--no-package-lock",
    "--engine-strict=false",
    "--loglevel=error",
)


class LabUnavailable(Exception):  # noqa: N818 - a reason to skip, not a fault
    """The lab cannot be installed here; the text says why and is meant for a test's skip."""


@dataclass(frozen=True, slots=True)
class Lab:
    """Where the installed releases are.

    Attributes:
        node: the Node executable that the gateways run on.
        openclaw: the ``openclaw.mjs`` of each release, by its version.
        schema: the ``protocol.schema.json`` of the gateway protocol.
    """

    node: Path
    openclaw: dict[str, Path]
    schema: Path


@dataclass(frozen=True, slots=True)
class _Package:
    """One npm package of the lab and the file in it that says that it is all there."""

    name: str
    version: str
    marker: str

    @property
    def folder(self) -> str:
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}"

    def path(self, cache: Path) -> Path:
        return cache / self.folder / "node_modules" / self.name / self.marker


def default_cache() -> Path:
    """The folder that the environment names for the lab's downloads."""
    if named := os.environ.get("CC_DESKTOP_LAB_CACHE"):
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "cc-desktop-lab"


def ensure_lab(cache: Path | None = None) -> Lab:
    """Return the lab, after installing what of it is missing in `cache`.

    Another process that installs into the same cache is waited for.

    Raises:
        LabUnavailable: npm is missing, the system has no Node package, or an install failed.
    """
    cache = cache or default_cache()
    node = _node_package()
    gateways = {v: _Package("openclaw", v, "openclaw.mjs") for v in OPENCLAW_VERSIONS}
    schema = _Package("@openclaw/gateway-protocol", SCHEMA_VERSION, "protocol.schema.json")
    packages = [node, *gateways.values(), schema]
    if not all(package.path(cache).is_file() for package in packages):
        try:
            cache.mkdir(parents=True, exist_ok=True)
            with _locked(cache / "install.lock"):
                _sweep(cache)
                for package in packages:
                    if not package.path(cache).is_file():
                        _install(package, cache)
        except OSError as error:
            raise LabUnavailable(f"cannot write to {cache}: {error}") from error
    return Lab(
        node=node.path(cache),
        openclaw={version: package.path(cache) for version, package in gateways.items()},
        schema=schema.path(cache),
    )


def _node_package() -> _Package:
    """The package that holds the Node executable for this system.

    The package ``node`` itself is only a script that installs this one, and newer npm releases
    do not run such scripts unasked.
    """
    machine = platform.machine().lower()
    arch = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(machine)
    if sys.platform == "linux" and arch:
        return _Package(f"node-linux-{arch}", NODE_VERSION, "bin/node")
    if sys.platform == "darwin" and arch:
        prefix = "node-bin" if arch == "arm64" else "node"
        return _Package(f"{prefix}-darwin-{arch}", NODE_VERSION, "bin/node")
    raise LabUnavailable(f"no Node package for {sys.platform} on {machine or 'an unknown machine'}")


def _install(package: _Package, cache: Path) -> None:
    """Install `package` beside its place and move it there when it is complete."""
    npm = shutil.which("npm")
    if npm is None:
        raise LabUnavailable("npm is not on the PATH; the lab needs it to install its gateways")
    what = f"{package.name}@{package.version}"
    started = time.monotonic()
    staging = Path(tempfile.mkdtemp(prefix="staging-", dir=cache))
    try:
        # Without it npm would look for a project further up, and install there.
        (staging / "package.json").write_text(json.dumps({"private": True}), encoding="utf-8")
        _run_npm([npm, "install", *_NPM_FLAGS, "--save-exact", what], staging, what)
        if not (staging / "node_modules" / package.name / package.marker).is_file():
            raise LabUnavailable(f"{what} was installed, but has no {package.marker}")
        place = cache / package.folder
        shutil.rmtree(place, ignore_errors=True)
        staging.rename(place)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    print(f"lab: installed {what} in {time.monotonic() - started:.1f} s", flush=True)


def _run_npm(command: list[str], folder: Path, what: str) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_INSTALL_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LabUnavailable(f"npm took too long to install {what}: {error.timeout:g} s") from error
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise LabUnavailable(f"npm could not install {what} (exit {done.returncode}):\n{tail}")


def _sweep(cache: Path) -> None:
    """Remove what interrupted installs left behind (the caller holds the lock)."""
    for left in cache.glob("staging-*"):
        shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock file; the system lets go of it when the process ends in whatever way."""
    import fcntl  # not on Windows, where `_node_package` has given up before

    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Install the lab and say where it is."""
    try:
        lab = ensure_lab()
    except LabUnavailable as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    for path in (lab.node, *lab.openclaw.values(), lab.schema):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
