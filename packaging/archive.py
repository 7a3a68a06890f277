"""The portable archive for Linux: to be unpacked anywhere, with no rights at all."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

import elf
import linux_files

if TYPE_CHECKING:
    from pathlib import Path


def build(
    root: Path,
    work: Path,
    bundle: Path,
    share: Path,
    licences: str,
    version: str,
    commit_time: int,
) -> Path:
    """Make dist/cc-desktop-<version>-linux-x86_64.tar.xz; its path."""
    name = f"cc-desktop-{version}"
    tree = work / "archive" / name
    shutil.rmtree(tree.parent, ignore_errors=True)
    shutil.copytree(bundle, tree, symlinks=True)
    shutil.copytree(share, tree / "share")
    shutil.copy(root / "packaging/linux/install", tree)
    (tree / "LICENCES").write_text(licences, "utf-8")
    files = elf.files(tree)
    words = {
        "VERSION": version,
        "GLIBC": ".".join(map(str, elf.versions(files)["GLIBC"])),
        "LIBRARIES": "\n".join(f"    {name}" for name in libraries(files)),
    }
    text = linux_files.fill(root / "packaging/linux/archive-readme.in", words)
    (tree / "README").write_text(text, "utf-8")

    target = root / "dist" / f"{name}-linux-x86_64.tar.xz"
    target.parent.mkdir(exist_ok=True)
    plain = work / "archive" / f"{name}.tar"
    with tarfile.open(plain, "w", format=tarfile.GNU_FORMAT) as tar:
        for path in [tree, *sorted(tree.rglob("*"))]:
            tar.add(
                path,
                path.relative_to(tree.parent).as_posix(),
                recursive=False,
                filter=lambda info: _plain(info, commit_time),
            )
    # With several threads xz cuts the text in blocks, and the result does not depend on how many.
    command = ["xz", "--keep", "--stdout", "-6", "--threads=2", str(plain)]
    with target.open("wb") as file:
        subprocess.run(command, stdout=file, check=True)
    plain.unlink()
    return target


def libraries(files: list[Path]) -> list[str]:
    """What `files` are linked to and do not bring, but for what only the GTK theme asks for."""
    own = {path.name for path in files}
    wanted = {name for path in files if path.name != "libqgtk3.so" for name in elf.needed(path)}
    return sorted(name for name in wanted - own if not name.startswith("ld-linux"))


def _plain(info: tarfile.TarInfo, when: int) -> tarfile.TarInfo:
    """Of nobody, from the time of the commit."""
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    info.mtime = when
    if not info.issym():
        info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
    return info
