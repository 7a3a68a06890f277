"""Two starts of the app, as real processes on a real display."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.whole.session import App, Session, need, wait_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(120)]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A screen, a bus and a panel with a tray."""
    need("Xvfb", "dbus-daemon", "lxqt-panel", "xdotool")
    with Session(tmp_path) as started:
        started.start_display()
        started.start_bus()
        started.start_panel()
        yield started


def again(
    session: Session, *arguments: str, name: str = "again", config: str = "config"
) -> subprocess.Popen[bytes]:
    """Start it once more."""
    directory = str(session.path / config)
    return session.start(
        name, *(sys.executable, "-m", "cc_desktop", "--config", directory, *arguments)
    )


def told(session: Session, name: str = "again") -> str:
    return (session.path / f"{name}.log").read_text()


def left(session: Session) -> list[str]:
    """Its lock and its socket."""
    return sorted(path.name for path in session.runtime.glob("cc-desktop-*"))


def listens(session: Session, app: App) -> None:
    """Wait until it does: the icon and the window are there a moment earlier."""
    wait_for(lambda: len(left(session)) == 2, "the socket", still=app.running)


def test_a_second_start_shows_the_window_of_a_hidden_first(session: Session) -> None:
    app = session.start_app("--demo", "--hidden")
    app.item()
    assert app.windows() == []

    assert again(session).wait(10) == 0
    app.window()
    assert told(session) == "cc-desktop: running already, its window is shown\n"

    app.close()
    assert again(session, "--demo").wait(10) == 0
    app.window()
    assert len(session.items()) == 1
    assert "Traceback" not in app.told() + told(session)


def test_a_second_start_brings_the_window_in_front(session: Session) -> None:
    app = session.start_app("--demo")
    mine = app.window()
    other = App(session, again(session, "--demo", name="other", config="config2"))
    wait_for(other.windows, "the window of another configuration", still=other.running)
    focus = ("xdotool", "getwindowfocus")
    wait_for(lambda: session.run(*focus).strip() == other.windows()[0], "the focus of the other")

    assert again(session).wait(10) == 0

    wait_for(lambda: session.run(*focus).strip() == mine, "the focus")
    app.running()
    other.running()  # another configuration is another app


def test_a_hidden_second_start_shows_nothing(session: Session) -> None:
    app = session.start_app("--demo", "--hidden")
    app.item()

    assert again(session, "--hidden").wait(10) == 0

    assert app.windows() == []
    assert told(session) == "cc-desktop: running already, nothing to do\n"


def test_a_start_after_a_kill_is_a_first_one(session: Session) -> None:
    listens(session, session.start_app("--demo"))
    session.stop("app", kill=True)
    before = left(session)
    assert len(before) == 2

    app = session.start_app("--demo")
    app.window()
    assert again(session).wait(10) == 0
    assert left(session) == before

    app.process.send_signal(signal.SIGTERM)
    assert app.wait() == 0
    assert left(session) == []


def test_a_first_that_hangs_is_told_and_no_second_one_runs(session: Session) -> None:
    app = session.start_app("--demo", "--hidden")
    app.item()
    listens(session, app)
    app.process.send_signal(signal.SIGSTOP)
    try:
        second = again(session)
        assert second.wait(30) == 1
    finally:
        app.process.send_signal(signal.SIGCONT)

    line = told(session)
    assert line.count("\n") == 1
    assert f"cc-desktop (process {app.process.pid}) runs already but does not answer" in line
    app.window()  # it was asked for, and is shown as soon as it can be


def test_two_starts_at_once_are_one_app(session: Session) -> None:
    starts = [again(session, "--demo", name=f"start{number}") for number in range(4)]

    wait_for(lambda: [s.poll() for s in starts].count(0) == 3, "three that hand over", 30)
    (first,) = [start for start in starts if start.poll() is None]
    app = App(session, first)
    wait_for(app.windows, "the window")
    assert len(session.items()) == 1


def test_a_link_is_opened_in_the_app_that_runs(session: Session) -> None:
    app = session.start_app("--demo", "--hidden")
    app.item()

    assert again(session, "cc-desktop://agent/demo/nobody").wait(10) == 0

    app.window()
    assert "Traceback" not in app.told() + told(session)
