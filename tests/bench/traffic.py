"""What a gateway says: session rows and event frames with the fields and sizes of recordings.

A row in a list of OpenClaw 2026.9.6 has about 2 kB. A `sessions.changed` has its row twice, once
nested and once beside it, and 5 kB; a frame of an agent's stream has 300 to 600 bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

AGENTS = 11
START_MS = 1_800_000_000_000
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
DELTAS = 40  # of a run's answer; what a model says in some seconds


def agent_id(number: int) -> str:
    return f"agent-{number:02}"


def session_key(number: int, agents: int = AGENTS) -> str:
    """Sessions go round the agents; the first of an agent is its main one."""
    agent, turn = agent_id(number % agents), number // agents
    rest = f"dashboard:1c313220-3624-40ba-ae2a-{turn:012}" if turn else "main"
    return f"agent:{agent}:{rest}"


def row(key: str, number: int = 0, **fields: Any) -> dict[str, Any]:
    """A row as a list or an event has it. `number` makes it differ from others."""
    actor: dict[str, Any] = {"type": "human", "id": "gateway-owner"}
    actor = {**actor, "identity": {"type": "profile", "id": "gateway-owner"}}
    at = START_MS + number
    ident = f"5699b417-bedc-4c54-8717-{number:012}"
    return {
        "key": key,
        "visibility": "shared",
        "permissionModePending": False,
        "createdVia": "operator",
        "createdActor": actor,
        "owner": {"actor": actor},
        "createdAt": START_MS - 86_400_000,
        "kind": "direct",
        "label": f"The label of session {number}",
        "classification": "main",
        "agentId": key.split(":")[1],
        "isMain": True,
        "isBackground": False,
        "displayName": f"The label of session {number}",
        "chatType": "direct",
        "updatedAt": at,
        "archived": False,
        "pinned": False,
        "unread": False,
        "lastInteractionAt": at - 4_000,
        "sessionId": ident,
        "systemSent": True,
        "abortedLastRun": False,
        "thinkingLevels": [{"id": "off", "label": "off"}],
        "thinkingOptions": ["off"],
        "thinkingDefault": "off",
        "effectiveFastMode": False,
        "effectiveFastModeSource": "default",
        "fastAutoOnSeconds": 60,
        "inputTokens": 240 + number,
        "outputTokens": 24,
        "totalTokens": 120,
        "totalTokensFresh": True,
        "estimatedCostUsd": 0.0125,
        "status": "done",
        "startedAt": at - 4_100,
        "endedAt": at - 50,
        "runtimeMs": 4_050,
        "lastRunId": f"8939005b-748f-4edf-8548-{number:012}",
        "effectiveResponseUsage": "off",
        "effectiveQueueMode": "steer",
        "modelProvider": "mock",
        "model": "mock-1",
        "modelOverrideSource": None,
        "runtimeSelectionLocked": False,
        "agentRuntime": {
            "id": "openclaw",
            "cloudPlacementSupported": True,
            "cloudPlacementExecutionMode": "worker-turn",
            "devicePlacement": {"requiredNodeCommands": [], "consumesWorkerSlot": True},
            "devicePlacementSupported": True,
            "source": "implicit",
        },
        "contextTokens": 32_000,
        "contextBudgetStatus": {
            "schemaVersion": 1,
            "source": "pre-prompt-estimate",
            "updatedAt": at - 4_200,
            "provider": "mock",
            "model": "mock-1",
            "route": "fits",
            "shouldCompact": False,
            "estimatedPromptTokens": 11_744,
            "contextTokenBudget": 32_000,
            "promptBudgetBeforeReserve": 24_000,
            "reserveTokens": 8_000,
            "effectiveReserveTokens": 8_000,
            "remainingPromptBudgetTokens": 12_256,
            "overflowTokens": 0,
            "toolResultReducibleChars": 0,
            "messageCount": 7,
            "unwindowedMessageCount": 7,
            "sessionId": ident,
        },
        "snapshotAt": at + 10,
        "placement": {
            "state": "local",
            "generation": 0,
            "createdAtMs": at - 9_000,
            "updatedAtMs": at,
            "stateChangedAtMs": at - 9_000,
        },
        "activitySummary": {"state": "unavailable", "canEnsure": True},
        "hasActiveRun": False,
        "activeRunIds": [],
        "hiddenFromInvolvingMe": False,
        "sharingRole": "owner",
        **fields,
    }


# Beside a nested row, what it lacks is there as null.
_NULLS = (
    "archivedAt",
    "archivedBy",
    "archiveReason",
    "pinnedAt",
    "markedUnreadAt",
    "agentStatus",
    "observerDigest",
    "controlOwnerSessionKey",
    "swarm",
    "permissionMode",
    "autoLabel",
    "icon",
    "color",
    "channelAvatarUrl",
    "category",
    "boardPresentation",
    "thinkingLevel",
    "toolOverrides",
    "restartRecoveryStatus",
    "goal",
    "activeModelProvider",
    "activeModel",
    "lastRunError",
    "providerReview",
)


def changed(nested: dict[str, Any], **why: Any) -> dict[str, Any]:
    """The payload of `sessions.changed`."""
    top = {"sessionKey": nested["key"], "agentId": nested["agentId"], "ts": nested["updatedAt"]}
    beside = {
        name: value for name, value in nested.items() if name not in ("key", "thinkingLevels")
    }
    return {**top, **why, "session": nested, **beside, **dict.fromkeys(_NULLS)}


def run(number: int, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every event of a run that says something, uses a tool, and ends: (name, payload)."""
    agent, run_id = key.split(":")[1], f"29bbaf5d-645e-40aa-be85-{number:012}"
    at = START_MS + 1_000_000 + number * 10_000
    seq = 0

    def told(stream: str, data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        nonlocal seq, at
        seq, at = seq + 1, at + 10
        about = {"sessionKey": key, "agentId": agent, "seq": seq, "ts": at, "isHeartbeat": False}
        return "agent", {"runId": run_id, "stream": stream, "data": data, **about}

    def session(status: str, **why: Any) -> tuple[str, dict[str, Any]]:
        nonlocal at
        at += 10
        live = status == "running"
        fields: dict[str, Any] = {"updatedAt": at, "status": status, "hasActiveRun": live}
        if not live:
            fields |= {"endedAt": at - 20, "runtimeMs": 5_000}
        return "sessions.changed", changed(row(key, number, **fields), **why)

    def chat(**fields: Any) -> tuple[str, dict[str, Any]]:
        return "chat", {
            "runId": run_id,
            "sessionKey": key,
            "agentId": agent,
            "seq": seq,
            **fields,
        }

    def message(role: str, text: str) -> tuple[str, dict[str, Any]]:
        words = {"role": role, "content": [{"type": "text", "text": text}], "timestamp": at}
        return "session.message", {
            **changed(row(key, number, updatedAt=at, status="running", hasActiveRun=True)),
            "message": words,
        }

    yield session("running", reason="send")
    yield message("user", "Say something, and look what system this is")
    yield told("lifecycle", {"phase": "start", "startedAt": at})
    yield session("running", phase="start", runId=run_id)
    yield told("run_status", {"phase": "model", "label": "asking the model"})
    yield chat(state="status", status="thinking")
    yield told("lifecycle", {"phase": "model", "provider": "mock", "model": "mock-1"})
    yield session("running", phase="model", runId=run_id)
    tool = {"itemId": "tool:call_2", "toolCallId": "call_2", "name": "exec", "kind": "tool"}
    title = "Exec run uname → run sleep 1 → print text"
    yield told(
        "item", {**tool, "phase": "start", "title": title, "status": "running", "meta": title}
    )
    yield told(
        "command_output",
        {"itemId": "command:call_2", "phase": "delta", "title": title, "output": "Linux"},
    )
    yield told("item", {**tool, "phase": "end", "title": title, "status": "done", "meta": title})
    text = ""
    for turn in range(DELTAS):
        delta = WORDS[turn % len(WORDS)] + " "
        text += delta
        yield told("assistant", {"text": text, "delta": delta, "itemId": f"{run_id}:1"})
        content = [{"type": "text", "text": text}]
        words = {"role": "assistant", "content": content, "timestamp": at}
        yield chat(state="delta", deltaText=delta, message=words)
    yield told("usage", {"outputTokens": 12})
    yield message("assistant", text)
    yield session("running", reason="agent.input.settled")
    yield session("done", phase="model", runId=run_id)
    yield told("lifecycle", {"phase": "end", "endedAt": at, "startedAt": at - 5_000})
    content = [{"type": "text", "text": text}]
    words = {"role": "assistant", "content": content, "timestamp": at}
    yield chat(state="final", stopReason="stop", message=words)
    yield session("done", phase="end", runId=run_id)


def frames(count: int, sessions: int) -> list[bytes]:
    """So many frames of runs that go on in all agents at once, with seq from 1."""
    found: list[bytes] = []
    number = 0
    while True:
        # As many runs side by side as there are agents, taking turns.
        runs = [
            run(number + turn, session_key((number + turn) % sessions)) for turn in range(AGENTS)
        ]
        number += AGENTS
        while runs:
            for one in list(runs):
                event = next(one, None)
                if event is None:
                    runs.remove(one)
                    continue
                found.append(frame(event[0], event[1], len(found) + 1))
                if len(found) == count:
                    return found


def frame(event: str, payload: object, seq: int) -> bytes:
    """One event as it goes over the wire."""
    whole = {"type": "event", "event": event, "payload": payload, "seq": seq}
    whole["recipientProfileId"] = "gateway-owner"
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
