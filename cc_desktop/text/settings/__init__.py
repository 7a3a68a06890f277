"""What is said about the settings and about changing them."""

from cc_desktop.text.settings.slips import (
    CHANGED_MEANWHILE,
    SettingsProblem,
    SlipKind,
    describe_slip,
    describe_slips,
    id_taken,
)

__all__ = [
    "CHANGED_MEANWHILE",
    "SettingsProblem",
    "SlipKind",
    "describe_slip",
    "describe_slips",
    "id_taken",
]
