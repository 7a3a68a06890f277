"""Carries out an order: sends its commands and follows them to their end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from cc_desktop.about import ExitCode
from cc_desktop.fleet.commands import CommandPhase
from cc_desktop.fleet.facts import ReadAccess
from cc_desktop.fleet.model import Origin
from cc_desktop.orders.order import LIMIT_S, Outcome, Verb
from cc_desktop.orders.plan import plan
from cc_desktop.system.clock import wake_or_sleep
from cc_desktop.text import orders as words
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.commands import Command, CommandState
    from cc_desktop.fleet.model import Change, Gateway
    from cc_desktop.fleet.store import Store
    from cc_desktop.orders.order import Order
    from cc_desktop.orders.plan import Plan
    from cc_desktop.system.clock import Clock

LISTED_S = 5.0  # how long the lists of approvals and questions may take after a connection is live
_LISTS = ("approvals", "questions")  # subjects, see `Facts.access`
_NOT_REACHED = ("not-live", "not-arrived", "unknown-gateway")
_NEEDS_NO_LIST = (Verb.RUNS, Verb.STOP, Verb.STOP_ALL, Verb.SEND)


class Monitor(Protocol):
    """What carries out commands."""

    @property
    def store(self) -> Store:
        """The model."""
        ...

    @property
    def clock(self) -> Clock:
        """Time."""
        ...

    def execute(self, command: Command) -> str:
        """Carry one out; returns its id."""
        ...


async def carry_out(monitor: Monitor, order: Order, limit_s: float = LIMIT_S) -> Outcome:
    """Do what is asked.

    Args:
        monitor: Watches the fleet, and has listed it.
        order: What is asked.
        limit_s: How long to wait for the end of its commands.

    Returns:
        Its outcome; a command whose end nobody knows by then counts as not reached.
    """
    found = plan(monitor.store.fleet, order, monitor.clock.now_ms())
    if isinstance(found, Outcome):
        return found
    follower = _Follower(monitor)
    try:
        for command in found.commands:
            follower.send(command)
        await follower.wait(limit_s)
    finally:
        follower.stop()
    return _outcome(monitor, found, follower)


async def wait_for_lists(monitor: Monitor, order: Order) -> None:
    """Wait until the live gateways have told what is open, or for `LISTED_S`.

    A gateway lists its agents first, and what waits for a person after that.
    """
    if order.verb in _NEEDS_NO_LIST:
        return

    def is_listed() -> bool:
        return all(
            _is_listed(gateway)
            for gateway in monitor.store.fleet.shown()
            if gateway.origin is Origin.LIVE
        )

    await _until(monitor, is_listed, LISTED_S)


def _is_listed(gateway: Gateway) -> bool:
    told = gateway.facts.subjects
    return all(
        subject in told and told[subject].access is not ReadAccess.PENDING for subject in _LISTS
    )


async def _until(monitor: Monitor, done: Callable[[], bool], limit_s: float) -> None:
    changed = asyncio.Event()

    def on_changes(_changes: list[Change]) -> None:
        changed.set()

    end = monitor.store.subscribe(on_changes)
    over_at = monitor.clock.monotonic() + limit_s
    try:
        while not done() and (left := over_at - monitor.clock.monotonic()) > 0:
            await wake_or_sleep(monitor.clock, changed, left)
            changed.clear()
    finally:
        end()


class _Follower:
    """Sends commands and keeps the last that is known of each."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self.sent: dict[str, Command] = {}  # by id, in their order
        self.states: dict[str, CommandState] = {}
        self._end = monitor.store.subscribe(self._look)

    def send(self, command: Command) -> None:
        ident = self._monitor.execute(command)
        self.sent[ident] = command
        self._look([])

    def stop(self) -> None:
        self._end()

    async def wait(self, limit_s: float) -> None:
        def over() -> bool:
            return all(key in self.states and self.states[key].is_over for key in self.sent)

        await _until(self._monitor, over, limit_s)

    def _look(self, _changes: list[Change]) -> None:
        for gateway in self._monitor.store.fleet.gateways.values():
            for key in self.sent.keys() & gateway.commands.keys():
                self.states[key] = gateway.commands[key]


def _outcome(monitor: Monitor, found: Plan, follower: _Follower) -> Outcome:
    out: list[str] = []
    err: list[str] = list(found.problems)
    codes: list[int] = [ExitCode.FAILED] * bool(found.problems)
    fleet = monitor.store.fleet
    done = 0
    for key, command in follower.sent.items():
        state = follower.states.get(key)
        gateway = getattr(command, "gateway", "")
        agent = fleet.agent(gateway, getattr(command, "agent", ""))
        if state is None:
            codes.append(ExitCode.UNREACHED)
            err.append(tr(words.NOT_KNOWN))
            continue
        line = words.result(fleet, gateway, agent, state)
        if words.is_success(state):
            done += 1
            out.append(line)
            continue
        err.append(line)
        is_known = state.phase is CommandPhase.REFUSED and state.reason not in _NOT_REACHED
        codes.append(ExitCode.FAILED if is_known else ExitCode.UNREACHED)
    if found.report:
        out.append(words.stopped(done, len(follower.sent)))
    return Outcome(code=max(codes, default=ExitCode.OK), out=tuple(out), err=tuple(err))
