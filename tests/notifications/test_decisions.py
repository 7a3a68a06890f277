"""Approvals on notifications: what is offered, and that a click means what was shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import ResolveApproval
from cc_desktop.fleet.inbox import InboxKind
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.model import Origin
from cc_desktop.notifications.center import NotificationCenter
from cc_desktop.notifications.coalescer import single
from cc_desktop.notifications.decisions import decided, decision_buttons
from cc_desktop.notifications.message import NotificationAction, Target
from cc_desktop.notifications.preferences import Preferences
from cc_desktop.notifications.rules.items import item_alert
from tests.desktop.inbox import fleet
from tests.desktop.notified import Kept
from tests.desktop.sample import NOW
from tests.fakes.backend import NoBackend
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.message import Button, Message

APPROVE, DENY, OPEN = "Approve once", "Deny", "Open"


def asking(scopes: tuple[str, ...] = fleet.ALL, **fields: Any) -> Store:
    store = fleet.store(scopes=scopes, gateways=False)
    store.apply(ev.ApprovalClosed("studio", "dex", "a2"))
    store.apply(ev.ApprovalOpened("studio", fleet.approval("a3", **fields)))
    return store


def message(store: Store) -> Message:
    item = next(one for one in open_items(store.fleet) if one.kind is InboxKind.APPROVAL)
    return single(item_alert(store.fleet, item, NOW), Preferences()).message


def labels(store: Store) -> list[str]:
    return [button.label for button in message(store).buttons]


def test_a_short_command_is_approved_where_all_of_it_is_read() -> None:
    store = asking(title="make…")
    assert labels(store) == [APPROVE, DENY, OPEN]
    assert message(store).body.endswith(fleet.COMMAND)  # the whole command, not its title


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "x" * 121},
        {"command": "a\nb"},
        {"command": "a\u202eb"},
        {"command": "a  b"},  # shown with one space
        {"command": ""},
        {"warning": "It deletes files"},
        {"decisions": ("deny",)},
    ],
)
def test_what_cannot_be_shown_whole_is_not_approved_there(fields: dict[str, Any]) -> None:
    assert labels(asking(**fields)) == [DENY, OPEN]


def test_without_the_right_or_a_decision_it_can_only_be_opened() -> None:
    assert APPROVE not in labels(asking(fleet.READ))
    assert DENY not in labels(asking(fleet.READ))
    assert DENY not in labels(asking(decisions=()))


def test_a_click_means_what_was_shown() -> None:
    store = asking()
    item = next(one for one in open_items(store.fleet) if one.kind is InboxKind.APPROVAL)
    approve, deny = decision_buttons(store.fleet, item)
    wanted = ResolveApproval("studio", "dex", "a3", "allow-once", "exec")
    assert decided(store.fleet, approve.data) == wanted
    assert decided(store.fleet, {**approve.data, "decision": "allow-always"}) is None
    assert decided(store.fleet, {**approve.data, "command": "another"}) is None
    assert decided(store.fleet, {}) is None
    store.apply(ev.OriginChanged("studio", Origin.LAST_KNOWN))
    assert decided(store.fleet, deny.data) is None
    store.apply(ev.ApprovalClosed("studio", "dex", "a3"))
    assert decided(store.fleet, deny.data) is None


@pytest.mark.parametrize(
    "fields", [{"warning": "It deletes files"}, {"cwd": "/"}, {"host": "prod"}, {"command": "rm"}]
)
def test_what_changed_after_it_was_shown_is_not_approved(fields: dict[str, Any]) -> None:
    store = asking()
    approve = message(store).buttons[0]
    store.apply(ev.ApprovalOpened("studio", fleet.approval("a3", **fields)))
    assert decided(store.fleet, approve.data) is None


def test_a_second_click_decides_nothing_while_the_first_is_under_way() -> None:
    store = asking()
    approve, deny, _ = message(store).buttons
    command = decided(store.fleet, approve.data)
    assert command is not None
    store.apply(ev.CommandSent("studio", replace(command, id="c")))
    assert decided(store.fleet, approve.data) is None
    assert decided(store.fleet, deny.data) is None


class Unexpected(Exception):  # noqa: N818
    """Something that nobody thought of."""


class Clicked:
    """A center, and what came of clicks."""

    def __init__(self, store: Store) -> None:
        self.commands: list[object] = []
        self.opened: list[Target] = []
        self.fails = False
        self.center = NotificationCenter(
            store,
            NoBackend(""),
            FakeClock(NOW),
            Kept(Preferences(), 0, []),
            open_target=lambda target, _token: self.opened.append(target),
            execute=self.execute,
        )

    def execute(self, command: object) -> None:
        if self.fails:
            raise Unexpected
        self.commands.append(command)

    def click(self, button: Button) -> None:
        self.center._targets["tag"] = (Target(item="approval-1"), ())
        self.center._on_chosen(NotificationAction("tag", button.key, button.data))


def test_a_click_decides_or_opens_what_is_no_longer_as_it_was(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = asking()
    approve = message(store).buttons[0]
    app = Clicked(store)
    app.click(approve)
    assert app.commands == [ResolveApproval("studio", "dex", "a3", "allow-once", "exec")]
    assert app.opened == []

    app.fails = True
    app.click(approve)
    app.click(approve)
    assert [target.item for target in app.opened] == ["approval-1"] * 2
    assert sum("deciding on a notification" in line for line in caplog.messages) == 1

    app.fails = False
    store.apply(ev.ApprovalClosed("studio", "dex", "a3"))
    app.click(approve)
    assert len(app.commands) == 1
    assert len(app.opened) == 3
