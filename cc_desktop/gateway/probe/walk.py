"""Tries the way to a gateway step by step and says where it ends.

The window's Test and `cc-desktop doctor` show what it finds. It uses a connection of its own: the
one that watches the fleet is not touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import socket
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from msgspec import structs

from cc_desktop.gateway import event_decoder
from cc_desktop.gateway.connection import GatewayConnection
from cc_desktop.gateway.device_identity import IdentityError
from cc_desktop.gateway.dialing import (
    CLOSE_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    address_of,
    open_connection,
    proxy_address,
)
from cc_desktop.gateway.failures import Failure, FailureKind, GatewayFailureError, classify
from cc_desktop.gateway.probe.readiness import READY_TIMEOUT_S, Ready, ask_ready
from cc_desktop.gateway.probe.result import Found, ProbeTarget, Step, StepResult
from cc_desktop.gateway.rights import READ_SCOPES
from cc_desktop.protocol import handshake
from cc_desktop.system.network import host_of, may_send_secret
from cc_desktop.system.tls import UntrustedCertificateError, client_context

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from cc_desktop.fleet.model import Problem
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

STEP_TIMEOUT_S = CONNECT_TIMEOUT_S  # what the supervisor grants as well
SKEW_LIMIT_MS = 120_000  # a clock that is further off confuses every time that is shown
_DEFAULT_PORTS = {"ws": 80, "wss": 443}
# What a port that expects TLS does to a client that speaks without.
_MAY_WANT_TLS = {"hung-up", "not-a-gateway", "lost", "silent", "unreachable"}
_T = TypeVar("_T")


async def probe(target: ProbeTarget, clock: Clock) -> AsyncGenerator[StepResult]:
    """Go the way to a gateway. Ends after the first step that fails. Never raises.

    Who stops reading early closes it (`contextlib.aclosing`), so that nothing stays open.

    Args:
        target: Where to go. A token is sent only where `may_send_secret` allows it.
        clock: Measures what each step takes, and the deadlines.

    Yields:
        The result of each step as soon as it is known.
    """
    run = _Probe(target, clock)
    try:
        for step, attempt in run.steps():
            began = clock.monotonic()
            result = await run.attempt(step, attempt)
            if result is None:
                continue
            yield structs.replace(result, took_ms=round((clock.monotonic() - began) * 1000))
            if result.found is Found.FAILED:
                break
    finally:
        await run.close()


def _failed(step: Step, failure: Failure, **facts: Any) -> StepResult:
    return StepResult(step, Found.FAILED, facts, classify(failure).problem)


def _trusting_anyone() -> ssl.SSLContext:
    """For a look at a certificate. Nothing is ever sent over such a connection."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _Probe:
    """The state that one step leaves to the next."""

    def __init__(self, target: ProbeTarget, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._at = address_of(target.url)
        self._host = host_of(target.url)
        self._secure = target.url.startswith("wss:")
        self._port = 0
        self._proxy = ""
        self._skew_ms: int | None = None
        self._opening: asyncio.Task[GatewayConnection] | None = None
        self._connection: GatewayConnection | None = None
        self._reader: asyncio.Task[Failure] | None = None

    def steps(self) -> list[tuple[Step, Callable[[], Awaitable[StepResult | None]]]]:
        """All steps in order. A step that the address does not have finds None."""
        return [
            (Step.NAME, self._name),
            (Step.PORT, self._listens),
            (Step.TLS, self._tls),
            (Step.UPGRADE, self._upgrade),
            (Step.HANDSHAKE, self._let_in),
            (Step.RIGHTS, self._rights),
            (Step.LIST, self._list),
        ]

    async def attempt(
        self, step: Step, attempt: Callable[[], Awaitable[StepResult | None]]
    ) -> StepResult | None:
        """Try one step; whatever goes wrong is its result."""
        try:
            return await attempt()
        except GatewayFailureError as error:
            result = _failed(step, error.failure)
        except TimeoutError:
            result = _failed(step, Failure(kind=FailureKind.SILENT, detail=self._at))
        except Exception as error:
            log.exception("the test of a gateway failed by itself")
            kind = FailureKind.INTERNAL
            return _failed(step, Failure(kind=kind, detail=type(error).__name__))
        if step in (Step.UPGRADE, Step.HANDSHAKE):
            return structs.replace(result, facts=await self._look_around(result.problem))
        return result

    async def _in_time(self, waiting: Awaitable[_T], limit_s: float = STEP_TIMEOUT_S) -> _T:
        """Wait by the clock that was passed in. Raises TimeoutError."""
        both = task, deadline = (
            asyncio.ensure_future(waiting),
            asyncio.ensure_future(self._clock.sleep(limit_s)),
        )
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise TimeoutError
            return task.result()
        finally:
            task.cancel()
            deadline.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    # The way there. Behind a proxy, only the proxy goes it.

    async def _name(self) -> StepResult | None:
        parts = urlsplit(self._target.url) if self._host else None
        if parts is None or parts.scheme not in _DEFAULT_PORTS:
            return _failed(Step.NAME, Failure(kind=FailureKind.BAD_URL, detail=self._at))
        self._port = parts.port or _DEFAULT_PORTS[parts.scheme]
        self._proxy = proxy_address(self._target.url, self._target.way.proxy)
        if self._proxy:
            return None
        loop = asyncio.get_running_loop()
        try:
            found = await self._in_time(
                loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            )
        except TimeoutError:
            raise
        except (OSError, UnicodeError):
            return _failed(Step.NAME, Failure(kind=FailureKind.DNS, detail=self._at))
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))[:3]
        return StepResult(Step.NAME, facts={"host": self._host, "addresses": addresses})

    async def _listens(self) -> StepResult | None:
        if self._proxy:
            return None
        try:
            await self._in_time(self._visit(None))
        except TimeoutError:
            raise
        except OSError as error:
            # asyncio writes "Connect call failed (…)" over the system's own words.
            said = os.strerror(error.errno) if error.errno else ""
            failure = Failure(kind=FailureKind.UNREACHABLE, detail=self._at, http_message=said)
            return _failed(Step.PORT, failure)
        return StepResult(Step.PORT, facts={"port": self._port})

    async def _tls(self) -> StepResult | None:
        if self._proxy or not self._secure:
            return None
        pinned = self._target.way.fingerprint
        context = await client_context(pinned)
        try:
            fingerprint, version = await self._in_time(self._visit(context))
        except TimeoutError:
            raise
        except UntrustedCertificateError as error:
            kind, shown = FailureKind.CERTIFICATE_CHANGED, error.fingerprint
            failure = Failure(kind=kind, detail=self._at, fingerprint=shown, pinned=pinned)
            return _failed(Step.TLS, failure, fingerprint=shown, trusted=False)
        except ssl.SSLCertVerificationError as error:
            kind = FailureKind.CERTIFICATE
            failure = Failure(kind=kind, detail=self._at, http_message=error.verify_message)
            shown, _ = await self._untrusted()
            failure = structs.replace(failure, fingerprint=shown)
            return _failed(Step.TLS, failure, fingerprint=shown, trusted=False)
        except OSError:
            return _failed(Step.TLS, Failure(kind=FailureKind.TLS, detail=self._at))
        facts = {"fingerprint": fingerprint, "trusted": True, "version": version}
        return StepResult(Step.TLS, facts=facts)

    async def _untrusted(self, limit_s: float = STEP_TIMEOUT_S) -> tuple[str, str]:
        """What `_visit` finds where any certificate will do; empty where it finds no TLS."""
        with contextlib.suppress(OSError):
            return await self._in_time(self._visit(_trusting_anyone()), limit_s)
        return "", ""

    async def _visit(self, context: ssl.SSLContext | None) -> tuple[str, str]:
        """Connect, send nothing, hang up; return the certificate's fingerprint and TLS version."""
        shutdown_s = CLOSE_TIMEOUT_S if context else None
        _, writer = await asyncio.open_connection(
            self._host, self._port, ssl=context, ssl_shutdown_timeout=shutdown_s
        )
        try:
            session = writer.get_extra_info("ssl_object")
            if session is None:
                return "", ""
            leaf = session.getpeercert(binary_form=True) or b""
            return hashlib.sha256(leaf).hexdigest() if leaf else "", session.version() or ""
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    # In

    async def _upgrade(self) -> StepResult:
        target = self._target
        try:
            identity = target.identity()
        except IdentityError as error:
            failure = Failure(kind=FailureKind.IDENTITY, detail=str(error))
            return _failed(Step.UPGRADE, failure)
        token = target.token
        if not token and target.tokens is not None:
            stored = await target.tokens.get(target.url, identity.device_id, handshake.ROLE)
            token = stored.reveal()
        if token and not may_send_secret(target.url, insecure=target.insecure):
            return _failed(Step.UPGRADE, Failure(kind=FailureKind.INSECURE, detail=self._at))
        client = replace(target.client, instance_id=identity.instance_id)
        challenged: asyncio.Future[handshake.Challenge]
        challenged = asyncio.get_running_loop().create_future()

        def params(challenge: handshake.Challenge) -> dict[str, Any]:
            if not challenged.done():
                challenged.set_result(challenge)
            return handshake.connect_params(
                client,
                challenge,
                token=token,
                public_key=identity.public_key,
                sign=identity.sign,
                scopes=target.scopes,
                shared=bool(target.token),
            )

        self._opening = asyncio.create_task(
            open_connection(target.url, params, self._clock, lambda _frame: None, way=target.way),
            name="probe",
        )
        either: set[asyncio.Future[Any]] = {self._opening, challenged}
        first = asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        await self._in_time(first, CONNECT_TIMEOUT_S + handshake.HANDSHAKE_TIMEOUT_S)
        if not challenged.done():
            await self._opening  # raises why
        sent_ms = challenged.result().ts
        self._skew_ms = sent_ms - self._clock.now_ms() if sent_ms else None
        return StepResult(Step.UPGRADE, facts={"proxy": self._proxy})

    async def _let_in(self) -> StepResult:
        assert self._opening is not None  # noqa: S101 - the step before made it
        self._connection = await self._opening
        self._reader = asyncio.create_task(self._connection.run(), name="probe reader")
        hello = self._connection.hello
        facts = {"release": hello.server_version, "protocol": hello.protocol, **self._skew()}
        is_off = abs(self._skew_ms or 0) > SKEW_LIMIT_MS
        return StepResult(Step.HANDSHAKE, Found.WARNING if is_off else Found.OK, facts)

    async def _rights(self) -> StepResult:
        assert self._connection is not None  # noqa: S101 - the step before made it
        granted = self._connection.hello.scopes
        if granted is None:  # the Control Center's own dialect has none
            return StepResult(Step.RIGHTS, facts={"scopes": [], "missing": []})
        if READ_SCOPES.isdisjoint(granted):
            raise GatewayFailureError(Failure(kind=FailureKind.NO_PERMISSION))
        missing = [scope for scope in self._target.scopes if scope not in granted]
        if "operator.admin" in granted:
            missing = []
        facts = {"scopes": list(granted), "missing": missing}
        return StepResult(Step.RIGHTS, Found.WARNING if missing else Found.OK, facts)

    async def _list(self) -> StepResult:
        assert self._connection is not None  # noqa: S101 - the step before made it
        answer = await self._connection.request("agents.list", {}, STEP_TIMEOUT_S)
        return StepResult(Step.LIST, facts={"agents": len(list(event_decoder.agent_infos(answer)))})

    # Why it did not let us in

    def _skew(self) -> dict[str, int]:
        return {} if self._skew_ms is None else {"skew_ms": self._skew_ms}

    async def _look_around(self, problem: Problem | None) -> dict[str, Any]:
        """What the address answers to other questions: is the gateway down, or does it refuse?"""
        facts: dict[str, Any] = {"proxy": self._proxy, **self._skew()}
        direct = not self._secure and not self._proxy
        if direct and problem is not None and problem.kind in _MAY_WANT_TLS:
            facts["speaks_tls"] = bool((await self._untrusted(READY_TIMEOUT_S))[1])
        if facts.get("speaks_tls"):
            return facts
        try:
            facts["ready"] = await self._in_time(
                ask_ready(self._target.url, self._target.way.fingerprint), READY_TIMEOUT_S
            )
        except Exception as error:  # noqa: BLE001, RUF100 - whatever answers there may be anything
            log.debug("readyz: %s", type(error).__name__)
            facts["ready"] = Ready.UNKNOWN
        return facts

    async def close(self) -> None:
        """Leave nothing behind. Never raises."""
        if self._opening is None:
            return
        self._opening.cancel()
        (made,) = await asyncio.gather(self._opening, return_exceptions=True)
        try:
            if isinstance(made, GatewayConnection):
                await made.close()
        except Exception:
            log.exception("the test of a gateway cannot close its connection")
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
