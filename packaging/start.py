"""Runs in the bundle before the app (PyInstaller's runtime hook)."""

from __future__ import annotations

import os
import sys


def restore_library_path() -> None:
    """Give programs that the app starts (a browser) the system's libraries, not the bundle's.

    The bundle's starter has set LD_LIBRARY_PATH and kept what it was. The loader of this process
    read it at the start and does not look again.
    """
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before
    else:
        os.environ.pop("LD_LIBRARY_PATH", None)


if sys.platform == "linux":
    restore_library_path()
