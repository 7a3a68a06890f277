"""Settings: read from command line, environment and file, checked, never refused as a whole."""

from cc_desktop.config.settings.model import GatewaySettings, GuardSettings, Settings
from cc_desktop.config.settings.reader import DEFAULT_URL, load_settings
from cc_desktop.text.settings import SettingsProblem, SlipKind

__all__ = [
    "DEFAULT_URL",
    "GatewaySettings",
    "GuardSettings",
    "Settings",
    "SettingsProblem",
    "SlipKind",
    "load_settings",
]
