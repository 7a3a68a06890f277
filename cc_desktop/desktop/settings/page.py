"""A page of the settings, and the registry of all pages.

A new page is one file with a widget, and one entry in `PAGES`. A page applies every change at once,
through the preference that it gets in its context.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec.structs import replace
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cc_desktop.desktop.widgets.labels import label
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.icons.tray_state import TrayIconStyle
    from cc_desktop.desktop.settings.ports import AboutTools, GatewayTools, GeneralTools, GuardTools
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.desktop.widgets.card import Card
    from cc_desktop.fleet.store import Store
    from cc_desktop.notifications.center import NotificationCenter

PreferenceT = TypeVar("PreferenceT")


@dataclass(frozen=True, slots=True)
class Preference(Generic[PreferenceT]):
    """What a page shows and changes: one typed record or value, kept by somebody else."""

    get: Callable[[], PreferenceT]
    changed: Callable[[PreferenceT], None]


@dataclass(frozen=True, slots=True)
class SettingsContext:
    """What the pages need."""

    look: ThemeManager
    store: Store
    clock: Callable[[], int]  # local ms since the epoch
    center: NotificationCenter
    tray: Preference[TrayIconStyle]
    gateways: GatewayTools | None = None  # None: there is no such page
    general: GeneralTools | None = None
    about: AboutTools | None = None
    guard: GuardTools | None = None  # None: no file keeps its thresholds

    def change_notifications(self, **fields: Any) -> None:
        """Change some fields of the notification preferences."""
        self.center.set_preferences(replace(self.center.preferences, **fields))


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page in the registry."""

    key: str
    title: str  # marked for translation
    build: Callable[[SettingsContext], QWidget]  # called when the page is first shown
    needs: str = ""  # the field of the context without which there is no such page


class PageBody(QWidget):
    """The frame of a page: its title, and cards below."""

    def __init__(self, look: ThemeManager, title: str) -> None:
        """`title` is marked for translation."""
        super().__init__()
        px = look.metrics.px
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(px(24), px(20), px(24), px(20))
        self._column.setSpacing(px(14))
        self._title = QHBoxLayout()
        self._title.addWidget(label(look.metrics.font(17, bold=True), tr(title)))
        self._title.addStretch(1)
        self._column.addLayout(self._title)

    def add_to_title(self, control: QWidget) -> None:
        """Add a button at the end of the title's line."""
        self._title.addWidget(control)

    def add_cards(self, *cards: Card | QWidget) -> None:
        """Add cards, one below the other; what is left stays empty."""
        for card in cards:
            self._column.addWidget(card)
        self._column.addStretch(1)

    def open_part(self, part: str) -> QWidget | None:
        """Show a part of the page and give it the keyboard; None where there is no such part."""
        return None


def _gateways(context: SettingsContext) -> QWidget:
    from cc_desktop.desktop.settings.gateways.gateways_page import GatewaysPage

    assert context.gateways is not None  # noqa: S101 - `needs` of its entry
    return GatewaysPage(context, context.gateways)


def _general(context: SettingsContext) -> QWidget:
    from cc_desktop.desktop.settings.general_page import GeneralPage

    assert context.general is not None  # noqa: S101 - `needs` of its entry
    return GeneralPage(context, context.general)


def _about(context: SettingsContext) -> QWidget:
    from cc_desktop.desktop.settings.about_page import AboutPage

    assert context.about is not None  # noqa: S101 - `needs` of its entry
    return AboutPage(context, context.about)


def _notifications(context: SettingsContext) -> QWidget:
    from cc_desktop.desktop.settings.notifications_page import NotificationsPage

    return NotificationsPage(context)


def _tray(context: SettingsContext) -> QWidget:
    from cc_desktop.desktop.settings.tray_page import TrayPage

    return TrayPage(context)


PAGES = (
    PageEntry("gateways", mark("Gateways"), _gateways, needs="gateways"),
    PageEntry("notifications", mark("Notifications"), _notifications),
    PageEntry("tray", mark("Tray icon"), _tray),
    PageEntry("general", mark("General"), _general, needs="general"),
    PageEntry("about", mark("About"), _about, needs="about"),
)
