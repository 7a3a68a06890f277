"""Write requirements/runtime.txt, dev.txt and package.txt from pyproject.toml.

Every package is pinned to one version with the hashes of all its files, so that one lock serves
Linux, macOS and Windows. Pins stay as they are unless pyproject.toml asks for something else;
with --upgrade each moves to the newest version that is allowed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOL = "pip-tools==7.6.2"
PIN = re.compile(r"^\S+==\S+", re.MULTILINE)
HEAD = "# Written by `make lock` from pyproject.toml: do not edit.\n"

# pip-compile sees no system and no Python but its own. What only others need is named to it here,
# and gets its marker in the lock. The oldest Python needs the most packages, so resolve on that.
OLDEST = (3, 11)
RUNTIME_MARKERS = {
    "backports-tarfile": 'python_version < "3.12"',  # jaraco.context
    "importlib-metadata": 'python_version < "3.12"',  # keyring
    "lazy-importer": 'python_version < "3.12"',  # importlib-metadata
    "zipp": 'python_version < "3.12"',  # importlib-metadata
    "jeepney": 'sys_platform == "linux"',  # notifications, keyring
    "secretstorage": 'sys_platform == "linux"',  # keyring
    "pywin32-ctypes": 'sys_platform == "win32"',  # keyring, pyinstaller
}
PACKAGE_MARKERS = RUNTIME_MARKERS | {
    "macholib": 'sys_platform == "darwin"',  # pyinstaller
    "pefile": 'sys_platform == "win32"',  # pyinstaller
}
DEV_MARKERS = PACKAGE_MARKERS | {
    "colorama": 'sys_platform == "win32"',  # pytest
}

# Settings of this machine's pip (mirrors, local folders) that must not decide what is locked.
LOCAL_SETTINGS = ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CONSTRAINT")


def strip_markers(lock: str) -> str:
    """Take every marker off the pins of `lock`."""
    return re.sub(r"^(\S+==\S+) ; .*?( \\)?$", r"\1\2", lock, flags=re.MULTILINE)


def add_markers(lock: str, markers: dict[str, str]) -> str:
    """Put `markers` on the pins of `lock` that they are for."""
    for name, marker in markers.items():
        pin = rf"^({re.escape(name)}==\S+)"
        lock, count = re.subn(pin, rf"\1 ; {marker}", lock, flags=re.MULTILINE)
        if count != 1:
            sys.exit(f"scripts/lock.py: expected one pin of {name}, found {count}")
    return lock


def constraint(lock: Path, directory: str) -> str:
    """A copy of a lock that pip takes as a constraint: without extras, which it refuses there."""
    copy = Path(directory, lock.name)
    pins = re.sub(r"^([\w.-]+)\[[^]]*\]", r"\1", lock.read_text("utf-8"), flags=re.MULTILINE)
    copy.write_text(pins, "utf-8")
    return str(copy)


def write_lock(python: Path, target: Path, markers: dict[str, str], options: list[str]) -> None:
    """Resolve the dependencies for `target`, starting from the pins that it has."""
    environment = {k: v for k, v in os.environ.items() if k not in LOCAL_SETTINGS}
    environment["PIP_CONFIG_FILE"] = os.devnull
    with tempfile.TemporaryDirectory() as scratch:
        others, draft = Path(scratch, "others.in"), Path(scratch, "draft.txt")
        others.write_text("\n".join(markers), "utf-8")
        if target.exists():
            draft.write_text(strip_markers(target.read_text("utf-8")), "utf-8")
        command = [
            *(str(python), "-m", "piptools", "compile", "--quiet", "--no-config", "--no-header"),
            # Extras stay: with hashes, pip wants a pin for each spelling of a requirement, as soon
            # as a newer release of it is there.
            *("--generate-hashes", "--allow-unsafe", "--no-strip-extras", "--no-emit-options"),
            *("--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host"),
            *(*options, "--output-file", str(draft), "pyproject.toml", str(others)),
        ]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        text = draft.read_text("utf-8").replace(f"-r {others}", "scripts/lock.py")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).lstrip()
    text = re.sub(r"-c \S*/(\w+\.txt)", r"-c requirements/\1", text)
    text = HEAD + add_markers(strip_markers(text), markers)
    target.write_text(text, "utf-8", newline="\n")
    print(f"{target.relative_to(ROOT)}: {len(PIN.findall(text))} packages")


def main() -> int:
    """Write the lock files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--upgrade", action="store_true", help="move every pin to the newest")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    if sys.version_info[:2] != OLDEST:
        sys.exit("scripts/lock.py: run this with Python {}.{}".format(*OLDEST))
    runtime, dev, package = (
        ROOT / "requirements" / f"{name}.txt" for name in ("runtime", "dev", "package")
    )
    with tempfile.TemporaryDirectory() as tools:
        venv.create(tools, with_pip=True)
        python = Path(tools, "bin/python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", TOOL], check=True)
        write_lock(python, runtime, RUNTIME_MARKERS, upgrade)
        same = [*("--constraint", constraint(runtime, tools)), "--all-extras"]
        write_lock(python, dev, DEV_MARKERS, [*same, *upgrade])
        same = [*("--constraint", constraint(dev, tools)), "--extra", "package"]
        write_lock(python, package, PACKAGE_MARKERS, [*same, *upgrade])
    return 0


if __name__ == "__main__":
    sys.exit(main())
