"""The app's own list of what happened: bounded, in memory, made from changes of the model."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.history import from_changes
from cc_desktop.fleet.history.entries import Entry, EntryKind
from cc_desktop.fleet.model import Agent, AgentChanged, Change, GatewayChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cc_desktop.fleet.store import Store

MOST_PER_AGENT = 500
MOST = 50_000  # over all agents: then each keeps its newest
FEWEST_PER_AGENT = 10  # that it may keep in any case
_LOOK_BACK = 8  # entries in which a repetition is looked for

Key = tuple[str, str]  # gateway id, agent id; "" for the gateway itself


class HistoryLog:
    """What happened since the app started, by agent. It is read when somebody looks."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        """Write down what happens in `store` from now on. `clock` gives local ms."""
        self._store = store
        self._clock = clock
        self._lists: dict[Key, deque[Entry]] = {}
        self._count = 0
        self._versions: dict[Key, int] = {}
        store.subscribe(self.on_changes)

    def __len__(self) -> int:
        """How many entries there are."""
        return self._count

    def entries(self, gateway: str, agent: str) -> list[Entry]:
        """What happened to an agent, and to its gateway; newest first."""
        lists = [self._lists.get(key, ()) for key in ((gateway, agent), (gateway, ""))]
        both = [entry for entries in lists for entry in reversed(entries)]
        return sorted(both, key=lambda entry: -entry.at)[:MOST_PER_AGENT]

    def version(self, gateway: str, agent: str) -> tuple[int, int]:
        """Changes whenever `entries` would say something else."""
        count = self._versions.get
        return count((gateway, agent), 0), count((gateway, ""), 0)

    def since(self, at: int) -> Iterator[Entry]:
        """Everything that happened since, of all agents and gateways; in no order."""
        for entries in self._lists.values():
            for entry in entries:
                if entry.at >= at:
                    yield entry

    def on_changes(self, changes: list[Change]) -> None:
        """Take in changes; for `Store.subscribe`."""
        now = self._clock()
        for change in changes:
            if isinstance(change, AgentChanged):
                self._on_agent(change, now)
            elif isinstance(change, GatewayChanged):
                if change.after is None:
                    self._forget(change.gateway)
                elif entry := from_changes.of_gateway(change, now):
                    self._add(entry)

    def _on_agent(self, change: AgentChanged, now: int) -> None:
        before, after = change.before, change.after
        if after is None:
            return
        gateway = self._store.fleet.gateways.get(change.gateway)
        offset = gateway.clock_offset_ms if gateway else 0
        if before is None:
            self._seed(after, offset, now)
            return
        for entry in from_changes.of_agent(before, after, offset, now):
            self._add(entry)

    def _seed(self, agent: Agent, offset: int, now: int) -> None:
        known = {
            (entry.kind, entry.session_key, entry.at)
            for entry in self._lists.get((agent.gateway, agent.id), ())
        }
        for entry in from_changes.seed(agent, offset, now):
            if (entry.kind, entry.session_key, entry.at) not in known:
                self._add(entry)

    def _add(self, entry: Entry) -> None:
        key = (entry.gateway, entry.agent)
        entries = self._lists.get(key)
        if entries is None:
            entries = self._lists[key] = deque(maxlen=MOST_PER_AGENT)
        if self._is_told(entries, entry):
            return
        self._versions[key] = self._versions.get(key, 0) + 1
        last = entries[-1] if entries else None
        if last is not None and _repeats(last, entry):
            entries[-1] = replace(entry, count=last.count + 1)
            return
        self._count += len(entries) < MOST_PER_AGENT
        entries.append(entry)
        if self._count > MOST:
            self._trim()

    def _is_told(self, entries: deque[Entry], entry: Entry) -> bool:
        """Whether a source tells again what it told just before: the start or end of a run."""
        if entry.kind is EntryKind.TOOL:
            return False
        for place in range(max(0, len(entries) - _LOOK_BACK), len(entries)):
            one = entries[place]
            if (one.kind, one.session_key, one.at, one.detail) == (
                entry.kind,
                entry.session_key,
                entry.at,
                entry.detail,
            ):
                return True
        return False

    def _trim(self) -> None:
        """Leave each agent only its newest, so that there is room for half as many again."""
        most = max(FEWEST_PER_AGENT, MOST // (2 * len(self._lists)))
        for key, entries in self._lists.items():
            if len(entries) > most:
                self._lists[key] = deque(list(entries)[-most:], maxlen=MOST_PER_AGENT)
                self._versions[key] += 1
        self._count = sum(map(len, self._lists.values()))

    def _forget(self, gateway: str) -> None:
        for key in [key for key in self._lists if key[0] == gateway]:
            self._count -= len(self._lists.pop(key))
            self._versions[key] += 1


def _repeats(last: Entry, entry: Entry) -> bool:
    """Whether a tool is used again in the same way."""
    return (
        entry.kind is EntryKind.TOOL
        and last.kind is EntryKind.TOOL
        and (last.session_key, last.detail) == (entry.session_key, entry.detail)
    )
