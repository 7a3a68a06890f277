"""Values that several messages share."""

from __future__ import annotations

from cc_desktop.fleet.model import Status
from cc_desktop.protocol import fields

NAME_LIMIT = 120  # characters of a name or title
_STATUSES = {status.value: status for status in Status}


def name(value: object) -> str:
    """A name or title as one short line."""
    return fields.text(value, NAME_LIMIT)


def error_text(value: object) -> str:
    """An error's text. The seed's dialect and newer gateways disagree whether it is an object."""
    if isinstance(value, dict):
        return fields.text(value.get("message")) or fields.text(value.get("error"))
    return fields.text(value)


def status(value: object) -> Status | None:
    """A status by its name, or None if it is none of ours."""
    return _STATUSES.get(name(value).lower())


def moment(value: object) -> int:
    """A time as ms since the epoch: a number of ms, or ISO 8601. 0 when it is neither."""
    if not isinstance(value, str):
        return fields.integer(value)
    from datetime import UTC, datetime  # most gateways send numbers

    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        return 0
    try:
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(0, int(when.timestamp() * 1000))
    except (OverflowError, OSError):
        return 0


def agent_of(key: str) -> str:
    """The agent's id in a session key "agent:<id>:<rest>", or ""."""
    parts = key.split(":", 2)
    return parts[1] if len(parts) == 3 and parts[0] == "agent" else ""
