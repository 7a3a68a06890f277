"""The command line: arguments, and which command they run."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cc_desktop import __version__
from cc_desktop.about import APP_ID, ExitCode
from cc_desktop.config.paths import Paths, find_paths, resource
from cc_desktop.config.settings import Settings, load_settings
from cc_desktop.diagnostics import crash, logs
from cc_desktop.system.deep_links import MAX_LINK, LinkError, is_link, register_links
from cc_desktop.system.environment import take_secrets
from cc_desktop.system.launch_command import own_command
from cc_desktop.system.redaction import add_secret
from cc_desktop.text.i18n import choose_language, mark, tr
from cc_desktop.text.settings import describe_slip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cc_desktop.desktop.instance.single_instance import InstanceLock
    from cc_desktop.diagnostics.checks import Result
    from cc_desktop.monitor import FleetMonitor

log = logging.getLogger(__name__)

MAX_TIMEOUT_S = 3600.0
_SECRET_NAMES = ("TOKEN", "PASSWORD")  # how names of environment variables end
_EPILOG = """\
cc-desktop://agent/GATEWAY/AGENT in the place of COMMAND shows that agent.

exit codes:
  0    it worked; for "status": a gateway was reached, nothing needs you
  1    "status": an agent needs you; otherwise: it could not be done
  2    wrong arguments
  3    "status": no gateway could be reached; "doctor": not every gateway
  70   internal error
  141  the reader of the output has gone
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, exit code 2."""
        say(message)
        raise SystemExit(ExitCode.USAGE)


def say(line: str) -> None:
    """One line on stderr, where there is one."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            print(f"{APP_ID}: {line}", file=sys.stderr)


