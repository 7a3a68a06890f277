"""`python -m cc_desktop` is `cc-desktop`."""

from __future__ import annotations

import sys

from cc_desktop.cli import main

if __name__ == "__main__":
    sys.exit(main())
