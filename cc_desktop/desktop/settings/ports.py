"""What the pages about gateways and the app need from the rest of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from cc_desktop.config.settings import GuardSettings
    from cc_desktop.config.settings_file import GatewayEntry, Removed
    from cc_desktop.desktop.widgets.rights.right_prompt import RightsPort


class GatewayList(Protocol):
    """The gateways of the settings file, by id. Raises SettingsFileError: one line."""

    def list(self) -> Sequence[GatewayEntry]:
        """The gateways, in their order."""

    def remove(self, ident: str) -> Removed:
        """Take one out."""

    def restore(self, removed: Removed) -> object:
        """Put it back."""

    def move(self, ident: str, to: int) -> object:
        """Change the order; `to` counts without the one that moves."""

    def set_enabled(self, ident: str, on: bool) -> object:
        """Watch it, or leave it alone."""


@dataclass(frozen=True, slots=True)
class SecretPlaces:
    """Where the secrets of one gateway are, in words, and what can be done about it."""

    shared: str  # the token or password
    device: str  # this device's own token; "" while there is none
    may_use_keyring: bool = False  # something is elsewhere, and the keyring may take it
    may_use_file: bool = False  # the shared one is only in memory


class SecretTools(Protocol):
    """Shows and moves the secrets of gateways. Nothing here ever waits in the GUI thread."""

    def places(self, gateway: str) -> SecretPlaces:
        """Where they are now."""

    async def to_keyring(self) -> str:
        """Move all to the keyring, which may open its own dialog; "" or why not."""

    async def to_file(self, gateway: str) -> str:
        """Keep the shared one of a gateway in a private file; "" or why not."""

    def follow(self, changed: Callable[[], object] | None) -> None:
        """Call `changed` when a secret is in another place; None ends that."""


@dataclass(frozen=True, slots=True)
class GatewayTools:
    """What the page Gateways does."""

    editor: GatewayList
    add: Callable[[QWidget], None]  # opens the form; its parent
    edit: Callable[[QWidget, str, bool], None]  # parent, id, whether it is tested at once
    secure_tokens: Callable[[], Awaitable[str]]  # into the keyring; "" or why not
    file: Path
    decided_by: str = ""  # what goes before the file: "--url", or a variable of the environment
    rights: RightsPort | None = None  # None: they are not shown
    secrets: SecretTools | None = None  # None: they are not shown


class LoginChoice(Protocol):
    """Start at login."""

    @property
    def on(self) -> bool | None:
        """None: this system cannot."""

    def refresh(self) -> None:
        """Read it again."""

    def set(self, on: bool) -> None:
        """Change it; a failure is reported by itself."""


class GlobalKeyChoice(Protocol):
    """A key for the next that needs the operator, in every window of the desktop."""

    @property
    def on(self) -> bool:
        """Whether it is wanted."""

    @property
    def can_be_on(self) -> bool:
        """False: the desktop has no such keys."""

    def note(self) -> str:
        """Which key it is, or why there is none."""

    def set(self, on: bool) -> None:
        """Want it, or not."""

    def look(self) -> None:
        """Find out whether the desktop has such keys; `follow` tells."""

    def follow(self, changed: Callable[[], object] | None) -> None:
        """Call `changed` when something is another; None ends that."""


class FileChoices(Protocol):
    """Choices that the settings file keeps. Raises SettingsFileError."""

    def when_unreachable(self) -> str:
        """Either "sample" or "last-known"."""

    def stuck_minutes(self) -> int:
        """After how long without a word a run counts as stuck."""

    def set_when_unreachable(self, value: str) -> None:
        """Keep another choice."""

    def set_stuck_minutes(self, minutes: int) -> None:
        """Keep another number."""


@dataclass(frozen=True, slots=True)
class GeneralTools:
    """What the page General does."""

    login: LoginChoice
    theme: Callable[[], str]  # "system", "light" or "dark"
    set_theme: Callable[[str], None]
    choices: FileChoices
    file: Path
    slips: Callable[[], Sequence[str]] = tuple  # what is wrong in the settings, a line each
    open_file: Callable[[], None] | None = None  # in the operator's editor
    global_key: GlobalKeyChoice | None = None  # None: it is not shown


class GuardTools(Protocol):
    """The thresholds from which on a run counts as runaway. Raises SettingsFileError."""

    @property
    def file(self) -> Path:
        """Where they are written."""

    def thresholds(self) -> GuardSettings:
        """Those that apply."""

    def change(self, values: Mapping[str, float | None]) -> None:
        """Keep others, and apply them; None stands for the default."""


@dataclass(frozen=True, slots=True)
class AboutTools:
    """What the page About shows."""

    versions: Callable[[], Sequence[tuple[str, str]]]  # name, version
    update: Callable[[], str]  # what is said of a newer version, or ""
    paths: Sequence[tuple[str, Path]]  # what it is, where it is
    diagnostics: Callable[[], str]  # without secrets
    licences: Path | None  # the file with the licences of all parts
