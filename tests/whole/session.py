"""A graphical login session of a test's own: display, bus, panels, keyring.

    with Session(tmp_path) as session:
        session.start_display()
        session.start_bus()
        session.start_panel()
        app = session.start_app("--demo", "--hidden")
        ...

Its home, its runtime directory, its display and its bus are its own, and no program of the desktop
around it is seen or touched. When it ends, every process in it is killed, whoever started it.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, TypeVar

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PANEL_PX = 32  # height of the panel at the top of the screen
MARK = "CC_DESKTOP_TEST_SESSION"  # in the environment of each process of a session
HOST = (  # what a session takes from the one around it
    *("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV"),
    *("COVERAGE_PROCESS_START", "PYTHONPATH"),
)

# The usual rules; without the directories of services, nothing starts that a test did not start.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  {services}
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
PANEL = """[General]
panels=panel1
[panel1]
plugins=statusnotifier
position=Top
[statusnotifier]
type=statusnotifier
"""


def need(*programs: str) -> None:
    """Skip the test where a program is missing; fail where all have to be there."""
    if sys.platform != "linux":
        pytest.skip("a session of X11 and D-Bus: Linux only")
    missing = [name for name in programs if shutil.which(name) is None]
    if not missing:
        return
    reason = f"not installed: {', '.join(missing)} (make check installs them)"
    if os.environ.get("CC_DESKTOP_LAB_REQUIRED"):
        pytest.fail(reason)
    pytest.skip(reason)


def wait_for(
    look: Callable[[], T], what: str, timeout_s: float = 40.0, *, still: Callable[[], object] = list
) -> T:
    """What `look` gives, once that is true. `still` may raise when waiting makes no sense."""
    end = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        still()
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(0.04)


class Session:
    """See above. Not started: display, bus and programs are started by name."""

    def __init__(self, tmp_path: Path) -> None:
        """Logs and screenshots go to `tmp_path`."""
        self.path = tmp_path
        self.home = tmp_path / "home"
        # A socket's path has at most 107 characters, which tmp_path may have by itself.
        self.runtime = Path(tempfile.mkdtemp(prefix="cc-session-"))
        self.env = {name: os.environ[name] for name in HOST if name in os.environ}
        self.env |= {
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_DATA_HOME": str(self.home / ".local" / "share"),
            "XDG_CACHE_HOME": str(self.home / ".cache"),
            "XDG_SESSION_TYPE": "x11",
            "NO_AT_BRIDGE": "1",
            "GIO_USE_VFS": "local",  # else gvfs starts, and mounts itself in the runtime directory
            "GVFS_DISABLE_FUSE": "1",
            MARK: self.runtime.name,
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        panel = self.home / ".config" / "lxqt" / "panel.conf"
        panel.parent.mkdir(parents=True)
        panel.write_text(PANEL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for name in reversed(list(self._running)):
                self.stop(name)
            for process in self._processes():  # what daemons have started
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            wait_for(lambda: not list(self._processes()), "the end of every process")
        finally:
            shutil.rmtree(self.runtime, ignore_errors=True)

    def _processes(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                mine = process.environ().get(MARK) == self.runtime.name
                if mine and process.status() != psutil.STATUS_ZOMBIE:
                    yield process

    # Its parts

    def start(
        self, name: str, *command: str, stdin: bytes | None = None, **more: Any
    ) -> subprocess.Popen[bytes]:
        """Start a program; what it prints goes to NAME.log."""
        with (self.path / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                env=self.env,
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                **{"stdout": log, "stderr": log, **more},
            )
        if process.stdin is not None and stdin is not None:
            with process.stdin:
                process.stdin.write(stdin)
        self._running[name] = process
        return process

    def stop(self, name: str, *, kill: bool = False) -> None:
        """End a program: ask, and kill it if it does not listen. `kill`: do not ask."""
        process = self._running.pop(name)
        if process.poll() is None:
            if kill:
                process.kill()
            else:
                process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)

    @contextmanager
    def suspended(self, name: str) -> Iterator[None]:
        """Meanwhile a program hangs."""
        process = self._running[name]
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def start_display(self) -> None:
        """A screen of its own, with no window manager, on a number that is free."""
        reader, writer = os.pipe()
        with open(reader) as told:  # noqa: PTH123 - a pipe has no path
            self.start(
                "xvfb",
                *("Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24"),
                *("-nolisten", "tcp", "-noreset"),  # a reset refuses who comes meanwhile
                pass_fds=(writer,),
            )
            os.close(writer)
            number = told.readline().strip()
        if not number:
            raise AssertionError(f"no display: {(self.path / 'xvfb.log').read_text()}")
        self.env["DISPLAY"] = f":{number}"

    def start_bus(self, *, services: bool = False) -> None:
        """A session bus; with `services`, it starts those that this machine has."""
        config, socket = self.runtime / "bus.conf", self.runtime / "bus"
        more = "<standard_session_servicedirs/>" if services else ""
        config.write_text(BUS.format(socket=socket, services=more))
        command = ("dbus-daemon", "--nofork", "--print-address=1", f"--config-file={config}")
        process = self.start("bus", *command, stdout=subprocess.PIPE)
        address = _line(process.stdout)
        if not address:
            raise AssertionError(f"no bus: {(self.path / 'bus.log').read_text()}")
        # Without the guid, which a bus that is started again at this place does not have. systemd
        # gives sessions their address in this form, too.
        self.env["DBUS_SESSION_BUS_ADDRESS"] = address.partition(",guid=")[0]

    def start_panel(self) -> None:
        """A panel with a StatusNotifier tray, and wait until it is there."""
        self.start("panel", "lxqt-panel")
        wait_for(self.has_watcher, "the panel's tray")

    def start_trayer(self) -> None:
        """A bar with an XEmbed tray."""
        self.start("trayer", "trayer", "--edge", "top", "--widthtype", "request")
        wait_for(lambda: self.run("xdotool", "search", "--onlyvisible", "--class", "trayer"), "it")

    def start_keyring(self, *, password: str | None) -> None:
        """The secret service; locked, and without a password yet, if `password` is None."""
        unlock = [] if password is None else ["--unlock"]
        stdin = None if password is None else password.encode()
        command = ("gnome-keyring-daemon", "--foreground", "--components=secrets", *unlock)
        self.start("keyring", *command, stdin=stdin)
        wait_for(lambda: self.has_name("org.freedesktop.secrets"), "the keyring")

    def start_app(self, *arguments: str, first: str = "") -> App:
        """The app itself; its files are under config/. `first`: Python to run in it before it."""
        program = f"{first}\nimport runpy; runpy.run_module('cc_desktop', run_name='__main__')"
        config = str(self.path / "config")
        command = (sys.executable, "-c", program, "--config", config, *arguments)
        return App(self, self.start("app", *command))

    def run(self, *command: str, timeout_s: float = 20.0) -> str:
        """What a program prints; "" if it fails."""
        done = subprocess.run(
            command, env=self.env, capture_output=True, timeout=timeout_s, check=False
        )
        return done.stdout.decode() if done.returncode == 0 else ""

    # The screen

    def screenshot(self, name: str) -> Path:
        """The whole screen as PNG, in the test's directory or in CC_DESKTOP_SHOTS."""
        path = Path(os.environ.get("CC_DESKTOP_SHOTS") or self.path) / f"{name}.png"
        self.run("import", "-window", "root", str(path))
        return path

    def pixels(self, top: int = 0, height: int = 800) -> bytes:
        """What rows of the screen show now: three bytes for each pixel."""
        area = f"1280x{height}+0+{top}"
        done = subprocess.run(
            ["import", "-window", "root", "-crop", area, "-depth", "8", "rgb:-"],
            env=self.env,
            capture_output=True,
            timeout=20,
            check=True,
        )
        return done.stdout

    def panel_pixels(self) -> bytes:
        """What the panel shows now."""
        return self.pixels(height=PANEL_PX)

    def windows(self, pid: int) -> dict[str, tuple[int, int, int, int]]:
        """The visible windows of a process: x, y, width and height in px by id."""
        found = {}
        for ident in self.run("xdotool", "search", "--onlyvisible", "--pid", str(pid)).split():
            told = self.run("xdotool", "getwindowgeometry", "--shell", ident)
            values = dict(line.split("=") for line in told.splitlines())
            if values:  # it may have gone meanwhile
                x, y, width, height = (int(values[key]) for key in ("X", "Y", "WIDTH", "HEIGHT"))
                found[ident] = (x, y, width, height)
        return found

    def has_focus(self, pid: int) -> bool:
        """Whether the keyboard is with a window of that process."""
        return self.run("xdotool", "getwindowfocus", "getwindowpid").strip() == str(pid)

    def click(self, x: int, y: int, button: int = 1) -> None:
        """A click: 1 is left, 2 middle, 3 right."""
        self.run("xdotool", "mousemove", str(x), str(y), "click", str(button))

    def press(self, *keys: str) -> None:
        """Keys one after another, by their names in X11."""
        self.run("xdotool", "key", *keys)

    def close_window(self, ident: str) -> None:
        """What the cross in a title bar does."""
        _ask_to_close(self.env["DISPLAY"], int(ident))

    # The bus

    def call(
        self,
        service: str,
        path: str,
        interface: str,
        method: str,
        signature: str = "",
        body: tuple[object, ...] = (),
    ) -> tuple[Any, ...]:
        """Call a method over D-Bus; () if it answers with an error."""
        # Only where there is a session: it is installed on Linux alone. It has no types.
        jeepney: Any = import_module("jeepney")
        blocking: Any = import_module("jeepney.io.blocking")

        address = jeepney.DBusAddress(path, bus_name=service, interface=interface)
        message = jeepney.new_method_call(address, method, signature or None, body)
        with closing(blocking.open_dbus_connection(self.env["DBUS_SESSION_BUS_ADDRESS"])) as bus:
            answer = bus.send_and_get_reply(message, timeout=10)
        if answer.header.message_type is jeepney.MessageType.error:
            return ()
        return tuple(answer.body)

    def property(self, service: str, path: str, interface: str, name: str) -> Any:
        """A property; None if there is no such."""
        properties = "org.freedesktop.DBus.Properties"
        answer = self.call(service, path, properties, "Get", "ss", (interface, name))
        return answer[0][1] if answer else None

    def has_name(self, name: str) -> bool:
        """Whether somebody offers that service."""
        bus = "org.freedesktop.DBus"
        return bool(self.call(bus, "/org/freedesktop/DBus", bus, "NameHasOwner", "s", (name,))[0])

    def has_watcher(self) -> bool:
        """Whether there is a tray that has a place to show icons."""
        name = "IsStatusNotifierHostRegistered"
        return bool(self.property(WATCHER, "/StatusNotifierWatcher", WATCHER, name))

    def items(self) -> list[Item]:
        """The icons that are in the tray."""
        name = "RegisteredStatusNotifierItems"
        told = self.property(WATCHER, "/StatusNotifierWatcher", WATCHER, name) or []
        return [Item(self, *_place(item)) for item in told]


