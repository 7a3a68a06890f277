"""Rows of sessions, as events report them."""

from __future__ import annotations

from bisect import bisect_left, insort
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.fleet.guard.habit import is_news, learned, run_tokens
from cc_desktop.fleet.model import (
    DELETED_PER_AGENT,
    SESSIONS_PER_AGENT,
    SESSIONS_PER_GATEWAY,
    Agent,
    Fleet,
    Gateway,
    Now,
    Run,
    Session,
)
from cc_desktop.fleet.reducer.approvals import approval_fields, without_those_of
from cc_desktop.fleet.reducer.runs import (
    is_past,
    run_fields,
    seen_just_now,
    trimmed,
    with_failure,
    with_run,
    with_stops_seen,
)
from cc_desktop.fleet.reducer.state import Result, put_agent
from cc_desktop.fleet.status import find_newest_finished

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cc_desktop.fleet import events as ev

    Moment = tuple[int, str]

_SLACK = 100  # sessions over a ceiling, before those that were idle longest are dropped
CARRIED = ("derived_title", "preview")  # 2026.9.6: only some rows have them
OF_THE_RUN = ("digest_headline", "digest_revision")  # likewise, while a run goes on
_ALL_CARRIED = (*CARRIED, *OF_THE_RUN)


def changed(fleet: Fleet, gateway: Gateway, event: ev.SessionChanged, now: Now) -> Result:
    """A row never replaces a newer one."""
    agent = gateway.agents.get(event.agent_id)
    if agent is None:
        return fleet, []
    old = agent.sessions.get(event.key)
    if event.fields.get("updated_at", 0) <= agent.deleted_at.get(event.key, -1):
        return fleet, []  # it was deleted after this
    session = _merged(old, event)
    if session is None or session == old:
        if event.key not in agent.heard or seen_just_now(agent, event.key, now):
            return fleet, []
        # Old news, but news: the run is alive.
        run = agent.runs.get(event.key)
        after = with_run(agent, event.key, run, active=True, seen=now)
    elif session.archived:  # a list leaves it out, so the model does
        after = _deleted(_without(agent, event.key), event.key, session.updated_at)
    elif old is None and _is_dropped(agent, session):
        return fleet, []
    else:
        rows, offset = {event.key: session}, gateway.clock_offset_ms
        gateway = with_stops_seen(gateway, agent, rows, offset)
        after = _with(agent, session, offset, now)
        after = _without_oldest(gateway, agent, trimmed(after))
    return put_agent(fleet, gateway, agent, after, now)


def preview_told(fleet: Fleet, gateway: Gateway, event: ev.PreviewTold, now: Now) -> Result:
    """Nothing but the words of the row changes, and only while it is the one that was asked for."""
    agent = gateway.agents.get(event.row.agent_id)
    old = agent.sessions.get(event.row.key) if agent else None
    if agent is None or old is None or old.active or old.updated_at != event.row.updated_at:
        return fleet, []
    if old.preview == event.preview:
        return fleet, []
    sessions = {**agent.sessions, event.row.key: replace(old, preview=event.preview)}
    return put_agent(fleet, gateway, agent, replace(agent, sessions=sessions), now)


def removed(fleet: Fleet, gateway: Gateway, event: ev.SessionRemoved, now: Now) -> Result:
    """A session was deleted, unless the event is about an earlier generation of it."""
    agent = gateway.agents.get(event.agent_id)
    old = agent.sessions.get(event.key) if agent else None
    if agent is None or old is None:
        return fleet, []
    if event.session_id and old.session_id and event.session_id != old.session_id:
        return fleet, []
    after = _deleted(_without(agent, event.key), event.key, old.updated_at)
    if event.key in gateway.seen:
        marks = {key: at for key, at in gateway.seen.items() if key != event.key}
        gateway = replace(gateway, seen=marks)
    return put_agent(fleet, gateway, agent, after, now)


def headline(fleet: Fleet, gateway: Gateway, event: ev.HeadlineTold, now: Now) -> Result:
    """What a session is at. Of one that no row has told of yet, nothing is shown."""
    agent = gateway.agents.get(event.agent_id)
    old = agent.sessions.get(event.session_key) if agent else None
    if agent is None or old is None or 0 < event.revision < old.digest_revision:
        return fleet, []
    session = replace(
        old,
        digest_headline=event.headline,
        digest_health=event.health,
        digest_revision=event.revision,
    )
    if session == old:
        return fleet, []
    after = replace(
        agent,
        sessions={**agent.sessions, event.session_key: session},
        awaiting_reply=_with_question(agent.awaiting_reply, session),
    )
    return put_agent(fleet, gateway, agent, after, now)


def _merged(old: Session | None, event: ev.SessionChanged) -> Session | None:
    """The session after the event, or None if the event is older than what is known."""
    fields = dict(event.fields)
    if old is None:
        return Session(event.key, event.agent_id, **fields)
    if fields.get("updated_at", old.updated_at) < old.updated_at:
        return None
    if fields.get("active") and not old.active:
        fields.setdefault("preview", "")  # it was about the run before
    if not event.complete:
        return replace(old, **fields)
    fields.setdefault("updated_at", old.updated_at)
    names = _ALL_CARRIED if old.active and fields.get("active") else CARRIED
    for name in names:
        fields.setdefault(name, getattr(old, name))
    return Session(event.key, event.agent_id, **fields)


