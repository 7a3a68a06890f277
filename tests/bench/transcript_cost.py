"""What a long conversation costs: opening it, scrolling through it, a message more, a search.

    python -m tests.bench.transcript_cost [MESSAGES]

Prints one JSON object. Needs no display; a frame is painted as on one.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from cc_desktop.desktop.details.transcript.tab import TranscriptTab
from cc_desktop.desktop.style.palette import DARK
from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.fleet.transcript.records import Message, Role, ToolUse
from tests.desktop import sample
from tests.desktop.scripted_views import ScriptedHandle, ScriptedViews

if TYPE_CHECKING:
    from collections.abc import Callable

MESSAGES = 10_000
FRAMES = 600  # ten seconds at 60 frames a second
STEP = 40  # px from one frame to the next
SIZE = (430, 760)
FRAME_MS = 1000 / 60
_TEXT = """The approvals part only touches **two fields** of the agent, so it can move first.

- keep `_still_open` beside it
- see [the notes](https://docs.example/reducer)

```python
def reduce(fleet, event):
    return fleet, []
```

That is message {n}, and it is as long as messages of agents are: some lines of words about what was
found, what is changed, and what comes next.
"""


def conversation(count: int) -> list[Message]:
    """A question, an answer with a tool call, its result, and so on."""
    found: list[Message] = []
    for number in range(count):
        at = sample.NOW - (count - number) * 1_000
        ident = f"m{number}"
        if number % 3 == 0:
            found.append(Message(Role.USER, ident, at, f"Please go on with part {number}."))
        elif number % 3 == 1:
            use = ToolUse(f"c{number}", "exec", f"pytest -q tests/part_{number}", "pytest -q")
            text = _TEXT.format(n=number)
            found.append(Message(Role.ASSISTANT, ident, at, text, uses=(use,)))
        else:
            call = f"c{number - 1}"
            found.append(Message(Role.TOOL, ident, at, "3 passed", call_id=call, tool="exec"))
    return found


def timed(job: Callable[[], object]) -> float:
    """How long a job takes, in ms."""
    start = time.perf_counter()
    job()
    return (time.perf_counter() - start) * 1000


def measure(count: int = MESSAGES) -> dict[str, Any]:
    """All figures, in ms."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    look = ThemeManager(app, DARK)
    views = ScriptedViews()
    store = sample.live_store()
    context = ViewContext(store, sample.Asked().actions, sample.Clock(), look, views=views)
    tab = TranscriptTab(context)
    tab.resize(*SIZE)
    tab.show()
    agent = store.fleet.agent("studio", "rex")
    assert agent is not None
    tab.show_agent(agent, store.fleet.gateways["studio"], sample.NOW)
    app.processEvents()
    messages = conversation(count)

    def opened() -> None:
        views.last.tell(*messages)
        tab.view.viewport().repaint()

    opening = timed(opened)
    bar = tab.view.verticalScrollBar()

    def frame(step: int) -> None:
        bar.setValue(bar.value() + step)
        tab.view.viewport().repaint()

    up = [timed(lambda: frame(-STEP)) for _ in range(FRAMES)]
    down = [timed(lambda: frame(STEP)) for _ in range(FRAMES)]
    jumps = [timed(lambda: frame(-bar.maximum() // 50)) for _ in range(40)]
    tab.view.go_to_end()
    more = [timed(lambda n=n: _say(views.last, n)) for n in range(30)]  # type: ignore[misc]

    def search() -> None:
        tab.finder.field.setText("part 9999")
        tab.finder.search()

    searching = timed(search)
    frames = sorted(up + down)
    return {
        "messages": count,
        "rows": tab.model.rowCount(),
        "open_ms": round(opening, 1),
        "frame_median_ms": round(statistics.median(frames), 2),
        "frame_p99_ms": round(frames[int(len(frames) * 0.99)], 2),
        "frames_late_percent": round(100 * sum(one > FRAME_MS for one in frames) / len(frames), 2),
        "jump_median_ms": round(statistics.median(jumps), 2),
        "one_message_more_ms": round(statistics.median(more), 2),
        "search_ms": round(searching, 1),
    }


def _say(handle: ScriptedHandle, number: int) -> None:
    handle.say(Message(Role.ASSISTANT, f"new{number}", sample.NOW, _TEXT.format(n=number)))


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES), indent=1))
