"""Links to agents: opened when the agent is there, or said why not."""

from __future__ import annotations

import pytest

from cc_desktop.demo import simulation
from cc_desktop.desktop.instance.link_opener import LinkOpener
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState
from cc_desktop.fleet.store import Store
from tests.desktop import sample

pytestmark = pytest.mark.usefixtures("qapp")


class Links:
    """An opener, and what came of it."""

    def __init__(self, store: Store) -> None:
        self.shown: list[tuple[str, str]] = []
        self.told: list[str] = []
        self.items: list[str] = []
        self.opener = LinkOpener(
            store,
            lambda gateway, agent: self.shown.append((gateway, agent)),
            self.told.append,
            show_item=self.items.append,
        )

    @property
    def line(self) -> str:
        return self.told[-1]


def connecting() -> Store:
    store = Store(lambda: sample.NOW)
    store.apply(ev.GatewayAdded("studio", "Studio", "ws://studio.example:18789/"))
    store.apply(ev.ConnectionChanged("studio", ConnectionInfo(ConnectionState.CONNECTING)))
    return store


def test_a_link_to_an_agent_that_is_there_is_opened_at_once() -> None:
    links = Links(sample.live_store())

    links.opener.open("cc-desktop://agent/studio/otto")

    assert links.shown == [("studio", "otto")]
    assert links.line == ""
    assert not links.opener.waiting


def test_a_link_waits_for_the_first_list() -> None:
    store = connecting()
    links = Links(store)

    links.opener.open("cc-desktop://agent/studio/otto")
    assert links.shown == []
    assert links.opener.waiting

    store.apply(sample.studio())
    assert links.shown == [("studio", "otto")]
    assert not links.opener.waiting


def test_an_agent_that_is_unknown_is_said_when_the_list_is_there() -> None:
    store = connecting()
    links = Links(store)
    links.opener.open("cc-desktop://agent/studio/nobody")

    store.apply(sample.studio())
    store.apply(ev.ConnectionChanged("studio", ConnectionInfo(ConnectionState.LIVE)))

    assert links.shown == []
    assert links.line == "The link names the agent “nobody”, which Studio does not have."


def test_a_gateway_that_is_unknown_is_said_at_once() -> None:
    links = Links(connecting())

    links.opener.open("cc-desktop://agent/elsewhere/otto")

    assert links.line == "The link names the gateway “elsewhere”, which is not in the settings."
    assert not links.opener.waiting


def test_a_gateway_that_refuses_is_said_at_once() -> None:
    store = connecting()
    links = Links(store)
    links.opener.open("cc-desktop://agent/studio/otto")

    store.apply(
        ev.ConnectionChanged(
            "studio", ConnectionInfo(ConnectionState.BLOCKED, problem=sample.WRONG_TOKEN)
        )
    )

    assert links.line.endswith("cannot be shown: Studio refuses the connection.")


def test_the_wait_ends_with_a_line() -> None:
    store = connecting()
    links = Links(store)
    links.opener.open("cc-desktop://agent/studio/otto")

    links.opener._timer.timeout.emit()
    assert links.line == "The link's agent “otto” cannot be shown: Studio is not live yet."

    store.apply(sample.studio())
    assert links.shown == []


def test_an_agent_behind_the_demo_waits_until_it_is_seen() -> None:
    store = connecting()
    store.apply(sample.studio())
    store.apply(ev.Shown("studio", shown=False))
    links = Links(store)

    links.opener.open("cc-desktop://agent/studio/otto")
    assert links.shown == []

    store.apply(ev.Shown("studio", shown=True))
    assert links.shown == [("studio", "otto")]


def test_the_demo_is_waited_for() -> None:
    links = Links(connecting())

    links.opener.open(f"cc-desktop://agent/{simulation.GATEWAY}/otto")

    assert links.opener.waiting
    links.opener.stop()


def test_the_last_link_counts() -> None:
    store = connecting()
    links = Links(store)
    links.opener.open("cc-desktop://agent/studio/otto")
    links.opener.open("cc-desktop://agent/studio/rex")

    store.apply(sample.studio())

    assert links.shown == [("studio", "rex")]


def test_a_link_that_is_none_is_said() -> None:
    links = Links(connecting())

    links.opener.open("cc-desktop://agent/studio/<b>")

    assert links.line == "This link is not percent-encoded correctly."


def test_hostile_names_are_made_plain() -> None:
    links = Links(connecting())

    links.opener.open("cc-desktop://agent/" + "x" * 199 + "/otto")

    assert "x" * 100 not in links.line
    assert "…" in links.line


# Items of the inbox


def test_an_item_that_is_open_is_shown_at_once() -> None:
    store = sample.live_store()
    item = open_items(store.fleet)[0]
    links = Links(store)
    links.opener.open(f"cc-desktop://inbox/{item.id}")
    assert links.items == [item.id]
    assert not links.opener.waiting


def test_an_item_waits_for_its_gateway_and_is_over_if_it_does_not_come() -> None:
    store = connecting()
    links = Links(store)
    links.opener.open("cc-desktop://inbox/approval-0123456789")
    assert links.items == []
    assert links.opener.waiting

    store.apply(sample.studio())
    store.apply(ev.ConnectionChanged("studio", ConnectionInfo(ConnectionState.LIVE)))
    assert links.items == ["approval-0123456789"]  # the inbox says that it is over
    assert not links.opener.waiting


def test_the_wait_for_an_item_ends_in_the_inbox() -> None:
    links = Links(connecting())
    links.opener.open("cc-desktop://inbox/approval-0123456789")
    links.opener._timer.timeout.emit()
    assert links.items == ["approval-0123456789"]
