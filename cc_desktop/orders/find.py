"""Which item or agent a word on the command line means. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.model import Agent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Fleet

T = TypeVar("T")


class NotOneError(Exception):
    """A word means nothing that is there, or several things."""

    def __init__(self, word: str, candidates: tuple[str, ...] = ()) -> None:
        """Args: `candidates` are what it may mean; none: it means nothing."""
        super().__init__(word)
        self.word = word
        self.candidates = candidates


class Found(Struct, frozen=True):
    """An agent, and the gateway that it is on."""

    gateway: str
    agent: Agent


def item_of(fleet: Fleet, word: str, least: int = 0) -> InboxItem:
    """The item with this id, or whose id begins with it; what follows the kind will do as well.

    Args:
        fleet: The model.
        word: What was typed.
        least: How many characters after the kind it has to name, so that nobody decides what has
            come since they looked.

    Raises:
        NotOneError: there is none, or more than one.
    """
    items = open_items(fleet, parts=True)
    if exact := [item for item in items if item.id == word]:
        return exact[0]
    if not word:
        raise NotOneError(word)

    def fits(item: InboxItem) -> bool:
        return item.id.startswith(word) or item.id.rpartition("-")[2].startswith(word)

    found = _one(word, filter(fits, items), lambda item: item.id)
    begins = len(found.id) - len(found.id.rpartition("-")[2]) if found.id.startswith(word) else 0
    if len(word) - begins < least:
        raise NotOneError(word, (found.id,))
    return found


def agent_of(fleet: Fleet, word: str) -> Found:
    """The agent with this id or name, on whatever gateway; or "gateway/id".

    Raises:
        NotOneError: there is none, or more than one.
    """
    agents = [
        Found(gateway.id, agent) for gateway in fleet.shown() for agent in gateway.agents.values()
    ]
    ways: tuple[Callable[[Found], bool], ...] = (
        lambda one: f"{one.gateway}/{one.agent.id}" == word,
        lambda one: one.agent.id == word,
        lambda one: one.agent.name.casefold() == word.casefold(),
    )
    for fits in ways:
        if found := list(filter(fits, agents)):
            return _one(word, found, lambda one: f"{one.gateway}/{one.agent.id}")
    raise NotOneError(word)


def _one(word: str, found: Iterable[T], name: Callable[[T], str]) -> T:
    all_found = list(found)
    if len(all_found) != 1:
        raise NotOneError(word, tuple(map(name, all_found)))
    return all_found[0]
