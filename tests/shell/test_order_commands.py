"""What a person types becomes an order, and its outcome an exit code."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.orders.order import Order, Outcome, Verb
from cc_desktop.shell import order_commands
from cc_desktop.shell.parser import make_parser
from cc_desktop.shell.reach import Reach

if TYPE_CHECKING:
    from pathlib import Path

PARTS = [
    {"id": "db", "text": "Which?", "choices": [{"label": "Postgres"}, {"label": "SQLite"}]},
    {"id": "pw", "text": "Password?", "is_secret": True},
]
RUNS = [{"gateway": "one", "agent": "a", "name": "Rex", "session": "agent:a:main"}]


class Shell:
    """Runs commands against answers that a test gives."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Order] = []
        self.ways: list[str] = []
        self.data: dict[Verb, Any] = {Verb.LOOK: {"id": "question-1", "parts": PARTS}}
        self.code = 0
        self.directory = directory

        def answer(way: str, order: Order) -> Outcome:
            self.asked.append(order)
            self.ways.append(way)
            data = self.data.get(order.verb)
            return Outcome(code=0 if data else self.code, out=("said",), data=data)

        monkeypatch.setattr(Reach, "run", lambda _self, order: answer("app", order))
        monkeypatch.setattr(Reach, "alone", lambda _self, order: answer("alone", order))

    def __call__(self, *words: str) -> int:
        args = make_parser().parse_args(["--config", str(self.directory), *words])
        args.environ = {}
        code: int = args.handler(args)
        return code


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(order_commands, "prepare", lambda _args: None)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    return Shell(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (["next"], Order(verb=Verb.NEXT)),
        (["approve", "x"], Order(verb=Verb.APPROVE, targets=("x",))),
        (["approve", "x", "--always"], Order(verb=Verb.APPROVE, targets=("x",), always=True)),
        (["deny", "x"], Order(verb=Verb.DENY, targets=("x",))),
        (["stop", "Rex", "one/a"], Order(verb=Verb.STOP, targets=("Rex", "one/a"))),
        (["stop", "--all", "--yes"], Order(verb=Verb.STOP_ALL)),
        (["send", "Rex", "Hi", "you"], Order(verb=Verb.SEND, targets=("Rex",), text="Hi you")),
        (["seen", "x", "y"], Order(verb=Verb.SEEN, targets=("x", "y"))),
    ],
)
def test_words_become_an_order(shell: Shell, words: list[str], order: Order) -> None:
    shell.code = 3
    assert shell(*words) == 3
    assert shell.asked == [order]
    assert shell.ways == ["app"]


@pytest.mark.parametrize("option", [["--demo"], ["--url", "ws://h/"], ["--token-file", "f"]])
def test_who_names_a_gateway_does_not_mean_the_app(shell: Shell, option: list[str]) -> None:
    shell("next", *option)
    assert shell.ways == ["alone"]


@pytest.mark.parametrize("words", [["stop"], ["stop", "Rex", "--all"], ["send", "Rex", " "]])
def test_wrong_usage_asks_nobody(shell: Shell, words: list[str]) -> None:
    assert shell(*words) == 2
    assert shell.asked == []


@pytest.mark.parametrize("words", [["approve"], ["seen"], ["send", "Rex"], ["next", "x"]])
def test_missing_words_are_wrong_usage(shell: Shell, words: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        shell(*words)
    assert raised.value.code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["send", "Rex", "\udcff"],
        ["send", "\udcff", "Hi"],
        ["send", "Rex", "\U0001f600" * 150_000],
        ["approve", "\udcff"],
        ["approve", "x" * 501],
        ["stop", *["Rex"] * 201],
    ],
    ids=lambda words: words[0],
)
def test_what_cannot_travel_is_wrong_usage(shell: Shell, words: list[str]) -> None:
    assert shell(*words) == 2
    assert shell.asked == []


def test_next_as_json(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.data[Verb.NEXT] = {"id": "x"}
    shell("next", "--json")
    assert json.loads(capsys.readouterr().out) == {"id": "x"}
    shell.data[Verb.NEXT] = None
    shell("next", "--json")
    assert capsys.readouterr().out == "null\n"


def test_a_long_message_comes_from_stdin(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("First\nSecond\n"))
    shell("send", "Rex", "-")
    assert shell.asked[0].text == "First\nSecond\n"


# Questions


def test_a_secret_answer_is_read_from_stdin(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hunter2\n"))
    assert shell("answer", "quest", "2") == 0
    assert shell.asked == [
        Order(verb=Verb.LOOK, targets=("quest",)),
        Order(
            verb=Verb.ANSWER,
            targets=("question-1",),
            answers={"db": ("SQLite",), "pw": ("hunter2",)},
        ),
    ]
    printed = capsys.readouterr()
    assert "hunter2" not in printed.out + printed.err


@pytest.mark.parametrize("words", [["2"], ["2", "hunter2"], []])
def test_a_question_that_is_not_answered_is_wrong_usage(shell: Shell, words: list[str]) -> None:
    assert shell("answer", "quest", *words) == 2
    assert [order.verb for order in shell.asked] == [Verb.LOOK]


def test_a_question_that_is_gone_is_refused(shell: Shell) -> None:
    shell.data.clear()
    shell.code = 1
    assert shell("answer", "quest", "2") == 1


# Stop all


@pytest.mark.parametrize(("typed", "stopped"), [("yes\n", True), ("y\n", False), ("", False)])
def test_stop_all_asks_before(
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    stopped: bool,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    shell.data[Verb.RUNS] = RUNS
    assert shell("stop", "--all") == (0 if stopped else 1)
    assert (Verb.STOP_ALL in [order.verb for order in shell.asked]) is stopped
    asked = capsys.readouterr().err
    assert "one/Rex" in asked
    assert 'Stop 1 run on 1 gateway? Type "yes":' in asked


def test_stop_all_asks_nothing_where_nothing_runs(shell: Shell) -> None:
    shell.data[Verb.RUNS] = []
    assert shell("stop", "--all") == 0
    assert [order.verb for order in shell.asked] == [Verb.RUNS]
