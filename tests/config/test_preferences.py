from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import msgspec
import pytest

from cc_desktop.config.preferences import Preferences, TrayPreferences
from cc_desktop.config.state_store import StateStore
from cc_desktop.desktop.icons.tray_state import TrayIconStyle

if TYPE_CHECKING:
    from pathlib import Path


class Sample(msgspec.Struct, frozen=True):
    PAGE: ClassVar[str] = "sample"

    colour: str = "red"
    size: int = 3
    names: tuple[str, ...] = ("a",)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "preferences.json"


def load(path: Path) -> Preferences:
    return Preferences(StateStore(path))


def test_what_was_not_chosen_is_the_default(path: Path) -> None:
    assert load(path).get(Sample) == Sample()
    assert not path.exists()


def test_a_page_survives_a_restart(path: Path) -> None:
    chosen = Sample("blue", 9, ("b", "c"))
    load(path).set(chosen)

    assert load(path).get(Sample) == chosen
    assert load(path).get(TrayPreferences) == TrayPreferences()


@pytest.mark.parametrize(
    ("kept", "wanted"),
    [
        ({"colour": 7, "size": 9}, Sample(size=9)),
        ({"colour": "blue", "size": "9"}, Sample("blue")),
        ({"size": True, "names": [1]}, Sample()),
        ({"unknown": 1}, Sample()),
        ([], Sample()),
        (None, Sample()),
        ("x", Sample()),
    ],
)
def test_each_field_that_cannot_be_used_gets_its_default(
    path: Path, kept: object, wanted: Sample
) -> None:
    path.write_text(json.dumps({"sample": kept}))

    assert load(path).get(Sample) == wanted


def test_fields_of_a_newer_version_stay(path: Path) -> None:
    path.write_text(json.dumps({"sample": {"size": 9, "new": [1]}, "later": {"x": 1}}))
    preferences = load(path)
    preferences.set(msgspec.structs.replace(preferences.get(Sample), colour="blue"))

    kept = json.loads(path.read_text())
    assert kept["sample"] == {"size": 9, "new": [1], "colour": "blue", "names": ["a"]}
    assert kept["later"] == {"x": 1}


def test_the_tray_icon_of_an_earlier_version_is_kept(path: Path) -> None:
    path.write_text(json.dumps({"tray_icon": "dark", "notifications": {"on": False}}))

    assert load(path).get(TrayPreferences).icon_style == "dark"
    assert json.loads(path.read_text()) == {
        "tray": {"icon_style": "dark"},
        "notifications": {"on": False},
    }


def test_a_choice_made_since_wins_over_the_earlier_version(path: Path) -> None:
    path.write_text(json.dumps({"tray_icon": "dark", "tray": {"icon_style": "light"}}))

    assert load(path).get(TrayPreferences).icon_style == "light"


@pytest.mark.parametrize("style", TrayIconStyle)
def test_every_style_of_the_tray_icon_can_be_kept(path: Path, style: TrayIconStyle) -> None:
    load(path).set(TrayPreferences(style.value))

    assert load(path).get(TrayPreferences).icon_style == style


def test_a_style_that_is_none_is_the_default(path: Path) -> None:
    path.write_text(json.dumps({"tray": {"icon_style": "pink"}}))

    assert load(path).get(TrayPreferences).icon_style == "auto"
