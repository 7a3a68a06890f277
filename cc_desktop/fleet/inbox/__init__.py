"""What asks for the operator's attention: one list of items, made by rules from the model. Pure.

An item has no life of its own. It begins, changes and ends because `item_rules` say so of the state
after an event; nobody opens or closes one. So it is the same item whoever told of it first, and it
ends by itself when it is no longer true.
"""

from cc_desktop.fleet.inbox.item import (
    SEVERITY,
    InboxChanged,
    InboxItem,
    InboxKind,
    Severity,
    item_id,
)

__all__ = ["SEVERITY", "InboxChanged", "InboxItem", "InboxKind", "Severity", "item_id"]
