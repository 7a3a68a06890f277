"""An item of the inbox for programs: `status --json` and `next --json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.protocol.clean import clean_text
from cc_desktop.text.inbox.items import reason, title

if TYPE_CHECKING:
    from cc_desktop.fleet.inbox import InboxItem

_LINE, _TEXT = 400, 2_000  # characters of a title, a detail


def item_as_json(item: InboxItem, now: int) -> dict[str, Any]:
    """The item, with titles in English; ids exactly as the gateway has them.

    Args:
        item: Open, as in the model.
        now: Local ms.
    """
    return {
        "id": item.id,
        "kind": item.kind.value,
        "severity": item.severity.value,
        "gateway": item.gateway,
        "agent": item.agent or None,
        "session_key": item.session_key or None,
        "title": clean_text(title(item), _LINE),
        "detail": clean_text(reason(item, now), _TEXT) or None,
        "since": item.since,
        "until": item.until or None,
        "seen": item.seen,
    }
