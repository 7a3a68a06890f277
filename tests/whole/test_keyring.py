"""Device tokens and the keyring of a real session: open, locked, not there, and no bus."""

from __future__ import annotations

import asyncio
import functools
import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.gateway import FakeGateway
from tests.whole.session import Session, need, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(120)]

SECRET = "s3cret-d3vice-t0ken"

PROGRAM = """
import asyncio, json, logging, sys
from pathlib import Path
from cc_desktop.config.secrets.device_tokens import DeviceTokens

action, path, log, secret = sys.argv[1:]
logging.basicConfig(filename=log, level=logging.DEBUG)
me = ("ws://127.0.0.1:18789/", "device", "operator")

async def main():
    tokens = DeviceTokens(Path(path))
    if action == "keep":
        await tokens.keep(*me, secret)
    if action == "use":
        await tokens.use_keyring_now()
    found = await tokens.get(*me)
    print(json.dumps({"place": tokens.place, "why": tokens.why, "found": found.reveal()}))

asyncio.run(main())
"""

STORED = """
import secretstorage
bus = secretstorage.dbus_init()
items = secretstorage.get_default_collection(bus).get_all_items()
print(*(item.get_secret().decode() for item in items))
"""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    need("Xvfb", "dbus-daemon", "dbus-monitor", "gnome-keyring-daemon")
    need("lxqt-panel", "xdotool", "import")
    with Session(tmp_path) as started:
        yield started


