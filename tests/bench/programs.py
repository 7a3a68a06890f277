"""Processes that are measured: started, waited for, weighed, ended."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 60.0
GOODBYE_S = 10.0
MIB = 2**20
# Of the person who measures: none of it may change what is measured.
_NOT_PASSED = ("GATEWAY_", "WS_GATEWAY_", "OPENCLAW_", "QT_", "PYTHON")


def environment(platform: str, display: str = "") -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED)}
    kept["QT_QPA_PLATFORM"] = platform
    # The keyring is imported and asked, but never asks its owner for a password.
    kept["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    if display:
        kept["DISPLAY"] = display
    return kept


class Program:
    """A Python module in a process of its own, which prints "<what> <value>" lines."""

    def __init__(self, module: str, args: Sequence[str], env: dict[str, str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *args],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._module = module
        self._said: dict[str, str] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()  # the app takes its socket and its lock away
        try:
            self._process.wait(GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._errors.close()
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdout.close()
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def tell(self, line: str) -> None:
        """Write a line to its stdin."""
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def wait_for(self, what: str) -> str:
        """The value printed after `what`."""
        end = time.monotonic() + PATIENCE_S
        while what not in self._said:
            try:
                line = self._lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                line = ""
            name, _, value = line.strip().partition(" ")
            if not name:
                self._errors.seek(0)
                errors = self._errors.read().decode(errors="replace")
                raise RuntimeError(f"{self._module} did not get as far as '{what}'\n{errors}")
            self._said[name] = value
        return self._said[what]

    def seconds_until(self, what: str) -> float:
        """From the start of the process to the moment it printed."""
        return float(self.wait_for(what)) - self.started

    def memory(self) -> tuple[float, float]:
        """What it holds alone (USS), and with what others share (RSS), MiB."""
        info = psutil.Process(self._process.pid).memory_full_info()
        return info.uss / MIB, info.rss / MIB

    def cpu_s(self) -> float:
        """Processor time so far, of all its threads."""
        if sys.platform == "linux":
            # The kernel's clock of another process, in ns: psutil's counts in 10 ms.
            return time.clock_gettime((~self._process.pid << 3) | 2)
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)
