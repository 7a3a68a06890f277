"""Translation: every sentence for people passes through `tr` or `trn`.

gettext, not Qt Linguist: the command line says the same sentences as the window and runs without
Qt, translators know .po files, and Python reads the compiled .mo files without a library. A
catalog lives in `<folder>/<language>/LC_MESSAGES/cc-desktop.mo`.

A template is a whole sentence with named placeholders. Fragments are never joined, because other
languages order them differently. `scripts/translations.py` collects the templates.

In a language that is written from right to left, each text and each value in it is isolated
(Unicode TR 9: FSI … PDI): otherwise "4 min" becomes "min 4", and the stop of an English sentence
jumps to its start.
"""

from __future__ import annotations

import contextlib
import string
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

DOMAIN = "cc-desktop"
SOURCE = "en"
PSEUDO = "xx"  # not a language: longer words with accents, to find texts that do not fit
PSEUDO_RTL = "ar-XB"  # not a language: letters that are written from right to left
CHOICE = "CC_DESKTOP_LANGUAGE"  # environment variable: the language of this app alone
# As gettext reads them. LANGUAGE is a list and only counts where a locale is set.
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")

FSI, PDI = "\u2068", "\u2069"  # first strong isolate, pop directional isolate
_RTL = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_ACCENTS = str.maketrans("aceinouyACEINOUY", "áçéíñöüýÁÇÉÍÑÖÜÝ")
_HEBREW = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "אבגדהופזחטיכלמנסעפצקרשתואבאבגדהופזחטיכלמנסעפצקרשתואב",
)


class Catalog(Protocol):
    """The part of `gettext.NullTranslations` that is used here."""

    def gettext(self, message: str, /) -> str:
        """The translation of a sentence, or the sentence itself."""

    def ngettext(self, one: str, many: str, n: int, /) -> str:
        """The translation for a number."""


class _Pseudo:
    """Every sentence with other letters and 30 % longer; placeholders stay."""

    def __init__(self, letters: Mapping[int, int]) -> None:
        self._letters = letters

    def gettext(self, message: str, /) -> str:
        parts = message.split("{")
        text = parts[0].translate(self._letters)
        for part in parts[1:]:
            name, _, rest = part.partition("}")
            text += "{" + name + "}" + rest.translate(self._letters)
        return f"[{text}{'~' * max(1, len(message) * 3 // 10)}]"

    def ngettext(self, one: str, many: str, n: int, /) -> str:
        return self.gettext(one if n == 1 else many)


# One language per process, as there is one locale.
_catalog: Catalog | None = None  # None: the source language
_language = SOURCE
_rtl = False


def language() -> str:
    """The language of what is said: "en", "de", "pt_BR"."""
    return _language


def is_right_to_left() -> bool:
    """Whether the language is written from right to left."""
    return _rtl


def set_language(code: str, folder: Path | None = None) -> bool:
    """Choose the language of everything that is said from now on.

    Args:
        code: A language such as "de" or "pt_BR"; "" or "en" is the source language, "xx" and
            "ar-XB" are the pseudo-locales of the tests.
        folder: Where the catalogs are.

    Returns:
        Whether the language is there. If not, the source language is used.
    """
    global _catalog, _language, _rtl
    pseudo = {PSEUDO: _ACCENTS, PSEUDO_RTL: _HEBREW}.get(code)
    _catalog = _Pseudo(pseudo) if pseudo else _read(code, folder)
    found = _catalog is not None or code == ""
    _language = code if _catalog is not None else SOURCE
    _rtl = _language.replace("_", "-").split("-")[0] in _RTL
    return found or code.replace("_", "-").split("-")[0] == SOURCE


def _read(code: str, folder: Path | None) -> Catalog | None:
    if folder is None or not code or code.replace("_", "-").split("-")[0] == SOURCE:
        return None
    import gettext  # only here: the source language needs no catalog
    import struct

    try:
        return gettext.translation(DOMAIN, folder, [code])
    except (OSError, ValueError, LookupError, struct.error):  # missing, or damaged
        return None


def wanted_languages(environ: Mapping[str, str], system: Sequence[str] = ()) -> list[str]:
    """Which languages the operator wants, the best first.

    Args:
        environ: `CC_DESKTOP_LANGUAGE` names the language of this app; otherwise the locale counts.
        system: The languages of a system that has no locale in its environment (Windows, macOS).
    """
    if choice := environ.get(CHOICE, "").strip():
        return [_code(choice)]
    locale = next((value for name in _LOCALE if (value := environ.get(name, ""))), "")
    if not locale:
        return [_code(name) for name in system]
    if _code(locale) in ("C", "POSIX", ""):
        return []
    return [
        code for name in [*environ.get("LANGUAGE", "").split(":"), locale] if (code := _code(name))
    ]


def choose_language(
    environ: Mapping[str, str], folder: Callable[[], Path], system: Sequence[str] = ()
) -> str:
    """Speak the best language that there is; see `wanted_languages`.

    Args:
        environ: The environment.
        folder: Finds the catalogs. Not called for the source language: it takes 2 ms.
        system: See `wanted_languages`.

    Returns:
        The language that is spoken.
    """
    for code in wanted_languages(environ, system):
        if set_language(code) or set_language(code, folder()):
            return _language
    set_language("")
    return _language


def _code(locale: str) -> str:
    """The language of a locale: "de_DE" of "de_DE.UTF-8@euro". A folder's name, never a path."""
    code = locale.strip().partition(".")[0].partition("@")[0]
    if code == PSEUDO_RTL:
        return code
    code = code.replace("-", "_")
    return code if code.replace("_", "").isalnum() and code.isascii() else ""


@contextlib.contextmanager
def source_language() -> Iterator[None]:
    """Speak the source language meanwhile: what programs read is never translated."""
    global _catalog, _rtl
    before = _catalog, _rtl
    _catalog, _rtl = None, False
    try:
        yield
    finally:
        _catalog, _rtl = before


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


def isolate(text: str) -> str:
    """The text so that its direction and that of what stands beside it leave each other alone."""
    if not _rtl or not text or _is_isolated(text):
        return text
    return f"{FSI}{text}{PDI}"


def _is_isolated(text: str) -> bool:
    """Whether one isolate holds all of the text."""
    depth = 0
    for place, char in enumerate(text):
        depth += (char == FSI) - (char == PDI)
        if depth == 0:
            return place == len(text) - 1 and char == PDI
    return False


class _Isolating(string.Formatter):
    """Fills in values, each isolated."""

    def format_field(self, value: object, format_spec: str) -> str:
        """A value as text."""
        return isolate(format(value, format_spec))


def _fill(translated: str, source: str, values: dict[str, object]) -> str:
    """Fill in the values; a translation with a wrong placeholder gives way to its source."""
    if not values:
        return isolate(translated)
    if not _rtl:
        try:
            return translated.format(**values)
        except (KeyError, IndexError, ValueError):
            return source.format(**values)
    fill = _Isolating()
    try:
        said = fill.vformat(translated, (), values)
    except (KeyError, IndexError, ValueError):
        said = fill.vformat(source, (), values)
    return isolate(said.strip())
