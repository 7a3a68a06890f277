"""The fallback over HTTP while no WebSocket is up: agents, or the sessions of the default agent.

Two pages are known. `GET /api/agents` is the Control Center's own backend; a real gateway answers
it with 404 and has `POST /tools/invoke` instead, which needs the token. Whatever answers may be
neither: any program can listen on the gateway's port while the gateway is down.

So the token goes out only where `may_send_secret` allows it and the supervisor trusts the address,
and `/tools/invoke` is used only after the same address answered `/readyz`, which needs no token,
like a gateway. That keeps tokens out of the logs of programs that happen to be there. It cannot
unmask one that imitates a gateway: over plain loopback nothing can.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import Origin
from cc_desktop.gateway import event_decoder
from cc_desktop.gateway.dialing import NO_PROXY_WANTED, Way
from cc_desktop.protocol import fields
from cc_desktop.system.http_body import PLAIN_JSON, read_body
from cc_desktop.system.network import is_loopback, may_send_secret
from cc_desktop.system.tls import client_context, plain_context

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0  # for one step: connect, send, the next bytes
POLL_TIMEOUT_S = 30.0  # for a whole poll, however slowly the bytes come
MAX_BODY = 25 * 2**20  # bytes: what a gateway allows itself in a frame
_INVOCATION = {"tool": "sessions_list", "action": "json", "args": {}}


class HttpFallback:
    """Polls once per call; the supervisor decides when."""

    def __init__(
        self, gateway: str, url: str, token: str, *, insecure: bool = False, way: Way | None = None
    ) -> None:
        """Ask nothing yet.

        Args:
            gateway: The gateway's id in the model.
            url: The page with the agents.
            token: The shared token, or "".
            insecure: The operator allows the token over an unencrypted connection.
            way: Proxy and certificate; None for what the system says.
        """
        self._gateway = gateway
        self._url = url
        self._token = token if may_send_secret(url, insecure=insecure) else ""
        self._way = way or Way()
        self._client: httpx.AsyncClient | None = None
        # Refused with 401 or 403, with and without the token: asking again looks like an attack.
        self._refused: set[bool] = set()
        self._unexpected: dict[str, int] = {}  # how often, by the name of the exception

    async def poll(self, *, trusted: bool) -> ev.Snapshot | None:
        """Ask once.

        Args:
            trusted: Whether the address has behaved like a gateway in this run (it sent the
                challenge of the WebSocket handshake) and not like something else since. Without
                that, no token is sent.

        Returns:
            The answer as an event, or None without a useful answer. Nothing but a cancellation is
            raised: whatever goes wrong is a failed poll.
        """
        token = self._token if trusted else ""
        if bool(token) in self._refused:
            return None
        try:
            async with asyncio.timeout(POLL_TIMEOUT_S):
                return await self._poll(token)
        except Exception as error:
            self._report(error)
            await self.close()  # the next poll starts afresh
            return None

    def forgive(self) -> None:
        """Ask again after a refusal: something has changed."""
        self._refused.clear()

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            try:
                await client.aclose()
            except Exception as error:
                log.debug("%s: closing HTTP: %s", self._gateway, type(error).__name__)

    async def _poll(self, token: str) -> ev.Snapshot | None:
        status, agents = await self._ask("GET", self._url, token)
        if status == 404 and token and await self._is_gateway():
            return await self._invoke(token)
        infos, sessions = event_decoder.agent_infos(agents), event_decoder.session_rows(agents)
        if not infos:
            return None
        return ev.Snapshot(self._gateway, tuple(infos), tuple(sessions), Origin.REST)

    async def _is_gateway(self) -> bool:
        """Tell whether the address answers like a gateway, without a token.

        `/readyz` of OpenClaw 2026.5.7 and 2026.9.6: 200 or 503, and JSON with `ready`.
        """
        status, ready = await self._ask("GET", self._beside("/readyz"), "", also=503)
        return status in (200, 503) and isinstance(fields.as_object(ready).get("ready"), bool)

    async def _invoke(self, token: str) -> ev.Snapshot | None:
        status, answer = await self._ask(
            "POST", self._beside("/tools/invoke"), token, msgspec.json.encode(_INVOCATION)
        )
        if status != 200:
            return None
        result = fields.as_object(fields.as_object(answer).get("result"))
        sessions = event_decoder.session_rows(result.get("details"))
        ids = dict.fromkeys(session.agent_id for session in sessions)
        infos = tuple(ev.AgentInfo(ident, name=fields.text(ident, 120)) for ident in ids)
        return ev.Snapshot(self._gateway, infos, tuple(sessions), Origin.REST)

    def _beside(self, path: str) -> str:
        return urlunsplit((*urlsplit(self._url)[:2], path, "", ""))

    async def _ask(
        self, method: str, url: str, token: str, body: bytes | None = None, *, also: int = 200
    ) -> tuple[int, Any]:
        """The status, and the JSON of a 200 (and of the status `also`)."""
        client = self._client = self._client or await self._connect()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        async with client.stream(method, url, content=body, headers=headers) as answer:
            status = answer.status_code
            if status in (401, 403) and url != self._beside("/readyz"):
                self._refused.add(bool(token))
            if status not in (200, also):
                return status, None
            return status, msgspec.json.decode(await read_body(answer, MAX_BODY))

    async def _connect(self) -> httpx.AsyncClient:
        import httpx  # 0.1 s to import, and most never need it

        way = self._way
        by_itself = is_loopback(self._url) and not way.proxy
        encrypted = self._url.startswith("https:") or not by_itself  # or its proxy is
        return httpx.AsyncClient(
            timeout=TIMEOUT_S,
            verify=await client_context(way.fingerprint) if encrypted else plain_context(),
            trust_env=not by_itself and not way.proxy,
            proxy=None if way.proxy in ("", NO_PROXY_WANTED) else way.proxy,
            follow_redirects=False,  # a redirect would take the token along
            headers=PLAIN_JSON,
        )

    def _report(self, error: Exception) -> None:
        import httpx

        name = type(error).__name__
        usual = (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError, OSError, ValueError)
        if isinstance(error, (*usual, RecursionError)):
            log.debug("%s: polling failed: %s", self._gateway, name)
            return
        count = self._unexpected[name] = self._unexpected.get(name, 0) + 1
        if count == 1:
            log.error("%s: polling failed unexpectedly", self._gateway, exc_info=error)
        else:
            log.debug("%s: polling failed: %s, time %d", self._gateway, name, count)
