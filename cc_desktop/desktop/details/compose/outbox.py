"""What is written and not sent yet, by agent, and what comes back. Qt-free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.commands import SendMessage, StopRun

if TYPE_CHECKING:
    from cc_desktop.desktop.widgets.agent_pane import Key
    from cc_desktop.fleet.commands import CommandState
    from cc_desktop.fleet.model import Gateway

SHOWN = 3  # lines about messages and stops
DONE_MS = 10_000  # how long a success stays on the screen


class Outbox:
    """Drafts live as long as the app; nothing of them is kept on disk."""

    def __init__(self) -> None:
        self._drafts: dict[Key, str] = {}
        self._sent: dict[str, Key] = {}  # command id → whose box it came from
        self._dismissed: set[str] = set()

    def draft(self, key: Key) -> str:
        """What is written to an agent."""
        return self._drafts.get(key, "")

    def keep(self, key: Key, text: str) -> None:
        """Somebody wrote it, or took it away."""
        if text:
            self._drafts[key] = text
        else:
            self._drafts.pop(key, None)

    def sent(self, key: Key, command: str) -> None:
        """A message is on its way. Earlier refusals have been read."""
        self.keep(key, "")
        self._sent[command] = key

    def dismiss(self, states: list[CommandState]) -> None:
        """These lines have been read."""
        self._dismissed |= {state.command.id for state in states if state.is_over}

    def take_back(self, gateway: Gateway) -> set[Key]:
        """Put messages back that did not arrive, or of which nobody can say whether they did.

        Returns:
            The agents whose draft has changed.
        """
        changed: set[Key] = set()
        for ident, key in list(self._sent.items()):
            if key[0] != gateway.id:
                continue
            state = gateway.commands.get(ident)
            if state is not None and not state.is_over:
                continue
            del self._sent[ident]
            if state is None or state.is_done:
                continue
            if isinstance(state.command, SendMessage):
                parts = [state.command.text, self._drafts.get(key, "")]
                self._drafts[key] = "\n".join(part for part in parts if part)
                changed.add(key)
        return changed

    def lines(self, gateway: Gateway, agent: str, now: int) -> list[CommandState]:
        """The newest messages and stops of an agent that somebody still wants to know about."""
        found = [
            state
            for state in gateway.commands.values()
            if isinstance(state.command, SendMessage | StopRun)
            and state.command.agent == agent
            and state.command.id not in self._dismissed
            and not (state.is_done and now - state.at >= DONE_MS)
        ]
        return found[-SHOWN:]