class App:
    """The app as a process of the session."""

    def __init__(self, session: Session, process: subprocess.Popen[bytes] | psutil.Process) -> None:
        self.session = session
        self.process = process

    def running(self) -> None:
        """Raises AssertionError if it has ended."""
        if isinstance(self.process, subprocess.Popen):
            ended = self.process.poll() is not None
        else:
            ended = not self.process.is_running()
        assert not ended, f"the app has ended: {self.told()}"

    def told(self) -> str:
        """All that it printed and logged."""
        files = [self.session.path / "app.log", *(self.session.path / "config").glob("log/*")]
        return "".join(path.read_text() for path in files if path.exists())

    def windows(self) -> list[str]:
        """The ids of its windows that are seen; an icon is none."""
        seen = self.session.windows(self.process.pid).items()
        return [ident for ident, (_, _, width, height) in seen if width > 200 and height > 200]

    def icons(self) -> list[tuple[int, int, int, int]]:
        """Where its XEmbed icons are, and how large."""
        seen = self.session.windows(self.process.pid).values()
        return [place for place in seen if place[2] <= 64 and place[3] <= 64]

    def window(self) -> str:
        """Its window, as soon as it is seen."""
        return wait_for(self.windows, "the window", still=self.running)[0]

    def item(self) -> Item:
        """Its icon in a StatusNotifier tray, as soon as it is there."""
        return wait_for(self.session.items, "the icon", still=self.running)[0]

    def close(self) -> None:
        """Close the window, and wait until it is not seen."""
        self.session.close_window(self.window())
        wait_for(lambda: not self.windows(), "the window to close")

    def icon(self) -> tuple[int, int]:
        """The middle of its icon in an XEmbed tray, as soon as it is there."""
        x, y, width, height = wait_for(self.icons, "the icon", still=self.running)[0]
        return x + width // 2, y + height // 2

    def end(self) -> int:
        """Its exit code after SIGTERM."""
        self.process.terminate()
        return self.wait()

    def successor(self) -> App:
        """The process that the app has started in its place, as soon as it is there."""

        def find() -> list[psutil.Process]:
            for process in psutil.process_iter():
                with suppress(psutil.Error):
                    if (
                        process.environ().get(MARK) == self.session.env[MARK]
                        and "--config" in process.cmdline()
                        and process.pid != self.process.pid
                    ):
                        return [process]
            return []

        return App(self.session, wait_for(find, "the new process", 60)[0])

    def wait(self) -> int:
        """Its exit code. Raises AssertionError if it had something to complain about."""
        code = self.process.wait(40)
        told = self.told()
        bad = [word for word in ("Traceback", "WARNING", "ERROR", "CRITICAL") if word in told]
        assert not bad, told
        return code


