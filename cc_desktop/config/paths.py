"""Where files belong. The only module that imports appdirs, which is deprecated upstream.

`platformdirs` can replace it here. The two differ in the log directory, so that one is derived from
the cache directory.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import appdirs
from msgspec import Struct

from cc_desktop.about import APP_ID


class Paths(Struct, frozen=True):
    """The directories of the app; each is created, private, when something is written to it."""

    config: Path
    data: Path
    log: Path

    @property
    def settings(self) -> Path:
        """Settings, which the operator writes by hand."""
        return self.config / "settings.toml"

    @property
    def identity(self) -> Path:
        """The device's key."""
        return self.data / "identity.json"

    @property
    def tokens(self) -> Path:
        """Device tokens that are not in the keyring."""
        return self.data / "device-tokens.json"

    @property
    def shared_tokens(self) -> Path:
        """Shared tokens that are not in the keyring, where the operator agreed to that."""
        return self.data / "shared-tokens.json"

    @property
    def state(self) -> Path:
        """Sizes of windows, seen failures, snooze: what is remembered, not chosen."""
        return self.data / "state.json"

    @property
    def preferences(self) -> Path:
        """What the operator chose in the window Settings; the app writes it."""
        return self.config / "preferences.json"

    @property
    def notices(self) -> Path:
        """The history of notifications."""
        return self.data / "notices.json"


def find_paths(config: Path | None = None) -> Paths:
    """The directories of this system for this user, or all of them under `config`."""
    if config is not None:
        return Paths(config, config / "data", config / "log")
    return Paths(
        Path(appdirs.user_config_dir(APP_ID, False)),
        Path(appdirs.user_data_dir(APP_ID, False)),
        Path(appdirs.user_cache_dir(APP_ID, False)) / "log",
    )


def resource(name: str) -> Path:
    """A file of `resources/`: inside the installed package, or beside it in a checkout."""
    package = Path(str(resources.files("cc_desktop")))
    inside = package / "resources" / name
    return inside if inside.exists() else package.parent / "resources" / name
