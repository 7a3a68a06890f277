"""How this app was started, so that the system can start it again."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SCRIPTS = ("cc-desktop", "cc-desktopw")


class LaunchError(ValueError):
    """A command that cannot be written down. The text is one sentence."""


def own_command(
    environ: Mapping[str, str] | None = None,
    argv0: str | None = None,
    executable: str | None = None,
) -> list[str]:
    """The program with its absolute path: frozen, the installed script, or this Python."""
    environ = os.environ if environ is None else environ
    executable = sys.executable if executable is None else executable
    if getattr(sys, "frozen", False):
        # The program inside an AppImage is gone when the app ends; the image itself stays.
        windowed = Path(executable).with_name("cc-desktopw.exe")
        program = str(windowed) if windowed.is_file() else executable
        return [environ.get("APPIMAGE") or program]
    script = Path(sys.argv[0] if argv0 is None else argv0)
    if script.stem in _SCRIPTS and script.suffix in ("", ".exe"):
        script = script.absolute()
        # Windows leaves out .exe; the script that ends in w opens no console window.
        for name in ("cc-desktopw.exe", "cc-desktop.exe", script.name):
            if (script.parent / name).is_file():
                return [str(script.parent / name)]
    windowed = Path(executable).with_name("pythonw.exe")
    return [str(windowed) if windowed.is_file() else executable, "-m", "cc_desktop"]


# Desktop entries: https://specifications.freedesktop.org/desktop-entry-spec/latest/

_RESERVED = re.compile(r"[\s\"'\\><~|&;$*?#()`]")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def escape(text: str) -> str:
    """Text as the value of a key of a desktop entry.

    Raises:
        LaunchError: it is no text that UTF-8 can hold.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise LaunchError("The app's path has characters that are not UTF-8.") from None
    return "".join(_ESCAPES.get(char, char) for char in text)


def exec_line(command: Sequence[str], field_code: str = "") -> str:
    """The value of Exec. `field_code`, such as "%u", is put at its end.

    Raises:
        LaunchError: the program's path has a character that Exec cannot hold.
    """
    if "=" in command[0]:
        raise LaunchError("The app's path has a '=', which a desktop entry cannot hold.")
    words = [_quoted(word.replace("%", "%%")) for word in command]
    return escape(" ".join([*words, field_code] if field_code else words))


def _quoted(word: str) -> str:
    if word and not _RESERVED.search(word):
        return word
    return '"' + re.sub(r'(["`$\\])', r"\\\1", word) + '"'


def read_entry(text: str) -> dict[str, str]:
    """Keys and values of the main group of a desktop entry, values as they are written."""
    found: dict[str, str] = {}
    group = ""
    for line in text.splitlines():
        if line.startswith("["):
            group = line.strip()
        elif group == "[Desktop Entry]" and not line.startswith("#"):
            key, equals, value = line.partition("=")
            if equals:
                found.setdefault(key.strip(), value.strip())
    return found


def first_word(exec_value: str) -> str:
    """The program that an Exec value names."""
    text = re.sub(r"\\([\\ntrs])", lambda m: {"\\": "\\"}.get(m[1], " "), exec_value).lstrip()
    if not text.startswith('"'):
        return text.split(" ", 1)[0].replace("%%", "%")
    match = re.match(r'"((?:[^"\\]|\\.)*)"', text)
    return re.sub(r"\\(.)", r"\1", match[1]).replace("%%", "%") if match else ""
