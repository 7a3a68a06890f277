"""Runs in progress: the streams of `agent`, and `chat` and `session.tool`, which repeat them.

Each stream has a function of its own. It returns the fields of `RunProgress` that the message
tells, or events of another kind.
"""

from __future__ import annotations

from hashlib import blake2s
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import Approval
from cc_desktop.fleet.runs import Cause
from cc_desktop.gateway.decoders.requests import questions
from cc_desktop.gateway.decoders.values import NAME_LIMIT, agent_of, error_text, name
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_COMMANDS = 200  # tool calls in progress that are remembered, to name what waits for approval;
# and as many runs of which more is known than their next event says
# 2026.5.7 ends the run that asks. What was decided goes to a run that has the approval in its id.
_FOLLOW_UP = "exec-approval-followup:"
_ARGUMENTS = ("command", "path", "query", "url", "file_path", "pattern")  # worth showing


# Calls that look whether something has happened: to make them again and again is what they are for.
_WAITING_TOOLS = ("agents_wait", "sessions_yield", "sleep", "wait", questions.TOOL)
_LOOKS = ("poll", "log", "list")  # of the tool "process"


class RunId(NamedTuple):
    """Which run a message is about."""

    agent_id: str
    session_key: str
    run_id: str


def run_of(data: dict[str, Any]) -> RunId | None:
    """Which run a message is about, or None when it does not say."""
    key = fields.identifier(data.get("sessionKey"))
    agent_id = fields.identifier(data.get("agentId")) or agent_of(key)
    run_id = fields.identifier(data.get("runId"))
    return RunId(agent_id, key, run_id) if key and agent_id and run_id else None


def signature(tool: str, arguments: dict[str, Any]) -> str:
    """The same for the same call of a tool; "" for a call that only waits."""
    if tool in _WAITING_TOOLS or (tool == "process" and arguments.get("action") in _LOOKS):
        return ""
    encoded = msgspec.json.encode(arguments, order="deterministic")
    return blake2s(tool.encode(errors="replace") + b"\n" + encoded, digest_size=8).hexdigest()


def _keep(kept: dict[Any, Any], key: object, value: object) -> None:
    """Remember a value, and forget the oldest one when there are too many."""
    if key not in kept and len(kept) >= MAX_COMMANDS:
        del kept[next(iter(kept))]
    kept[key] = value


def _cause(told: object) -> Cause | None:
    """`errorDetail` of `chat` and `errorObservation` of `agent` are alike (2026.9.6)."""
    detail = fields.as_object(told)
    if not detail:
        return None
    return Cause(
        name(detail.get("provider")),
        name(detail.get("model")),
        name(detail.get("failoverReason")),
        fields.integer(detail.get("httpStatus")),
    )


