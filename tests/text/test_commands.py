"""What became of a command, in words."""

from __future__ import annotations

import pytest

from cc_desktop.fleet.commands import CommandPhase, CommandState, Refresh
from cc_desktop.text.commands import progress, refusal

P = CommandPhase


@pytest.mark.parametrize(
    ("phase", "reason", "said", "words"),
    [
        (P.PENDING, "", "", "Sent"),
        (P.DONE, "", "", "Done"),
        (P.UNKNOWN, "late", "", "No answer yet. It is not known whether it arrived."),
        (P.UNKNOWN, "lost", "", "The connection was lost. It is not known whether it arrived."),
        (P.REFUSED, "refused", "not on Sundays", "The gateway refuses: not on Sundays."),
        (P.REFUSED, "decided", "deny", "Somebody else was first: deny."),
        (P.REFUSED, "gone", "unknown id", "It is no longer open."),
        (P.REFUSED, "a kind of tomorrow", "", "The gateway refuses."),
    ],
)
def test_how_far_it_is(phase: CommandPhase, reason: str, said: str, words: str) -> None:
    state = CommandState(Refresh(gateway="g"), phase, reason=reason, said=said)
    assert progress(state) == words


def test_what_a_gateway_says_cannot_draw_on_the_screen() -> None:
    assert "\x1b" not in refusal("refused", "a\x1b[2J\u202eb")
