"""What every view of the fleet needs, in one record."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping

from msgspec import Struct

from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.desktop.widgets.app_actions import Actions
from cc_desktop.fleet.history.log import HistoryLog
from cc_desktop.fleet.history.queries import AgentQueries
from cc_desktop.fleet.store import Store
from cc_desktop.fleet.transcript.ports import NoViews, SessionViews


class ViewContext(Struct, frozen=True):
    """Handed in by whoever builds the windows."""

    store: Store
    actions: Actions
    clock: Callable[[], int]  # local ms since the epoch
    look: ThemeManager
    queries: AgentQueries | None = None  # None: nobody answers
    history: HistoryLog | None = None
    remembered: MutableMapping[str, str] = {}  # between starts, by the name of a view
    views: SessionViews = NoViews()  # opens sessions to look into
