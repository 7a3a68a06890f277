"""`make package`: what a person downloads, in dist/.

On Linux the .deb and the portable archive, on Windows the installer (where Inno Setup is), on macOS
the app in a .zip. The bundle that they hold stays in build/package/dist, the table of what is in
it in dist/. Two builds of one commit are equal, see compare.py.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import bundle
import licences

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build/package"
MIB = 2**20
WINDOWS, MACOS = sys.platform == "win32", sys.platform == "darwin"
MAX_COMPRESSED = (45 if WINDOWS or MACOS else 28) * MIB  # there never measured


def version() -> str:
    """The version of the app."""
    text = (ROOT / "cc_desktop/__init__.py").read_text("utf-8")
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if found is None:
        raise bundle.BuildError("cc_desktop/__init__.py has no version")
    return found[1]


def commit_time() -> int:
    """When the commit was made, seconds since the epoch; outside of git, SOURCE_DATE_EPOCH."""
    if told := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(told)
    git = shutil.which("git")
    command = [git or "git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    done = subprocess.run(command, capture_output=True, text=True, check=False) if git else None
    if done is None or done.returncode:
        raise bundle.BuildError("not a git checkout: SOURCE_DATE_EPOCH has to say its time")
    return int(done.stdout)


def system() -> str:
    """The system that is built for, as names of downloads have it."""
    if WINDOWS:
        return "windows-x86_64"
    return f"macos-{platform.machine()}" if MACOS else f"linux-{platform.machine()}"


def prepare_python() -> Path:
    """An environment with the packages of requirements/package.txt; its Python."""
    lock = ROOT / "requirements/package.txt"
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    state = f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {base} {sys.version}\n"
    folder, stamp = WORK / "venv", WORK / "venv/made-from"
    python = folder / ("Scripts/python.exe" if WINDOWS else "bin/python")
    if stamp.exists() and stamp.read_text("utf-8") == state:
        return python
    say("making the environment of the bundle: the packages of requirements/package.txt")
    subprocess.run([str(base), "-m", "venv", "--clear", str(folder)], check=True)
    options = ["--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, *options], check=True)
    stamp.write_text(state, "utf-8")
    return python


def say(text: str) -> None:
    """Tell who builds, in the order of what the tools print."""
    print(f"package: {text}", flush=True)


def main() -> int:
    """Build for this system."""
    try:
        made = build()
    except bundle.BuildError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    for path in made:
        say(f"{path.relative_to(ROOT)}: {path.stat().st_size / MIB:.1f} MiB")
    return 0


def build() -> list[Path]:
    """Build; what was made.

    Raises:
        BuildError: what was made is not fit to be given away.
    """
    when, name = commit_time(), version()
    env = bundle.environment(when)
    WORK.mkdir(parents=True, exist_ok=True)
    python = prepare_python()
    say("making the bundle with PyInstaller")
    made = bundle.build(python, WORK, env)
    if not WINDOWS and not MACOS:
        bundle.clean(made, Path(sys.base_prefix))
    table = bundle.table(made)
    (ROOT / "dist").mkdir(exist_ok=True)
    kept = ROOT / "dist" / f"cc-desktop-{name}-contents.txt"
    kept.write_text(table, "utf-8")
    print(table, flush=True)
    bundle.check_size(made)
    say("writing the bill of materials")
    bill = ROOT / "dist" / f"cc-desktop-{name}-{system()}.cdx.json"
    command = [str(python), str(ROOT / "packaging/sbom.py"), str(made), name, str(when), str(bill)]
    subprocess.run(command, env=env, check=True)
    texts = licences.collect(python, ROOT, made)
    if WINDOWS:
        downloads = [windows_installer(made, texts, name)]
    elif MACOS:
        downloads = [macos_archive(texts, name)]
    else:
        downloads = linux_packages(made, texts, name, when, python, env)
    for path in downloads:
        if path.stat().st_size > MAX_COMPRESSED:
            raise bundle.BuildError(f"{path.name} is larger than {MAX_COMPRESSED / MIB:.0f} MiB")
    return [kept, bill, *downloads]


def linux_packages(
    made: Path, texts: str, name: str, when: int, python: Path, env: dict[str, str]
) -> list[Path]:
    """The .deb and the archive."""
    import archive
    import deb
    import linux_files

    missing = [tool for tool in ("dpkg-deb", "dpkg-shlibdeps", "xz") if not shutil.which(tool)]
    if missing:
        raise bundle.BuildError(f"not installed: {', '.join(missing)} (Debian: dpkg-dev, xz-utils)")
    share = WORK / "share"
    shutil.rmtree(share, ignore_errors=True)
    say("painting the icons")
    linux_files.write_share(ROOT, share, python, env, name, when)
    say("packing the .deb")
    package = deb.build(ROOT, WORK, made, share, texts, name, when, env)
    say("packing the archive")
    return [package, archive.build(ROOT, WORK, made, share, texts, name, when)]


def windows_installer(made: Path, texts: str, name: str) -> Path:
    """The installer, by Inno Setup."""
    compiler = shutil.which("iscc")
    if compiler is None:
        raise bundle.BuildError("not on the PATH: iscc, the compiler of Inno Setup 6")
    (made / "LICENCES.txt").write_text(texts, "utf-8")
    command = [
        *(compiler, "/Qp", f"/DVersion={name}", f"/DBundle={made}", f"/O{ROOT / 'dist'}"),
        str(ROOT / "packaging/windows/cc-desktop.iss"),
    ]
    subprocess.run(command, check=True)
    return ROOT / "dist" / f"cc-desktop-{name}-windows-x86_64-setup.exe"


def macos_archive(texts: str, name: str) -> Path:
    """The app in a .zip, signed if packaging/macos/sign can."""
    app = WORK / "dist/Control Center Desktop.app"
    (app / "Contents/Resources/LICENCES.txt").write_text(texts, "utf-8")
    machine = os.uname().machine  # type: ignore[attr-defined, unused-ignore]
    target = ROOT / "dist" / f"cc-desktop-{name}-macos-{machine}.zip"
    subprocess.run([str(ROOT / "packaging/macos/sign"), str(app), str(target)], check=True)
    return target


if __name__ == "__main__":
    sys.exit(main())
