"""Qt: tray, fleet window, details. The only room that imports PySide6 or qasync."""

from __future__ import annotations

import builtins

_plain_import = builtins.__import__

import PySide6.QtCore  # noqa: E402, F401

# WORKAROUND(https://github.com/napari/napari/issues/8584): for its switch `__feature__`, which
# nobody uses here, PySide6 reads the source of every module that the process imports from now on,
# and `linecache` keeps all the text: 9 MiB, and 7 % of the start. So Python's own import is back.
builtins.__import__ = _plain_import
