"""The rows of the agent list: what is shown of every agent, filtered and in order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from cc_desktop.desktop.widgets.rows.sorted_model import Index, SortedModel
from cc_desktop.desktop.window.agents.agent_filter import AgentFilter, Chip
from cc_desktop.fleet.model import AgentChanged, GatewayChanged, Status
from cc_desktop.text import agents
from cc_desktop.text.agent_facts import context_percent, shown_model, state_since, usage_since
from cc_desktop.text.format import avatar, cost, local, midnight, natural, plain, tokens, tooltip
from cc_desktop.text.i18n import tr
from cc_desktop.text.inbox.items import title

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from cc_desktop.desktop.widgets.agent_pane import Key
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Agent, Change, Gateway
    from cc_desktop.fleet.store import Store

ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
MODEL_ROLE = ROW_ROLE + 1  # the model where it differs from most of the others'

_GROUP = {
    Status.ERROR: 0,
    Status.WAITING: 1,
    Status.STUCK: 2,
    Status.ACTIVE: 3,
    Status.THINKING: 3,
}
_REST = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One agent as it is drawn; every string is made once, not at every paint."""

    key: Key
    order: tuple[Any, ...]
    agent: Agent = field(compare=False, repr=False)
    name: str
    gateway: str  # "" when there is only one
    avatar: str
    status: Status
    word: str
    task: str
    second: str
    model: str
    percent: int | None
    usage: str  # tokens today, "" for none
    cost: str  # today, "" when it is not known
    muted: bool = False  # it sends no notifications

    @property
    def tip(self) -> str:
        """What may have been cut off."""
        parts = [self.name, self.task, self.second, self.model]
        if self.percent is not None:
            parts.append(tr("Context: {percent}% full", percent=self.percent))
        if self.usage and self.cost:
            parts.append(tr("Today: {usage} tokens, {cost}", usage=self.usage, cost=self.cost))
        elif self.usage:
            parts.append(tr("Today: {usage} tokens", usage=self.usage))
        if self.muted:
            parts.append(tr("Muted: it sends no notifications"))
        return "\n".join(part for part in parts if part and part != agents.NOTHING)

    @property
    def sentence(self) -> str:
        """The row for a screen reader."""
        lines = (self.task, self.second)
        said = agents.sentence(self.name, self.gateway, self.status, lines, self.percent)
        return tr("{row} Muted.", row=said) if self.muted else said


def make_row(
    agent: Agent, gateway: Gateway, place: int, several: bool, now: int, *, muted: bool = False
) -> Row:
    """The row of an agent.

    Args:
        agent: The agent.
        gateway: Its gateway.
        place: Where its gateway stands among the others.
        several: Whether there are other gateways, so that its name is needed.
        now: Local ms.
        muted: Whether it sends no notifications.
    """
    clock_offset_ms = gateway.clock_offset_ms
    name = plain(agent.shown_name, 80)
    task, second = agents.two_lines(agent, now, clock_offset_ms, gateway.facts.progress)
    used, usd = usage_since(agent, midnight(now) - clock_offset_ms)
    return Row(
        key=(agent.gateway, agent.id),
        order=_order(agent, clock_offset_ms, name, place),
        agent=agent,
        name=name,
        gateway=plain(gateway.name, 60) if several else "",
        avatar=avatar(agent.shown_name, agent.emoji),
        status=agent.status,
        word=agents.word(agent),
        task=task,
        second=second,
        model=shown_model(agent),
        percent=context_percent(agent),
        usage=tokens(used) if used else "",
        cost=cost(usd),
        muted=muted,
    )


def _order(agent: Agent, clock_offset_ms: int, name: str, place: int) -> tuple[Any, ...]:
    """Those that need the operator first, newest on top; then the working; then the rest.

    The working are sorted by name, because by activity they would never keep still; the rest by
    last activity.
    """
    group = _GROUP.get(agent.status, _REST)
    if agent.status.working:
        time = 0
    elif agent.status.needs_you:
        time = -state_since(agent, clock_offset_ms) if agent.status is Status.ERROR else 0
        time = time or -agent.status_since
    else:
        time = -local(agent.last_activity, clock_offset_ms)
    return (group, time, natural(name), place, agent.id)


