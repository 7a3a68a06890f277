"""`next`, `approve`, `deny`, `answer`, `stop`, `send`, `seen`: act without a window."""

from __future__ import annotations

import getpass
import json
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from cc_desktop.about import ExitCode
from cc_desktop.fleet.requests import QuestionPart
from cc_desktop.orders.answers import AnswerError, answers_to
from cc_desktop.orders.order import Order, Outcome, Verb, can_travel
from cc_desktop.shell.options import Parser, prepare, say, seconds, settings_of
from cc_desktop.text import orders as words
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Run = Callable[[Order], Outcome]

MAX_TEXT = 200_000  # characters of a message that is read from stdin
STDIN = "-"


def add(commands: Any, common: Parser) -> None:
    """Add the commands. `commands` is what `add_subparsers` returns."""

    def command(name: str, about: str, handler: Callable[[argparse.Namespace, Run], int]) -> Parser:
        parser: Parser = commands.add_parser(name, parents=[common], help=about, description=about)
        parser.set_defaults(handler=lambda args: _with_run(args, handler))
        parser.add_argument(
            "--timeout",
            type=seconds,
            default=10.0,
            metavar="S",
            help="how many seconds to wait for a connection (default: 10)",
        )
        return parser

    parser = command("next", "show the oldest thing that needs you", _next)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser = command("approve", "allow what an agent waits to do", _decide)
    parser.add_argument("id", metavar="ID")
    parser.add_argument("--always", action="store_true", help="and do not ask again for the same")
    parser = command("deny", "do not allow what an agent waits to do", _decide)
    parser.add_argument("id", metavar="ID")
    parser = command("answer", "answer an agent's question", _answer)
    parser.add_argument("id", metavar="ID")
    parser.add_argument(
        "answers",
        metavar="TEXT",
        nargs="*",
        help="a choice by its label or number, or your own words; one for each part of the "
        "question. Secret answers are asked for, or read from stdin",
    )
    parser = command("stop", "stop what agents do now", _stop)
    parser.add_argument("agents", metavar="AGENT", nargs="*")
    parser.add_argument("--all", action="store_true", help="stop every run on every gateway")
    parser.add_argument("--yes", action="store_true", help="do not ask before --all")
    parser = command("send", "say something to an agent", _send)
    parser.add_argument("agent", metavar="AGENT")
    parser.add_argument("text", metavar="TEXT", nargs="+", help='"-" reads it from stdin')
    parser.add_argument(
        "--session", metavar="KEY", default="", help="in which session (default: its main one)"
    )
    parser = command("seen", "mark things as seen", _seen)
    parser.add_argument("ids", metavar="ID", nargs="+")


def _with_run(args: argparse.Namespace, handler: Callable[[argparse.Namespace, Run], int]) -> int:
    from cc_desktop.shell.reach import Reach

    paths = prepare(args)
    named = any(hasattr(args, name) for name in ("url", "token_file"))
    demo = getattr(args, "demo", False)
    reach = Reach(paths, lambda: settings_of(args, paths), demo=demo, timeout_s=args.timeout)
    # Who names a gateway, or wants sample data, does not mean what the app shows.
    carry_out = reach.alone if named or demo else reach.run

    def run(order: Order) -> Outcome:
        if can_travel(order):
            return carry_out(order)
        return Outcome(code=ExitCode.USAGE, err=(tr(words.NOT_TEXT),))

    return handler(args, run)


def show(outcome: Outcome) -> int:
    """Print an outcome; returns its exit code."""
    from cc_desktop.headless import print_line

    for line in outcome.out:
        print_line(line)
    for line in outcome.err:
        say(line)
    return outcome.code


def _next(args: argparse.Namespace, run: Run) -> int:
    outcome = run(Order(verb=Verb.NEXT))
    if not args.json:
        return show(outcome)
    from cc_desktop.text.report import json_line

    line = json_line(outcome.data) if outcome.data else json.dumps(None)
    return show(msgspec.structs.replace(outcome, out=(line,)))


def _decide(args: argparse.Namespace, run: Run) -> int:
    always = getattr(args, "always", False)
    return show(run(Order(verb=Verb(args.command), targets=(args.id,), always=always)))


def _answer(args: argparse.Namespace, run: Run) -> int:
    outcome = run(Order(verb=Verb.LOOK, targets=(args.id,)))
    if outcome.code or not isinstance(outcome.data, dict):
        return show(outcome)
    parts = msgspec.convert(outcome.data["parts"], tuple[QuestionPart, ...])
    try:
        secrets = {part.id: _ask_secret(part) for part in parts if part.is_secret}
        answers = answers_to(parts, args.answers, secrets)
    except AnswerError as error:
        say(words.wants_answer(error.part) if error.part else tr(words.WORDS_LEFT))
        return ExitCode.USAGE
    except EOFError:
        say(tr("the secret answer is missing"))
        return ExitCode.USAGE
    ident = str(outcome.data["id"])
    return show(run(Order(verb=Verb.ANSWER, targets=(ident,), answers=answers)))


def _ask_secret(part: QuestionPart) -> str:
    """Never an argument: other users see those.

    Raises:
        EOFError: nothing was entered.
    """
    prompt = f"{part.text or part.header or part.id} "
    if sys.stdin is not None and sys.stdin.isatty():
        secret = getpass.getpass(prompt)
    else:
        secret = _read_line()
    if not secret:
        raise EOFError
    return secret


def _read_line() -> str:
    return sys.stdin.readline(MAX_TEXT).rstrip("\r\n") if sys.stdin is not None else ""


def _stop(args: argparse.Namespace, run: Run) -> int:
    if args.all == bool(args.agents):
        say(tr("name agents, or give --all"))
        return ExitCode.USAGE
    if not args.all:
        return show(run(Order(verb=Verb.STOP, targets=tuple(args.agents))))
    if not args.yes:
        outcome = run(Order(verb=Verb.RUNS))
        if outcome.code or not outcome.data:
            return show(outcome)
        if not _is_sure(outcome.data):
            say(tr("nothing was stopped"))
            return ExitCode.FAILED
    return show(run(Order(verb=Verb.STOP_ALL)))


def _is_sure(runs: list[dict[str, str]]) -> bool:
    for one in runs:
        say(words.run_line(one["gateway"], one["name"], one["session"]))
    say(words.sure(len(runs), len({one["gateway"] for one in runs})))
    return _read_line().strip() in ("yes", tr("yes"))


def _send(args: argparse.Namespace, run: Run) -> int:
    text = " ".join(args.text)
    if text == STDIN:
        text = sys.stdin.read(MAX_TEXT + 1) if sys.stdin is not None else ""
    if not text.strip() or len(text) > MAX_TEXT:
        say(tr("write a text of at most {most} characters", most=MAX_TEXT))
        return ExitCode.USAGE
    order = Order(verb=Verb.SEND, targets=(args.agent,), session=args.session, text=text)
    return show(run(order))


def _seen(args: argparse.Namespace, run: Run) -> int:
    return show(run(Order(verb=Verb.SEEN, targets=tuple(args.ids))))
