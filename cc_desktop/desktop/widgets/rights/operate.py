"""What can be sent and stopped on a gateway now. Qt-free; all views that do either ask here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cc_desktop.fleet.commands import Right, StopRun
from cc_desktop.fleet.model import ConnectionState, Origin
from cc_desktop.text.agent_facts import newest
from cc_desktop.text.connect.rights import RightStage, right_state

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Agent, Gateway

_STEERING = (2026, 7, 2)  # the first release whose `chat.send` takes a `queueMode`
_RELEASE = re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,3})", re.ASCII)


def target_session(agent: Agent, looked_at: str) -> str:
    """The session that a message goes to: the one that is looked at, else the newest."""
    if looked_at in agent.sessions:
        return looked_at
    session = agent.cause or newest(agent)
    return session.key if session is not None else f"agent:{agent.id}:main"


def running_session(agent: Agent, target: str) -> str:
    """The session whose run "Stop" ends; "" if nothing runs."""
    if target in agent.heard:
        return target
    if agent.status_session_key in agent.heard:
        return agent.status_session_key
    return next(reversed(agent.heard), "")


def is_stopping(gateway: Gateway, session: str) -> bool:
    """Whether a stop is on its way, so that nobody asks twice."""
    return any(
        isinstance(state.command, StopRun)
        and state.command.session_key == session
        and not state.is_over
        for state in gateway.commands.values()
    )


def is_connected(gateway: Gateway) -> bool:
    """Whether commands can be sent; the demo answers as well."""
    return gateway.origin is Origin.DEMO or gateway.connection.state is ConnectionState.LIVE


def can_steer(gateway: Gateway) -> bool:
    """Whether a message can go into the run in progress."""
    if gateway.origin is Origin.DEMO:
        return True
    found = _RELEASE.match(gateway.connection.server_version)
    return found is not None and tuple(int(part) for part in found.groups()) >= _STEERING


def may_operate(gateway: Gateway | None) -> bool:
    """Whether a message or a stop can go there now."""
    return (
        gateway is not None
        and is_connected(gateway)
        and right_state(gateway, Right.OPERATE).stage is RightStage.GRANTED
    )
