"""Carries out commands: the only way down, from a person to a gateway."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING

from msgspec import structs

from cc_desktop.demo.policy import DEMO_GATEWAY
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import (
    Addressed,
    AnswerQuestion,
    GatewayAction,
    GiveBackRights,
    MarkItems,
    MarkSeen,
    MarkUnseen,
    Reconnect,
    RequestRights,
    ResolveApproval,
    StopAll,
    StopRun,
    WatchRun,
    WithdrawRequest,
)
from cc_desktop.fleet.inbox.follow import all_items
from cc_desktop.fleet.status import seen_marks

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from cc_desktop.config.seen_marks import SeenMarks
    from cc_desktop.fleet.commands import Command
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Gateway
    from cc_desktop.fleet.store import Store
    from cc_desktop.monitor.demo_player import DemoPlayer
    from cc_desktop.monitor.gateway_pool import GatewayPool
    from cc_desktop.system.clock import Clock
    from cc_desktop.system.supervision import FaultLog

log = logging.getLogger(__name__)


class CommandDesk:
    """Takes commands, and tells the model how far each is."""

    def __init__(
        self,
        store: Store,
        pool: GatewayPool,
        seen: SeenMarks,
        clock: Clock,
        rng: random.Random,
        faults: FaultLog,
        demo: DemoPlayer | None = None,
    ) -> None:
        """Args: `seen` keeps what the operator has seen between starts; `rng` makes ids."""
        self._store = store
        self._pool = pool
        self._seen = seen
        self._clock = clock
        self._rng = rng
        self._faults = faults
        self._demo = demo

    def execute(self, command: Command, before: Callable[[], object] = lambda: None) -> str:
        """Carry out what the operator asks; never blocks.

        How far it is, is in the model: `Gateway.commands`, by the command's id.

        Args:
            command: What to do.
            before: Reads the settings again, before a reconnection.

        Returns:
            The id of the command.
        """
        if not command.id:
            command = structs.replace(command, id=f"{self._rng.getrandbits(64):016x}")
        if isinstance(command, Reconnect):
            self._reload_first(before)
        if isinstance(command, StopAll):
            self._stop_all(command)
            return command.id
        for gateway in self._targets(command):
            self._store.apply(ev.CommandSent(gateway, _without_secrets(command)))
            try:
                refused = self._carry_out(gateway, command)
            except Exception as error:  # noqa: BLE001, RUF100 - the border of a failure domain
                self._faults.record(f"command {type(command).__name__}", error)
                refused = "internal"
            if refused is not None:
                self.end(gateway, command.id, refused)
        return command.id

    def _stop_all(self, command: StopAll) -> None:
        """One command for each run, so that each has an end of its own."""
        for name, gateway in self._store.fleet.gateways.items():
            if command.gateway not in ("", name) or gateway.hidden:
                continue
            for agent in gateway.agents.values():
                for key in tuple(agent.heard):
                    stop = StopRun(gateway=name, agent=agent.id, session_key=key, batch=command.id)
                    self.execute(stop)

    def end(self, gateway: str, ident: str, refused: str) -> None:
        """A command is over: `refused` is why it was not carried out, as a kind, or ""."""
        if refused:
            self._store.apply(ev.CommandRefused(gateway, ident, refused))
        else:
            sample = DEMO_GATEWAY if gateway == DEMO_GATEWAY else ""
            self._store.apply(ev.CommandDone(gateway, ident, sample))

    def recall_seen(self, gateways: list[str]) -> None:
        """Tell the model what the operator had seen before the start."""
        kept = self._seen.load()
        for name in gateways:
            if name in kept:
                self._store.apply(ev.Seen(name, kept[name]))

    def _reload_first(self, reload: Callable[[], object]) -> None:
        """Who reconnects may have mended the settings or a token file just before."""
        try:
            reload()
        except Exception as error:  # noqa: BLE001, RUF100 - reconnecting works nevertheless
            self._faults.record("reading the settings again", error)

    def _targets(self, command: Command) -> list[str]:
        match command:
            case Reconnect(gateway=""):
                return list(self._pool.supervisors)
            case Addressed():
                return [command.gateway]
        raise TypeError(type(command).__name__)

    def _carry_out(self, gateway: str, command: Command) -> str | None:
        """Returns why it is refused, as a kind; "" if it is done; None if it is under way."""
        match command:
            case MarkSeen() | MarkUnseen():
                return self._mark_agent(command)
            case MarkItems():
                return self._mark_items(command)
            case WatchRun():
                return self._watch_run(command)
        link = self._pool.supervisors.get(gateway)
        if link is None:
            if gateway == DEMO_GATEWAY:
                return "demo" if self._demo is None else self._demo.execute(command)
            return "settings" if gateway in self._store.fleet.gateways else "unknown-gateway"
        if isinstance(command, GatewayAction):
            if self._is_under_way(gateway, command):
                return "under-way"
            actions = self._pool.actions(gateway)
            return "not-live" if actions is None else actions.start(command)
        if isinstance(command, RequestRights | GiveBackRights | WithdrawRequest):
            link.change_rights(command, functools.partial(self.end, gateway, command.id))
            return None
        if isinstance(command, Reconnect):
            self._pool.reconnect(gateway)
        elif not link.is_live:
            return "not-live"
        else:
            link.refresh()
        return ""

    def _is_under_way(self, gateway: str, command: GatewayAction) -> bool:
        """Whether the same request is being answered: window, shell and notifications may."""
        asked = _request_of(command)
        known = self._store.fleet.gateways[gateway].commands if asked else {}
        return any(
            _request_of(state.command) == asked
            for state in known.values()
            if state.command.id != command.id and not state.is_over
        )

    def on_synced(self, gateway: str) -> None:
        """A gateway is back and its list is in the model: find out what became of commands."""
        actions = self._pool.actions(gateway)
        if actions is not None:
            actions.on_synced()

    def _watch_run(self, command: WatchRun) -> str:
        agent = self._store.fleet.agent(command.gateway, command.agent)
        if agent is None:
            return "unknown-agent"
        if command.on and command.session_key not in agent.heard:
            return "not-running"
        told = ev.RunWatched(command.gateway, command.agent, command.session_key, command.on)
        self._store.apply(told)
        return ""

    # What the operator has seen

    def _mark_agent(self, command: MarkSeen | MarkUnseen) -> str:
        agent = self._store.fleet.agent(command.gateway, command.agent)
        if agent is None:
            return "unknown-agent"
        marks = seen_marks(agent, self._clock.now_ms(), command.sessions)
        self._mark(command.gateway, marks, seen=isinstance(command, MarkSeen))
        return ""

    def _mark_items(self, command: MarkItems) -> str:
        gateway = self._store.fleet.gateways.get(command.gateway)
        wanted = set(command.items)
        items = [item for item in all_items(gateway) if item.id in wanted]
        if not items:
            return "unknown-item"
        # Who has seen one that stands for several has seen each of them, on any gateway.
        wanted |= {member for item in items for member in item.members}
        for each in list(self._store.fleet.gateways.values()):
            marks: dict[str, int] = {}
            for item in all_items(each):
                if item.id in wanted and not item.members:
                    marks |= self._marks_of(each, item)
            if marks:
                self._mark(each.id, marks, seen=command.seen)
        return ""

    def _marks_of(self, gateway: Gateway, item: InboxItem) -> dict[str, int]:
        if not item.is_failure:
            return {item.mark: item.since}
        agent = gateway.agents.get(item.agent)
        if agent is None:
            return {}
        # The mark of a failure has the gateway's own time.
        keys = (item.session_key,) if item.session_key else ()
        return seen_marks(agent, self._clock.now_ms(), keys)

    def _mark(self, gateway: str, marks: dict[str, int], *, seen: bool) -> None:
        if seen:
            self._store.apply(ev.Seen(gateway, marks))
        else:
            self._store.apply(ev.Unseen(gateway, frozenset(marks)))
        if gateway != DEMO_GATEWAY:
            self._seen.save(gateway, self._store.fleet.gateways[gateway].seen)


def _request_of(command: Command) -> tuple[str, str] | None:
    """The approval or question that a command answers."""
    match command:
        case ResolveApproval(approval=ident, family=family):
            return family or "exec", ident
        case AnswerQuestion(question=ident):
            return "question", ident
    return None


def _without_secrets(command: Command) -> Command:
    """The command as the model may keep it: answers may be secret."""
    if isinstance(command, AnswerQuestion):
        return structs.replace(command, answers={})
    return command
