"""What this app may do on a gateway: which scopes it asks for, and how it gets more of them.

Reading comes first. A refusal of anything more never costs the right to read: the next try asks
for that alone. More is asked for while the connection lives, and that connection goes on until
one with the new scopes is there.

A gateway of 2026.8 or later takes the question over the living connection
(`device.scopes.requestUpgrade`, then `device.scopes.waitUpgrade`, which answers once somebody has
decided). An older one has to be connected to anew with the wider scopes, again and again until
somebody approves.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.commands import GiveBackRights, RequestRights, WithdrawRequest
from cc_desktop.fleet.model import PAIRING_LIFE_MS, PairingRequest
from cc_desktop.gateway.failures import (
    FailureKind,
    GatewayFailureError,
    RequestFailedError,
    RetryPolicy,
    classify,
    request_id,
)
from cc_desktop.protocol import fields, handshake

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from cc_desktop.gateway.connection import GatewayConnection
    from cc_desktop.gateway.device_token import Login
    from cc_desktop.gateway.failures import FailureAdvice
    from cc_desktop.gateway.options import SupervisorOptions
    from cc_desktop.system.clock import Clock

REQUEST_LIFE_MS = PAIRING_LIFE_MS
ASK_AGAIN_S = 5.0  # while a request is open
FAST_MS = 3 * REQUEST_LIFE_MS  # nobody came for so long: the usual slow pace will do
JITTER = 0.2
REQUEST_UPGRADE = "device.scopes.requestUpgrade"
WAIT_UPGRADE = "device.scopes.waitUpgrade"
READ_SCOPES = frozenset({"operator.read", "operator.write", "operator.admin"})  # each lets us read
_RELEASE = re.compile(r"(\d{4})\.(\d{1,2})\.", re.ASCII)
_UPGRADES_SINCE = (2026, 8)

REJECT = "device.pair.reject"  # a device may take its own request back, with this scope
PAIRING_SCOPES = frozenset({"operator.pairing", "operator.admin"})
REJECT_S = 5.0
WITHDRAWN, LEFT_OPEN = "withdrawn", "left-open"  # the second: the gateway has the request still

RightsCommand = RequestRights | GiveBackRights | WithdrawRequest


class RightsRefusedError(Exception):
    """Rights were not granted. `reason` is a kind; `text/pairing.py` has the words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Rights:
    """The scopes of one gateway, over tries and connections.

    Attributes:
        pairing: The question that somebody on the gateway's host has to answer; None while there
            is none.
    """

    def __init__(self, options: SupervisorOptions, clock: Clock, rng: random.Random) -> None:
        self.pairing: PairingRequest | None = None
        # Called with it when that changes while a connection lives.
        self.on_pairing: Callable[[PairingRequest | None], object] = lambda _pairing: None
        self._in_settings = options.scopes
        self._device = options.client.display_name
        self._clock = clock
        self._rng = rng
        self._extra: tuple[str, ...] = ()  # granted on request, in this run or an earlier one
        self._reading_only = False  # more was refused
        self._asked = False  # for what the settings want, after that
        self._waiting_since = 0  # local ms
        self._decision: asyncio.Task[str] | None = None

    @property
    def wanted(self) -> tuple[str, ...]:
        """What the next connection asks for."""
        return handshake.SCOPES if self._reading_only else merged(self._in_settings, self._extra)

    @property
    def extra(self) -> tuple[str, ...]:
        """What was granted on request, to be kept."""
        return self._extra

    def take_kept(self, scopes: tuple[str, ...]) -> None:
        """Take over what was granted in an earlier run."""
        self._extra = tuple(scope for scope in scopes if scope not in self._in_settings)

    def forgive(self) -> None:
        """Ask for everything again: a person wants a new try."""
        self._reading_only = self._asked = False
        self._waiting_since = 0

    def reads_only_after(self, advice: FailureAdvice, *, by_device_token: bool) -> bool:
        """Note a refusal; True if the same connect may pass with the right to read alone.

        2026.5.7 calls a device token that does not cover the scopes a wrong token.
        """
        for_scopes = (
            advice.upgrade
            or advice.kind is FailureKind.SCOPE_MISMATCH
            or (advice.kind is FailureKind.TOKEN_MISMATCH and by_device_token)
        )
        if not for_scopes or set(self.wanted) <= set(handshake.SCOPES):
            return False
        self._reading_only = True
        self._extra = ()  # taken away meanwhile; what the settings name is asked for again
        return True

    def to_ask_for(self, granted: tuple[str, ...]) -> tuple[str, ...]:
        """What the settings want beyond reading, once after it was refused at the connect."""
        if not self._reading_only or self._asked:
            return ()
        self._asked = True
        return tuple(scope for scope in self._in_settings if scope not in granted)

    # A request that waits for a person

    def note(self, advice: FailureAdvice) -> None:
        """Keep the request that a refused connect names; another failure ends it."""
        if advice.kind is not FailureKind.PAIRING:
            self.pairing, self._waiting_since = None, 0
        elif self.pairing is None or self.pairing.request_id != advice.detail:
            self.pairing = self._opened(advice.detail, self.wanted, upgrade=advice.upgrade)
            self._waiting_since = self._waiting_since or self._clock.now_ms()

    def _opened(self, ident: str, scopes: tuple[str, ...], *, upgrade: bool) -> PairingRequest:
        now = self._clock.now_ms()
        return PairingRequest(ident, self._device, scopes, now, now + REQUEST_LIFE_MS, upgrade)

    def _show(self, pairing: PairingRequest | None) -> None:
        self.pairing = pairing
        self.on_pairing(pairing)

    def wait_s(self, usual_s: float, at_least_ms: int = 0) -> float:
        """Seconds until it is worth to ask again whether somebody has approved."""
        now = self._clock.now_ms()
        is_open = self.pairing is not None and now < self.pairing.expires_at
        if not is_open or now - self._waiting_since >= FAST_MS:
            return usual_s
        pause_s = ASK_AGAIN_S * (1 - JITTER * self._rng.random())
        return max(min(pause_s, usual_s), at_least_ms / 1000)

    # More or fewer rights while a connection lives

    async def change(
        self, login: Login, live: GatewayConnection, command: RequestRights | GiveBackRights
    ) -> GatewayConnection | None:
        """Carry out a command.

        Returns:
            The connection that takes over; None if the living one has the rights already.

        Raises:
            RightsRefusedError: Everything stays as it is.
        """
        granted = live.scopes
        if isinstance(command, GiveBackRights):
            return await self._give_back(login, granted, command.scopes)
        if set(command.scopes) <= set(granted):
            return None
        scopes = merged(granted, command.scopes)
        try:
            successor = await self._obtain(login, live, scopes)
        except GatewayFailureError as error:
            raise RightsRefusedError(classify(error.failure).kind.value) from None
        finally:
            self._show(None)
        if not set(scopes) <= set(successor.scopes):
            await successor.close()
            raise RightsRefusedError("not-granted")
        self._set_extra(merged(self._extra, command.scopes))
        return successor

    async def _give_back(
        self, login: Login, granted: tuple[str, ...], scopes: tuple[str, ...]
    ) -> GatewayConnection:
        if not set(scopes).isdisjoint(self._in_settings):
            raise RightsRefusedError("in-settings")
        left = tuple(s for s in granted if s not in scopes) or handshake.SCOPES
        try:
            successor = await login.open(left)
        except GatewayFailureError as error:
            raise RightsRefusedError(classify(error.failure).kind.value) from None
        self._set_extra(tuple(s for s in self._extra if s not in scopes))
        return successor

    def _set_extra(self, scopes: tuple[str, ...]) -> None:
        self.take_kept(scopes)
        self._reading_only = False

    async def _obtain(
        self, login: Login, live: GatewayConnection, scopes: tuple[str, ...]
    ) -> GatewayConnection:
        if takes_upgrades(live.hello):
            try:
                answer = await live.request(REQUEST_UPGRADE, {"scopes": list(scopes)})
            except RequestFailedError as error:
                if not _is_absent(error):
                    raise
            else:
                await self._await_decision(login, live, scopes, answer)
        return await self._dial_until_approved(login, scopes)

    async def _await_decision(
        self, login: Login, live: GatewayConnection, scopes: tuple[str, ...], answer: object
    ) -> None:
        raw_id = fields.as_object(answer).get("requestId")
        self._show(self._opened(request_id(raw_id), scopes, upgrade=True))
        self.forget_decision()
        self._decision = asyncio.create_task(self._decide(login, live, raw_id), name="decision")
        self._decision.add_done_callback(lambda task: task.cancelled() or task.exception())
        status = await asyncio.shield(self._decision)
        if status != "approved":
            raise RightsRefusedError("expired" if status == "expired" else "rejected")

    async def _decide(self, login: Login, live: GatewayConnection, ident: object) -> str:
        """Wait for the decision of a person; goes on when the request is withdrawn here.

        An approval replaces the token: the one that was kept is of no use any more.
        """
        life_s = REQUEST_LIFE_MS / 1000 + 30
        result: Any = await live.request(WAIT_UPGRADE, {"requestId": ident}, life_s)
        decision = fields.as_object(result)
        status = fields.text(decision.get("status"))
        if status == "approved":
            await login.keep_token(fields.secret(decision.get("deviceToken")))
        return status

    def forget_decision(self) -> None:
        """Wait no longer for what somebody decides: the connection is gone."""
        if self._decision is not None:
            self._decision.cancel()
            self._decision = None

    async def withdraw(self, live: GatewayConnection) -> str:
        """Take the open request back on the gateway, where this device may.

        Returns:
            WITHDRAWN, or LEFT_OPEN: the gateway keeps it until it expires.
        """
        ident = self.pairing.request_id if self.pairing is not None else ""
        if not ident or PAIRING_SCOPES.isdisjoint(live.scopes):
            return LEFT_OPEN
        try:
            await live.request(REJECT, {"requestId": ident}, REJECT_S)
        except GatewayFailureError:
            return LEFT_OPEN
        return WITHDRAWN

    async def _dial_until_approved(
        self, login: Login, scopes: tuple[str, ...]
    ) -> GatewayConnection:
        first: PairingRequest | None = None
        deadline = self._clock.now_ms() + REQUEST_LIFE_MS
        while True:
            try:
                return await login.open(scopes)
            except GatewayFailureError as error:
                advice = classify(error.failure, was_live=True)
            if advice.kind is FailureKind.PAIRING:
                pairing = self._opened(advice.detail, scopes, upgrade=True)
                if first is None:
                    first = pairing
                    self._show(first)
                    deadline = first.expires_at
                elif first.request_id != pairing.request_id:
                    # The first one is gone, so somebody has answered it with no, or time has.
                    raise RightsRefusedError("rejected")
            elif advice.policy is not RetryPolicy.RETRY:
                raise RightsRefusedError(advice.kind.value)
            if self._clock.now_ms() >= deadline:
                raise RightsRefusedError("expired")
            pause_s = ASK_AGAIN_S * (1 - JITTER * self._rng.random())
            await self._clock.sleep(max(pause_s, advice.wait_ms / 1000))


def merged(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """All scopes once, the right to read first, in an order that stays the same."""
    return tuple(dict.fromkeys((*handshake.SCOPES, *first, *second)))


def takes_upgrades(hello: handshake.Hello) -> bool:
    """Whether a gateway takes a question for more scopes over the living connection.

    A gateway does not advertise all that it has, so its release counts, too.
    """
    if REQUEST_UPGRADE in hello.methods:
        return True
    release = _RELEASE.match(hello.server_version)
    return release is not None and (int(release[1]), int(release[2])) >= _UPGRADES_SINCE


def _is_absent(error: RequestFailedError) -> bool:
    """An unknown method answers "missing scope: operator.admin", or "unknown method"."""
    said = error.failure.error
    words = said.message.lower() if said else ""
    return "operator.admin" in words or "unknown method" in words
