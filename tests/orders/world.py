"""A fleet, and a monitor that does what a test says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import ConnectionInfo, Origin, Session
from cc_desktop.fleet.requests import Approval, Choice, Question, QuestionPart
from cc_desktop.fleet.store import Store
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.commands import Command
    from cc_desktop.fleet.inbox import InboxItem

NOW = 1_800_000_000_000
PARTS = (
    QuestionPart("db", "Which database?", choices=(Choice("Postgres"), Choice("SQLite"))),
    QuestionPart("pw", "The password?", is_secret=True),
)


def running(agent: str, name: str = "main") -> Session:
    return Session(
        f"agent:{agent}:{name}", agent, status="running", active=True, updated_at=NOW, label="Work"
    )


class World:
    """Two gateways: on each an agent `a` called Rex or Dex, and on the first one that rests."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOW)
        self.store = Store(self.clock.now_ms)
        self.executed: list[Command] = []
        self.end: Callable[[str, Command], ev.Event | None] = lambda gateway, command: (
            ev.CommandDone(gateway, command.id)
        )
        for gateway, name in (("one", "Rex"), ("two", "Dex")):
            self.store.apply(ev.GatewayAdded(gateway, gateway.title()))
            agents: tuple[ev.AgentInfo, ...] = (ev.AgentInfo("a", name=name),)
            rows: tuple[Session, ...] = (running("a"),)
            if gateway == "one":
                agents += (ev.AgentInfo("idle", name="Idle"),)
                rows += (replace(running("idle", "old"), status="done", active=False),)
            self.store.apply(ev.Snapshot(gateway, agents, rows, Origin.LIVE, NOW))
            self.store.apply(ev.ConnectionChanged(gateway, ConnectionInfo()))

    def execute(self, command: Command) -> str:
        """What a monitor does, with the end that the test wants."""
        command = replace(command, id=f"c{len(self.executed)}")
        self.executed.append(command)
        gateway = getattr(command, "gateway", "")
        self.store.apply(ev.CommandSent(gateway, command))
        end = self.end(gateway, command)
        if end is not None:
            self.store.apply(end)
        return command.id

    def ask_approval(self, ident: str = "x", **more: object) -> InboxItem:
        fields = {"decisions": ("allow-once", "deny"), "command": "make deploy", "family": "exec"}
        approval = Approval(ident, "a", "agent:a:main", f"Run {ident}", **{**fields, **more})  # type: ignore[arg-type]
        self.store.apply(ev.ApprovalOpened("one", approval))
        return self._item(ident)

    def ask_question(
        self, parts: tuple[QuestionPart, ...] = PARTS, can_answer: bool = True
    ) -> InboxItem:
        question = Question("q", "a", parts, "agent:a:main", can_answer=can_answer)
        self.store.apply(ev.QuestionOpened("one", question))
        return self._item("q")

    def _item(self, subject: str) -> InboxItem:
        [item] = [
            one for one in self.store.fleet.gateways["one"].inbox["a"] if one.subject == subject
        ]
        return item
