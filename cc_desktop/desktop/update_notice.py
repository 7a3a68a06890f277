"""The line about the app itself: a message, a slip in the settings, a hint, a newer version."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QUrl, SignalInstance
from PySide6.QtGui import QDesktopServices

from cc_desktop import __version__
from cc_desktop.text.format import with_stop
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.system.update_check import Memory, Update, UpdateCheck

_DISMISSED = "update_dismissed"
_NOTE_DISMISSED = "settings_note_dismissed"


class MessageBar(Protocol):
    """Where the line is shown."""

    chosen: SignalInstance
    second_chosen: SignalInstance
    dismissed: SignalInstance

    def show_line(self, text: str, link: str = "", second: str = "") -> None:
        """Show a line with its links; without text, nothing."""
        ...


class UpdateNotice(QObject):
    """Messages come first, hints after slips; all but messages wait until they are dismissed."""

    def __init__(self, bar: MessageBar, updates: UpdateCheck | None, memory: Memory) -> None:
        super().__init__()
        self._bar = bar
        self._updates = updates
        self._memory = memory
        self._line = ""
        self._problem = ""
        self._hints: list[str] = []
        self._is_note = False  # `_problem` costs nothing: once dismissed it does not come again
        self._replaced = asyncio.Event()
        self._open_file: Callable[[], object] = lambda: None
        self._try_again: Callable[[], object] = lambda: None
        bar.chosen.connect(self._on_chosen)
        bar.second_chosen.connect(self._on_second)
        bar.dismissed.connect(self._on_dismissed)
        self.refresh()

    @property
    def enabled(self) -> bool:
        """Whether anybody is asked for newer versions."""
        return self._updates is not None

    @property
    def update(self) -> Update | None:
        """The newer version that was found."""
        return self._updates.found if self._updates is not None else None

    async def run(self) -> None:
        """Look for newer versions until cancelled, wherever the settings say at the time."""
        while True:
            self._replaced.clear()
            jobs: set[asyncio.Task[Any]] = {asyncio.create_task(self._replaced.wait())}
            if self._updates is not None:
                jobs.add(asyncio.create_task(self._updates.run(self.refresh)))
            try:
                done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
                for job in done:
                    job.result()  # raises what the check raised
            finally:
                for job in jobs:
                    job.cancel()
                await asyncio.gather(*jobs, return_exceptions=True)

    def replace(self, updates: UpdateCheck | None) -> None:
        """Ask somebody else from now on, or nobody."""
        if updates is not self._updates:
            self._updates = updates
            self._replaced.set()
            self.refresh()

    def show_message(self, line: str) -> None:
        """Show a message in the window; "" takes it away."""
        self._line = line
        self.refresh()

    def show_hint(self, line: str, *, last: bool = False) -> None:
        """Show what is good to know, as soon as nothing is there that has to be mended.

        Args:
            line: The hint.
            last: After the other hints; else the newest comes first.
        """
        if line and line not in self._hints:
            self._hints.insert(len(self._hints) if last else 0, line)
        self.refresh()

    def drop_hint(self, line: str) -> None:
        """A hint does not hold any more."""
        if line in self._hints:
            self._hints.remove(line)
        self.refresh()

    def show_problem(
        self,
        line: str,
        open_file: Callable[[], object],
        try_again: Callable[[], object],
        *,
        is_note: bool = False,
    ) -> None:
        """Show a slip in the settings; "" takes it away.

        Args:
            line: What is wrong, and where.
            open_file: Opens the file in an editor.
            try_again: Reads it again.
            is_note: Nothing is lost by it: once it was dismissed, it does not come again.
        """
        self._open_file, self._try_again = open_file, try_again
        self._is_note = is_note
        seen = is_note and self._memory.recall(_NOTE_DISMISSED) == line
        self._problem = "" if seen else line
        self.refresh()

    def open_page(self) -> None:
        """Open the page about the newer version in the browser."""
        if self.update is not None and self.update.url:
            QDesktopServices.openUrl(QUrl(self.update.url))

    def refresh(self) -> None:
        """Show what is current."""
        line, link, second, update = self._line, "", "", self.update
        if not line and self._problem:
            line, link, second = self._problem, tr("Open file"), tr("Try again")
        elif not line and self._hints:
            line = self._hints[0]
        elif not line and update and self._memory.recall(_DISMISSED) != update.version:
            line = with_stop(update_text(update))
            link = tr("Read about it") if update.url else ""
        self._bar.show_line(line, link, second)

    def _on_chosen(self) -> None:
        if self._problem and not self._line:
            self._open_file()
        else:
            self.open_page()

    def _on_second(self) -> None:
        self._try_again()

    def _on_dismissed(self) -> None:
        if self._line:
            self._line = ""
        elif self._problem:
            if self._is_note:
                self._memory.remember(_NOTE_DISMISSED, self._problem)
            self._problem = ""
        elif self._hints:
            self._hints.pop(0)
        elif self.update is not None:
            self._memory.remember(_DISMISSED, self.update.version)
        self.refresh()


def update_text(update: Update) -> str:
    """A newer version in words."""
    return tr(
        "Version {new} is available, this is {version}", new=update.version, version=__version__
    )