class Item:
    """An icon as the tray sees it."""

    def __init__(self, session: Session, service: str, path: str) -> None:
        self._session = session
        self.service = service
        self._path = path

    def get(self, name: str) -> Any:
        """A property of the icon."""
        return self._session.property(self.service, self._path, ITEM, name)

    def activate(self) -> None:
        """What a click does."""
        self._session.call(self.service, self._path, ITEM, "Activate", "ii", (0, 0))

    def menu(self) -> dict[str, int]:
        """Texts of its menu as a tray shows them, in order, with their ids; {} without a menu."""
        path = self.get("Menu")
        if path is None:
            return {}
        self._session.call(self.service, path, MENU, "AboutToShow", "i", (0,))
        answer = self._session.call(self.service, path, MENU, "GetLayout", "iias", (0, -1, []))
        if not answer:
            return {}
        _, (_, _, children) = answer
        entries = [child for _, child in children]
        return {
            _shown(properties["label"][1]): ident
            for ident, properties, _ in entries
            if "label" in properties and properties.get("type", ("s", ""))[1] != "separator"
        }

    def choose(self, text: str) -> None:
        """Click an entry of the menu."""
        body = (self.menu()[text], "clicked", ("s", ""), 0)
        self._session.call(self.service, self.get("Menu"), MENU, "Event", "isvu", body)