def _timeout(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= MAX_TIMEOUT_S:
        raise argparse.ArgumentTypeError(
            tr("write seconds, more than 0 and at most {most}", most=f"{MAX_TIMEOUT_S:.0f}")
        )
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
        choices=logs.LEVELS,
        default=argparse.SUPPRESS,
        help="how much to log (default: warning)",
    )
    parser = _Parser(
        prog=APP_ID,
        parents=[common],
        description="Your OpenClaw agents in the tray.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(handler=_run_app)
    parser.add_argument(
        "--hidden", action="store_true", help="start in the tray, without the window"
    )
    parser.add_argument("--version", action="version", version=f"{APP_ID} {__version__}")
    parser.add_argument(
        "--self-test",
        action="store_const",
        dest="handler",
        const=_self_test,
        help="check that everything the app needs is here",
    )
    parser.add_argument(
        "--register-links",
        action="store_const",
        dest="handler",
        const=_register_links,
        help="let this user's desktop open links with this program",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    status = commands.add_parser(
        "status", parents=[common], help="print the fleet, without a window"
    )
    status.set_defaults(handler=_status)
    status.add_argument("--json", action="store_true", help="print JSON")
    status.add_argument("--watch", action="store_true", help="one line of JSON for every change")
    status.add_argument(
        "--timeout",
        type=_timeout,
        default=10.0,
        metavar="S",
        help="how many seconds to wait for gateways (default: 10)",
    )
    doctor = commands.add_parser(
        "doctor", parents=[common], help="try the way to each gateway and say what to do"
    )
    doctor.set_defaults(handler=_doctor)
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.add_argument(
        "--bundle",
        type=Path,
        metavar="FILE.zip",
        help="also write what a support request needs, without secrets",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        The exit code, see `cc_desktop.about.ExitCode`.
    """
    environ = take_secrets()  # first of all: no program that is started from here on inherits them
    choose_language(environ, lambda: resource("locale"))
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv), environ)
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where a reader that has gone is no traceback
    except BrokenPipeError:
        _drop_stdout()
        return ExitCode.BROKEN_PIPE
    except KeyboardInterrupt:
        return 130  # 128 + SIGINT, as shells report it
    except Exception as error:  # noqa: BLE001, RUF100 - whatever nobody expected
        log.critical("internal error", exc_info=error)
        say(tr("internal error: {error}", error=crash.headline(error)))
        return ExitCode.CRASHED
    return code


def _drop_stdout() -> None:
    """Let Python's last flush of stdout go nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def _run(words: list[str], environ: dict[str, str]) -> int:
    # Links are taken out first: argparse would read one as the name of a command.
    links = [word for word in words if is_link(word)]
    parser = _parser()
    args = parser.parse_args([word for word in words if not is_link(word)])
    if len(links) > 1 or (links and args.command):
        parser.error(tr("give one link, and no command with it"))
    args.link = "".join(links)
    args.environ = environ
    code: int = args.handler(args)
    return code


def _prepare(args: argparse.Namespace) -> Paths:
    """Find the paths and start the log."""
    for name, value in args.environ.items():
        if name.upper().endswith(_SECRET_NAMES):
            add_secret(value)
    paths = find_paths(getattr(args, "config", None))
    logs.start(paths.log, getattr(args, "log_level", "warning"))
    return paths


def _read_settings(args: argparse.Namespace, paths: Paths) -> Settings:
    return load_settings(
        paths.settings,
        args.environ,
        url=getattr(args, "url", None),
        token_file=getattr(args, "token_file", None),
    )


def _settings(args: argparse.Namespace, paths: Paths) -> Settings:
    """Load the settings, and say on stderr what is wrong with them."""
    settings = _read_settings(args, paths)
    for slip in (*settings.problems, *settings.notes):
        say(describe_slip(slip))
    return settings


# Commands


def _status(args: argparse.Namespace) -> int:
    from cc_desktop import headless

    paths = _prepare(args)
    settings = _settings(args, paths)
    if settings.usage_errors:
        return ExitCode.USAGE
    demo = getattr(args, "demo", False)
    return headless.status(
        settings, paths, demo=demo, json=args.json, watch=args.watch, timeout_s=args.timeout
    )


def _doctor(args: argparse.Namespace) -> int:
    from cc_desktop import headless

    paths = _prepare(args)
    if getattr(args, "demo", False):
        say(tr("doctor tries the real gateways; leave out --demo"))
        return ExitCode.USAGE
    settings = _read_settings(args, paths)
    if settings.usage_errors:
        for slip in settings.usage_errors:
            say(describe_slip(slip))
        return ExitCode.USAGE
    return headless.doctor(
        settings, paths, json=args.json, bundle=args.bundle, environ=args.environ
    )


def _run_app(args: argparse.Namespace) -> int:
    from cc_desktop.monitor import MonitorOptions, system_wake_sources

    paths = _prepare(args)
    lock = None
    if _has_display():
        found = _acquire(paths, args)
        if isinstance(found, int):
            return found
        lock = found
    settings = _settings(args, paths)
    demo = getattr(args, "demo", False)
    options = MonitorOptions(
        demo_only=demo,
        wake_sources=() if demo else system_wake_sources(),
        # The window offers to connect where nobody has named a gateway; text cannot.
        read_settings=lambda: (
            _read_settings(args, paths).chosen if lock else _read_settings(args, paths)
        ),
    )
    if lock is None:
        from cc_desktop import headless

        say(tr("no display here, so the fleet is shown as text; Ctrl-C ends."))
        return headless.text(settings, paths, options)
    from cc_desktop.app import run_desktop

    for handler in logging.getLogger().handlers:
        if isinstance(handler, logs.PrivateLogFile):
            handler.record_native_crashes()
    return run_desktop(
        settings.chosen,
        paths,
        lock,
        options=options,
        hidden=args.hidden,
        link=args.link,
        command=[*own_command(), *_started_with(args)],
        restart=[*own_command(), *_as_started(args)],
        environ=args.environ,
    )


def _self_test(_args: argparse.Namespace) -> int:
    from cc_desktop.diagnostics import checks

    return checks.run(_desktop_checks)


def _desktop_checks(directory: Path) -> Iterable[Result]:
    """The checks that need Qt; the demo plays in `directory`."""
    from cc_desktop.desktop import self_checks
    from cc_desktop.monitor import FleetMonitor, MonitorOptions

    def make_monitor() -> FleetMonitor:
        settings = Settings(gateways=(), keyring=False)
        return FleetMonitor(settings, find_paths(directory), MonitorOptions(demo_only=True))

    return self_checks.run(make_monitor)


def _register_links(args: argparse.Namespace) -> int:
    icon = resource("icons/cc-desktop.svg").absolute()
    try:
        print(register_links([*own_command(), *_started_with(args)], icon))
    except LinkError as error:
        say(tr(str(error)))
        return ExitCode.FAILED
    return ExitCode.OK


def _started_with(args: argparse.Namespace) -> list[str]:
    """The options that a later start by the system needs too."""

    def options() -> Iterator[str]:
        for option in ("--config", "--token-file", "--url"):
            value = getattr(args, option[2:].replace("-", "_"), None)
            if value is not None:
                yield option
                yield str(value.absolute() if isinstance(value, Path) else value)

    return list(options())


def _as_started(args: argparse.Namespace) -> list[str]:
    """The options of this start, but for `--hidden`."""
    level = getattr(args, "log_level", None)
    return [
        *_started_with(args),
        *(["--demo"] if getattr(args, "demo", False) else []),
        *(["--log-level", level] if level else []),
    ]


# One running app


def _acquire(paths: Paths, args: argparse.Namespace) -> InstanceLock | int:
    """Become the running app; or hand over to it, and the exit code."""
    from cc_desktop.desktop.instance import single_instance
    from cc_desktop.desktop.instance.single_instance import HandOver

    message = single_instance.InstanceMessage(
        "open" if args.link else "none" if args.hidden else "show",
        target=args.link[: MAX_LINK + 1],
        activation_token=single_instance.activation_token(),
    )
    found = single_instance.acquire(paths, message)
    if isinstance(found, single_instance.InstanceLock):
        return found
    shown = {
        HandOver.DONE: mark("running already, nothing to do")
        if message.command == "none"
        else mark("running already, its window is shown"),
        HandOver.BEHIND: mark(
            "running already, its window is open; the desktop decides when it comes to the front"
        ),
    }
    if found in shown:
        say(tr(shown[found]))
        return ExitCode.OK
    if found is HandOver.FAILED:
        say(tr("running already, but its window could not be shown; its log says why"))
        return ExitCode.FAILED
    process = single_instance.running_pid(paths)
    who = tr("{app} (process {process})", app=APP_ID, process=process) if process else APP_ID
    if found is HandOver.SILENT:
        said = tr("{app} runs already but does not answer: end that one, then start again", app=who)
    else:
        said = tr("{app} runs already in another version: end that one, then start again", app=who)
    say(said)
    return ExitCode.FAILED


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return any(os.environ.get(name) for name in names)
