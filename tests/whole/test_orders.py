"""Commands of a shell through the app that runs, both as real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.whole.session import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(120)


class Machine:
    """An app without a screen that shows sample data, and shells beside it."""

    def __init__(self, directory: Path, runtime: Path) -> None:
        self.config = directory / "config"
        self.runtime = runtime
        names = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
        self.environ = {key: value for key, value in os.environ.items() if key not in names}
        self.environ["XDG_RUNTIME_DIR"] = str(self.runtime)
        self.app = subprocess.Popen(
            self._command("--demo"),
            env={**self.environ, "QT_QPA_PLATFORM": "offscreen"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "cc_desktop", "--config", str(self.config), *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*words),
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def listens(self) -> bool:
        assert self.app.poll() is None
        return len(list(self.runtime.glob("cc-desktop-*"))) == 2


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    # A path that is short enough for a socket.
    with tempfile.TemporaryDirectory(prefix="cc-") as runtime:
        started = Machine(tmp_path, Path(runtime))
        try:
            wait_for(started.listens, "the socket")
            wait_for(lambda: started.run("next").returncode == 1, "the sample fleet")
            yield started
        finally:
            started.app.terminate()
            started.app.wait(20)


def test_a_run_is_stopped_in_the_app_and_nowhere_else(machine: Machine) -> None:
    """Stop first: a stopped agent stays so for a while, whatever the story does meanwhile."""
    oldest = json.loads(machine.run("next", "--json").stdout)
    assert oldest["gateway"] == "demo"

    stopped = machine.run("stop", "hex")
    assert (stopped.returncode, stopped.stderr) == (0, "")
    assert stopped.stdout.startswith("Hex (")

    # Another process with sample data of its own would have Hex at work again.
    again = json.loads(machine.run("next", "--json").stdout)
    assert again is None or again["agent"] != "hex"

    wrong = machine.run("approve", "approval-0000000000")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr == "cc-desktop: nothing open has the id approval-0000000000\n"


def test_what_an_agent_waits_for_is_approved_and_answered(machine: Machine) -> None:
    """From the oldest on: decide, answer, stop what is stuck, mark the rest as seen."""
    done: set[str] = set()
    for _ in range(12):
        item = json.loads(machine.run("next", "--json").stdout)
        if item is None or done == {"approval", "question"}:
            break
        words = {
            "approval": ("approve", item["id"]),
            "question": ("answer", item["id"], "Plain", "1,3"),
            "stuck": ("stop", str(item["agent"])),
        }.get(item["kind"], ("seen", item["id"]))
        ran = machine.run(*words)
        # The story may have decided by itself on a slow machine.
        if ran.returncode == 0 and item["kind"] in ("approval", "question"):
            done.add(item["kind"])
            assert "sample data" in ran.stdout
            assert machine.run(*words).returncode in (1, 2)
    assert done, "neither was open: the machine is very slow"
