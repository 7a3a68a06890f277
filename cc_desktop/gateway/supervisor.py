"""Keeps one gateway connected: tries, waits, stops where trying cannot help, falls back to HTTP."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Origin, Problem
from cc_desktop.gateway import connection_state
from cc_desktop.gateway.connection import GatewayFailureError, open_connection
from cc_desktop.gateway.connection_state import Backoff, ConnectionEvent
from cc_desktop.gateway.failures import Failure, FailureAdvice, RetryPolicy, classify
from cc_desktop.gateway.http_fallback import AFTER_S, HttpFallback
from cc_desktop.gateway.session_sync import SessionListSync
from cc_desktop.protocol import handshake
from cc_desktop.system.clock import wake_or_sleep
from cc_desktop.system.network import is_loopback

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from cc_desktop.gateway.connection import GatewayConnection
    from cc_desktop.gateway.device_identity import Identity
    from cc_desktop.protocol.frames import EventFrame
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

FIRST_ANSWER_S = 3.0  # the longest that polling waits for it


class Secret(Protocol):
    """A token that does not show itself."""

    def reveal(self) -> str:
        """The secret."""
        ...


class TokenStore(Protocol):
    """Where device tokens are kept."""

    place: str

    async def get(self, url: str, device_id: str, role: str) -> Secret:
        """The token, or an empty one."""
        ...

    async def keep(self, url: str, device_id: str, role: str, token: str) -> None:
        """Keep it."""
        ...


class GatewaySupervisor:
    """One gateway: `run` for as long as the app runs."""

    def __init__(
        self,
        gateway: str,
        url: str,
        token: Secret,
        *,
        client: handshake.Client,
        identity: Callable[[], Identity],
        tokens: TokenStore,
        rest_url: str,
        poll_s: float,
        insecure: bool,
        rest_after_s: float = AFTER_S,
        clock: Clock,
        rng: random.Random,
        sink: Callable[[ev.Event], object],
    ) -> None:
        self.gateway = gateway
        self.connection = ConnectionInfo()
        self.tries = 0  # connections that were tried
        self.rest_tried = False
        self._rest_after_s = rest_after_s
        self._url = url
        self._token = token
        self._client = client
        self._identity = identity
        self._tokens = tokens
        self._insecure = insecure
        self._clock = clock
        self._sink = sink
        self._backoff = Backoff(rng)
        self._rest = HttpFallback(gateway, rest_url, token.reveal(), insecure=insecure)
        self._trusted = False  # it sent a challenge, and has not answered like anything else since
        self._answered = asyncio.Event()  # the first try has ended, or come as far as the challenge
        self._poll_s = poll_s
        self._now = asyncio.Event()  # "Reconnect now"
        self._moved = asyncio.Event()  # the state changed
        self._sync: SessionListSync | None = None
        self._origin = Origin.NONE
        self._mismatched = False  # the shared token was refused: the device token is tried once

    @property
    def is_live(self) -> bool:
        """Whether the WebSocket is up and the model is in step with it."""
        return self.connection.state is ConnectionState.LIVE

    def reconnect_now(self) -> None:
        """Try at once: the operator asked, the network is back, the laptop woke up."""
        self._backoff.reset()
        self._mismatched = False
        self._rest.forgive()
        if self.connection.state in (ConnectionState.WAITING, ConnectionState.BLOCKED):
            self._now.set()

    def refresh(self) -> None:
        """List again, if it is live."""
        if self._sync is not None and self.is_live:
            self._sync.schedule_refresh()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._fall_back(), name=f"rest {self.gateway}")
                while True:
                    self._move(ConnectionEvent.START)
                    verdict = await self._connect_once()
                    await self._pause(verdict)
        finally:
            await self._rest.close()
            self._move(ConnectionEvent.END)

    # One try

    async def _connect_once(self) -> FailureAdvice:
        self.tries += 1
        try:
            return await self._converse()
        except GatewayFailureError as error:
            if error.failure.http_status or error.failure.kind == "not-a-gateway":
                self._trusted = False
            return classify(error.failure)
        finally:
            self._answered.set()

    def _on_challenged(self) -> None:
        self._trusted = True
        self._answered.set()
        self._move(ConnectionEvent.CHALLENGED)

    async def _converse(self) -> FailureAdvice:
        shared = self._token.reveal()
        if (
            shared
            and not self._insecure
            and self._url.startswith("ws:")
            and not is_loopback(self._url)
        ):
            return classify(Failure(kind="insecure"))
        try:
            identity = self._identity()
        except Exception as error:  # noqa: BLE001, RUF100 - the file system's own words
            log.warning("no identity: %s", error)
            return classify(Failure(kind="identity"))
        device = (await self._tokens.get(self._url, identity.device_id, handshake.ROLE)).reveal()
        if device:
            self.connection = replace(self.connection, token_place=self._tokens.place)
        token = device if (self._mismatched or not shared) else shared
        sync: SessionListSync | None = None

        def on_event(frame: EventFrame) -> None:
            if sync is not None:  # what comes before hello-ok is in the list that follows
                sync.on_event(frame)

        client = replace(self._client, instance_id=identity.instance_id)

        def params(challenge: handshake.Challenge) -> dict[str, object]:
            return handshake.connect_params(
                client,
                challenge,
                token=token,
                public_key=identity.public_key,
                sign=identity.sign,
            )

        try:
            session = await open_connection(
                self._url,
                params,
                self._clock,
                on_event,
                self._on_challenged,
            )
        except GatewayFailureError as error:
            verdict = classify(error.failure)
            if verdict.id == "token-mismatch" and shared and device and not self._mismatched:
                trusted = is_loopback(self._url)  # a device token goes to nobody else
                self._mismatched = trusted
                if trusted:
                    return replace(verdict, then=RetryPolicy.RETRY)
            raise
        self._move(
            ConnectionEvent.HELLO,
            protocol=session.hello.protocol,
            version=session.hello.server_version,
        )
        sync = self._sync = SessionListSync(self.gateway, session, self._clock, self._sink)
        return await self._follow(session, sync, identity)

    async def _follow(
        self, session: GatewayConnection, sync: SessionListSync, identity: Identity
    ) -> FailureAdvice:
        reader = asyncio.create_task(session.run(), name=f"reader {self.gateway}")
        feeder = asyncio.create_task(
            self._feed(session, sync, identity), name=f"sync {self.gateway}"
        )
        try:
            await asyncio.wait({reader, feeder}, return_when=asyncio.FIRST_COMPLETED)
            if reader.done():
                failure = reader.result()
            else:
                error = feeder.exception()
                if not isinstance(error, GatewayFailureError):
                    raise error or RuntimeError("the sync ended by itself")
                failure = error.failure
            return classify(failure)
        finally:
            if self.is_live:
                self._set_origin(Origin.LAST_KNOWN)
            for task in (feeder, reader):
                task.cancel()
            await asyncio.gather(feeder, reader, return_exceptions=True)
            await session.close()

    async def _feed(
        self, session: GatewayConnection, sync: SessionListSync, identity: Identity
    ) -> None:
        if session.hello.scopes is not None and not (
            {"operator.read", "operator.write", "operator.admin"} & set(session.hello.scopes)
        ):
            raise GatewayFailureError(Failure(kind="scope"))
        await sync.start()
        self._origin = Origin.LIVE
        # Not at hello-ok: a gateway that lets us in and goes while it lists would be tried every
        # second for ever.
        self._backoff.reset()
        self._move(ConnectionEvent.SYNCED)
        if session.hello.device_token:
            await self._tokens.keep(
                self._url, identity.device_id, handshake.ROLE, session.hello.device_token
            )
            self._show(replace(self.connection, token_place=self._tokens.place))
        await sync.run()

    # Between tries

    async def _pause(self, verdict: FailureAdvice) -> None:
        problem = Problem(verdict.code, verdict.title, verdict.message, verdict.next_step)
        outcome = connection_state.outcome_of(verdict.then)
        self._now.clear()
        if outcome is ConnectionEvent.STOP:
            self._move(outcome, problem=problem)
            log.warning("%s: %s", self.gateway, verdict.title)
            await self._now.wait()
            return
        wait = self._backoff.wait_s(verdict.then, verdict.wait_ms)
        self._move(outcome, problem=problem, until=self._clock.now_ms() + int(wait * 1000))
        await wake_or_sleep(self._clock, self._now, wait)

    def _move(
        self,
        outcome: ConnectionEvent,
        *,
        problem: Problem | None = None,
        until: int = 0,
        protocol: int | None = None,
        version: str | None = None,
    ) -> None:
        state = connection_state.TABLE.get((self.connection.state, outcome))
        if state is None:
            return
        trying = state in (
            ConnectionState.CONNECTING,
            ConnectionState.AUTHENTICATING,
            ConnectionState.SYNCING,
        )
        self._show(
            ConnectionInfo(
                state=state,
                until=until,
                # What went wrong last stays readable while it is tried again.
                problem=problem or (self.connection.problem if trying else None),
                protocol=self.connection.protocol if protocol is None else protocol,
                server_version=self.connection.server_version if version is None else version,
                token_place=self.connection.token_place,
            )
        )

    def _show(self, link: ConnectionInfo) -> None:
        self.connection = link
        self._sink(ev.ConnectionChanged(self.gateway, link))
        self._moved.set()

    def _set_origin(self, origin: Origin) -> None:
        if origin is not self._origin:
            self._origin = origin
            self._sink(ev.OriginChanged(self.gateway, origin))

    # Over HTTP

    async def _fall_back(self) -> None:
        while True:
            await self._until(live=False)
            if await self._live_within(self._rest_after_s):
                continue
            # A poll before the first answer could not tell whether the token may go there.
            await wake_or_sleep(self._clock, self._answered, FIRST_ANSWER_S)
            while not self.is_live:
                snapshot = await self._rest.poll(trusted=self._trusted)
                if self.is_live:
                    break
                self.rest_tried = True
                if snapshot is not None:
                    self._origin = Origin.REST
                    self._sink(snapshot)
                elif self._origin is Origin.REST:
                    self._set_origin(Origin.LAST_KNOWN)
                await self._live_within(self._poll_s)

    async def _until(self, *, live: bool) -> None:
        while self.is_live is not live:
            self._moved.clear()
            await self._moved.wait()

    async def _live_within(self, seconds: float) -> bool:
        waiter = asyncio.ensure_future(self._until(live=True))
        sleeper = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({waiter, sleeper}, return_when=asyncio.FIRST_COMPLETED)
            return self.is_live
        finally:
            for task in (waiter, sleeper):
                task.cancel()
            await asyncio.gather(waiter, sleeper, return_exceptions=True)