class RunDecoder:
    """Decodes what runs tell. Remembers the commands in progress: approvals only point to them."""

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway
        self._commands: dict[tuple[str, str], str] = {}  # by run and tool call
        self._tokens: dict[str, int] = {}  # by run: what its model calls took so far
        self._causes: dict[str, Cause] = {}  # by run: why its latest try failed

    def agent(self, data: dict[str, Any]) -> Iterable[ev.Event]:
        """The payload of `agent`: one message of one stream of a run."""
        run = run_of(data)
        if run is None:
            return
        stream, detail = data.get("stream"), fields.as_object(data.get("data"))
        if run.run_id.startswith(_FOLLOW_UP):
            approval_id = run.run_id.removeprefix(_FOLLOW_UP).split(":", 1)[0]
            yield ev.ApprovalClosed(self._gateway, run.agent_id, approval_id)
        if stream == "approval":
            if detail.get("status") != "unavailable":  # nobody can decide it: it was refused
                # The run that asks is over, or goes on by itself: it does not wait.
                yield from self._approval(run, detail.get("phase"), detail, run_waits=False)
            return
        if stream == "lifecycle":
            phase = _APPROVAL_PHASES.get(str(detail.get("phase")))
            if phase:
                yield from self._approval(run, phase, detail, run_waits=True)
        progress = _STREAMS.get(stream, _no_news)(detail) if isinstance(stream, str) else {}
        cause = _cause(detail.get("errorObservation"))
        if cause is not None:  # 2026.9.6 tells it with each try, and not again at the end
            _keep(self._causes, run.run_id, cause)
        if progress.get("error"):
            progress["cause"] = cause or self._causes.get(run.run_id)
        tokens = self._tokens.get(run.run_id, 0)
        yield ev.RunProgress(self._gateway, *run, tokens=tokens, **progress)

    def chat(self, data: dict[str, Any]) -> Iterable[ev.Event]:
        """The payload of `chat`, which clients with few scopes get instead of `agent`."""
        run = run_of(data)
        if run is None:
            return
        state = data.get("state")
        if state == "error":
            first_line = str(data.get("errorMessage") or "").split("\n", 1)[0]
            error = fields.text(first_line) or None
            cause = _cause(data.get("errorDetail")) or self._causes.get(run.run_id)
            if cause is None and (reason := name(data.get("errorKind"))):
                cause = Cause(reason=reason)
            yield ev.RunProgress(self._gateway, *run, error=error, over=True, cause=cause)
        elif state in ("final", "aborted"):
            stopped = state == "aborted" and data.get("stopReason") in _BY_SOMEBODY
            yield ev.RunProgress(self._gateway, *run, over=True, stopped=stopped)
        elif state in ("delta", "status"):
            yield ev.RunProgress(self._gateway, *run, thinking=True)

    def message(self, data: dict[str, Any]) -> Iterable[ev.Event]:
        """The payload of `session.message`: what a call of the model took (2026.9.6).

        It is told with the run's next event: a message may come after the end of its run.
        """
        message = fields.as_object(data.get("message"))
        run_id = fields.identifier(fields.as_object(message.get("__openclaw")).get("runId"))
        usage = fields.as_object(message.get("usage"))
        taken = fields.integer(usage.get("input")) + fields.integer(usage.get("output"))
        if run_id and taken:
            _keep(self._tokens, run_id, self._tokens.get(run_id, 0) + taken)
        return ()

    def tool(self, data: dict[str, Any]) -> Iterable[ev.Event]:
        """The payload of `session.tool`: a tool call with its arguments."""
        run = run_of(data)
        detail = fields.as_object(data.get("data"))
        if run is None or detail.get("phase") not in ("start", "result"):
            return
        tool = name(detail.get("name"))
        call_id = fields.identifier(detail.get("toolCallId"))
        call = (run.run_id, call_id)
        if detail.get("phase") == "result":
            self._commands.pop(call, None)
            yield ev.RunProgress(self._gateway, *run, thinking=True, activity="")
            if tool == questions.TOOL:
                yield from questions.answered(self._gateway, run, call_id)
            return
        arguments = fields.as_object(detail.get("args"))
        texts = (arguments.get(argument) for argument in _ARGUMENTS)
        what = next((fields.text(one, NAME_LIMIT) for one in texts if isinstance(one, str)), "")
        is_new = call not in self._commands
        if call_id:
            _keep(self._commands, call, what)
        yield ev.RunProgress(
            self._gateway,
            *run,
            thinking=False,
            activity=fields.text(f"{tool} {what}", NAME_LIMIT),
            call=signature(tool, arguments) if is_new else "",
        )
        if tool == questions.TOOL:
            yield from questions.asked(self._gateway, run, call_id, arguments)

    def _approval(
        self, run: RunId, phase: object, detail: dict[str, Any], *, run_waits: bool
    ) -> Iterable[ev.Event]:
        ident = (
            fields.identifier(detail.get("approvalId"))
            or fields.identifier(detail.get("id"))
            or f"session:{run.session_key}"
        )
        if phase == "requested":
            run_id = run.run_id if run_waits else ""
            approval = Approval(
                id=ident,
                agent_id=run.agent_id,
                session_key=run.session_key,
                title=self._approval_title(run_id, detail),
                run_id=run_id,
                opened_at=fields.integer(detail.get("createdAtMs")),
                expires_at=fields.integer(detail.get("expiresAtMs")),
            )
            yield ev.ApprovalOpened(self._gateway, approval)
        elif phase is not None:
            yield ev.ApprovalClosed(self._gateway, run.agent_id, ident)

    def _approval_title(self, run_id: str, detail: dict[str, Any]) -> str:
        for source in (detail, fields.as_object(detail.get("request"))):
            for field in ("command", "title", "message"):
                if words := fields.text(source.get(field), NAME_LIMIT):
                    return words
        # 2026.9.6 names only the tool call; its command came earlier.
        call = (run_id, fields.identifier(detail.get("toolCallId")))
        return self._commands.get(call, "")


# Streams of `agent`: each returns the fields of RunProgress that the message tells

# By a request or by "/stop". A run that takes too long ends for "timeout". The rows of 2026.5.7
# call all of that a timeout.
_BY_SOMEBODY = ("rpc", "stop")
_APPROVAL_PHASES = {"waiting-approval": "requested", "approval-resolved": "resolved"}


def _lifecycle(detail: dict[str, Any]) -> dict[str, Any]:
    phase = detail.get("phase")
    told: dict[str, Any] = {"over": phase in ("end", "error"), "starts": phase == "start"}
    if detail.get("status") == "cancelled" and detail.get("stopReason") in _BY_SOMEBODY:
        told["stopped"] = told["over"]
    if phase in ("start", "model"):
        told["thinking"] = True
    if phase == "start":
        told["started_at"] = fields.integer(detail.get("startedAt"))
    if phase == "error" and not detail.get("aborted"):
        told["error"] = error_text(detail.get("error")) or None
    return told


def _assistant(_detail: dict[str, Any]) -> dict[str, Any]:
    return {"thinking": True, "activity": ""}


def _item(detail: dict[str, Any]) -> dict[str, Any]:
    if detail.get("phase") == "end":
        return {"thinking": True, "activity": ""}
    title = fields.text(detail.get("title"), NAME_LIMIT)
    return {"thinking": False, "activity": title} if title else {}


def _run_status(_detail: dict[str, Any]) -> dict[str, Any]:
    return {"thinking": True}


def _no_news(_detail: dict[str, Any]) -> dict[str, Any]:
    """A stream that this client does not know: still a sign of life."""
    return {}


_STREAMS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "lifecycle": _lifecycle,
    "assistant": _assistant,
    "item": _item,
    "run_status": _run_status,
}
