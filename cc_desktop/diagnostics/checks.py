"""`cc-desktop --self-test`: checks that everything the app needs is here.

It reads and writes none of the operator's files.
"""

from __future__ import annotations

import logging
import os
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from cc_desktop import __version__
from cc_desktop.config.paths import find_paths, resource
from cc_desktop.config.settings import load_settings
from cc_desktop.gateway.device_identity import new_identity
from cc_desktop.protocol.handshake import device_id
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Iterator

RESOURCES = ("demo-fleet.json", "icons/cc-desktop.svg")
DEADLINE_S = 60.0  # for all of it
TIMEOUT_S = 5.0  # for a bus or a keyring that does not answer
REPORT = "cc-desktop-self-test.txt"  # in the temporary directory, where there is no stdout
_NOTIFICATIONS = ("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
_WATCHER = ("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher")


class State(Enum):
    """Outcome of a check."""

    OK = "ok"
    FAIL = "FAIL"
    NOT_HERE = "not here"  # this machine or session has none, and the app works without it


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. `text` says what was found, or why it failed and what to do."""

    name: str
    state: State
    text: str

    def line(self) -> str:
        """As it is printed."""
        return f"{self.name:<24} {self.state.value:<9} {self.text}"


DesktopChecks = Callable[[Path], Iterable[Result]]


def run(desktop: DesktopChecks, out: TextIO | None = None) -> int:
    """Print the table.

    Each line is printed as soon as it is known: should Qt end the process, the table tells how far
    it came.

    Args:
        desktop: The checks that need Qt. Called with a directory for files of the demo.
        out: Where to print; stdout by default. A windowed program has none: then it is a file.

    Returns:
        0, or 1 if something failed.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if sys.stderr is not None:
        logging.basicConfig(level=logging.ERROR)  # the offscreen platform warns of what it lacks
    out = out or sys.stdout
    if out is None:
        with (Path(tempfile.gettempdir()) / REPORT).open("w", encoding="utf-8") as file:
            return _run(desktop, file)
    return _run(desktop, out)


def _run(desktop: DesktopChecks, out: TextIO) -> int:
    failed = 0
    timer = threading.Timer(DEADLINE_S, _give_up, (out,))
    timer.daemon = True
    timer.start()
    print(f"cc-desktop {__version__}, Python {sys.version.split()[0]}, {sys.platform}", file=out)
    with tempfile.TemporaryDirectory(prefix="cc-desktop-self-test-") as directory:
        for result in _all(desktop, Path(directory)):
            failed += result.state is State.FAIL
            print(result.line(), file=out, flush=True)
    timer.cancel()
    told = tr("{n} failed", n=failed) if failed else tr("all that is needed is here")
    print(f"self-test: {told}", file=out, flush=True)
    return 1 if failed else 0


def _give_up(out: TextIO) -> None:
    """End the process when a check hangs."""
    text = tr(
        "the check after the last line did not end within {n} s; report this as a fault of the app",
        n=f"{DEADLINE_S:g}",
    )
    print(f"self-test: {text}", file=out, flush=True)
    os._exit(1)


def _all(desktop: DesktopChecks, directory: Path) -> Iterator[Result]:
    checks: tuple[tuple[str, Callable[[], Result]], ...] = (
        ("resources", check_resources),
        ("settings", lambda: check_settings(directory)),
        ("signing key", check_key),
        ("TLS, WebSocket", check_tls),
        ("TLS, HTTP", check_tls_http),
        ("keyring", check_keyring),
        ("tray", lambda: check_bus("tray", _WATCHER, "StatusNotifierItem")),
        ("notifications", lambda: check_bus("notifications", _NOTIFICATIONS, "")),
    )
    for name, check in checks:
        yield guarded(name, check)
    try:
        yield from desktop(directory)
    except Exception as error:  # noqa: BLE001, RUF100 - whatever a broken bundle raises
        text = tr("cannot be loaded: {error}; install the libraries it names", error=error)
        yield Result("Qt", State.FAIL, text)


def guarded(name: str, check: Callable[[], Result]) -> Result:
    """Run a check; an exception is a failure."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001, RUF100 - one check must not keep the others from running
        said = f"{type(error).__name__}: {error}"
        text = tr("{error}; report this as a fault of the app", error=said)
        return Result(name, State.FAIL, " ".join(text.split()))


def check_resources() -> Result:
    """The files that come with the app."""
    missing = [name for name in RESOURCES if not resource(name).is_file()]
    if missing:
        text = tr("{files} missing; install the app again", files=", ".join(missing))
        return Result("resources", State.FAIL, text)
    return Result("resources", State.OK, ", ".join(RESOURCES))


def check_settings(directory: Path) -> Result:
    """The default settings, in an empty directory."""
    settings = load_settings(find_paths(directory).settings, {})
    return Result("settings", State.OK, tr("default gateway {url}", url=settings.gateways[0].url))


def check_key() -> Result:
    """A device key, created and used in memory."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    identity = new_identity()
    public = Ed25519PublicKey.from_public_bytes(identity.public_key)
    public.verify(identity.sign(b"challenge"), b"challenge")
    fine = identity.device_id == device_id(identity.public_key)
    return Result("signing key", State.OK if fine else State.FAIL, tr("Ed25519, made in memory"))


def check_tls() -> Result:
    """The system's root certificates, which wss:// trusts."""
    count = len(ssl.create_default_context().get_ca_certs())
    paths = ssl.get_default_verify_paths()
    directory = Path(paths.capath or paths.openssl_capath)
    # OpenSSL reads a directory only when a certificate is looked for.
    files = sum(1 for _ in directory.glob("*.0")) if directory.is_dir() else 0
    count = max(count, files)
    if not count:
        text = tr("no certificates of the system ({path}); install ca-certificates", path=directory)
        return Result("TLS, WebSocket", State.FAIL, text)
    text = tr("{n} root certificates, {library}", n=count, library=ssl.OPENSSL_VERSION)
    return Result("TLS, WebSocket", State.OK, text)


def check_tls_http() -> Result:
    """The root certificates that come with httpx, which https:// trusts."""
    import httpx

    count = len(httpx.create_ssl_context(trust_env=False).get_ca_certs())
    if not count:
        return Result("TLS, HTTP", State.FAIL, tr("no root certificates; install the app again"))
    return Result("TLS, HTTP", State.OK, tr("{n} root certificates", n=count))


def check_keyring() -> Result:
    """The keyring back ends, and the one that is used here."""
    found = metadata.entry_points(group="keyring.backends")
    names = sorted({entry.name for entry in found})
    if not names:
        text = tr("its back ends cannot be found; install the app again")
        return Result("keyring", State.FAIL, text)
    if sys.platform == "linux":
        import_module("secretstorage")  # SecretService is of no use without, and says nothing
    chosen = in_time(_keyring)
    if chosen is None:
        return Result(
            "keyring", State.NOT_HERE, tr("it does not answer; tokens go to a private file")
        )
    if ".fail." in chosen or ".null." in chosen:
        text = tr(
            "none in this session, tokens go to a private file; known: {names}",
            names=", ".join(names),
        )
        return Result("keyring", State.NOT_HERE, text)
    text = tr("{chosen}; known: {names}", chosen=chosen, names=", ".join(names))
    return Result("keyring", State.OK, text)


def _keyring() -> str:
    import keyring

    kind = type(keyring.get_keyring())
    return f"{kind.__module__}.{kind.__qualname__}"


def check_bus(name: str, service: tuple[str, str], what: str) -> Result:
    """Which program serves the tray or the notifications."""
    if sys.platform != "linux":
        return Result(name, State.OK, tr("the system's own, through Qt"))
    import_module("jeepney.io.blocking")
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return Result(name, State.NOT_HERE, tr("no session bus"))
    try:
        told = in_time(lambda: _ask_bus(service))
    except (OSError, ValueError):  # no bus there, or an answer that is none
        told = None
    if told is None:
        return Result(name, State.NOT_HERE, tr("the session bus does not answer"))
    if not told:
        return Result(name, State.NOT_HERE, tr("nobody serves {name}", name=service[0]))
    return Result(name, State.OK, what or told)


def _ask_bus(service: tuple[str, str]) -> str:
    """The service that owns the name, or ""; no service is started for it."""
    jeepney: Any = import_module("jeepney")
    blocking: Any = import_module("jeepney.io.blocking")
    bus = jeepney.DBusAddress(
        "/org/freedesktop/DBus", "org.freedesktop.DBus", interface="org.freedesktop.DBus"
    )
    with blocking.open_dbus_connection() as connection:
        question = jeepney.new_method_call(bus, "NameHasOwner", "s", (service[0],))
        if connection.send_and_get_reply(question, timeout=TIMEOUT_S).body != (True,):
            return ""
        if service != _NOTIFICATIONS:
            return service[0]
        who = jeepney.DBusAddress(service[1], service[0], interface=service[0])
        question = jeepney.new_method_call(who, "GetServerInformation")
        name, _, version, spec = connection.send_and_get_reply(question, timeout=TIMEOUT_S).body
        return tr("{name} {version}, specification {spec}", name=name, version=version, spec=spec)


def in_time(look: Callable[[], str]) -> str | None:
    """The result of `look`, or None after `TIMEOUT_S`; its thread then goes on by itself."""
    found: list[str | Exception] = []

    def ask() -> None:
        try:
            found.append(look())
        except Exception as error:  # noqa: BLE001, RUF100 - raised again in the waiting thread
            found.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(TIMEOUT_S)
    if found and isinstance(found[0], Exception):
        raise found[0]
    return str(found[0]) if found else None
