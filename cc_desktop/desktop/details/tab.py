"""A tab of the details, and the registry of all tabs.

A new tab is one file with a `DetailsTab`, and one entry in `TABS`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.text.i18n import mark

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Agent, Gateway


class Told(Enum):
    """What the parts below the head say of the reason why an agent needs somebody."""

    NOTHING = auto()
    REASON = auto()
    ALL = auto()  # also since when, and how long there is time


class DetailsTab(QWidget):
    """Shows one side of an agent.

    Signals:
        handled: The operator dealt with the agent; its row may move now.
    """

    handled = Signal()
    tells_why = False  # in full, why an agent needs somebody: nothing above needs to say it

    def show_agent(self, agent: Agent, gateway: Gateway, now: int) -> None:
        """Show what is known of an agent, the same as before or another. `now`: local ms."""
        raise NotImplementedError

    def looked_at(self) -> str:
        """The key of the session that is looked at, "" for none: messages go there."""
        return ""

    def clear(self) -> None:
        """Forget the agent: the next one is another."""
        raise NotImplementedError

    def focus_first(self) -> None:
        """Give the keyboard to the first thing to do or to read."""
        raise NotImplementedError


class TabEntry(Struct, frozen=True):
    """A tab in the registry."""

    title: str  # marked for translation
    build: Callable[[ViewContext], DetailsTab]  # called when the tab is first shown


def _now(context: ViewContext) -> DetailsTab:
    from cc_desktop.desktop.details.now.tab import NowTab

    return NowTab(context)


def _transcript(context: ViewContext) -> DetailsTab:
    from cc_desktop.desktop.details.transcript.tab import TranscriptTab

    return TranscriptTab(context)


def _sessions(context: ViewContext) -> DetailsTab:
    from cc_desktop.desktop.details.sessions.tab import SessionsTab

    return SessionsTab(context)


def _activity(context: ViewContext) -> DetailsTab:
    from cc_desktop.desktop.details.activity.tab import ActivityTab

    return ActivityTab(context)


def _usage(context: ViewContext) -> DetailsTab:
    from cc_desktop.desktop.details.usage.tab import UsageTab

    return UsageTab(context)


TABS = (
    TabEntry(mark("Now"), _now),
    TabEntry(mark("Transcript"), _transcript),
    TabEntry(mark("Sessions"), _sessions),
    TabEntry(mark("Activity"), _activity),
    TabEntry(mark("Usage"), _usage),
)
