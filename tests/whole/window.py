"""The real window of the app in a process of its own, driven by clicks and keys.

    with driven(tmp_path) as window:
        window.enter("Address", "localhost")
        window.click("Test")
        window.until("The address is localhost")

It is on a display of its own, with a session bus and nothing else: no keyring, no tray.
"""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tests.whole.driver import start_listening
from tests.whole.session import Session, need, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.whole.session import App

WAIT_S = 40.0
REACTION_S = 0.6  # a person needs longer to see a button and to point at it


class Window:
    """The app's windows, as a person has them."""

    def __init__(self, session: Session, app: App, path: Path) -> None:
        self.session = session
        self.app = app
        self.config = session.path / "config"
        self.settings = self.config / "settings.toml"
        connection = wait_for(lambda: _connected(path), "the app", still=app.running)
        assert connection is not None
        connection.settimeout(WAIT_S)
        self._connection = connection
        self._lines = connection.makefile("rw")

    def _ask(self, *order: str) -> Any:
        self._lines.write(json.dumps(order) + "\n")
        self._lines.flush()
        line = self._lines.readline()
        self.app.running()
        answer = json.loads(line)
        if "failed" in answer:
            raise AssertionError(f"{' '.join(order)}: {answer['failed']}")
        return answer["found"]

    def words(self) -> list[str]:
        """What is written in the windows."""
        found: list[str] = self._ask("see")
        return found

    def says(self, *phrases: str) -> bool:
        """Whether each phrase stands somewhere."""
        words = self.words()
        return all(any(phrase in text for text in words) for phrase in phrases)

    def until(self, *phrases: str, seconds: float = WAIT_S) -> None:
        """Wait until each phrase stands somewhere."""
        try:
            wait_for(lambda: self.says(*phrases), f"{phrases}", seconds, still=self.app.running)
        except AssertionError as error:
            self.session.screenshot("not-there")
            raise AssertionError(f"{error} in {self.words()}") from None

    def until_gone(self, phrase: str) -> None:
        """Wait until a phrase stands nowhere."""
        try:
            wait_for(lambda: not self.says(phrase), f"without {phrase!r}", WAIT_S)
        except AssertionError as error:
            raise AssertionError(f"{error} in {self.words()}") from None

    def the(self, phrase: str) -> str:
        """The one text with that phrase."""
        found = [text for text in self.words() if phrase in text]
        assert len(found) == 1, (phrase, found)
        return found[0]

    def click(self, words: str, within: str = "") -> None:
        """Click the one button or entry that says or is called so.

        As people do: they wait until it can be clicked, and until it stands still they neither see
        what it is nor have the pointer there.
        """
        place, since = None, time.monotonic()
        while time.monotonic() - since < REACTION_S:
            found = self._ask_until_done("place", words, within)
            if found != place:
                place, since = found, time.monotonic()
            time.sleep(0.04)
        self._ask("click", words, within)

    def _ask_until_done(self, *order: str) -> Any:
        """What is asked for may not be there yet."""
        end = time.monotonic() + WAIT_S
        while True:
            try:
                return self._ask(*order)
            except AssertionError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.04)

    def choose(self, *phrases: str) -> None:
        """Click the one row of a list that tells all of these."""
        self._ask("choose", *phrases)

    def enter(self, field: str, text: str) -> None:
        """Type into a field, by its name, in the place of what is in it."""
        self._ask_until_done("click_field", field)
        wait_for(lambda: self._ask("has_keyboard", field), f"the keyboard in {field!r}", WAIT_S)
        self._ask("enter", field, text)

    def press(self, *keys: str) -> None:
        """Press keys one after another."""
        for key in keys:
            self._ask("press", key)

    def focus(self) -> str:
        """The name of what has the keyboard."""
        return str(self._ask("focus"))

    def clipboard(self) -> str:
        """What was copied."""
        return str(self._ask("clipboard"))

    def open_settings(self) -> None:
        """Open the page Gateways of the settings."""
        self.press("Ctrl+,")
        self.until("Add…")

    def end(self) -> None:
        """Quit the app. A gateway that refuses is a warning; an error is none."""
        self.close()
        self.app.process.terminate()
        assert self.app.process.wait(40) == 0
        told = self.app.told()
        bad = [word for word in ("Traceback", "ERROR", "CRITICAL") if word in told]
        assert not bad, told

    def close(self) -> None:
        """Let go of the app, which goes on."""
        for each in (self._lines, self._connection):
            with suppress(OSError):  # what was written last may have nobody to go to
                each.close()


def start_window(session: Session, *arguments: str) -> Window:
    """Start the app in a session, and wait for its window."""
    path = session.runtime / "driver"
    path.unlink(missing_ok=True)
    app = session.start_app(*arguments, first=start_listening(path))
    window = Window(session, app, path)
    wait_for(window.words, "the window", still=app.running)
    return window


@contextmanager
def session(path: Path) -> Iterator[Session]:
    """A display and a session bus, for several starts of the app."""
    need("Xvfb", "dbus-daemon", "import")
    with Session(path) as started:
        started.start_display()
        started.start_bus()
        yield started


@contextmanager
def driven(path: Path, *arguments: str) -> Iterator[Window]:
    """A session of its own with the app in it; at the end the app quits without a complaint."""
    with session(path) as started:
        window = start_window(started, *arguments)
        try:
            yield window
        finally:
            window.close()
        window.end()


def _connected(path: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        return None
    return connection
