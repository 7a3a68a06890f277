"""`python -m cc_desktop` is `cc-desktop`."""

from __future__ import annotations

import gc
import sys

gc.disable()  # what is imported stays: to look through it for garbage takes 5 % of a start

from cc_desktop.cli import main  # noqa: E402

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
