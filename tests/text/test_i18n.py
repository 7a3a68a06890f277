from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

import pytest

from cc_desktop.fleet.summary import summarize
from cc_desktop.text import agents, i18n
from cc_desktop.text.banner import banner, empty, source
from cc_desktop.text.format import ago, clock, run_time, when
from cc_desktop.text.i18n import set_language, tr, trn
from cc_desktop.text.summary import headline
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
