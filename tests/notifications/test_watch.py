"""The operator is told of the end of the run that he asked about, and what came of it."""

from __future__ import annotations

import pytest

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import Task
from cc_desktop.fleet.model import Change, Session
from cc_desktop.notifications.kinds import AlertKind, Sound
from cc_desktop.notifications.policy import NotificationPolicy
from cc_desktop.notifications.preferences import KindPreference, Preferences
from cc_desktop.text.notifications import end_words, run_over
from tests.notifications.scene import Scene

KEY = "agent:rex:main"


class Watched:
    """A fleet, and what is shown of it with the choices of the first start: finished is off."""

    def __init__(self, preferences: Preferences | None = None) -> None:
        self.scene = Scene()
        self.policy = NotificationPolicy(preferences or Preferences())

        def on_changes(changes: list[Change]) -> None:
            self.policy.process(self.scene.store.fleet, changes, self.scene.now)

        self.scene.store.subscribe(on_changes)
        self.scene.connect()
        self.scene.start("rex", started_at=self.scene.now, cost_usd=1.0)

    def watch(self, on: bool = True) -> None:
        self.scene.store.apply(ev.RunWatched("studio", "rex", KEY, on))

    @property
    def told(self) -> list[str]:
        return [f"{one.title}: {one.body}" for one in reversed(self.policy.history.notices)]


def test_an_end_that_nobody_asked_about_is_not_told() -> None:
    watched = Watched()
    watched.scene.end("rex")
    assert watched.told == []


def test_the_end_is_told_with_what_came_of_it() -> None:
    watched = Watched()
    watched.watch()
    task = Task("t", "rex", KEY, started_at=watched.scene.now, files=3, added=120, removed=8)
    watched.scene.store.apply(ev.FactTold("studio", task))
    watched.scene.end("rex", runtime_ms=72_000, cost_usd=1.42, preview="The redirect works again.")
    [line] = watched.told
    assert line == (
        "Rex has finished: Main · took 1 min 12 s · $0.42 · 3 files changed (+120 -8) · "
        "The redirect works again."
    )


def test_it_is_told_once_and_the_next_run_is_another_one() -> None:
    watched = Watched()
    watched.watch()
    watched.scene.end("rex")
    watched.scene.work("rex")
    assert len(watched.told) == 1


def test_an_end_is_not_told_any_more_when_the_operator_does_not_want_it() -> None:
    watched = Watched()
    watched.watch()
    watched.watch(on=False)
    watched.scene.end("rex")
    assert watched.told == []


def test_a_run_that_is_stopped_is_told() -> None:
    watched = Watched()
    watched.watch()
    watched.scene.end("rex", status="killed", aborted=True)
    assert [line.split(":")[0] for line in watched.told] == ["Rex was stopped"]


@pytest.mark.parametrize("on", [True, False])
def test_a_failure_is_told_once(on: bool) -> None:
    chosen = Preferences().with_kind(
        AlertKind.FAILED, KindPreference(on=on, sound=Sound.NONE, even_quiet=False)
    )
    watched = Watched(chosen)
    watched.watch()
    watched.scene.end("rex", status="failed", error="no money")
    assert len(watched.told) == 1
    assert watched.told[0].startswith("Rex failed")
    assert "no money" in watched.told[0]


def test_who_is_muted_is_told_of_when_asked_about() -> None:
    watched = Watched(Preferences().with_muted("studio", "rex", True))
    watched.watch()
    watched.scene.end("rex")
    [notice] = watched.policy.history.notices
    assert not notice.read


def test_a_watch_survives_a_lost_connection() -> None:
    watched = Watched()
    watched.watch()
    watched.scene.lose()
    watched.scene.end("rex")
    assert watched.told == []
    watched.scene.connect()
    assert len([line for line in watched.told if line.startswith("Rex has finished")]) == 1


def test_a_run_that_is_over_or_unknown_is_not_waited_for() -> None:
    watched = Watched()
    watched.scene.end("rex")
    watched.watch()
    watched.scene.store.apply(ev.RunWatched("studio", "nobody", KEY))
    assert not watched.scene.store.fleet.gateways["studio"].agents["rex"].watched


def test_what_is_not_known_is_left_out() -> None:
    row = Session("agent:a:main", "a", label="Mail")
    assert end_words(row, 0.0, None) == "Mail"
    assert run_over("Rex", row) == "Rex is done"