def _tokens(session: Session, action: str) -> dict[str, Any]:
    """What a process of its own gets from DeviceTokens. It must end, whatever the keyring does."""
    done = subprocess.run(
        [
            *(sys.executable, "-c", PROGRAM, action, str(_file(session))),
            *(str(session.path / "tokens.log"), SECRET),
        ],
        env=session.env,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _file(session: Session) -> Path:
    return session.path / "data" / "device-tokens.json"


def _log(session: Session) -> str:
    return (session.path / "tokens.log").read_text()


def _assert_kept_in_file(session: Session, told: dict[str, Any]) -> None:
    assert (told["place"], told["found"]) == ("file", SECRET)
    assert stat.S_IMODE(_file(session).stat().st_mode) == 0o600
    assert SECRET not in _log(session)


def test_an_open_keyring_keeps_the_token(session: Session) -> None:
    session.start_bus()
    session.start_keyring(password="pw")

    kept = _tokens(session, "keep")
    assert (kept["place"], kept["found"]) == ("keyring", SECRET)
    later = _tokens(session, "get")
    assert (later["place"], later["found"]) == ("keyring", SECRET)
    assert not _file(session).exists()
    assert SECRET not in _log(session)


def test_a_keyring_that_was_never_made_is_not_asked(session: Session) -> None:
    _start_asking_keyring(session)

    with _no_dialog(session):
        for _ in range(3):
            told = _tokens(session, "keep")
            _assert_kept_in_file(session, told)
            assert told["why"] == "not-made"


def test_a_keyring_that_hangs_is_not_waited_for(session: Session) -> None:
    session.start_bus()
    session.start_keyring(password="pw")
    with session.suspended("keyring"):
        told = _tokens(session, "keep")
        _assert_kept_in_file(session, told)
        assert told["why"] == "silent"
        assert "does not answer" in _log(session)

    # It is back: the next start uses it again.
    assert _tokens(session, "keep")["place"] == "keyring"
    assert SECRET not in _file(session).read_text()


def test_the_operator_can_make_a_keyring(session: Session) -> None:
    _start_asking_keyring(session)
    _assert_kept_in_file(session, _tokens(session, "keep"))

    with ThreadPoolExecutor() as pool, _prompts(session) as asked:
        answer = pool.submit(_tokens, session, "use")
        wait_for(lambda: _question(session), "the dialog that the operator has asked for")
        assert asked()
        session.run("xdotool", "key", "Escape")
        told = answer.result()
    assert (told["place"], told["why"], told["found"]) == ("file", "not-made", SECRET)


def test_what_the_file_has_moves_into_a_keyring_that_comes(session: Session) -> None:
    session.start_bus()
    _assert_kept_in_file(session, _tokens(session, "keep"))

    session.start_keyring(password="pw")
    assert _tokens(session, "get")["place"] == "file"
    assert _tokens(session, "keep")["place"] == "keyring"
    assert SECRET not in _file(session).read_text()
    later = _tokens(session, "get")
    assert (later["place"], later["found"]) == ("keyring", SECRET)


def test_a_keyring_that_was_locked(session: Session) -> None:
    session.start_display()
    session.start_bus(services=True)
    session.start_keyring(password="pw")
    assert _tokens(session, "keep")["place"] == "keyring"
    session.stop("keyring")
    session.start_keyring(password=None)

    with _no_dialog(session):
        locked = _tokens(session, "get")
        assert (locked["place"], locked["found"], locked["why"]) == ("", "", "locked")
        told = _tokens(session, "keep")
        _assert_kept_in_file(session, told)
        assert told["why"] == "locked"


@pytest.mark.parametrize("bus", [True, False])
def test_no_keyring(session: Session, bus: bool) -> None:
    if bus:
        session.start_bus()

    told = _tokens(session, "keep")
    _assert_kept_in_file(session, told)
    assert told["why"] == "absent"


def _start_asking_keyring(session: Session) -> None:
    """A keyring that opens a dialog for a new password before it keeps anything."""
    session.start_display()
    session.start_bus(services=True)  # the dialog is shown by a service of its own
    session.start_keyring(password=None)


def _question(session: Session) -> str:
    """The window of the dialog."""
    return session.run("xdotool", "search", "--onlyvisible", "--class", "gcr-prompter")


@contextmanager
def _prompts(session: Session) -> Iterator[Callable[[], bool]]:
    """Tells whether somebody has asked the keyring for a dialog."""
    calls = session.path / "prompts.log"
    session.start(
        "prompts", "dbus-monitor", "--session", "interface='org.freedesktop.Secret.Prompt'"
    )
    wait_for(lambda: "NameAcquired" in calls.read_text(), "the listener on the bus")

    def asked() -> bool:
        # A call of our own, heard by the listener after all that came before it.
        marker = f"Marker{calls.stat().st_size}"
        call = f"org.freedesktop.Secret.Prompt.{marker}"
        session.run("dbus-send", "--session", "--dest=org.freedesktop.DBus", "/", call)
        wait_for(lambda: marker in calls.read_text(), "the call of our own")
        return "member=Prompt\n" in calls.read_text()

    yield asked
    session.stop("prompts")


@contextmanager
def _no_dialog(session: Session) -> Iterator[None]:
    """Nobody asks the keyring for a dialog meanwhile, and none is on the screen."""
    with _prompts(session) as asked:
        yield
        assert not asked()
        assert not _question(session)


# The app itself


async def test_the_window_works_while_the_keyring_hangs(session: Session) -> None:
    wait_for_ever = (
        "from cc_desktop.config.secrets import device_tokens as tokens\n"
        "tokens.KEYRING_TIMEOUT_S = tokens.HUNG_TIMEOUT_S = 1e6"
    )

    def look(url: str) -> None:
        session.start_display()
        session.start_bus()
        session.start_keyring(password="pw")
        session.start_panel()
        with session.suspended("keyring"):
            app = session.start_app("--url", url, "--hidden", first=wait_for_ever)
            app.item().activate()
            window = app.window()
            wait_for(lambda: _painted(session, window), "what the window shows", still=app.running)
            app.close()
            assert app.end() == 0

    async with FakeGateway() as gateway:
        await asyncio.to_thread(look, gateway.url)
        assert gateway.connections == 0  # the app was still waiting for the keyring


async def test_no_start_and_no_reconnect_opens_a_dialog(session: Session) -> None:
    kept = session.path / "config"

    def look(gateway: FakeGateway) -> None:
        _start_asking_keyring(session)
        with _no_dialog(session):
            for _ in range(2):
                before = gateway.handshakes
                app = session.start_app("--url", gateway.url)
                wait_for(
                    functools.partial(_more, gateway, before), "the handshake", still=app.running
                )
                files = wait_for(
                    lambda: list(kept.rglob("device-tokens.json")), "it", still=app.running
                )
                assert SECRET in files[0].read_text()
                assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
                assert app.end() == 0
                assert SECRET not in app.told()

    async with FakeGateway() as gateway:
        gateway.device_token = SECRET
        gateway.add_agent("otto")
        await asyncio.to_thread(look, gateway)


def _more(gateway: FakeGateway, before: int) -> bool:
    return gateway.handshakes > before


async def test_the_next_start_has_the_token_from_the_keyring(session: Session) -> None:
    def start(gateway: FakeGateway, done: Callable[[], object]) -> None:
        app = session.start_app("--url", gateway.url)
        wait_for(done, "the token", still=app.running)
        assert app.end() == 0
        assert not list((session.path / "config").rglob("device-tokens.json"))
        assert SECRET not in app.told()

    def look(gateway: FakeGateway) -> None:
        session.start_display()
        session.start_bus()
        session.start_keyring(password="pw")
        start(gateway, lambda: SECRET in session.run(sys.executable, "-c", STORED))
        gateway.tokens = (SECRET,)  # nobody else is let in
        start(gateway, lambda: gateway.handshakes == 2)

    async with FakeGateway() as gateway:
        gateway.device_token = SECRET
        gateway.add_agent("otto")
        await asyncio.to_thread(look, gateway)


def _painted(session: Session, window: str) -> bool:
    """Whether the window shows more than its background."""
    done = session.run("import", "-window", window, "-format", "%k", "info:-")
    return int(done or 0) > 20
