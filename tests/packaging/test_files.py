"""What packages are made from, without making one."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import tarfile
from typing import TYPE_CHECKING

import compare
import icons
import icu
import linux_files
import pytest
import scan
import version_info
from PySide6.QtGui import QColor, QImage

from cc_desktop import cli
from cc_desktop.system.deep_links import SCHEME
from tests.packaging.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LINUX = ROOT / "packaging/linux"
PNG = b"\x89PNG\r\n\x1a\n"


def test_the_manual_page_has_every_option_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    told = ""
    for words in (["--help"], ["status", "--help"]):
        with pytest.raises(SystemExit):
            cli.main(words)
        told += capsys.readouterr().out
    page = (LINUX / "cc-desktop.1.in").read_text("utf-8").replace("\\-", "-")
    options = re.compile(r"(?<![\w-])--[a-z][a-z-]+")

    assert set(options.findall(page)) == set(options.findall(told))


def test_the_menu_entry_opens_links() -> None:
    entry = (LINUX / "cc-desktop.desktop").read_text("utf-8")
    assert f"\nMimeType=x-scheme-handler/{SCHEME};\n" in entry
    assert "\nExec=cc-desktop %u\n" in entry


def test_a_template_is_filled_or_refused(tmp_path: Path) -> None:
    template = tmp_path / "x.in"
    template.write_text("of @DATE@")
    assert linux_files.fill(template, {"DATE": "today"}) == "of today"
    with pytest.raises(ValueError, match="VERSION"):
        linux_files.fill(template, {"DATE": "today", "VERSION": "1"})


@pytest.mark.usefixtures("qapp")
def test_the_icon_is_painted_for_each_system(tmp_path: Path) -> None:
    svg = ROOT / "resources/icons/cc-desktop.svg"
    ico = icons.write(svg, tmp_path / "x.ico").read_bytes()
    assert struct.unpack_from("<HHH", ico) == (0, 1, len(icons.WINDOWS_SIZES))
    for index in range(len(icons.WINDOWS_SIZES)):
        length, offset = struct.unpack_from("<II", ico, 6 + 16 * index + 8)
        assert ico[offset : offset + 8] == PNG
        assert offset + length <= len(ico)

    icns = icons.write(svg, tmp_path / "x.icns").read_bytes()
    assert (icns[:4], struct.unpack_from(">I", icns, 4)[0]) == (b"icns", len(icns))
    assert icns[16:24] == PNG

    theme = icons.write(svg, tmp_path / "hicolor")
    small = (theme / "16x16/apps/cc-desktop.png").read_bytes()
    assert struct.unpack_from(">II", small, 16) == (16, 16)


@pytest.mark.usefixtures("qapp")
def test_the_picture_in_resources_is_painted_from_the_svg(tmp_path: Path) -> None:
    folder = ROOT / "resources/icons"
    painted = QImage(str(icons.write(folder / "cc-desktop.svg", tmp_path / "x.png")))
    kept = QImage(str(folder / "cc-desktop.png"))
    assert kept.size() == painted.size()
    # Another release of Qt may paint edges a shade differently.
    places = [(x, y) for x in range(kept.width()) for y in range(kept.height())]
    far = [
        place
        for place in places
        if _apart(kept.pixelColor(*place), painted.pixelColor(*place)) > 40
    ]
    assert len(far) < 100


def _apart(one: QColor, other: QColor) -> int:
    pairs = [
        (one.red(), other.red()),
        (one.green(), other.green()),
        (one.blue(), other.blue()),
        (one.alpha(), other.alpha()),
    ]
    return max(abs(a - b) for a, b in pairs)


def test_windows_gets_four_numbers() -> None:
    assert version_info.numbers("1.2.3") == (1, 2, 3, 0)
    with pytest.raises(ValueError, match="four"):
        version_info.numbers("1.2.3.4.5")


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("tests/test_app.py", "", "a test"),
        (".env", "", "a private file"),
        ("x", f"-----BEGIN PRIVATE KEY-----\n{'QUJD' * 20}\n", "a private key"),
        ("x", f"key = sk-ant-{'a1B2' * 10}", "a key of a model's provider"),
        ("x", "hunter2hunter2", "the value of A_TOKEN"),
        ("x", "in /some/where/app.py", "the path of the checkout"),
    ],
)
def test_the_scan_finds_what_must_not_be_there(
    tmp_path: Path, name: str, text: str, found: str
) -> None:
    path = tmp_path / "bundle" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    here, private = {"the checkout": b"/some/where"}, {"A_TOKEN": b"hunter2hunter2"}

    assert scan.findings(tmp_path / "bundle", here=here, private=private) == [f"{name}: {found}"]


def test_a_path_that_was_published_so_is_of_another_machine(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"/some/where")
    known = [hashlib.sha256(b"/some/where").hexdigest()]
    here = {"the checkout": b"/some/where"}
    assert scan.findings(tmp_path, here=here, private={}, known=known) == []


def test_builds_that_differ_are_told_apart(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.tar", "same.tar", "later.tar", "other.tar")]
    for path, text, when in zip(paths, ("a", "a", "a", "b"), (1, 1, 2, 1), strict=True):
        with tarfile.open(path, "w") as tar:
            info = tarfile.TarInfo("x")
            info.size, info.mtime = 1, when
            tar.addfile(info, io.BytesIO(text.encode()))
    one, *others = paths

    assert [bool(compare.differences(one, other)) for other in others] == [False, True, True]


def _icu_package(items: dict[str, bytes]) -> bytes:
    """A package as ICU's tools write it."""
    head = struct.pack("<H2s8x4s", 32, b"\xda\x27", b"CmnD").ljust(32, b"\0")
    names = [f"icudt73l/{name}".encode() + b"\0" for name in items]
    names_at = 4 + 8 * len(items)
    at = -(-(names_at + sum(map(len, names))) // 16) * 16
    toc, body = struct.pack("<I", len(items)), b""
    for name, item in zip(names, items.values(), strict=True):
        toc += struct.pack("<II", names_at, at + len(body))
        names_at += len(name)
        body += item.ljust(-(-len(item) // 16) * 16, b"\0")
    return head + (toc + b"".join(names)).ljust(at, b"\xaa") + body


def test_of_icus_tables_those_that_are_named_stay() -> None:
    items = {"coll/de.res": b"sorts", "coll/zh.res": b"x" * 99, "curr/de.res": b"Euro"}
    items |= {"nfkc.nrm": b"normalizes" * 3}
    kept = {name: items[name] for name in ("coll/de.res", "nfkc.nrm")}
    assert icu.select(_icu_package(items), icu.KEPT) == _icu_package(kept)


@pytest.mark.parametrize("data", [b"", b"\x90\0" + b"\0" * 200])
def test_what_is_no_package_of_icus_is_refused(data: bytes) -> None:
    with pytest.raises(icu.IcuError):
        icu.select(data, icu.KEPT)


def test_a_library_that_is_not_icus_is_left_alone(tmp_path: Path) -> None:
    library = tmp_path / "libicuuc.so.73"
    library.write_bytes(b"code")
    with pytest.raises(icu.IcuError, match="libicuuc"):
        icu.reduce(library, tmp_path)
    assert library.read_bytes() == b"code"
