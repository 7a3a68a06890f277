"""What agents write as documents: it looks like what they mean, and can do no harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QUrl

from cc_desktop.desktop.details.transcript import documents
from cc_desktop.desktop.details.transcript.documents import (
    DocumentCache,
    InertDocument,
    is_too_much,
    markdown_document,
    opens,
    plain_document,
    shown_address,
)

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QTextDocument

    from cc_desktop.desktop.style.theme import ThemeManager


def anchors(document: QTextDocument) -> list[str]:
    found = []
    block = document.begin()
    while block.isValid():
        walk = block.begin()
        while not walk.atEnd():
            style = walk.fragment().charFormat()
            if style.isAnchor():
                found.append(style.anchorHref())
            assert not style.isImageFormat()
            walk += 1
        block = block.next()
    return found


@pytest.mark.parametrize(
    "text",
    [
        "![a](http://evil.example/x.png)",
        "![a](file:///etc/passwd)",
        "![](//evil.example/x.png)",
        "![a](data:image/png;base64,AAAA)",
        "[![a](http://evil.example/x.png)](http://evil.example)",
        "![a][r]\n\n[r]: http://evil.example/x.png",
        "<img src='http://evil.example/x.png'>",
        "<style>@import 'http://evil.example/x.css'</style>",
        "<script src=http://evil.example/x.js></script>",
        "<iframe src=http://evil.example></iframe>",
    ],
)
def test_nothing_is_loaded_and_no_image_is_left(
    look: ThemeManager, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    asked: list[object] = []

    def load(_self: InertDocument, _kind: int, name: object) -> None:
        asked.append(name)

    monkeypatch.setattr(InertDocument, "loadResource", load)
    document = markdown_document(text, look)
    document.setTextWidth(300)
    anchors(document)
    assert document.size().height() > 0
    assert asked == []


def test_an_image_on_this_disk_is_not_shown(look: ThemeManager, tmp_path: Path) -> None:
    from PySide6.QtGui import QImage

    picture = QImage(400, 400, QImage.Format.Format_RGB32)
    picture.save(str(tmp_path / "x.png"))
    document = markdown_document(f"![words]({tmp_path}/x.png)", look)
    document.setTextWidth(500)
    assert document.toPlainText() == "[image: words]"
    assert document.size().height() < 100
    assert InertDocument().loadResource(2, QUrl.fromLocalFile(str(tmp_path / "x.png"))) is None


def test_html_is_shown_as_what_it_is(look: ThemeManager) -> None:
    text = "<h1>big</h1> <b onclick=x>bold</b> <a href='http://evil.example'>go</a>"
    assert markdown_document(text, look).toPlainText() == text
    assert anchors(markdown_document(text, look)) == []


def test_only_addresses_that_a_browser_or_mailer_opens_are_links(look: ThemeManager) -> None:
    text = " ".join(
        f"[x]({one})"
        for one in (
            *("https://a.example/x", "mailto:ada@a.example", "javascript:alert(1)"),
            *("file:///etc/passwd", "cc-desktop://inbox/1", "vbscript:x", "//a.example", "x.html"),
            *("smb://a/b", "http:", "data:text/html,x"),
        )
    )
    assert anchors(markdown_document(text, look)) == [
        "https://a.example/x",
        "mailto:ada@a.example",
    ]


def test_a_link_says_where_it_leads_in_letters_that_do_not_lie() -> None:
    url = opens("https://аpple.example/a b")  # noqa: RUF001 - the first letter is Cyrillic
    assert url is not None
    assert shown_address(url).startswith("https://xn--")
    assert opens("HTTPS://a.example") is not None
    assert opens("java\tscript:x") is None


def test_markdown_looks_like_what_it_means(look: ThemeManager) -> None:
    text = "# Head\n\n**bold** `code`\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    document = markdown_document(text, look)
    for words in ("Head", "bold code", "one", "two", "1", "2"):
        assert words in document.toPlainText()
    assert "**" not in document.toPlainText()


@pytest.mark.parametrize(
    "text",
    [
        ">" * 16_000,
        "- " * 8_000,
        "`a" * 8_000,
        "*a_b" * 4_000,
        "![a](b) " * 2_000,
        "|".join("a" * 4_000) + "\n" + "|".join("-" * 4_000),
        "a|b\n-|-\n" + "a|b\n" * 3_000,
        "\n".join(" " * (2 * n) + "- a" for n in range(120)),
        "- a\n" * 4_000,
    ],
)
def test_what_qt_would_need_seconds_for_is_plain_text(look: ThemeManager, text: str) -> None:
    assert is_too_much(text)
    assert markdown_document(text, look).toPlainText() == text


def test_long_lines_of_code_break_instead_of_being_cut(look: ThemeManager) -> None:
    document = markdown_document("```python\n" + "call(argument) " * 40 + "\n```", look)
    document.setTextWidth(200)
    assert document.idealWidth() <= 200
    assert document.blockCount() < 4
    assert document.size().height() > 100


def test_what_people_write_is_not_too_much() -> None:
    table = "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 30
    assert not is_too_much(table + "\n- item\n" * 40 + "`x` " * 50 + "> quote\n" * 5)


def test_documents_are_kept_within_bounds_and_fit_their_width(look: ThemeManager) -> None:
    cache = DocumentCache(most=3)
    made: list[int] = []

    def make(number: int) -> InertDocument:
        made.append(number)
        return plain_document("word " * 40, look)

    for number in (1, 2, 3, 1, 4, 1, 2):
        cache.get((number,), 200, lambda number=number: make(number))  # type: ignore[misc]
    assert made == [1, 2, 3, 4, 2]
    assert len(cache) == 3
    narrow = cache.get((2,), 100, lambda: make(2)).size().height()
    assert narrow > cache.get((2,), 300, lambda: make(2)).size().height()
    cache.clear()
    assert len(cache) == 0


def test_schemes_are_few() -> None:
    assert set(documents.SCHEMES) == {"http", "https", "mailto"}
