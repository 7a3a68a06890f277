"""The Debian package."""

from __future__ import annotations

import re
import shutil
import subprocess
from email.utils import formatdate
from typing import TYPE_CHECKING

import elf
import linux_files
from bundle import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAINTAINER = "Control Center Desktop contributors <cc-desktop@localhost>"
# In the bundle for who unpacks the archive; here they are dependencies.
OF_SYSTEM = ("libxcb-*", "libxkbcommon*")
# Loaded only where there is GTK, so nobody needs GTK for it.
OPTIONAL = "libqgtk3.so"
# Not linked to, but without these there is no text, no avatar, and no trust in any gateway.
BESIDES = (
    "ca-certificates",
    "fonts-dejavu-core | fonts-liberation | fonts-noto-core | fonts-ubuntu",
    "fonts-noto-color-emoji",
)
RECOMMENDED = (
    "default-dbus-session-bus | dbus-session-bus",  # the tray, notifications
    "xdg-utils",  # opens web pages
)
SUGGESTED = ("gnome-keyring | kwalletmanager | keepassxc",)

CONTROL = """\
Package: cc-desktop
Version: {version}
Architecture: amd64
Maintainer: {maintainer}
Installed-Size: {size}
Depends: {depends}
Recommends: {recommends}
Suggests: {suggests}
Section: net
Priority: optional
Description: state of your OpenClaw agents in the tray
 Control Center Desktop sits in the tray and tells how a fleet of AI agents on
 OpenClaw gateways is: one glance at the icon says whether all is well, who
 works, and who needs you. One click opens the fleet, one more the agent, with
 what it does now, what it did, and why it failed.
 .
 This package brings its own Python and Qt.
"""
CHANGELOG = """\
cc-desktop ({version}) unstable; urgency=medium

  * Version {version}; what is new is in CHANGELOG.md of the sources.

 -- {maintainer}  {date}
"""


def build(
    root: Path,
    work: Path,
    bundle: Path,
    share: Path,
    licences: str,
    version: str,
    commit_time: int,
    env: Mapping[str, str],
) -> Path:
    """Make dist/cc-desktop_<version>_amd64.deb; its path.

    Raises:
        BuildError: a library comes from no package, or the versions do not agree.
    """
    tree = work / "debian/cc-desktop"
    shutil.rmtree(work / "debian", ignore_errors=True)
    usr = tree / "usr"
    app = usr / "lib/cc-desktop"
    shutil.copytree(bundle, app, symlinks=True)
    for pattern in OF_SYSTEM:
        for path in (app / "_internal").glob(pattern):
            path.unlink()
    shutil.copytree(share, usr / "share")
    (usr / "bin").mkdir()
    (usr / "bin/cc-desktop").symlink_to("../lib/cc-desktop/cc-desktop")
    _write_documents(root, usr / "share", licences, version, commit_time)
    _set_modes(tree)

    control = tree / "DEBIAN"
    control.mkdir()
    sizes = [path.lstat().st_size for path in usr.rglob("*") if path.is_file()]
    text = CONTROL.format(
        version=version,
        maintainer=MAINTAINER,
        size=sum(-(-size // 1024) for size in sizes),
        depends=", ".join(sorted([*_linked(tree, work, env), *BESIDES])),
        recommends=", ".join(RECOMMENDED),
        suggests=", ".join(SUGGESTED),
    )
    (control / "control").write_text(text, "utf-8")
    _write_sums(tree, control / "md5sums", env)
    for path in (control, *control.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)

    target = root / "dist" / f"cc-desktop_{version}_amd64.deb"
    target.parent.mkdir(exist_ok=True)
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(target)]
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=True)
    return target


def _write_documents(root: Path, share: Path, licences: str, version: str, when: int) -> None:
    folder = share / "doc/cc-desktop"
    folder.mkdir(parents=True)
    words = (root / "LICENSE").read_text("utf-8").strip()
    licence = "\n".join(f" {line}" if line else " ." for line in words.splitlines())
    text = linux_files.fill(root / "packaging/linux/copyright.in", {"LICENCE": licence})
    (folder / "copyright").write_text(text, "utf-8")
    (folder / "LICENCES.gz").write_bytes(linux_files.compress(licences))
    date = formatdate(when)
    changes = CHANGELOG.format(version=version, maintainer=MAINTAINER, date=date)
    (folder / "changelog.gz").write_bytes(linux_files.compress(changes))
    overrides = share / "lintian/overrides"
    overrides.mkdir(parents=True)
    shutil.copy(root / "packaging/linux/lintian-overrides", overrides / "cc-desktop")


def _set_modes(tree: Path) -> None:
    """What a package's files have to be, whatever the umask was."""
    tree.chmod(0o755)
    for path in tree.rglob("*"):
        if path.is_symlink():
            continue
        program = path.parent == tree / "usr/lib/cc-desktop" and elf.is_elf(path)
        path.chmod(0o755 if path.is_dir() or program else 0o644)


def _linked(tree: Path, work: Path, env: Mapping[str, str]) -> list[str]:
    """The packages of the libraries that the bundle is linked to, with the versions it needs."""
    files = [path for path in elf.files(tree) if path.name != OPTIONAL]
    # The tool wants a source package's folder around it.
    source = "Source: cc-desktop\n\nPackage: cc-desktop\nArchitecture: amd64\n"
    (work / "debian/control").write_text(source, "utf-8")
    own = {f"-l{path.parent}" for path in files if ".so" in path.name}
    done = subprocess.run(
        ["dpkg-shlibdeps", "-O", *sorted(own), *(f"-e{path}" for path in files)],
        cwd=work,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildError(f"dpkg-shlibdeps: {done.stderr}")
    depends = done.stdout.strip().removeprefix("shlibs:Depends=").split(", ")
    glibc = elf.versions(files)["GLIBC"]
    declared = next((re.search(r"\(>= (.+)\)", d) for d in depends if d.startswith("libc6 ")), None)
    if declared is None or tuple(map(int, declared[1].split("."))) < glibc:
        raise BuildError(f"needs glibc {glibc}, but declares {declared and declared[0]}")
    return depends


def _write_sums(tree: Path, target: Path, env: Mapping[str, str]) -> None:
    names = sorted(
        path.relative_to(tree).as_posix()
        for path in (tree / "usr").rglob("*")
        if path.is_file() and not path.is_symlink()
    )
    command = ["md5sum", *names]
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=True)
    target.write_text(done.stdout, "utf-8")
