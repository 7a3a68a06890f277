"""Sessions to look into that say what a test says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.transcript.conversation import Conversation
from cc_desktop.fleet.transcript.live import LiveRun, Phase, Step, live_rows
from cc_desktop.fleet.transcript.ports import ViewState
from cc_desktop.fleet.transcript.records import (
    CardStep,
    Message,
    Page,
    ProgressCard,
    Role,
    ToolUse,
)
from tests.desktop.sample import MIN, NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cc_desktop.fleet.transcript.rows import Row


class ScriptedHandle:
    """A `SessionHandle` of which a test is the gateway."""

    def __init__(self, gateway: str, key: str, listener: Callable[[], object]) -> None:
        self.gateway, self.key, self.listener = gateway, key, listener
        self.state = ViewState.LOADING
        self.problem = ""
        self.conversation = Conversation()
        self.run: LiveRun | None = None
        self.card: ProgressCard | None = None
        self.loads_older = False
        self.asked_older = 0
        self.retried = 0
        self.closed = False

    @property
    def rows(self) -> Sequence[Row]:
        return [*self.conversation.rows, *live_rows(self.run, self.conversation)]

    @property
    def messages(self) -> Sequence[Message]:
        return self.conversation.messages

    @property
    def has_more(self) -> bool:
        return self.conversation.has_more

    @property
    def is_full(self) -> bool:
        return self.conversation.is_full

    def load_older(self) -> None:
        self.asked_older += 1
        self.loads_older = True

    def retry(self) -> None:
        self.retried += 1

    def close(self) -> None:
        self.closed = True

    # The test's side

    def tell(self, *messages: Message, has_more: bool = False) -> None:
        self.state = ViewState.READY
        self.conversation.replace_end(Page(messages, has_more=has_more))
        self.listener()

    def older(self, *messages: Message, has_more: bool = False) -> None:
        self.loads_older = False
        self.conversation.add_older(Page(messages, has_more=has_more))
        self.listener()

    def say(self, *messages: Message) -> None:
        for message in messages:
            self.conversation.add(message)
        self.listener()

    def set_run(self, run: LiveRun | None) -> None:
        self.run = run
        self.listener()


class ScriptedViews:
    """Opens handles and keeps them for the test."""

    def __init__(self, script: Callable[[ScriptedHandle], None] | None = None) -> None:
        self.handles: list[ScriptedHandle] = []
        self._script = script

    @property
    def last(self) -> ScriptedHandle:
        return self.handles[-1]

    @property
    def open(self) -> list[ScriptedHandle]:
        return [one for one in self.handles if not one.closed]

    def transcript(
        self, gateway: str, session_key: str, listener: Callable[[], object]
    ) -> ScriptedHandle:
        handle = ScriptedHandle(gateway, session_key, listener)
        self.handles.append(handle)
        if self._script is not None:
            self._script(handle)
        return handle

    now = transcript


def user(ident: str, text: str, at: int = NOW - 14 * MIN) -> Message:
    return Message(Role.USER, ident, at, text)


def agent(ident: str, text: str, at: int = NOW - 13 * MIN, *uses: ToolUse) -> Message:
    return Message(Role.ASSISTANT, ident, at, text, uses=uses)


def result(call: str, text: str, at: int, *, failed: bool = False, note: str = "") -> Message:
    return Message(
        Role.TOOL, f"r{call}", at, text, call_id=call, tool="exec", failed=failed, note=note
    )


def sample_talk() -> tuple[Message, ...]:
    """The conversation of the sketch."""
    return (
        user(
            "m1",
            "After login people land on /home instead of the page they came from. "
            "Find out why and fix it.",
        ),
        agent(
            "m2",
            "The `next` parameter is dropped by the session middleware. I will reproduce it first.",
            NOW - 13 * MIN,
            ToolUse("c1", "browser", "/login?next=/settings", '{\n  "url": "/login"\n}'),
            ToolUse("c2", "exec", "pytest -q tests/auth", "pytest -q tests/auth"),
        ),
        result("c1", "200 OK, landed on /home", NOW - 13 * MIN + 2_100),
        result(
            "c2",
            "FAILED tests/auth/test_next.py::test_next\n3 failed in 37.2s",
            NOW - 13 * MIN + 38_000,
            failed=True,
            note="exit 1",
        ),
        agent(
            "m3",
            "Reproduced: **three tests fail** without the cookie. The fix is one line in "
            '`middleware.py`:\n\n```python\nresponse.set_cookie("next", request.url)\n```\n\n'
            "- see [the notes](https://docs.example/cookies)\n- and the log",
            NOW - 9 * MIN,
            ToolUse("c3", "edit", "app/middleware.py", '{\n  "path": "app/middleware.py"\n}'),
        ),
        result("c3", "+1 -1", NOW - 9 * MIN + 400),
        Message(
            Role.ASSISTANT,
            "m4",
            NOW - 4 * MIN,
            failed=True,
            error="API key has run out of credits (Anthropic, 402).",
            cost_usd=2.08,
        ),
    )


def sample_script(handle: ScriptedHandle) -> None:
    """A conversation, a plan, and a run that goes on."""
    steps = (Step("1", "exec", "pytest -q", started_at=NOW - MIN),)
    handle.run = LiveRun("r", Phase.TOOL, NOW - 2 * MIN, steps=steps, reply="I **keep** it")
    handle.card = ProgressCard("", (CardStep("Read", "completed"), CardStep("Split", "pending")))
    handle.tell(*sample_talk())
