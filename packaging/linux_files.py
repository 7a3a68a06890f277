"""What Linux desktops want besides the program: icons, menu entry, description, manual page."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def fill(template: Path, words: Mapping[str, str]) -> str:
    """The text of a template with each @WORD@ replaced.

    Raises:
        ValueError: a word is not in the template, or one of its own is left.
    """
    text = template.read_text("utf-8")
    for word, value in words.items():
        if f"@{word}@" not in text:
            raise ValueError(f"no @{word}@ in {template.name}")
        text = text.replace(f"@{word}@", value)
    return text


def day(commit_time: int) -> str:
    """The date of the commit, by UTC: 2026-11-23."""
    return time.strftime("%Y-%m-%d", time.gmtime(commit_time))


def compress(text: str) -> bytes:
    """As gzip -9n: with neither time nor name."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as file:
        file.write(text.encode())
    return buffer.getvalue()


def write_share(
    root: Path, share: Path, python: Path, env: Mapping[str, str], version: str, commit_time: int
) -> None:
    """Fill the folder `share` (of /usr or of the archive)."""
    linux = root / "packaging/linux"
    entries, metainfo, manual = (
        share / "applications",
        share / "metainfo",
        share / "man/man1",
    )
    for folder in (entries, metainfo, manual):
        folder.mkdir(parents=True)
    shutil.copy(linux / "cc-desktop.desktop", entries)
    words = {"VERSION": version, "DATE": day(commit_time)}
    text = fill(linux / "cc-desktop.metainfo.xml.in", words)
    (metainfo / "cc-desktop.metainfo.xml").write_text(text, "utf-8")
    page = fill(linux / "cc-desktop.1.in", words)
    (manual / "cc-desktop.1.gz").write_bytes(compress(page))
    # In a process of its own, with the Qt of the bundle.
    command = [str(python), str(root / "packaging/icons.py")]
    icon = root / "resources/icons/cc-desktop.svg"
    subprocess.run([*command, str(icon), str(share / "icons/hicolor")], env=env, check=True)
