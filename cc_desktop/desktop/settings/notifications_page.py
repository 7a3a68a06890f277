"""The page Notifications: which kinds, how they sound, when it is quiet, who is muted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cc_desktop.desktop.settings.notification_general import GeneralSection
from cc_desktop.desktop.settings.notification_guard import GuardSection
from cc_desktop.desktop.settings.notification_kinds import KindsSection
from cc_desktop.desktop.settings.notification_muted import MutedSection
from cc_desktop.desktop.settings.notification_quiet import QuietSection
from cc_desktop.desktop.settings.page import PageBody
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import wrapping_label
from cc_desktop.desktop.widgets.rows.subscription import Subscription
from cc_desktop.notifications.preferences import Preferences
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QShowEvent

    from cc_desktop.desktop.settings.page import SettingsContext


class NotificationsPage(PageBody):
    """Follows the preferences while it is seen."""

    def __init__(self, context: SettingsContext) -> None:
        super().__init__(context.look, mark("Notifications"))
        self._context = context
        self._before_restore: Preferences | None = None
        self._following = Subscription(lambda: self._context.center.subscribe(self.refresh))
        self.general = GeneralSection(context)
        self.kinds = KindsSection(context)
        self.quiet = QuietSection(context)
        self.muted = MutedSection(context)
        self.guard = GuardSection(context, context.guard) if context.guard else None
        parts = (self.general, self.kinds, self.guard, self.quiet, self.muted, self._build_foot())
        self.add_cards(*(part for part in parts if part is not None))

    def _build_foot(self) -> QWidget:
        px, font = self._context.look.metrics.px, self._context.look.metrics.font
        self.restore = button(tr("Restore defaults"), self._on_restore)
        text = tr("The defaults are restored, and nobody is muted.")
        self._restored = wrapping_label(font(), text, muted=True)
        self.undo = button(tr("Undo"), self._on_undo, "link")
        foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(12))
        row.addWidget(self.restore)
        row.addWidget(self._restored, 1)
        row.addWidget(self.undo)
        return foot

    def refresh(self) -> None:
        """Show what is chosen now."""
        chosen = self._context.center.preferences
        had_focus = any(row.unmute.hasFocus() for row in self.muted.rows)
        self.general.fill(chosen)
        self.kinds.fill(chosen)
        self.quiet.fill(chosen)
        self.muted.fill(chosen)
        default = chosen == Preferences()
        self.restore.setEnabled(not default)
        if had_focus and self.muted.is_empty():
            self.restore.setFocus(Qt.FocusReason.OtherFocusReason)
        if not default:
            self._before_restore = None
        self._restored.setVisible(self._before_restore is not None)
        self.undo.setVisible(self._before_restore is not None)

    def _on_restore(self) -> None:
        self._before_restore = self._context.center.preferences
        self._context.center.set_preferences(Preferences())
        self.undo.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_undo(self) -> None:
        if self._before_restore is not None:
            self._context.center.set_preferences(self._before_restore)
            self.restore.setFocus(Qt.FocusReason.OtherFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        """Qt override: follow the notification center while visible."""
        self.refresh()
        if self.guard is not None:
            self.guard.forget_error()
            self.guard.refresh()
        self._following.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: clear the messages of this visit."""
        super().hideEvent(event)
        self.general.forget_test()
        self._before_restore = None
        self._following.stop()
