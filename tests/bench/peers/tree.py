"""What a program and all that it has started take: memory, CPU time, wakeups. Linux."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil

MIB = 2**20
_ROLLUP = re.compile(r"^(Rss|Pss|Private_Clean|Private_Dirty): +(\d+) kB", re.MULTILINE)
_VOLUNTARY = re.compile(r"^voluntary_ctxt_switches:\t(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Memory:
    """MiB of a whole tree.

    Attributes:
        pss: Shared pages in parts: what the machine would win by its end.
        rss: Shared pages in full.
        uss: What nobody else has.
        processes: How many there are.
    """

    pss: float
    rss: float
    uss: float
    processes: int


@dataclass(frozen=True)
class Work:
    """What was done in some time.

    Attributes:
        seconds: The time.
        cpu_s: CPU time of all threads.
        wakeups: Voluntary context switches, by thread: each is a sleep that ended.
    """

    seconds: float
    cpu_s: float
    wakeups: dict[str, int]

    @property
    def percent(self) -> float:
        """Of one core."""
        return 100 * self.cpu_s / self.seconds

    @property
    def per_minute(self) -> float:
        """Wakeups a minute."""
        return sum(self.wakeups.values()) * 60 / self.seconds


@dataclass(frozen=True)
class Reading:
    """The counters of a tree at one time."""

    at: float
    cpu_s: float
    switches: dict[tuple[int, int, str], int]  # by process, thread and the thread's name

    def until(self, later: Reading) -> Work:
        """What happened between this and a later reading."""
        woken: Counter[str] = Counter()
        for thread, count in later.switches.items():
            woken[f"{thread[2]} {thread[1]}"] += count - self.switches.get(thread, 0)
        cpu_s = max(0.0, later.cpu_s - self.cpu_s)
        return Work(later.at - self.at, cpu_s, {name: n for name, n in woken.items() if n})


def processes(pid: int) -> list[int]:
    """A process and all that it has started, and they."""
    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [pid, *(child.pid for child in children)]


def memory(pid: int) -> Memory:
    """What the tree of a process holds now."""
    found: Counter[str] = Counter()
    count = 0
    for one in processes(pid):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except (OSError, ProcessLookupError):
            continue  # it has just ended
        count += 1
        for name, size in _ROLLUP.findall(text):
            found[name] += int(size) * 1024
    uss = found["Private_Clean"] + found["Private_Dirty"]
    return Memory(found["Pss"] / MIB, found["Rss"] / MIB, uss / MIB, count)


def reading(pid: int) -> Reading:
    """The counters of the tree of a process."""
    cpu_s, switches = 0.0, {}
    for one in processes(pid):
        try:
            cpu_s += cpu_of(one)
            for task in Path(f"/proc/{one}/task").iterdir():
                found = _VOLUNTARY.search((task / "status").read_text())
                name = (task / "comm").read_text().strip()
                switches[one, int(task.name), name] = int(found[1]) if found else 0
        except (OSError, psutil.Error):
            continue
    return Reading(time.monotonic(), cpu_s, switches)


def cpu_of(pid: int) -> float:
    """CPU time of one process so far, of all its threads, s."""
    if sys.platform == "linux":  # by the kernel's clock of the process, ns
        return time.clock_gettime((~pid << 3) | 2)
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def others_with_qt() -> int:
    """How many processes use the Qt of PySide6 now: they make the PSS of others smaller."""
    found = 0
    for process in psutil.process_iter():
        try:
            maps = Path(f"/proc/{process.pid}/maps").read_text()
        except OSError:
            continue
        found += "libQt6Core" in maps and "PySide6" in maps
    return found
