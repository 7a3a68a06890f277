"""Pictures of every settings page and of the way to a gateway.

`python -m tests.settings_screenshots OUTDIR [LANGUAGE]`. Needs a display (Xvfb will do);
QT_SCALE_FACTOR=2 shows them at 200 %.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import qasync
from msgspec.structs import replace
from PySide6.QtWidgets import QApplication

from cc_desktop.config.paths import Paths, resource
from cc_desktop.config.settings_file import GatewayEntry, SettingsFile
from cc_desktop.desktop.connect.page import ConnectPage
from cc_desktop.desktop.fleet_desktop import build_fleet_window
from cc_desktop.desktop.icons.tray_state import TrayIconStyle
from cc_desktop.desktop.language import follow_language
from cc_desktop.desktop.settings.page import Preference, SettingsContext
from cc_desktop.desktop.settings.ports import (
    AboutTools,
    GatewayTools,
    GeneralTools,
    SecretPlaces,
)
from cc_desktop.desktop.settings.window import SettingsWindow
from cc_desktop.desktop.setup.settings_tools import SettingsChoices
from cc_desktop.desktop.style.palette import DARK, LIGHT
from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.desktop.widgets.rights.right_prompt import RightsPort
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.diagnostics.state_report import state_report
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import RequestRights, Right
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, PairingRequest, Problem
from cc_desktop.fleet.store import Store
from cc_desktop.text.connect.secrets import place_of_secret
from cc_desktop.text.i18n import CHOICE, choose_language
from cc_desktop.text.settings.global_key import key_note
from tests.desktop import sample
from tests.desktop.connect.fakes import LIVE, LOCAL, UNPAIRED, FakeGateways
from tests.desktop.notified import SAMPLE, Notified
from tests.desktop.settings.test_app_pages import FakeEditor, FakeLogin

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.commands import Command

SIZE = (int(os.environ.get("SHOT_WIDTH", "1024")), int(os.environ.get("SHOT_HEIGHT", "600")))
FILE = Path("/home/anna/.config/cc-desktop/settings.toml")


class _Key:
    on = True
    can_be_on = True

    def note(self) -> str:
        return key_note("ready", "Meta+Alt+F8")

    def set(self, on: bool) -> None: ...

    def look(self) -> None: ...

    def follow(self, changed: Callable[[], object] | None) -> None: ...


class _Secrets:
    def places(self, gateway: str) -> SecretPlaces:
        if gateway == "studio":
            return SecretPlaces(
                place_of_secret("memory", "locked"),
                place_of_secret("file", "locked"),
                may_use_keyring=True,
                may_use_file=True,
            )
        return SecretPlaces(place_of_secret("keyring", ""), "")

    async def to_keyring(self) -> str:
        return ""

    async def to_file(self, gateway: str) -> str:
        return ""

    def follow(self, changed: Callable[[], object] | None) -> None:
        pass


def sample_fleet() -> Store:
    store = sample.live_store()
    pairing = PairingRequest(
        "7f3a91c2-64d1", "laptop", ("operator.questions",), 0, sample.NOW + 252_000, upgrade=True
    )
    store.apply(
        ev.ConnectionChanged(
            "studio",
            ConnectionInfo(
                ConnectionState.LIVE,
                server_version="2026.9.6",
                protocol=4,
                token_place="file",
                scopes=("operator.read", "operator.write"),
                pairing=pairing,
            ),
        )
    )
    ask = RequestRights(id="1", gateway="studio", scopes=("operator.questions",))
    store.apply(ev.CommandSent("studio", ask))
    waits = ConnectionInfo(
        ConnectionState.WAITING,
        until=sample.NOW + 4000,
        problem=Problem("pairing", detail="7f3a91c2-64d1"),
        pairing=replace(pairing, upgrade=False, scopes=("operator.read",)),
    )
    store.apply(ev.ConnectionChanged("home-lab", waits))
    return store


def sample_context(look: ThemeManager, store: Store) -> SettingsContext:
    def execute(command: Command) -> None:
        store.apply(ev.CommandSent("studio", replace(command, id="2")))

    editor = FakeEditor()
    editor.entries.append(GatewayEntry("office", "wss://office.example", enabled=False))
    return SettingsContext(
        look,
        store,
        sample.Clock(),
        Notified(store, SAMPLE).center,
        Preference(lambda: TrayIconStyle.AUTO, lambda _style: None),
        gateways=GatewayTools(
            editor,
            add=lambda _parent: None,
            edit=lambda _parent, _ident, _test: None,
            secure_tokens=_Secrets().to_keyring,
            file=FILE,
            decided_by="GATEWAY_WS_URL",
            rights=RightsPort(look, store, sample.Clock(), execute),
            secrets=_Secrets(),
        ),
        general=GeneralTools(
            FakeLogin(),
            lambda: "system",
            lambda _name: None,
            SettingsChoices(SettingsFile(Path("/nowhere/settings.toml"))),
            FILE,
            slips=lambda: [
                f'{FILE}:12: stuck_after_minutes cannot be "soon", so the default applies.',
                f"{FILE}:14: The setting colour is unknown and is ignored.",
            ],
            open_file=lambda: None,
            global_key=_Key(),
        ),
        about=AboutTools(
            lambda: [("Qt", "6.11"), ("Python", "3.11.7")],
            lambda: "",
            (("Settings", FILE), ("Data", FILE.parent), ("Log", FILE.parent)),
            lambda: state_report(store.fleet, (), Paths(FILE, FILE, FILE), sample.NOW),
            FILE,
        ),
    )


async def _shoot(app: QApplication, out: Path) -> None:
    look = ThemeManager(app, DARK)
    for theme, name in ((LIGHT, "light"), (DARK, "dark")):
        look.set_theme(theme)
        await _shoot_settings(look, out, name)
        await _shoot_connect(look, out, name)


async def _shoot_settings(look: ThemeManager, out: Path, name: str) -> None:
    store = sample_fleet()
    window = SettingsWindow(sample_context(look, store), {})
    window.resize(*SIZE)
    for page in ("gateways", "notifications", "tray", "general", "about"):
        window.show_page(page)
        await _settle()
        window.grab().save(str(out / f"{page}-{name}.png"))
    window.show_page("gateways")
    page_widget = window.page("gateways")
    window.resize(SIZE[0], 1100)
    facts = page_widget.facts  # type: ignore[attr-defined]
    await _settle()
    window.grab().save(str(out / f"gateways-all-{name}.png"))
    store.apply(ev.CommandRefused("studio", "1", "rejected"))
    facts.rights.rungs[Right.APPROVE].box.click()
    await _settle()
    window.grab().save(str(out / f"gateways-confirm-{name}.png"))
    facts.choose("home-lab")
    window.resize(640, 1100)
    await _settle()
    window.grab().save(str(out / f"gateways-narrow-{name}.png"))
    window.close()


async def _shoot_connect(look: ThemeManager, out: Path, name: str) -> None:
    fake = FakeGateways(look)
    fake.local = LOCAL
    page = ConnectPage(
        fake.tools,
        "Connect your gateway",
        "Then your agents take the place of the sample behind this panel.",
        "Look at the sample first",
    )
    page.resize(*SIZE)
    page.show()
    await _settle()
    page.grab().save(str(out / f"connect-{name}.png"))
    for results, kind in ((LIVE, "live"), (UNPAIRED, "unpaired")):
        fake.results = [results]
        page.form.address.edit.setText("studio.example")
        page.test.click()
        await _settle()
        page.grab().save(str(out / f"connect-{kind}-{name}.png"))
    page.close()
    for kind, store in (("demo", sample.demo_store()), ("nobody", Store(sample.Clock()))):
        context = ViewContext(store, sample.Asked().actions, sample.Clock(), look)
        window = build_fleet_window(context, {})
        window.resize(*SIZE)
        window.show()
        await _settle()
        window.grab().save(str(out / f"window-{kind}-{name}.png"))
        window.close()


async def _settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0.005)


def main(out: Path, language: str = "") -> None:
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    choose_language({CHOICE: language}, lambda: resource("locale"))
    follow_language(app)
    loop = qasync.QEventLoop(app)
    loop.run_until_complete(_shoot(app, out))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
