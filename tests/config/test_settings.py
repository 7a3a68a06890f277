from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cc_desktop.config.settings import (
    DEFAULT_URL,
    GatewaySettings,
    GuardSettings,
    Settings,
    SlipKind,
    load_settings,
)
from cc_desktop.text.settings import describe_slip

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

    assert (by_line.url, by_line.token.reveal()) == ("ws://line:18789/", "line")
    assert (by_environment.url, by_environment.token.reveal()) == (
        "ws://environment:18789/",
        "environment",
    )
    assert by_file.url == "ws://file:18789/"


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
    environ = {name: f"ws://{name.lower().replace('_', '-')}:1/" for name in names}

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
    file.write_text('colour = "red"\n[[gateways]]\nurl = "ws://h:1/"\nspeed = 3')

    colour, speed = load_settings(file, {}).notes

    assert (colour.kind, colour.key, colour.line) == (SlipKind.UNKNOWN_KEY, "colour", 1)
    assert (speed.kind, speed.key, speed.line) == (SlipKind.UNKNOWN_KEY, "speed", 4)


GATEWAY = '[[gateways]]\nurl = "ws://h:1/"\n'
# What is written, the line that is blamed, and what is said.
WRONG = [
    ("not toml", "demo_seed = 8\ndemo = ", 2, "cannot be read"),
    ("not text", "demo = \x00", 1, "cannot be read"),
    ("no bool", 'demo = "yes"', 1, 'demo cannot be "yes"'),
    ("bool for a number", "demo_seed = true", 1, "demo_seed cannot be true"),
    ("number", 'stuck_after_minutes = "ten"', 1, "such as 10"),
    ("no minutes at all", "stuck_after_minutes = 0", 1, "stuck_after_minutes cannot be 0"),
    ("minutes before now", "stuck_after_minutes = -5", 1, "cannot be -5"),
    ("no tables", 'gateways = ["ws://h/"]', 1, "[[gateways]]"),
    ("one table", '[gateways]\nurl = "ws://h/"', 1, "[[gateways]]"),
    ("no address", '[[gateways]]\nname = "x"', 1, "needs an address"),
    ("other scheme", '[[gateways]]\nurl = "ftp://h/"', 2, "ftp://h/ is not one of a gateway"),
    ("no host", '[[gateways]]\nurl = "ws:///"', 2, "names no host"),
    ("port", '[[gateways]]\nurl = "ws://h:99999/"', 2, "ws://h:99999/"),
    ("port that is none", '[[gateways]]\nurl = "ws://h:x/"', 2, "1 to 65535"),
    ("port 0", '[[gateways]]\nurl = "ws://h:0/"', 2, "1 to 65535"),
    ("bracket", '[[gateways]]\nurl = "ws://[::1/"', 2, "cannot be read"),
    ("space", '[[gateways]]\nurl = "ws://h/a b"', 2, "cannot be read"),
    ("no text", "[[gateways]]\nurl = 5", 2, "url cannot be 5"),
    ("password", '[[gateways]]\nurl = "ws://me:hunter2@h/"', 2, "token file"),
    ("demo's id", GATEWAY + 'id = "demo"', 3, "belongs to the sample data"),
    ("long id", GATEWAY + f'id = "{"x" * 81}"', 3, "at most 80"),
    ("id no text", GATEWAY + "id = 7", 3, "id cannot be 7"),
    ("id unprintable", GATEWAY + 'id = "a\\u0007"', 3, "at most 80"),
    ("twice", GATEWAY + '[[gateways]]\nurl = "ws://h:1/x"', 3, "its own id"),
    ("rest", GATEWAY + 'rest_url = "ftp://h"', 3, "/api/agents"),
    ("pace", GATEWAY + 'poll_interval = "often"', 3, 'poll_interval cannot be "often"'),
    ("pace 0", GATEWAY + "poll_interval = 0", 3, "from 0.5 s to 60 min"),
    ("pace nan", GATEWAY + "poll_interval = nan", 3, "from 0.5 s to 60 min"),
    ("no file", GATEWAY + 'token_file = "/nowhere/t"', 3, "/nowhere/t"),
    ("file no path", GATEWAY + "token_file = 3", 3, "path of a file"),
    ("no REST host", GATEWAY + 'rest_url = "http://[x/"', 3, "/api/agents"),
    ("REST port", GATEWAY + 'rest_url = "http://h:x/"', 3, "/api/agents"),
    ("REST token", GATEWAY + 'rest_url = "http://h/?token=hunter2"', 3, "/api/agents"),
    ("unknown user", GATEWAY + 'token_file = "~nosuchuser/x"', 3, "such user"),
    ("NUL", GATEWAY + 'token_file = "a\\u0000b"', 3, "cannot be a path"),
    ("pace huge", GATEWAY + f"poll_interval = {'9' * 400}", 3, "from 0.5 s"),
    ("pace long", GATEWAY + f'poll_interval = "{"9" * 400}"', 3, "from 0.5 s"),
    ("pace true", GATEWAY + "poll_interval = true", 3, "cannot be true"),
    ("minutes huge", f"stuck_after_minutes = {'9' * 400}", 1, "from 1 to 10080"),
    ("digits", f"demo_seed = {'9' * 5000}", 0, "cannot be read"),
    ("deep", "a = " + "[" * 100_000, 0, "nested too deeply"),
    ("unreachable", 'when_unreachable = "nothing"', 1, "last-known"),
    ("access", GATEWAY + 'access = "root"', 3, '"watch"'),
    ("too large", "#" * 1_100_000, 0, "larger than"),
    ("insecure", GATEWAY + 'insecure = "false"', 3, 'insecure cannot be "false"'),
    ("client id", GATEWAY + "client_id = 5", 3, "client_id cannot be 5"),
    ("proxy", GATEWAY + 'proxy = "nobody"', 3, "http://proxy.example"),
    ("fingerprint", GATEWAY + 'fingerprint = "AB:CD"', 3, "64 hex digits"),
    ("enabled", GATEWAY + "enabled = 1", 3, "true or false"),
]


