"""The form with its title above and its buttons below, which stay in sight when it scrolls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from cc_desktop.desktop.connect.form import GatewayForm
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.desktop.widgets.window_geometry import fit_to_screen
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent

    from cc_desktop.desktop.connect.tools import ConnectTools

WIDTH = 480  # design px of the form


class ConnectPage(QWidget):
    """All there is to do for one gateway.

    Signals:
        left: The operator does not want to go on.
        saved: The gateway was saved. Its id.
    """

    left = Signal()
    saved = Signal(str)

    def __init__(
        self, tools: ConnectTools, title: str, subtitle: str, leave: str, ident: str = ""
    ) -> None:
        """`leave` is what the button says that goes back; `ident` as in `GatewayForm`."""
        super().__init__()
        self._look = tools.look
        self._grown: QWidget | None = None  # what appeared last
        metrics, px = tools.look.metrics, tools.look.metrics.px
        self.form = GatewayForm(tools, ident)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, px(14), 0, px(12))
        column.setSpacing(px(4))
        column.addWidget(label(metrics.font(17, bold=True), title))
        if subtitle:
            column.addWidget(wrapping_label(metrics.font(), subtitle, muted=True))
        column.addSpacing(px(10))
        column.addWidget(self.form, 1)
        self.area = QScrollArea()
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(_centred(body, px(WIDTH), px(16)))
        self.leave = button(leave, self.left.emit, "link")
        self.test = button(tr("Test"), self.form.test)
        self.save = button(tr("Save"), self.form.save, "primary")
        foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(0, px(10), 0, px(12))
        row.setSpacing(px(8))
        row.addStretch(1)
        for part in (self.leave, self.test, self.save):
            row.addWidget(part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.area, 1)
        self._foot = _centred(foot, px(WIDTH), px(16))
        outer.addWidget(self._foot)
        self.area.verticalScrollBar().rangeChanged.connect(self._align_foot)
        self.form.saved.connect(self.saved)
        self.form.saving.connect(self._on_saving)
        self.form.busy.connect(self._on_busy)
        self.form.passed.connect(self.save.setFocus)
        self.form.grew.connect(self._on_grew)
        # The layout learns how tall wrapped lines are after they were shown.
        self.area.verticalScrollBar().rangeChanged.connect(lambda *_: self._show_grown())

    def _on_busy(self, busy: bool) -> None:
        again = not self.form.steps.isHidden()
        self.test.setText(tr("Testing…") if busy else tr("Test again") if again else tr("Test"))

    def _on_saving(self, saving: bool) -> None:
        self.save.setText(tr("Saving…") if saving else tr("Save"))

    def _on_grew(self, part: QWidget) -> None:
        self._grown = part
        self._show_grown()

    def _show_grown(self) -> None:
        if self._grown is not None and self._grown.isVisible():
            self.area.ensureWidgetVisible(self._grown, 0, self._look.metrics.px(16))

    def _align_foot(self, _least: int, most: int) -> None:
        """The buttons stay under the form when a scroll bar takes some of its room."""
        bar = self.area.verticalScrollBar().sizeHint().width() if most else 0
        self._foot.setContentsMargins(0, 0, bar, 0)

    def event(self, event: QEvent) -> bool:
        """Esc goes back; the window's own use of Esc has to wait."""
        if event.type() == QEvent.Type.ShortcutOverride and _is_escape(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        super().showEvent(event)
        if not event.spontaneous():
            self.form.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.form.stop()


class GatewayDialog(QDialog):
    """Adds a gateway, or changes one. Not modal for the app: only for its parent."""

    def __init__(self, tools: ConnectTools, parent: QWidget, ident: str = "") -> None:
        super().__init__(parent)
        title = tr("Edit the gateway") if ident else tr("Add a gateway")
        self.setWindowTitle(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.page = ConnectPage(tools, title, "", tr("Cancel"), ident)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.page)
        self.page.left.connect(self.close)
        self.page.saved.connect(self.close)
        px = tools.look.metrics.px
        self.setMinimumWidth(px(WIDTH + 64))
        room = self.sizeHint().expandedTo(self.minimumSize())
        room.setHeight(px(560))
        fit_to_screen(self, room)


def _is_escape(event: QEvent) -> bool:
    key: object = getattr(event, "key", lambda: None)()  # a QKeyEvent, which QEvent does not say
    return key == Qt.Key.Key_Escape


def _centred(inner: QWidget, width: int, margin: int) -> QWidget:
    """A widget of at most a width in the middle of what there is."""
    outer = QWidget()
    inner.setMaximumWidth(width)
    row = QHBoxLayout(outer)
    row.setContentsMargins(margin, 0, margin, 0)
    row.addStretch(1)
    row.addWidget(inner, 100)
    row.addStretch(1)
    return outer
