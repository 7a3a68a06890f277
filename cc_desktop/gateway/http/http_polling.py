"""When HTTP is polled: while no WebSocket is live, and with the token only where it belongs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cc_desktop.gateway.dialing import Way
from cc_desktop.gateway.failures import FailureKind
from cc_desktop.gateway.http.http_fallback import HttpFallback
from cc_desktop.system.clock import wake_or_sleep

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.events import Snapshot
    from cc_desktop.gateway.failures import Failure
    from cc_desktop.gateway.options import SupervisorOptions
    from cc_desktop.system.clock import Clock

FIRST_ANSWER_S = 3.0  # the longest that polling waits for the first try of the WebSocket


def _way(options: SupervisorOptions) -> Way:
    """The pinned certificate is that of the gateway's own address, and of no other."""
    same = urlsplit(options.rest_url).netloc == urlsplit(options.url).netloc
    return Way(options.proxy, options.fingerprint if same else "")


class HttpPolling:
    """Runs the polls of `HttpFallback`. The supervisor reports the WebSocket's state to it."""

    def __init__(
        self,
        options: SupervisorOptions,
        clock: Clock,
        take: Callable[[Snapshot | None], object],
        record: Callable[[Exception], object],
    ) -> None:
        """Wait for `run`.

        Args:
            options: Where and how often to poll, and with which token.
            clock: Measures the waits.
            take: Receives the result of each poll; None without one.
            record: Receives what a poll raised; such a poll has no result.
        """
        self.live = asyncio.Event()
        self.polled = False  # at least once
        self._dark = asyncio.Event()
        self._dark.set()
        token = options.token.reveal()
        self._fallback = HttpFallback(
            options.gateway,
            options.rest_url,
            token,
            insecure=options.insecure,
            way=_way(options),
        )
        self._clock = clock
        self._take = take
        self._record = record
        self._after_s = options.http_after_s
        self._every_s = options.poll_s
        self._trusted = False  # it sent a challenge, and has not answered like anything else since
        self._answered = asyncio.Event()  # the first try has ended, or come as far as the challenge

    def set_live(self, live: bool) -> None:
        """Note whether the WebSocket is live."""
        for event, is_set in ((self.live, live), (self._dark, not live)):
            event.set() if is_set else event.clear()

    def on_challenged(self) -> None:
        """Note that the address behaves like a gateway."""
        self._trusted = True
        self._answered.set()

    def on_try_ended(self, failure: Failure | None) -> None:
        """Note how a try ended. What answers like something else loses its trust."""
        if failure and (failure.http_status or failure.kind is FailureKind.NOT_A_GATEWAY):
            self._trusted = False
        self._answered.set()

    def forgive(self) -> None:
        """Ask again after a refusal."""
        self._fallback.forgive()

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            await self._dark.wait()
            if await wake_or_sleep(self._clock, self.live, self._after_s):
                continue
            # A poll before the first answer could not tell whether the token may go there.
            await wake_or_sleep(self._clock, self._answered, FIRST_ANSWER_S)
            while not self.live.is_set():
                await self._poll()
                await wake_or_sleep(self._clock, self.live, self._every_s)

    async def _poll(self) -> None:
        snapshot = None
        try:
            snapshot = await self._fallback.poll(trusted=self._trusted)
        except Exception as error:  # noqa: BLE001, RUF100 - a failure domain
            self._record(error)
        if not self.live.is_set():
            self.polled = True
            self._take(snapshot)

    async def close(self) -> None:
        """Close the HTTP connections."""
        try:
            await self._fallback.close()
        except Exception as error:  # noqa: BLE001, RUF100 - the end goes on
            self._record(error)
