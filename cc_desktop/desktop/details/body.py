"""What the details show once there is an agent: its head, and tabs below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cc_desktop.desktop.details.head import DetailsHead
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cc_desktop.desktop.details.tab import DetailsTab, TabEntry
    from cc_desktop.desktop.widgets.view_context import ViewContext


class DetailsBody(QScrollArea):
    """The head and the tabs. A tab is built when it is first shown.

    Attributes:
        head: Name, place and status of the agent.
        bar: Chooses the tab; None where there is one tab only.
    """

    def __init__(
        self,
        context: ViewContext,
        tabs: Sequence[TabEntry],
        on_built: Callable[[DetailsTab], None],
        on_chosen: Callable[[], None],
    ) -> None:
        """Build the frame.

        Args:
            context: What the tabs are built with.
            tabs: The tabs, in order.
            on_built: Called with each tab when it is built.
            on_chosen: Called when another tab is chosen.
        """
        super().__init__()
        self._context = context
        self._entries = tuple(tabs)
        self._on_built = on_built
        self._built: dict[int, DetailsTab] = {}
        self.head = DetailsHead(context.look, context.actions.open_address)
        self.bar: QTabBar | None = self._build_bar(on_chosen) if len(self._entries) > 1 else None
        self._pages = QStackedWidget()
        for _ in self._entries:
            self._pages.addWidget(QWidget())
        px = context.look.metrics.px
        body = QWidget()
        body.setObjectName("details_body")
        self._column = column = QVBoxLayout(body)
        column.setContentsMargins(px(16), px(16), px(16), px(16))
        column.setSpacing(px(14))
        column.addWidget(self.head)
        if self.bar is not None:
            column.addWidget(self.bar)
        column.addWidget(self._pages, 1)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(body)

    def _build_bar(self, on_chosen: Callable[[], None]) -> QTabBar:
        bar = QTabBar()
        bar.setObjectName("details_tabs")
        bar.setDrawBase(False)
        bar.setExpanding(False)
        for entry in self._entries:
            bar.addTab(tr(entry.title))
        # Where there is no room for all; Qt's own names follow another catalog.
        names = (tr("Tabs before these"), tr("Tabs after these"))
        for tool, name in zip(bar.findChildren(QToolButton), names, strict=False):
            tool.setAccessibleName(name)
        bar.currentChanged.connect(lambda _place: on_chosen())
        return bar

    def insert_section(self, section: QWidget) -> None:
        """Put something between the head and the tabs."""
        self._column.insertWidget(1, section)

    def tab(self) -> DetailsTab:
        """The tab that is shown."""
        place = self.bar.currentIndex() if self.bar is not None else 0
        tab = self._built.get(place)
        if tab is None:
            tab = self._built[place] = self._entries[place].build(self._context)
            self._on_built(tab)
            if empty := self._pages.widget(place):
                self._pages.removeWidget(empty)
                empty.deleteLater()
            self._pages.insertWidget(place, tab)
        for at in range(self._pages.count()):  # a tab that is not shown needs no room
            shown = QSizePolicy.Policy.Preferred if at == place else QSizePolicy.Policy.Ignored
            if page := self._pages.widget(at):
                page.setSizePolicy(QSizePolicy.Policy.Preferred, shown)
        self._pages.setCurrentIndex(place)
        return tab

    def clear(self) -> None:
        """Forget the agent that was shown."""
        for tab in self._built.values():
            tab.clear()