def _with(agent: Agent, session: Session, clock_offset_ms: int, now: Now) -> Agent:
    key = session.key
    old = agent.sessions.get(key)
    order = agent.by_activity
    if old is None or old.activity_at != session.activity_at:
        order = _moved(order, (old.activity_at, key) if old else None, (session.activity_at, key))
    sessions = {**agent.sessions, key: session}
    run, withdrawn = agent.runs.get(key), {}
    if is_past(run, old, session):
        run = None
    if run is not None and not run.over and _ends(session, old, run, clock_offset_ms):
        run = replace(run, over=True)
        withdrawn = without_those_of(agent, run)
    return replace(
        agent,
        **run_fields(agent, key, run, active=session.active, seen=now),
        sessions=sessions,
        by_activity=order,
        newest_finished_key=_newest_finished(agent, sessions, order, session, old),
        awaiting_reply=_with_question(agent.awaiting_reply, session),
        unconfirmed_failures=with_failure(agent.unconfirmed_failures, key, session, run),
        **(learned(agent, (run_tokens(session),)) if is_news(old, session) else {}),
        **withdrawn,
    )


def _ends(session: Session, old: Session | None, run: Run, clock_offset_ms: int) -> bool:
    """Whether the row reports the end of this very run, not of one before it."""
    ended_at = session.finished_at
    if not ended_at or (old is not None and old.finished_at == ended_at):
        return False
    return ended_at + clock_offset_ms >= run.started_at


def _newest_finished(
    agent: Agent,
    sessions: dict[str, Session],
    order: Sequence[Moment],
    session: Session,
    old: Session | None,
) -> str:
    best = agent.newest_finished_key
    ended_at = session.finished_at
    if best == session.key:
        if old is not None and ended_at >= old.finished_at:
            return best
        return find_newest_finished(sessions, order)
    if ended_at and (not best or (ended_at, session.key) > (sessions[best].finished_at, best)):
        return session.key
    return best


def _with_question(awaiting: frozenset[str], session: Session) -> frozenset[str]:
    asks = session.digest_health == "waiting-on-user"
    if asks is (session.key in awaiting):
        return awaiting
    return awaiting | {session.key} if asks else awaiting - {session.key}


def _moved(order: Sequence[Moment], old: Moment | None, new: Moment | None) -> Sequence[Moment]:
    """The sorted sequence without `old`, which is in it, and with `new`.

    A list, because making a tuple of it would be a second copy. Nobody changes it in place.
    """
    entries = list(order)
    if old is not None:
        del entries[bisect_left(entries, old)]
    if new is not None:
        if not entries or new > entries[-1]:
            entries.append(new)
        else:
            insort(entries, new)
    return entries


def _without(agent: Agent, key: str) -> Agent:
    old = agent.sessions.get(key)
    if old is None:
        return agent
    sessions = dict(agent.sessions)
    del sessions[key]
    order = _moved(agent.by_activity, (old.activity_at, key), None)
    best = agent.newest_finished_key
    return replace(
        _forgotten(agent, key),
        sessions=sessions,
        by_activity=order,
        newest_finished_key=find_newest_finished(sessions, order) if best == key else best,
    )


def _forgotten(agent: Agent, key: str) -> Agent:
    """The agent without what is known of a session beside its row."""
    if key in agent.runs or key in agent.heard:
        agent = with_run(agent, key, None, active=False, seen=None)
    left = {ident: one for ident, one in agent.approvals.items() if one.session_key != key}
    known = key in agent.awaiting_reply or key in agent.unconfirmed_failures
    if len(left) == len(agent.approvals) and not known:
        return agent
    return replace(
        agent,
        awaiting_reply=agent.awaiting_reply - {key},
        unconfirmed_failures=agent.unconfirmed_failures - {key},
        **approval_fields(agent, left),
    )


def _deleted(agent: Agent, key: str, updated_at: int) -> Agent:
    """The agent that remembers the deletion, so that an older row does not undo it."""
    deleted_at = {**agent.deleted_at, key: updated_at}
    if len(deleted_at) > DELETED_PER_AGENT:
        del deleted_at[next(iter(deleted_at))]
    return replace(agent, deleted_at=deleted_at)


# Ceilings


def _is_dropped(agent: Agent, session: Session) -> bool:
    """Whether a session that is not known is one of those that the ceiling left out."""
    return (
        agent.dropped_sessions > 0
        and not session.active
        and (session.activity_at, session.key) < agent.by_activity[0]
    )


def _without_oldest(gateway: Gateway, before: Agent, after: Agent) -> Agent:
    """The agent within the ceilings. Drops some at once, so that not every event has to."""
    most = SESSIONS_PER_AGENT + _SLACK
    if gateway.session_count >= SESSIONS_PER_GATEWAY:
        most = min(most, max(1, len(before.sessions)))
    if len(after.sessions) <= most:
        return after
    excess = len(after.sessions) - max(1, most - _SLACK)
    dropped = list(islice((key for _, key in after.by_activity if key not in after.heard), excess))
    agent = after
    sessions, gone = dict(after.sessions), set(dropped)
    for key in dropped:
        del sessions[key]
        agent = _forgotten(agent, key)
    order = [moment for moment in after.by_activity if moment[1] not in gone]
    return replace(
        agent,
        sessions=sessions,
        by_activity=order,
        newest_finished_key=find_newest_finished(sessions, order),
        dropped_sessions=after.dropped_sessions + len(dropped),
    )
