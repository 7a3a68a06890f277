"""What happened, in words: of the app's own list, and of a gateway's ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.history.entries import Entry, EntryKind
from cc_desktop.fleet.history.ledger import MESSAGE, RUN, TOOL, LedgerRecord
from cc_desktop.fleet.model import Problem, Status
from cc_desktop.text.failures import describe
from cc_desktop.text.format import plain, run_time
from cc_desktop.text.i18n import mark, tr, trn

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Gateway

MOST_DETAIL = 300  # characters of a command or an error

# Kind → with a detail and without one. {title} is that of the session.
_ENTRIES: dict[EntryKind, tuple[str, str]] = {
    EntryKind.STARTED: (mark("Started: {title}"),) * 2,
    EntryKind.FINISHED: (mark("Finished: {title}"),) * 2,
    EntryKind.FAILED: (mark("Failed: {title} · {detail}"), mark("Failed: {title}")),
    EntryKind.TIMED_OUT: (mark("Timed out: {title} · {detail}"), mark("Timed out: {title}")),
    EntryKind.STOPPED: (mark("Stopped: {title}"),) * 2,
    EntryKind.TOOL: (mark("Used {detail}"), mark("Used a tool")),
    EntryKind.ASKED: (mark("Asked for approval: {detail}"), mark("Asked for a decision")),
    EntryKind.DECIDED: (mark("No longer waits: {detail}"), mark("No longer waits for a decision")),
    EntryKind.EXPIRED: (
        mark("Nobody decided in time: {detail}"),
        mark("Nobody decided in time"),
    ),
    EntryKind.STUCK: (mark("Silent for too long: {title}"),) * 2,
    EntryKind.UNSTUCK: (mark("Gave a sign of life again: {title}"),) * 2,
    EntryKind.DELETED: (mark("Session deleted or archived: {title}"),) * 2,
    EntryKind.LOST: (mark("{gateway} was lost: {detail}"), mark("{gateway} was lost")),
    EntryKind.BACK: (mark("{gateway} is connected"),) * 2,
}
_ENDED_AFTER = {
    EntryKind.FINISHED: mark("Finished after {span}: {title}"),
    EntryKind.STOPPED: mark("Stopped after {span}: {title}"),
}
# The shape beside the words.
ENTRY_SHAPES = {
    EntryKind.STARTED: Status.ACTIVE,
    EntryKind.TOOL: Status.THINKING,
    EntryKind.FINISHED: Status.IDLE,
    EntryKind.FAILED: Status.ERROR,
    EntryKind.TIMED_OUT: Status.ERROR,
    EntryKind.STOPPED: Status.OFFLINE,
    EntryKind.ASKED: Status.WAITING,
    EntryKind.DECIDED: Status.IDLE,
    EntryKind.EXPIRED: Status.OFFLINE,
    EntryKind.STUCK: Status.STUCK,
    EntryKind.UNSTUCK: Status.ACTIVE,
    EntryKind.DELETED: Status.OFFLINE,
    EntryKind.LOST: Status.OFFLINE,
    EntryKind.BACK: Status.UNKNOWN,
}

# (kind of the record, status) → words. {title} is that of the session, {what} a tool or channel.
_RECORDS: dict[tuple[str, str], str] = {
    (RUN, "started"): mark("Started: {title}"),
    (RUN, "succeeded"): mark("Finished: {title}"),
    (RUN, "failed"): mark("Failed: {title}"),
    (RUN, "timed_out"): mark("Timed out: {title}"),
    (RUN, "cancelled"): mark("Stopped: {title}"),
    (RUN, "blocked"): mark("Blocked: {title}"),
    (TOOL, "started"): mark("Began to use {what}"),
    (TOOL, "succeeded"): mark("Used {what}"),
    (TOOL, "failed"): mark("{what} failed"),
    (TOOL, "timed_out"): mark("{what} timed out"),
    (TOOL, "cancelled"): mark("{what} was stopped"),
    (TOOL, "blocked"): mark("{what} was not allowed"),
    (TOOL, "unknown"): mark("Used {what}; how it ended is not known"),
}
_MESSAGES = {
    ("inbound", "succeeded"): mark("Message received: {what}"),
    ("inbound", "blocked"): mark("Message skipped: {what}"),
    ("inbound", "failed"): mark("Message could not be processed: {what}"),
    ("outbound", "succeeded"): mark("Message sent: {what}"),
    ("outbound", "blocked"): mark("Message held back: {what}"),
    ("outbound", "failed"): mark("Message could not be sent: {what}"),
    ("outbound", "unknown"): mark("Message sent, not known whether it arrived: {what}"),
}
_RECORD_SHAPES = {
    "started": Status.ACTIVE,
    "succeeded": Status.IDLE,
    "failed": Status.ERROR,
    "timed_out": Status.ERROR,
    "blocked": Status.WAITING,
}


def entry_words(entry: Entry, gateway_name: str) -> str:
    """An entry as one line."""
    detail = plain(entry.detail, MOST_DETAIL)
    if entry.kind is EntryKind.LOST and detail:
        detail = describe(Problem(entry.detail)).title
    template = _ENTRIES[entry.kind][0 if detail else 1]
    if entry.ran_ms and entry.kind in _ENDED_AFTER:
        template = _ENDED_AFTER[entry.kind]
    line = tr(
        template,
        title=plain(entry.title) or tr("a session"),
        detail=detail,
        span=run_time(entry.ran_ms),
        gateway=plain(gateway_name, 60),
    )
    return tr("{line} · {n} times", line=line, n=entry.count) if entry.count > 1 else line


def record_words(record: LedgerRecord, title: str) -> str:
    """A record as one line. `title` is that of its session, "" where it is not known."""
    if record.kind == MESSAGE:
        template = _MESSAGES.get((record.direction, record.status))
        what = record.channel or tr("a channel")
    else:
        template = _RECORDS.get((record.kind, record.status))
        what = record.tool or tr("a tool")
    if template is None:
        words = " ".join(word for word in (record.action, record.status) if word)
        return plain(words) or tr("Something that this app does not know")
    return tr(template, title=plain(title) or tr("a session"), what=plain(what, 80))


def record_shape(record: LedgerRecord) -> Status:
    """The shape beside the words of a record."""
    if record.kind == RUN and record.status == "blocked":
        return Status.ERROR
    if record.kind == TOOL and record.status in ("started", "succeeded"):
        return Status.THINKING
    return _RECORD_SHAPES.get(record.status, Status.UNKNOWN)


# What is said of the ledger


def no_ledger(gateway: Gateway) -> str:
    """That a gateway keeps no ledger, and therefore what the list is."""
    name = plain(gateway.name, 60)
    version = plain(gateway.connection.server_version, 30)
    if version:
        return tr(
            "{gateway} keeps no ledger (OpenClaw {version}). "
            "The list is what this app has seen itself.",
            gateway=name,
            version=version,
        )
    return tr("{gateway} keeps no ledger. The list is what this app has seen itself.", gateway=name)


def ledger_end(gateway: Gateway) -> str:
    """That the ledger has nothing older."""
    return tr("The ledger of {gateway} has nothing older.", gateway=plain(gateway.name, 60))


def shown_of(shown: int, total: int) -> str:
    """How many lines a filter leaves."""
    if shown == total:
        return trn("{n} event", "{n} events", total)
    return tr("{shown} of {total} events", shown=shown, total=total)
