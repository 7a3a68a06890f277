from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cc_desktop.config.settings import (
    DEFAULT_URL,
    GatewaySettings,
    Settings,
    SettingsError,
    load_settings,
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="rights and special files of POSIX")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def only(settings: Settings) -> GatewaySettings:
    (gateway,) = settings.gateways
    return gateway


def test_with_nothing_set_it_is_this_machine(file: Path) -> None:
    settings = load_settings(file, {})

    assert only(settings).url == DEFAULT_URL
    assert only(settings).rest_url == "http://localhost:18789/api/agents"
    assert only(settings).poll_s == 5
    assert not only(settings).token
    assert settings.demo
    assert settings.warnings == ()


def test_all_that_the_file_can_say(file: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("of-the-file\n")
    file.write_text(f"""
        demo = false
        demo_seed = 99
        stuck_after_minutes = 3
        keyring = false
        [[gateways]]
        id = "home"
        name = "Home"
        url = "wss://home.example/"
        token_file = '{token}'
        rest_url = "https://home.example/agents"
        poll_interval = "1500ms"
        insecure = true
        client_id = "control-center"
        client_mode = "operator"
        [[gateways]]
        url = "ws://127.0.0.1:7/"
    """)

    settings = load_settings(file, {"OPENCLAW_GATEWAY_TOKEN": "from-environment"})

    assert (settings.demo, settings.demo_seed, settings.keyring) == (False, 99, False)
    assert settings.stuck_after_ms == 180_000
    home, local = settings.gateways
    assert (home.id, home.name, home.url) == ("home", "Home", "wss://home.example/")
    assert home.token.reveal() == "of-the-file"
    assert (home.rest_url, home.poll_s) == ("https://home.example/agents", 1.5)
    assert home.insecure
    assert (home.client_id, home.client_mode) == ("control-center", "operator")
    assert (local.id, local.name, local.insecure) == ("127.0.0.1:7", "127.0.0.1", False)
    assert not local.token  # it could be meant for either


def test_the_command_line_is_before_the_environment_is_before_the_file(
    file: Path, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("line")
    file.write_text('[[gateways]]\nurl = "ws://file/"')
    environ = {"GATEWAY_WS_URL": "ws://environment/", "OPENCLAW_GATEWAY_TOKEN": "environment"}

    by_line = only(load_settings(file, environ, url="ws://line/", token_file=token))
    by_environment = only(load_settings(file, environ))
    by_file = only(load_settings(file, {}))

    assert (by_line.url, by_line.token.reveal()) == ("ws://line/", "line")
    assert (by_environment.url, by_environment.token.reveal()) == (
        "ws://environment/",
        "environment",
    )
    assert by_file.url == "ws://file/"


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (("GATEWAY_WS_URL", "WS_GATEWAY_URL"), "GATEWAY_WS_URL"),
        (("WS_GATEWAY_URL",), "WS_GATEWAY_URL"),
    ],
)
def test_the_seed_s_names_of_the_address_count(
    file: Path, names: tuple[str, ...], wanted: str
) -> None:
    environ = {name: f"ws://{name.lower().replace('_', '-')}/" for name in names}

    assert only(load_settings(file, environ)).url == environ[wanted]


@pytest.mark.parametrize(
    ("environ", "token"),
    [
        ({"OPENCLAW_GATEWAY_TOKEN": "a", "GATEWAY_TOKEN": "b"}, "a"),
        ({"GATEWAY_TOKEN": "b"}, "b"),
        ({"OPENCLAW_GATEWAY_TOKEN": ""}, ""),
    ],
)
def test_the_token_of_the_environment(file: Path, environ: dict[str, str], token: str) -> None:
    assert only(load_settings(file, environ)).token.reveal() == token


def test_the_environment_has_rest_address_and_pace_too(file: Path) -> None:
    environ = {"GATEWAY_URL": "http://localhost:3000/api/agents", "GATEWAY_POLL_INTERVAL": "2s"}

    gateway = only(load_settings(file, environ))

    assert (gateway.rest_url, gateway.poll_s) == ("http://localhost:3000/api/agents", 2)


@pytest.mark.parametrize(
    ("written", "seconds"), [("5", 5), ("5s", 5), ("0.5", 0.5), ("500ms", 0.5), ("60m", 3600)]
)
def test_paces(file: Path, written: str, seconds: float) -> None:
    gateway = only(load_settings(file, {"GATEWAY_POLL_INTERVAL": written}))

    assert gateway.poll_s == seconds


def test_what_is_unknown_is_told_and_ignored(file: Path) -> None:
    file.write_text('colour = "red"\n[[gateways]]\nurl = "ws://h/"\nspeed = 3')

    warnings = load_settings(file, {}).warnings

    assert len(warnings) == 2
    assert "'colour'" in warnings[0]
    assert "'speed'" in warnings[1]


