#!/usr/bin/env python3
"""Translations: what the code says → the template → the catalogs that the app reads.

    python scripts/translations.py update     after a text has changed: template and .po files
    python scripts/translations.py compile    after a translation has changed: .mo files
    python scripts/translations.py check      what is missing, wrong or out of date

`resources/translations/cc-desktop.pot` has every text of the code, `<language>.po` beside it its
translations. `resources/locale/` has the compiled catalogs and is what the packages carry. A new
language starts as a copy of the template with its Plural-Forms filled in.

No library and no xgettext: the texts are read from the syntax tree, which knows exactly what is
handed to `tr`, `trn` and `mark`.
"""

from __future__ import annotations

import ast
import string
import struct
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cc_desktop"
SOURCES = ROOT / "resources/translations"
COMPILED = ROOT / "resources/locale"
DOMAIN = "cc-desktop"
TEMPLATE = SOURCES / f"{DOMAIN}.pot"
I18N = "cc_desktop.text.i18n"
# How many texts a call has: the one, or the one and the many. Errors of rooms below `text` are
# translated where they are shown.
_OURS = {"tr": 1, "mark": 1, "trn": 2}
CALLS = _OURS | {"LinkError": 1}
_HEAD = (
    "Project-Id-Version: cc-desktop\n"
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
    "Plural-Forms: nplurals=2; plural=(n != 1);\n"
)
_OLD = "#~ "  # before the lines of a text that the code no longer has
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}

Key = tuple[str, ...]  # the text, or the text for one and for many
Catalog = dict[Key, tuple[str, ...]]  # → its translations; ("",) has the head


class TranslationError(Exception):
    """A text or a catalog that cannot be read. Says where."""


# The code


def texts(package: Path = PACKAGE) -> dict[Key, list[str]]:
    """Every text of the code, with the files that say it."""
    found: dict[Key, list[str]] = {}
    for path in sorted(package.rglob("*.py")):
        where = path.relative_to(package.parent).as_posix()
        for key in _texts_of(ast.parse(path.read_text("utf-8")), where):
            places = found.setdefault(key, [])
            if where not in places:
                places.append(where)
    return found


def _texts_of(tree: ast.Module, where: str) -> list[Key]:
    names = {name: name for name in CALLS}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == I18N:
            names |= {each.asname: each.name for each in node.names if each.asname}
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = names.get(_name(node.func), "")
        count = CALLS.get(name, 0)
        parts = node.args[:count]
        if name in _OURS and any(isinstance(part, ast.JoinedStr) for part in parts):
            raise TranslationError(f"{where}:{node.lineno}: an f-string cannot be translated")
        key = tuple(
            part.value
            for part in parts
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        )
        if key and len(key) == count and key != ("",):
            found.append(key)
    return found


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


# .po files


class _Field(NamedTuple):
    name: str
    text: str


def read_po(path: Path, *, old: bool = False) -> Catalog:
    """The translations of a .po file; `old`: those of texts that the code no longer has."""
    catalog: Catalog = {}
    entry: list[_Field] = []

    def keep() -> None:
        ids = tuple(field.text for field in entry if field.name.startswith("msgid"))
        said = tuple(field.text for field in entry if field.name.startswith("msgstr"))
        if ids:
            if ids in catalog:
                raise TranslationError(f"{path.name}: twice there: {ids[0]!r}")
            catalog[ids] = said
        entry.clear()

    for number, raw in enumerate(path.read_text("utf-8").splitlines(), 1):
        is_old = raw.startswith(_OLD)
        line = raw.removeprefix(_OLD).strip()
        if not line or line.startswith("#") or is_old != old:
            continue
        name, quote, _ = line.partition('"')
        name = name.strip()
        try:
            text = ast.literal_eval(line[len(line.partition('"')[0]) :]) if quote else None
        except (SyntaxError, ValueError):
            text = None
        if not isinstance(text, str) or (not name and not entry):
            raise TranslationError(f"{path.name}:{number}: cannot be read")
        if name == "msgid":
            keep()
        if name:
            entry.append(_Field(name, text))
        else:
            entry[-1] = _Field(entry[-1].name, entry[-1].text + text)
    keep()
    return catalog


