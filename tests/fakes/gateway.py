"""A gateway in this process: real sockets, both dialects, and every way to misbehave.

    async with FakeGateway(protocol=4) as gateway:
        gateway.add_agent("otto", name="Otto")
        gateway.add_session("agent:otto:main", status="running", hasActiveRun=True)
        ...
        await gateway.change("agent:otto:main", status="done", hasActiveRun=False)

Frames are those of the recordings, shortened. What it sends is decided by its attributes at the
moment of sending, so a test can change its mind between two tries.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response

from tests.fakes.clock import START_MS, in_flight

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from websockets.http11 import Request

AUTO = -1  # the next seq of the connection


class RefusalError(Exception):
    """An answer's error; with `close`, the connection ends after it."""

    def __init__(
        self,
        code: str | int,
        message: str = "no",
        *,
        details: dict[str, Any] | None = None,
        close: int = 0,
        reason: str = "",
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.error: dict[str, Any] = {"code": code, "message": message, **more}
        if details:
            self.error["details"] = details
        self.close = close
        self.reason = reason


@dataclass
class Asked:
    """A request that came in."""

    method: str
    params: Any


@dataclass
class _Peer:
    ws: ServerConnection
    seq: int = 0
    subscribed: bool = False
    let_in: bool = False
    deaf: bool = False  # it does not read


@dataclass
class Hold:
    """Answers to one method wait here."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)  # a request came
    release: asyncio.Event = field(default_factory=asyncio.Event)


class FakeGateway:
    """`protocol`: 3 or 4 of OpenClaw, or 0 for the Control Center's own dialect."""

    def __init__(self, protocol: int = 4, *, tokens: tuple[str, ...] = ()) -> None:
        self.protocol = protocol
        self.port = 0
        # What it knows
        self.now_ms = START_MS
        self.agents: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.tokens = tokens  # that are let in; empty: everybody is
        self.device_token = ""
        self.scopes: list[str] | None = ["operator.read"]
        self.advertised: tuple[str, ...] = ()  # methods beside the usual ones
        self.tick_ms = 30_000
        self.uptime_ms = 3_600_000
        self.presence: list[dict[str, Any]] = []
        self.health: dict[str, Any] = {}  # empty while it is young
        self.snapshot: dict[str, Any] = {}  # more of hello-ok's snapshot
        self.methods = ["agents.list", "sessions.list"]  # that it advertises
        # What was seen
        self.connections = 0
        self.handshakes = 0  # connections that got as far as hello-ok
        self.upgrades: list[float] = []  # when (see `stamp`) an upgrade was asked for
        self.stamp: Callable[[], float] = lambda: 0.0
        self.asked: list[Asked] = []
        self.close_codes: list[int] = []  # what clients closed with
        # How it misbehaves
        self.http: tuple[int, str, dict[str, str]] | None = None  # status, body, headers
        self.ready: bool | None = None  # what /readyz says; None: there is no such page
        self.silent = False  # upgrades, and says nothing
        self.noise: list[str | bytes] = []  # raw messages before the challenge
        self.close_at_once: tuple[int, str] | None = None
        self.early: list[tuple[str, Any]] = []  # events between connect and hello-ok
        self.refusal: Callable[[dict[str, Any]], RefusalError | None] = lambda _params: None
        self.answers: dict[str, Callable[[Any], Any]] = {}  # instead of the usual ones
        self.twice: set[str] = set()  # methods that are answered twice
        self.mute: set[str] = set()  # methods that are never answered
        self.holds: dict[str, Hold] = {}
        self.delay: Callable[[], Awaitable[None]] | None = None  # before a list is answered
        self.frozen = False
        self.progress = 0  # messages that were sent, taken in or answered
        self._peers: list[_Peer] = []
        self._server: Server | None = None

    # Life

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    async def start(self) -> None:
        """Listen on a free port; after `stop`, on the same one."""
        self._server = await serve(
            self._talk,
            "127.0.0.1",
            self.port,
            process_request=self._upgrade,
            ping_interval=None,
            compression=None,
            close_timeout=0.2,
            max_size=None,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        in_flight.add(self)

    async def stop(self) -> None:
        """Gone like a killed process: connections end without a word."""
        server, self._server = self._server, None
        in_flight.discard(self)
        if server is None:
            return
        for hold in self.holds.values():
            hold.release.set()
        self.drop()
        server.close()
        await server.wait_closed()

    def drop(self) -> None:
        """Every connection ends without a close frame."""
        for peer in self._peers:
            peer.ws.transport.abort()

    def freeze(self) -> None:
        """A half-open connection: nothing is read, answered or sent any more."""
        self.frozen = True
        for peer in self._peers:
            peer.ws.transport.pause_reading()

    async def close(self, code: int = 1012, reason: str = "service restart") -> None:
        """Close every connection."""
        for peer in list(self._peers):
            await peer.ws.close(code, reason)

    async def shut_down(self, expected_ms: int | None = 1500) -> None:
        """The `shutdown` event, then close 1012."""
        await self.emit(
            "shutdown", {"reason": "gateway restarting", "restartExpectedMs": expected_ms}
        )
        await self.close()

    # The fleet

    def add_agent(self, ident: str, **fields: Any) -> None:
        self.agents[ident] = {"id": ident, **fields}

    def add_session(self, key: str, **fields: Any) -> dict[str, Any]:
        """A row; `updatedAt` is the gateway's time unless told."""
        row = {
            "key": key,
            "sessionId": f"id of {key}",
            "kind": "direct",
            "updatedAt": self.now_ms,
            "status": "done",
            "hasActiveRun": False,
            **fields,
        }
        if self.protocol == 4:
            row["agentId"] = key.split(":")[1]
        self.sessions[key] = row
        return row

    def set_row(self, key: str, **fields: Any) -> dict[str, Any]:
        """Change a row without a word; None takes a field out."""
        self.now_ms += 10
        row = {**self.sessions[key], "updatedAt": self.now_ms, **fields}
        self.sessions[key] = {name: value for name, value in row.items() if value is not None}
        return self.sessions[key]

    async def change(self, key: str, **fields: Any) -> None:
        """Change a row and tell of it."""
        await self.tell(self.set_row(key, **fields))

    async def tell(self, row: dict[str, Any], **top: Any) -> None:
        """`sessions.changed` with a row, in the form of the dialect."""
        payload: dict[str, Any] = {"sessionKey": row["key"], "ts": self.now_ms, **top}
        if self.protocol == 3:
            # Nested rows of 2026.5.7 never say hasActiveRun, and their frames have no seq.
            row = {name: value for name, value in row.items() if name != "hasActiveRun"}
            await self.emit("sessions.changed", {**payload, "session": row}, seq=None)
        elif self.protocol == 4:
            payload["agentId"] = row["agentId"]
            await self.emit("sessions.changed", {**row, **payload, "session": row})
        else:
            await self.emit("sessions.changed", {**row, **payload})

    async def delete(self, key: str) -> None:
        row = self.sessions.pop(key)
        payload = {"sessionKey": key, "sessionId": row["sessionId"], "reason": "delete"}
        await self.emit("sessions.changed", payload)

    # Events

    async def emit(self, event: str, payload: Any = None, *, seq: int | None = AUTO) -> None:
        """Send an event to whom it is for. `seq` None: without one."""
        for peer in list(self._peers):
            if not peer.let_in or self.frozen:
                continue
            if event == "sessions.changed" and self.protocol and not peer.subscribed:
                continue
            await self._event(peer, event, payload, seq)

    async def tick(self) -> None:
        await self.emit("tick", {"ts": self.now_ms})

    async def raw(self, message: str | bytes) -> None:
        """Send a message as it is."""
        for peer in list(self._peers):
            self.progress += 1
            await peer.ws.send(message)

    def lose_events(self, count: int = 1) -> None:
        """The next event's seq leaves a gap."""
        for peer in self._peers:
            peer.seq += count

    def hold(self, method: str) -> Hold:
        """Do not answer a method until released."""
        self.holds[method] = Hold()
        return self.holds[method]

    @property
    def open_connections(self) -> int:
        """How many clients are connected."""
        return len(self._peers)

    def count(self, method: str) -> int:
        """How often a method was asked for."""
        return sum(asked.method == method for asked in self.asked)

    @property
    def connect_params(self) -> dict[str, Any]:
        """Of the last `connect`."""
        return next(a.params for a in reversed(self.asked) if a.method == "connect")

    # One connection

    def _upgrade(self, ws: ServerConnection, request: Request) -> Response | None:
        if request.path == "/readyz" and self.ready is not None:
            answer = HTTPStatus.OK if self.ready else HTTPStatus.SERVICE_UNAVAILABLE
            return ws.respond(answer, json.dumps({"ready": self.ready}))
        if "websocket" not in request.headers.get("Upgrade", "").lower():
            return ws.respond(HTTPStatus.NOT_FOUND, "not found\n")
        self.upgrades.append(self.stamp())
        if self.http is None:
            return None
        status, body, headers = self.http
        data = body.encode()
        all_headers = Headers({"Content-Length": str(len(data)), **headers})
        return Response(status, HTTPStatus(status).phrase, all_headers, data)

    async def _talk(self, ws: ServerConnection) -> None:
        self.connections += 1
        self.progress += 1
        peer = _Peer(ws)
        self._peers.append(peer)
        try:
            await self._handshake(peer)
            async for message in ws:
                self.progress += 1
                asyncio.create_task(self._answer(peer, json.loads(message)))  # noqa: RUF006
        except ConnectionClosed:
            pass
        finally:
            self._peers.remove(peer)
            self.progress += 1
            if ws.close_code is not None:
                self.close_codes.append(ws.close_code)

    async def delivered(self, timeout_s: float) -> None:
        """Wait until each client has read what was sent, and what it sent has come in.

        A pong comes back behind everything that the client sent before, and the client sends it
        when it has read everything that was sent before the ping.
        """
        for peer in list(self._peers):
            if peer.deaf or self.frozen:
                continue
            with contextlib.suppress(ConnectionClosed):
                pong = await peer.ws.ping()
                done, _ = await asyncio.wait({asyncio.ensure_future(pong)}, timeout=timeout_s)
                peer.deaf = not done

    async def _handshake(self, peer: _Peer) -> None:
        ws = peer.ws
        if self.close_at_once:
            await ws.close(*self.close_at_once)
            return
        for message in self.noise:
            await ws.send(message)
        if self.silent:
            await ws.wait_closed()
            return
        await self._send(
            ws,
            {
                "type": "event",
                "event": "connect.challenge",
                self._body: {"nonce": "nonce-1", "ts": self.now_ms},
            },
        )

    async def _answer(self, peer: _Peer, frame: dict[str, Any]) -> None:
        method, params = frame["method"], frame.get("params")
        self.asked.append(Asked(method, params))
        with contextlib.suppress(ConnectionClosed):
            try:
                if method == "connect":
                    for event, payload in self.early:
                        await self._event(peer, event, payload, None)
                hold = self.holds.get(method)
                # The answer is made before it is held: it tells how things were.
                payload = self._payload(peer, method, params)
                if hold:
                    hold.reached.set()
                    await hold.release.wait()
                if self.delay and method == "sessions.list":
                    await self.delay()
                if method in self.mute or self.frozen:
                    return
                answer = {"type": "res", "id": frame["id"]}
                if self.protocol:
                    answer["ok"] = True
                answer["payload" if self.protocol else "result"] = payload
                for _ in range(2 if method in self.twice else 1):
                    await self._send(peer.ws, answer)
                if method == "connect":
                    self.handshakes += 1
                    peer.let_in = True
            except RefusalError as refusal:
                answer = {"type": "res", "id": frame["id"], "error": refusal.error}
                if self.protocol:
                    answer["ok"] = False
                await self._send(peer.ws, answer)
                if refusal.close:
                    await peer.ws.close(refusal.close, refusal.reason)

    def _payload(self, peer: _Peer, method: str, params: Any) -> Any:
        if method in self.answers:
            return self.answers[method](params)
        if method == "connect":
            return self._hello(params)
        if method == "agents.list":
            agents = list(self.agents.values())
            return {"defaultId": "", "mainKey": "main", "scope": "per-sender", "agents": agents}
        if method == "sessions.list":
            return self._sessions(params or {})
        if method == "sessions.subscribe" and self.protocol:
            peer.subscribed = True
            return {"subscribed": True}
        if self.protocol:
            raise RefusalError("INVALID_REQUEST", "missing scope: operator.admin")
        raise RefusalError(-32601, f"Unknown method: {method}")

    def _hello(self, params: dict[str, Any]) -> dict[str, Any]:
        refusal = self.refusal(params)
        if refusal:
            raise refusal
        token = (params.get("auth") or {}).get("token", "")
        if self.tokens and not token:
            raise refused("AUTH_TOKEN_MISSING")
        if self.tokens and token not in self.tokens:
            raise refused("AUTH_TOKEN_MISMATCH", canRetryWithDeviceToken=True)
        methods = [*self.methods, *self.advertised]
        features = {"methods": methods, "events": ["sessions.changed"]}
        if not self.protocol:
            return {"connId": "c-1", "features": features}
        auth: dict[str, Any] = {"role": "operator", "scopes": self.scopes}
        if self.device_token:
            auth["deviceToken"] = self.device_token
        return {
            "type": "hello-ok",
            "protocol": self.protocol,
            "server": {"version": {3: "2026.5.7", 4: "2026.9.6"}[self.protocol], "connId": "c-1"},
            "features": features,
            "snapshot": {
                "presence": self.presence,
                "health": self.health,
                "uptimeMs": self.uptime_ms,
                **self.snapshot,
            },
            "auth": auth,
            "policy": {"maxPayload": 26_214_400, "tickIntervalMs": self.tick_ms},
        }

    def _sessions(self, params: dict[str, Any]) -> dict[str, Any]:
        if self.protocol == 3 and "offset" in params:
            message = "invalid sessions.list params: at root: unexpected property 'offset'"
            raise RefusalError("INVALID_REQUEST", message)
        rows = sorted(self.sessions.values(), key=lambda row: -row["updatedAt"])
        limit, offset = params.get("limit", 100), params.get("offset", 0)
        page = rows[offset : offset + limit]
        more = offset + len(page) < len(rows)
        answer = {
            "ts": self.now_ms,
            "count": len(page),
            "totalCount": len(rows),
            "limitApplied": limit,
            "hasMore": more,
            "defaults": {},
            "sessions": [dict(row) for row in page],
        }
        if more and self.protocol != 3:
            answer["nextOffset"] = offset + len(page)
        return answer

    @property
    def _body(self) -> str:
        return "payload" if self.protocol else "params"

    async def _event(self, peer: _Peer, event: str, payload: Any, seq: int | None) -> None:
        frame = {"type": "event", "event": event, self._body: payload}
        if seq is not None and self.protocol:
            peer.seq = peer.seq + 1 if seq == AUTO else seq
            frame["seq"] = peer.seq
        with contextlib.suppress(ConnectionClosed):
            await self._send(peer.ws, frame)

    async def _send(self, ws: ServerConnection, frame: dict[str, Any]) -> None:
        self.progress += 1
        await ws.send(json.dumps(frame))


def refused(
    code: str, *, close: int = 1008, outer: str = "INVALID_REQUEST", **details: Any
) -> RefusalError:
    """How a real gateway refuses a `connect`."""
    return RefusalError(
        outer, code.lower().replace("_", " "), details={"code": code, **details}, close=close
    )
