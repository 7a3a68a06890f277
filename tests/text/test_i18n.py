from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.paths import resource
from cc_desktop.fleet.summary import summarize
from cc_desktop.text import agents, i18n
from cc_desktop.text.banner import banner, empty, source
from cc_desktop.text.format import (
    ago,
    capitalized,
    clock,
    cost,
    run_time,
    sentence_end,
    tokens,
    when,
)
from cc_desktop.text.i18n import (
    FSI,
    PDI,
    PSEUDO_RTL,
    choose_language,
    isolate,
    set_language,
    source_language,
    tr,
    trn,
    wanted_languages,
)
from cc_desktop.text.report import as_json, as_text
from cc_desktop.text.summary import headline, tooltip
from tests.desktop import sample
from tests.desktop.sample import DAY, HOUR, MIN, NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _source_language() -> Iterator[None]:
    yield
    set_language("")


def write_catalog(folder: Path, entries: dict[str, str]) -> None:
    """A .mo file, as msgfmt writes it."""
    place = folder / "de" / "LC_MESSAGES"
    place.mkdir(parents=True)
    head = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n != 1;\n"
    pairs = sorted((key.encode(), text.encode()) for key, text in {"": head, **entries}.items())
    start = 28 + 16 * len(pairs)
    tables, texts = b"", b""
    for side in (0, 1):
        for pair in pairs:
            tables += struct.pack("<II", len(pair[side]), start + len(texts))
            texts += pair[side] + b"\0"
    size = len(pairs)
    header = struct.pack("<7I", 0x950412DE, 0, size, 28, 28 + 8 * size, 0, start)
    (place / f"{i18n.DOMAIN}.mo").write_bytes(header + tables + texts)


def test_the_source_language_needs_no_catalog() -> None:
    assert tr("{n} s", n=3) == "3 s"
    assert trn("{n} match", "{n} matches", 1) == "1 match"
    assert trn("{n} match", "{n} matches", 0) == "0 matches"


def test_a_text_without_values_may_have_braces() -> None:
    assert tr("a {brace}") == "a {brace}"


def test_values_are_never_taken_for_templates() -> None:
    assert tr("{name} failed", name="{0.__class__}") == "{0.__class__} failed"


def test_a_catalog_is_used(tmp_path: Path) -> None:
    write_catalog(
        tmp_path,
        {"{span} ago": "vor {span}", "{n} match\0{n} matches": "{n} Treffer\0{n} Treffer!"},
    )
    assert set_language("de", tmp_path)
    assert ago(NOW - 4 * MIN, NOW) == "vor 4 min"
    assert trn("{n} match", "{n} matches", 2) == "2 Treffer!"
    assert tr("not translated") == "not translated"
    assert set_language("en")
    assert ago(NOW - 4 * MIN, NOW) == "4 min ago"


def test_a_wrong_placeholder_of_a_translator_gives_way_to_the_source(tmp_path: Path) -> None:
    write_catalog(tmp_path, {"{span} ago": "vor {dauer}", "{n} s": "{n"})
    assert set_language("de", tmp_path)
    assert tr("{span} ago", span="1 h") == "1 h ago"
    assert tr("{n} s", n=3) == "3 s"


@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"\xde\x12\x04\x95"])
def test_a_catalog_that_is_missing_or_damaged_leaves_the_source(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        write_catalog(tmp_path, {})
        (tmp_path / "de" / "LC_MESSAGES" / f"{i18n.DOMAIN}.mo").write_bytes(content)
    assert not set_language("de", tmp_path)
    assert not set_language("de")
    assert tr("{n} s", n=3) == "3 s"


def test_the_pseudo_locale_is_longer_and_keeps_placeholders() -> None:
    set_language(i18n.PSEUDO)
    said = tr("Reconnect {gateway} now", gateway="studio")
    assert "studio" in said
    assert len(said) >= 1.3 * len("Reconnect studio now") - 2
    assert "Réçöññéçt" in said


def test_every_sentence_about_a_fleet_is_translated() -> None:
    """What the pseudo-locale did not touch did not go through `tr`."""
    set_language(i18n.PSEUDO)
    said = [
        headline(summarize(sample.live_store().fleet)),
        clock(NOW - DAY, NOW),
        when(NOW - HOUR, NOW),
        run_time(72_000),
    ]
    for store in (sample.live_store(), sample.demo_store(), sample.last_known_store()):
        fleet = store.fleet
        said += [source(fleet, NOW), *empty(fleet, 0, "")]
        shown = banner(fleet, NOW)
        said += [shown.text, shown.tag] if shown else []
        for gateway in fleet.gateways.values():
            for agent in gateway.agents.values():
                text = agents.describe(agent, NOW)
                said += [text.since, agents.status_word(agent.status), text.now]
    assert [line for line in said if not re.search(r"\[.*~\]", line, re.DOTALL)] == []


# Which language


@pytest.mark.parametrize(
    ("environ", "system", "wanted"),
    [
        ({}, (), []),
        ({"LANG": "de_AT.UTF-8"}, (), ["de_AT"]),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "de_DE@euro"}, (), ["de_DE"]),
        ({"LANG": "de_DE", "LC_ALL": "C.UTF-8"}, (), []),
        ({"LANG": "POSIX", "LANGUAGE": "de"}, (), []),
        ({"LANG": "fr_FR.UTF-8", "LANGUAGE": "gsw:de"}, (), ["gsw", "de", "fr_FR"]),
        ({"LANG": "fr_FR", "CC_DESKTOP_LANGUAGE": "de"}, (), ["de"]),
        ({"LANG": "", "LC_ALL": ""}, ("de-CH", "en-US"), ["de_CH", "en_US"]),
        ({"LANG": "en_GB"}, ("de-CH",), ["en_GB"]),
        ({"LANG": "../../etc"}, (), []),
        ({"CC_DESKTOP_LANGUAGE": "ar-XB"}, (), ["ar-XB"]),
    ],
)
def test_the_language_follows_the_choice_then_the_locale(
    environ: dict[str, str], system: tuple[str, ...], wanted: list[str]
) -> None:
    assert wanted_languages(environ, system) == wanted


