"""The fleet without a window: `cc-desktop status`, and the text view where there is no display."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from typing import TYPE_CHECKING, Any

from cc_desktop.about import APP_ID, ExitCode
from cc_desktop.diagnostics import crash
from cc_desktop.monitor import FleetMonitor, MonitorOptions
from cc_desktop.orders.carry_out import carry_out, wait_for_lists
from cc_desktop.orders.order import LIMIT_S, Outcome
from cc_desktop.system.redaction import redact
from cc_desktop.text import orders as words
from cc_desktop.text import report
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from cc_desktop.config.paths import Paths
    from cc_desktop.config.settings import Settings
    from cc_desktop.fleet.model import Change
    from cc_desktop.orders.order import Order

log = logging.getLogger(__name__)

QUIET_S = 0.1  # changes that come this close together are printed as one


def status(
    settings: Settings, paths: Paths, *, demo: bool, json: bool, watch: bool, timeout_s: float
) -> int:
    """Print the fleet once, or a line of JSON for every change.

    Args:
        settings: The settings.
        paths: Where files belong.
        demo: Sample data only.
        json: One line of JSON instead of text.
        watch: Print JSON for every change until a signal.
        timeout_s: How long to wait for gateways.

    Returns:
        The exit code.
    """
    options = MonitorOptions(demo_only=demo, may_demo=False, http_after_s=0.0)

    async def show(view: _View) -> int:
        fleet = view.monitor.store.fleet
        await view.settled(timeout_s, demo=demo)
        if watch:
            return await _print_changes(view)
        fleet, now = view.monitor.store.fleet, view.monitor.now_ms()
        if json:
            print_line(report.json_line(report.as_json(fleet, now)))
        else:
            print_line("\n".join(report.as_text(fleet, now)))
        return report.exit_code(fleet)

    return asyncio.run(_run(FleetMonitor(settings, paths, options), show))


def order(
    settings: Settings, paths: Paths, order: Order, *, demo: bool, timeout_s: float
) -> Outcome:
    """Carry out an order over connections of its own.

    Args:
        settings: The settings.
        paths: Where files belong.
        order: What is asked.
        demo: Of sample data.
        timeout_s: How long to wait for gateways.
    """
    options = MonitorOptions(demo_only=demo, may_demo=False, http_after_s=0.0)
    outcome = Outcome(code=ExitCode.CRASHED)

    async def perform(view: _View) -> int:
        nonlocal outcome
        await view.settled(timeout_s, demo=demo)
        await wait_for_lists(view.monitor, order)
        doing = asyncio.create_task(carry_out(view.monitor, order))
        await view.until(doing.done, LIMIT_S)
        if not doing.done():
            doing.cancel()
            outcome = Outcome(code=ExitCode.UNREACHED, err=(tr(words.NOT_KNOWN),))
        else:
            outcome = doing.result()
        return outcome.code

    code = asyncio.run(_run(FleetMonitor(settings, paths, options), perform))
    return outcome if code == outcome.code else Outcome(code=code)


def text(settings: Settings, paths: Paths, options: MonitorOptions) -> int:
    """Show the fleet as text, refreshed in place, until a signal.

    Returns:
        The exit code.
    """
    return asyncio.run(_run(FleetMonitor(settings, paths, options), _show_text))


def doctor(
    settings: Settings,
    paths: Paths,
    *,
    json: bool,
    bundle: Path | None,
    environ: Mapping[str, str],
) -> int:
    """Try the way to each gateway, and say what to do where it ends.

    Args:
        settings: The settings.
        paths: Where files belong.
        json: One line of JSON instead of text.
        bundle: A zip to write for a support request.
        environ: The environment.

    Returns:
        The exit code.
    """
    say = _Lines(quiet=json)
    found, code = asyncio.run(_examine(settings, paths, environ, say))
    if bundle is not None:
        from cc_desktop.diagnostics.bundle import BundleError, make_bundle, write_bundle

        try:
            write_bundle(bundle, make_bundle(paths, found, say.lines, environ))
        except BundleError as failure:
            _print_note(str(failure))
            code = code or ExitCode.FAILED
        else:
            say("", tr("Written: {path}. Look through it before you send it.", path=bundle))
    if json:
        print_line(report.json_line(found))
    return code


class _Lines:
    """Prints lines as they come, without secrets, and keeps them for the bundle."""

    def __init__(self, *, quiet: bool) -> None:
        self.lines: list[str] = []
        self._quiet = quiet

    def __call__(self, *lines: str) -> None:
        for line in map(redact, lines):
            self.lines.append(line)
            if not self._quiet:
                print_line(line.rstrip())


async def _examine(
    settings: Settings, paths: Paths, environ: Mapping[str, str], say: _Lines
) -> tuple[dict[str, Any], int]:
    from cc_desktop.diagnostics import doctor as look
    from cc_desktop.text.probe import doctor as words

    machine = await look.look_at_machine(paths, settings)
    say(*words.machine_lines(machine.versions, machine.paths, machine.keyring, machine.time))
    for slip in machine.slips:
        say(f"! {slip.text}")
    signs = _signs()
    monitor = FleetMonitor(settings, paths, MonitorOptions(may_demo=False))
    for note in monitor.memory.notes.lines:
        say(f"! {note}")
    examination = look.Examination(monitor, settings, paths.settings, environ)
    head = ""
    async with contextlib.aclosing(examination.run()) as told:
        async for gateway, result in told:
            if head != gateway.id:
                head = gateway.id
                say("", words.gateway_line(gateway.name, gateway.url))
            if isinstance(result, look.Visit):
                say(words.token_line(result.token_source, result.kept_in, result.kept_why))
            else:
                sign = signs[result.found.value]
                say(*words.step_lines(sign, look.text_of(result), result.took_ms))
    visits = examination.visits
    reached = sum(visit.reached for visit in visits)
    ok = look.is_well(machine, visits)
    say("", words.summary_line(reached, len(visits), is_well=ok))
    return look.as_json(machine, visits), ExitCode.OK if ok else ExitCode.UNREACHED


def _signs() -> Mapping[str, str]:
    from cc_desktop.text.probe.doctor import PLAIN_SIGNS, SIGNS

    try:
        "".join(SIGNS.values()).encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN_SIGNS
    return SIGNS


def _print_note(line: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{APP_ID}: {line}\n")


class MonitorEndedError(Exception):
    """The monitor ended although nobody stopped it."""


class _View:
    """Waits for changes of the fleet, for signals, and for the monitor to fail."""

    def __init__(self, monitor: FleetMonitor) -> None:
        self.monitor = monitor
        self.stopped = False
        self._changed = asyncio.Event()
        self._running = asyncio.create_task(monitor.run(), name="fleet monitor")
        self._running.add_done_callback(lambda _task: self._changed.set())
        monitor.store.subscribe(self._on_changes)
        monitor.memory.notes.subscribe(_print_note)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, self._stop)

    def _on_changes(self, _changes: list[Change]) -> None:
        self._changed.set()

    def _stop(self) -> None:
        self.stopped = True
        self._changed.set()

    async def changed(self) -> None:
        """Wait for a change or a signal.

        Raises:
            MonitorEndedError: The monitor has failed, so nothing will ever change.
        """
        await self._changed.wait()
        if self._running.done() and not self.stopped:
            raise MonitorEndedError from self._running.exception()
        self._changed.clear()

    async def until(self, done: Callable[[], bool], timeout_s: float) -> None:
        """Wait until `done`, a signal, or the timeout.

        Raises:
            MonitorEndedError: The monitor has failed.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not done() and not self.stopped:
                    with contextlib.suppress(TimeoutError):
                        # Not every change of a supervisor is a change of the model.
                        await asyncio.wait_for(self.changed(), QUIET_S)

    async def settled(self, timeout_s: float, *, demo: bool) -> None:
        """Wait until it is known of every gateway whether it can be reached.

        Raises:
            MonitorEndedError: The monitor has failed.
        """
        store = self.monitor.store
        if demo:
            await self.until(lambda: bool(store.fleet.gateways), timeout_s)
        else:
            await self.until(lambda: self.monitor.is_settled, timeout_s)

    async def end(self) -> None:
        """Stop the monitor."""
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)


