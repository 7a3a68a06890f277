"""Links: cc-desktop://agent/GATEWAY/AGENT, with both ids percent-encoded, and cc-desktop://inbox/ID.

Any web page can contain a link, so a link is hostile text. The most it can do is show the window
with an agent or an item that exists. It decides nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes

from msgspec import Struct

from cc_desktop.about import APP_ID, APP_NAME, URL_SCHEME
from cc_desktop.system import launch_command
from cc_desktop.system.environment import child_environment
from cc_desktop.system.files import FileError, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEME = URL_SCHEME
MAX_LINK = 2048  # characters
MAX_ID = 200  # characters, decoded
_LINK = re.compile(r"cc-desktop://agent/([^/?#]+)/([^/?#]+)", re.IGNORECASE)
_ITEM = re.compile(r"cc-desktop://inbox/([a-z0-9-]{1,80})/?", re.IGNORECASE)
_ENCODED = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+")


class LinkError(ValueError):
    """A link cannot be opened, or links cannot be registered. The text is one sentence."""


class AgentUrl(Struct, frozen=True):
    """The agent that a link names."""

    gateway: str
    agent: str


class ItemUrl(Struct, frozen=True):
    """The item of the inbox that a link names."""

    item: str


def make_link(gateway: str, agent: str) -> str:
    """Write the link to an agent."""
    return f"{SCHEME}://agent/{_encoded(gateway)}/{_encoded(agent)}"


def is_link(text: str) -> bool:
    """Tell whether a word is meant as a link of this app, valid or not."""
    return text[: len(SCHEME) + 1].lower() == f"{SCHEME}:"


def parse_link(text: str) -> AgentUrl | ItemUrl:
    """Read a link.

    Raises:
        LinkError: It is no link to an agent or an item. The text repeats nothing of it.
    """
    if len(text) <= MAX_LINK and (item := _ITEM.fullmatch(text)) is not None:
        return ItemUrl(item[1].lower())
    match = _LINK.fullmatch(text) if len(text) <= MAX_LINK else None
    if match is None:
        raise LinkError("This link names no agent: it must be cc-desktop://agent/GATEWAY/AGENT.")
    return AgentUrl(_decoded(match[1]), _decoded(match[2]))


def _encoded(ident: str) -> str:
    return quote(ident, safe="", errors="replace")  # a lone surrogate has no place in UTF-8


def _decoded(part: str) -> str:
    try:
        if not _ENCODED.fullmatch(part):
            raise ValueError
        text = unquote_to_bytes(part).decode("utf-8")
    except ValueError:
        raise LinkError("This link is not percent-encoded correctly.") from None
    if len(text) > MAX_ID or not text.isprintable():
        raise LinkError("This link has an id that cannot be valid.")
    return text


# Registration: what the .desktop file or the installer of a package does for its users.


def register_links(
    command: Sequence[str], icon: Path, environ: Mapping[str, str] | None = None
) -> str:
    """Register this app for links, for this user only.

    Args:
        command: The program and its options; the link is added at the end.
        icon: The app's icon.
        environ: The environment; `os.environ` by default.

    Returns:
        What was done, as one line for the operator.

    Raises:
        LinkError: It could not be done.
    """
    try:
        if sys.platform == "win32":
            return _register_windows(command, import_module("winreg"))
        if sys.platform == "darwin":
            raise LinkError("On macOS the app bundle registers links; there is nothing to do.")
        return _register_linux(command, icon, os.environ if environ is None else environ)
    except OSError as error:
        where = error.filename or "the registry"
        raise LinkError(f"Links cannot be registered: {where}: {error.strerror}.") from None
    except FileError as error:
        raise LinkError(f"Links cannot be registered: {error}.") from None
    except launch_command.LaunchError as error:
        raise LinkError(f"Links cannot be registered: {error}") from None


def _register_linux(command: Sequence[str], icon: Path, environ: Mapping[str, str]) -> str:
    data = Path(environ.get("XDG_DATA_HOME", ""))
    home = Path(environ.get("HOME") or Path.home())
    directory = (data if data.is_absolute() else home / ".local" / "share") / "applications"
    path = directory / f"{APP_ID}.desktop"
    entry = (
        "[Desktop Entry]\n"
        "Type=Application\n"
        f"Name={APP_NAME}\n"
        "Comment=Your agents in the tray\n"
        f"Exec={launch_command.exec_line(command, '%u')}\n"
        f"Icon={launch_command.escape(str(icon))}\n"
        "Terminal=false\n"
        "Categories=Utility;Monitor;\n"
        f"MimeType=x-scheme-handler/{SCHEME};\n"
    )
    write_private(path.resolve(), entry.encode())
    tool = shutil.which("xdg-mime", path=environ.get("PATH"))
    if tool is not None:
        default = [tool, "default", path.name, f"x-scheme-handler/{SCHEME}"]
        subprocess.run(default, env=child_environment(environ), timeout=20, check=False)  # noqa: S603
        return f"{path} opens links of {SCHEME}://"
    return f"{path} is written; xdg-mime is not here, so the desktop may ask which app opens links"


def _register_windows(command: Sequence[str], registry: Any) -> str:
    root = rf"Software\Classes\{SCHEME}"
    user = registry.HKEY_CURRENT_USER
    with registry.CreateKey(user, root) as key:
        registry.SetValueEx(key, "", 0, registry.REG_SZ, f"URL:{APP_NAME}")
        registry.SetValueEx(key, "URL Protocol", 0, registry.REG_SZ, "")
    with registry.CreateKey(user, rf"{root}\shell\open\command") as key:
        line = f'{subprocess.list2cmdline(command)} "%1"'
        registry.SetValueEx(key, "", 0, registry.REG_SZ, line)
    return f"links of {SCHEME}:// are opened by {command[0]}"
