from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cc_desktop.system.network import default_rest_url, is_literal, is_loopback, may_send_secret

HERE = [
    "localhost",
    "LOCALHOST",
    "localhost:18789",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.255.255.254",
    "[::1]",
    "[::1]:65535",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
]
# Names and addresses that are, or look like, something else.
ELSEWHERE = [
    "gateway.example",
    "192.0.2.7",
    "0.0.0.0",  # noqa: S104 - an address to judge, nothing listens
    "[::]",
    "[fe80::1]",
    "localhost.evil.example",
    "localhost.",
    "evil-localhost",
    "127.example.org",
    "127.0.0.1.evil.example",
    "127.1",
    "127.0.0.1.",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "①②⑦.0.0.1",
    "ⓛocalhost",
    "l\u043ecalhost",  # a Cyrillic o
    "xn--lcalhost-6jg",
]
# What libraries read in different ways is nobody's address, not even over TLS.
BROKEN = [
    "",
    ":",
    ":80",
    "[::1%lo]",
    "[::1%25lo]",
    "[x",
    "x]",
    "[]",
    "[::1]evil.example",
    "[::1]:x",
    "user@localhost",
    "user:secret@localhost",
    "localhost@evil.example",
    "evil.example\\@localhost",
    "localhost\\evil.example",
    "local\thost",
    "local\nhost",
    " localhost",
    "local host",
    "localhost:",
    "localhost:0",
    "localhost:65536",
    "localhost:-1",
    "localhost:٤٤٣",
    "localhost%2eevil.example",
    "local\u200bhost",
    "localhost\ud800",
    "\x00",
]


@pytest.mark.parametrize("host", HERE)
def test_this_machine(host: str) -> None:
    for scheme in ("ws", "http", "wss", "https", "WS"):
        assert is_loopback(f"{scheme}://{host}/x")
        assert may_send_secret(f"{scheme}://{host}/x")


@pytest.mark.parametrize("host", ELSEWHERE)
def test_another_machine_gets_secrets_over_tls_or_by_agreement(host: str) -> None:
    for plain, tls in (("ws", "wss"), ("http", "https"), ("HTTP", "HTTPS")):
        assert not is_loopback(f"{plain}://{host}/")
        assert not may_send_secret(f"{plain}://{host}/")
        assert may_send_secret(f"{plain}://{host}/", insecure=True)
        assert may_send_secret(f"{tls}://{host}/")


@pytest.mark.parametrize("host", BROKEN)
@pytest.mark.parametrize("insecure", [False, True])
def test_an_address_that_is_read_in_two_ways_gets_nothing(host: str, insecure: bool) -> None:
    for scheme in ("ws", "wss", "http", "https"):
        url = f"{scheme}://{host}/"
        assert not is_loopback(url)
        assert not may_send_secret(url, insecure=insecure)
        default_rest_url(url)


@pytest.mark.parametrize(
    "url",
    [
        *("", "localhost", "//localhost/", "ws:localhost", "ws:/localhost/", "ws:///localhost"),
        *(
            "ftp://localhost/",
            "unix://localhost/",
            "file://localhost/etc",
            "javascript://localhost",
        ),
        *("http://[x/", "ws+unix://localhost/", "wss", "https:", "\ud800"),
    ],
)
def test_no_other_scheme_gets_a_secret(url: str) -> None:
    assert not may_send_secret(url)
    assert not may_send_secret(url, insecure=True)


@given(
    st.text()
    | st.text().map("wss://{}".format)
    | st.text("[]:@%./\\1l", max_size=9).map("ws://{}/".format)
)
@example("http://[x/")
@example("ws://[::1%]/")
def test_no_address_raises_and_no_name_is_this_machine_by_chance(url: str) -> None:
    default_rest_url(url)
    if may_send_secret(url):
        assert is_loopback(url) or url.lower().startswith(("wss:", "https:"))
    if may_send_secret(url, insecure=True):
        assert url.lower().startswith(("ws:", "wss:", "http:", "https:"))
        assert "@" not in url.split("/")[2]


@pytest.mark.parametrize(
    ("ws", "http"),
    [
        ("ws://localhost:18789/", "http://localhost:18789/api/agents"),
        ("wss://host/", "https://host/api/agents"),
        ("ws://[::1]:5/", "http://[::1]:5/api/agents"),
        ("wss://host/some/path?x=1", "https://host/api/agents"),
        ("http://[x/", ""),
    ],
)
def test_the_page_is_beside_the_socket(ws: str, http: str) -> None:
    assert default_rest_url(ws) == http


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.7", "::1", "fe80::1", "::ffff:192.0.2.7"])
def test_an_address_needs_no_resolver(host: str) -> None:
    assert is_literal(host)


@pytest.mark.parametrize(
    "host", ["", "localhost", "127.1", "gateway.example", "b\u00fccher.example"]
)
def test_a_name_does(host: str) -> None:
    assert not is_literal(host)
