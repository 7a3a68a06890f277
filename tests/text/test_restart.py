"""What is said of a restart."""

from __future__ import annotations

import pytest

from cc_desktop.fleet.facts import RestartCheck
from cc_desktop.text.inbox.restart import blocker_lines, restart_answer


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (RestartCheck(is_safe=True), "Yes: nothing runs."),
        (RestartCheck(busy={"runs": 2, "jobs": 1}), "Not now: 2 runs, 1 job"),
        (
            RestartCheck(busy={"queued": 1, "replies": 2, "commands": 1, "tasks": 3}),
            "Not now: 3 tasks, 1 command, 2 replies, 1 in the queue",
        ),
        (RestartCheck(blockers=("it is being backed up",)), "Not now."),
        (RestartCheck(), "Not now. The gateway does not say why."),
        (None, "This gateway does not say."),
    ],
)
def test_the_answer_is_one_line(check: RestartCheck | None, said: str) -> None:
    assert restart_answer(check) == said


def test_what_stands_against_it_is_named_up_to_a_point() -> None:
    check = RestartCheck(blockers=tuple(f"run {n}\n{'x' * 900}" for n in range(20)))
    lines = blocker_lines(check).split("\n")
    assert len(lines) == 6
    assert lines[-1] == "and 15 more"
    assert max(map(len, lines)) <= 200
    assert blocker_lines(RestartCheck(is_safe=True, blockers=("odd",))) == ""
