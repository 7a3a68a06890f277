"""The catalogs fit the code: nothing is missing, nothing is left over, placeholders agree."""

from __future__ import annotations

import ast
import gettext
import importlib.util
import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent.parent


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / "scripts/translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["translations"] = module
    spec.loader.exec_module(module)
    return module


translations: Any = load()


def test_every_text_of_the_code_is_translated() -> None:
    """Mended by `scripts/translations.py update`, a translation, and `compile`."""
    assert translations.check() == []
    assert "de" in translations.languages()


# Another word for what has one already, and what it is called.
GERMAN = {
    r"[Ss]cheiter": "fehlschlagen, fehlgeschlagen",
    r"[Ss]topp|gestoppt": "anhalten, angehalten",
    r"[Gg]enehmig": "Freigabe, freigeben",
    r"Session|[Ee]inlass": "Sitzung; Kopplung",
    r"\b([Dd]eine?[mnrs]?|[Dd]u|[Dd]ich|[Dd]ir)\b": "Sie, Ihre",
    r"\b(Aktualisiere|Beginne|Öffne|Prüfe|Starte|Wähle|Wiederhole|verwirf|lass)\b": "… Sie",
    r"\d\S* Token\b|\} Token\b|(?<!das )Token und": "Tokens",
}


def test_german_has_one_word_for_each_thing_and_one_tone() -> None:
    with (ROOT / "resources/locale/de/LC_MESSAGES/cc-desktop.mo").open("rb") as file:
        known = gettext.GNUTranslations(file)
    texts = [text for text in known._catalog.values() if isinstance(text, str)]  # type: ignore[attr-defined]
    assert len(texts) > 500
    found = {
        (text, instead)
        for pattern, instead in GERMAN.items()
        for text in texts
        if re.search(pattern, text)
    }
    assert not found


def test_the_code_is_read_whole() -> None:
    tree = ast.parse(
        "from cc_desktop.text.i18n import mark as marked\n"
        "tr('one' ' text', n=1); i18n.tr('two'); trn('{n} a', '{n} b', 3); marked('three')\n"
        "tr(name); other('no'); tr('')\n"
    )
    found = translations._texts_of(tree, "here.py")
    assert sorted(found) == [("one text",), ("three",), ("two",), ("{n} a", "{n} b")]


def test_an_f_string_cannot_be_translated() -> None:
    with pytest.raises(translations.TranslationError, match=r"here\.py:1"):
        translations._texts_of(ast.parse("tr(f'{name} failed')"), "here.py")


@pytest.mark.parametrize(
    ("key", "said", "mistake"),
    [
        (("a {b}",), ("ein {b}",), ""),
        (("a {b}",), ("ein {c}",), "other placeholders"),
        (("a {b}",), ("ein {b",), "other placeholders"),
        (("a {b}",), ("ein",), "other placeholders"),
        (("a",), ("",), "not translated"),
        (("a",), (" ein",), "spaces at the edge"),
        (("{n} a", "{n} as"), ("ein a", "{n} a"), ""),
        (("{n} a", "{n} as"), ("{n} a", "viele a"), "other placeholders"),
        (("{n} a", "{n} as"), ("{n} a", ""), "not translated"),
        (("{n} a of {b}", "{n} as of {b}"), ("ein a", "{n} a {b}"), "other placeholders"),
    ],
)
def test_a_mistake_is_found(key: tuple[str, ...], said: tuple[str, ...], mistake: str) -> None:
    found = translations.mistakes({key: said}, {key: ["a.py"]})
    assert [line.partition(":")[0] for line in found] == ([mistake] if mistake else [])


def test_a_text_that_is_missing_or_left_over_is_found() -> None:
    assert translations.mistakes({}, {("new",): ["a.py"]}) == ["not translated: 'new'"]
    assert translations.mistakes({("old",): ("alt",)}, {}) == ["not in the code: 'old'"]


def test_a_catalog_survives_being_written_and_read(tmp_path: Path) -> None:
    catalog = {
        ("",): ("Content-Type: text/plain; charset=UTF-8\n",),
        ('say "{a}"\nnow \\ then',): ("„{a}“\njetzt \\ dann\t",),
        ("{n} a", "{n} as"): ("{n} ä", "{n} äs"),
    }
    places = {key: ["x.py"] for key in catalog if key != ("",)}
    translations.write_po(tmp_path / "de.po", catalog, places)
    assert translations.read_po(tmp_path / "de.po") == catalog


def test_the_translation_of_a_text_that_went_is_kept_for_its_return(tmp_path: Path) -> None:
    catalog = {
        ("",): ("Language: de\n",),
        ("a\nb",): ("ä\nb",),
        ("{n} c", "{n} cs"): ("c", "{n} c"),
    }
    po = tmp_path / "de.po"
    translations.write_po(po, catalog, {})
    assert translations.read_po(po) == {("",): ("Language: de\n",)}
    back = translations.read_po(po, old=True) | translations.read_po(po)
    assert back == catalog


@pytest.mark.parametrize("text", ['"a"\n', "msgid nothing\n", 'msgid "a\n', 'msgid "a" 3\n'])
def test_a_damaged_catalog_says_where(tmp_path: Path, text: str) -> None:
    (tmp_path / "de.po").write_text(text)
    with pytest.raises(translations.TranslationError, match=r"de\.po:1"):
        translations.read_po(tmp_path / "de.po")


def test_gettext_reads_what_is_compiled() -> None:
    head = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
    data = translations.compiled(
        {("",): (head,), ("a",): ("ä",), ("{n} b", "{n} bs"): ("ein b", "{n} b"), ("c",): ("",)}
    )
    catalog = gettext.GNUTranslations(io.BytesIO(data))
    assert catalog.gettext("a") == "ä"
    assert catalog.gettext("c") == "c"
    assert [catalog.ngettext("{n} b", "{n} bs", n) for n in (1, 2)] == ["ein b", "{n} b"]
