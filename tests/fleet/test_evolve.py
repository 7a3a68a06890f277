from __future__ import annotations

from dataclasses import replace

import pytest

from cc_desktop.fleet.evolve import evolve
from cc_desktop.fleet.model import Agent, Fleet, Gateway, Run, Session

WHOLE = [
    Agent("g", "a", name="Otto", by_activity=((1, "k"),)),
    Gateway("g", "Gateway", as_of=5),
    Run("r", "k", activity="exec"),
    Session("k", "a", updated_at=3, label="Work"),
    Fleet(stuck_after_ms=9),
]


@pytest.mark.parametrize("old", WHOLE, ids=lambda old: type(old).__name__)
def test_a_copy_without_changes_is_equal_and_another(old: Agent) -> None:
    assert evolve(old) == old
    assert evolve(old) is not old


def test_a_copy_has_the_changes_and_leaves_the_first_as_it_was() -> None:
    old = Agent("g", "a", name="Otto")
    assert evolve(old, name="Rex", theme="calm") == replace(old, name="Rex", theme="calm")
    assert old == Agent("g", "a", name="Otto")


def test_a_field_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        evolve(Session("k", "a"), no_such_field=1)  # type: ignore[call-arg]
