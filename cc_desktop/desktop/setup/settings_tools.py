"""Hands the pages of the settings what they show and change."""

from __future__ import annotations

import platform
import sys
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import qVersion

from cc_desktop.about import APP_ID
from cc_desktop.config.paths import resource
from cc_desktop.config.preferences import GeneralPreferences
from cc_desktop.config.settings import GuardSettings, load_settings
from cc_desktop.config.settings_file import SettingsFile
from cc_desktop.desktop.connect.tools import Editor
from cc_desktop.desktop.settings.ports import (
    AboutTools,
    GatewayList,
    GatewayTools,
    GeneralTools,
    SecretPlaces,
)
from cc_desktop.desktop.style.palette import DARK, LIGHT
from cc_desktop.desktop.update_notice import update_text
from cc_desktop.desktop.widgets.rights.right_prompt import RightsPort
from cc_desktop.diagnostics.state_report import state_report
from cc_desktop.text.connect.secrets import (
    not_kept_in_file,
    not_moved,
    place_of_given,
    place_of_secret,
)
from cc_desktop.text.i18n import mark
from cc_desktop.text.settings import describe_slip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cc_desktop.config.paths import Paths
    from cc_desktop.desktop.app_menu import LoginSwitch
    from cc_desktop.desktop.settings.ports import GlobalKeyChoice
    from cc_desktop.desktop.setup.connect_desk import ConnectDesk
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.update_notice import UpdateNotice
    from cc_desktop.diagnostics.timeline import Timeline
    from cc_desktop.monitor import FleetMonitor

_HOPELESS = ("absent", "off")  # why no keyring can be used, whoever asks
_THEMES = {"light": LIGHT, "dark": DARK}


class GatewayKeeper(Editor, GatewayList, Protocol):
    """All that is done to the gateways of the settings file."""


class SettingsChoices:
    """The choices of the page General that the settings file keeps."""

    def __init__(self, file: SettingsFile) -> None:
        self._file = file

    def when_unreachable(self) -> str:
        """Either "sample" or "last-known"."""
        value = self._read().get("when_unreachable")
        return value if value in ("sample", "last-known") else "sample"

    def stuck_minutes(self) -> int:
        """After how long without a word a run counts as stuck."""
        value = self._read().get("stuck_after_minutes")
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 10_080:
            return value
        return 10

    def set_when_unreachable(self, value: str) -> None:
        """Keep another choice."""
        self._file.set_value("when_unreachable", value)

    def set_stuck_minutes(self, minutes: int) -> None:
        """Keep another number."""
        self._file.set_value("stuck_after_minutes", minutes)

    def _read(self) -> dict[str, Any]:
        with suppress(ValueError, RecursionError):  # another page tells of a file with a slip
            return tomllib.loads(self._file.stamp().decode())
        return {}


class GuardThresholds:
    """Implements `GuardTools` with the settings file; what is changed applies at once."""

    def __init__(self, file: SettingsFile, reload: Callable[[], object]) -> None:
        self._file = file
        self._reload = reload

    @property
    def file(self) -> Path:
        """Where they are written."""
        return self._file.path

    def thresholds(self) -> GuardSettings:
        """Those that apply: the default for what cannot be used, as the fleet has it."""
        return load_settings(self._file.path, {}).guard

    def change(self, values: Mapping[str, float | None]) -> None:
        """Keep others, and apply them; None stands for the default."""
        self._file.set_in_table("guard", values)
        self._reload()


class Secrets:
    """Implements `SecretTools` with the stores of the monitor."""

    def __init__(self, monitor: FleetMonitor, paths: Paths) -> None:
        self._monitor = monitor
        self._file = paths.shared_tokens

    def places(self, gateway: str) -> SecretPlaces:
        """Where they are now."""
        monitor, shared = self._monitor, self._monitor.shared
        known = monitor.store.fleet.gateways.get(gateway)
        device = known.connection.token_place if known else ""
        given = next((g.token_from for g in monitor.settings.gateways if g.id == gateway), "")
        place = shared.place_of(gateway)
        elsewhere = (not given and place in ("file", "memory")) or device == "file"
        return SecretPlaces(
            shared=place_of_given(given) if given else place_of_secret(place, shared.why),
            device=place_of_secret(device, monitor.tokens.why) if device else "",
            may_use_keyring=elsewhere and shared.why not in _HOPELESS,
            may_use_file=not given and place == "memory",
        )

    async def to_keyring(self) -> str:
        """Move all to the keyring, which may open its own dialog; "" or why not."""
        tokens, shared = self._monitor.tokens, self._monitor.shared
        # One after the other: a dialog of the keyring is answered once.
        moved = await tokens.use_keyring_now()
        for link in self._monitor.supervisors.values():
            link.show_token_place()
        if not moved:
            return not_moved(tokens.why)
        if not await shared.move_to_keyring():
            return not_moved(shared.why)
        return ""

    async def to_file(self, gateway: str) -> str:
        """Keep the shared one of a gateway in a private file; "" or why not."""
        done = self._monitor.shared.keep_in_file(gateway)
        return "" if done else not_kept_in_file(str(self._file))

    def follow(self, changed: Callable[[], object] | None) -> None:
        """Call `changed` when a secret is in another place; None ends that."""
        self._monitor.shared.on_change = changed or (lambda: None)