@pytest.mark.parametrize(
    ("text", "line", "says"), [pytest.param(*rest, id=name) for name, *rest in WRONG]
)
def test_a_slip_is_told_with_its_place_and_everything_else_goes_on(
    file: Path, text: str, line: int, says: str
) -> None:
    good = '\n[[gateways]]\nid = "good"\nurl = "ws://good:1/"\n'
    can_go_on = not text.startswith(("gateways", "[gateways]"))
    file.write_bytes((text + (good if can_go_on else "")).encode())

    settings = load_settings(file, {})

    (problem,) = settings.problems
    said = describe_slip(problem)
    assert says in said
    assert "\n" not in said
    assert "hunter2" not in f"{said} {settings!r}"
    assert (problem.file, problem.line) == (str(file), line)
    assert said.startswith(f"{file}:{line}: " if line else f"{file}: ")
    if problem.kind in (SlipKind.SYNTAX, SlipKind.UNREADABLE):
        assert settings.gateways == ()
    elif can_go_on:
        *_, last = settings.gateways
        assert (last.id, last.url, last.problem) == ("good", "ws://good:1/", None)


BLOCKING = {"no address", "other scheme", "no host", "port", "port that is none", "port 0"}
BLOCKING |= {
    "proxy",
    "fingerprint",
    "bracket",
    "space",
    "no text",
    "password",
    "no file",
    "unknown user",
    "NUL",
}


@pytest.mark.parametrize(
    ("name", "text"), [pytest.param(name, text, id=name) for name, text, *_ in WRONG]
)
def test_only_a_gateway_that_cannot_be_connected_is_blocked(
    file: Path, name: str, text: str
) -> None:
    file.write_bytes(text.encode())
    settings = load_settings(file, {})

    blocked = [gateway for gateway in settings.gateways if gateway.problem]
    assert [gateway.problem for gateway in blocked] == (
        list(settings.problems) if name in BLOCKING else []
    )


def test_the_slips_of_several_gateways_are_all_told(file: Path) -> None:
    file.write_text(
        'demo = 1\n[[gateways]]\nurl = ""\n\n[[gateways]] # two\nid = "two"\n'
        'url = "ws://two:1/"\naccess = "x"\ninsecure = 3\n'
    )
    told = [(slip.key, slip.line) for slip in load_settings(file, {}).problems]

    assert told == [("demo", 1), ("url", 3), ("access", 8), ("insecure", 9)]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("127.0.0.1:18801", "ws://127.0.0.1:18801/"),
        ("http://127.0.0.1:18801/", "ws://127.0.0.1:18801/"),
        ("https://gateway.example/", "wss://gateway.example/"),
        ("  ws://127.0.0.1:18801/ ", "ws://127.0.0.1:18801/"),
        ("ws://127.0.0.1", "ws://127.0.0.1:18789/"),
        ("gateway.example", "wss://gateway.example:18789/"),
    ],
)
def test_an_address_that_is_clear_is_mended_and_said(file: Path, typed: str, url: str) -> None:
    file.write_text(f'[[gateways]]\nurl = "{typed}"')
    settings = load_settings(file, {})

    assert only(settings).url == url
    assert settings.problems == ()
    (note,) = settings.notes
    assert (note.kind, note.value, note.line) == (SlipKind.MENDED, url, 2)
    assert only(load_settings(file, {}, url=typed)).url == url


