"""Takes secrets out of text that leaves the process: logs, crash reports, a gateway's own words."""

from __future__ import annotations

import re

REDACTED = "[redacted]"
MIN_SECRET = 6  # characters: shorter ones would blank out ordinary words

_known: set[str] = set()
_PATTERNS = (
    # Authorization headers.
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',;]+"), rf"\1 {REDACTED}"),
    # token=…, "password": "…", apiKey: …, also inside URLs and JSON.
    (
        re.compile(
            r"(?i)([\w-]*(?:token|password|passwd|secret|api_?key)\"?'?\s*[=:]\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|(?!\[redacted\])[^\s&\"',;)}\]]+)"
        ),
        rf"\1{REDACTED}",
    ),
    # wss://user:password@host
    (re.compile(r"(://[^\s/:@]*:)[^\s/@]+@"), rf"\1{REDACTED}@"),
)


def add_secret(value: str) -> None:
    """Remove this value from every text from now on."""
    if len(value) >= MIN_SECRET:
        _known.add(value)


def redact_known(text: str) -> str:
    """The text without any secret of ours. For what a gateway says, which may repeat it."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return text


def redact(text: str) -> str:
    """The text without any known secret, and without what looks like one."""
    text = redact_known(text)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
