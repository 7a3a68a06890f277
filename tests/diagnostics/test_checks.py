from __future__ import annotations

import io
import logging
import os
import ssl
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from cc_desktop.diagnostics import checks
from cc_desktop.diagnostics.checks import Result, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ["resources", "settings", "signing key", "TLS, WebSocket", "TLS, HTTP", "keyring", "tray"]
NAMES += ["notifications", "Qt plugins", "SVG", "font, text", "font, emoji", "demo"]


def run(tmp_path: Path, program: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """The self-test as a process, in a home and a temporary directory of its own."""
    environ = {key: value for key, value in os.environ.items() if key != "QT_QPA_PLATFORM"}
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"):
        environ.pop(name, None)
    (tmp_path / "tmp").mkdir()
    environ |= {"HOME": str(tmp_path), "TMPDIR": str(tmp_path / "tmp"), **more}
    start = "from cc_desktop.cli import main; code = main(['--self-test']); sys.exit(code)"
    return subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\n{start}"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def states(table: str) -> dict[str, str]:
    known = [state.value for state in State]
    lines = [line for line in table.splitlines() if line[25:34].strip() in known]
    return {line[:24].strip(): line[25:34].strip() for line in lines}


def test_all_that_is_needed_is_here(tmp_path: Path) -> None:
    done = run(tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert done.stdout.endswith("self-test: all that is needed is here\n")
    found = states(done.stdout)
    assert list(found) == NAMES
    assert {name: found[name] for name in ("tray", "notifications")} == {
        "tray": "not here",
        "notifications": "not here",
    }
    assert "agents painted" in done.stdout
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert [name for name in left if "fontconfig" not in name and "cache" not in name] == []


def test_without_a_stdout_the_table_is_a_file(tmp_path: Path) -> None:
    done = run(tmp_path, "sys.stdout = sys.stderr = None")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "all that is needed is here" in (tmp_path / "tmp" / checks.REPORT).read_text()


def test_a_bundle_without_qt_fails_and_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, "sys.modules['PySide6.QtWidgets'] = None")

    assert done.returncode == 1
    assert states(done.stdout)["Qt"] == "FAIL"
    assert "1 failed" in done.stdout


def test_a_root_without_fonts_fails_and_names_the_packages(tmp_path: Path) -> None:
    config = tmp_path / "fonts.conf"
    config.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">'
        f"<fontconfig><dir>{tmp_path / 'none'}</dir></fontconfig>"
    )

    done = run(tmp_path, FONTCONFIG_FILE=str(config))

    assert done.returncode == 1
    found = states(done.stdout)
    assert (found["font, text"], found["font, emoji"]) == ("FAIL", "FAIL")
    assert "install fonts-dejavu-core" in done.stdout
    assert "install fonts-noto-color-emoji" in done.stdout


def test_a_root_without_plugins_for_svg_is_told_and_no_failure(tmp_path: Path) -> None:
    program = (
        "from PySide6.QtGui import QImageReader\n"
        "QImageReader.supportedImageFormats = staticmethod(lambda: [])"
    )

    done = run(tmp_path, program)

    assert done.returncode == 0, done.stdout
    assert states(done.stdout)["SVG"] == "not here"


def test_a_window_that_cannot_be_made_fails_and_does_not_hang(tmp_path: Path) -> None:
    program = (
        "from cc_desktop.desktop import controller\n"
        "def broken(*_): raise ZeroDivisionError('no window')\n"
        "controller.build_fleet_window = broken"
    )

    done = run(tmp_path, program)

    assert done.returncode == 1
    assert states(done.stdout)["demo"] == "FAIL"
    assert "the app ended with 70" in done.stdout
    assert "ZeroDivisionError: no window" in done.stderr


# Single checks


@pytest.fixture
def no_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)


def test_the_table_is_aligned() -> None:
    lines = [Result("a", State.OK, "x").line(), Result("b c", State.NOT_HERE, "x").line()]

    assert len({line.index("x") for line in lines}) == 1


def test_missing_resources_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checks, "resource", lambda name: tmp_path / name)

    result = checks.check_resources()

    assert result.state is State.FAIL
    assert "demo-fleet.json" in result.text
    assert "install the app again" in result.text


def test_a_system_without_certificates_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        ssl, "create_default_context", lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    paths = ssl.DefaultVerifyPaths("", str(tmp_path), "", "", "", str(tmp_path))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)

    result = checks.check_tls()

    assert result.state is State.FAIL
    assert result.text.endswith("install ca-certificates")


def test_a_bundle_without_keyring_back_ends_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "entry_points", lambda **_: [])

    assert checks.check_keyring().state is State.FAIL


def test_a_keyring_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "in_time", lambda _look: None)

    assert checks.check_keyring().state is State.NOT_HERE


def test_what_takes_too_long_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    monkeypatch.setattr(checks, "TIMEOUT_S", 0.05)
    try:
        assert checks.in_time(lambda: os.read(reader, 1).decode()) is None
    finally:
        os.close(writer)  # which ends the wait
    assert checks.in_time(lambda: "x") == "x"


def test_what_fails_in_time_fails() -> None:
    def fail() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        checks.in_time(fail)


@pytest.mark.skipif(sys.platform != "linux", reason="D-Bus: Linux only")
def test_a_bus_that_cannot_be_reached_is_not_a_fault_of_the_app(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'gone'}")

    assert checks.check_bus("tray", ("a.b", "/a"), "").state is State.NOT_HERE


def test_one_check_that_raises_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Result:
        raise ValueError("two\nlines")

    def broken_checks(_directory: Path) -> Iterator[Result]:
        yield checks.guarded("broken", broken)
        yield Result("next", State.OK, "fine")

    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    out = io.StringIO()

    assert checks.run(broken_checks, out) == 1
    assert "ValueError: two lines" in out.getvalue()
    assert "next" in out.getvalue()


def test_a_check_that_hangs_ends_the_test(tmp_path: Path) -> None:
    hangs = "from cc_desktop.diagnostics import checks; checks.DEADLINE_S = 0.5\n"
    hangs += "import threading; checks.check_keyring = lambda: threading.Event().wait()"
    done = run(tmp_path, hangs)

    assert done.returncode == 1
    assert "did not end within 0.5 s" in done.stdout.splitlines()[-1]