class AgentModel(SortedModel[Row]):
    """All agents on the screen that pass the filter.

    Signals:
        updated: Rows, counts or the filter changed.
    """

    updated = Signal()

    def __init__(
        self, store: Store, clock: Callable[[], int], parent: QObject | None = None
    ) -> None:
        """`clock` gives local ms."""
        super().__init__(parent)
        self._store = store
        self._clock = clock
        self._all: dict[Key, Row] = {}
        self._haystacks: dict[Key, tuple[Agent, tuple[InboxItem, ...], str]] = {}
        self._several = False
        self._filter = AgentFilter()
        self._muted: frozenset[Key] = frozenset()
        self.updating = False  # rows move: what the view selects meanwhile, nobody chose
        self.counts: dict[Chip, int] = dict.fromkeys(Chip, 0)
        self._usual_model = ""  # of more than half of the agents: it tells nothing of one of them

    # Data

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The row itself for the delegate, words for everyone else."""
        row = self.row(index)
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role == MODEL_ROLE:
            return "" if row.model == self._usual_model else row.model
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.sentence
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(row.tip)
        return None

    def known(self, key: Key) -> Row | None:
        """The row of an agent, whether or not the filter lets it through."""
        return self._all.get(key)

    @property
    def total(self) -> int:
        """Agents on the screen, the filtered ones included."""
        return len(self._all)

    def first(self) -> Key | None:
        """The agent at the top."""
        row = self.row(self.index(0, 0)) if self.rowCount() else None
        return row.key if row is not None else None

    def shown_names(self) -> list[str]:
        """The names of the agents that are shown, from the top."""
        return [row.name for row in self.rows()]

    def muted_keys(self) -> set[Key]:
        """The agents that are marked as muted, shown or not."""
        return {key for key, row in self._all.items() if row.muted}

    # Filter

    @property
    def chip(self) -> Chip:
        """Which agents are asked for."""
        return self._filter.chip

    @property
    def only(self) -> frozenset[Key] | None:
        """The agents that are asked for by name, or None."""
        return self._filter.only

    @property
    def searching(self) -> bool:
        """Whether something is searched for."""
        return self._filter.searching

    @property
    def filtered(self) -> bool:
        """Whether some agents may be hidden."""
        return self._filter.active

    def set_chip(self, chip: Chip) -> None:
        """Ask for other agents."""
        if self._filter.choose_chip(chip):
            self._refilter()

    def set_only(self, keys: Iterable[Key]) -> None:
        """Ask for agents by name, whatever their status."""
        if self._filter.choose_only(keys):
            self._refilter()

    def set_search(self, text: str) -> None:
        """Every word has to occur in what is known of an agent: see `_haystack`."""
        if self._filter.search(text):
            self._refilter()

    def _admits(self, row: Row) -> bool:
        return self._filter.admits(row.key, row.status, lambda: self._haystack(row))

    def _haystack(self, row: Row) -> str:
        """Name, status, reason, model, gateway, all sessions with their last messages, and items.

        It is made again when any of that is another object, not at every key.
        """
        gateway = self._store.fleet.gateways.get(row.agent.gateway)
        items = gateway.inbox.get(row.agent.id, ()) if gateway else ()
        agent, known, text = self._haystacks.get(row.key, (None, None, ""))
        if agent is not row.agent or known is not items:
            place = gateway.name if gateway else ""
            parts = [row.name, row.agent.id, row.word, row.task, row.second, row.model, place]
            for session in row.agent.sessions.values():
                parts += (session.title, session.preview, session.digest_headline, session.error)
            for item in items:
                parts += (title(item), item.name, item.detail)
            text = "\n".join(parts).casefold()
            self._haystacks[row.key] = (row.agent, items, text)
        return text

    def _refilter(self) -> None:
        self._show([row for row in self._all.values() if self._admits(row)])

    # Muted

    def set_muted(self, muted: frozenset[Key]) -> None:
        """Mark agents as muted; an agent id of "" stands for all agents of a gateway."""
        if muted != self._muted:
            self._muted = muted
            self._update(set(self._all))

    def _is_muted(self, agent: Agent) -> bool:
        return (agent.gateway, agent.id) in self._muted or (agent.gateway, "") in self._muted

    # Changes

    def catch_up(self) -> None:
        """Read the whole fleet: at the first show, and after being hidden."""
        now = self._clock()
        fleet = self._store.fleet
        self._several = len(fleet.shown()) > 1
        rows: dict[Key, Row] = {}
        for place, gateway in enumerate(fleet.gateways.values()):
            if gateway.hidden:
                continue
            for agent in gateway.agents.values():
                muted = self._is_muted(agent)
                row = make_row(agent, gateway, place, self._several, now, muted=muted)
                rows[row.key] = row
        self._all = rows
        self._haystacks = {key: hay for key, hay in self._haystacks.items() if key in rows}
        self._refilter()

    def apply(self, changes: list[Change]) -> None:
        """Take in a batch of changes."""
        dirty: set[Key] = set()
        for change in changes:
            if isinstance(change, AgentChanged):
                dirty.add((change.gateway, change.agent_id))
            elif isinstance(change, GatewayChanged) and _concerns_rows(change):
                self.catch_up()
                return
        if dirty:
            self._update(dirty)

    def refresh_times(self) -> None:
        """Update how long ago everything was."""
        self._update(set(self._all))

    def _update(self, keys: Iterable[Key]) -> None:
        now = self._clock()
        fleet = self._store.fleet
        places = {key: place for place, key in enumerate(fleet.gateways)}
        shown: list[Row] = []
        gone: list[Hashable] = []
        for key in keys:
            gateway = fleet.gateways.get(key[0])
            agent = gateway.agents.get(key[1]) if gateway and not gateway.hidden else None
            if gateway is None or agent is None:
                self._all.pop(key, None)
                self._haystacks.pop(key, None)
                gone.append(key)
                continue
            muted = self._is_muted(agent)
            row = make_row(agent, gateway, places[key[0]], self._several, now, muted=muted)
            self._all[key] = row
            if self._admits(row):
                shown.append(row)
            else:
                gone.append(key)
        self.updating = True
        self.change(shown, gone)
        self._done()

    def _show(self, rows: list[Row]) -> None:
        self.updating = True
        self.sync(rows)
        self._done()

    def _done(self) -> None:
        self.updating = False
        statuses = Counter(row.status for row in self._all.values())
        self.counts = {
            chip: sum(count for status, count in statuses.items() if chip.admits(status))
            for chip in Chip
        }
        models = Counter(row.model for row in self._all.values())
        most, count = models.most_common(1)[0] if models else ("", 0)
        usual = most if 2 * count > len(self._all) else ""
        if usual != self._usual_model:
            self._usual_model = usual
            if self.rowCount():
                ends = (self.index(0, 0), self.index(self.rowCount() - 1, 0))
                self.dataChanged.emit(*ends, [MODEL_ROLE])
        self.updated.emit()


def _concerns_rows(change: GatewayChanged) -> bool:
    before, after = change.before, change.after
    if before is None or after is None:
        return True
    return (before.name, before.hidden, before.clock_offset_ms) != (
        after.name,
        after.hidden,
        after.clock_offset_ms,
    )