def write_po(path: Path, catalog: Catalog, places: dict[Key, list[str]]) -> None:
    """Write a .po file, in the order of the code. Translations without a text are kept at its end.

    A text that comes back, or comes with another branch, then finds its translation.
    """
    blocks = [_block(("",), catalog.get(("",), (_HEAD,)), [])]
    blocks += [_block(key, catalog.get(key, ()), files) for key, files in places.items()]
    for key in sorted(catalog.keys() - places.keys() - {("",)}):
        lines = _block(key, catalog[key], []).splitlines()
        blocks.append("".join(f"{_OLD}{line}\n" for line in lines if not line.startswith("#")))
    path.write_text("\n".join(blocks), "utf-8")


def _block(key: Key, said: tuple[str, ...], files: list[str]) -> str:
    lines = [f"#: {file}" for file in files]
    if any("{" in text for text in key):
        lines.append("#, python-brace-format")
    lines.append(f"msgid {_quoted(key[0])}")
    if len(key) == 1:
        lines.append(f"msgstr {_quoted(said[0] if said else '')}")
    else:
        lines.append(f"msgid_plural {_quoted(key[1])}")
        forms = said or ("", "")
        lines += [f"msgstr[{number}] {_quoted(text)}" for number, text in enumerate(forms)]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    lines = text.splitlines(keepends=True)
    if len(lines) > 1:
        return "\n".join(['""', *(_quoted(line) for line in lines)])
    return '"' + "".join(_ESCAPES.get(char, char) for char in text) + '"'


# .mo files


def compiled(catalog: Catalog) -> bytes:
    """The catalog as a .mo file, the same bytes for the same catalog."""
    pairs = sorted(
        ("\0".join(key).encode(), "\0".join(said).encode())
        for key, said in catalog.items()
        if all(said)
    )
    start = 28 + 16 * len(pairs)
    tables, body = b"", b""
    for side in (0, 1):
        for pair in pairs:
            tables += struct.pack("<II", len(pair[side]), start + len(body))
            body += pair[side] + b"\0"
    size = len(pairs)
    return struct.pack("<7I", 0x950412DE, 0, size, 28, 28 + 8 * size, 0, start) + tables + body


def catalog_file(language: str) -> Path:
    """Where the app reads the catalog of a language."""
    return COMPILED / language / "LC_MESSAGES" / f"{DOMAIN}.mo"


def languages() -> dict[str, Path]:
    """The .po files, by language."""
    return {path.stem: path for path in sorted(SOURCES.glob("*.po"))}


# Commands


def update() -> None:
    """Write the template, and bring the texts of the code into every .po file."""
    places = texts()
    write_po(TEMPLATE, {}, places)
    for path in languages().values():
        write_po(path, read_po(path, old=True) | read_po(path), places)


def compile_all() -> None:
    """Write the catalog of every language."""
    for language, path in languages().items():
        target = catalog_file(language)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(compiled(read_po(path)))


def check() -> list[str]:
    """What is missing, wrong or out of date, a line each."""
    places = texts()
    problems = (
        [] if set(read_po(TEMPLATE)) == {("",), *places} else [f"{TEMPLATE.name}: run update"]
    )
    for language, path in languages().items():
        catalog = read_po(path)
        problems += [f"{path.name}: {line}" for line in mistakes(catalog, places)]
        target = catalog_file(language)
        if not target.is_file() or target.read_bytes() != compiled(catalog):
            problems.append(f"{path.name}: run compile")
    return problems


def mistakes(catalog: Catalog, places: dict[Key, list[str]]) -> list[str]:
    """What is wrong with a catalog."""
    found = [f"not in the code: {key[0]!r}" for key in catalog if key not in places and key[0]]
    for key in places:
        said = catalog.get(key, ())
        if not said or not all(said):
            found.append(f"not translated: {key[0]!r}")
        elif not _fields_fit(key, said):
            found.append(f"other placeholders: {key[0]!r}")
        elif any(text != text.strip() for text in said):
            found.append(f"spaces at the edge: {key[0]!r}")
    return found


def _fields_fit(key: Key, said: tuple[str, ...]) -> bool:
    """Whether a translation has the placeholders of its source. Fewer may leave the number out."""
    most = _fields(key[-1])
    if len(key) == 1:
        return _fields(said[0]) == most
    return _fields(said[-1]) == most and all(most - {"n"} <= _fields(text) <= most for text in said)


def _fields(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:  # a brace that is not closed
        return {text}


def main(arguments: list[str]) -> int:
    """Run a command; 1 when the check finds something, 2 for a wrong command."""
    try:
        match arguments:
            case ["update"]:
                update()
            case ["compile"]:
                compile_all()
            case ["check"]:
                problems = check()
                print(*problems, sep="\n", end="\n" if problems else "")
                return 1 if problems else 0
            case _:
                print(__doc__)
                return 2
    except TranslationError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
