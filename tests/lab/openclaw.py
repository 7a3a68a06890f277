"""Real OpenClaw gateways as child processes, and a test client that gives them work.

The client shares nothing with the product, so that a misread protocol cannot hide by being
misread on both sides. It may do everything (read, write, admin); the product only reads.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import websockets
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.lab.mock_model import MODEL_ID, MockModel

if TYPE_CHECKING:
    from types import TracebackType

    from tests.lab.install import Lab

JsonObject = dict[str, Any]

# No event tells when a list has caught up with a run's end: look again after this long. Not more
# often: on 2026.5.7 a list costs 0.1 s, which the run would wait for.
_LOOK_AGAIN_S = 0.5
_RUN_ENDS = ("final", "aborted", "error")
_READY_CHECK_S = 0.05
_MARKER_NAME = "CC_DESKTOP_LAB_GATEWAY"

# The names of the environment's switches are the same in both releases. CI stops the daily
# version check; no plugin, channel or scheduled job runs, because each costs seconds at the
# start and some of them look for other machines. What a run does is not touched by any of this.
_QUIET = {
    "CI": "1",
    "DO_NOT_TRACK": "1",
    "NO_COLOR": "1",
    "OPENCLAW_DISABLE_BONJOUR": "1",
    "OPENCLAW_NO_AUTO_UPDATE": "1",
    "OPENCLAW_NO_RESPAWN": "1",
    "OPENCLAW_OFFLINE": "1",
    "OPENCLAW_SKIP_BROWSER_CONTROL_SERVER": "1",
    "OPENCLAW_SKIP_CANVAS_HOST": "1",
    "OPENCLAW_SKIP_CHANNELS": "1",
    "OPENCLAW_SKIP_CRON": "1",
    "OPENCLAW_SKIP_GMAIL_WATCHER": "1",
}

# Loaded before the gateway's own code. 2026.9.6 fetches the list of its plugin shop, for which it
# has no switch; and what later releases may want to know shall not leave this machine either.
_OFFLINE_SCRIPT = """\
const dns = require("node:dns");
const { isIP } = require("node:net");
const refusal = (host) =>
  Object.assign(new Error(`the lab is offline: ${host}`), { code: "ENOTFOUND", hostname: host });
const isHere = (host) => !host || host === "localhost" || isIP(host);
const { lookup } = dns;
dns.lookup = (host, options, callback = options) =>
  isHere(host) ? lookup(host, options, callback) : process.nextTick(callback, refusal(host));
