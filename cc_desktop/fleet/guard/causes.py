"""What failures have in common: the provider's condition, whoever tells of it, and how."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from cc_desktop.fleet.guard.limits import FULL

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Session
    from cc_desktop.fleet.runs import Cause

OVERFLOW = "context_overflow"
_OF_STATUS = {
    401: "auth",
    402: "billing",
    403: "auth",
    404: "model_not_found",
    408: "timeout",
    429: "rate_limit",
    504: "timeout",
    529: "overloaded",
}
# A list tells of a failure in words alone: those of gateways and of providers.
_IN_WORDS = (
    (OVERFLOW, r"context (overflow|length|window)|maximum context|prompt( is)? too (long|large)"),
    ("overloaded", r"overloaded|at capacity"),
    ("rate_limit", r"rate.?limit|too many requests|quota"),
    ("billing", r"billing|credit balance|insufficient (credits?|funds|balance)|payment required"),
    ("auth", r"unauthori[sz]ed|invalid api.?key|authentication|sign.?in (has )?expired|oauth"),
    ("timeout", r"timed? ?out|no response"),
)
_STATUS = re.compile(r"(?<![\w.:-])([45]\d\d)(?![\w.:-])")
_VARYING = re.compile(r"[0-9a-f]{8,}(-[0-9a-f]{4,})*|\d+|[^\w\s]", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_SAME_WORDS = 80  # characters that have to be the same
# "" where the gateway's word covers quite different causes: the text has to do.
_SYNONYMS = {
    "auth_permanent": "auth",
    **dict.fromkeys(("server_error", "format", "unknown", "unclassified", "session_expired"), ""),
}


def reason_of(cause: Cause | None, text: str) -> str:
    """Why a run failed, as the gateway classifies it: "overloaded", "auth", … or ""."""
    if cause is not None:
        told = _SYNONYMS.get(cause.reason, cause.reason) or _OF_STATUS.get(cause.status, "")
        if told:
            return told
    for reason, words in _IN_WORDS:
        if _pattern(words).search(text):
            return reason
    return _OF_STATUS.get(status_of(cause, text), "")


@functools.cache
def _pattern(words: str) -> re.Pattern[str]:
    """Compiled when the first failure is told: most starts see none."""
    return re.compile(words, re.IGNORECASE)


def status_of(cause: Cause | None, text: str) -> int:
    """The status of HTTP that a provider answered with, 0 if none is known."""
    if cause is not None and cause.status:
        return cause.status
    found = _STATUS.search(text)
    return int(found[1]) if found else 0


def failure_code(cause: Cause | None, text: str) -> str:
    """The status of HTTP if there is one, else the reason: "529", "billing"; or ""."""
    status = status_of(cause, text)
    return str(status) if status else reason_of(cause, text)


def provider_of(cause: Cause | None, session: Session | None) -> str:
    """Whose model was asked, or ""."""
    told = cause.provider if cause else ""
    return told or (session.provider if session else "")


def common_cause(cause: Cause | None, session: Session | None, text: str) -> str:
    """What this failure shares with others of the same cause; "" if that is not known.

    A full context is the agent's own.
    """
    reason = reason_of(cause, text)
    if reason == OVERFLOW or not (reason or text):
        return ""
    provider = provider_of(cause, session)
    if reason == "model_not_found":
        model = (cause.model if cause else "") or (session.model if session else "")
        return f"{provider}|{reason}|{model}"
    if reason:
        return f"{provider}|{reason}"
    if status := status_of(cause, text):
        return f"{provider}|{status}"
    return f"{provider}|{_SPACES.sub(' ', _VARYING.sub(' ', text.lower())).strip()[:_SAME_WORDS]}"


def is_full_context(cause: Cause | None, session: Session | None, text: str) -> bool:
    """Whether a run failed because its session has no room left."""
    reason = reason_of(cause, text)
    return reason == OVERFLOW or (not reason and is_full(session))


def is_full(session: Session | None) -> bool:
    """Whether a session has no room left in its model's window."""
    if session is None or not session.context_tokens:
        return False
    return session.total_tokens >= FULL * session.context_tokens
