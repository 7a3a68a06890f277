r"""Decodes JSON as gateways write it: with halves of surrogate pairs, too.

JavaScript cuts texts between the halves of an emoji, and `JSON.stringify` writes the half that is
left as an escape, such as "\ud83d". That is no Unicode text, and a strict decoder refuses all of
the message for it.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import msgspec

_strict = msgspec.json.Decoder().decode
_ESCAPES = (b"\\ud", b"\\uD")


def decode_json(data: str | bytes | msgspec.Raw) -> Any:
    """Decode JSON; half a surrogate pair becomes U+FFFD.

    Raises:
        DecodeError: it is no JSON.
        UnicodeError: it is no text.
        RecursionError: it is nested too deep.
    """
    try:
        return _strict(data)
    except msgspec.DecodeError:
        return _strict(mended(data))


def mended(data: str | bytes | msgspec.Raw) -> bytes:
    """JSON with U+FFFD in the place of each half of a surrogate pair.

    Raises:
        DecodeError: it has no such half, or is no JSON.
        UnicodeError: it is no text.
        RecursionError: it is nested too deep.
    """
    whole = data.encode() if isinstance(data, str) else bytes(memoryview(data))
    if not any(escape in whole for escape in _ESCAPES):
        raise msgspec.DecodeError
    try:
        found = json.loads(whole, parse_constant=_refuse)
    except ValueError as error:
        raise msgspec.DecodeError(type(error).__name__) from None
    text = json.dumps(found, ensure_ascii=False)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _refuse(_name: str) -> NoReturn:
    """NaN and Infinity are no JSON."""
    raise ValueError
