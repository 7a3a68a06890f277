"""Follows what a gateway tells of itself, over all its connections.

Events are free: `health`, `cron`, `task`, `update.available` and so on are read as they come. Lists
are asked for once after each connection, and again only when an event or the operator says so.
What providers have to be asked for is read every 30 min; nothing is polled faster.

Every source is a failure domain: whatever an event or an answer holds, the others go on.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import (
    Channel,
    Condition,
    ConditionKind,
    JoinRequest,
    ReadAccess,
    Subject,
)
from cc_desktop.gateway.connection import (
    ConnectionLostError,
    GatewayFailureError,
    RequestFailedError,
)
from cc_desktop.gateway.decoders.facts import cron, health, joins, sign_ins, tasks, updates
from cc_desktop.gateway.sources.access import access_after, is_about_parameters, is_for_now
from cc_desktop.gateway.sources.readings import POLL_S, Reading, readings
from cc_desktop.protocol import fields, handshake
from cc_desktop.system.clock import wake_or_sleep

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.gateway.connection import GatewayConnection
    from cc_desktop.gateway.incidents import IncidentLog
    from cc_desktop.gateway.options import SupervisorServices
    from cc_desktop.protocol.frames import EventFrame
    from cc_desktop.protocol.handshake import Hello

log = logging.getLogger(__name__)

SETTLE_S = 1.0  # after a connection is live: one that breaks at once is asked nothing
DEBOUNCE_S = 5.0  # after an event that only a list explains
CONFIG_SETTLE_S = 10.0  # a gateway takes some seconds to apply an edit
CONFIG_CONFIRM_S = 20.0  # and some more, if plugins are in it: so long it may still do so
RETRY_S = 600.0  # after an answer that says nothing, or none
REFUSED_FOR_S = 3_600.0  # so long a run that was refused makes an expired sign-in an expired one

_TOLD_BY_EVENTS = ("cron", "tasks", "joins")  # subjects that are not told again

_Conditions = dict[ConditionKind, tuple[Condition, ...]]


class GatewaySources:
    """The sources of one gateway. It outlives connections, so that none of them asks too often."""

    def __init__(self, gateway: str, services: SupervisorServices, incidents: IncidentLog) -> None:
        self._gateway = gateway
        self._clock = services.clock
        self._services = services
        self._incidents = incidents
        self._readings = readings(self._is_refused, self._own_device, self._read_config)
        self._read_at: dict[str, float] = {}  # subject → when it was asked for last (monotonic)
        self._absent: set[str] = set()  # subjects that this release does not have
        self._release = ""
        self._said: set[str] = set()  # subjects whose refusal is in the log
        self._conditions: _Conditions = {}
        self._refused_at = -math.inf  # when a run's sign-in was refused (monotonic)
        self._edited_at = -math.inf  # when the configuration was edited (monotonic)
        # Of the connection:
        self._connection: GatewayConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._due: dict[str, float] = {}  # subject → when to ask (monotonic)
        self._touched: set[str] = set()  # subjects with an event since they were asked for
        self._wake = asyncio.Event()
        self._seq: int | None = None  # of the latest event
        self._decoders: dict[str, Callable[[dict[str, Any]], object]] = {
            "health": self._on_health,
            "cron": self._on_cron,
            "task": self._on_task,
            "update.available": self._on_update,
            "gateway.suspension": self._on_suspension,
            "config.changed": lambda _data: self._on_edit(),
            "device.pair.requested": lambda data: self._on_join(data, "device"),
            "node.pair.requested": lambda data: self._on_join(data, "node"),
            "device.pair.resolved": lambda data: self._on_join_end(data, "device"),
            "node.pair.resolved": lambda data: self._on_join_end(data, "node"),
        }

    # One connection

    def begin(self, connection: GatewayConnection, live: asyncio.Event) -> None:
        """Take in what hello-ok tells, and ask for the rest in the background until `end`.

        Args:
            connection: Its events go to `on_event`.
            live: Set once the model is in step: nothing here delays that.
        """
        self._connection = connection
        self._due.clear()
        self._touched.clear()
        self._seq = None
        self._note_release(connection)
        for reading in self._readings:
            self._plan(reading, connection)
        hello = connection.hello
        self._guard("hello", lambda: self._set_conditions(_conditions_of(hello)))
        if hello.health is not None:
            self._guard("health", lambda: self._on_health(fields.as_object(hello.health)))
        self._task = asyncio.create_task(
            self._run(connection, live), name=f"sources {self._gateway}"
        )

    def end(self) -> asyncio.Task[None] | None:
        """Let go of what asks: the connection ends. The caller cancels it."""
        task, self._task = self._task, None
        return task

    def refresh(self) -> None:
        """Read everything again that can be read: the operator asks for it."""
        for reading in self._readings:
            self._want(reading.subject, 0.0)

    def on_event(self, frame: EventFrame) -> None:
        """Take in an event. Never raises, never waits."""
        if frame.seq is not None:
            if self._seq is not None and frame.seq > self._seq + 1:
                self._guard("gap", self._on_gap)
            self._seq = frame.seq
        decoder = self._decoders.get(frame.event)
        if decoder is not None:
            self._guard(frame.event, lambda: decoder(fields.as_object(frame.payload)))
        if frame.event in ("chat", "agent", "cron"):
            self._guard("trouble", lambda: self._on_trouble(frame))

    def _guard(self, what: str, do: Callable[[], object]) -> None:
        try:
            do()
        except Exception as error:  # noqa: BLE001, RUF100 - a failure domain
            self._record(what, error)

    def _record(self, what: str, error: Exception) -> None:
        self._incidents.record(f"gateway {self._gateway}: source {what}", error)

    def _tell(self, event: ev.Event) -> None:
        self._services.sink(event)

    def _note_release(self, connection: GatewayConnection) -> None:
        if connection.hello.server_version != self._release:
            self._release = connection.hello.server_version
            self._absent.clear()

    def _plan(self, reading: Reading, connection: GatewayConnection) -> None:
        """Decide when a subject is read first, if it can be read at all."""
        access = self._first_access(reading, connection)
        if access is ReadAccess.PENDING:
            now = self._clock.monotonic()
            self._due[reading.subject] = self._earliest(reading, now + SETTLE_S)
        self._guard(reading.subject, lambda: self._tell_access(reading, access))

    def _tell_access(self, reading: Reading, access: ReadAccess) -> None:
        self._tell(ev.FactTold(self._gateway, Subject(reading.subject, access)))
        if access in (ReadAccess.ABSENT, ReadAccess.REFUSED):  # what cannot be read is not known
            for kind in reading.kinds:
                self._tell(ev.FactsListed(self._gateway, kind, ()))

    def _first_access(self, reading: Reading, connection: GatewayConnection) -> ReadAccess:
        """What is known without a question."""
        hello = connection.hello
        advertised = reading.method in hello.methods
        if reading.subject in self._absent or not hello.protocol:
            return ReadAccess.ABSENT  # the Control Center's own dialect tells of agents only
        if reading.scopes and reading.scopes.isdisjoint(connection.scopes):
            return ReadAccess.REFUSED if advertised else ReadAccess.ABSENT
        if reading.subject == "config" and not hello.config_hash:
            return ReadAccess.ABSENT
        return ReadAccess.PENDING

    # Events

    def _on_gap(self) -> None:
        """Events are missing: lists tell what they said."""
        for subject in _TOLD_BY_EVENTS:
            self._want(subject, DEBOUNCE_S)

    def _on_health(self, data: dict[str, Any]) -> None:
        channels = health.channels(data)
        if channels is not None:
            self._tell(ev.FactsListed(self._gateway, Channel, channels))
        self._set_conditions(health.conditions(data))

    def _on_cron(self, data: dict[str, Any]) -> None:
        self._take("cron", cron.changed(self._gateway, data))

    def _on_task(self, data: dict[str, Any]) -> None:
        self._take("tasks", tasks.changed(self._gateway, data))

    def _take(self, subject: str, event: ev.FactTold | ev.FactGone | None) -> None:
        self._touched.add(subject)
        if event is None:
            self._want(subject, DEBOUNCE_S)
        else:
            self._tell(event)

    def _on_update(self, data: dict[str, Any]) -> None:
        self._set_conditions({ConditionKind.UPDATE: updates.update(data)})

    def _on_suspension(self, data: dict[str, Any]) -> None:
        self._set_conditions({ConditionKind.SUSPENDED: updates.suspension(data)})

    def _on_edit(self) -> None:
        self._edited_at = self._clock.monotonic()
        self._want("config", CONFIG_SETTLE_S)

    def _on_join(self, data: dict[str, Any], what: str) -> None:
        found = joins.device(data, what)
        if found is not None and data.get("deviceId") != self._own_device():
            self._touched.add("joins")
            self._tell(ev.FactTold(self._gateway, found))

    def _on_join_end(self, data: dict[str, Any], what: str) -> None:
        ident = joins.join_id(what, fields.identifier(data.get("requestId")))
        self._touched.add("joins")
        self._tell(ev.FactGone(self._gateway, JoinRequest, ident))

    def _on_trouble(self, frame: EventFrame) -> None:
        reason = sign_ins.trouble(frame.event, fields.as_object(frame.payload))
        if reason in sign_ins.AUTH_TROUBLE:
            self._refused_at = self._clock.monotonic()
        if reason:
            self._want("sign-ins", DEBOUNCE_S)
            self._want("quotas", DEBOUNCE_S)

    def _set_conditions(self, found: _Conditions) -> None:
        self._conditions = {**self._conditions, **found}
        every = tuple(one for several in self._conditions.values() for one in several)
        self._tell(ev.FactsListed(self._gateway, Condition, every))

    # Questions

    def _is_refused(self) -> bool:
        return self._clock.monotonic() - self._refused_at < REFUSED_FOR_S

    def _own_device(self) -> str:
        return handshake.device_id(self._services.identity().public_key)

    def _earliest(self, reading: Reading, due: float) -> float:
        return max(due, self._read_at.get(reading.subject, -math.inf) + reading.least_s)

    def _want(self, subject: str, after_s: float) -> None:
        """Ask again in a while, but not more often than the subject bears."""
        reading = next(one for one in self._readings if one.subject == subject)
        if self._connection is None or (
            self._first_access(reading, self._connection) is not ReadAccess.PENDING
        ):
            return
        due = self._earliest(reading, self._clock.monotonic() + after_s)
        self._due[subject] = min(due, self._due.get(subject, math.inf))
        self._wake.set()

    async def _run(self, connection: GatewayConnection, live: asyncio.Event) -> None:
        await live.wait()
        now = self._clock.monotonic()
        for subject, due in self._due.items():
            self._due[subject] = max(due, now + SETTLE_S)
        while True:
            self._wake.clear()
            if not self._due:
                await self._wake.wait()
                continue
            subject = min(self._due, key=self._due.__getitem__)
            wait_s = self._due[subject] - self._clock.monotonic()
            if wait_s > 0:
                await wake_or_sleep(self._clock, self._wake, wait_s)
                continue
            reading = next(one for one in self._readings if one.subject == subject)
            try:
                await self._read(reading, connection)
            except ConnectionLostError:
                return
            except Exception as error:  # noqa: BLE001, RUF100 - the other subjects are asked for
                self._record(subject, error)
                self._due[subject] = self._clock.monotonic() + RETRY_S

    async def _read(self, reading: Reading, connection: GatewayConnection) -> None:
        subject = reading.subject
        now = self._clock.monotonic()
        self._read_at[subject] = now
        self._due.pop(subject, None)
        if reading.every_s:
            self._due[subject] = now + reading.every_s
        self._touched.discard(subject)

        async def ask(method: str, params: dict[str, Any]) -> Any:
            raw = method == "config.get"  # it is never decoded as a whole
            try:
                return await connection.request(method, params, raw=raw)
            except RequestFailedError as error:
                if not params or not is_about_parameters(error):
                    raise
                return await connection.request(method, {}, raw=raw)

        try:
            found = await reading.read(self._gateway, ask)
        except RequestFailedError as error:
            advertised = reading.method in connection.hello.methods
            access = access_after(error, advertised=advertised)
            if access is not None:
                self._close(reading, access)
                return
            if not is_for_now(error):
                raise
            self._ask_later(subject)
            return
        except GatewayFailureError as error:
            if isinstance(error, ConnectionLostError):
                raise
            self._ask_later(subject)
            return
        for event in found:
            self._tell(event)
        self._tell(ev.FactTold(self._gateway, Subject(subject)))
        if subject in self._touched:
            self._want(subject, DEBOUNCE_S)  # the answer may be older than the event

    def _ask_later(self, subject: str) -> None:
        log.info("%s: no answer about %s", self._gateway, subject)
        self._due[subject] = self._clock.monotonic() + RETRY_S

    def _close(self, reading: Reading, access: ReadAccess) -> None:
        """The gateway does not let us read it, or does not have it: it is asked no more."""
        subject = reading.subject
        self._due.pop(subject, None)
        if access is ReadAccess.ABSENT:
            self._absent.add(subject)
        elif subject not in self._said:
            self._said.add(subject)
            log.info("%s does not let this connection read: %s", self._gateway, subject)
        self._tell_access(reading, access)

    async def _read_config(self, gateway: str, ask: Any) -> tuple[ev.Event, ...]:
        connection = self._connection
        applied = connection.hello.config_hash if connection else ""
        found = updates.restart_needed(await ask("config.get", {}), applied)
        confirm_at = self._edited_at + CONFIG_CONFIRM_S
        if found and self._clock.monotonic() < confirm_at:
            self._due["config"] = confirm_at
            return ()
        if found is not None:
            self._set_conditions({ConditionKind.RESTART_NEEDED: found})
        if found:  # nothing tells of an edit that is taken back (measured on 2026.9.6)
            self._due["config"] = self._clock.monotonic() + POLL_S
        return ()


def _conditions_of(hello: Hello) -> _Conditions:
    """What hello-ok tells at once, its health apart."""
    found: _Conditions = {
        ConditionKind.UPDATE: updates.update({"updateAvailable": hello.update}),
        ConditionKind.SUSPENDED: updates.suspension(hello.suspension),
    }
    if not hello.config_hash:
        found[ConditionKind.RESTART_NEEDED] = ()
    return found
