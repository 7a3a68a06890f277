"""The command that starts this app, for autostart entries and link handlers."""

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
    """The command cannot be written into an entry. The text is one sentence."""


def own_command(
    environ: Mapping[str, str] | None = None,
    argv0: str | None = None,
    executable: str | None = None,
) -> list[str]:
    """Find the command that starts this app again.

    Args:
        environ: The environment; `os.environ` by default.
        argv0: How the program was called; `sys.argv[0]` by default.
        executable: The running interpreter or frozen program; `sys.executable` by default.

    Returns:
        The absolute path of the frozen program or of the installed script, else this Python with
        `-m cc_desktop`.
    """
    environ = os.environ if environ is None else environ
    executable = sys.executable if executable is None else executable
    if getattr(sys, "frozen", False):
        # An AppImage is mounted only while the app runs: start the image, not the program in it.
        windowed = Path(executable).with_name("cc-desktopw.exe")
        program = str(windowed) if windowed.is_file() else executable
        return [environ.get("APPIMAGE") or program]
    script = Path(sys.argv[0] if argv0 is None else argv0)
    if script.stem in _SCRIPTS and script.suffix in ("", ".exe"):
        script = script.absolute()
        # argv[0] has no .exe on Windows. The program with the w opens no console window.
        for name in ("cc-desktopw.exe", "cc-desktop.exe", script.name):
            if (script.parent / name).is_file():
                return [str(script.parent / name)]
    windowed = Path(executable).with_name("pythonw.exe")
    return [str(windowed) if windowed.is_file() else executable, "-m", "cc_desktop"]


# Desktop entries: https://specifications.freedesktop.org/desktop-entry-spec/latest/

_RESERVED = re.compile(r"[\s\"'\\><~|&;$*?#()`]")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def escape(text: str) -> str:
    """Escape text as a value in a desktop entry.

    Raises:
        LaunchError: The text cannot be encoded as UTF-8.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise LaunchError("The app's path has characters that are not UTF-8.") from None
    return "".join(_ESCAPES.get(char, char) for char in text)


def exec_line(command: Sequence[str], field_code: str = "") -> str:
    """Write a command as the value of Exec.

    Args:
        command: The program and its arguments.
        field_code: Added at the end unquoted, such as "%u" for the link.

    Raises:
        LaunchError: The program's path has a character that Exec does not allow.
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
    """Read the main group of a desktop entry. Values stay escaped."""
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
    """Read the program from an Exec value."""
    text = re.sub(r"\\([\\ntrs])", lambda m: {"\\": "\\"}.get(m[1], " "), exec_value).lstrip()
    if not text.startswith('"'):
        return text.split(" ", 1)[0].replace("%%", "%")
    match = re.match(r'"((?:[^"\\]|\\.)*)"', text)
    return re.sub(r"\\(.)", r"\1", match[1]).replace("%%", "%") if match else ""
