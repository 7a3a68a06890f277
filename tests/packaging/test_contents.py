"""What is in the downloads, and what is not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import bundle
import compare
import elf
import pytest
import scan

from tests.packaging.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packaging.conftest import Built

pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]

MIB = 2**20


@pytest.fixture(scope="module")
def unpacked(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both downloads, unpacked beside each other."""
    folder = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["dpkg-deb", "--raw-extract", built.deb, folder / "deb"], check=True)
    with tarfile.open(built.archive) as tar:
        tar.extractall(folder / "archive", filter="tar")
    return folder


def test_there_is_no_test_no_secret_and_no_path_of_this_machine(unpacked: Path) -> None:
    site_packages = next((ROOT / "build/package/venv").glob("**/site-packages"))
    found = scan.findings(
        unpacked,
        here=scan.places(),
        private=scan.private_values(),
        known=scan.published(site_packages),
    )
    assert found == []


def test_the_scan_looks_into_the_program_and_the_library(unpacked: Path) -> None:
    names = {name for name, _ in scan.parts(unpacked / "deb/usr/lib/cc-desktop")}
    assert "cc-desktop:cc_desktop.cli" in names
    assert "cc-desktop:keyring.backends.SecretService" in names
    assert any(re.fullmatch(r"_internal/base_library\.zip:.*codecs\.pyc", name) for name in names)


def test_resources_are_in_it_and_pictures_are_not(unpacked: Path) -> None:
    inside = unpacked / "deb/usr/lib/cc-desktop/_internal/cc_desktop/resources"
    names = {path.relative_to(inside).as_posix() for path in inside.rglob("*") if path.is_file()}
    assert {"demo-fleet.json", "icons/cc-desktop.svg"} <= names
    assert not [name for name in names if "picture" in name]


def test_qt_has_the_plugins_it_needs_and_no_others(unpacked: Path) -> None:
    plugins = unpacked / "deb/usr/lib/cc-desktop/_internal/PySide6/Qt/plugins"
    kinds = {path.name for path in plugins.iterdir()}
    platforms = {path.name for path in (plugins / "platforms").iterdir()}
    assert platforms == {"libqxcb.so", "libqwayland.so", "libqoffscreen.so"}
    assert {"iconengines", "imageformats", "platformthemes"} <= kinds
    assert not kinds & {"tls", "networkinformation", "egldeviceintegrations", "generic"}


def test_the_sizes_are_within_their_limits(built: Built) -> None:
    files = [path for path in built.bundle.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) <= 90 * MIB
    assert built.deb.stat().st_size <= 28 * MIB
    assert built.archive.stat().st_size <= 28 * MIB


# What Qt asks ICU for: order, by the rules of a language, and normalized text.
_SORT = """
from PySide6.QtCore import QCollator, QLocale
for language, words in (("de", "z ä a"), ("sv", "å z ä"), ("cs", "chata hrad cena"), ("xx", "b a")):
    order = QCollator(QLocale(language))
    order.setNumericMode(True)
    print(language, *sorted(words.split(), key=order.sortKey))
print(*sorted(["agent 10", "agent 9"], key=order.sortKey))
print("STRASSE".lower(), QLocale("tr").toUpper("i"))
"""


def test_words_sort_with_the_tables_in_the_bundle_as_with_all_of_them(built: Built) -> None:
    python = next((ROOT / "build/package/venv").glob("bin/python"))
    (tables,) = (built.bundle / "_internal/PySide6/Qt/lib").glob("libicudata.so.*")
    assert tables.stat().st_size < 4 * MIB

    told = [
        subprocess.run([python, "-c", _SORT], env=env, capture_output=True, text=True, check=True)
        for env in ({}, {"LD_PRELOAD": str(tables)})
    ]

    assert told[0].stdout == told[1].stdout
    assert told[0].stdout.startswith("de a ä z\nsv z å ä\ncs cena hrad chata\n")
    assert told[1].stderr == ""


def test_the_glibc_that_is_declared_is_the_one_that_is_needed(built: Built, unpacked: Path) -> None:
    needed = elf.versions(elf.files(unpacked / "deb"))["GLIBC"]
    command = ["dpkg-deb", "--field", str(built.deb), "Depends"]
    depends = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    declared = re.search(r"\blibc6 \(>= ([0-9.]+)\)", depends)
    assert declared is not None
    assert tuple(map(int, declared[1].split("."))) == needed
    assert "fonts-noto-color-emoji" in depends
    assert re.search(r"\bfonts-dejavu-core\b", depends)


