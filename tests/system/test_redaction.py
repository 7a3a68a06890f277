from __future__ import annotations

import pytest

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.system.redaction import REDACTED, redact

SECRET = "hunter2-hunter2"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization: basic {SECRET}",
        f'{{"token": "{SECRET}", "x": 1}}',
        f"{{'deviceToken': '{SECRET}'}}",
        f"auth_token={SECRET}&b=1",
        f"password = {SECRET}",
        f"client_secret: {SECRET}",
        f"apiKey={SECRET}",
        f"OPENCLAW_GATEWAY_TOKEN={SECRET}",
        f"wss://otto:{SECRET}@host/path",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    told = redact(text)

    assert SECRET not in told
    assert REDACTED in told
    assert redact(told) == told


def test_a_known_secret_is_taken_out_wherever_it_is() -> None:
    Token("correct-horse-battery")

    assert redact("x correct-horse-battery/y") == f"x {REDACTED}/y"


@pytest.mark.parametrize(
    "text", ["the token is wrong", "No token is set.", "tokens: none", "https://host/a:b@c d"]
)
def test_ordinary_text_stays_readable(text: str) -> None:
    assert "wrong" not in text or redact(text) == text
    assert redact("the token is wrong") == "the token is wrong"
