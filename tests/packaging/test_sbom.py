"""The bill of materials, without a bundle."""

from __future__ import annotations

import json
from email.parser import HeaderParser
from importlib import metadata
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest
import sbom

from tests.packaging.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

A = sbom.component("a", "1", "MIT", purl="pkg:pypi/a@1", needs=["B.x", "absent"])
B = sbom.component("b-x", "2", "MIT OR GPL-3.0-only", purl="pkg:pypi/b-x@2")


def test_the_same_input_gives_the_same_bytes_in_any_order() -> None:
    one = sbom.bill("1.2.3", 1_800_000_000, [A, B])
    assert sbom.bill("1.2.3", 1_800_000_000, [B, A]) == one
    assert json.loads(one)["metadata"]["timestamp"] == "2027-01-15T08:00:00Z"


def test_another_input_gives_another_serial_number() -> None:
    serials = {
        json.loads(sbom.bill(version, when, parts))["serialNumber"]
        for version, when, parts in (("1", 1, [A]), ("2", 1, [A]), ("1", 2, [A]), ("1", 1, [A, B]))
    }
    assert len(serials) == 4


def test_it_says_what_needs_what() -> None:
    document = json.loads(sbom.bill("1", 1, [A, B]))
    needs = {one["ref"]: one["dependsOn"] for one in document["dependencies"]}
    assert needs["pkg:pypi/a@1"] == ["pkg:pypi/b-x@2"]
    assert needs["pkg:generic/cc-desktop@1"] == ["pkg:pypi/a@1", "pkg:pypi/b-x@2"]


def test_it_names_no_place_to_download_from() -> None:
    text = sbom.bill("1", 1, [A, B])
    assert text.count("://") == 1  # the schema's own name
    assert "externalReferences" not in text


@pytest.mark.parametrize(
    ("head", "licence"),
    [
        ("License-Expression: Apache-2.0 OR BSD-3-Clause", "Apache-2.0 OR BSD-3-Clause"),
        ("License: MIT", "MIT"),
        ("Classifier: License :: OSI Approved :: MIT License", "MIT"),
        ("License: see file\nClassifier: License :: OSI Approved :: MIT License", "MIT"),
        ("Classifier: License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
        ("License: " + "a whole text " * 20, ""),
        ("Classifier: Topic :: Utilities", ""),
    ],
)
def test_a_licence_is_read_from_what_packages_say(head: str, licence: str) -> None:
    assert sbom.licence_of(HeaderParser().parsestr(f"Name: x\n{head}\n")) == licence


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only", False),
        ("GPL-2.0-or-later", False),
        ("GPL-2.0-or-later WITH Bootloader-exception", True),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_one_alternative_has_to_be_allowed(expression: str, allowed: bool) -> None:
    assert sbom.is_allowed(expression) is allowed


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["pkg/__init__.py", "pkg/part.py"], True),  # one module of two
        (["single.py"], True),
        (["pkg/_speed.abi3.so"], True),
        (["other/__init__.py"], False),
        (["pkg-1.dist-info/METADATA", "../../bin/pkg"], False),  # what every package has
    ],
)
def test_a_distribution_is_in_it_when_a_file_or_a_module_is(files: list[str], found: bool) -> None:
    inside = {"module:pkg", "module:single", "pkg/_speed.abi3.so", "pkg-1.dist-info/METADATA"}
    if "_speed" not in files[0]:
        inside.discard("pkg/_speed.abi3.so")
    assert sbom.is_in(map(PurePosixPath, files), inside) is found


def test_a_library_and_the_link_to_it_are_one_entry() -> None:
    inside = {"libicudata.so.73", "PySide6/Qt/lib/libicudata.so.73"}
    assert [one["name"] for one in sbom.brought_along(inside)].count("icu") == 1


def test_python_s_own_library_is_none_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sbom, "_ask", lambda *words: "1.15" if "--show" in words else "libx: /lib")
    inside = {"libpython3.11.so.1.0", "libxcb-cursor.so.0", "PySide6/Qt/lib/libQt6Core.so.6"}
    assert sbom.system_packages(inside) == {"libx": ("1.15", ["libxcb-cursor.so.0"])}


def test_files_of_a_bundle_count_from_its_inner_folder(tmp_path: Path) -> None:
    inner = tmp_path / "_internal/pkg"
    inner.mkdir(parents=True)
    (inner / "data.txt").touch()
    (tmp_path / "cc-desktop").write_bytes(b"no starter of PyInstaller's")
    assert sbom.contents(tmp_path) == {"pkg/data.txt"}


def test_the_packages_of_this_lock_have_licences_that_may_be_given_away() -> None:
    names = {
        line.partition("==")[0]
        for line in (ROOT / "requirements/runtime.txt").read_text("utf-8").splitlines()
        if "==" in line
    }
    read = {
        sbom.canonical(one.metadata["Name"]): sbom.licence_of(
            HeaderParser().parsestr(one.read_text("METADATA") or "")
        )
        for one in metadata.distributions()
    }
    here = {name: read[name] for name in names if name in read}
    assert len(here) > 20
    assert {name: text for name, text in here.items() if not sbom.is_allowed(text)} == {}
