"""The command line."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from cc_desktop import __version__
from cc_desktop.app import run_desktop
from cc_desktop.config.paths import Paths, find_paths, resource
from cc_desktop.config.settings import Settings, SettingsError, load_settings
from cc_desktop.monitor import FleetMonitor, is_settled
from cc_desktop.system.deep_links import MAX_LINK, LinkError, is_link, register_links
from cc_desktop.system.environment import take_secrets
from cc_desktop.system.launch_command import own_command
from cc_desktop.text import report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cc_desktop.desktop.single_instance import Claim
    from cc_desktop.diagnostics.checks import Result
    from cc_desktop.fleet.model import Change

log = logging.getLogger("cc_desktop")
QUIET_S = 0.1  # changes that come together are one line
LOG_BYTES = 1_000_000


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, exit code 2."""
        print(f"cc-desktop: {message}", file=sys.stderr)
        raise SystemExit(report.EXIT_USAGE)


def _timeout(text: str) -> float:
    value = float(text)
    if not 0 < value <= 3600:
        raise ValueError
    return value


def _parser() -> _Parser:
    common = _Parser(add_help=False)
    common.add_argument(
        "--url", default=argparse.SUPPRESS, help="the gateway's address (ws:// or wss://)"
    )
    common.add_argument(
        "--token-file", type=Path, default=argparse.SUPPRESS, help="a file with its token"
    )
    common.add_argument(
        "--config",
        type=Path,
        default=argparse.SUPPRESS,
        help="keep all files of the app under this directory",
    )
    common.add_argument(
        "--demo",
        action="store_true",
        default=argparse.SUPPRESS,
        help="show sample data, connect to nothing",
    )
    common.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default=argparse.SUPPRESS,
        help="how much to log (warning)",
    )
    parser = _Parser(
        prog="cc-desktop",
        parents=[common],
        description="Your OpenClaw agents in the tray.",
        epilog="cc-desktop://agent/GATEWAY/AGENT in the place of COMMAND shows that agent.",
    )
    parser.add_argument(
        "--hidden", action="store_true", help="start in the tray, without the window"
    )
    parser.add_argument("--version", action="version", version=f"cc-desktop {__version__}")
    parser.add_argument(
        "--self-test", action="store_true", help="look whether all that the app needs is here"
    )
    parser.add_argument(
        "--register-links",
        action="store_true",
        help="let this user's desktop open links with this program",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    status = commands.add_parser(
        "status", parents=[common], help="print the fleet, without a window"
    )
    status.add_argument("--json", action="store_true", help="print JSON")
    status.add_argument("--watch", action="store_true", help="one line of JSON for every change")
    status.add_argument(
        "--timeout", type=_timeout, default=10.0, metavar="S", help="wait so long for gateways (10)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    environ = take_secrets()  # first of all: no program that is started from here on inherits them
    given = list(sys.argv[1:] if argv is None else argv)
    # Taken out first: argparse would read a link as the name of a command.
    links = [word for word in given if is_link(word)]
    parser = _parser()
    args = parser.parse_args([word for word in given if not is_link(word)])
    if len(links) > 1 or (links and args.command):
        parser.error("a link stands alone: one, and no command")
    if args.self_test:
        from cc_desktop.diagnostics import checks

        return checks.run(_desktop_checks)
    if args.register_links:
        return _register_links(args)
    paths = find_paths(getattr(args, "config", None))
    _start_log(paths, getattr(args, "log_level", "warning"))
    claim = None
    if args.command is None and _has_display():
        found = _claim(paths, args, "".join(links))
        if isinstance(found, int):
            return found
        claim = found
    try:
        settings = load_settings(
            paths.settings,
            environ,
            url=getattr(args, "url", None),
            token_file=getattr(args, "token_file", None),
        )
    except SettingsError as error:
        print(f"cc-desktop: {error}", file=sys.stderr)
        return report.EXIT_USAGE
    for warning in settings.warnings:
        print(f"cc-desktop: {warning}", file=sys.stderr)
    demo = getattr(args, "demo", False)
    if args.command == "status":
        return asyncio.run(_status(settings, paths, args, demo))
    if claim is None:
        print(
            "cc-desktop: no display here, so the fleet is shown as text; Ctrl-C ends.",
            file=sys.stderr,
        )
        return asyncio.run(_text(FleetMonitor(settings, paths, demo_only=demo)))
    return run_desktop(
        settings,
        paths,
        claim,
        demo_only=demo,
        hidden=args.hidden,
        link="".join(links),
        command=[*own_command(), *_started_with(args)],
    )


def _desktop_checks(make_engine: Callable[[], FleetMonitor]) -> Iterable[Result]:
    from cc_desktop.desktop import self_checks

    return self_checks.run(make_engine)


def _started_with(args: argparse.Namespace) -> list[str]:
    """The options that a later start by the system must have too."""
    found: list[str] = []
    for option, name in (("--config", "config"), ("--token-file", "token_file"), ("--url", "url")):
        value = getattr(args, name, None)
        if value is not None:
            found += [option, str(value.absolute() if isinstance(value, Path) else value)]
    return found


def _register_links(args: argparse.Namespace) -> int:
    icon = resource("icons/cc-desktop.svg").absolute()
    try:
        print(register_links([*own_command(), *_started_with(args)], icon))
    except LinkError as error:
        print(f"cc-desktop: {error}", file=sys.stderr)
        return 1
    return 0


def _claim(paths: Paths, args: argparse.Namespace, link: str) -> Claim | int:
    """Be the one that runs; or hand over to the one that does, and the exit code."""
    from cc_desktop.desktop import single_instance

    message = single_instance.InstanceMessage(
        "open" if link else "none" if args.hidden else "show",
        target=link[: MAX_LINK + 1],
        activation_token=single_instance.activation_token(),
    )
    found = single_instance.claim(paths, message)
    if isinstance(found, single_instance.Claim):
        return found
    if found is single_instance.HandOver.DONE:
        done = "nothing to do" if message.command == "none" else "its window is shown"
        print(f"cc-desktop: running already, {done}", file=sys.stderr)
        return report.EXIT_FINE
    process = single_instance.first_pid(paths)
    which = f" (process {process})" if process else ""
    what = "does not answer" if found is single_instance.HandOver.SILENT else "is another version"
    print(
        f"cc-desktop: it is running already{which} but {what}: end that one, then start again",
        file=sys.stderr,
    )
    return 1


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return any(os.environ.get(name) for name in names)


def _start_log(paths: Paths, level: str) -> None:
    """Log to a file, and to stderr where there is one. Neither ever has a token."""
    handlers: list[logging.Handler] = []
    try:
        paths.log.mkdir(parents=True, exist_ok=True, mode=0o700)
        handlers.append(
            RotatingFileHandler(
                paths.log / "cc-desktop.log", maxBytes=LOG_BYTES, backupCount=2, delay=True
            )
        )
    except OSError as error:
        print(f"cc-desktop: no log file: {paths.log}: {error.strerror}", file=sys.stderr)
    if sys.stderr is not None and level in ("debug", "info"):
        handlers.append(logging.StreamHandler())
    logging.basicConfig(
        level=level.upper(),
        handlers=handlers or [logging.NullHandler()],
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    logging.getLogger("websockets").setLevel(logging.WARNING)  # its debug log has whole frames
    logging.getLogger("httpx").setLevel(logging.WARNING)


class _Watch:
    """Waits for changes of the fleet, for the end of the wait, and for signals."""

    def __init__(self, engine: FleetMonitor) -> None:
        self.engine = engine
        self.changed = asyncio.Event()
        self.ended = asyncio.Event()
        engine.store.subscribe(self._on_changes)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, self._end)

    def _on_changes(self, _changes: list[Change]) -> None:
        self.changed.set()

    def _end(self) -> None:
        self.ended.set()
        self.changed.set()

    async def until(self, done: Callable[[], bool], timeout_s: float) -> None:
        """Wait until `done`, a signal, or the timeout."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not done() and not self.ended.is_set():
                    self.changed.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.changed.wait(), 0.1)


async def _status(settings: Settings, paths: Paths, args: Any, demo: bool) -> int:
    engine = FleetMonitor(settings, paths, demo_only=demo, may_demo=False, rest_after_s=0.0)
    watch = _Watch(engine)
    running = asyncio.create_task(engine.run(), name="engine")
    try:
        if demo:
            await watch.until(lambda: bool(engine.store.fleet.gateways), args.timeout)
        else:
            await watch.until(lambda: is_settled(engine), args.timeout)
        if not args.watch:
            _print_status(engine, args.json)
            return report.exit_code(engine.store.fleet)
        last: dict[str, Any] = {}
        while True:
            watch.changed.clear()
            told = report.as_json(engine.store.fleet, engine.now_ms())
            facts = {**told, "as_of": 0}  # that time has passed is no change
            if facts != last:
                print(report.json_line(told), flush=True)
                last = facts
            if watch.ended.is_set():
                return report.exit_code(engine.store.fleet)
            await watch.changed.wait()
            if not watch.ended.is_set():
                await asyncio.sleep(QUIET_S)
    except BrokenPipeError:
        sys.stdout = None  # the reader has gone
        return report.exit_code(engine.store.fleet)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _print_status(engine: FleetMonitor, as_json: bool) -> None:
    fleet = engine.store.fleet
    if as_json:
        print(report.json_line(report.as_json(fleet, engine.now_ms())))
        return
    for line in report.as_text(fleet, engine.now_ms()):
        print(line)


async def _text(engine: FleetMonitor) -> int:
    """The fleet as text, refreshed in place, until Ctrl-C."""
    watch = _Watch(engine)
    running = asyncio.create_task(engine.run(), name="engine")
    in_place = sys.stdout.isatty()
    last: list[str] = []
    try:
        while not watch.ended.is_set() and not running.done():
            watch.changed.clear()
            lines = list(report.as_text(engine.store.fleet, engine.now_ms()))
            if lines != last:
                last = lines
                start = "\x1b[H\x1b[J" if in_place else ""
                end = "" if in_place else "\n"
                print(start + "\n".join(lines) + end, flush=True)
            await watch.changed.wait()
            await asyncio.sleep(QUIET_S)
        return report.EXIT_FINE
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