def test_a_file_that_is_not_utf8_is_said(file: Path) -> None:
    file.write_bytes(b'demo_seed = "\xff"')

    (problem,) = load_settings(file, {}).problems
    assert "not a text file" in describe_slip(problem)


def test_a_directory_in_its_place_is_said(file: Path) -> None:
    file.mkdir()

    (problem,) = load_settings(file, {}).problems
    assert (problem.kind, problem.file) == (SlipKind.UNREADABLE, str(file))


def test_a_file_that_cannot_be_read_costs_no_gateway_that_is_named_elsewhere(file: Path) -> None:
    file.write_text("[[[")
    settings = load_settings(file, {"GATEWAY_WS_URL": "ws://h:1/"})

    assert only(settings).url == "ws://h:1/"
    assert len(settings.problems) == 1


@pytest.mark.parametrize("token", ["two\nlines", "a b", "bell\a", "x" * 8193])
def test_a_token_that_cannot_be_one_is_said_but_not_shown(file: Path, token: str) -> None:
    settings = load_settings(file, {"OPENCLAW_GATEWAY_TOKEN": token})

    (problem,) = settings.problems
    assert "OPENCLAW_GATEWAY_TOKEN: the token" in describe_slip(problem)
    assert token not in f"{describe_slip(problem)} {settings!r}"


def test_the_password_of_an_address_is_not_repeated(file: Path) -> None:
    settings = load_settings(file, {}, url="ws://me:hunter2@h/")

    assert settings.usage_errors == settings.problems != ()
    assert "hunter2" not in f"{settings!r} {describe_slip(settings.problems[0])}"


@pytest.mark.parametrize("space", [" ", "\n", "\r\n", "\t", "  \n\n"])
def test_spaces_around_a_token_are_not_part_of_it(file: Path, tmp_path: Path, space: str) -> None:
    token = tmp_path / "token"
    token.write_bytes(f"{space}s3cret{space}".encode())

    settings = load_settings(file, {}, token_file=token)
    assert only(settings).token.reveal() == "s3cret"
    assert settings.problems == ()


def test_a_gateway_can_be_off(file: Path) -> None:
    file.write_text(GATEWAY + "enabled = false")
    settings = load_settings(file, {})

    assert not only(settings).enabled
    assert settings.is_configured


@pytest.mark.parametrize(
    "written", ["ab" * 32, "AB:" * 31 + "AB", "sha256 Fingerprint=" + "AB:" * 31 + "AB"]
)
def test_a_fingerprint_as_it_is_copied(file: Path, written: str) -> None:
    file.write_text(GATEWAY + f'fingerprint = "{written}"')

    assert only(load_settings(file, {})).fingerprint == "ab" * 32


def test_that_nobody_has_named_a_gateway_is_known(file: Path) -> None:
    nobody = load_settings(file, {})
    assert not nobody.is_configured
    assert only(nobody).url == DEFAULT_URL
    assert nobody.chosen.gateways == ()
    named = load_settings(file, {}, url="ws://h:1/")
    assert named.is_configured
    assert named.chosen is named


@pytest.mark.parametrize(
    "environ",
    [
        {"GATEWAY_WS_URL": "ws://h:1/"},
        {"WS_GATEWAY_URL": "ws://h:1/"},
        {"OPENCLAW_GATEWAY_TOKEN": "t0ken"},
        {"GATEWAY_TOKEN": "t0ken"},
        {"GATEWAY_URL": "http://h:1/api/agents"},
    ],
    ids=lambda environ: next(iter(environ)),
)
def test_the_environment_names_a_gateway_by_any_of_its_variables(
    file: Path, environ: dict[str, str]
) -> None:
    assert load_settings(file, environ).is_configured


def test_a_token_file_that_is_missing_is_no_reason_to_show_the_sample(file: Path) -> None:
    settings = load_settings(file, {}, token_file=file.with_name("none"))
    assert settings.is_configured
    assert settings.problems != ()


