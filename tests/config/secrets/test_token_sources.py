from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.config.secrets.credentials import TokenError
from cc_desktop.config.secrets.token_sources import assign_token, has_secret
from cc_desktop.config.settings import SlipKind, load_settings
from cc_desktop.text.settings import describe_slip

if TYPE_CHECKING:
    from pathlib import Path

ONE: list[dict[str, Any]] = [{"url": "ws://a/"}]
TWO: list[dict[str, Any]] = [{"url": "ws://a/", "token_file": "x"}, {"url": "ws://b/"}]
SECRET = {"OPENCLAW_GATEWAY_TOKEN": "tok"}


@pytest.mark.parametrize("name", ["OPENCLAW_GATEWAY_TOKEN", "GATEWAY_TOKEN"])
@pytest.mark.parametrize("tables", [[], ONE])
def test_the_environment_s_token_goes_to_the_only_gateway(
    name: str, tables: list[dict[str, Any]]
) -> None:
    token, warning = assign_token({name: "tok"}, tables, url=None, token_file=None)

    assert (token.reveal(), warning) == ("tok", "")


def test_of_several_gateways_none_gets_it_and_the_operator_is_told() -> None:
    token, warning = assign_token(SECRET, TWO, url=None, token_file=None)

    assert not token
    assert warning.startswith("OPENCLAW_GATEWAY_TOKEN is not used")
    assert "GATEWAY_WS_URL" in warning
    assert "tok" not in warning.replace("token", "")


def test_where_each_has_its_own_there_is_nothing_to_tell() -> None:
    tables = [{**table, "token_file": "x"} for table in TWO]

    token, warning = assign_token(SECRET, tables, url=None, token_file=None)

    assert (bool(token), warning) == (False, "")


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        (SECRET | {"GATEWAY_WS_URL": "ws://a/"}, None),
        (SECRET | {"WS_GATEWAY_URL": "ws://a/"}, None),
        (SECRET, "ws://a/"),
        (SECRET | {"GATEWAY_WS_URL": "ws://a/"}, "ws://a/"),
    ],
)
def test_it_goes_to_the_gateway_that_is_named(environ: dict[str, str], url: str | None) -> None:
    assert assign_token(environ, TWO, url=url, token_file=None)[0].reveal() == "tok"


def test_a_token_for_the_environment_s_gateway_does_not_go_to_another() -> None:
    environ = SECRET | {"GATEWAY_WS_URL": "ws://a/"}

    token, warning = assign_token(environ, [], url="ws://b/", token_file=None)

    assert not token
    assert "not of --url" in warning


def test_a_token_file_of_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")

    assert assign_token(SECRET, ONE, url=None, token_file=file)[0].reveal() == "from-file"
    assert assign_token(SECRET, TWO, url="ws://c/", token_file=file)[0].reveal() == "from-file"
    with pytest.raises(TokenError, match="name one with --url"):
        assign_token(SECRET, TWO, url=None, token_file=file)


def test_a_token_that_cannot_be_one_is_named_and_not_repeated() -> None:
    with pytest.raises(TokenError, match=r"^GATEWAY_TOKEN: ") as caught:
        assign_token({"GATEWAY_TOKEN": "two words"}, [], url=None, token_file=None)
    assert "two words" not in str(caught.value)


def test_of_two_gateways_in_the_settings_neither_gets_the_other_s_token(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("own")
    file = tmp_path / "settings.toml"
    file.write_text(f"""
        [[gateways]]
        url = "ws://127.0.0.1:1/"
        token_file = '{own}'
        [[gateways]]
        url = "ws://127.0.0.1:2/"
    """)

    settings = load_settings(file, SECRET)

    assert [gateway.token.reveal() for gateway in settings.gateways] == ["own", ""]
    assert any("OPENCLAW_GATEWAY_TOKEN" in warning for warning in settings.warnings)


LEAKS = [
    "ws://h/?token=hush",
    "ws://h/?a=b&access_token=hush",
    "ws://h/?API-KEY=hush",
    "ws://h/?Password=hush",
    "ws://h/#token=hush",
    "ws://h/#hush",
    "ws://me:hush@h/",
    "ws://hush@h/",
]


@pytest.mark.parametrize("url", LEAKS)
def test_an_address_with_a_secret_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    assert has_secret(url)
    rest = url.replace("ws:", "http:")
    for environ in ({"GATEWAY_WS_URL": url}, {"GATEWAY_WS_URL": "ws://h:1/", "GATEWAY_URL": rest}):
        settings = load_settings(tmp_path / "none", environ)
        (problem,) = settings.problems
        assert "hush" not in f"{settings!r} {describe_slip(problem)}"
        assert "hush" not in "".join(gateway.rest_url for gateway in settings.gateways)


@pytest.mark.parametrize("url", ["ws://h/", "wss://h/some/path?room=1", "http://[x/", ""])
def test_other_addresses_have_none(url: str) -> None:
    assert not has_secret(url)


@pytest.mark.parametrize("rest", ["http://[x/", "http://", "http:///x", "ftp://h/", "http://h\\x/"])
def test_a_rest_address_that_no_library_can_read_is_refused(rest: str, tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "none", {"GATEWAY_URL": rest})
    (problem,) = settings.problems
    assert (problem.key, problem.kind) == ("GATEWAY_URL", SlipKind.VALUE)
    assert settings.gateways[0].rest_url == "http://localhost:18789/api/agents"
