"""A center whose notices and choices are given, for the widgets that show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.notifications.center import NotificationCenter
from cc_desktop.notifications.kinds import AlertKind
from cc_desktop.notifications.preferences import Preferences, dump
from tests.desktop.sample import MIN, NOW
from tests.fakes.backend import NoBackend
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.message import Message, Target


class Shows(NoBackend):
    """Somebody who shows notifications; keeps what was to be shown."""

    name = "dunst 1.9.0"

    def __init__(self) -> None:
        super().__init__("")
        self.shown: list[Message] = []

    def show(self, message: Message) -> None:
        self.shown.append(message)


class Kept:
    """Memory of earlier starts."""

    def __init__(
        self, preferences: Preferences, snooze: int, notices: list[dict[str, Any]]
    ) -> None:
        self.kept = (dump(preferences), snooze, notices)
        self.saved: list[dict[str, Any]] = []

    def load_notifications(self) -> tuple[object, object, object]:
        return self.kept

    def save_preferences(self, data: dict[str, Any]) -> None:
        self.saved.append(data)

    def save_snooze(self, until: int) -> None:
        pass

    def save_notices(self, data: list[dict[str, Any]]) -> None:
        pass


def notice(
    kind: AlertKind,
    title: str,
    body: str = "",
    ago: int = 0,
    gateway: str = "studio",
    agent: str = "",
    **fields: Any,
) -> dict[str, Any]:
    """A notice as it is kept."""
    agents = [[gateway, agent]] if agent else []
    return {
        "at": NOW - ago,
        "kind": kind.value,
        "title": title,
        "body": body,
        "gateway": gateway,
        "agent": agent,
        "agents": agents,
        "devices": False,
        "shown": True,
        "read": False,
        "over": False,
        **fields,
    }


SAMPLE = [  # oldest first, as they are kept
    notice(AlertKind.BACK, "home-lab is back", "The fleet is live again", 26 * 60 * MIN,
           "home-lab", read=True),
    notice(AlertKind.FINISHED, "Norbert has finished", "studio · Weekly summary", 25 * 60 * MIN,
           agent="norbert", read=True),
    notice(AlertKind.PAIRING_SELF, "home-lab wants pairing", "Run: openclaw devices approve 4711",
           5 * 60 * MIN, "home-lab", over=True),
    notice(AlertKind.DEVICE_BACK, "Ada's MacBook is back", "studio · macos", 3 * 60 * MIN,
           read=True),
    notice(AlertKind.DEVICE_GONE, "Pixel 9 is gone", "studio · android", 40 * MIN, read=True),
    notice(AlertKind.APPROVAL, "Otto needs your approval", "studio · git push --force",
           31 * MIN, agent="otto", over=True),
    notice(AlertKind.GATEWAY_LOST, "home-lab is lost",
           "Cannot be reached. Start the gateway, or check the address.", 18 * MIN, "home-lab"),
    notice(AlertKind.STUCK, "Hex is stuck", "home-lab · exec: pytest -q", 12 * MIN, "home-lab",
           "hex"),
    notice(AlertKind.FAILED, "Rex failed",
           "studio · provider returned a billing error: the API key has run out of credits.",
           4 * MIN, agent="rex"),
    notice(AlertKind.APPROVAL, "Dex needs your approval", "studio · uname -a && make deploy", MIN,
           agent="dex"),
]  # fmt: skip


class Notified:
    """A center, and what was opened from it."""

    def __init__(
        self,
        store: Store,
        notices: list[dict[str, Any]] | None = None,
        preferences: Preferences | None = None,
        *,
        snooze: int = 0,
        adapter: NoBackend | None = None,
    ) -> None:
        self.opened: list[Target] = []
        self.memory = Kept(preferences or Preferences(), snooze, notices or [])
        self.adapter = adapter or Shows()
        self.center = NotificationCenter(
            store,
            self.adapter,
            FakeClock(NOW),
            self.memory,
            open_target=lambda target, _token: self.opened.append(target),
        )
