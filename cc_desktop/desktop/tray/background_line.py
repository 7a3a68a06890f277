"""What stands in for the icon where there is no tray: words in the window, a line elsewhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from cc_desktop.desktop.widgets.rows.change_batch import ChangeBatch
from cc_desktop.fleet.model import Origin
from cc_desktop.fleet.summary import summarize
from cc_desktop.notifications.backends.background import BackgroundStatus, is_sandboxed
from cc_desktop.notifications.backends.dbus import session_bus_address
from cc_desktop.text.i18n import tr
from cc_desktop.text.summary import headline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cc_desktop.fleet.store import Store
    from cc_desktop.system.clock import Clock

# As extensions.gnome.org and the packages of Debian, Ubuntu and Fedora call it.
GNOME_EXTENSION = "AppIndicator and KStatusNotifierItem Support"


class BackgroundLine(QObject):
    """Tells the desktop's list of background apps how the fleet is, while it is active."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        on_accepted: Callable[[bool], None],
    ) -> None:
        """`on_accepted` is called with whether the desktop shows the line."""
        super().__init__()
        self._store = store
        self._status = BackgroundStatus(
            session_bus_address() if is_sandboxed() else "",  # others must not ask
            clock,
            reason=tr("To watch your agents and to say when one needs you."),
            on_accepted=on_accepted,
        )
        self._batch = ChangeBatch(self)
        self._batch.ready.connect(lambda _changes: self._refresh())
        self._unsubscribe = store.subscribe(self._batch.add)

    def set_active(self, active: bool) -> None:
        """Show the line, or take it away."""
        self._batch.set_active(active)
        if active:
            self._refresh()
        else:
            self._status.show("")

    async def run(self) -> None:
        """Talk to the desktop until cancelled."""
        await self._status.run()

    def stop(self) -> None:
        """Follow the fleet no longer."""
        self._unsubscribe()
        self._batch.set_active(False)

    def _refresh(self) -> None:
        summary = summarize(self._store.fleet)
        demo = summary.origin is Origin.DEMO
        self._status.show(tr("Sample data") if demo else headline(summary))


def no_tray_words(*, listed: bool, environ: Mapping[str, str] = os.environ) -> str:
    """Say in the window what closing it means without a tray, and how to get one.

    Args:
        listed: Whether the desktop lists the app among those in the background.
        environ: The environment; XDG_CURRENT_DESKTOP names the desktop.
    """
    gnome = "GNOME" in environ.get("XDG_CURRENT_DESKTOP", "").upper().split(":")
    if listed and gnome:
        return tr(
            "GNOME has no tray without the extension “{extension}”. Close this window, and the app "
            "stays in the list of background apps.",
            extension=GNOME_EXTENSION,
        )
    if listed:
        return tr(
            "This desktop has no tray. Close this window, and the app stays in the list of "
            "background apps."
        )
    if gnome:
        return tr(
            "GNOME has no tray without the extension “{extension}”. Until you install it, closing "
            "this window ends the app.",
            extension=GNOME_EXTENSION,
        )
    return tr("This desktop has no tray, so closing this window ends the app.")
