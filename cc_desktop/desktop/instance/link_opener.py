"""Opens the agent or item that a link names as soon as it is known, or says why it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from cc_desktop.demo.policy import DEMO_GATEWAY
from cc_desktop.fleet.inbox.open_items import find_item
from cc_desktop.fleet.model import Change, ConnectionState
from cc_desktop.system.deep_links import AgentUrl, ItemUrl, LinkError, parse_link
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.store import Store

WAIT_MS = 30_000  # for a gateway that is not live yet
_NOT_LIVE = mark("The link's agent “{agent}” cannot be shown: {gateway} is not live yet.")
_REFUSED = mark("The link's agent “{agent}” cannot be shown: {gateway} refuses the connection.")
_NO_GATEWAY = mark("The link names the gateway “{gateway}”, which is not in the settings.")
_NO_AGENT = mark("The link names the agent “{agent}”, which {gateway} does not have.")


class LinkOpener(QObject):
    """Only the latest link waits for what it names."""

    def __init__(
        self,
        store: Store,
        show_agent: Callable[[str, str], None],
        tell: Callable[[str], None],
        parent: QObject | None = None,
        *,
        show_item: Callable[[str], object] = lambda _ident: None,
    ) -> None:
        """Args: `tell` shows a line in the window, "" takes it away; `show_item` takes an id."""
        super().__init__(parent)
        self._store = store
        self._show_agent = show_agent
        self._tell = tell
        self.show_item = show_item
        self._wanted: AgentUrl | ItemUrl | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._timer = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._timer.timeout.connect(self.give_up)

    @property
    def waiting(self) -> bool:
        """Whether a link waits for its agent."""
        return self._wanted is not None

    def open(self, text: str) -> None:
        """Open a link. The caller shows the window."""
        self.stop()
        try:
            self._wanted = parse_link(text)
        except LinkError as error:
            self._tell(tr(str(error)))
            return
        self._tell("")
        self._check()
        if self._wanted is not None:
            self._timer.start()
            self._unsubscribe = self._store.subscribe(self._on_changes)

    def stop(self) -> None:
        """Forget the link."""
        self._wanted = None
        self._timer.stop()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def give_up(self) -> None:
        """Say why the agent cannot be shown, and stop waiting."""
        if isinstance(self._wanted, ItemUrl):
            self._open_item(self._wanted.item)
        elif self._wanted is not None:
            agent, gateway = self._words(self._wanted)
            self._end(tr(_NOT_LIVE, agent=agent, gateway=gateway))

    def _on_changes(self, _changes: list[Change]) -> None:
        self._check()

    def _check(self) -> None:
        wanted = self._wanted
        if isinstance(wanted, ItemUrl):
            self._check_item(wanted.item)
            return
        if wanted is None:
            return
        agent, name = self._words(wanted)
        gateway = self._store.fleet.gateways.get(wanted.gateway)
        if gateway is None:
            if wanted.gateway != DEMO_GATEWAY:  # which comes and goes
                self._end(tr(_NO_GATEWAY, gateway=name))
        elif wanted.agent in gateway.agents and not gateway.hidden:
            self._end("")
            self._show_agent(wanted.gateway, wanted.agent)
        elif gateway.connection.state is ConnectionState.LIVE:
            self._end(tr(_NO_AGENT, agent=agent, gateway=name))
        elif gateway.connection.state is ConnectionState.BLOCKED:
            self._end(tr(_REFUSED, agent=agent, gateway=name))

    def _check_item(self, ident: str) -> None:
        """An item that is not there may come with a gateway that is not live yet."""
        fleet = self._store.fleet
        settled = (ConnectionState.LIVE, ConnectionState.BLOCKED, ConnectionState.OFF)
        known = [gateway for gateway in fleet.gateways.values() if gateway.id != DEMO_GATEWAY]
        all_known = bool(known) and all(one.connection.state in settled for one in known)
        if find_item(fleet, ident) is not None or all_known:
            self._open_item(ident)

    def _open_item(self, ident: str) -> None:
        """Show it, or the inbox says that it is over."""
        self._end("")
        self.show_item(ident)

    def _words(self, link: AgentUrl) -> tuple[str, str]:
        gateway = self._store.fleet.gateways.get(link.gateway)
        name = gateway.name if gateway is not None else link.gateway
        return plain(link.agent, 60), plain(name, 60)

    def _end(self, line: str) -> None:
        self.stop()
        self._tell(line)
