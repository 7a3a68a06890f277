"""Events of a run in progress, for whoever looks at its session.

`agent` has the streams lifecycle, run_status, assistant and tool; `session.tool` repeats the last
one, and `chat` the whole for clients that get no `agent`. What is told twice is told once here:
by the run's own `seq`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.transcript.live import (
    CardTold,
    LiveEvent,
    MessageSaid,
    Phase,
    ReplyStreamed,
    RunEnded,
    RunPhased,
    Step,
    ToolBegan,
    ToolEnded,
    ToolTold,
)
from cc_desktop.gateway.decoders import history
from cc_desktop.gateway.decoders.values import error_text
from cc_desktop.protocol import fields
from cc_desktop.protocol.clean import clean_block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REPLY_LIMIT = 8_000  # characters at the end of a reply that streams
MOST_RUNS = 20  # runs of a session whose progress is remembered

_LIFECYCLE = {
    "start": Phase.MODEL,
    "model": Phase.MODEL,
    "finishing": Phase.FINISHING,
    "waiting-approval": Phase.APPROVAL,
    "approval-resolved": Phase.TOOL,
}


class LiveDecoder:
    """Decodes what one session tells while it is looked at."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}  # run → highest seq
        self._streams: set[str] = set()  # runs whose reply comes by `agent`

    def decode(self, event: str, payload: object) -> Iterable[LiveEvent]:
        """What an event tells; nothing if it is of no interest, or was told before."""
        data = fields.as_object(payload)
        if event == "session.message":
            found = history.said(data)
            return (MessageSaid(found),) if found else ()
        if event == "progressCard.changed":
            return (CardTold(fields.integer(data.get("revision"))),)
        run_id = fields.identifier(data.get("runId"))
        if not run_id:
            return ()
        if event == "chat":
            return self._chat(run_id, data)
        if event in ("agent", "session.tool"):
            return self._agent(run_id, data)
        return ()

    def _agent(self, run_id: str, data: dict[str, Any]) -> Iterable[LiveEvent]:
        seq = fields.integer(data.get("seq"))
        if seq and seq <= self._seen.get(run_id, 0):
            return ()
        self._note(run_id, seq)
        stream, detail = data.get("stream"), fields.as_object(data.get("data"))
        if stream == "assistant":
            self._streams.add(run_id)
            return _reply(run_id, detail.get("text"))
        reader = _STREAMS.get(stream) if isinstance(stream, str) else None
        return reader(run_id, detail, fields.integer(data.get("ts"))) if reader else ()

    def _note(self, run_id: str, seq: int) -> None:
        if run_id not in self._seen and len(self._seen) >= MOST_RUNS:
            oldest = next(iter(self._seen))
            del self._seen[oldest]
            self._streams.discard(oldest)
        self._seen[run_id] = max(seq, self._seen.get(run_id, 0))

    def _chat(self, run_id: str, data: dict[str, Any]) -> Iterable[LiveEvent]:
        state = data.get("state")
        if state == "error":
            line = str(data.get("errorMessage") or "").split("\n", 1)[0]
            return (RunEnded(run_id, fields.text(line)),)
        if state in ("final", "aborted"):
            return (RunEnded(run_id, aborted=state == "aborted"),)
        if state == "status":
            return (RunPhased(run_id, Phase.STARTING),) if run_id not in self._seen else ()
        if state == "delta" and run_id not in self._streams:
            content = fields.as_object(data.get("message")).get("content")
            blocks = fields.as_objects(content) if isinstance(content, list) else []
            return _reply(run_id, blocks[-1].get("text")) if blocks else ()
        return ()


def _reply(run_id: str, text: object) -> Iterable[LiveEvent]:
    if not isinstance(text, str):
        return ()
    cut = max(0, len(text) - REPLY_LIMIT)
    shown, _ = clean_block(text[cut:], REPLY_LIMIT)
    return (ReplyStreamed(run_id, shown, cut),)


def _lifecycle(run_id: str, detail: dict[str, Any], _at: int) -> Iterable[LiveEvent]:
    phase = detail.get("phase")
    if phase in ("end", "error"):
        aborted = detail.get("aborted") is True
        error = error_text(detail.get("error")) if phase == "error" and not aborted else ""
        return (RunEnded(run_id, error, aborted, fields.integer(detail.get("endedAt"))),)
    known = _LIFECYCLE.get(phase) if isinstance(phase, str) else None
    if known is None or (phase == "model" and detail.get("model", "") is None):
        return ()  # 2026.9.6 takes the model back at the end
    started = fields.integer(detail.get("startedAt")) if phase == "start" else 0
    return (RunPhased(run_id, known, started),)


def _run_status(run_id: str, detail: dict[str, Any], _at: int) -> Iterable[LiveEvent]:
    model = detail.get("phase") == "starting_model"
    return (RunPhased(run_id, Phase.MODEL if model else Phase.STARTING),)


def _tool(run_id: str, detail: dict[str, Any], at: int) -> Iterable[LiveEvent]:
    call_id, phase = fields.identifier(detail.get("toolCallId")), detail.get("phase")
    if not call_id:
        return ()
    if phase == "start":
        use = history.tool_use(call_id, detail.get("name"), detail.get("args"))
        step = Step(call_id, use.name, use.subject, use.detail, started_at=at)
        return (ToolBegan(run_id, step),)
    if phase == "update":
        partial = fields.as_object(detail.get("partialResult"))
        return (ToolTold(run_id, call_id, history.result_text(partial.get("content"))),)
    if phase != "result":
        return ()
    result = fields.as_object(detail.get("result"))
    code = fields.integer(fields.as_object(result.get("details")).get("exitCode"))
    failed = detail.get("isError") is True or bool(code)
    note = f"exit {code}" if code else ""
    text = history.result_text(result.get("content"))
    return (ToolEnded(run_id, call_id, failed, note, text, at),)


_STREAMS: dict[str, Callable[[str, dict[str, Any], int], Iterable[LiveEvent]]] = {
    "lifecycle": _lifecycle,
    "run_status": _run_status,
    "tool": _tool,
}
