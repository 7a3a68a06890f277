"""What the operator sees and can do when the app cannot go on."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QGuiApplication

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.desktop.crash_dialog import CrashDialog

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "sup3r-s3cret-value"


def error_with_secret() -> Exception:
    try:
        raise LookupError(f"refused {SECRET}")
    except LookupError as error:
        return error


@pytest.mark.usefixtures("qapp")
def test_it_says_what_happened_and_copies_the_details_without_secrets() -> None:
    Token(SECRET)
    dialog = CrashDialog(error_with_secret())
    dialog.open()
    dialog.copy.click()

    assert dialog.isVisible()  # copying does not close it
    copied = QGuiApplication.clipboard().text()
    assert "error_with_secret" in copied
    assert "LookupError" in copied
    assert "LookupError" in dialog.informativeText()
    for text in (copied, dialog.informativeText(), dialog.text()):
        assert SECRET not in text
    dialog.reject()
    dialog.deleteLater()


PROGRAM = """
import asyncio, sys
from PySide6.QtCore import QTimer
from cc_desktop.desktop import crash_dialog, lifecycle
from cc_desktop.desktop.system_services import SystemServices

how = sys.argv[1]
crash_dialog.can_show = lambda: how != "headless"

class Dialog(crash_dialog.CrashDialog):
    def open(self):
        super().open()
        if how == "signal":
            QTimer.singleShot(0, self, lifecycle.App.instance().quit)
        else:
            QTimer.singleShot(0, self, getattr(self, how).click)
crash_dialog.CrashDialog = Dialog

def broken():
    raise LookupError("nobody expected this")
services = SystemServices(restart=lambda: print("restarted"))
sys.exit(lifecycle.run_controller(broken, hidden=False, services=services))
"""


@pytest.mark.parametrize(
    ("how", "out"), [("restart", "restarted\n"), ("quit", ""), ("signal", ""), ("headless", "")]
)
def test_an_app_that_cannot_go_on_asks_and_has_its_own_exit_code(how: str, out: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 70, done.stderr
    assert done.stdout == out
    assert "cc-desktop: internal error, the app ends: LookupError: nobody expected" in done.stderr


def test_without_stdout_and_stderr_it_ends_all_the_same() -> None:
    program = f"import sys\nsys.stdout = sys.stderr = None\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program, "headless"],
        capture_output=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 70


SLOT = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from cc_desktop.config.paths import find_paths
from cc_desktop.config.settings import Settings
from cc_desktop.desktop import lifecycle
from cc_desktop.diagnostics import logs
from cc_desktop.monitor import FleetMonitor, MonitorOptions

logs.start(Path(sys.argv[1]), "warning")
sys.stdout = sys.stderr = None  # as in a windowed program
calls = []

def slot():
    calls.append(1)
    if len(calls) == 30:
        lifecycle.App.instance().quit()
    raise LookupError("nobody expected this")

def ready(controller):
    timer = QTimer(controller.window)
    timer.timeout.connect(slot)
    timer.start(1)

def make():
    options = MonitorOptions(demo_only=True)
    return FleetMonitor(Settings((), keyring=False), find_paths(Path(sys.argv[1])), options)

sys.exit(lifecycle.run_controller(make, hidden=False, ready=ready))
"""


def test_an_exception_in_a_slot_is_in_the_log_once_and_ends_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SLOT, str(tmp_path)],
        capture_output=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    log = (tmp_path / "cc-desktop.log").read_text()
    assert log.count("Traceback") == 1
    assert "LookupError: nobody expected this" in log
    assert "10 times now" in log