WRONG = [
    ("not toml", "demo = ", "settings.toml"),
    ("not text", "demo = \x00", "settings.toml"),
    ("no bool", 'demo = "yes"', "demo must be written like true"),
    ("bool for a number", "demo_seed = true", "demo_seed must be written like 7"),
    ("number", 'stuck_after_minutes = "ten"', "stuck_after_minutes must be written like 10"),
    ("no minutes at all", "stuck_after_minutes = 0", "stuck_after_minutes"),
    ("minutes before now", "stuck_after_minutes = -5", "stuck_after_minutes"),
    ("no tables", 'gateways = ["ws://h/"]', "[[gateways]]"),
    ("one table", '[gateways]\nurl = "ws://h/"', "[[gateways]]"),
    ("no address", '[[gateways]]\nname = "x"', "needs an address"),
    ("http", '[[gateways]]\nurl = "http://h/"', "ws://localhost:18789/"),
    ("no host", '[[gateways]]\nurl = "ws:///"', "cannot be used"),
    ("port", '[[gateways]]\nurl = "ws://h:99999/"', "cannot be used"),
    ("port that is none", '[[gateways]]\nurl = "ws://h:x/"', "cannot be used"),
    ("port 0", '[[gateways]]\nurl = "ws://h:0/"', "cannot be used"),
    ("bracket", '[[gateways]]\nurl = "ws://[::1/"', "cannot be used"),
    ("space", '[[gateways]]\nurl = "ws://h/a b"', "cannot be used"),
    ("line break", '[[gateways]]\nurl = "ws://h/\\n"', "needs an address"),
    ("password", '[[gateways]]\nurl = "ws://me:hunter2@h/"', "use a token file"),
    ("demo's id", '[[gateways]]\nid = "demo"\nurl = "ws://h/"', "'demo'"),
    ("long id", f'[[gateways]]\nid = "{"x" * 81}"\nurl = "ws://h/"', "short text"),
    ("id no text", '[[gateways]]\nid = 7\nurl = "ws://h/"', "short text"),
    ("twice", '[[gateways]]\nurl = "ws://h/"\n[[gateways]]\nurl = "ws://h/x"', "same id"),
    ("rest", '[[gateways]]\nurl = "ws://h/"\nrest_url = "ftp://h"', "REST address"),
    ("pace", '[[gateways]]\nurl = "ws://h/"\npoll_interval = "often"', "like 5s"),
    ("pace 0", '[[gateways]]\nurl = "ws://h/"\npoll_interval = 0', "between 0.5 s and 60 m"),
    ("pace nan", '[[gateways]]\nurl = "ws://h/"\npoll_interval = nan', "between 0.5 s and 60 m"),
    ("no file", '[[gateways]]\nurl = "ws://h/"\ntoken_file = "/nowhere/t"', "/nowhere/t"),
    ("file no path", '[[gateways]]\nurl = "ws://h/"\ntoken_file = 3', "must be a path"),
    ("no REST host", '[[gateways]]\nurl = "ws://h/"\nrest_url = "http://[x/"', "REST address"),
    ("REST port", '[[gateways]]\nurl = "ws://h/"\nrest_url = "http://h:x/"', "REST address"),
    ("unknown user", '[[gateways]]\nurl = "ws://h/"\ntoken_file = "~nosuchuser/x"', "such user"),
    ("NUL", '[[gateways]]\nurl = "ws://h/"\ntoken_file = "a\\u0000b"', "cannot be a path"),
    ("pace huge", f'[[gateways]]\nurl = "ws://h/"\npoll_interval = {"9" * 400}', "between 0.5"),
    ("pace long", f'[[gateways]]\nurl = "ws://h/"\npoll_interval = "{"9" * 400}"', "between 0.5"),
    ("pace true", '[[gateways]]\nurl = "ws://h/"\npoll_interval = true', 'like "5s"'),
    ("minutes huge", f"stuck_after_minutes = {'9' * 400}", "between 1 and 10080"),
    ("digits", f"demo_seed = {'9' * 5000}", "settings.toml"),
    ("deep", "a = " + "[" * 100_000, "nested too deeply"),
    ("unreachable", 'when_unreachable = "nothing"', "last-known"),
    ("access", '[[gateways]]\nurl = "ws://h/"\naccess = "root"', '"watch"'),
    ("too large", "#" * 1_100_000, "larger than"),
    ("insecure", '[[gateways]]\nurl = "ws://h/"\ninsecure = "false"', "insecure"),
    ("client id", '[[gateways]]\nurl = "ws://h/"\nclient_id = 5', "client_id"),
]


@pytest.mark.parametrize(("text", "says"), [pytest.param(t, s, id=i) for i, t, s in WRONG])
def test_what_cannot_be_used_is_said_in_one_line(file: Path, text: str, says: str) -> None:
    file.write_bytes(text.encode())

    with pytest.raises(SettingsError) as caught:
        load_settings(file, {})

    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(file))


def test_a_file_that_is_not_utf8_is_said(file: Path) -> None:
    file.write_bytes(b'demo_seed = "\xff"')

    with pytest.raises(SettingsError, match=r"settings\.toml"):
        load_settings(file, {})


