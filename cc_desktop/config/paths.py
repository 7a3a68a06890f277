"""Where files belong. The only importer of appdirs, which is deprecated upstream.

`platformdirs` can take its place here; it differs in the log directory, which is why that one is
computed from the cache directory.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import appdirs

from cc_desktop.about import APP_ID

APP = APP_ID


@dataclass(frozen=True, slots=True)
class Paths:
    """The directories of the app; made when something is written."""

    config: Path
    data: Path
    log: Path

    @property
    def settings(self) -> Path:
        """Settings, written by hand."""
        return self.config / "settings.toml"

    @property
    def identity(self) -> Path:
        """The device's key."""
        return self.data / "identity.json"

    @property
    def tokens(self) -> Path:
        """Device tokens, where there is no keyring."""
        return self.data / "device-tokens.json"

    @property
    def state(self) -> Path:
        """Window sizes, and which failures were seen."""
        return self.data / "state.json"

    @property
    def preferences(self) -> Path:
        """What was chosen in the window Settings, written by the app."""
        return self.config / "preferences.json"

    @property
    def notices(self) -> Path:
        """The list of notices."""
        return self.data / "notices.json"


def find_paths(config: Path | None = None) -> Paths:
    """The usual directories, or all under `config`."""
    if config is not None:
        return Paths(config, config / "data", config / "log")
    return Paths(
        Path(appdirs.user_config_dir(APP, False)),
        Path(appdirs.user_data_dir(APP, False)),
        Path(appdirs.user_cache_dir(APP, False)) / "log",
    )


def resource(name: str) -> Path:
    """A file of `resources/`: in the package when installed, beside it in a checkout."""
    package = Path(str(resources.files("cc_desktop")))
    inside = package / "resources" / name
    return inside if inside.exists() else package.parent / "resources" / name
