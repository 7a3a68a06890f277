from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from importlib import metadata
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import cc_desktop

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = ["runtime.txt", "package.txt", "dev.txt"]

# Each in two parts, so that this file does not hold what it forbids.
FORBIDDEN = [
    first + second
    for first, second in (
        ("work", "/shared"),
        ("/work", "/main"),
        ("/tm", "p/venv"),
        ("/opt/", "pypi"),
        ("/opt/", "wheels"),
        ("/root/", ".py"),
        ("pypi", ".org"),
        ("python", "hosted"),
        ("npmjs", ".org"),
        ("node", "source"),
        ("deb.", "debian"),
    )
]


def entries(lock: str) -> list[str]:
    """The requirements of a lock file, each with its hashes on one line."""
    text = (ROOT / "requirements" / lock).read_text("utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]


def pins(lock: str) -> dict[str, Requirement]:
    requirements = [Requirement(entry.partition(" --hash=")[0]) for entry in entries(lock)]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_required_with_extras_is_pinned_with_them(lock: str) -> None:
    """With hashes, pip wants it so as soon as a newer release is out."""
    found = pins(lock)
    for name in found:
        for text in metadata.requires(name) or () if is_installed(name) else ():
            wanted = Requirement(text)
            if wanted.extras and wanted.marker is None and wanted.name in found:
                assert wanted.extras <= found[wanted.name].extras, f"{name}: {wanted}"


def is_installed(name: str) -> bool:
    """Whether this system has it: some are for others."""
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes(lock: str) -> None:
    name = r"[a-z0-9-]+(\[[a-z0-9,-]+\])?"
    pinned = re.compile(name + r"==[0-9][^ *]*( ; [^-]+)?( +--hash=sha256:[0-9a-f]{64})+ *")

    assert entries(lock)
    assert [entry for entry in entries(lock) if not pinned.fullmatch(entry)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place_to_download_from(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text("utf-8")

    assert re.findall(r".*(?:://|file:/|/opt|/tmp|^-|^ *--(?!hash)).*", text, re.MULTILINE) == []


@pytest.mark.parametrize("lock", ["runtime.txt", "package.txt"])
def test_the_app_is_tested_with_the_versions_that_it_is_packaged_with(lock: str) -> None:
    packaged, dev = pins(lock), pins("dev.txt")

    assert {name: dev.get(name) for name in packaged} == packaged


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_holds_what_pyproject_asks_for(lock: str) -> None:
    wanted = list(PROJECT["project"]["dependencies"])
    extras = PROJECT["project"]["optional-dependencies"]
    if lock == "dev.txt":
        wanted.extend(chain(*extras.values()))
    elif lock == "package.txt":
        wanted.extend(extras["package"])
    locked = pins(lock)

    for requirement in map(Requirement, wanted):
        pin = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(str(pin.specifier).removeprefix("==")), requirement
        assert pin.marker == requirement.marker


def test_the_version_is_written_in_one_place() -> None:
    assert "version" in PROJECT["project"]["dynamic"]
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "cc_desktop/__init__.py"
    assert version("cc-desktop") == cc_desktop.__version__


@pytest.mark.skipif(shutil.which("git") is None, reason="git tells which files are the project's")
def test_no_file_mentions_the_machine_it_was_written_on() -> None:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode != 0:
        pytest.skip(f"not a git checkout: {listing.stderr.strip()}")
    files = {name: ROOT / name for name in listing.stdout.split("\0") if (ROOT / name).is_file()}

    found = [
        f"{name}: {word}"
        for name, path in files.items()
        for word in FORBIDDEN
        if word in name or word.encode() in path.read_bytes()
    ]

    assert files
    assert found == []


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_.]*)+)`", (ROOT / page).read_text("utf-8")))
    assert named
    assert [
        name
        for name in sorted(named)
        if not (ROOT / "cc_desktop" / name).exists() and not (ROOT / name).exists()
    ] == []