def test_icons_of_all_sizes_and_the_menu_entry_are_in_it(unpacked: Path) -> None:
    share = unpacked / "deb/usr/share"
    icons = {path.parent.parent.name for path in (share / "icons/hicolor").rglob("cc-desktop.*")}
    sizes = (16, 22, 24, 32, 48, 64, 96, 128, 256, 512)
    assert icons == {"scalable", *(f"{size}x{size}" for size in sizes)}
    entry = share / "applications/cc-desktop.desktop"
    subprocess.run(["desktop-file-validate", str(entry)], check=True)


def test_the_description_is_valid(unpacked: Path) -> None:
    path = unpacked / "deb/usr/share/metainfo/cc-desktop.metainfo.xml"
    done = subprocess.run(
        ["appstreamcli", "validate", "--no-net", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    told = re.findall(r"^[EWI]: \S+ (\S+)", done.stdout, re.MULTILINE)
    # The application's id is cc-desktop, and the project has no domain to put before it.
    assert sorted(told) == ["cid-contains-hyphen", "cid-desktopapp-is-not-rdns"]


def test_debians_own_checks_have_no_objection(built: Built) -> None:
    command = ["lintian", "--fail-on", "error,warning", "--allow-root", str(built.deb)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_second_build_elsewhere_is_equal(built: Built, tmp_path: Path) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    copy = tmp_path / "another place"
    for name in filter(None, listing.stdout.split("\0")):
        if (ROOT / name).is_file():
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
            target.chmod((ROOT / name).stat().st_mode)
    when = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    command = ["env", f"SOURCE_DATE_EPOCH={when.stdout.strip()}", "PYTHONHASHSEED=7"]
    subprocess.run([*command, sys.executable, copy / "packaging/build.py"], check=True)

    for one in (built.deb, built.archive):
        assert compare.differences(one, copy / "dist" / one.name) == []
    assert (copy / "dist" / built.bill.name).read_bytes() == built.bill.read_bytes()


# Which distributions the modules of a bundle belong to, asked in the environment it was made in.
_OWNERS = """
import json, sys
from importlib.metadata import packages_distributions
print(json.dumps({name: owners for name, owners in packages_distributions().items()
                  if name not in sys.stdlib_module_names}))
"""


def test_every_distribution_in_the_bundle_is_in_the_bill(built: Built) -> None:
    python = next((ROOT / "build/package/venv").glob("bin/python"))
    told = subprocess.run([python, "-I", "-c", _OWNERS], capture_output=True, check=True)
    owners = json.loads(told.stdout)
    names = [name.partition("cc-desktop:")[2] for name, _ in scan.parts(built.bundle)]
    names += [path.name for path in (built.bundle / "_internal").iterdir()]
    roots = {re.split(r"[./]", name)[0] for name in names}
    wanted = {
        re.sub(r"[-_.]+", "-", owner).lower() for root in roots for owner in owners.get(root, ())
    }

    bill = json.loads(built.bill.read_text("utf-8"))
    listed = {one["name"] for one in bill["components"]}

    assert {"msgspec", "pyside6-essentials", "websockets", "cryptography", "keyring"} <= wanted
    assert wanted - {"cc-desktop"} <= listed
    assert {"python", "qt", "icu", "openssl", "libxcb-cursor0", "pyinstaller"} <= listed


def test_the_licences_name_everything_that_is_in_the_bill(built: Built, unpacked: Path) -> None:
    (text,) = (path.read_text("utf-8") for path in (unpacked / "archive").glob("*/LICENCES"))
    bill = json.loads(built.bill.read_text("utf-8"))
    parts = set(re.findall(r"^=+\n([^\s:]+)", text, re.MULTILINE))
    named = {re.sub(r"[-_.]+", "-", name).lower() for name in parts} | {"icu", "openssl", "qt"}
    listed = {re.sub(r"[-_.]+", "-", one["name"]).lower() for one in bill["components"]}
    assert listed <= named


def test_a_library_that_is_missing_fails_the_build(tmp_path: Path) -> None:
    plugin = tmp_path / "dist/cc-desktop/libqxcb.so"
    plugin.parent.mkdir(parents=True)
    plugin.touch()
    line = "WARNING: Library not found: could not resolve '{}', dependency of '/somewhere/{}'."
    told = [
        line.format("libxcb-cursor.so.0", plugin.name),
        line.format("libgbm.so.1", "dropped.so"),
    ]
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\ncat <<'END'\n" + "\n".join(told) + "\nEND\n")
    python.chmod(0o755)

    with pytest.raises(bundle.BuildError, match=r"libxcb-cursor") as error:
        bundle.build(python, tmp_path, {"PATH": "/usr/bin:/bin"})

    assert "libgbm" not in str(error.value)
