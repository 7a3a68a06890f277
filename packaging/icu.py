"""ICU's tables in the bundle: 30 MiB, of which Qt needs little here.

Qt's own tables (CLDR) say how languages write numbers and dates. It asks ICU for the order in which
a language sorts, for upper and lower case (compiled into ICU's code), for encodings besides
Unicode, and for the names of time zones. The app uses UTF-8 and no time zone of Qt's, so only what
sorting and normalizing need stays. What is missing, ICU answers with an error, and Qt with what it
does without ICU: the root order, "no such encoding".

The format: https://unicode-org.github.io/icu/userguide/icu_data/ ("ICU Data File Formats").
"""

from __future__ import annotations

import re
import struct
import subprocess
from typing import TYPE_CHECKING

import elf

if TYPE_CHECKING:
    from pathlib import Path

NAME = re.compile(r"libicudata\.so\.(\d+)")
# Paths inside of "icudt73l/". Of the tables for sorting those of Chinese, Japanese and Korean are
# half. The names of encodings stay so that Qt learns that one is not there.
KEPT = re.compile(r"coll/(?!(zh|ja|ko)\.res)[^/]+|[^/]+\.nrm|cnvalias\.icu")
_HEAD = struct.Struct("<H2s8x4s")  # its size, and of UDataInfo the magic number and the format
_MAGIC = b"\xda\x27"
_ASSEMBLY = """\
.section .rodata
.balign 16
.globl {symbol}
.type {symbol}, %object
{symbol}:
.incbin "{data}"
.size {symbol}, . - {symbol}
.section .note.GNU-stack, "", %progbits
"""


class IcuError(Exception):
    """The library is not what it is taken for."""


def reduce(library: Path, work: Path) -> None:
    """Replace the library of tables by one that has only `KEPT`; the same name, the same symbol.

    Args:
        library: libicudata.so.N, which has nothing but one symbol for the data.
        work: A folder for what is made on the way.

    Raises:
        IcuError: The library has another form.
    """
    found = NAME.fullmatch(library.name)
    if found is None:
        raise IcuError(f"not ICU's tables: {library.name}")
    symbol = f"icudt{found[1]}_dat"
    offset, size = elf.rodata(library)
    if symbol not in elf.symbols(library):
        raise IcuError(f"{library.name} has no {symbol}")
    with library.open("rb") as file:
        file.seek(offset)
        data = file.read(size)
    small = work / "icu.dat"
    small.write_bytes(select(data, KEPT))
    text = _ASSEMBLY.format(symbol=symbol, data=small)
    made = work / "icu.o"
    subprocess.run(["as", "-o", str(made), "-"], input=text, text=True, check=True)
    link = ["ld", "-shared", "-s", f"-soname={library.name}", "--build-id=none", "--hash-style=gnu"]
    subprocess.run(
        [*link, "-z", "noexecstack", "-z", "relro", "-o", str(library), str(made)], check=True
    )


def select(data: bytes, kept: re.Pattern[str]) -> bytes:
    """A package of ICU's ("common data") with those of its items whose path matches `kept`.

    Raises:
        IcuError: It is no such package.
    """
    if len(data) < _HEAD.size:
        raise IcuError("no package of ICU's data")
    head, magic, kind = _HEAD.unpack_from(data)
    if magic != _MAGIC or kind != b"CmnD":
        raise IcuError("no package of ICU's data")
    (count,) = struct.unpack_from("<I", data, head)
    entries = [struct.unpack_from("<II", data, head + 4 + 8 * n) for n in range(count)]
    ends = [*(start for _, start in entries[1:]), len(data) - head]
    items = []
    for (name_at, start), end in zip(entries, ends, strict=True):
        name = data[head + name_at : data.index(b"\0", head + name_at)]
        if kept.fullmatch(name.partition(b"/")[2].decode("ascii")):
            items.append((name, data[head + start : head + end]))
    return data[:head] + _packed(items)


def _packed(items: list[tuple[bytes, bytes]]) -> bytes:
    """The table of contents, the names, and the items, each at a multiple of 16 bytes."""
    names_at = 4 + 8 * len(items)
    names = b"".join(name + b"\0" for name, _ in items)
    start = _aligned(names_at + len(names))
    toc, body, name_at = [struct.pack("<I", len(items))], bytearray(), names_at
    for name, item in items:
        toc.append(struct.pack("<II", name_at, start + len(body)))
        name_at += len(name) + 1
        body += item.ljust(_aligned(len(item)), b"\0")
    return (b"".join(toc) + names).ljust(start, b"\xaa") + bytes(body)


def _aligned(size: int) -> int:
    return -(-size // 16) * 16
