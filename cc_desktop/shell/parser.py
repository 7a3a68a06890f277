"""The arguments of `cc-desktop`."""

from __future__ import annotations

import argparse

from cc_desktop import __version__
from cc_desktop.about import APP_ID
from cc_desktop.shell import app_commands, fleet_commands, order_commands
from cc_desktop.shell.options import Parser, common_options

_EPILOG = """\
An ID is what "next" and "status --json" tell; the beginning of one will do. An AGENT is an id, a
name, or GATEWAY/ID. These commands go through the app where it runs, or else over a connection of
their own.

cc-desktop://agent/GATEWAY/AGENT in the place of COMMAND shows that agent.

exit codes:
  0    it worked, and is confirmed; for "status": a gateway was reached, nothing needs you
  1    "status", "next": something needs you; otherwise: it could not be done, or was refused
  2    wrong arguments
  3    no gateway could be reached, or it is not known whether it arrived; "doctor": not every one
  70   internal error
  141  the reader of the output has gone
"""


def make_parser() -> Parser:
    """The parser of the whole command line; `handler` of its result runs the command."""
    common = common_options()
    parser = Parser(
        prog=APP_ID,
        parents=[common],
        description="Your OpenClaw agents in the tray.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(handler=app_commands.run_app)
    parser.add_argument(
        "--hidden", action="store_true", help="start in the tray, without the window"
    )
    parser.add_argument("--version", action="version", version=f"{APP_ID} {__version__}")
    parser.add_argument(
        "--self-test",
        action="store_const",
        dest="handler",
        const=app_commands.self_test,
        help="check that everything the app needs is here",
    )
    parser.add_argument(
        "--register-links",
        action="store_const",
        dest="handler",
        const=app_commands.register,
        help="let this user's desktop open links with this program",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    order_commands.add(commands, common)
    fleet_commands.add(commands, common)
    return parser