const promised = dns.promises.lookup;
dns.promises.lookup = async (host, options) => {
  if (!isHere(host)) throw refusal(host);
  return promised(host, options);
};
require("node:module").syncBuiltinESMExports();
"""


class GatewayError(Exception):
    """A gateway did not start or stop as asked; the text ends with the tail of its log."""


class RealGateway:
    """One OpenClaw gateway on loopback, with a home of its own.

    All methods block; call them with `asyncio.to_thread` where a loop runs. As a context manager
    it starts on entry and is killed on exit.

    Args:
        lab: the installed releases.
        version: which of them to run.
        home: an empty folder; it keeps config, sessions and the log over restarts.
        token: the shared token that clients present.
        agents: id, name and emoji of each agent; the first is the default one.
        model: what the agents' runs are answered by; it must be running at `start`.
        port: the port on 127.0.0.1; a free one when left out.
        extra_config: laid over the generated config, object by object.
        environment: more variables of the process; "" takes away one that the lab sets.
    """

    def __init__(
        self,
        lab: Lab,
        version: str,
        *,
        home: Path,
        token: str,
        agents: Sequence[tuple[str, str, str]],
        model: MockModel,
        port: int | None = None,
        extra_config: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.version = version
        self.home = home
        self.token = token
        self.port = port or free_port()
        self._lab = lab
        self._agents = agents
        self._model = model
        self._extra_config = extra_config or {}
        self._more_environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        # Tools of a run live in process groups of their own: this finds them after a kill.
        self._marker = str(uuid.uuid4())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"ws://127.0.0.1:{self.port}/"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def log_path(self) -> Path:
        """What the gateway printed, over all of its starts."""
        return self.home / "gateway.log"

    def start(self, *, timeout: float = 90.0) -> None:
        """Start the process and wait until it serves.

        Args:
            timeout: seconds to wait at most.

        Raises:
            GatewayError: it ended or was not ready in time; nothing runs any more.
        """
        if self.running:
            raise RuntimeError("the gateway is running already")
        self.kill()  # what a process that ended by itself may have left behind
        self._write_config()
        script = self._lab.openclaw[self.version]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [self._lab.node, script, "gateway", "run", "--port", str(self.port)],
                cwd=self.home,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._watchdog = _watch(self._process.pid)
        self.wait_ready(timeout=timeout)

    def wait_ready(self, *, timeout: float = 90.0) -> None:
        """Wait until the gateway says that it is ready.

        Raises:
            GatewayError: it ended or was not ready in time; nothing runs any more.
        """
        deadline = time.monotonic() + timeout
        while not self._is_ready():
            ended = None if self._process is None else self._process.poll()
            if self._process is None or ended is not None or time.monotonic() > deadline:
                self.kill()
                why = f"not ready after {timeout:g} s" if ended is None else f"ended ({ended})"
                raise GatewayError(f"openclaw {self.version}: {why}\n{self.log_tail()}")
            time.sleep(_READY_CHECK_S)

    def terminate(self, *, timeout: float = 30.0) -> None:
        """Ask the process to stop (SIGTERM) and wait for its end.

        2026.9.6 first waits for the runs that are active, for minutes if need be.

        Raises:
            GatewayError: it did not end in time; it was killed.
        """
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            tail = self.log_tail()
            self.kill()
            what = f"openclaw {self.version}: still there {timeout:g} s after SIGTERM"
            raise GatewayError(f"{what}\n{tail}") from error
        self.kill()

    def kill(self) -> None:
        """End everything that `start` brought to life, at once (SIGKILL)."""
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.wait()
            if self._watchdog.stdin is not None:
                self._watchdog.stdin.close()
            self._watchdog = None
        if self._process is not None:
            # Its group may be gone already; macOS says "not permitted" when only zombies are left.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        for left in _processes_with(self._marker):
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)

    def restart(self, *, timeout: float = 90.0) -> None:
        """Stop gracefully and start again on the same port, with the same home."""
        self.terminate()
        self.start(timeout=timeout)

    def log_tail(self, lines: int = 40) -> str:
        """The last `lines` lines that the gateway printed."""
        try:
            text = self.log_path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return "(no log)"
        return "\n".join(text.splitlines()[-lines:])

    @property
    def _offline_path(self) -> Path:
        return self.home / "offline.cjs"

    def _is_ready(self) -> bool:
        try:
            # Loopback never goes through a proxy that the environment may name.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"http://127.0.0.1:{self.port}/readyz", timeout=5.0) as answer:
                state = json.load(answer)
        except (OSError, ValueError, HTTPException):  # refused, 503 while it starts, cut off
            return False
        return isinstance(state, dict) and state.get("ready") is True

    def _environment(self) -> dict[str, str]:
        """What the process gets to see: nothing of the developer's own gateway or keys."""
        inherited = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        own = {
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "NODE_OPTIONS": f"--require={json.dumps(str(self._offline_path))}",
            _MARKER_NAME: self._marker,
        }
        every = {**inherited, **_QUIET, **own, **self._more_environment}
        return {name: value for name, value in every.items() if value}

    def _write_config(self) -> None:
        """Write the config before the first start; later it is the gateway's own."""
        path = self.home / ".openclaw" / "openclaw.json"
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self._offline_path.write_text(_OFFLINE_SCRIPT, encoding="utf-8")
        path.write_text(json.dumps(self._config(), indent=1), encoding="utf-8")

    def _config(self) -> JsonObject:
        agents = [
            {"id": agent_id, "name": name, "identity": {"name": name, "emoji": emoji}}
            for agent_id, name, emoji in self._agents
        ]
        model = {
            "id": MODEL_ID,
            "name": "Mock 1",
            "contextWindow": 32000,
            "maxTokens": 4096,
            "input": ["text"],
            "reasoning": False,
            "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
        }
        provider = {
            "baseUrl": self._model.base_url,
            "apiKey": "mock",
            "api": "openai-completions",
            "models": [model],
        }
        config: JsonObject = {
            "gateway": {
                "mode": "local",
                "port": self.port,
                "bind": "loopback",
                "auth": {"mode": "token", "token": self.token},
                "controlUi": {"enabled": False},
            },
            "agents": {
                "defaults": {
                    "model": {"primary": f"mock/{MODEL_ID}"},
                    "workspace": str(self.home / "workspace"),
                    "skipBootstrap": True,
                    "heartbeat": {"every": "0m"},
                },
                "list": [{**agent, "default": agent is agents[0]} for agent in agents],
            },
            "models": {"mode": "replace", "providers": {"mock": provider}},
            "plugins": {"enabled": False},
            "discovery": {"mdns": {"mode": "off"}},
            "update": {"checkOnStart": False},
            "logging": {"file": str(self.home / "openclaw.log")},
        }
        if self.version < "2026.6":  # both hold back the download of a price list
            config["models"]["pricing"] = {"enabled": False}
        else:
            config["models"]["catalogRefresh"] = {"enabled": False}
        return _laid_over(config, self._extra_config)


