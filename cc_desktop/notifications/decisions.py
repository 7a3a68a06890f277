"""Approvals that can be decided on a notification, and what becomes of a click there.

Approving needs that the notification shows all that is approved. Denying does not: it does no harm
that the agent's next try would not mend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.commands import ResolveApproval, Right, rights_in
from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.fleet.model import Origin
from cc_desktop.notifications.message import Button
from cc_desktop.text.inbox.requests import DENY, ONCE, decision_words
from cc_desktop.text.inbox.verbatim import is_plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.model import Fleet, Gateway
    from cc_desktop.fleet.requests import Approval

DECIDE = "decide"  # what the keys of such buttons begin with
WHOLE = 120  # characters of a command that every desktop shows in full


def shown_command(fleet: Fleet, item: InboxItem) -> str:
    """The whole command of an approval, if a notification can show all that matters; else ""."""
    approval = _approval(fleet, item.gateway, item.agent, item.subject)
    if item.kind is not InboxKind.APPROVAL or approval is None:
        return ""
    return _whole(approval)


def _whole(approval: Approval) -> str:
    """The command, if a notification can show all that matters; else ""."""
    command = "" if approval.warning else approval.command
    fits = 0 < len(command) <= WHOLE and is_plain(command)
    return command if fits and command == " ".join(command.split()) else ""


def decision_buttons(fleet: Fleet, item: InboxItem) -> tuple[Button, ...]:
    """The buttons that decide an approval: none where the gateway or the rights do not let us."""
    if item.kind is not InboxKind.APPROVAL or not _may(fleet, item.gateway):
        return ()
    approval = _approval(fleet, item.gateway, item.agent, item.subject)
    if approval is None:
        return ()
    whole = shown_command(fleet, item)
    wanted = [ONCE] if whole else []
    wanted.append(DENY)
    data = {
        "gateway": item.gateway,
        "agent": item.agent,
        "approval": approval.id,
        "command": approval.command,
        "cwd": approval.cwd,
        "host": approval.host,
    }
    return tuple(
        Button(f"{DECIDE} {decision}", decision_words(decision), data | {"decision": decision})
        for decision in wanted
        if decision in approval.decisions
    )


def decided(fleet: Fleet, data: Mapping[str, str]) -> ResolveApproval | None:
    """The command that a click means; None if it is no longer what was shown.

    Args:
        fleet: The model, at the click.
        data: Of the button.
    """
    gateway, agent = data.get("gateway", ""), data.get("agent", "")
    decision = data.get("decision", "")
    approval = _approval(fleet, gateway, agent, data.get("approval", ""))
    if approval is None or decision not in approval.decisions or not _may(fleet, gateway):
        return None
    told = (approval.command, approval.cwd, approval.host)
    if told != tuple(map(data.get, ("command", "cwd", "host"))) or decision not in (ONCE, DENY):
        return None
    if decision == ONCE and not _whole(approval):
        return None
    if _is_under_way(fleet.gateways[gateway], agent, approval):
        return None
    return ResolveApproval(gateway, agent, approval.id, decision, approval.family)


def _approval(fleet: Fleet, gateway: str, agent: str, ident: str) -> Approval | None:
    found = fleet.agent(gateway, agent)
    return found.approvals.get(ident) if found is not None else None


def _is_under_way(gateway: Gateway, agent: str, approval: Approval) -> bool:
    """Whether it is decided already, by a click before this one, and nobody knows the end yet."""
    return any(
        isinstance(one.command, ResolveApproval)
        and (one.command.agent, one.command.approval) == (agent, approval.id)
        and not one.is_over
        for one in gateway.commands.values()
    )


def _may(fleet: Fleet, gateway: str) -> bool:
    known = fleet.gateways.get(gateway)
    if known is None or known.origin is not Origin.LIVE:
        return False
    return Right.APPROVE in rights_in(known.connection.scopes)
