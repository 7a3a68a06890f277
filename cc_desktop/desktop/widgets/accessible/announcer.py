"""Tells screen readers what has happened, wherever the keyboard is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

from cc_desktop.text.i18n import tr, trn

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

PAUSE_MS = 2_000  # between two announcements


class Announcer:
    """At most one announcement every two seconds; what comes meanwhile is put into one.

    Without a screen reader it costs nothing.
    """

    def __init__(
        self,
        window: QWidget,
        *,
        active: Callable[[], bool] = QAccessible.isActive,
        say: Callable[[str, bool], None] | None = None,
    ) -> None:
        """`window` speaks, if `active` says that a reader runs; tests pass in their own `say`."""
        self._window = window
        self._active = active
        self._say = say or self._send
        self._waiting: dict[str, bool] = {}  # text → assertive; each text once
        self.pause = QTimer(window, interval=PAUSE_MS, singleShot=True)
        self.pause.timeout.connect(self._on_pause_over)

    def announce(self, text: str, assertive: bool) -> None:
        """Say something, now or with what else happens in these two seconds.

        Args:
            text: One sentence. Text from outside has been cleaned.
            assertive: Somebody is needed; the reader breaks off what it says.
        """
        if not text or not self._active():
            return
        self._waiting[text] = assertive or self._waiting.get(text, False)
        if not self.pause.isActive():
            self._flush()

    def _on_pause_over(self) -> None:
        if self._waiting:
            self._flush()

    def _flush(self) -> None:
        urgent = [text for text, assertive in self._waiting.items() if assertive]
        news = [text for text, assertive in self._waiting.items() if not assertive]
        self._waiting.clear()
        self.pause.start()
        said = [
            urgent[0]
            if len(urgent) == 1
            else trn("{n} new item needs you", "{n} new items need you", len(urgent))
        ][: len(urgent)]
        if news:
            said.append(news[0] if len(news) == 1 else trn("{n} update", "{n} updates", len(news)))
        text = tr("{first}; {second}", first=said[0], second=said[1]) if said[1:] else said[0]
        self._say(text, bool(urgent))

    def _send(self, text: str, assertive: bool) -> None:
        event = QAccessibleAnnouncementEvent(self._window, text)
        if assertive:
            event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(event)
