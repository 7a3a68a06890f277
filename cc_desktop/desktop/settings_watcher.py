"""Takes the settings over when their file changes, and says in the window what is wrong there."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, QUrl
from PySide6.QtGui import QDesktopServices

from cc_desktop.text.settings import describe_slips

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.config.settings import Settings
    from cc_desktop.desktop.update_notice import UpdateNotice
    from cc_desktop.monitor import FleetMonitor

log = logging.getLogger(__name__)

DEBOUNCE_MS = 300  # an editor writes, renames and sets rights one after the other


class FileWatcher(QObject):
    """Calls `changed` when a file has other content than before.

    The directory is watched too: most editors, and this app, replace the file by renaming another
    one over it, and then a watch of the old file says nothing any more.
    """

    def __init__(self, path: Path, changed: Callable[[], object]) -> None:
        super().__init__()
        self._path = path
        self._changed = changed
        self._watcher = QFileSystemWatcher(self)
        self._soon = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._soon.timeout.connect(self._look)
        self._watcher.fileChanged.connect(self._soon.start)
        self._watcher.directoryChanged.connect(self._soon.start)
        self._watch()
        self._stamp = self._read_stamp()

    def stop(self) -> None:
        """Call `changed` no more, not even for what was written just before."""
        self._soon.stop()
        self._watcher.fileChanged.disconnect(self._soon.start)
        self._watcher.directoryChanged.disconnect(self._soon.start)

    def _watch(self) -> None:
        # The file may be a link to one in another directory.
        target = self._path.resolve()
        wanted = {str(place) for place in (self._path.parent, target.parent, target)}
        missing = wanted - {*self._watcher.files(), *self._watcher.directories()}
        existing = [path for path in missing if Path(path).exists()]
        if existing:
            self._watcher.addPaths(existing)

    def _read_stamp(self) -> tuple[int, int, int]:
        try:
            facts = self._path.stat()
        except OSError:
            return 0, 0, 0
        return facts.st_mtime_ns, facts.st_size, facts.st_ino

    def _look(self) -> None:
        self._watch()
        stamp = self._read_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            self._changed()


class SettingsWatcher:
    """Keeps the fleet, and the message above it, in step with the settings file."""

    def __init__(self, monitor: FleetMonitor, notice: UpdateNotice) -> None:
        self._monitor = monitor
        self._notice = notice
        self._file = monitor.settings_file
        self._watcher = FileWatcher(self._file, self.reload)
        monitor.on_settings(self._show)

    def reload(self) -> None:
        """Read the settings again; called by the watcher, by "Try again" and by a second start."""
        try:
            self._monitor.reload()
        except Exception:  # the window goes on with the settings that it has
            log.exception("the settings could not be taken over")

    def stop(self) -> None:
        """The window closes: nothing is told there any more."""
        self._watcher.stop()

    def open_file(self) -> None:
        """Open the file in the operator's editor."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._file)))

    def _show(self, settings: Settings) -> None:
        line = describe_slips(settings.problems)
        is_note = not line
        # What falls back or is ignored in silence is only on stderr otherwise, which nobody sees.
        line = line or describe_slips(settings.notes)
        self._notice.show_problem(line, self.open_file, self.reload, is_note=is_note)
