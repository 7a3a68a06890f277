"""Event frames of a gateway → events of the model. What is unreadable is left out.

To add an event: write a function in `decoders`, and enter it in the table of `EventDecoder`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.gateway.decoders import agents, observer, sessions
from cc_desktop.gateway.decoders.agents import agent_infos, heartbeats
from cc_desktop.gateway.decoders.devices import devices
from cc_desktop.gateway.decoders.requests import approvals, questions
from cc_desktop.gateway.decoders.runs import RunDecoder
from cc_desktop.gateway.decoders.sessions import row_fields, session_row, session_rows
from cc_desktop.gateway.decoders.values import agent_of, moment
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "EventDecoder",
    "agent_infos",
    "agent_of",
    "devices",
    "heartbeats",
    "moment",
    "row_fields",
    "session_row",
    "session_rows",
]


class EventDecoder:
    """Decodes the events of one connection."""

    def __init__(self, gateway: str, protocol: int, own_device: str = "") -> None:
        """Decode for a gateway.

        Args:
            gateway: Its id.
            protocol: As in hello-ok; from 4 on, the row in an event is whole.
            own_device: The id that presence lists this app as.
        """
        self.gateway = gateway
        self._own_device = own_device
        self.whole_rows = protocol >= 4
        runs = RunDecoder(gateway)
        self._decoders: dict[str, Callable[[dict[str, Any]], Iterable[ev.Event]]] = {
            "sessions.changed": self._session_changed,
            "presence": self._presence,
            "agent.config": lambda data: agents.configured(gateway, data),
            "health": lambda data: agents.health(gateway, data),
            "heartbeat": lambda _data: (ev.SignOfLife(gateway, heartbeat=True),),
            "agent": runs.agent,
            "chat": runs.chat,
            "session.tool": runs.tool,
            "session.message": runs.message,
            "session.observer": lambda data: observer.headline(gateway, data),
            "question.requested": lambda data: questions.requested(gateway, data),
            "question.resolved": lambda data: questions.resolved(gateway, data),
            **approvals.decoders(gateway),
        }

    def decode(self, name: str, payload: object) -> Iterable[ev.Event]:
        """The events in a frame; none if it is of no interest, or says nothing readable."""
        decoder = self._decoders.get(name)
        return decoder(fields.as_object(payload)) if decoder else ()

    def _session_changed(self, data: dict[str, Any]) -> Iterable[ev.Event]:
        return sessions.session_changed(self.gateway, data, whole_rows=self.whole_rows)

    def _presence(self, data: dict[str, Any]) -> Iterable[ev.Event]:
        if isinstance(data.get("presence"), list):
            listed = devices(self.gateway, data["presence"], self._own_device)
            return (ev.DevicesListed(self.gateway, listed),)
        return agents.activity(self.gateway, data)
