"""What a session is at: headlines of the gateway's observer, and the steps of progress cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import ProgressCard
from cc_desktop.gateway.decoders.values import agent_of, name
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_STEPS = 200


def headline(gateway: str, data: dict[str, Any]) -> Iterable[ev.Event]:
    """The payload of `session.observer` (2026.7.2 on)."""
    key = fields.identifier(data.get("sessionKey"))
    agent_id = fields.identifier(data.get("agentId")) or agent_of(key)
    if key and agent_id:
        yield ev.HeadlineTold(
            gateway,
            agent_id,
            key,
            name(data.get("headline")),
            name(data.get("health")),
            fields.integer(data.get("revision")),
        )


def progress_card(session_key: str, payload: object) -> ProgressCard | None:
    """The answer of `progressCard.get` (2026.8 on); None while the agent keeps no steps."""
    card = fields.as_object(fields.as_object(payload).get("card"))
    steps = fields.as_objects(card.get("steps"))[:_MAX_STEPS]
    if not steps:
        return None
    states = [name(step.get("status")) for step in steps]
    current = next(
        (step for step, state in zip(steps, states, strict=True) if state == "in_progress"), {}
    )
    return ProgressCard(
        session_key, states.count("completed"), len(steps), name(current.get("step"))
    )
