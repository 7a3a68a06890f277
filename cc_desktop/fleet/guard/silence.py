"""Agents that miss their heartbeat: a gateway wakes them so often, and nothing comes. Pure.

Events do not tell every heartbeat: on 2026.5.7 most change nothing but the time of a row, and one
that is skipped (its file is empty, another run is in progress) not even that. A `heartbeat` event
tells both, but not whose it was. So an agent is silent only if neither its sessions nor any
heartbeat of its gateway show life, and a fresh list does not deny it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Agent, Gateway, Now

_LIVE, _GONE = "live", ("last-known", "none")  # of `Origin`, which imports this
MISSED = 1.5  # intervals without a sign of life, after which an agent is silent
LIST_PAUSE_MS = 1_800_000  # lists are asked for this reason no more often
LOOK_AGAIN_MS = 300_000  # for a list that was asked for


class Heartbeats(Struct, frozen=True, gc=False):
    """What is known of the heartbeats of a gateway. Local ms; 0: nothing yet."""

    watched_since: int = 0  # nobody knows what it did before
    listed_at: int = 0  # when the latest list arrived
    heard_at: int = 0  # its latest word of any agent's heartbeat

    def listed(self, at: int, is_back: bool) -> Heartbeats:
        """The same after a list arrived, local ms; the first one begins the watch."""
        return Heartbeats(at if is_back else self.watched_since, at, self.heard_at)


def silent_since(agent: Agent, gateway: Gateway, now: Now) -> int:
    """Since when an agent misses its heartbeat, local ms; 0: it does not, or nobody can tell."""
    if not agent.heartbeat_ms:
        return 0
    origin = gateway.origin_of(agent.id)
    if origin in _GONE:
        return agent.silent_since
    if origin != _LIVE:
        return 0  # over HTTP nobody tells of heartbeats
    due = _overdue_at(agent, gateway, now.wall)
    if not 0 < due <= now.wall:
        return 0
    if agent.silent_since or _is_listed_since(agent, gateway, due):
        return agent.silent_since or due
    return 0


def wants_list(gateway: Gateway, now: int) -> bool:
    """Whether only a list can tell if an agent is silent, and none was made for long. O(agents)."""
    if gateway.origin != _LIVE or gateway.heartbeats.listed_at + LIST_PAUSE_MS > now:
        return False
    agents = (one for one in gateway.agents.values() if one.heartbeat_ms and not one.silent_since)
    return any(0 < _overdue_at(agent, gateway, now) <= now for agent in agents)


def next_look(gateway: Gateway, now: Now) -> int:
    """Local ms at which time alone next tells something of silence; 0: never. O(agents)."""
    if gateway.origin != _LIVE:
        return 0
    times: list[int] = []
    for agent in gateway.agents.values():
        if not agent.heartbeat_ms or agent.silent_since:
            continue
        due = _overdue_at(agent, gateway, now.wall)
        if not due:
            times.append(now.wall + agent.heartbeat_ms)  # it works now
        elif due > now.wall:
            times.append(due)
        else:
            pause_ends = gateway.heartbeats.listed_at + LIST_PAUSE_MS
            times.append(max(now.wall + LOOK_AGAIN_MS, pause_ends))
    return min(times, default=0)


def _overdue_at(agent: Agent, gateway: Gateway, now: int) -> int:
    """Local ms at which it will have missed its heartbeat; 0: it works, or never did anything.

    O(1), and O(sessions) where it seems to be overdue: a heartbeat may change nothing but the time
    of a row that ended long before.
    """
    last = agent.last_activity
    if not last or agent.heard:
        return 0
    beats, offset_ms = gateway.heartbeats, gateway.offset_of(agent.id)
    grace_ms = round(MISSED * agent.heartbeat_ms)
    told = max(beats.heard_at, 0 if agent.silent_since else beats.watched_since)
    due = max(last + offset_ms, told) + grace_ms
    if due > now:
        return due
    last = max(session.updated_at for session in agent.sessions.values()) if agent.sessions else 0
    return max(due, last + offset_ms + grace_ms)


def _is_listed_since(agent: Agent, gateway: Gateway, due: int) -> bool:
    """Whether a list that was made after that moment shows no sign of life either."""
    if gateway.origin != _LIVE:
        return False  # it is just back: from now on it is watched
    listing = gateway.listing
    is_arriving = listing is not None and agent.id in listing.applied
    return is_arriving or gateway.heartbeats.listed_at >= due
