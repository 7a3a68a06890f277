"""Words of the inbox."""

from cc_desktop.text.inbox.items import KINDS, SEVERITIES, KindText, reason, title

__all__ = ["KINDS", "SEVERITIES", "KindText", "reason", "title"]
