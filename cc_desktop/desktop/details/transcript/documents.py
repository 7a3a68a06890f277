"""Markdown of agents as documents that can do no harm.

Nothing is ever loaded: not over the network, not from a file, and not through a name that a file
system takes for an address. HTML is shown as what it is. An address is text that says where it
leads; only http, https and mailto can be opened, after a click that shows them.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from itertools import islice
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextOption,
)

from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QTextBlock

    from cc_desktop.desktop.style.theme import ThemeManager

MOST_KEPT = 160  # documents
SCHEMES = ("http", "https", "mailto")
_MARKDOWN = (
    QTextDocument.MarkdownFeature.MarkdownDialectGitHub
    | QTextDocument.MarkdownFeature.MarkdownNoHTML
)
# What Qt needs seconds for: wide tables, deep quotes and lists. Nobody writes it to be read.
_WIDEST_TABLE = 40  # columns
_LONGEST_TABLE = 200  # rows
_MOST_ITEMS = 400  # of lists, quotes and headings
_MOST_TICKS = 600  # marks of inline code
_MOST_IMAGES = 100
_MOST_MARKS = 2_000  # of emphasis
_DEEPEST = 12  # levels of quotes and lists
_TABLE_RULE = re.compile(r"^[ >]*\|?[ :|-]*-[ :|-]*\|[ :|-]*$", re.MULTILINE)
_TABLE_ROW = re.compile(r"^[^\n|]*\|", re.MULTILINE)
_ITEM = re.compile(r"^ *(?:[-*+>#]|\d{1,9}[.)])", re.MULTILINE)
_DEEP = re.compile(
    rf"^(?: {{{_DEEPEST * 4},}}[-*+\d>]|(?: {{0,3}}(?:>|[-*+]|\d{{1,9}}[.)]) ?){{{_DEEPEST},}})",
    re.MULTILINE,
)


class InertDocument(QTextDocument):
    """Loads nothing, whatever its text names."""

    def loadResource(self, _kind: int, _name: QUrl | str) -> Any:
        """Qt override: there is no such resource."""
        return None


def opens(address: str) -> QUrl | None:
    """The address if it may be opened after a click, else None."""
    url = QUrl(address, QUrl.ParsingMode.TolerantMode)
    if not url.isValid() or url.scheme().lower() not in SCHEMES:
        return None
    return url if url.scheme().lower() == "mailto" or url.host() else None


def links_in(document: QTextDocument) -> list[tuple[int, int, str]]:
    """Where the links of a document begin and end, and their addresses."""
    found: list[tuple[int, int, str]] = []
    block = document.begin()
    while block.isValid():
        for begin, length, style in _fragments(block):
            address, end = style.anchorHref(), begin + length
            if address and found and found[-1][1:] == (begin, address):
                found[-1] = (found[-1][0], end, address)  # a link with a part in bold
            elif address:
                found.append((begin, end, address))
        block = block.next()
    return found


def shown_address(url: QUrl) -> str:
    """An address as it is, host in ASCII: letters that only look like others show themselves."""
    return bytes(url.toEncoded().data()).decode("ascii", "replace")


def is_too_much(text: str) -> bool:
    """Whether Qt's Markdown would take seconds for it."""
    if _DEEP.search(text):
        return True
    for rule in _TABLE_RULE.finditer(text):
        if rule[0].count("|") > _WIDEST_TABLE:
            return True
    return (
        text.count("`") > _MOST_TICKS
        or text.count("![") > _MOST_IMAGES
        or text.count("*") + text.count("_") > _MOST_MARKS
        or _more_than(_ITEM, text, _MOST_ITEMS)
        or ("|" in text and _more_than(_TABLE_ROW, text, _LONGEST_TABLE))
    )


def _more_than(pattern: re.Pattern[str], text: str, most: int) -> bool:
    return next(islice(pattern.finditer(text), most, None), None) is not None


def markdown_document(text: str, look: ThemeManager) -> InertDocument:
    """The document of a message."""
    document = _new(look)
    if is_too_much(text):
        document.setPlainText(text)
    else:
        document.setMarkdown(text, _MARKDOWN)
        _disarm(document)
        _dress(document, look)
    return document


def plain_document(text: str, look: ThemeManager, *, mono: bool = False) -> InertDocument:
    """The document of a text that is no Markdown."""
    document = _new(look)
    if mono:
        document.setDefaultFont(mono_font(look))
    document.setPlainText(text)
    return document


