"""Keeps one gateway connected: connects, waits, stops where trying cannot help, polls over HTTP.

A supervisor is a failure domain. Whatever its connection, decoding, model or proxy raises ends one
try, never the supervisor: `run` ends only by cancellation.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING, Any

from msgspec import structs

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import RequestRights
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Origin, Problem
from cc_desktop.gateway import connection_state, failures
from cc_desktop.gateway.actions.rights_changes import RightsChanges
from cc_desktop.gateway.backoff import RARE_FIRST_S, Backoff, Pause, Steadiness
from cc_desktop.gateway.connection import REQUEST_TIMEOUT_S
from cc_desktop.gateway.connection_state import ConnectionEvent
from cc_desktop.gateway.device_token import Login
from cc_desktop.gateway.failures import Failure, FailureAdvice, FailureKind, RetryPolicy, classify
from cc_desktop.gateway.http.http_polling import HttpPolling
from cc_desktop.gateway.incidents import IncidentLog
from cc_desktop.gateway.lists.list_pacer import ListPacer
from cc_desktop.gateway.lists.session_sync import SessionListSync
from cc_desktop.gateway.requests.follow import RequestFollower
from cc_desktop.gateway.requests.visibility import Visibility
from cc_desktop.gateway.rights import READ_SCOPES, Rights
from cc_desktop.gateway.sources.gateway_sources import GatewaySources
from cc_desktop.gateway.views import GatewayViews
from cc_desktop.system.network import is_loopback
from cc_desktop.system.supervision import cancel_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.model import PairingRequest
    from cc_desktop.gateway.connection import GatewayConnection
    from cc_desktop.gateway.options import SupervisorOptions, SupervisorServices
    from cc_desktop.gateway.rights import RightsCommand
    from cc_desktop.protocol.frames import EventFrame

log = logging.getLogger(__name__)


class GatewaySupervisor:
    """One gateway. `run` it for as long as the gateway is watched."""

    def __init__(self, options: SupervisorOptions, services: SupervisorServices) -> None:
        self.gateway = options.gateway
        self.connection = ConnectionInfo()
        self.tries = 0
        self._options = options
        self._services = services
        self._clock = services.clock
        self._incidents = IncidentLog(log)
        self._backoff = Backoff(services.rng, is_local=is_loopback(options.url))
        self._polling = HttpPolling(
            options, services.clock, self._on_polled, lambda error: self._record("rest", error)
        )
        self._live: GatewayConnection | None = None
        self._sync: SessionListSync | None = None
        self._pacer = ListPacer(services.clock)
        self._pausing = Pause(services.clock)
        self._origin = Origin.NONE
        self._was_live = False
        self._steadiness = Steadiness()
        self._login = Login(options, services, self._incidents)
        self._rights = Rights(options, services.clock, services.rng)
        self._changes = RightsChanges(self._rights, self._login, self._incidents)
        self._rights.on_pairing = self._show_pairing
        self._keeping: asyncio.Task[None] | None = None  # a device token on its way to the store
        self.views = GatewayViews(self.gateway, self.request, self._clock, self._incidents)
        self._sources = GatewaySources(self.gateway, services, self._incidents)
        self.visibility = Visibility(self.gateway, self.request, self._clock, self._incidents)
        self.visibility.attach(self.views.audience)

    @property
    def is_live(self) -> bool:
        """Whether the WebSocket is up and the model is in step with it."""
        return self.connection.state is ConnectionState.LIVE

    @property
    def methods(self) -> frozenset[str]:
        """What the gateway says it knows, while live. Others may be there as well."""
        return self._live.hello.methods if self._live is not None else frozenset()

    @property
    def http_tried(self) -> bool:
        """Whether HTTP was polled at least once."""
        return self._polling.polled

    @property
    def incidents(self) -> int:
        """How many exceptions were caught that nobody expected."""
        return self._incidents.total

    def reconnect_now(self) -> None:
        """Forget all waits and blocks, and try at once: a person asked."""
        self._backoff.reset()
        self._login.forgive()
        self._rights.forgive()
        self._polling.forgive()
        if self.connection.state in (ConnectionState.WAITING, ConnectionState.BLOCKED):
            self._pausing.end()

    def wake(self) -> None:
        """End a wait: the network or the computer is back.

        A wait that the gateway asked for goes on, and so does a block: a wrong token is not
        presented again at every change of the network.
        """
        state = self.connection.state
        if state is ConnectionState.WAITING and not self._pausing.is_told:
            self._pausing.end()
        if state is not ConnectionState.LIVE:
            self._backoff.reset()  # a try under way may have begun without a network

    def refresh(self) -> None:
        """List again, if live."""
        if self._sync is not None and self.is_live:
            self._sync.schedule_refresh()
            self._sources.refresh()

    def list_again(self) -> None:
        """List again when the pacer allows: the model has missed something."""
        if self._sync is not None and self.is_live:
            self._sync.want_list()

    async def request(
        self, method: str, params: object = None, timeout_s: float = REQUEST_TIMEOUT_S
    ) -> Any:
        """Send a request on the live connection; see `GatewayConnection.request`.

        Raises:
            NotConnectedError: No connection is live.
            GatewayFailureError: The gateway refused, did not answer, or went away.
        """
        if self._live is None or not self.is_live:
            raise failures.NotConnectedError(Failure(kind=FailureKind.LOST))
        return await self._live.request(method, params, timeout_s)

    def change_rights(self, command: RightsCommand, on_end: Callable[[str], object]) -> None:
        """Get or give back rights while the connection lives; see `RightsChanges.start`."""
        if self.is_live:
            self._changes.start(self._live, command, on_end)
        else:
            on_end("not-live")

    def show_token_place(self) -> None:
        """Tell where the device token is; it may have been moved."""
        self._publish(structs.replace(self.connection, token_place=self._login.token.place))

    def _show_pairing(self, pairing: PairingRequest | None) -> None:
        self._publish(structs.replace(self.connection, pairing=pairing))

    async def run(self) -> None:
        """Stay connected until cancelled."""
        polling = asyncio.create_task(self._polling.run(), name=f"rest {self.gateway}")
        try:
            while True:
                try:
                    self._transition(ConnectionEvent.START)
                    await self._pause(await self._try_once())
                except Exception as error:  # noqa: BLE001, RUF100 - the last line of defence
                    advice = self._internal(error)
                    self._pausing.begin(is_told=False)
                    if (self.connection.state, ConnectionEvent.RETRY) in connection_state.TABLE:
                        self._transition(ConnectionEvent.RETRY, problem=advice.problem)
                    await self._pausing.wait(RARE_FIRST_S)
        finally:
            await cancel_all(polling, self._keeping)
            await asyncio.gather(self._polling.close(), self.views.close())
            self._transition(ConnectionEvent.END)

    # One try

    async def _try_once(self) -> FailureAdvice:
        """Connect and stay connected as long as it goes; return how it ended."""
        self.tries += 1
        failure: Failure | None = None
        try:
            failure = await self._connect()
        except failures.GatewayFailureError as error:
            failure = error.failure
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return self._internal(error)  # something below was cancelled, not this task
        except Exception as error:  # noqa: BLE001, RUF100 - a failure domain
            return self._internal(error)
        finally:
            self._polling.on_try_ended(failure)
        advice = classify(failure, was_live=self._was_live)
        device = self._login.used_device_token
        if self._rights.reads_only_after(advice, by_device_token=device) or (
            await self._login.has_another_way(advice)
        ):
            advice = structs.replace(advice, policy=RetryPolicy.RETRY)
        else:
            self._rights.note(advice)
        return advice

    def _internal(self, error: BaseException) -> FailureAdvice:
        self._record("connection", error)
        kind = FailureKind.INTERNAL
        return FailureAdvice(kind, RetryPolicy.RARELY, kind.value, detail=type(error).__name__)

    async def _connect(self) -> Failure:
        self._rights.take_kept(self._login.kept_rights())
        connection = await self._login.open(self._rights.wanted, self._on_challenged)
        while True:
            hello = connection.hello
            try:
                self._rights.pairing = None
                self._transition(
                    ConnectionEvent.HELLO,
                    protocol=hello.protocol,
                    server_version=hello.server_version,
                    scopes=connection.scopes,
                )
                failure = await self._follow(connection)
            except BaseException:
                await self._changes.close()
                raise
            finally:
                await connection.close()
            successor = self._changes.take_successor()
            if successor is None:
                return failure
            connection = successor

    def _on_challenged(self) -> None:
        self._polling.on_challenged()
        self._transition(ConnectionEvent.CHALLENGED)

    def _on_event(self, frame: EventFrame) -> None:
        sync = self._sync
        if sync is None:
            return
        try:
            sync.on_event(frame)
        except Exception as error:  # noqa: BLE001, RUF100 - a failure domain
            self._record("event", error)
            sync.schedule_refresh()  # a list says what the event did
        self.views.on_event(frame)
        self._sources.on_event(frame)

    async def _follow(self, connection: GatewayConnection) -> Failure:
        """Keep the model in step with a connection until it ends, or another takes over."""
        sync = self._sync = SessionListSync(
            self.gateway, connection, self._clock, self._services.sink, self._pacer, RequestFollower
        )
        connection.on_event = self._on_event
        connection.on_silence = self._on_silence
        self._sources.begin(connection, self._polling.live)
        reader = asyncio.create_task(connection.run(), name=f"reader {self.gateway}")
        feeder = asyncio.create_task(self._feed(connection, sync), name=f"sync {self.gateway}")
        holder = asyncio.create_task(self._hold(), name=f"held {self.gateway}")
        handover = asyncio.create_task(self._changes.handover.wait(), name="handover")
        try:
            await asyncio.wait({reader, feeder, handover}, return_when=asyncio.FIRST_COMPLETED)
            if handover.done():
                return Failure(kind=FailureKind.LOST)  # of no consequence: see `_connect`
            if reader.done():
                return reader.result()
            feeder.result()  # raises: it never ends by itself
            raise RuntimeError("the synchronisation ended")
        finally:
            try:
                await self._changes.end()
            finally:  # who is cancelled just then leaves nothing behind either
                if self.is_live and not self._changes.handover.is_set():
                    self._on_lost(connection, held=holder.done())
                self._live, self._sync = self._changes.successor, None
                if self._live is not None:  # while it takes over, questions go to it already
                    self._publish(structs.replace(self.connection, scopes=self._live.scopes))
                await cancel_all(reader, feeder, holder, handover, self._sources.end())

    async def _feed(self, connection: GatewayConnection, sync: SessionListSync) -> None:
        hello = connection.hello
        # At once, and beside the list: a rotated token is lost otherwise if this is cut off.
        self._keeping = asyncio.create_task(self._keep_token(hello.device_token))
        if hello.scopes is not None and READ_SCOPES.isdisjoint(hello.scopes):
            raise failures.GatewayFailureError(Failure(kind=FailureKind.NO_PERMISSION))
        await sync.start()
        self._live = connection
        self._origin = Origin.LIVE
        self._was_live = True
        self._steadiness.is_back()
        self._transition(ConnectionEvent.SYNCED)
        self._changes.resume(connection)
        if missing := self._rights.to_ask_for(connection.scopes):
            self._changes.start(connection, RequestRights(gateway=self.gateway, scopes=missing))
        await sync.run()

    async def _keep_token(self, token: str) -> None:
        await self._login.keep_token(token)
        self.show_token_place()

    async def _hold(self) -> None:
        await self._steadiness.hold(self._polling.live, self._clock)
        self._backoff.reset()
        self._publish(structs.replace(self.connection, flapping=False))

    def _on_silence(self, since: int) -> None:
        if self.is_live:
            self._publish(structs.replace(self.connection, silent_since=since))

    def _on_lost(self, connection: GatewayConnection, *, held: bool) -> None:
        self._set_origin(Origin.LAST_KNOWN)
        now_ms = self._clock.now_ms()
        self._steadiness.is_lost(now_ms, connection.restart_expected_ms or 0, held=held)

    # Between tries

    async def _pause(self, advice: FailureAdvice) -> None:
        event = connection_state.event_of(advice.policy)
        self._pausing.begin(is_told=bool(advice.wait_ms))
        if event is ConnectionEvent.STOP:
            self._transition(event, problem=advice.problem)
            log.warning("%s: %s", self.gateway, advice.kind.value)
            await self._pausing.wait(math.inf)
            return
        wait_s = self._backoff.wait_s(advice.policy, advice.kind, advice.wait_ms)
        wait_s = self._rights.wait_s(wait_s, advice.wait_ms)
        now_ms = self._clock.now_ms()
        problem = advice.problem
        if self._steadiness.expected_back(now_ms) and advice.policy is RetryPolicy.RETRY:
            problem = Problem(FailureKind.RESTARTING.value, problem.code, problem.said)
        self._transition(event, problem=problem, until=now_ms + int(wait_s * 1000))
        await self._pausing.wait(wait_s)

    def _transition(
        self,
        event: ConnectionEvent,
        *,
        problem: Problem | None = None,
        until: int = 0,
        protocol: int | None = None,
        server_version: str | None = None,
        scopes: tuple[str, ...] | None = None,
    ) -> None:
        now = self.connection
        try:
            state = connection_state.next_state(now.state, event)
        except connection_state.UnknownTransitionError as error:
            self._record("state", error)
            return
        trying = state in connection_state.TRYING
        self._publish(
            ConnectionInfo(
                state=state,
                until=until,
                # What went wrong last stays readable while it is tried again.
                problem=problem or (now.problem if trying else None),
                protocol=now.protocol if protocol is None else protocol,
                server_version=now.server_version if server_version is None else server_version,
                token_place=self._login.token.place,
                pairing=self._rights.pairing,
                scopes=scopes or (now.scopes if event is ConnectionEvent.SYNCED else ()),
                flapping=self._steadiness.is_flapping,
                expected_back=self._steadiness.expected_back(self._clock.now_ms()),
            )
        )

    def _publish(self, info: ConnectionInfo) -> None:
        if info == self.connection:
            return
        self.connection = info
        self._polling.set_live(self.is_live)
        self.views.set_live(self.is_live)
        self.visibility.set_live(self.is_live, info.server_version)
        self._emit(ev.ConnectionChanged(self.gateway, info))

    def _set_origin(self, origin: Origin) -> None:
        if origin is not self._origin:
            self._origin = origin
            self._emit(ev.OriginChanged(self.gateway, origin))

    def _emit(self, event: ev.Event) -> None:
        try:
            self._services.sink(event)
        except Exception as error:  # noqa: BLE001, RUF100 - the model's mistake ends no connection
            self._record("model", error)

    def _record(self, what: str, error: BaseException) -> None:
        self._incidents.record(f"gateway {self.gateway}: {what}", error)

    def _on_polled(self, snapshot: ev.Snapshot | None) -> None:
        if snapshot is not None:
            self._origin = Origin.REST
            self._emit(snapshot)
        elif self._origin is Origin.REST:
            self._set_origin(Origin.LAST_KNOWN)