def scopes_in_settings(monitor: FleetMonitor) -> Callable[[str], tuple[str, ...]]:
    """What the settings ask a gateway for, by its id."""

    def scopes(gateway: str) -> tuple[str, ...]:
        return next((g.scopes for g in monitor.settings.gateways if g.id == gateway), ())

    return scopes


def gateway_tools(
    connect: ConnectDesk | None, monitor: FleetMonitor, look: ThemeManager, paths: Paths | None
) -> GatewayTools | None:
    """For the page Gateways; None where gateways cannot be set up."""
    if connect is None or paths is None:
        return None

    secrets = Secrets(monitor, paths)
    return GatewayTools(
        editor=connect.setup.editor,
        add=connect.open_dialog,
        edit=lambda parent, ident, test: connect.open_dialog(parent, ident, test=test),
        secure_tokens=secrets.to_keyring,
        file=paths.settings,
        decided_by=connect.setup.decided_by,
        rights=RightsPort(
            look, monitor.store, monitor.now_ms, monitor.execute, scopes_in_settings(monitor)
        ),
        secrets=secrets,
    )


def general_tools(
    login: LoginSwitch,
    look: ThemeManager,
    monitor: FleetMonitor,
    paths: Paths | None,
    open_file: Callable[[], None],
    global_key: GlobalKeyChoice | None = None,
) -> GeneralTools | None:
    """For the page General."""
    if paths is None:
        return None

    memory = monitor.memory

    def slips() -> list[str]:
        settings = monitor.settings
        return [describe_slip(slip) for slip in (*settings.problems, *settings.notes)]

    def set_theme(name: str) -> None:
        memory.preferences.set_raw(GeneralPreferences.PAGE, {"theme": name})
        look.set_theme(_THEMES.get(name))

    return GeneralTools(
        login=login,
        theme=lambda: memory.preferences.get(GeneralPreferences).theme,
        set_theme=set_theme,
        choices=SettingsChoices(SettingsFile(paths.settings)),
        file=paths.settings,
        slips=slips,
        open_file=open_file,
        global_key=global_key,
    )


def guard_tools(monitor: FleetMonitor, paths: Paths | None) -> GuardThresholds | None:
    """For the page Notifications; None where no file keeps the thresholds."""
    if paths is None:
        return None
    return GuardThresholds(SettingsFile(paths.settings), monitor.reload)


def about_tools(
    monitor: FleetMonitor, notice: UpdateNotice, paths: Paths | None, timeline: Timeline
) -> AboutTools | None:
    """For the page About. `timeline` has what the connections did since the start."""
    if paths is None:
        return None
    places = (
        (mark("Settings"), paths.settings),
        (mark("Data"), paths.data),
        (mark("Log"), paths.log),
    )

    def copied() -> str:
        fleet, now = monitor.store.fleet, monitor.now_ms()
        return state_report(fleet, timeline.entries, paths, now)

    return AboutTools(
        versions=_versions,
        update=lambda: update_text(notice.update) if notice.update else "",
        paths=places,
        diagnostics=copied,
        licences=next((path for path in _licences() if path.exists()), None),
    )


def _licences() -> tuple[Path, ...]:
    """Where the licences of all parts are: in a bundle, a Debian package, a checkout."""
    return (
        Path(sys.executable).parent / "LICENCES.txt",
        Path("/usr/share/doc") / APP_ID / "copyright",
        resource("icons").parent.parent / "LICENSE",
    )


def _versions() -> list[tuple[str, str]]:
    system = f"{platform.system()} {platform.release()}"
    return [("Python", platform.python_version()), ("Qt", qVersion()), (system, platform.machine())]