class RequestError(Exception):
    """The gateway answered a request with an error.

    Attributes:
        error: the error's object, as it came.
    """

    def __init__(self, method: str, error: JsonObject) -> None:
        super().__init__(f"{method}: {error.get('code')} {error.get('message')}")
        self.error = error


class Sender:
    """An operator's client for tests: it gives agents work and asks what is so.

    Every instance is a new device, which a gateway on loopback pairs at once.

    Args:
        url: the gateway.
        token: its shared token.
        scopes: what to ask for.
        caps: capabilities to announce, such as ``tool-events``.
        on_frame: is called with every frame that comes, before anything else looks at it.

    Attributes:
        hello: the payload of hello-ok.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        scopes: Sequence[str] = ("operator.read", "operator.write", "operator.admin"),
        caps: Sequence[str] = (),
        on_frame: Callable[[JsonObject], None] | None = None,
    ) -> None:
        self.hello: JsonObject = {}
        self._url = url
        self._token = token
        self._scopes = list(scopes)
        self._caps = list(caps)
        self._on_frame = on_frame
        self._key = Ed25519PrivateKey.generate()
        self._ids: Iterator[int] = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[JsonObject]] = {}
        self._sent_to: set[str] = set()
        self._run_ended = asyncio.Event()
        self._socket: websockets.ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._socket = await websockets.connect(
            self._url, max_size=None, compression=None, proxy=None
        )
        try:
            async with asyncio.timeout(15.0):
                challenge = self._take(await self._socket.recv())
            self._reader = asyncio.create_task(self._read(self._socket), name="lab-sender")
            self.hello = await self.request("connect", self._introduction(challenge["payload"]))
            await self.request("sessions.subscribe")
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection. Raises what `on_frame` may have raised."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader

    async def request(
        self, method: str, params: JsonObject | None = None, *, timeout: float = 30.0
    ) -> Any:
        """Send a request and return the payload of its answer.

        Raises:
            RequestError: the gateway answered with an error.
            TimeoutError: no answer after `timeout` seconds.
            websockets.ConnectionClosed: the connection is gone.
        """
        if self._socket is None:
            raise RuntimeError("not connected")
        request_id = f"lab-{next(self._ids)}"
        answer: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = answer
        frame = {"type": "req", "id": request_id, "method": method, "params": params or {}}
        try:
            await self._socket.send(json.dumps(frame))
            async with asyncio.timeout(timeout):
                response = await answer
        finally:
            del self._waiting[request_id]
        if not response.get("ok"):
            raise RequestError(method, response.get("error") or {})
        return response.get("payload")

    async def send(self, agent_id: str, text: str, *, session: str = "main") -> str:
        """Say `text` to an agent and return the id of the run that this starts."""
        key = f"agent:{agent_id}:{session}"
        params = {"sessionKey": key, "message": text, "idempotencyKey": str(uuid.uuid4())}
        self._sent_to.add(key)
        return str((await self.request("chat.send", params))["runId"])

    async def abort(self, agent_id: str, *, session: str = "main") -> None:
        """Stop the runs of an agent's session."""
        await self.request("chat.abort", {"sessionKey": f"agent:{agent_id}:{session}"})

    async def list_fleet(self, *, page: int = 100) -> tuple[JsonObject, list[JsonObject]]:
        """Ask for the truth: the answer of ``agents.list`` and every row of ``sessions.list``.

        Args:
            page: how many rows to ask for at a time.
        """
        agents: JsonObject = await self.request("agents.list")
        answer: JsonObject = await self.request("sessions.list", {"limit": page})
        rows: list[JsonObject] = list(answer["sessions"])
        while answer.get("hasMore"):
            offset = answer.get("nextOffset")
            if offset is None:  # 2026.5.7 knows no offset: it can only be asked for more
                page *= 2
                answer = await self.request("sessions.list", {"limit": page})
                rows = list(answer["sessions"])
            else:
                params = {"limit": page, "offset": offset}
                answer = await self.request("sessions.list", params)
                rows.extend(answer["sessions"])
        return agents, rows

    async def wait_idle(
        self, agent_id: str, *, settled: bool = False, timeout: float = 60.0
    ) -> None:
        """Wait until none of an agent's sessions has a run.

        Lists lag behind the events: on 2026.5.7 a row has a run for up to a second after its
        end, and the row of a failed one says "running", without a run, for 15 s.

        Args:
            agent_id: whose sessions to look at; the ones that work was sent to must be there.
            settled: wait also until no row says "running" or "queued" any more.
            timeout: seconds to wait at most.

        Raises:
            TimeoutError: a run is still active after `timeout` seconds.
        """
        prefix = f"agent:{agent_id}:"
        async with asyncio.timeout(timeout):
            while True:
                self._run_ended.clear()
                _, rows = await self.list_fleet()
                mine = {row["key"]: row for row in rows if row["key"].startswith(prefix)}
                # A session's first message makes its row, which takes up to a second.
                missing = {key for key in self._sent_to if key.startswith(prefix)} - mine.keys()
                if not missing and not any(_is_busy(row, settled) for row in mine.values()):
                    self._sent_to -= mine.keys()
                    return
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AGAIN_S):
                        await self._run_ended.wait()

    def _take(self, data: str | bytes) -> JsonObject:
        frame: JsonObject = json.loads(data)
        if self._on_frame is not None:
            self._on_frame(frame)
        return frame

    async def _read(self, connection: websockets.ClientConnection) -> None:
        end: Exception = ConnectionError("the reader ended")
        try:
            while True:
                frame = self._take(await connection.recv())
                if frame.get("event") == "chat" and frame["payload"].get("state") in _RUN_ENDS:
                    self._run_ended.set()
                answer = self._waiting.get(str(frame.get("id")))
                if answer is not None and not answer.done():
                    answer.set_result(frame)
        except websockets.ConnectionClosed as closed:
            end = closed
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(end)

    def _introduction(self, challenge: JsonObject) -> JsonObject:
        """The parameters of ``connect``, with the device's signature."""
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        device_id = hashlib.sha256(raw).hexdigest()
        signed = [
            "v3",
            device_id,
            "gateway-client",
            "ui",
            "operator",
            ",".join(self._scopes),
            str(challenge["ts"]),
            self._token,
            challenge["nonce"],
            "linux",
            "",
        ]
        return {
            "minProtocol": 3,
            "maxProtocol": 4,
            "client": {
                "id": "gateway-client",
                "mode": "ui",
                "version": "0",
                "platform": "linux",
                "displayName": "Lab sender",
                "instanceId": device_id[:16],
            },
            "role": "operator",
            "scopes": self._scopes,
            "caps": self._caps,
            "auth": {"token": self._token},
            "device": {
                "id": device_id,
                "publicKey": _base64url(raw),
                "signature": _base64url(self._key.sign("|".join(signed).encode())),
                "signedAt": challenge["ts"],
                "nonce": challenge["nonce"],
            },
        }


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_busy(row: JsonObject, settled: bool) -> bool:
    """Whether a session's row shows a run, or at least (`settled`) does not show its end."""
    return bool(row.get("hasActiveRun")) or (settled and row.get("status") in ("running", "queued"))


def _watch(process_group: int) -> subprocess.Popen[bytes]:
    """Start a shell that ends the group when this process dies without having ended it.

    The end of this process closes the shell's input, whatever the end was.
    """
    return subprocess.Popen(
        ["/bin/sh", "-c", f"read _; kill -s KILL -- -{process_group}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _processes_with(marker: str) -> list[int]:
    """The processes that have the marker in their environment (none where /proc is missing)."""
    wanted = f"{_MARKER_NAME}={marker}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue  # gone, or somebody else's
    return found


def _laid_over(base: Mapping[str, Any], upper: Mapping[str, Any]) -> JsonObject:
    """`base` with what `upper` says; objects are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in upper.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = _laid_over(below, value)
        else:
            merged[key] = value
    return merged


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