async def _run(monitor: FleetMonitor, show: Callable[[_View], Awaitable[int]]) -> int:
    view = _View(monitor)
    try:
        return await show(view)
    except MonitorEndedError as ended:
        cause = ended.__cause__ or ended
        log.critical("the fleet monitor ended", exc_info=cause)
        if sys.stderr is not None:
            line = tr("internal error: {error}", error=crash.headline(cause))
            sys.stderr.write(f"{APP_ID}: {line}\n")
        return ExitCode.CRASHED
    finally:
        await view.end()


async def _print_changes(view: _View) -> int:
    last: dict[str, Any] = {}
    while True:
        fleet = view.monitor.store.fleet
        told = report.as_json(fleet, view.monitor.now_ms())
        facts = {**told, "as_of": 0}  # a newer time alone is no change
        if facts != last:
            print_line(report.json_line(told))
            last = facts
        if view.stopped:
            return report.exit_code(fleet)
        await view.changed()
        if not view.stopped:
            await asyncio.sleep(QUIET_S)


async def _show_text(view: _View) -> int:
    in_place = sys.stdout is not None and sys.stdout.isatty()
    last: list[str] = []
    while not view.stopped:
        lines = list(report.as_text(view.monitor.store.fleet, view.monitor.now_ms()))
        if lines != last:
            last = lines
            start, end = ("\x1b[H\x1b[J", "") if in_place else ("", "\n")
            print_line(start + "\n".join(lines) + end)
        await view.changed()
        await asyncio.sleep(QUIET_S)
    return ExitCode.OK


def print_line(text: str) -> None:
    """Print what may have lone surrogates in it: hostile text is no reason to fail."""
    if sys.stdout is not None:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stdout.flush()
