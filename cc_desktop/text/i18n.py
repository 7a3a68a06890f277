"""Translation: every sentence for people passes through `tr` or `trn`.

gettext, not Qt Linguist: the command line says the same sentences as the window and runs without
Qt, translators know .po files, and Python reads the compiled .mo files without a library. A
catalog lives in `<folder>/<language>/LC_MESSAGES/cc-desktop.mo`.

A template is a whole sentence with named placeholders. Fragments are never joined, because other
languages order them differently. `xgettext --keyword=tr --keyword=trn:1,2 --keyword=mark` collects
the templates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

DOMAIN = "cc-desktop"
SOURCE = "en"
PSEUDO = "xx"  # not a language: longer words with accents, to find texts that do not fit

_ACCENTS = str.maketrans("aceinouyACEINOUY", "áçéíñöüýÁÇÉÍÑÖÜÝ")


class Catalog(Protocol):
    """The part of `gettext.NullTranslations` that is used here."""

    def gettext(self, message: str, /) -> str:
        """The translation of a sentence, or the sentence itself."""

    def ngettext(self, one: str, many: str, n: int, /) -> str:
        """The translation for a number."""


class _Pseudo:
    """Every sentence 30 % longer and with accents; placeholders stay."""

    def gettext(self, message: str, /) -> str:
        parts = message.split("{")
        text = parts[0].translate(_ACCENTS)
        for part in parts[1:]:
            name, _, rest = part.partition("}")
            text += "{" + name + "}" + rest.translate(_ACCENTS)
        return f"[{text}{'~' * max(1, len(message) * 3 // 10)}]"

    def ngettext(self, one: str, many: str, n: int, /) -> str:
        return self.gettext(one if n == 1 else many)


_catalog: Catalog | None = None  # None: the source language


def set_language(code: str, folder: Path | None = None) -> bool:
    """Choose the language of everything that is said from now on.

    Args:
        code: A language such as "de" or "pt_BR"; "" or "en" is the source language, "xx" the
            pseudo-locale of the tests.
        folder: Where the catalogs are.

    Returns:
        Whether the language is there. If not, the source language is used.
    """
    global _catalog  # one language per process, as one locale
    _catalog = _Pseudo() if code == PSEUDO else None
    if code in ("", SOURCE, PSEUDO):
        return True
    if folder is None:
        return False
    import gettext  # only here: the source language needs no catalog
    import struct

    try:
        _catalog = gettext.translation(DOMAIN, folder, [code])
    except (OSError, ValueError, LookupError, struct.error):  # missing, or damaged
        return False
    return True


def mark(text: str) -> str:
    """Mark a text of a table for translation; `tr` translates it where it is shown."""
    return text


def tr(template: str, /, **values: object) -> str:
    """A sentence in the language of the operator, with its values filled in."""
    if _catalog is None:
        return template.format(**values) if values else template
    if not template:
        return ""  # gettext keeps the head of its catalog under ""
    return _fill(_catalog.gettext(template), template, values)


def trn(one: str, many: str, n: int, /, **values: object) -> str:
    """A sentence that depends on a number, which it may name as `{n}`."""
    source = one if n == 1 else many
    translated = _catalog.ngettext(one, many, n) if _catalog is not None else source
    return _fill(translated, source, {"n": n, **values})


def _fill(translated: str, source: str, values: dict[str, object]) -> str:
    """Fill in the values; a translation with a wrong placeholder gives way to its source."""
    if not values:
        return translated
    try:
        return translated.format(**values)
    except (KeyError, IndexError, ValueError):
        return source.format(**values)