def _shown(label: str) -> str:
    """What is seen of the text of a menu entry: "_" marks the access key, "__" is the character."""
    return re.sub("_(.?)", r"\1", label)


def _line(pipe: IO[bytes] | None) -> str:
    assert pipe is not None
    with pipe:
        return pipe.readline().decode().strip()


def _place(item: str) -> tuple[str, str]:
    service, slash, path = item.partition("/")
    return service, slash + path or "/StatusNotifierItem"


class _ClientMessage(ctypes.Structure):
    """XClientMessageEvent of Xlib."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("padding", ctypes.c_long * 24),  # an XEvent is larger
    )


def _ask_to_close(display: str, window: int) -> None:
    """WM_DELETE_WINDOW. xdotool of Debian 12 can only destroy windows."""
    x = ctypes.CDLL("libX11.so.6")
    x.XOpenDisplay.restype = ctypes.c_void_p
    x.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    x.XInternAtom.restype = ctypes.c_ulong
    x.XSendEvent.argtypes = [
        *(ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p)
    ]
    x.XCloseDisplay.argtypes = [ctypes.c_void_p]
    connection = x.XOpenDisplay(display.encode())
    assert connection, display
    event = _ClientMessage(type=33, window=window, format=32)
    event.message_type = x.XInternAtom(connection, b"WM_PROTOCOLS", 0)
    event.data[0] = x.XInternAtom(connection, b"WM_DELETE_WINDOW", 0)
    x.XSendEvent(connection, window, 0, 0, ctypes.byref(event))
    x.XCloseDisplay(connection)  # sends what was not sent
