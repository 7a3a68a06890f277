"""Whether what a long-lived client holds is what a fresh one sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cc_desktop.fleet.inbox.follow import all_items
from tests.chaos.scenario import check
from tests.fakes.rig import running_link

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Gateway
    from tests.fakes.gateway import FakeGateway
    from tests.fakes.rig import Rig

# Told in events only, so a fresh list lacks them.
_EVENT_ONLY = {"derived_title": "", "preview": "", "digest_health": "", "digest_headline": ""}


def _fields(record: Any) -> dict[str, Any]:
    if isinstance(record, msgspec.Struct):
        return msgspec.structs.asdict(record)
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def shown(gateway: Gateway) -> dict[str, Any]:
    """Every field of every session, and the status of every agent."""
    found: dict[str, Any] = {}
    for agent in gateway.agents.values():
        rows = {key: {**_fields(row), **_EVENT_ONLY} for key, row in agent.sessions.items()}
        # What a run does just now is told in events only as well.
        status = "working" if agent.status.working else str(agent.status)
        found[agent.id] = (agent.name, status, rows)
    return found


def items(gateway: Gateway) -> set[tuple[str, str, str, str]]:
    """What asks for attention. Words that events alone tell are left out."""
    return {(one.id, one.kind.value, one.agent, one.session_key) for one in all_items(gateway)}


def difference(ours: dict[str, Any], fresh: dict[str, Any]) -> str:
    """The first thing that differs, or ""."""
    for ident in sorted(ours.keys() | fresh.keys()):
        one, other = ours.get(ident), fresh.get(ident)
        if one is None or other is None:
            return f"agent {ident}: {'missing' if one is None else 'should be gone'}"
        if one[:2] != other[:2]:
            return f"agent {ident}: {one[:2]} instead of {other[:2]}"
        for key in sorted(one[2].keys() | other[2].keys()):
            if one[2].get(key) != other[2].get(key):
                return f"session {key}: {one[2].get(key)} instead of {other[2].get(key)}"
    return ""


async def equals_fresh(rig: Rig, gateway: FakeGateway) -> None:
    """Connect a new client, and compare."""
    async with running_link(gateway.url, clock=rig.clock) as fresh:
        await fresh.live()
        differs = difference(shown(rig.gateway), shown(fresh.gateway))
        ours, theirs = items(rig.gateway), items(fresh.gateway)
    check(not differs, differs)
    check(ours == theirs, f"items: {sorted(ours ^ theirs)[:3]}")
