"""Reads what an HTTP server sends, without trusting how much it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

# Asks for an answer as it is. What is packed has no size that one could know before it is unpacked.
PLAIN_JSON = {"Accept": "application/json", "Accept-Encoding": "identity"}


class BodyError(ValueError):
    """A body that is not read. The text is for the log."""


async def read_body(answer: httpx.Response, limit: int) -> bytes:
    """Read the body of a streamed answer as it came over the wire.

    Args:
        answer: An answer whose body has not been read.
        limit: The most bytes that are read.

    Raises:
        BodyError: The body is packed, or longer than `limit`.
    """
    if answer.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise BodyError("a compressed answer")
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > limit:
            raise BodyError(f"an answer of more than {limit} bytes")
    return bytes(body)