def test_a_directory_in_its_place_is_said(file: Path) -> None:
    file.mkdir()

    with pytest.raises(SettingsError, match=r"settings\.toml: "):
        load_settings(file, {})


@pytest.mark.parametrize("token", ["two\nlines", "a b", "bell\a", "x" * 8193])
def test_a_token_that_cannot_be_one_is_said_but_not_shown(file: Path, token: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(file, {"OPENCLAW_GATEWAY_TOKEN": token})

    assert "OPENCLAW_GATEWAY_TOKEN: the token" in str(caught.value)
    assert token not in str(caught.value)


def test_the_password_of_an_address_is_not_repeated(file: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(file, {}, url="ws://me:hunter2@h/")

    assert "hunter2" not in str(caught.value)


def test_settings_do_not_show_tokens(file: Path) -> None:
    settings = load_settings(file, {"OPENCLAW_GATEWAY_TOKEN": "s3cret"})

    assert "s3cret" not in f"{settings!r} {settings}"


def test_reading_does_not_write(file: Path) -> None:
    load_settings(file, {})

    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    ["", "https://example.org/newest.json", "http://127.0.0.1:8080/v", "http://localhost/v"],
)
def test_an_address_for_news_of_versions_is_https_or_this_machine(file: Path, url: str) -> None:
    file.write_text(f'update_url = "{url}"')

    assert load_settings(file, {}).update_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://h/",
        "https://",
        "https://me:hunter2@h/",
        "https://h/a b",
        "https://h:0/",
        "https://[",
        "newest.json",
    ],
)
def test_another_address_for_news_of_versions_is_refused(file: Path, url: str) -> None:
    file.write_text(f'update_url = "{url}"')

    with pytest.raises(SettingsError, match="update_url must be like https://") as caught:
        load_settings(file, {})
    assert "hunter2" not in str(caught.value)


def test_nobody_is_asked_for_news_of_versions_by_default(file: Path) -> None:
    assert load_settings(file, {}).update_url == ""


# Files that are none


@posix
def test_special_files_are_refused_at_once(file: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for special in (fifo, Path("/dev/zero")):
        with pytest.raises(SettingsError, match="not a regular file"):
            load_settings(special, {})
        with pytest.raises(SettingsError, match="not a regular file"):
            load_settings(file, {}, token_file=special)
        file.write_text(f'[[gateways]]\nurl = "ws://h/"\ntoken_file = "{special}"')
        with pytest.raises(SettingsError, match=r"token_file .*not a regular file"):
            load_settings(file, {})


@posix
def test_a_token_file_that_others_can_read_is_told_once(file: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret")
    token.chmod(0o644)
    file.write_text(
        "".join(f'[[gateways]]\nurl = "ws://{name}/"\ntoken_file = "{token}"\n' for name in "ab")
    )

    (warning,) = load_settings(file, {}).warnings
    assert str(token) in warning
    assert "s3cret" not in warning
    token.chmod(0o600)
    assert load_settings(file, {}).warnings == ()


@pytest.mark.parametrize("when", ["sample", "last-known"])
def test_what_is_shown_when_all_gateways_are_lost(file: Path, when: str) -> None:
    assert load_settings(file, {}).when_unreachable == "sample"
    file.write_text(f'when_unreachable = "{when}"')

    assert load_settings(file, {}).when_unreachable == when


def test_access_to_a_gateway_is_only_watching_unless_it_is_set(file: Path) -> None:
    file.write_text(
        "".join(
            f'[[gateways]]\nurl = "ws://{access or "none"}/"\n{access and f"access = {access!r}"}\n'
            for access in ("", "watch", "approve", "operate")
        )
    )
    none, watch, approve, operate = load_settings(file, {}).gateways

    assert none.access == "watch"
    assert none.scopes == watch.scopes == ("operator.read",)
    assert "operator.approvals" in approve.scopes
    assert "operator.write" not in approve.scopes
    assert {*approve.scopes, "operator.write"} == set(operate.scopes)


# Certificates and proxies of a gateway


def test_a_fingerprint_and_a_proxy_of_a_gateway(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    pin = ":".join(["AB"] * 32)
    path.write_text(
        f'[[gateways]]\nurl = "wss://gw.example/"\nfingerprint = "{pin}"\nproxy = "none"\n'
    )
    (gateway,) = load_settings(path, {}).gateways

    assert gateway.fingerprint == "ab" * 32
    assert gateway.proxy == "none"


@pytest.mark.parametrize(
    "line", ['fingerprint = "abc"', 'proxy = "proxy.example"', 'proxy = "ftp://proxy.example"']
)
def test_a_fingerprint_or_proxy_that_is_none_is_said(tmp_path: Path, line: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f'[[gateways]]\nurl = "wss://gw.example/"\n{line}\n')

    with pytest.raises(SettingsError, match=line.split()[0]):
        load_settings(path, {})
