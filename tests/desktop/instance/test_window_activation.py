from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from cc_desktop.desktop.instance import window_activation
from cc_desktop.desktop.instance.window_activation import (
    WindowRaiser,
    activation,
    needs_remap,
    placed,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

LEFT, RIGHT = QRect(0, 30, 1280, 770), QRect(1280, 0, 1000, 700)


@pytest.mark.parametrize(
    ("frame", "place"),
    [
        (QRect(100, 80, 600, 400), QRect(1380, 50, 600, 400)),
        (QRect(1000, 600, 600, 400), QRect(1680, 300, 600, 400)),  # it did not fit there either
        (QRect(-50, 0, 600, 400), QRect(1280, 0, 600, 400)),
        (QRect(0, 30, 1280, 770), QRect(1280, 0, 1000, 700)),
    ],
)
def test_a_window_keeps_its_place_on_the_other_screen(frame: QRect, place: QRect) -> None:
    assert placed(frame, LEFT, RIGHT) == place


def test_a_window_that_is_on_no_screen_comes_into_the_middle() -> None:
    frame = QRect(9000, 9000, 600, 400)

    assert placed(frame, None, QRect(1280, 0, 1000, 700)) == QRect(1479, 149, 600, 400)


@pytest.mark.skipif(sys.platform != "linux", reason="the environment of X11 and Wayland")
def test_the_token_is_there_while_windows_are_activated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_ACTIVATION_TOKEN", raising=False)
    monkeypatch.setattr(QGuiApplication, "platformName", lambda: "wayland")

    with activation("token"):
        assert os.environ["XDG_ACTIVATION_TOKEN"] == "token"
    with activation(""):
        assert "XDG_ACTIVATION_TOKEN" not in os.environ
    assert "XDG_ACTIVATION_TOKEN" not in os.environ


@pytest.mark.usefixtures("qapp")
def test_elsewhere_the_environment_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_ACTIVATION_TOKEN", raising=False)

    with activation("token"):
        assert "XDG_ACTIVATION_TOKEN" not in os.environ


# In front


@pytest.mark.parametrize(
    ("token", "platform", "desktop", "needed"),
    [
        ("", "wayland", "GNOME", True),
        ("", "wayland", "ubuntu:GNOME", True),
        ("", "wayland-egl", "GNOME-Classic:GNOME", True),
        ("token", "wayland", "GNOME", False),
        ("", "xcb", "GNOME", False),
        ("", "wayland", "KDE", False),
        ("", "wayland", "", False),
    ],
)
def test_only_gnome_on_wayland_without_a_token_needs_the_window_anew(
    token: str, platform: str, desktop: str, needed: bool
) -> None:
    assert needs_remap(token, platform, {"XDG_CURRENT_DESKTOP": desktop}) is needed


class Stubborn(QWidget):
    """A window that the desktop leaves behind the others, until it appears anew."""

    def __init__(self, comes: bool) -> None:
        super().__init__()
        self.comes = comes
        self.active = False
        self.calls: list[str] = []

    def isActiveWindow(self) -> bool:
        return self.active

    def show_fleet(self) -> None:
        self.active = self.comes and not self.isVisible() and bool(self.calls)
        self.calls.append("show")
        self.show()

    def hide(self) -> None:
        self.calls.append("hide")
        super().hide()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_activation, "CHECK_MS", 5)
    monkeypatch.setattr(window_activation, "REMAP_MS", 5)
    monkeypatch.setattr(window_activation, "GIVE_UP_MS", 30)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("gnome", "comes", "calls", "told"),
    [
        (True, True, ["show", "show", "hide", "show"], True),
        (True, False, ["show", "show", "hide", "show"], False),
        (False, True, ["show", "show"], False),
    ],
)
def test_a_covered_window_of_gnome_appears_anew_and_the_outcome_is_told(
    gnome: bool,
    comes: bool,
    calls: list[str],
    told: bool,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(window_activation, "needs_remap", lambda *_: gnome)
    window = Stubborn(comes)
    qtbot.addWidget(window)
    window.show_fleet()
    answers: list[bool] = []
    raiser = WindowRaiser(window, window.show_fleet)
    raiser.raise_window("", answers.append)

    qtbot.waitUntil(lambda: len(answers) == 1)
    assert answers == [told]
    assert window.calls == calls
    raiser.stop()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("believes", [True, False])
def test_on_x11_the_focus_is_asked_for_twice_whatever_qt_believes(
    believes: bool, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QGuiApplication, "platformName", lambda: "xcb")
    monkeypatch.setattr(window_activation, "AGAIN_MS", 5)
    window = Stubborn(False)
    window.active = believes
    qtbot.addWidget(window)
    asked: list[str] = []
    monkeypatch.setattr(window, "activateWindow", lambda: asked.append("focus"))
    raiser = WindowRaiser(window, window.show)
    raiser.raise_window()

    qtbot.waitUntil(lambda: asked == ["focus"])  # after what `show` asks for
    raiser.stop()


def test_a_window_that_was_closed_meanwhile_stays_closed(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QGuiApplication, "platformName", lambda: "xcb")
    monkeypatch.setattr(window_activation, "AGAIN_MS", 5)
    window = Stubborn(False)
    qtbot.addWidget(window)
    asked: list[str] = []
    monkeypatch.setattr(window, "activateWindow", lambda: asked.append("focus"))
    raiser = WindowRaiser(window, window.show)
    raiser.raise_window()
    window.hide()

    qtbot.wait(20)
    assert not asked
    assert not window.isVisible()
    raiser.stop()


@pytest.mark.usefixtures("quick")
def test_whoever_waits_is_told_at_the_end(qtbot: QtBot) -> None:
    window = Stubborn(False)
    qtbot.addWidget(window)
    answers: list[bool] = []
    raiser = WindowRaiser(window, window.show_fleet)
    raiser.raise_window("", answers.append)
    raiser.raise_window("", answers.append)
    raiser.stop()

    assert answers == [False, False]


# Two screens, which only a process of its own can have.

PROGRAM = """
import json, sys
from PySide6.QtCore import QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QWidget
from cc_desktop.desktop.instance.window_activation import bring_to_pointer

app = QApplication([])
places = []
for how in ("shown", "hidden", "maximized", "there"):
    window = QWidget()
    window.setGeometry(200, 100, 500, 300)
    if how == "maximized":
        window.showMaximized()
    elif how != "hidden":
        window.show()
    app.processEvents()
    QCursor.setPos(*((300, 300) if how == "there" else (1500, 100)))
    bring_to_pointer(window)
    window.show()
    app.processEvents()
    places.append([how, list(window.geometry().getRect()), window.isMaximized()])
    window.hide()
print(json.dumps(places))
"""


def test_the_window_comes_to_the_screen_that_the_mouse_is_on(tmp_path: Path) -> None:
    common = {"y": 0, "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
    screens = [
        {"name": "left", "x": 0, "width": 1280, "height": 800, **common},
        {"name": "right", "x": 1280, "width": 1000, "height": 700, **common},
    ]
    (tmp_path / "screens.json").write_text(json.dumps({"screens": screens}))
    platform = f"offscreen:configfile={tmp_path / 'screens.json'}"

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "QT_QPA_PLATFORM": platform},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert done.returncode == 0, done.stderr
    shown, hidden, maximized, there = json.loads(done.stdout)
    assert shown == ["shown", [1480, 100, 500, 300], False]
    assert hidden[1] == pytest.approx([1480, 100, 500, 300], abs=5)  # its frame is not known yet
    assert 1280 <= maximized[1][0] < 1300
    assert maximized[2]
    assert there == ["there", [200, 100, 500, 300], False]
