"""A model for the lab's gateways: an OpenAI-compatible server that does what the message says.

The words of the operator are in the last two user messages of a request (gateways append one of
their own), and they say what the model does:

* ``say: <words>``    streams the words, one after the other.
* ``run: <command>``  calls the tool ``exec`` with that command, and answers after its result.
* ``loop: <n> <tool> <JSON>`` says what it does and calls that tool, n times the same.
* ``call: <tool> <JSON>`` calls that tool with these arguments, and answers after its result.
* ``fail: <text>``    answers HTTP 400 with the text as the error's message.
* ``hold`` or ``hold: <words>``  streams "Holding" and then waits for `MockModel.release`;
  then it streams the words and ends. The run is active for as long as a test wants to look at it.

Anything else is answered with "Done." The server runs in threads of its own, so it does not
matter which event loop the test uses, if any.
"""

from __future__ import annotations

import json
import re
import select
import socket
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from types import TracebackType

MODEL_ID = "mock-1"

# At the start of a line, or after the time that some gateways put before it.
_ORDER = re.compile(
    r"^(?:\[[^\]\n]*\] )?(?:(say|run|loop|call|fail|hold):[ \t]*([^\n]*)|(hold)[ \t]*$)",
    re.MULTILINE,
)
_PEER_CHECK_S = 0.1  # how often a held request looks whether its client is still there


@dataclass(frozen=True, slots=True)
class Order:
    """What a request asks of the model.

    Attributes:
        kind: what to do.
        text: the words to stream, the command to run or the error to answer with.
        tool: the tool to call, with `text` as its arguments in JSON.
        words: what to say before that.
    """

    kind: Literal["say", "run", "answer", "fail", "hold"]
    text: str
    tool: str = ""
    words: str = ""


def read_order(body: dict[str, Any]) -> Order:
    """Find what the operator's words in the request `body` ask for."""
    messages = [m for m in body.get("messages") or [] if isinstance(m, dict)]
    users = [i for i, m in enumerate(messages) if m.get("role") == "user"]
    for index in reversed(users[-2:]):
        found = _ORDER.search(_text(messages[index].get("content")))
        if found is None:
            continue
        kind, text = found[1] or found[3], (found[2] or "").strip()
        if kind in ("run", "loop", "call"):
            results = [m for m in messages[index + 1 :] if m.get("role") == "tool"]
            return _next_call(kind, text, results)
        if kind == "fail":
            return Order("fail", text)
        if kind == "hold":
            return Order("hold", text or "and released.")
        return Order("say", text)
    return Order("say", "Done.")


def _next_call(kind: str, text: str, results: list[dict[str, Any]]) -> Order:
    """The next call of a tool, or the answer when all results are there."""
    wanted, name, arguments = 1, "exec", json.dumps({"command": text})
    words = ""
    if kind == "loop":
        number, _, text = text.partition(" ")
        wanted, words = int(number), "Looking into it."
    if kind != "run":
        name, _, arguments = text.partition(" ")
    if len(results) >= wanted:
        return Order("answer", f"The tool said: {_text(results[-1].get('content'))[:200]}")
    return Order("run", arguments, name, words)


