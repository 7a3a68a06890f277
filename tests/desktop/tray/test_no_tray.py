"""Where there is no tray, the window says so, and how to get one."""

from __future__ import annotations

import pytest

from cc_desktop.desktop.tray.no_tray import GNOME_EXTENSION, no_tray_words


@pytest.mark.parametrize("desktop", ["GNOME", "ubuntu:GNOME", "gnome"])
def test_gnome_names_the_extension(desktop: str) -> None:
    assert GNOME_EXTENSION in no_tray_words({"XDG_CURRENT_DESKTOP": desktop})


@pytest.mark.parametrize("environ", [{}, {"XDG_CURRENT_DESKTOP": "sway"}])
def test_other_desktops_have_no_such_extension(environ: dict[str, str]) -> None:
    assert GNOME_EXTENSION not in no_tray_words(environ)
