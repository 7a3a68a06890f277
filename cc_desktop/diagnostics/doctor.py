"""`cc-desktop doctor`: what this installation is, and the way to each of its gateways.

It reads what the app reads and changes nothing; a device key is made where there is none yet,
because a gateway could not be tried without.
"""

from __future__ import annotations

import asyncio
import platform
import tomllib
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from cc_desktop import __version__
from cc_desktop.config.secrets.system_keyring import KeyringState, SystemKeyring
from cc_desktop.diagnostics.checks import in_time
from cc_desktop.gateway.device_identity import IdentityError
from cc_desktop.gateway.probe import Found, StepResult
from cc_desktop.protocol.clean import clean_text
from cc_desktop.protocol.handshake import ROLE
from cc_desktop.system.environment import TOKEN_NAMES
from cc_desktop.system.files import FileError, read_private
from cc_desktop.system.redaction import redact
from cc_desktop.text.probe import StepText, step_text
from cc_desktop.text.settings import describe_slip

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from pathlib import Path

    from cc_desktop.config.paths import Paths
    from cc_desktop.config.settings import GatewaySettings, Settings
    from cc_desktop.monitor import FleetMonitor
    from cc_desktop.text.settings import SettingsProblem

_MAX_FILE = 1024 * 1024  # bytes
_LINE = 400  # characters
_LIBRARIES = ("PySide6-Essentials", "websockets", "httpx", "msgspec", "cryptography", "keyring")


class Slip(Struct, frozen=True):
    """What is to be said of a setting."""

    text: str
    file: str = ""
    line: int = 0  # 0: not known
    value: str = ""
    is_harmless: bool = False  # all works, but the operator should know


