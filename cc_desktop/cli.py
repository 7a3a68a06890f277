"""The command line: where a start begins, and its exit code."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

from cc_desktop.about import ExitCode
from cc_desktop.config.paths import resource
from cc_desktop.diagnostics import crash
from cc_desktop.shell.options import say
from cc_desktop.shell.parser import make_parser
from cc_desktop.system.deep_links import is_link
from cc_desktop.system.environment import take_secrets
from cc_desktop.text.i18n import choose_language, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)


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
    parser = make_parser()
    args = parser.parse_args([word for word in words if not is_link(word)])
    if len(links) > 1 or (links and args.command):
        parser.error(tr("give one link, and no command with it"))
    del parser  # what follows may last for days
    args.link = "".join(links)
    args.environ = environ
    code: int = args.handler(args)
    return code
