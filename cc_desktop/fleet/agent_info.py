"""What a list says of an agent itself. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cc_desktop.fleet.model import Status

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Agent


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


def with_info(old: Agent, info: AgentInfo) -> Agent:
    """What the list says of the agent itself. What it leaves out stays, but for the theme."""
    return replace(
        old,
        name=info.name or old.name,
        emoji=info.emoji or old.emoji,
        role=info.role or old.role,
        theme=info.theme,
        workspace=info.workspace or old.workspace,
        model=info.model or old.model,
        reported_status=info.status or old.reported_status,
        reported_task=info.task if info.status else old.reported_task,
        reported_at=max(info.last_activity, old.reported_at),
    )
