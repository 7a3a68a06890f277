from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cc_desktop.protocol.visible import visible_text


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("ls -la\n\techo 'ä 猫 👍 é'", "ls -la\n\techo 'ä 猫 👍 é'"),
        ("a\r\nb", "a\nb"),
        ("a\rb", "a<U+000D>b"),
        ("gpj\u202etxt", "gpj<U+202E>txt"),
        ("x\u200by\u00adz", "x<U+200B>y<U+00AD>z"),
        ("\x1b[31mred\x07", "<U+001B>[31mred<U+0007>"),
        ("a\u00a0b\u3000c", "a<U+00A0>b<U+3000>c"),
        ("\ud800", "<U+D800>"),
        ("\U000e0041", "<U+E0041>"),
        (None, ""),
        (7, ""),
    ],
)
def test_what_hides_shows_its_code(sent: object, shown: str) -> None:
    assert visible_text(sent) == shown


def test_what_is_too_long_says_how_much_is_left_out() -> None:
    assert visible_text("x" * 12, 10) == "x" * 10 + "\n[+2]"


@given(st.text())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_nothing_that_is_shown_hides_or_moves_anything(text: str) -> None:
    shown = visible_text(text)
    shown.encode()  # no lone surrogates
    assert all(char.isprintable() or char in "\n\t" for char in shown)
    assert not any(char in shown for char in "\u202e\u2066\u200b\ufeff\x1b")
