"""What is said about the settings and about changing them."""

from cc_desktop.text.settings.slips import SettingsProblem, SlipKind, describe_slip

__all__ = ["SettingsProblem", "SlipKind", "describe_slip"]