def test_where_a_token_comes_from_is_known(file: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret")
    environ = {"OPENCLAW_GATEWAY_TOKEN": "t0ken"}
    assert only(load_settings(file, {})).token_from == ""
    assert only(load_settings(file, environ)).token_from == "OPENCLAW_GATEWAY_TOKEN"
    assert only(load_settings(file, environ, token_file=token)).token_from == "--token-file"
    file.write_text(GATEWAY + f'token_file = "{token}"')
    assert only(load_settings(file, environ)).token_from == str(token)


def test_the_same_files_give_the_same_settings(file: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret")
    file.write_text(GATEWAY + f'token_file = "{tmp_path / "token"}"')
    first = load_settings(file, {})

    assert load_settings(file, {}) == first
    (tmp_path / "token").write_text("another")
    assert load_settings(file, {}) != first


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

    settings = load_settings(file, {})
    assert settings.update_url == ""
    (problem,) = settings.problems
    assert "https://host/" in describe_slip(problem)
    assert "hunter2" not in f"{settings!r} {describe_slip(problem)}"


def test_nobody_is_asked_for_news_of_versions_by_default(file: Path) -> None:
    assert load_settings(file, {}).update_url == ""


# Files that are none


@posix
def test_special_files_are_refused_at_once(file: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for special in (fifo, Path("/dev/zero")):
        file.write_text(f'[[gateways]]\nurl = "ws://h:1/"\ntoken_file = "{special}"')
        for settings in (
            load_settings(special, {}),
            load_settings(tmp_path / "none", {}, token_file=special),
            load_settings(file, {}),
        ):
            (problem,) = settings.problems
            assert "not a regular file" in describe_slip(problem)


@posix
def test_a_token_file_that_others_can_read_is_told_once(file: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret")
    token.chmod(0o644)
    file.write_text(
        "".join(f'[[gateways]]\nurl = "ws://{name}:1/"\ntoken_file = "{token}"\n' for name in "ab")
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
            f'[[gateways]]\nurl = "ws://{access or "none"}:1/"\n'
            f"{access and f'access = {access!r}'}\n"
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

    (slip,) = load_settings(path, {}).problems
    assert slip.key == line.split()[0]


def test_a_program_for_each_notice(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[hooks]\ncommand = ["notify", "-x"]\n')
    assert load_settings(path, {}).hook_command == ("notify", "-x")


@pytest.mark.parametrize(
    "written", ['command = "notify"', "command = [1]", 'comand = ["notify"]', "command = {}"]
)
def test_a_program_that_cannot_be_one_is_told_and_nothing_is_run(
    tmp_path: Path, written: str
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f"[hooks]\n{written}\n")
    settings = load_settings(path, {})
    assert settings.hook_command == ()
    assert [problem.key for problem in settings.problems] == ["hooks"]
    assert "[hooks]" in describe_slip(settings.problems[0])


# The thresholds of the guard


def test_the_thresholds_of_the_guard(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(
        "[guard]\nsame_calls = 3\nwithin_minutes = 5\ntimes_usual = 2\nusual_after_runs = 4\n"
        "least_tokens = 0\n"
    )
    settings = load_settings(path, {})
    assert settings.guard == GuardSettings(3, 5, 2.0, 4, 0)
    assert not settings.problems


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        ("same_calls = 1", 3, "same_calls cannot be 1"),
        ("same_calls = 61", 3, "from 2 to 60"),
        ("same_calls = true", 3, "same_calls cannot be true"),
        ('same_calls = "many"', 3, 'cannot be "many"'),
        ("within_minutes = 0", 3, "from 1 to 1440"),
        ("times_usual = 1", 3, "times_usual cannot be 1"),
        ("times_usual = nan", 3, "times_usual cannot be nan"),
        ("times_usual = inf", 3, "times_usual cannot be inf"),
        ("usual_after_runs = 51", 3, "from 1 to 50"),
        ("least_tokens = -1", 3, "least_tokens cannot be -1"),
        (f"least_tokens = {'9' * 300}", 3, "least_tokens has a value that cannot be used"),
        ("same_calls = [3]", 3, "same_calls has a value that cannot be used"),
    ],
)
def test_a_threshold_that_cannot_be_one_is_told_and_the_others_apply(
    tmp_path: Path, written: str, line: int, said: str
) -> None:
    path = tmp_path / "settings.toml"
    other = "least_tokens = 9" if written.startswith("same") else "same_calls = 9"
    path.write_text(f"demo = false\n[guard]\n{written}\n{other}\n")
    settings = load_settings(path, {})
    expected = {"least_tokens": 9} if written.startswith("same") else {"same_calls": 9}
    assert settings.guard == GuardSettings(**expected)
    [problem] = settings.problems
    assert problem.line == line
    assert said in describe_slip(problem)
    assert not settings.demo


def test_a_guard_that_is_no_table_and_an_unknown_threshold_are_told(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("guard = 5\n")
    settings = load_settings(path, {})
    assert settings.guard == GuardSettings()
    assert "Write a [guard] table" in describe_slip(settings.problems[0])
    path.write_text("[guard]\nfull_at = 3\nsame_calls = 4\n")
    settings = load_settings(path, {})
    assert settings.guard.same_calls == 4
    assert [(note.key, note.line) for note in settings.notes] == [("full_at", 2)]
