"""What can be done about an item, and what the gateway does not let this app see. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cc_desktop.fleet.facts import ReadAccess
from cc_desktop.fleet.inbox import InboxKind, Severity
from cc_desktop.fleet.inbox.gateway_items import is_undelivered_task
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.model import ConnectionState
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import mark, tr, trn
from cc_desktop.text.inbox.lines import headline

if TYPE_CHECKING:
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Fleet

_K = InboxKind
_ADVICE = {
    _K.FAILED: mark("Open the agent to see what it did. Send it a message to go on."),
    _K.STUCK: mark("It may still go on by itself. Stop it, or send it a message."),
    _K.RUNAWAY: mark("Stop it if it does no good: it costs money while it runs."),
    _K.CONTEXT_FULL: mark("Start a new session, or have this one compacted on the gateway."),
    _K.QUESTION: mark("Open the agent to read what it asks, and send it your answer."),
    _K.PAIRING_SELF: mark("Run this on the gateway's computer:"),
    _K.SIGN_IN_EXPIRED: mark("Sign in again on the gateway's computer or in its Control UI."),
    _K.SIGN_IN_EXPIRING: mark("Sign in again before it expires, on the gateway's computer."),
    _K.GATEWAY_LOST: mark("Start the gateway, or check its address in Settings."),
    _K.GATEWAY_BLOCKED: mark("Look at the connection: it says what the gateway wants."),
    _K.GATEWAY_FLAPPING: mark("Look at the gateway's log and at the network between."),
    _K.CRON_FAILED: mark("Look at the job in the Control UI. It runs again by its schedule."),
    _K.CRON_OVERDUE: mark("See whether the gateway's scheduler runs, in the Control UI."),
    _K.TASK_FAILED: mark(
        "Open the agent to see what it did. Send it a message to have it done again."
    ),
    _K.UNDELIVERED: mark("Read the result in the session, and see whether its channel works."),
    _K.CHANNEL: mark("Connect the channel again in the Control UI."),
    _K.CONFIG_IGNORED: mark("Correct the gateway's configuration, or restart the gateway."),
    _K.RESTART_NEEDED: mark("Restart the gateway when its agents are idle."),
    _K.RUNTIME: mark("Look at the gateway's log."),
    _K.PLUGIN: mark("Look at the plugin in the Control UI, or switch it off."),
    _K.QUOTA: mark("Runs that use it fail once it is used up. Choose another model meanwhile."),
    _K.PAIRING: mark("Approve or refuse it in the Control UI or on the gateway's computer."),
    _K.SILENT: mark("See whether its heartbeat is set up as it should be."),
    _K.UPDATE: mark("Update the gateway when its agents are idle."),
    _K.DRIFT: mark("Update the older ones, so that all can do the same."),
}
_SUBJECTS = {
    "approvals": mark("approvals"),
    "questions": mark("questions"),
    "cron": mark("scheduled jobs"),
    "tasks": mark("background tasks"),
    "sign-ins": mark("model sign-ins"),
    "quotas": mark("model quotas"),
    "config": mark("the state of the configuration"),
    "joins": mark("pairing requests"),
}


def advice(item: InboxItem) -> str:
    """What can be done about it."""
    if is_undelivered_task(item):
        return tr("The work is done. Retry delivers its result again, Dismiss lets it go.")
    return tr(_ADVICE.get(item.kind, ""))


class Unseen(Struct, frozen=True):
    """What a gateway does not let this connection see."""

    gateway: str  # id
    name: str
    text: str


def not_visible(fleet: Fleet, gateway: str = "") -> tuple[Unseen, ...]:
    """What gateways do not let this connection see, a line each. `gateway`: only this one."""
    lines = []
    for ident, known in fleet.gateways.items():
        refused = [
            tr(_SUBJECTS[one.id]) if one.id in _SUBJECTS else plain(one.id, 40)
            for one in known.facts.subjects.values()
            if one.access is ReadAccess.REFUSED
        ]
        if refused and gateway in ("", ident):
            name = plain(known.name, 60)
            text = tr(
                "Not visible to this connection on {gateway}: {subjects}.",
                gateway=name,
                subjects=", ".join(refused),
            )
            lines.append(Unseen(ident, name, text))
    return tuple(lines)


class Strip(Struct, frozen=True):
    """One line about the gateways themselves."""

    gateway: str  # id of the one it is about
    name: str
    text: str
    more: str  # the words of the link into the inbox
    severity: Severity


_TOLD_BY_PILLS = (_K.GATEWAY_LOST, _K.GATEWAY_BLOCKED, _K.GATEWAY_FLAPPING)


def _is_told_by_pill(fleet: Fleet, item: InboxItem) -> bool:
    """Whether the pill of its gateway says the same, and the banner what to do."""
    if item.kind is _K.PAIRING_SELF:  # of a device that may watch and asks for more: the strip
        return fleet.gateways[item.gateway].connection.state is not ConnectionState.LIVE
    return item.kind in _TOLD_BY_PILLS


def strip(fleet: Fleet, now: int) -> Strip | None:
    """What is up with the gateways themselves, the worst first; None: all is well.

    Their connections are left out: the pills above say how those are.
    """
    items = [
        item
        for item in open_items(fleet)
        if item.severity is not Severity.NEWS
        and not item.seen
        and not _is_told_by_pill(fleet, item)
        and (not item.agent or item.severity is Severity.WARNING)
    ]
    if not items:
        return None
    first = items[0]
    gateway = fleet.gateways[first.gateway]
    said = [headline(item, now) for item in items if item.gateway == first.gateway][:3]
    return Strip(
        first.gateway,
        plain(gateway.name, 40),
        " · ".join(said),
        trn("{n} in Inbox", "{n} in Inbox", len(items)),
        first.severity,
    )


def counts_words(needs_you: int, warnings: int) -> str:
    """How many need somebody, for the bell: "5 need you, 2 warnings"."""
    parts = (
        trn("{n} needs you", "{n} need you", needs_you) if needs_you else "",
        trn("{n} warning", "{n} warnings", warnings) if warnings else "",
    )
    return ", ".join(part for part in parts if part) or tr("nothing needs you")
