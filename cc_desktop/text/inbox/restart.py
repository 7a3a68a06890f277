"""Whether a gateway can be restarted now, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr, trn

if TYPE_CHECKING:
    from cc_desktop.fleet.facts import RestartCheck

BLOCKERS, BLOCKER = 6, 200  # how many are named, and characters of each


def restart_answer(check: RestartCheck | None) -> str:
    """The answer in one line: "Not now: 2 runs, 1 job"; None: there is none."""
    if check is None:
        return tr("This gateway does not say.")
    if check.is_safe:
        return tr("Yes: nothing runs.")
    busy = busy_words(check)
    if busy:
        return tr("Not now: {busy}", busy=busy)
    return tr("Not now.") if check.blockers else tr("Not now. The gateway does not say why.")


def busy_words(check: RestartCheck) -> str:
    """What is at work: "2 runs, 1 job"."""
    count = check.busy.get
    parts = (
        trn("{n} run", "{n} runs", n) if (n := count("runs", 0)) else "",
        trn("{n} job", "{n} jobs", n) if (n := count("jobs", 0)) else "",
        trn("{n} task", "{n} tasks", n) if (n := count("tasks", 0)) else "",
        trn("{n} command", "{n} commands", n) if (n := count("commands", 0)) else "",
        trn("{n} reply", "{n} replies", n) if (n := count("replies", 0)) else "",
        trn("{n} in the queue", "{n} in the queue", n) if (n := count("queued", 0)) else "",
    )
    return ", ".join(part for part in parts if part)


def blocker_lines(check: RestartCheck | None) -> str:
    """What stands against it in the gateway's words, a line each."""
    if check is None or check.is_safe:
        return ""
    lines = [plain(one, BLOCKER) for one in check.blockers]
    if len(lines) > BLOCKERS:
        more = len(lines) - BLOCKERS + 1
        lines = [*lines[: BLOCKERS - 1], trn("and {n} more", "and {n} more", more)]
    return "\n".join(lines)
