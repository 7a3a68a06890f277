"""In which order the sessions of an agent stand: newest first, subagents under who started them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cc_desktop.fleet.model import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

DEEPEST = 8  # levels; gateways allow fewer


class Placed(Struct, frozen=True):
    """A session and its place."""

    session: Session
    order: tuple[Any, ...]
    depth: int = 0
    children: int = 0  # that are shown when it is open
    is_open: bool = True


def place(shown: Mapping[str, Session], closed: frozenset[str]) -> list[Placed]:
    """All sessions, each after the one that started it.

    Args:
        shown: By key. One whose parent is not among them stands for itself.
        closed: Keys of those whose subagents are not shown.
    """
    children: dict[str, list[Session]] = {}
    roots: list[Session] = []
    for session in shown.values():
        if session.parent_key in shown and not _is_circle(session, shown):
            children.setdefault(session.parent_key, []).append(session)
        else:
            roots.append(session)
    found: list[Placed] = []
    waiting: list[tuple[Session, tuple[Any, ...], int]] = [(root, (), 0) for root in roots]
    while waiting:
        session, above, depth = waiting.pop()
        below = children.get(session.key, [])
        order = (*above, -_newest(session, children), session.key)
        is_open = session.key not in closed
        found.append(Placed(session, order, depth, len(below), is_open))
        if is_open:
            waiting += [(child, order, depth + 1) for child in below]
    return found


def _is_circle(session: Session, shown: Mapping[str, Session]) -> bool:
    """Whether following the parents leads back, or further down than any gateway goes."""
    at = session
    for _ in range(DEEPEST):
        parent = shown.get(at.parent_key)
        if parent is None:
            return False
        if parent is session:
            return True
        at = parent
    return True


def _newest(session: Session, children: Mapping[str, list[Session]]) -> int:
    """The newest activity of a session and all that it started."""
    if session.key not in children:
        return session.activity_at
    found, waiting = 0, [session]
    while waiting:
        one = waiting.pop()
        found = max(found, one.activity_at)
        waiting += children.get(one.key, ())
    return found
