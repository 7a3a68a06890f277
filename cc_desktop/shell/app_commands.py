"""The app itself: start it, check it, register its links."""

from __future__ import annotations

import gc
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cc_desktop.about import APP_ID, ExitCode
from cc_desktop.config.paths import Paths, find_paths, resource
from cc_desktop.config.settings import Settings
from cc_desktop.diagnostics import logs
from cc_desktop.shell.options import prepare, read_settings, say, settings_of
from cc_desktop.system.deep_links import MAX_LINK, LinkError, register_links
from cc_desktop.system.launch_command import own_command
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from cc_desktop.desktop.instance.single_instance import InstanceLock
    from cc_desktop.diagnostics.checks import Result
    from cc_desktop.monitor import FleetMonitor


def run_app(args: argparse.Namespace) -> int:
    gc.disable()  # until the first picture: what is made until then stays
    try:
        return _run_app(args)
    finally:
        gc.enable()


def _run_app(args: argparse.Namespace) -> int:
    from cc_desktop.monitor import MonitorOptions, system_wake_sources

    paths = prepare(args)
    lock = None
    if _has_display():
        found = _acquire(paths, args)
        if isinstance(found, int):
            return found
        lock = found
    settings = settings_of(args, paths)
    demo = getattr(args, "demo", False)
    options = MonitorOptions(
        demo_only=demo,
        wake_sources=() if demo else system_wake_sources(),
        # The window offers to connect where nobody has named a gateway; text cannot.
        read_settings=lambda: (
            read_settings(args, paths).chosen if lock else read_settings(args, paths)
        ),
    )
    if lock is None:
        from cc_desktop import headless

        gc.enable()
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


def self_test(_args: argparse.Namespace) -> int:
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


def register(args: argparse.Namespace) -> int:
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
