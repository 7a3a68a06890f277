"""Whether two builds are equal, and if not, where they differ.

    python packaging/compare.py A B

A and B are folders, .deb packages or tar archives. Compared are names, kinds, modes, links and the
hashes of contents, in archives times and owners too; what is compressed is compared as it was
before. Exit code 1 if they differ.
"""

from __future__ import annotations

import hashlib
import io
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

Facts = dict[str, str]


def facts(path: Path) -> Facts:
    """What each file in `path` is, by its name."""
    if path.is_dir():
        return _folder(path)
    if path.suffix != ".deb":
        return _tar(path.read_bytes())
    found: Facts = {}
    for part, option in (("control", "--ctrl-tarfile"), ("data", "--fsys-tarfile")):
        done = subprocess.run(["dpkg-deb", option, str(path)], stdout=subprocess.PIPE, check=True)
        found |= {f"{part}:{name}": fact for name, fact in _tar(done.stdout).items()}
    return found


def _folder(folder: Path) -> Facts:
    found = {}
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        if path.is_symlink():
            what = f"link to {path.readlink()}"
        else:
            what = "folder" if path.is_dir() else _content(path.read_bytes())
        found[path.relative_to(folder).as_posix()] = f"{stat.filemode(mode)} {what}"
    return found


def _tar(data: bytes) -> Facts:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for info in tar:
            if info.issym():
                what = f"link to {info.linkname}"
            else:
                file = tar.extractfile(info)
                what = _content(file.read()) if file is not None else "folder"
            owner = f"{info.uname}:{info.gname}"
            found[info.name] = f"{stat.filemode(info.mode)} {owner} {info.mtime} {what}"
    return found


def _content(data: bytes) -> str:
    return f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}"


def differences(one: Path, other: Path) -> list[str]:
    """What differs, a line each."""
    first, second = facts(one), facts(other)
    lines = [f"only in {one}: {name}" for name in sorted(first.keys() - second.keys())]
    lines += [f"only in {other}: {name}" for name in sorted(second.keys() - first.keys())]
    for name in sorted(first.keys() & second.keys()):
        if first[name] != second[name]:
            lines.append(f"{name}: {first[name]} is {second[name]}")
    return lines


def main() -> int:
    """Compare what the command line names."""
    one, other = map(Path, sys.argv[1:])
    lines = differences(one, other)
    print("\n".join(lines) or f"equal: {len(facts(one))} files")
    if not lines and one.is_file():
        same = one.read_bytes() == other.read_bytes()
        print("and so is every byte" if same else "but compressed differently")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