@pytest.mark.parametrize(
    ("environ", "spoken"),
    [
        ({"LANG": "de_AT.UTF-8"}, "de_AT"),
        ({"LANG": "tlh_QO.UTF-8"}, "en"),
        ({"LANG": "fr_FR", "LANGUAGE": "tlh:de"}, "de"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "en_US:de"}, "en"),
        ({"LANG": "de_DE", "CC_DESKTOP_LANGUAGE": "en"}, "en"),
    ],
)
def test_the_best_language_that_there_is_is_spoken(environ: dict[str, str], spoken: str) -> None:
    assert choose_language(environ, lambda: resource("locale")) == spoken
    assert tr("Settings") == ("Einstellungen" if spoken.startswith("de") else "Settings")


# German


@pytest.fixture
def _german() -> None:
    assert set_language("de", resource("locale"))


@pytest.mark.usefixtures("_german")
def test_german_says_numbers_and_times_as_germans_write_them() -> None:
    assert [tokens(n) for n in (940, 1_234, 61_000, 1_200_000)] == ["940", "1,2k", "61k", "1,2M"]
    assert [cost(usd) for usd in (0.001, 1.5, 1234.0)] == [
        "<0,01\N{NO-BREAK SPACE}$",
        "1,50\N{NO-BREAK SPACE}$",
        "1.234\N{NO-BREAK SPACE}$",
    ]
    assert ago(NOW - 4 * MIN, NOW) == "vor 4\N{NO-BREAK SPACE}min"
    assert run_time(72_000) == "1 min 12 s".replace(" ", "\N{NO-BREAK SPACE}")
    assert ago(NOW - DAY, NOW) == "gestern"
    assert re.fullmatch(r"am \d+\. \w{3}( \d{4})?", ago(NOW - 40 * DAY, NOW))
    assert [trn("{n} needs you", "{n} need you", n) for n in (1, 3)] == [
        "1 braucht Sie",
        "3 brauchen Sie",
    ]


@pytest.mark.usefixtures("_german")
def test_the_status_of_the_command_line_is_german_but_its_json_is_not() -> None:
    fleet = sample.blocked_store().fleet
    german = as_json(fleet, NOW)
    lines = "\n".join(as_text(fleet, NOW))
    assert "Das Token ist falsch" in lines
    assert "The token" not in lines
    set_language("")
    assert as_json(fleet, NOW) == german
    assert "The gateway does not accept the token." in str(german)


@pytest.mark.usefixtures("_german")
def test_columns_of_the_command_line_stay_columns() -> None:
    lines = list(as_text(sample.live_store().fleet, NOW))
    rows = lines[lines.index("") + 1 :]
    assert {row[13] for row in rows} == {" "}
    assert {row[14] != " " for row in rows} == {True}


# From right to left


def test_without_a_direction_of_its_own_nothing_is_isolated() -> None:
    assert isolate("a") == "a"
    set_language(PSEUDO_RTL)
    assert isolate("") == ""
    assert isolate("4 min") == f"{FSI}4 min{PDI}"
    assert isolate(isolate("4 min")) == isolate("4 min")
    assert isolate(f"{FSI}a{PDI} {FSI}b{PDI}") == f"{FSI}{FSI}a{PDI} {FSI}b{PDI}{PDI}"
    with source_language():
        assert tr("{n} min", n=4) == "4 min"
    set_language("de", resource("locale"))
    assert isolate("4 min") == "4 min"


def test_values_in_a_sentence_are_isolated() -> None:
    set_language(PSEUDO_RTL)
    assert f"{FSI}studio 4{PDI}" in tr("{gateways} cannot be reached.", gateways="studio 4")
    assert f"{FSI}3{PDI}" in trn("{n} agent", "{n} agents", 3)
    assert tr("working {span}", span="").count(FSI) == 1


def test_a_value_may_have_a_format() -> None:
    set_language(PSEUDO_RTL)
    assert f"{FSI}1.5{PDI}" in tr("{n:.1f} s", n=1.46)


def test_sentences_keep_their_end_and_their_start() -> None:
    set_language(PSEUDO_RTL)
    assert sentence_end("It failed") == f"{FSI}It failed.{PDI}"
    assert sentence_end("") == ""
    assert capitalized(f"{FSI}live{PDI}") == f"{FSI}Live{PDI}"


def test_what_is_cut_never_holds_more_ends_than_starts() -> None:
    set_language(PSEUDO_RTL)
    text = tooltip(summarize(sample.live_store().fleet), "x" * 200)
    assert len(text) <= 127
    assert text.count(PDI) <= text.count(FSI)
