from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cc_desktop.config.address import Address, AddressError, AddressProblem, Mend, read_address


@pytest.mark.parametrize(
    ("typed", "url", "mends"),
    [
        ("ws://localhost:18789/", "ws://localhost:18789/", ()),
        ("wss://studio.example/", "wss://studio.example/", ()),
        ("wss://studio.example:8443/gw", "wss://studio.example:8443/gw", ()),
        ("  ws://localhost:18789/ \n", "ws://localhost:18789/", (Mend.SPACES,)),
        ("http://localhost:18789", "ws://localhost:18789/", (Mend.HTTP,)),
        ("HTTPS://Studio.Example", "wss://studio.example/", (Mend.HTTP,)),
        ("127.0.0.1:18801", "ws://127.0.0.1:18801/", (Mend.SCHEME,)),
        ("localhost", "ws://localhost:18789/", (Mend.SCHEME, Mend.PORT)),
        ("studio", "wss://studio:18789/", (Mend.SCHEME, Mend.PORT)),
        ("studio.example:443", "wss://studio.example:443/", (Mend.SCHEME,)),
        ("ws://127.0.0.1", "ws://127.0.0.1:18789/", (Mend.PORT,)),
        ("ws://[::1]/", "ws://[::1]:18789/", (Mend.PORT,)),
        ("http://localhost:18789/#token=abc", "ws://localhost:18789/", (Mend.HTTP, Mend.SECRET)),
        ("wss://ada:pw@studio/", "wss://studio/", (Mend.SECRET,)),
    ],
)
def test_what_is_clear_is_mended_and_said(typed: str, url: str, mends: tuple[Mend, ...]) -> None:
    address = read_address(typed)
    assert (address.url, address.mends) == (url, mends)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", AddressProblem.EMPTY),
        (" \n ", AddressProblem.EMPTY),
        ("ws://", AddressProblem.NO_HOST),
        ("ws://:18789/", AddressProblem.NO_HOST),
        ("ws://host:99999/", AddressProblem.BAD_PORT),
        ("ws://host:0/", AddressProblem.BAD_PORT),
        ("ws://host:abc/", AddressProblem.BAD_PORT),
        ("ftp://host/", AddressProblem.OTHER_SCHEME),
        ("ws://[::1", AddressProblem.UNREADABLE),
        ("ws://ho\x1bst/", AddressProblem.UNREADABLE),
        ("ws://ho\u202est/", AddressProblem.UNREADABLE),
    ],
)
def test_what_is_not_clear_is_refused_with_the_reason(typed: str, problem: AddressProblem) -> None:
    with pytest.raises(AddressError) as caught:
        read_address(typed)
    assert caught.value.problem is problem


def test_the_token_of_a_pasted_link_is_taken_out_of_the_address() -> None:
    address = read_address("http://localhost:18789/chat?token=s3cret")
    assert address.token.reveal() == "s3cret"
    assert "s3cret" not in repr(address)
    assert address.url == "ws://localhost:18789/chat"


def setup_code(**fields: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


def test_a_setup_code_gives_the_address_and_not_its_powerful_token() -> None:
    address = read_address(setup_code(url="wss://studio.example:18789", bootstrapToken="b00t"))
    assert address == Address("wss://studio.example:18789/", (Mend.SECRET,), address.token)
    assert not address.token


def test_a_setup_code_without_a_gateway_is_told_apart() -> None:
    with pytest.raises(AddressError) as caught:
        read_address(setup_code(url="file:///etc/passwd", bootstrapToken="b00t"))
    assert caught.value.problem is AddressProblem.SETUP_CODE


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.one_of(st.text(max_size=60), st.from_regex(r"[a-z]{0,5}:?//[ -~]{0,30}", fullmatch=True)))
def test_whatever_is_typed_there_is_an_address_or_a_reason(typed: str) -> None:
    try:
        address = read_address(typed)
    except AddressError:
        return
    assert address.url.startswith(("ws://", "wss://"))
    again = read_address(address.url)
    assert again.url == address.url
