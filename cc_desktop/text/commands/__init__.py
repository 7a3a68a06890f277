"""What became of the operator's commands, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.commands import CommandPhase
from cc_desktop.text.format import plain, with_stop
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from cc_desktop.fleet.commands import CommandState

# Why a command was not carried out, by the kind of the refusal.
REASONS = {
    "absent": mark("This gateway's release cannot do that"),
    "decided": mark("Somebody else was first"),
    "demo": mark("These are sample data: there is no gateway to reach"),
    "gone": mark("It is no longer open"),
    "internal": mark("An internal error stopped it. The log has more"),
    "no-history": mark(
        "Nobody can say whether it arrived: this connection may not read the history. Look at the"
        " session in the Control UI before you send it again"
    ),
    "no-word": mark(
        "Nobody can say whether it arrived: the gateway does not tell. Look in its Control UI"
        " before you do it again"
    ),
    "not-allowed": mark("The gateway does not allow this decision here"),
    "dropped": mark("The gateway took it, and lost it when it ended. Nothing was done"),
    "not-arrived": mark("The connection was lost before it arrived. Nothing was done"),
    "not-live": mark("The gateway is not connected"),
    "not-owner": mark("Only the client that started the run may stop it"),
    "not-running": mark("Nothing runs there any more"),
    "policy": mark("The session's policy does not allow messages"),
    "refused": mark("The gateway refuses"),
    "right": mark("This app has not the right to do that"),
    "settings": mark("The gateway's settings cannot be used"),
    "under-way": mark("It was answered already, and the gateway has not confirmed that yet"),
    "unknown-agent": mark("The agent is gone"),
    "unknown-gateway": mark("The gateway is gone"),
    "unknown-item": mark("It is no longer open"),
}
SENT = mark("Sent")
LATE = mark("No answer yet. It is not known whether it arrived")
LOST = mark("The connection was lost. It is not known whether it arrived")
DONE = mark("Done")
DONE_DEMO = mark("Done, on sample data only")


def progress(state: CommandState) -> str:
    """How far a command is, with the reason if it was refused, as a sentence."""
    if state.phase is CommandPhase.PENDING:
        return tr(SENT)
    if state.phase is CommandPhase.UNKNOWN:
        return with_stop(tr(LATE if state.reason == "late" else LOST))
    if state.phase is CommandPhase.DONE:
        return tr(DONE_DEMO if state.reason == "demo" else DONE)
    return refusal(state.reason, state.said)


def refusal(reason: str, said: str = "") -> str:
    """Why a command was not carried out.

    Args:
        reason: The kind of the refusal.
        said: The gateway's own words, or who was first.
    """
    words = tr(REASONS.get(reason, REASONS["refused"]))
    if reason in ("refused", "decided", "policy") and said:
        return with_stop(f"{words}: {plain(said)}")
    return with_stop(words)
