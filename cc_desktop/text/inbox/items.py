"""What the items of the inbox are called, and why each is there. Pure; times are local ms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cc_desktop.fleet.inbox import InboxKind, Severity
from cc_desktop.fleet.inbox.item import STUCK_AT_FULL
from cc_desktop.fleet.model import Problem
from cc_desktop.text.agent_facts import gist
from cc_desktop.text.failures import describe
from cc_desktop.text.format import clock, plain
from cc_desktop.text.i18n import mark, tr
from cc_desktop.text.inbox.evidence import common_reason, runaway_evidence
from cc_desktop.text.inbox.joins import join_reason

if TYPE_CHECKING:
    from cc_desktop.fleet.inbox import InboxItem

_K = InboxKind


class KindText(Struct, frozen=True):
    """Words of a kind. `title` and `many` have the places {name} and {count}."""

    label: str  # what the kind is called, in filters and settings
    title: str  # of one item
    many: str  # of several of one kind
    reason: str = ""  # why it is there, when the gateway says nothing itself


KINDS: dict[InboxKind, KindText] = {
    _K.FAILED: KindText(
        mark("A run failed"),
        mark("{name} failed"),
        mark("{count} agents failed"),
        mark("The gateway gives no reason"),
    ),
    _K.APPROVAL: KindText(
        mark("An agent needs an approval"),
        mark("{name} needs your approval"),
        mark("{count} agents need your approval"),
    ),
    _K.QUESTION: KindText(
        mark("An agent asks a question"),
        mark("{name} asks"),
        mark("{count} agents ask"),
        mark("It waits for your answer"),
    ),
    _K.STUCK: KindText(
        mark("A run is stuck"),
        mark("{name} is stuck"),
        mark("{count} agents are stuck"),
        mark("No sign of life"),
    ),
    _K.CONTEXT_FULL: KindText(
        mark("A run stopped at full context"),
        mark("{name} has no context left"),
        mark("{count} agents have no context left"),
        mark("Nothing more fits in its session: start a new one, or compact it"),
    ),
    _K.PAIRING_SELF: KindText(
        mark("A gateway waits for this device to be approved"),
        mark("Approve this device on {name}"),
        mark("{count} gateways wait for this device to be approved"),
    ),
    _K.SIGN_IN_EXPIRED: KindText(
        mark("A model sign-in expired"),
        mark("Sign in to {name} again"),
        mark("{count} model sign-ins expired"),
        mark("Runs that use it fail until somebody signs in on the gateway"),
    ),
    _K.RUNAWAY: KindText(
        mark("A run goes in circles"),
        mark("{name} goes in circles"),
        mark("{count} agents go in circles"),
    ),
    _K.GATEWAY_LOST: KindText(
        mark("A gateway is lost"),
        mark("{name} is lost"),
        mark("{count} gateways are lost"),
    ),
    _K.GATEWAY_BLOCKED: KindText(
        mark("A gateway refuses this app"),
        mark("{name} cannot be watched"),
        mark("{count} gateways cannot be watched"),
    ),
    _K.GATEWAY_FLAPPING: KindText(
        mark("A gateway comes and goes"),
        mark("{name} comes and goes"),
        mark("{count} gateways come and go"),
        mark("Its connection does not hold"),
    ),
    _K.CRON_FAILED: KindText(
        mark("A scheduled job failed"),
        mark("The job “{name}” failed"),
        mark("{count} scheduled jobs failed"),
    ),
    _K.CRON_OVERDUE: KindText(
        mark("A scheduled job is overdue"),
        mark("The job “{name}” is overdue"),
        mark("{count} scheduled jobs are overdue"),
        mark("It should have started by now"),
    ),
    _K.TASK_FAILED: KindText(
        mark("A background task failed"),
        mark("The task “{name}” failed"),
        mark("{count} background tasks failed"),
    ),
    _K.UNDELIVERED: KindText(
        mark("A result was never delivered"),
        mark("The result of “{name}” reached nobody"),
        mark("{count} results reached nobody"),
    ),
    _K.CHANNEL: KindText(
        mark("A channel has a fault"),
        mark("The channel {name} has a fault"),
        mark("{count} channels have a fault"),
    ),
    _K.CONFIG_IGNORED: KindText(
        mark("Edits of a gateway's configuration are ignored"),
        mark("{name} ignores edits of its configuration"),
        mark("{count} gateways ignore edits of their configuration"),
        mark("Restart the gateway to apply them"),
    ),
    _K.RESTART_NEEDED: KindText(
        mark("A gateway waits for a restart"),
        mark("{name} waits for a restart"),
        mark("{count} gateways wait for a restart"),
        mark("Edits of its configuration are saved, but not applied"),
    ),
    _K.RUNTIME: KindText(
        mark("A gateway's model runtime has a fault"),
        mark("The model runtime of {name} has a fault"),
        mark("{count} gateways have a fault in their model runtime"),
    ),
    _K.PLUGIN: KindText(
        mark("A plugin has a fault"),
        mark("The plugin {name} has a fault"),
        mark("{count} plugins have a fault"),
    ),
    _K.SIGN_IN_EXPIRING: KindText(
        mark("A model sign-in expires soon"),
        mark("The sign-in to {name} expires soon"),
        mark("{count} model sign-ins expire soon"),
    ),
    _K.QUOTA: KindText(
        mark("A model quota is nearly used"),
        mark("The quota at {name} is nearly used"),
        mark("{count} quotas are nearly used"),
    ),
    _K.PAIRING: KindText(
        mark("Somebody wants to pair"),
        mark("{name} wants to pair"),
        mark("{count} want to pair"),
    ),
    _K.SILENT: KindText(
        mark("An agent misses its heartbeat"),
        mark("{name} is silent"),
        mark("{count} agents are silent"),
        mark("Heartbeat overdue"),
    ),
    _K.FINISHED: KindText(
        mark("A run finished"),
        mark("{name} has finished"),
        mark("{count} agents have finished"),
    ),
    _K.RECOVERED: KindText(
        mark("An agent that failed has recovered"),
        mark("{name} has recovered"),
        mark("{count} agents have recovered"),
    ),
    _K.BACK: KindText(
        mark("A gateway is back"),
        mark("{name} is back"),
        mark("{count} gateways are back"),
    ),
    _K.UPDATE: KindText(
        mark("An update of a gateway is available"),
        mark("An update for {name} is available"),
        mark("Updates for {count} gateways are available"),
    ),
    _K.DRIFT: KindText(
        mark("Gateways run different releases"),
        mark("{name} runs another release"),
        mark("{count} gateways run different releases"),
    ),
}

SEVERITIES = {
    Severity.NEEDS_YOU: mark("Needs you"),
    Severity.WARNING: mark("Warning"),
    Severity.NEWS: mark("News"),
}
_CHANNEL = {
    "disconnected": mark("Disconnected"),
    "degraded": mark("Degraded"),
    "probe-failed": mark("Its test failed"),
    "no-credentials": mark("Its credentials are not available"),
}


def title(item: InboxItem) -> str:
    """Who or what it is about, and what happened: "Rex failed"."""
    if item.members:
        return tr(KINDS[item.kind].many, count=len(item.members))
    return tr(KINDS[item.kind].title, name=plain(item.name))


def reason(item: InboxItem, now: int) -> str:
    """Why it is there: the gateway's own words if there are any, without the title's."""
    if item.members:
        return common_reason(item)
    match item.kind:
        case _K.FAILED if item.detail:
            return gist(item.detail)
        case _K.RUNAWAY:
            return runaway_evidence(item)
        case _K.CONTEXT_FULL if item.code == STUCK_AT_FULL:
            return tr(mark("No sign of life, and no room left in its context"))
        case _K.GATEWAY_LOST | _K.GATEWAY_BLOCKED if item.code:
            return describe(Problem(item.code, said=item.detail)).title
        case _K.CHANNEL:
            return item.detail or tr(_CHANNEL.get(item.code, ""))
        case _K.QUOTA:
            return tr(mark("{percent} % used"), percent=item.code)
        case _K.SIGN_IN_EXPIRING if item.until:
            return tr(mark("It expires {when}"), when=clock(item.until, now))
        case _K.DRIFT if item.code:
            words = mark("It runs {release}, another gateway {newest}")
            return tr(words, release=item.detail, newest=item.code)
        case _K.PAIRING:
            return join_reason(item.code, item.detail)
    return item.detail or tr(KINDS[item.kind].reason)
