"""Where a gateway shows a session itself."""

from __future__ import annotations

import pytest

from cc_desktop.config.control_ui import control_ui_address

OLD, NEW = "2026.5.7", "2026.9.6"
UUID = "6db92d48-1111-2222-3333-444455556666"


@pytest.mark.parametrize(
    ("url", "version", "key", "address"),
    [
        # Read in docs/web/urls.md of 2026.9.6.
        (
            "ws://h:18789/",
            NEW,
            "agent:main:telegram:12345",
            "http://h:18789/chat/main/telegram/12345",
        ),
        ("ws://h:18789", NEW, "agent:main:main", "http://h:18789/chat/main"),
        ("wss://h/openclaw/", NEW, "agent:main:main", "https://h/openclaw/chat/main"),
        ("ws://h/", NEW, f"agent:main:x:{UUID}", f"http://h/chat/main/{UUID.replace('-', '')}"),
        ("ws://h/", NEW, "agent:main:release-deadbeef", "http://h/chat/main/~key/release-deadbeef"),
        ("ws://h/", NEW, "agent:research:global", "http://h/chat/research/~key/global"),
        ("ws://h/", NEW, "agent:main:..", "http://h/chat/main/~dotdot"),
        ("ws://h/", NEW, "agent:main:~x:a b/c", "http://h/chat/main/~~x/a%20b%2Fc"),
        (
            "ws://h/",
            NEW,
            f"agent:main:dashboard:incognito-{UUID}",
            f"http://h/chat/main/dashboard/incognito-{UUID}",
        ),
        ("ws://h/", OLD, "agent:otto:main", "http://h/chat?session=agent%3Aotto%3Amain"),
        (
            "ws://h/",
            "2026.7.1",
            "agent:o:x&y=1#z",
            "http://h/chat?session=agent%3Ao%3Ax%26y%3D1%23z",
        ),
        # Nothing better is known: the start page.
        ("ws://h/", "", "agent:otto:main", "http://h/"),
        ("ws://h/", "1.0", "agent:otto:main", "http://h/"),
        ("ws://h/", NEW, "", "http://h/"),
        ("ws://h/", NEW, "odd", "http://h/"),
        ("ws://[::1]:18789/", NEW, "", "http://[::1]:18789/"),
    ],
)
def test_the_address(url: str, version: str, key: str, address: str) -> None:
    assert control_ui_address(url, version, key) == address


@pytest.mark.parametrize(
    "url",
    [
        "wss://user:geheim@h:1/x?token=geheim#token=geheim",
        "ws://geheim@h/",
        "ws://h/?auth=geheim",
        "ws://h/#geheim",
    ],
)
@pytest.mark.parametrize("version", [OLD, NEW, ""])
def test_no_secret_gets_into_the_address(url: str, version: str) -> None:
    address = control_ui_address(url, version, "agent:otto:main")
    assert address.startswith(("http://h", "https://h"))
    assert "geheim" not in address


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "javascript:alert(1)", "ftp://h/", "ws://", "ws://[::1", "x"]
)
def test_only_addresses_of_the_web_are_opened(url: str) -> None:
    assert control_ui_address(url, NEW, "agent:otto:main") == ""


def test_a_hostile_key_stays_within_its_session() -> None:
    keys = ("agent:a:../../x", "agent:../..:x", "agent:a:?token=1", "agent:a:\u202e\n", "agent::x")
    for key in keys:
        for version in (OLD, NEW):
            address = control_ui_address("ws://h/", version, key)
            assert address.isascii()
            assert address.startswith("http://h/")
            assert "/../" not in address
            assert "?token" not in address
