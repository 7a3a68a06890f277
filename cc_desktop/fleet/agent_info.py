"""What a list says of an agent itself. Pure."""

from __future__ import annotations

from msgspec import Struct

from cc_desktop.fleet.model import Status


class AgentInfo(Struct, frozen=True):
    """An agent as a list names it."""

    id: str
    name: str = ""
    emoji: str = ""
    theme: str = ""
    model: str = ""
    role: str = ""
    status: Status | None = None
    task: str = ""
    last_activity: int = 0
    workspace: str = ""
