"""How the window fares while the keyring is slow, locked, absent or was never made.

`python -m tests.bench.keyring`. Real gnome-keyring, a bus and a display of its own; no window
manager. Each case goes from an empty home to live by the widgets, see `tests.bench.keyring_app`.
Prints the longest time for which the window did not answer, and the longest of a whole phase.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.__main__ import gateway
from tests.bench.programs import Program
from tests.whole.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PHASES = ("panel", "test", "save", "live", "settings", "move", "edit")
SLOW_S = 10.0


def _absent(_session: Session) -> None:
    pass


def _open(session: Session) -> None:
    session.start_keyring(password="pw")


def _locked(session: Session) -> None:
    session.start_keyring(password="pw")
    session.run(sys.executable, "-c", _MAKE)
    session.stop("keyring")
    session.start_keyring(password=None)


def _not_made(session: Session) -> None:
    session.start_keyring(password=None)


_MAKE = """
import secretstorage
bus = secretstorage.dbus_init()
secretstorage.get_default_collection(bus).create_item("x", {"x": "y"}, b"z")
"""


CASES: dict[str, tuple[Callable[[Session], None], float]] = {
    "no bus": (_absent, 0),
    "absent": (_absent, 0),
    "open": (_open, 0),
    "locked": (_locked, 0),
    "no collection": (_not_made, 0),
    f"slow ({SLOW_S:g} s a call)": (_open, SLOW_S),
    "hangs": (_open, 1e6),
}


@contextlib.contextmanager
def slow(session: Session, seconds: float) -> Iterator[None]:
    """The keyring sleeps, wakes for a moment, and sleeps again."""
    if not seconds:
        yield
        return
    process = session._running["keyring"]
    end = threading.Event()

    def sleep() -> None:
        while not end.is_set():
            process.send_signal(signal.SIGSTOP)
            end.wait(seconds)
            process.send_signal(signal.SIGCONT)
            end.wait(0.05)

    thread = threading.Thread(target=sleep, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def measure(name: str) -> dict[str, str]:
    prepare, seconds = CASES[name]
    with (
        tempfile.TemporaryDirectory(prefix="cc-keyring-") as folder,
        gateway(100) as url,
        Session(Path(folder)) as session,
    ):
        session.start_display()
        if name != "no bus":
            session.start_bus()
        prepare(session)
        env = {**session.env, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "xcb")}
        args = [url, "--config", str(Path(folder) / "config")]
        with (
            slow(session, seconds),
            Program("tests.bench.keyring_app", args, env) as program,
        ):
            return {phase: program.wait_for(phase) for phase in PHASES}


def main() -> None:
    wanted = sys.argv[1:] or list(CASES)
    print(f"{'keyring':22}", *(f"{phase:>16}" for phase in PHASES))
    print(f"{'':22}", *(f"{'ms / s / place':>16}" for _ in PHASES))
    for name in wanted:
        found = measure(name)
        print(f"{name:22}", *(f"{found[phase]:>16}" for phase in PHASES), flush=True)


if __name__ == "__main__":
    main()
