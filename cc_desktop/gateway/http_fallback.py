"""The fallback over HTTP while no WebSocket can be had: agents, or the default agent's sessions."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import Origin
from cc_desktop.gateway import event_decoder
from cc_desktop.protocol import fields
from cc_desktop.system.network import is_loopback

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

AFTER_S = 30.0  # without a WebSocket
TIMEOUT_S = 10.0
MAX_BODY = 25 * 2**20  # bytes: what a gateway allows itself in a frame


class RestSource:
    """Asks once when told to; the link decides when."""

    def __init__(self, gateway: str, url: str, token: str) -> None:
        self._gateway = gateway
        self._url = url
        self._token = token
        self._client: httpx.AsyncClient | None = None
        self._refused = False  # it said 401 or 403: asking again would look like an attack

    async def poll(self) -> ev.Snapshot | None:
        """Ask once: a snapshot, or None when nothing useful answered."""
        import httpx  # 0.1 s to import, and most never need it

        if self._refused:
            return None
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=TIMEOUT_S, trust_env=not is_loopback(self._url)
            )
        try:
            status, agents = await self._ask("GET", self._url)
            if status == 404 and self._may_send_token():
                return await self._invoke()
            if agents is None:
                return None
            infos = event_decoder.agent_infos(agents)
            sessions = event_decoder.session_rows(agents)
        except (httpx.HTTPError, ValueError, RecursionError, httpx.InvalidURL) as error:
            log.debug("polling failed: %s", type(error).__name__)
            return None
        if not infos:
            return None
        return ev.Snapshot(self._gateway, tuple(infos), tuple(sessions), Origin.REST)

    async def _ask(
        self, method: str, url: str, body: dict[str, object] | None = None
    ) -> tuple[int, Any]:
        """The status, and what the JSON of a 200 says."""
        assert self._client is not None  # noqa: S101 - poll made it
        text = bytearray()
        async with self._client.stream(method, url, json=body, headers=self._headers()) as answer:
            if answer.status_code in (401, 403):
                self._refused = True
            if answer.status_code != 200:
                return answer.status_code, None
            async for piece in answer.aiter_bytes():
                text += piece
                if len(text) > MAX_BODY:
                    raise ValueError("an answer without end")
        return 200, json.loads(text)

    async def _invoke(self) -> ev.Snapshot | None:
        url = urlunsplit((*urlsplit(self._url)[:2], "/tools/invoke", "", ""))
        body: dict[str, object] = {"tool": "sessions_list", "action": "json", "args": {}}
        _, answer = await self._ask("POST", url, body)
        if answer is None:
            return None
        details = fields.as_object(
            fields.as_object(fields.as_object(answer).get("result")).get("details")
        )
        sessions = event_decoder.session_rows(details)
        ids = dict.fromkeys(session.agent_id for session in sessions)
        infos = tuple(ev.AgentInfo(ident, name=ident) for ident in ids)
        return ev.Snapshot(self._gateway, infos, tuple(sessions), Origin.REST)

    def _may_send_token(self) -> bool:
        return bool(self._token) and (is_loopback(self._url) or self._url.startswith("https:"))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._may_send_token() else {}

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def forgive(self) -> None:
        """Something changed: ask again."""
        self._refused = False
