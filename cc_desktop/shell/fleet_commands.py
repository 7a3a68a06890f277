"""`status` and `doctor`: the fleet as text, and the way to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cc_desktop.about import ExitCode
from cc_desktop.shell.options import Parser, prepare, read_settings, say, seconds, settings_of
from cc_desktop.text.i18n import tr
from cc_desktop.text.settings import describe_slip

if TYPE_CHECKING:
    import argparse


def add(commands: Any, common: Parser) -> None:
    """Add the commands. `commands` is what `add_subparsers` returns."""
    status = commands.add_parser(
        "status", parents=[common], help="print the fleet, without a window"
    )
    status.set_defaults(handler=_status)
    status.add_argument("--json", action="store_true", help="print JSON")
    status.add_argument("--watch", action="store_true", help="one line of JSON for every change")
    status.add_argument(
        "--timeout",
        type=seconds,
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


def _status(args: argparse.Namespace) -> int:
    from cc_desktop import headless

    paths = prepare(args)
    settings = settings_of(args, paths)
    if settings.usage_errors:
        return ExitCode.USAGE
    demo = getattr(args, "demo", False)
    return headless.status(
        settings, paths, demo=demo, json=args.json, watch=args.watch, timeout_s=args.timeout
    )


def _doctor(args: argparse.Namespace) -> int:
    from cc_desktop import headless

    paths = prepare(args)
    if getattr(args, "demo", False):
        say(tr("doctor tries the real gateways; leave out --demo"))
        return ExitCode.USAGE
    settings = read_settings(args, paths)
    if settings.usage_errors:
        for slip in settings.usage_errors:
            say(describe_slip(slip))
        return ExitCode.USAGE
    return headless.doctor(
        settings, paths, json=args.json, bundle=args.bundle, environ=args.environ
    )