def mono_font(look: ThemeManager, px: float = 12) -> QFont:
    """The system's fixed font, in a size of design px."""
    font = QFont(look.metrics.font(px))
    font.setFamilies([QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()])
    font.setStyleHint(QFont.StyleHint.Monospace)
    return font


def _new(look: ThemeManager) -> InertDocument:
    document = InertDocument()
    document.setUndoRedoEnabled(False)
    document.setDocumentMargin(0)
    document.setDefaultFont(look.metrics.font())
    document.setIndentWidth(look.metrics.px(18))
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    document.setDefaultTextOption(option)
    return document


def _disarm(document: QTextDocument) -> None:
    """Replace images by their words, and take addresses from links that must not be opened.

    Before any layout: Qt's would look for the files that images name.
    """
    images: list[tuple[int, int, str]] = []
    links: list[tuple[int, int]] = []
    block = document.begin()
    while block.isValid():
        for place, length, style in _fragments(block):
            if style.isImageFormat():
                images.append((place, length, style.toImageFormat().property(_ALT) or ""))
            elif style.isAnchor() and opens(style.anchorHref()) is None:
                links.append((place, length))
        block = block.next()
    cursor = QTextCursor(document)
    for place, length in links:
        _select(cursor, place, length)
        inert = QTextCharFormat()
        inert.setAnchor(False)
        inert.setAnchorHref("")
        inert.setFontUnderline(False)
        inert.clearForeground()
        cursor.mergeCharFormat(inert)
    for place, length, words in reversed(images):
        _select(cursor, place, length)
        cursor.insertText(tr("[image: {words}]", words=words) if words else tr("[image]"), _PLAIN)


_ALT = QTextFormat.Property.ImageAltText
_PLAIN = QTextCharFormat()


def _dress(document: QTextDocument, look: ThemeManager) -> None:
    """Give code and headings the looks of the app."""
    theme, cursor = look.theme, QTextCursor(document)
    families = mono_font(look).families()
    back = QColor(theme.raised if not theme.dark else theme.line)
    code: list[tuple[int, int]] = []
    block = document.begin()
    while block.isValid():
        shape = block.blockFormat()
        if shape.headingLevel():
            _select(cursor, block.position(), block.length() - 1)
            heading = QTextCharFormat()
            heading.setProperty(QTextFormat.Property.FontSizeAdjustment, 1)
            heading.setFontWeight(QFont.Weight.DemiBold)
            cursor.mergeCharFormat(heading)
        if shape.hasProperty(QTextFormat.Property.BlockCodeFence) or shape.hasProperty(
            QTextFormat.Property.BlockCodeLanguage
        ):
            _select(cursor, block.position(), 0)
            fenced = QTextBlockFormat()
            fenced.setBackground(back)
            fenced.setNonBreakableLines(False)  # nothing scrolls sideways here
            cursor.mergeBlockFormat(fenced)
        for place, length, style in _fragments(block):
            if style.fontFixedPitch():
                code.append((place, length))
        block = block.next()
    fixed = QTextCharFormat()
    fixed.setFontFamilies(families)
    fixed.setBackground(back)
    for place, length in code:
        _select(cursor, place, length)
        cursor.mergeCharFormat(fixed)


def _fragments(block: QTextBlock) -> list[tuple[int, int, QTextCharFormat]]:
    found = []
    walk = block.begin()
    while not walk.atEnd():
        fragment = walk.fragment()
        if fragment.isValid():
            found.append((fragment.position(), fragment.length(), fragment.charFormat()))
        walk += 1
    return found


def _select(cursor: QTextCursor, place: int, length: int) -> None:
    cursor.setPosition(place)
    cursor.setPosition(place + length, QTextCursor.MoveMode.KeepAnchor)


class DocumentCache:
    """The documents of rows in sight and around it; the one that was not used longest goes."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[Any, ...], InertDocument] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(
        self, key: tuple[Any, ...], width: int, make: Callable[[], InertDocument]
    ) -> InertDocument:
        """The document of a key, in lines of `width` px."""
        document = self._kept.get(key)
        if document is None:
            document = self._kept[key] = make()
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        if document.textWidth() != width:
            document.setTextWidth(width)
        return document

    def clear(self) -> None:
        """Forget all: another theme."""
        self._kept.clear()
