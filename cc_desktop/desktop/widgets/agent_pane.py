"""What the window asks of the pane beside its list, whoever provides it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

Key = tuple[str, str]  # gateway id, agent id


class AgentPane(QWidget):
    """Shows one agent.

    Signals:
        gone: The agent that was shown is no longer there.
        handled: The operator dealt with the agent; its row may move now.
    """

    gone = Signal()
    handled = Signal()

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
