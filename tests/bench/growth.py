"""What opening and closing leaves behind: the window, each tab of the details, and the inbox.

`python -m tests.bench.growth [--turns N]` runs the app with sample data, warms up, and prints the
growth of what the process holds alone (USS), of Python's blocks and of Qt's widgets over N turns.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sys
import tempfile
import traceback
import tracemalloc
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import psutil

from cc_desktop import cli

if TYPE_CHECKING:
    from cc_desktop.desktop.controller import DesktopController

WARM = 5  # turns until all that is built once is there
TURNS = 50
PAUSE_S = 0.12  # changes are painted every 100 ms
MIB = 2**20


seen: Counter[str] = Counter()  # what was really on the screen: a run that did nothing grows not


async def turn(shell: DesktopController) -> None:
    """All of it once."""
    window = shell.window
    window.show_fleet()
    await asyncio.sleep(PAUSE_S)
    for gateway in list(shell.monitor.store.fleet.gateways.values()):
        for agent in list(gateway.agents)[:2]:
            window.show_agent(gateway.id, agent)
            body = window.details.body  # type: ignore[attr-defined]
            for place in range(body.bar.count() if body.bar else 0):
                body.bar.setCurrentIndex(place)
                await asyncio.sleep(0)
                seen[f"tab {type(body.tab()).__name__}"] += body.tab().isVisible()
    shell.notifications.toggle_inbox()
    await asyncio.sleep(PAUSE_S)
    seen["inbox"] += shell.notifications.inbox.isVisible()
    shell.notifications.toggle_inbox()
    seen["window"] += window.isVisible()
    window.hide()  # as a close does where there is a tray; without one it ends the app
    await asyncio.sleep(PAUSE_S)


def held() -> dict[str, float]:
    """What there is now."""
    from PySide6.QtWidgets import QApplication

    gc.collect()
    return {
        "uss_mib": psutil.Process().memory_full_info().uss / MIB,
        "python_mib": tracemalloc.get_traced_memory()[0] / MIB if tracemalloc.is_tracing() else 0,
        "widgets": len(QApplication.allWidgets()),
        "tasks": len(asyncio.all_tasks()),
    }


async def measure(shell: DesktopController, turns: int) -> None:
    from cc_desktop.desktop.application import App

    try:
        await asyncio.sleep(1)
        for _ in range(WARM):
            await turn(shell)
        # The snapshot first: it takes memory itself, which is no growth of the app.
        first = tracemalloc.take_snapshot() if tracemalloc.is_tracing() else None
        before = held()
        seen.clear()
        for _ in range(turns):
            await turn(shell)
        after = held()
        print(json.dumps({name: round(after[name] - before[name], 2) for name in before}))
        print(json.dumps({"did": dict(seen), "widgets": after["widgets"]}))
        if first is not None:
            for line in tracemalloc.take_snapshot().compare_to(first, "lineno")[:15]:
                print(line)
    except Exception:
        traceback.print_exc()
        raise
    finally:
        App.instance().stop.set()  # type: ignore[union-attr]


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.growth", description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--trace", action="store_true", help="say where Python's blocks come from")
    args = parser.parse_args()
    from cc_desktop.desktop import lifecycle

    tasks: list[asyncio.Task[None]] = []

    def ready(shell: DesktopController) -> None:
        if args.trace:
            tracemalloc.start()
        tasks.append(asyncio.get_running_loop().create_task(measure(shell, args.turns)))

    vars(lifecycle)["run_controller"] = partial(lifecycle.run_controller, ready=ready)
    with tempfile.TemporaryDirectory(prefix="cc-bench-") as folder:
        return cli.main(["--demo", "--config", folder])


if __name__ == "__main__":
    sys.exit(main())
