"""The same real gateways and the same events for everybody who watches them."""

from __future__ import annotations

import asyncio
import itertools
import re
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.lab.conftest import AGENTS, TOKEN, VERSIONS
from tests.lab.install import ensure_lab
from tests.lab.mock_model import MockModel
from tests.lab.openclaw import RealGateway, Sender

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD, NEW = VERSIONS
SESSION = "bench"
BASE = 100_000  # numbers of an agent's events begin at a multiple of it
WORDS_OF_A_RUN = 150


@contextmanager
def gateways() -> Iterator[tuple[dict[str, RealGateway], MockModel]]:
    """A gateway of each release with three agents, and the model that answers their runs.

    Raises:
        LabUnavailable: The releases cannot be installed here.
    """
    lab = ensure_lab()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cc-peers-")))
        model = stack.enter_context(MockModel())
        found = {}
        for name, version in (("old", OLD), ("new", NEW)):
            home = folder / name
            home.mkdir()
            shown = {"gateway": {"controlUi": {"enabled": version == NEW}}}
            found[name] = stack.enter_context(
                RealGateway(
                    *(lab, version),
                    home=home,
                    token=TOKEN,
                    agents=AGENTS,
                    model=model,
                    extra_config=shown,
                )
            )
        yield found, model


@dataclass
class Sent:
    """When events left the gateway, by their numbers; the wall clock, s."""

    word: str
    at: dict[int, float] = field(default_factory=dict)
    frames: int = 0
    seconds: float = 0.0

    def latencies_ms(self, painted: dict[int, float]) -> list[float]:
        """From the gateway's send to the first paint of this state or of a later one, sorted.

        What was never painted counts as infinite, but for rows that are not in the window at all.
        """
        rows = {number // BASE for number in painted}
        order = sorted(painted.items(), key=lambda one: one[1])
        found = []
        for number, at in self.at.items():
            row = number // BASE
            if row not in rows:
                continue
            later = (when for what, when in order if what // BASE == row and what >= number)
            found.append((next(later, float("inf")) - at) * 1000)
        return sorted(found)


class Source:
    """Makes a gateway send events, with one session of each agent at work all the time.

    The time at which an event was sent is that at which a third client has received it.
    """

    _words = itertools.count(1)

    def __init__(self, gateway: RealGateway, model: MockModel) -> None:
        self._gateway, self._model = gateway, model
        self._sent: Sent | None = None
        self._sender = Sender(gateway.url, gateway.token, on_frame=self._on_frame)

    async def __aenter__(self) -> Self:
        await self._sender.__aenter__()
        held = self._model.held_count
        for agent, *_ in AGENTS:
            await self._sender.send(agent, "hold: until all is measured", session=SESSION)
        await asyncio.to_thread(self._model.wait_held, held + len(AGENTS))
        return self

    async def __aexit__(self, *_: Any) -> None:
        self._model.release()
        await self._sender.close()

    def _on_frame(self, frame: dict[str, Any]) -> None:
        now, sent = time.time(), self._sent
        if sent is None or "event" not in frame:
            return
        sent.frames += 1
        label = str(((frame.get("payload") or {}).get("session") or {}).get("label") or "")
        found = re.fullmatch(rf"{sent.word} (\d+)", label)
        if found:
            sent.at.setdefault(int(found[1]), now)

    def word(self) -> str:
        """A word that no label has had yet."""
        return "step" + "abcdefghijklmnopqrstuvwxyz"[next(self._words) % 26]

    async def relabel(self, word: str, count: int, a_second: float) -> Sent:
        """Give the sessions that run other labels, in turn. A gateway joins what comes too fast."""
        sent = self._sent = Sent(word)
        began = time.monotonic()
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / a_second - time.monotonic()))
            place, (agent, *_) = number % len(AGENTS), AGENTS[number % len(AGENTS)]
            label = f"{word} {place * BASE + number}"
            key = f"agent:{agent}:{SESSION}"
            await self._sender.request("sessions.patch", {"key": key, "label": label})
        return await self._end(sent, began)

    async def stream(self, rounds: int) -> Sent:
        """Let all agents answer at once, in two sessions each, word by word."""
        sent = self._sent = Sent("")
        began = time.monotonic()
        for turn in range(rounds):
            text = " ".join(f"word{turn}" for _ in range(WORDS_OF_A_RUN))
            for agent, *_ in AGENTS:
                for session in ("one", "two"):
                    await self._sender.send(agent, f"say: {text}", session=session)
            await asyncio.sleep(2 + WORDS_OF_A_RUN * self._model.word_delay * 1.3)
        return await self._end(sent, began)

    async def _end(self, sent: Sent, began: float) -> Sent:
        sent.seconds = time.monotonic() - began
        await asyncio.sleep(1.5)
        self._sent = None
        return sent
