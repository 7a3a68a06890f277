"""Runs a program of the operator's for each notice, with the notice as JSON on its stdin.

No shell is involved, the program inherits no token, and none holds up anything: each runs in a
thread of its own, for a limited time, only some at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cc_desktop.fleet.inbox import SEVERITY, InboxKind
from cc_desktop.fleet.inbox.open_items import find_item
from cc_desktop.notifications.rules.common import remember
from cc_desktop.system.environment import child_environment
from cc_desktop.text.i18n import source_language
from cc_desktop.text.inbox.report import item_as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cc_desktop.fleet.model import Fleet
    from cc_desktop.notifications.alerts import Alert
    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

LIMIT_S = 30.0  # how long one may run
AT_ONCE = 4
WAITING = 100  # notices that wait for their turn; the oldest go first
MAX_TOLD = 1_000  # alerts that are remembered as told
NO_START, TIMED_OUT = "no-start", "timed-out"  # outcomes beside "exit"


class HookResult(Struct, frozen=True):
    """How the program ended.

    Attributes:
        at: Local ms.
        outcome: "exit", `NO_START` or `TIMED_OUT`.
        code: What it exited with.
        said: The system's words where it could not start.
    """

    at: int
    outcome: str = "exit"
    code: int = 0
    said: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether something is wrong with it."""
        return self.outcome != "exit" or self.code != 0


Ended = tuple[str, int, str]  # outcome, code, said


def run_program(command: Sequence[str], data: bytes, limit_s: float = LIMIT_S) -> Ended:
    """Run a program to its end; what it prints is thrown away. Blocks."""
    try:
        program = subprocess.Popen(  # noqa: S603 - the operator's own command, without a shell
            list(command),
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=sys.platform != "win32",
        )
    except (OSError, ValueError) as error:
        return NO_START, 0, (error.strerror or "") if isinstance(error, OSError) else str(error)
    try:
        program.communicate(data, timeout=limit_s)
    except subprocess.TimeoutExpired:
        _kill(program)
        program.wait()
        return TIMED_OUT, 0, ""
    finally:
        if program.stdin is not None:
            with contextlib.suppress(OSError):
                program.stdin.close()
    return "exit", program.returncode, ""


def _kill(program: subprocess.Popen[bytes]) -> None:
    """End the program, and what it has started."""
    with contextlib.suppress(OSError):
        if sys.platform != "win32":
            os.killpg(program.pid, signal.SIGKILL)
        else:
            program.kill()


def notice_as_json(fleet: Fleet, alert: Alert, now: int) -> dict[str, Any]:
    """A notice for a program: the item of the inbox, or the same fields of what is none.

    Args:
        fleet: The state.
        alert: What is told.
        now: Local ms.
    """
    gateway = fleet.gateways.get(alert.gateway)
    item = find_item(fleet, alert.target.item) if alert.target.item else None
    if item is not None:
        with source_language():
            told = item_as_json(item, now)
    else:
        kind = alert.kind.value
        known = kind in InboxKind.__members__.values()
        told = {
            "id": alert.target.item or None,
            "kind": kind,
            "severity": SEVERITY[InboxKind(kind)].value if known else "news",
            "gateway": alert.gateway,
            "agent": alert.agent or None,
            "session_key": None,
            "title": alert.title or alert.name,
            "detail": alert.detail or None,
            "since": now,
            "until": None,
            "seen": False,
        }
    return {**told, "name": alert.name, "gateway_name": gateway.name if gateway else alert.gateway}


class HookRunner:
    """Runs the program of the settings for each notice, once.

    Attributes:
        last: How it last ended; None: it did not run yet.
        dropped: How many notices came too fast for it.
    """

    def __init__(
        self, clock: Clock, run: Callable[[Sequence[str], bytes], Ended] = run_program
    ) -> None:
        """`run` runs a program to its end; called in threads."""
        self._clock = clock
        self._run = run
        self._command: tuple[str, ...] = ()
        self._waiting: deque[bytes] = deque()
        self._running = 0
        self._told: dict[str, Alert] = {}  # by tag
        self._has_logged = False
        self.on_result: Callable[[], None] = lambda: None
        self.last: HookResult | None = None
        self.dropped = 0

    @property
    def program(self) -> str:
        """What is run, or ""."""
        return self._command[0] if self._command else ""

    def configure(self, command: tuple[str, ...]) -> None:
        """Run this program from now on; none if it is empty."""
        if command != self._command:
            self._command = command
            self._waiting.clear()
            self.last = None
            self._has_logged = False

    def tell(self, fleet: Fleet, alert: Alert) -> None:
        """Run it for an alert that is shown. One that is shown again is not told again."""
        if not self._command or self._told.get(alert.tag) is alert:
            return
        remember(self._told, alert.tag, alert, MAX_TOLD)
        told = notice_as_json(fleet, alert, self._clock.now_ms())
        self._waiting.append(json.dumps(told).encode() + b"\n")
        if len(self._waiting) > WAITING:
            self._waiting.popleft()
            self.dropped += 1
        self._start()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and self._running < AT_ONCE:
            data, command = self._waiting.popleft(), self._command
            self._running += 1

            def work(data: bytes = data, command: tuple[str, ...] = command) -> None:
                try:
                    ended = self._run(command, data)
                except Exception as error:  # noqa: BLE001, RUF100 - a thread has nobody to tell
                    ended = NO_START, 0, type(error).__name__
                with contextlib.suppress(RuntimeError):  # the app has ended meanwhile
                    loop.call_soon_threadsafe(self._on_end, command, ended)

            # Not the loop's own pool: the app would wait for it at its end.
            threading.Thread(target=work, name="hook", daemon=True).start()

    def _on_end(self, command: tuple[str, ...], ended: Ended) -> None:
        self._running -= 1
        if command == self._command:
            outcome, code, said = ended
            self.last = HookResult(self._clock.now_ms(), outcome, code, said)
            if self.last.is_failure and not self._has_logged:
                self._has_logged = True
                detail = said or code
                log.warning("the program of [hooks] failed: %s %s; told once", outcome, detail)
            self.on_result()
        self._start()
