"""The options that all commands share, and what follows from them."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import NoReturn

from cc_desktop.about import APP_ID, ExitCode
from cc_desktop.config.paths import Paths, find_paths
from cc_desktop.config.settings import Settings, load_settings
from cc_desktop.diagnostics import logs
from cc_desktop.system.redaction import add_secret
from cc_desktop.text.i18n import tr
from cc_desktop.text.settings import describe_slip

MAX_TIMEOUT_S = 3600.0
_SECRET_NAMES = ("TOKEN", "PASSWORD")  # how names of environment variables end


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        """One line, exit code 2."""
        say(message)
        raise SystemExit(ExitCode.USAGE)


def say(line: str) -> None:
    """One line on stderr, where there is one."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            print(f"{APP_ID}: {line}", file=sys.stderr)


def seconds(text: str) -> float:
    """Read a timeout.

    Raises:
        ArgumentTypeError: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= MAX_TIMEOUT_S:
        raise argparse.ArgumentTypeError(
            tr("write seconds, more than 0 and at most {most}", most=f"{MAX_TIMEOUT_S:.0f}")
        )
    return value


def common_options() -> Parser:
    """The options that go before and after the name of a command."""
    common = Parser(add_help=False)
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
    return common


def prepare(args: argparse.Namespace) -> Paths:
    """Find the paths and start the log."""
    for name, value in args.environ.items():
        if name.upper().endswith(_SECRET_NAMES):
            add_secret(value)
    paths = find_paths(getattr(args, "config", None))
    logs.start(paths.log, getattr(args, "log_level", "warning"))
    return paths


def read_settings(args: argparse.Namespace, paths: Paths) -> Settings:
    return load_settings(
        paths.settings,
        args.environ,
        url=getattr(args, "url", None),
        token_file=getattr(args, "token_file", None),
    )


def settings_of(args: argparse.Namespace, paths: Paths) -> Settings:
    """Load the settings, and say on stderr what is wrong with them."""
    settings = read_settings(args, paths)
    for slip in (*settings.problems, *settings.notes):
        say(describe_slip(slip))
    return settings
