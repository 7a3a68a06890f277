"""What the window asks of the pane beside its list, and of pages in the place of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from cc_desktop.fleet.model import Agent, Gateway

Key = tuple[str, str]  # gateway id, agent id


class AgentPane(QWidget):
    """Shows one agent.

    Signals:
        gone: The agent that was shown is no longer there.
        handled: The operator dealt with the agent; its row may move now.
        left: The operator goes back to the list, where only one of both has room.
    """

    gone = Signal()
    handled = Signal()
    left = Signal()

    @property
    def key(self) -> Key | None:
        """Gateway id and agent id of what is shown."""
        raise NotImplementedError

    def show_agent(self, gateway_id: str, agent_id: str) -> None:
        """Show another agent."""
        raise NotImplementedError

    def set_muted(self, muted: frozenset[Key]) -> None:
        """Mark agents that send no notifications; an agent id of "" stands for a gateway."""
        raise NotImplementedError

    def set_alone(self, alone: bool) -> None:
        """Offer the way back, or not: whether it stands in the place of the list."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Show what is known now."""
        raise NotImplementedError

    def clear(self) -> None:
        """Show no agent."""
        raise NotImplementedError

    def focus_first(self) -> None:
        """Give the keyboard to the first thing to do or to read."""
        raise NotImplementedError

    def focus_message(self) -> None:
        """Give the keyboard to the box for a message, or to the question for that right."""
        raise NotImplementedError


class PaneSection(QWidget):
    """What stands above the tabs of an agent while there is something to decide."""

    def show_agent(self, agent: Agent, gateway: Gateway, now: int) -> None:
        """Show what is known of an agent, the same as before or another. `now`: local ms."""
        raise NotImplementedError

    def focus_first(self) -> bool:
        """Give the keyboard to what is read before it is decided; False: there is nothing."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget the agent."""
        raise NotImplementedError


class CentrePage(QWidget):
    """A page that takes the place of list and details."""

    def step_back(self) -> bool:
        """One step back inside the page; False: there is none, the fleet comes next."""
        return False

    def focus_first(self) -> None:
        """Give the keyboard to what is used first."""
        raise NotImplementedError

    # The keys of the window, while the page is shown

    def mark_selected(self) -> None:
        """Mark what is selected as seen."""

    def mark_all(self) -> None:
        """Mark all that is listed as seen."""

    def undo(self) -> None:
        """Take the last mark back."""

    def next(self) -> None:
        """Go on to the next that needs the operator."""
