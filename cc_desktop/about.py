"""What the app is called, and the exit codes that scripts can rely on."""

from __future__ import annotations

from enum import IntEnum

APP_ID = "cc-desktop"  # desktop file, autostart entry, directories, keyring service
APP_NAME = "Control Center Desktop"
SHORT_NAME = "Control Center"  # where space is scarce: the header, notifications
URL_SCHEME = "cc-desktop"


class ExitCode(IntEnum):
    """Exit codes of `cc-desktop`, listed in its --help."""

    OK = 0
    NEEDS_YOU = 1  # `status`: an agent needs the operator
    FAILED = 1  # any other command: it could not do what was asked
    USAGE = 2  # wrong arguments or settings; one line on stderr
    UNREACHED = 3  # `status`: no gateway could be reached
    CRASHED = 70  # an internal error ended the app (EX_SOFTWARE of sysexits.h)
    BROKEN_PIPE = 141  # the reader of stdout has gone (128 + SIGPIPE, as shells report it)
