from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.secrets.credentials import Token, TokenError, read_token_file

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cret-t0ken"


# Tokens


def test_a_token_shows_itself_only_when_asked() -> None:
    token = Token(SECRET)

    assert token.reveal() == SECRET
    for shown in (
        repr(token),
        str(token),
        f"{token}",
        f"{token!s:>40}",
        "%s %r" % (token, [token]),  # noqa: UP031 - what logging does
        repr({"token": token}),
    ):
        assert SECRET not in shown


def test_a_traceback_does_not_show_it() -> None:
    def fail(token: Token) -> None:
        raise RuntimeError(f"with {token}")

    try:
        fail(Token(SECRET))
    except RuntimeError as error:
        shown = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )

    assert "with Token" in shown
    assert SECRET not in shown


@pytest.mark.parametrize("bad", [f"{SECRET}\n", f"{SECRET} x", f"\t{SECRET}", f"{SECRET}\x00"])
def test_what_cannot_be_a_token_is_said_but_not_shown(bad: str) -> None:
    with pytest.raises(TokenError) as caught:
        Token(bad)

    assert SECRET not in str(caught.value)


def test_the_longest_token() -> None:
    assert len(Token("x" * 8192).reveal()) == 8192
    with pytest.raises(TokenError, match="8192"):
        Token("x" * 8193)


def test_an_empty_token_is_false() -> None:
    assert not Token()
    assert Token(SECRET)
    assert repr(Token()) != repr(Token(SECRET))


def test_it_is_not_carried_off_by_accident() -> None:
    with pytest.raises(TypeError):
        json.dumps(Token(SECRET))


@pytest.mark.parametrize("text", [SECRET, f"{SECRET}\n", f"{SECRET}\r\n"])
def test_a_token_file_may_end_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "token"
    path.write_bytes(text.encode())

    assert read_token_file(path).reveal() == SECRET


@pytest.mark.parametrize("data", [f"{SECRET}\nmore".encode(), b"\xff" + SECRET.encode(), None])
def test_a_file_without_a_token_is_named_and_not_shown(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "token"
    if data is not None:
        path.write_bytes(data)

    with pytest.raises(TokenError) as caught:
        read_token_file(path)

    assert str(path) in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"\n"])
def test_an_empty_token_file_is_said(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(data)

    with pytest.raises(TokenError, match="empty"):
        read_token_file(path)


def test_a_token_file_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("x" * 100_000)

    with pytest.raises(TokenError, match="larger than"):
        read_token_file(path)