def _text(content: object) -> str:
    """The plain text of a message's content, which is a string or a list of parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))


class MockModel:
    """The server. Use it as a context manager, or call `start` and `stop`.

    Args:
        word_delay: seconds between two streamed words.
    """

    def __init__(self, *, word_delay: float = 0.02) -> None:
        self.word_delay = word_delay
        self._changed = threading.Condition()
        self._requests: list[dict[str, Any]] = []
        self._held = 0
        self._releases = 0
        self._stopping = False
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """The address for the gateway's ``models.providers.<id>.baseUrl``."""
        if self._server is None:
            raise RuntimeError("the model is not running")
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def request_count(self) -> int:
        """How many completions were asked for so far."""
        with self._changed:
            return len(self._requests)

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The bodies of the requests so far, oldest first."""
        with self._changed:
            return list(self._requests)

    @property
    def held_count(self) -> int:
        """How many requests wait for `release` now."""
        with self._changed:
            return self._held

    def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._stopping = False
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="mock-model", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and let go of every held request. Does nothing when not running."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def release(self) -> None:
        """Let every request that is held now go on. Later ones are held again."""
        with self._changed:
            self._releases += 1
            self._changed.notify_all()

    def wait_held(self, count: int = 1, *, timeout: float = 30.0) -> None:
        """Block until at least `count` requests are held.

        Raises:
            TimeoutError: fewer were held after `timeout` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._held >= count, timeout):
                raise TimeoutError(f"{self._held} of {count} requests held after {timeout:g} s")

    def note_request(self, body: dict[str, Any]) -> None:
        """Count a request (called by the server's threads)."""
        with self._changed:
            self._requests.append(body)
            self._changed.notify_all()

    def hold(self, peer: socket.socket) -> None:
        """Block until `release`, `stop` or the end of `peer` (called by the server's threads)."""
        with self._changed:
            before = self._releases
            self._held += 1
            self._changed.notify_all()
            try:
                while self._releases == before and not self._stopping and not _is_gone(peer):
                    self._changed.wait(_PEER_CHECK_S)
            finally:
                self._held -= 1
                self._changed.notify_all()


def _is_gone(peer: socket.socket) -> bool:
    """Whether the client hung up (a gateway does, when its run is aborted)."""
    try:
        readable, _, _ = select.select([peer], [], [], 0)
        return bool(readable) and peer.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, model: MockModel) -> None:
        self.model = model
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up in the middle are what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base names it
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer the list of models, the only thing that is asked for with GET."""
        if self.path.rstrip("/").endswith("/models"):
            self._send_json(200, {"object": "list", "data": [{"id": MODEL_ID, "object": "model"}]})
        else:
            self._send_json(404, {"error": {"message": "not found"}})

    def do_POST(self) -> None:
        """Answer a chat completion."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.path.endswith("/chat/completions"):
            self._send_json(404, {"error": {"message": "not found"}})
            return
        body = json.loads(raw)
        self.server.model.note_request(body)
        order = read_order(body)
        if order.kind == "fail":
            error = {"message": order.text, "type": "invalid_request_error", "code": None}
            self._send_json(400, {"error": error})
        elif body.get("stream"):
            self._stream(order)
        else:
            message = {"role": "assistant", "content": order.text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self._send_json(200, {**_head("chat.completion"), "choices": [choice], "usage": _USAGE})

    def _stream(self, order: Order) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self._chunk({"role": "assistant", "content": ""})
        finish = "stop"
        if order.kind == "run":
            self._words(order.words)
            function = {"name": order.tool, "arguments": order.text}
            call_id = f"call_{self.server.model.request_count}"
            call = {"index": 0, "id": call_id, "type": "function", "function": function}
            self._chunk({"tool_calls": [call]})
            finish = "tool_calls"
        elif order.kind == "hold":
            self._words("Holding")
            self.server.model.hold(self.connection)
            self._words(" " + order.text)
        else:
            self._words(order.text)
        self._chunk({}, finish)
        self._event({**_head("chat.completion.chunk"), "choices": [], "usage": _USAGE})
        self._send(b"data: [DONE]\n\n")

    def _words(self, text: str) -> None:
        for word in re.findall(r"\s*\S+", text):
            self._chunk({"content": word})
            time.sleep(self.server.model.word_delay)

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self._event({**_head("chat.completion.chunk"), "choices": [choice]})

    def _event(self, payload: dict[str, Any]) -> None:
        self._send(f"data: {json.dumps(payload)}\n\n".encode())

    def _send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def _send_json(self, status: int, payload: dict[str, Any]) -> None:
        data = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self._send(data)


_USAGE = {"prompt_tokens": 120, "completion_tokens": 12, "total_tokens": 132}


def _head(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-mock", "object": kind, "created": int(time.time()), "model": MODEL_ID}
