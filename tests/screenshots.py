"""Pictures of the window in every look: `python -m tests.screenshots OUTDIR [LANGUAGE]`.

Needs a display (Xvfb will do), for real fonts and emoji. The tray's: tests/tray_sheet.py.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu

from cc_desktop.config.paths import resource
from cc_desktop.desktop.details.panel import Details
from cc_desktop.desktop.fleet_desktop import NotificationTools, build_fleet_window
from cc_desktop.desktop.icons.tray_state import TrayIconStyle
from cc_desktop.desktop.inbox.cards.approval_body import ApprovalBody
from cc_desktop.desktop.language import follow_language
from cc_desktop.desktop.settings.notifications_page import NotificationsPage
from cc_desktop.desktop.settings.page import Preference, SettingsContext
from cc_desktop.desktop.settings.window import SettingsWindow
from cc_desktop.desktop.style.palette import DARK, LIGHT
from cc_desktop.desktop.style.theme import ThemeManager
from cc_desktop.desktop.tray.notifications_menu import build_notifications_menu
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.desktop.window.agents.stop_dialog import StopDialog
from cc_desktop.fleet.store import Store
from cc_desktop.notifications.kinds import AlertKind
from cc_desktop.notifications.preferences import Preferences, QuietWindow
from cc_desktop.text.i18n import CHOICE, PSEUDO_RTL, choose_language, set_language
from tests.desktop import sample
from tests.desktop.inbox import fleet as inbox
from tests.desktop.notified import SAMPLE, Notified, notice
from tests.fakes.backend import NoBackend

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.style.palette import Theme
    from cc_desktop.desktop.window.fleet_window import FleetWindow


class Shot(NamedTuple):
    """A window that is about to be photographed."""

    window: FleetWindow
    tools: NotificationTools


def main(out: Path, language: str = "") -> None:
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    choose_language({CHOICE: language}, lambda: resource("locale"))
    follow_language(app)
    look = ThemeManager(app, DARK)

    def shoot(
        name: str,
        theme: Theme,
        store: Store,
        size: tuple[int, int] = (1180, 720),
        prepare: Callable[[Shot], object] = lambda _shot: None,
        notified: Notified | None = None,
    ) -> None:
        look.set_theme(theme)
        context = ViewContext(store, sample.Asked().actions, sample.Clock(), look)
        window = build_fleet_window(context, {})
        center = (notified or Notified(store, SAMPLE)).center
        tools = NotificationTools(window, context, center, lambda: None)
        window.resize(*size)
        window.show()
        window.list.setFocus()
        _settle(app)
        prepare(Shot(window, tools))
        _settle(app)
        window.grab().save(str(out / f"{name}.png"))
        if window.header.popup is not None:
            window.header.popup.grab().save(str(out / f"{name}-popup.png"))
            window.header.popup.close()
        if window.list.menu is not None and window.list.menu.isVisible():
            window.list.menu.grab().save(str(out / f"{name}-menu.png"))
            window.list.menu.close()
        window.close()
        window.deleteLater()

    def search(shot: Shot) -> None:
        shot.window.header.search.setText("zebra")

    shoot("live-dark", DARK, sample.live_store())
    shoot("live-light", LIGHT, sample.live_store())
    shoot("small-light", LIGHT, sample.live_store(), (1024, 560))
    shoot("small-dark", DARK, sample.live_store(), (1024, 560))
    shoot("demo-light", LIGHT, sample.demo_store())
    shoot("demo-dark", DARK, sample.demo_store())
    shoot("last-known-light", LIGHT, sample.last_known_store())
    shoot(
        "blocked-dark",
        DARK,
        sample.blocked_store(),
        prepare=lambda shot: shot.window.header.pills["studio"].click(),
    )
    shoot("empty-light", LIGHT, Store(sample.Clock()))
    shoot("no-match-light", LIGHT, sample.live_store(), prepare=search)
    shoot(
        "devices-dark", DARK, sample.live_store(), prepare=lambda shot: shot.window.show_devices()
    )
    shoot("narrow-light", LIGHT, sample.live_store(), (640, 480))
    shoot("narrow-demo-dark", DARK, sample.demo_store(), (640, 480))
    shoot("tiny-light", LIGHT, sample.live_store(second=False), (440, 560))
    shoot("wide-dark", DARK, sample.live_store(), (1700, 800))
    shoot(
        "working-light",
        LIGHT,
        sample.live_store(),
        prepare=lambda shot: shot.window.show_agent("studio", "otto"),
    )
    shoot(
        "waiting-dark",
        DARK,
        sample.live_store(),
        prepare=lambda shot: shot.window.show_agent("studio", "dex"),
    )
    shoot("thousand-dark", DARK, sample.big_store(1000))
    _shoot_inbox(shoot)
    _shoot_acting(shoot, out)
    _shoot_notices(shoot, out)
    _shoot_settings(app, look, out)
    app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    set_language(PSEUDO_RTL)
    shoot("rtl-light", LIGHT, sample.live_store())


def _shoot_inbox(shoot: Callable[..., None]) -> None:
    """The inbox with each sort of card, and the strip over the list."""
    live, watching = inbox.store(), inbox.store(scopes=inbox.READ)

    def opened(store: Store, kind: str) -> Callable[[Shot], object]:
        return lambda shot: shot.tools.open_item(inbox.item(store, kind).id)

    def always(shot: Shot) -> None:
        shot.tools.open_item(inbox.item(live, "approval").id)
        body = shot.tools.inbox.pane.card.content
        if isinstance(body, ApprovalBody):
            body.buttons["allow-always"].click()

    def marked(shot: Shot) -> None:
        shot.tools.show_inbox()
        shot.tools.inbox.list.selectAll()
        shot.tools.inbox.mark_selected()

    for theme, name in ((LIGHT, "light"), (DARK, "dark")):
        shoot(f"inbox-question-{name}", theme, live, prepare=opened(live, "question"))
        shoot(f"inbox-approval-{name}", theme, live, prepare=opened(live, "approval"))
        shoot(f"inbox-always-{name}", theme, live, prepare=always)
        shoot(f"inbox-failed-{name}", theme, live, (1024, 600), opened(live, "failed"))
        shoot(f"inbox-narrow-{name}", theme, live, (560, 640), opened(live, "task-failed"))
        shoot(f"inbox-no-right-{name}", theme, watching, prepare=opened(watching, "approval"))
        shoot(f"inbox-several-{name}", theme, live, prepare=marked)
        shoot(f"strip-{name}", theme, live)
    empty = sample.big_store(3)
    shoot("inbox-empty-light", LIGHT, empty, prepare=lambda shot: shot.tools.show_inbox())


def _shoot_acting(shoot: Callable[..., None], out: Path) -> None:
    """A big team with names alike; the box for a message; stop everything."""

    def write(shot: Shot) -> None:
        shot.window.show_agent("studio", "otto")
        details = shot.window.details
        assert isinstance(details, Details)
        details.message.edit.setPlainText("Do not touch the reducer,\nonly its tests")

    for theme, name in ((DARK, "dark"), (LIGHT, "light")):
        shoot(f"team-{name}", theme, sample.team_store())
        shoot(f"team-small-{name}", theme, sample.team_store(), (1024, 600))
        shoot(f"message-{name}", theme, sample.writing_store(), prepare=write)
        shoot(f"message-narrow-{name}", theme, sample.writing_store(), (640, 720), prepare=write)
        for kind, store in (("", sample.writing_store()), ("-no-right", sample.live_store())):

            def stop(shot: Shot, kind: str = kind, name: str = name) -> None:
                shot.window.triage.stop_everything()
                (dialog,) = shot.window.findChildren(StopDialog)
                dialog.grab().save(str(out / f"stop{kind}-{name}.png"))
                dialog.close()

            shoot(f"stopping{kind}-{name}", theme, store, prepare=stop)


def _shoot_notices(shoot: Callable[..., None], out: Path) -> None:
    """The list under the bell, the chip of a choice, what is muted."""
    store = sample.live_store()
    menus = QMenu()
    muted = Preferences(muted=frozenset({("studio", "otto"), ("home-lab", "")}))

    def notices(shot: Shot) -> None:
        shot.tools.show_history()

    def only(shot: Shot) -> None:
        keys = [("studio", name) for name in ("rex", "dex", "otto")] + [("home-lab", "hex")]
        shot.window.show_only(tuple(keys), "4 agents failed on studio")

    def menu(shot: Shot) -> None:
        window = shot.window
        window.list.setCurrentIndex(window.model.index(2, 0))
        spot = window.list.visualRect(window.list.currentIndex()).center()
        window.list.menu_wanted.emit(window.list.currentIndex(), window.list.mapToGlobal(spot))

    def asked(shot: Shot) -> None:
        shot.tools.show_history()
        shot.tools.panel.clear.click()

    for theme, name in ((DARK, "dark"), (LIGHT, "light")):
        shoot(f"notices-{name}", theme, store, prepare=notices)
        snoozed = Notified(store, SAMPLE, snooze=sample.NOW + 5 * sample.MIN)
        shoot(f"notices-snoozed-{name}", theme, store, prepare=asked, notified=snoozed)
        shoot(f"only-{name}", theme, store, prepare=only)
        shoot(f"muted-{name}", theme, store, prepare=menu, notified=Notified(store, SAMPLE, muted))
        submenu = build_notifications_menu(
            menus, snoozed.center, lambda: None, clock=sample.Clock()
        )
        submenu.popup(QPoint(0, 0))
        submenu.grab().save(str(out / f"tray-submenu-{name}.png"))
        submenu.close()
    many = [notice(AlertKind.FAILED, f"Agent {number} failed") for number in range(140)]
    off = Notified(store, many, Preferences(on=False))
    shoot("notices-off-dark", DARK, store, prepare=notices, notified=off)
    nobody = Notified(store, adapter=NoBackend())
    shoot("notices-none-light", LIGHT, store, prepare=notices, notified=nobody)


def _shoot_settings(app: QApplication, look: ThemeManager, out: Path) -> None:
    store = sample.live_store()
    windows = (
        QuietWindow(frozenset(range(5)), 22 * 60, 7 * 60),
        QuietWindow(frozenset({5, 6}), 12 * 60, 15 * 60),
    )
    chosen = Preferences(
        quiet_on=True,
        quiet=windows,
        muted=frozenset({("studio", "otto"), ("home-lab", ""), ("old", "gone-agent")}),
    )
    for theme, name in ((LIGHT, "light"), (DARK, "dark")):
        look.set_theme(theme)
        for kind, notified in (
            ("", Notified(store, SAMPLE, chosen)),
            ("-nobody", Notified(store, adapter=NoBackend())),
        ):
            tray = Preference(lambda: TrayIconStyle.AUTO, lambda _style: None)
            context = SettingsContext(look, store, sample.Clock(), notified.center, tray)
            window = SettingsWindow(context, {})
            window.show_page()
            page = window.page("notifications")
            assert isinstance(page, NotificationsPage)
            _settle(app)
            window.grab().save(str(out / f"settings{kind}-{name}.png"))
            page.general.test.click()
            window.resize(820, 1240)
            _settle(app)
            window.grab().save(str(out / f"settings{kind}-{name}-long.png"))
            page.restore.click()
            window.resize(600, 1240)
            _settle(app)
            window.grab().save(str(out / f"settings{kind}-{name}-restored.png"))
            window.resize(820, 620)
            window.show_page("tray")
            _settle(app)
            window.grab().save(str(out / f"settings-tray-{name}.png"))
            window.close()
            window.deleteLater()


def _settle(app: QApplication) -> None:
    for _ in range(20):
        app.processEvents()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
