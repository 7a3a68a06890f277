"""Looks at a session of the demo: the same records as from a gateway, made up."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import msgspec

from cc_desktop.config.paths import resource
from cc_desktop.demo.conversation import conversation, thought, words_of
from cc_desktop.demo.policy import DEMO_GATEWAY
from cc_desktop.demo.scenario import load
from cc_desktop.fleet.transcript import live
from cc_desktop.fleet.transcript.conversation import Conversation
from cc_desktop.fleet.transcript.ports import ViewState
from cc_desktop.fleet.transcript.records import Page
from cc_desktop.fleet.transcript.rows import Row, RowKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cc_desktop.demo.scenario import DemoFleet
    from cc_desktop.fleet.model import Change, Run, Session
    from cc_desktop.fleet.store import Store
    from cc_desktop.fleet.transcript.records import Message, ProgressCard


_SAMPLE = Row("sample", RowKind.NOTE, text="sample")


@functools.cache
def _fleet() -> DemoFleet:
    return load(msgspec.json.decode(resource("demo-fleet.json").read_bytes()))


class DemoView:
    """A `SessionHandle` on the demo."""

    state = ViewState.READY
    problem = ""
    card: ProgressCard | None = None
    has_more = is_full = loads_older = False

    def __init__(self, store: Store, session_key: str, listener: Callable[[], object]) -> None:
        self._store = store
        self._key = session_key
        self._listener = listener
        self._words = words_of(_fleet(), session_key)
        self._conversation = Conversation()
        self._session: Session | None = None
        self._run: live.LiveRun | None = None
        self._last: Run | None = None
        self._end = store.subscribe(self._on_changes)
        self._update()

    @property
    def rows(self) -> Sequence[Row]:
        """What to show."""
        return [_SAMPLE, *self._conversation.rows, *live.live_rows(self._run, self._conversation)]

    @property
    def messages(self) -> Sequence[Message]:
        """All messages."""
        return self._conversation.messages

    @property
    def run(self) -> live.LiveRun | None:
        """The run in progress."""
        return self._run

    def load_older(self) -> None:
        """There are none."""

    def retry(self) -> None:
        """Nothing fails."""

    def close(self) -> None:
        """Nobody looks any more."""
        self._end()
        self._listener = lambda: None

    def _on_changes(self, changes: list[Change]) -> None:
        if any(change.gateway == DEMO_GATEWAY for change in changes) and self._update():
            self._listener()

    def _update(self) -> bool:
        agent_id = self._key.split(":")[1] if self._key.count(":") > 1 else ""
        agent = self._store.fleet.agent(DEMO_GATEWAY, agent_id)
        session = agent.sessions.get(self._key) if agent else None
        if agent is None or session is None or self._words is None:
            return False
        run = agent.runs.get(self._key)
        if session is self._session and run is self._last:
            return False
        if self._session is None or session.active != self._session.active:
            self._conversation.replace_end(Page(conversation(self._words, session)))
        self._session = session
        self._follow(session, run)
        self._last = run
        return True

    def _follow(self, session: Session, run: Run | None) -> None:
        if not session.active:
            if self._run is not None and not self._run.over:
                ended = live.RunEnded(self._run.run_id, session.error, ended_at=session.ended_at)
                self._run = live.follow(self._run, ended)
            return
        if run is None:
            return
        now = run.last_seen_at
        before = self._last.activity if self._last and self._last.run_id == run.run_id else ""
        if self._run is None or self._run.run_id != run.run_id:
            start = live.RunPhased(run.run_id, live.Phase.MODEL, session.started_at)
            self._run = live.follow(self._run, start)
        if run.activity == before:
            return
        step = live.current_step(self._run) if self._run else None
        if step is not None:
            self._run = live.follow(
                self._run, live.ToolEnded(run.run_id, step.call_id, ended_at=now)
            )
        if self._run is None:
            return
        if not run.activity:
            words = thought(self._run.step_count)
            self._run = live.follow(self._run, live.ReplyStreamed(run.run_id, words))
        else:
            self._run = live.without_reply(self._run)
            tool, _, subject = run.activity.partition(": ")
            ident = f"{run.run_id}-{self._run.step_count}"
            began = live.Step(ident, tool, subject, subject, started_at=now)
            self._run = live.follow(self._run, live.ToolBegan(run.run_id, began))
