from __future__ import annotations

import sys

import pytest
from PySide6 import __version__ as pyside_version
from PySide6.QtCore import QObject

CALLS = 200  # few enough that a broken Qt does not kill the interpreter before the test can say so

ADVICE = (
    f"PySide6 {pyside_version} drops a reference to a constant of Python {sys.version.split()[0]} "
    f"with every call: {{lost}} lost in {CALLS} calls. An app that runs on it dies within seconds "
    "('deallocating None'). Keep PySide6-Essentials in pyproject.toml below this version, or drop "
    "Python 3.11, then `make lock`."
)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None, True and False are immortal there")
def test_calls_into_qt_leave_the_references_of_constants_alone() -> None:
    thing = QObject()
    none, true = sys.getrefcount(None), sys.getrefcount(True)

    for _ in range(CALLS):
        thing.setObjectName("canary")  # returns None
        thing.blockSignals(True)  # returns True, but for the first time

    lost = max(none - sys.getrefcount(None), true - sys.getrefcount(True))
    assert lost < CALLS / 2, ADVICE.format(lost=lost)