class Machine(Struct, frozen=True):
    """What this installation is."""

    versions: dict[str, str]
    paths: dict[str, str]
    keyring: str  # a value of `KeyringState`, or "off"
    time: str  # by this computer's clock, with its offset from UTC
    slips: tuple[Slip, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """How far the way to one gateway leads."""

    gateway: GatewaySettings
    results: tuple[StepResult, ...]
    token_source: str = ""  # what the shared token was read from; "" for none
    kept_in: str = ""  # where the device token is: "keyring" or "file"; "" for none
    kept_why: str = ""  # why not in the keyring

    @property
    def reached(self) -> bool:
        """Whether no step failed."""
        return bool(self.results) and self.results[-1].found is not Found.FAILED

    @property
    def release(self) -> str:
        """Of the gateway, as far as it told."""
        return next((r.facts["release"] for r in self.results if "release" in r.facts), "")


def versions() -> dict[str, str]:
    """The versions of what this app consists of; a library that is not there is left out."""
    found = {"app": __version__, "Python": platform.python_version(), "system": _system()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # a packaged app may carry it without its name
            continue
    return found


def _system() -> str:
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def keyring_state(*, allowed: bool) -> str:
    """What the keyring would do now, asked without a dialog. Blocks for a few seconds at most."""
    if not allowed:
        return "off"
    try:
        return in_time(lambda: SystemKeyring().state().value) or KeyringState.SILENT.value
    except Exception:  # noqa: BLE001, RUF100 - back ends raise what they like
        return KeyringState.ABSENT.value


async def look_at_machine(paths: Paths, settings: Settings) -> Machine:
    """Gather what is known without a gateway.

    Args:
        paths: Where files belong.
        settings: The settings.
    """
    slips = [slip(problem) for problem in settings.problems]
    slips += [slip(note, is_harmless=True) for note in settings.notes]
    keyring = await asyncio.to_thread(keyring_state, allowed=settings.keyring)
    return Machine(
        versions=versions(),
        paths={
            "settings": str(paths.settings),
            "data": str(paths.data),
            "log": str(paths.log),
        },
        keyring=keyring,
        time=datetime.now().astimezone().isoformat(timespec="seconds"),
        slips=tuple(slips),
    )


def slip(problem: SettingsProblem, *, is_harmless: bool = False) -> Slip:
    """What is said of a slip, and where it is."""
    text = redact(clean_text(describe_slip(problem), _LINE))
    value = redact(clean_text(problem.value, _LINE))
    return Slip(text, problem.file, problem.line, value, is_harmless)


def token_source(gateway: GatewaySettings, path: Path, environ: Mapping[str, str]) -> str:
    """What the shared token of a gateway was read from; "" where it has none.

    Args:
        gateway: The gateway.
        path: The settings file.
        environ: The environment.
    """
    if not gateway.token:
        return ""
    try:
        tables = tomllib.loads(read_private(path, _MAX_FILE).decode("utf-8")).get("gateways", [])
    except (FileError, ValueError):
        tables = []
    for table in tables:
        if table.get("url") == gateway.url and table.get("token_file"):
            return str(table["token_file"])
    return next((name for name in TOKEN_NAMES if environ.get(name)), "--token-file")


class Examination:
    """Tries all gateways at once, and tells of each in the order of the settings."""

    def __init__(
        self, monitor: FleetMonitor, settings: Settings, path: Path, environ: Mapping[str, str]
    ) -> None:
        """Try nothing yet.

        Args:
            monitor: Has the device's key and tokens.
            settings: The settings.
            path: Their file.
            environ: The environment.
        """
        self._monitor = monitor
        self._gateways = tuple(each for each in settings.gateways if each.enabled)
        self._path = path
        self._environ = environ
        self.visits: list[Visit] = []

    async def run(self) -> AsyncGenerator[tuple[GatewaySettings, StepResult | Visit]]:
        """Each step as soon as it is its gateway's turn; a `Visit` ends a gateway."""
        queues: list[asyncio.Queue[StepResult | Visit]] = [asyncio.Queue() for _ in self._gateways]
        tasks = [
            asyncio.create_task(self._visit(gateway, queue))
            for gateway, queue in zip(self._gateways, queues, strict=True)
        ]
        try:
            for gateway, queue in zip(self._gateways, queues, strict=True):
                told: StepResult | Visit | None = None
                while not isinstance(told, Visit):
                    told = await queue.get()
                    yield gateway, told
                self.visits.append(told)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _visit(
        self, gateway: GatewaySettings, queue: asyncio.Queue[StepResult | Visit]
    ) -> None:
        results: list[StepResult] = []
        if gateway.problem is not None:  # the slip says why there is nothing to try
            queue.put_nowait(Visit(gateway, ()))
            return
        if not gateway.token:
            await self._monitor.shared.read(gateway.id)
        token = self._monitor.stored_token(gateway.id)
        steps = self._monitor.test_gateway(gateway.url, token.reveal(), insecure=gateway.insecure)
        kept_in, kept_why = "", ""
        try:
            async for result in steps:
                results.append(result)
                queue.put_nowait(result)
            kept_in, kept_why = await self._kept(gateway)
        finally:
            await steps.aclose()
            source = token_source(gateway, self._path, self._environ)
            if not source and token:
                source = self._monitor.shared.place_of(gateway.id)
            queue.put_nowait(Visit(gateway, tuple(results), source, kept_in, kept_why))

    async def _kept(self, gateway: GatewaySettings) -> tuple[str, str]:
        """Where the device token is and why. Reading it also lets the redaction know it."""
        tokens = self._monitor.tokens
        try:
            device_id = self._monitor.identity().device_id
        except IdentityError:
            return "", ""
        token = await tokens.get(gateway.url, device_id, ROLE)
        return (tokens.place if token else ""), tokens.why


def is_well(machine: Machine, visits: list[Visit]) -> bool:
    """Whether the settings work as they are written, and all gateways were reached."""
    settings_work = all(slip.is_harmless for slip in machine.slips)
    return settings_work and bool(visits) and all(visit.reached for visit in visits)


def as_json(machine: Machine, visits: list[Visit]) -> dict[str, Any]:
    """All that was found, for `--json` and for the bundle. Nothing in it is secret."""
    told: dict[str, Any] = {
        "ok": is_well(machine, visits),
        "machine": msgspec.to_builtins(machine),
        "gateways": [
            {
                "id": visit.gateway.id,
                "name": visit.gateway.name,
                "url": visit.gateway.url,
                "reached": visit.reached,
                "release": visit.release,
                "token_source": visit.token_source,
                "device_token_kept": {"place": visit.kept_in, "why_not_keyring": visit.kept_why},
                "steps": [_step(result) for result in visit.results],
            }
            for visit in visits
        ],
    }
    return {key: without_secrets(value) for key, value in told.items()}


def text_of(result: StepResult) -> StepText:
    """A step in words."""
    return step_text(result.step.value, result.facts, result.problem)


def _step(result: StepResult) -> dict[str, Any]:
    text = text_of(result)
    return {
        "step": result.step.value,
        "found": result.found.value,
        "took_ms": result.took_ms,
        "facts": msgspec.to_builtins(result.facts),
        "problem": msgspec.to_builtins(result.problem),
        "line": text.line,
        "next_step": text.next_step,
    }


def without_secrets(value: Any) -> Any:
    """The same JSON value with every text redacted."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: without_secrets(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(each) for each in value]
    return value
