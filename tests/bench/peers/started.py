"""The programs beside each other: each on a desktop of its own, started, watched and ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tests.bench.peers.screen import Screen
from tests.lab.browser import Browser
from tests.whole.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.bench.peers.install import Installed
    from tests.bench.peers.screen import Shown
    from tests.lab.openclaw import RealGateway

ROOT = Path(__file__).resolve().parent.parent.parent.parent
ANSWER_S = 60.0
QUESTION_S = 2.0


class Desk:
    """A desktop: a display with a panel that has a tray, a bus, and a home."""

    def __init__(self, session: Session, screen: Screen) -> None:
        self.session = session
        self.screen = screen
        self.env = dict(session.env)

    def start(
        self, command: Sequence[str], env: dict[str, str] | None = None, *, talk: bool = False
    ) -> Started:
        """Start a program; `talk`: its stdin and stdout are ours."""
        self.screen.forget()
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**self.env, **(env or {})},
            stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
            stdout=subprocess.PIPE if talk else subprocess.DEVNULL,
            stderr=(self.session.path / "errors.log").open("ab"),
            text=True,
        )
        return Started(process, began)


class Started:
    """A program that runs."""

    def __init__(self, process: subprocess.Popen[str], began: float) -> None:
        self.process = process
        self.began = began
        self.pid = process.pid
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        if process.stdout is not None:
            threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            if line.startswith("{"):
                self._answers.put(json.loads(line))

    def order(self, *words: str) -> None:
        """Say a line to it."""
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()

    def answer(self, what: str) -> dict[str, Any]:
        """The next answer that has this in it; what comes before it is dropped."""
        while True:
            found = self._answers.get(timeout=ANSWER_S)
            if what in found:
                return found

    def answers(self, what: str) -> list[dict[str, Any]]:
        """All answers so far that have this in them."""
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._answers.get_nowait())
        return [one for one in found if what in one]

    def end(self) -> None:
        """Ask it to end, and see that it does."""
        self.process.terminate()
        try:
            self.process.wait(8)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


@contextmanager
def desk() -> Iterator[Desk]:
    """A desktop that ends with all that was started on it."""
    with (
        tempfile.TemporaryDirectory(prefix="cc-peers-") as folder,
        Session(Path(folder)) as session,
    ):
        session.env["QT_QPA_PLATFORM"] = "xcb"
        session.env["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
        session.start_display()
        session.start_bus()
        session.start_panel()
        screen = Screen(session.env["DISPLAY"])
        try:
            yield Desk(session, screen)
        finally:
            screen.close()


BARE = (sys.executable, "-m", "tests.bench.bare_window")


def ours(
    desk: Desk, gateways: dict[str, RealGateway], *args: str, watched: bool = False
) -> Started:
    """The app, with these gateways or, if there are none, the sample fleet."""
    config = desk.session.path / "config"
    config.mkdir(exist_ok=True)
    lines = ["keyring = false", 'when_unreachable = "last-known"'] if gateways else []
    for name, gateway in gateways.items():
        token = config / f"token-{name}"
        token.write_text(gateway.token)
        token.chmod(0o600)
        lines += ["[[gateways]]", f'id = "{name}"', f'name = "{name}"', f'url = "{gateway.url}"']
        lines.append(f'token_file = "{token}"')
    (config / "settings.toml").write_text("\n".join(lines) + "\n")
    module = "tests.bench.peers.watched" if watched else "cc_desktop"
    demo = () if gateways else ("--demo",)
    command = (sys.executable, "-m", module, "--config", str(config), *demo, *args)
    return desk.start(command, talk=watched)


def peer(desk: Desk, name: str, installed: Installed, monitored: str) -> Started:
    """Vorta as it is after its installation; Nagstamon with one server that reports no problem."""
    command = installed.command
    if name == "Nagstamon":
        folder = desk.session.path / "nagstamon"
        (folder / "servers").mkdir(parents=True, exist_ok=True)
        (folder / "nagstamon.conf").write_text(
            "[Nagstamon]\nwindowed = True\nstatusbar_floating = False\nicon_in_systray = False\n"
            "notification_sound = False\n"
        )
        (folder / "servers/server_bench.conf").write_text(
            "[Server_bench]\nname = bench\nenabled = True\ntype = Nagios\n"
            f"monitor_url = {monitored}\nmonitor_cgi_url = {monitored}\nsave_password = True\n"
        )
        command = (*command, str(folder))
    return desk.start(command, installed.env)


class Window(Browser):
    """Chromium with a window, as a person has it: the page alone, without tabs."""

    def __init__(self, program: str, profile: Path, desk: Desk, address: str) -> None:
        super().__init__(program, profile)
        self._desk = desk
        self._address = address
        self.started: Started | None = None
        self._watcher = ThreadPoolExecutor(1)
        self._shown: Future[Shown] | None = None

    def _start(self, port: int) -> None:
        self.started = self._desk.start(
            [
                self._program,
                "--no-sandbox",
                "--disable-gpu",
                "--no-proxy-server",
                "--disable-background-networking",
                "--no-first-run",
                "--no-default-browser-check",
                "--window-size=1180,720",
                "--window-position=0,40",
                f"--remote-debugging-port={port}",
                f"--user-data-dir={self._profile}",
                f"--app={self._address}",
            ]
        )
        self._shown = self._watcher.submit(self._desk.screen.first_window)

    def _kill(self) -> None:
        if self.started is not None:
            self.started.end()
        self._watcher.shutdown()

    async def shown(self) -> Shown:
        """When its window was there."""
        assert self._shown is not None
        return await asyncio.wrap_future(self._shown)

    async def signed_in(self, words: str) -> None:
        """Wait until the page says this; load it again if it does not.

        Raises:
            TimeoutError: It never did.
        """
        for _ in range(4):
            if await self.says(words, 15.0):
                return
            await self.open(self._address)
        raise TimeoutError(await self.text())

    async def look(self, script: str) -> str:
        """The value of a script in the page."""
        return await self._value(script)

    async def _value(self, script: str) -> str:
        # A question that meets the page on its way to another address is never answered.
        while True:
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(super()._value(script), QUESTION_S)


class _NoProblems(BaseHTTPRequestHandler):
    """Answers as a monitoring server without problems does."""

    def do_GET(self) -> None:
        body = b"<html><body><table class='status'><tr><th>Host</th></tr></table></body></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def monitored() -> Iterator[str]:
    """The address of what Nagstamon watches."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _NoProblems)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
