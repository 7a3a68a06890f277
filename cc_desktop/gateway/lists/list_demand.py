"""Which events demand a fresh list, and what of a list is older than the events around it.

From protocol 4 on, `sessions.changed` carries the whole row, so it settles what it is about. A list
is needed only when something is missing: an agent that no list named, a row that does not follow
the end of its run (measured on 2026.9.6: within 0.2 s), or a row that a list contradicts without
being newer. Older dialects tell parts of rows, and a list has to settle every run that ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cc_desktop.fleet import events as ev

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from cc_desktop.fleet.model import Session
    from cc_desktop.system.clock import Clock

DEBOUNCE_S = 0.5
FRESH_S = 3.0  # an event this fresh may be newer than what a list says
# Measured on 2026.5.7: a list is stale up to 1.2 s after the end of a run, late events come for
# 0.5 s, and a failed run's row says "running" for 15 s after its error. Where the run's events are
# no longer fresh, one list settles it.
SETTLED_S = FRESH_S + 1.0
FAILED_SETTLED_S = 16.5
ROW_WAIT_S = 5.0  # how long a run's end waits for its row; longer than FRESH_S
MAX_TRACKED = 5_000  # sessions of which is remembered that they changed
MAX_KEYS = 50_000  # sessions that are known to exist


class _Touch(Struct):
    """A session that changed a moment ago."""

    at: float
    row: Mapping[str, Any] | None  # the last complete row from an event
    vague: bool  # an event said something that only a list can settle


class ListDemand:
    """Watches the events of one connection, and asks for lists.

    Args:
        whole_rows: whether the row in an event is complete.
        want: asks for a list so many seconds from now.
        wake: says that `next_row_due` has become earlier.
    """

    def __init__(
        self,
        clock: Clock,
        want: Callable[[float], None],
        wake: Callable[[], None],
        *,
        whole_rows: bool,
    ) -> None:
        self._clock = clock
        self._want = want
        self._wake = wake
        self._whole_rows = whole_rows
        self._agents: frozenset[str] = frozenset()
        self._agents_cut = False
        self._keys: set[str] = set()
        self._sessions_cut = False
        # Agents and sessions that no list has named yet; and those for which a list was asked in
        # vain, so that a session that the gateway hides is not looked for again and again.
        self._looked_for: set[str] = set()
        self._unlisted: set[str] = set()
        self._touched: dict[str, _Touch] = {}  # the oldest first
        self._forgot = False  # more changed than can be remembered
        # Sessions whose row still has to say that their run ended → `updated_at` of the newest row
        # that says that it is in progress. An older row, which comes late, does not end it.
        self._running: dict[str, int] = {}
        self._row_due: dict[str, float] = {}  # ended, and no row yet; the first due first
        self._handlers: dict[type, Callable[[Any], None]] = {
            ev.SessionChanged: self._on_session_changed,
            ev.SessionRemoved: self._on_session_removed,
            ev.RunProgress: self._on_run_progress,
            ev.AgentConfigured: self._on_agent,
            ev.AgentActivity: self._on_agent,
        }

    # Events

    def note(self, event: ev.Event) -> None:
        """Take an event into account; it may demand a list."""
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def compare_agents(self, ids: Collection[str]) -> None:
        """2026.5.7 tells of a new or deleted agent only in `health`."""
        if ids and self._agents and not self._agents_cut and set(ids) != self._agents:
            self._want(DEBOUNCE_S)

    def something_changed(self) -> None:
        """The gateway says that something changed, and not what."""
        self._unlisted.clear()
        self._want(DEBOUNCE_S)

    def _on_session_changed(self, event: ev.SessionChanged) -> None:
        whole = self._whole_rows and event.complete
        self._touch(event.key, event.fields if whole else None, vague=not whole)
        self._on_agent(event)
        active = event.fields.get("active")
        if whole:
            self._add_key(event.key)
            updated_at = event.fields.get("updated_at", 0)
            if active:
                self._runs(event.key, updated_at)
            elif updated_at >= self._running.get(event.key, 0):
                self._running.pop(event.key, None)
                self._row_due.pop(event.key, None)
        elif not self._add_key(event.key) or not event.fields:
            self._want(DEBOUNCE_S)
        elif active is False:
            self._want(SETTLED_S)

    def _on_session_removed(self, event: ev.SessionRemoved) -> None:
        self._keys.discard(event.key)
        self._running.pop(event.key, None)
        self._row_due.pop(event.key, None)
        self._touch(event.key, None, vague=True)  # a list that is under way may still have it
        if not self._whole_rows:
            self._want(DEBOUNCE_S)

    def _on_run_progress(self, event: ev.RunProgress) -> None:
        key = event.session_key
        self._touch(key, None, vague=not self._whole_rows)
        self._on_agent(event)
        if self._whole_rows:
            if not event.over:
                self._runs(key)
            if (event.over and key in self._running) or self._is_new(event.agent_id, key):
                self._await_row(key)
            return
        if self._is_new(event.agent_id, key):
            self._want(DEBOUNCE_S)
        if event.over:
            self._want(SETTLED_S)
            if event.error:
                self._want(FAILED_SETTLED_S)

    def _on_agent(
        self, event: ev.SessionChanged | ev.RunProgress | ev.AgentConfigured | ev.AgentActivity
    ) -> None:
        ident = event.agent_id
        if ident not in self._agents and not self._agents_cut and self._look_for(ident):
            self._want(DEBOUNCE_S)

    def _is_new(self, agent_id: str, key: str) -> bool:
        """Whether to look for this running session in a list."""
        if key in self._keys or self._sessions_cut or agent_id not in self._agents:
            return False
        return self._look_for(key)

    def _look_for(self, ident: str) -> bool:
        """Whether it makes sense to ask a list for this agent or session."""
        if ident in self._unlisted:
            return False
        if len(self._looked_for) < MAX_TRACKED:
            self._looked_for.add(ident)
        return True

    def _add_key(self, key: str) -> bool:
        """Whether the session was known."""
        if key in self._keys:
            return True
        if len(self._keys) < MAX_KEYS:
            self._keys.add(key)
        return False

    def _runs(self, key: str, updated_at: int = 0) -> None:
        self._running[key] = max(updated_at, self._running.get(key, 0))
        if len(self._running) > MAX_TRACKED:
            del self._running[next(iter(self._running))]

    def _touch(self, key: str, row: Mapping[str, Any] | None, *, vague: bool) -> None:
        old = self._touched.pop(key, None)
        if old is not None:
            row, vague = row or old.row, vague or old.vague
        self._touched[key] = _Touch(self._clock.monotonic(), row, vague)
        if len(self._touched) > MAX_TRACKED:
            del self._touched[next(iter(self._touched))]
            self._forgot = True

    # Rows that have to come

    def _await_row(self, key: str) -> None:
        if key not in self._row_due and len(self._row_due) < MAX_TRACKED:
            self._row_due[key] = self._clock.monotonic() + ROW_WAIT_S
            if len(self._row_due) == 1:
                self._wake()

    def next_row_due(self) -> float | None:
        """When the next row will be missing, if it does not come (monotonic seconds)."""
        return next(iter(self._row_due.values()), None)

    def missing_rows(self) -> int:
        """How many rows have not come in time; they are not waited for any longer."""
        now = self._clock.monotonic()
        late = [key for key, due in self._row_due.items() if due <= now]
        for key in late:
            del self._row_due[key]
            self._running.pop(key, None)
        return len(late)

    def remembered(self) -> int:
        """How many entries are kept about sessions and agents: what memory depends on."""
        kept = (self._keys, self._touched, self._running, self._row_due)
        return sum(map(len, kept)) + len(self._looked_for) + len(self._unlisted)

    # Lists

    def changed_since(self, started: float) -> frozenset[str]:
        """The sessions that changed since a list was started, or shortly before."""
        since = started - FRESH_S
        return frozenset(key for key, touch in self._touched.items() if touch.at >= since)

    def settle(
        self,
        started: float,
        agents: Iterable[ev.AgentInfo],
        sessions: Iterable[Session],
        *,
        agents_cut: bool,
        sessions_cut: bool,
    ) -> None:
        """Take in a list; ask for another one if this one leaves something open."""
        rows = {session.key: session for session in sessions}
        active = [key for key, session in rows.items() if session.active]
        changed = self.changed_since(started)
        self._touched = {key: self._touched[key] for key in changed}
        self._agents = frozenset(info.id for info in agents)
        self._agents_cut = agents_cut
        self._sessions_cut = sessions_cut
        if len(self._unlisted) > MAX_TRACKED:
            self._unlisted.clear()
        self._unlisted |= self._looked_for
        self._unlisted -= self._agents | rows.keys()
        self._looked_for.clear()
        self._keys = set(rows) | changed
        kept = {key: at for key, at in self._running.items() if key in changed}
        listed = {key: rows[key].updated_at for key in active[:MAX_TRACKED]}
        self._running = {**kept, **{key: max(at, kept.get(key, 0)) for key, at in listed.items()}}
        for key, due in list(self._row_due.items()):
            if due - ROW_WAIT_S < started and key in rows and not rows[key].active:
                del self._row_due[key]
        open_since = [
            touch.at
            for key, touch in self._touched.items()
            if self._is_open(touch, started, rows.get(key), sessions_cut)
        ]
        if self._forgot or any(at >= started for at in open_since):
            self._want(DEBOUNCE_S)
        elif open_since:
            self._want(FRESH_S)
        self._forgot = False
        for touch in self._touched.values():
            touch.vague = False

    def _is_open(
        self, touch: _Touch, started: float, listed: Session | None, sessions_cut: bool
    ) -> bool:
        """Whether events and the list leave open what is true of a session."""
        if not self._whole_rows:
            return True
        if touch.vague:
            return touch.at >= started
        if touch.row is None:
            return False  # a run's stream: lists do not tell of it
        if listed is None:
            return not sessions_cut and not touch.row.get("archived")
        if listed.updated_at != touch.row.get("updated_at"):
            return False  # the newer one is right
        told = (touch.row.get("active", False), touch.row.get("status", ""))
        return (listed.active, listed.status) != told
