"""The second tab: nodes, clients and gateways that presence lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from cc_desktop.desktop.widgets.sorted_model import Index, SortedModel
from cc_desktop.desktop.widgets.widgets import ConnectionMark, dot_pixmap
from cc_desktop.text import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QObject

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.store import Store

_HEADINGS = ("Device", "State", "Platform", "Mode", "Gateway", "Since")


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One device as it is shown."""

    key: tuple[str, str]
    order: tuple[Any, ...]
    online: bool
    cells: tuple[str, ...]


class DeviceModel(SortedModel[DeviceRow]):
    """All devices on the screen: those online first, then by name."""

    columns = len(_HEADINGS)

    def __init__(
        self,
        store: Store,
        look: ThemeManager,
        clock: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        """`clock` gives local ms."""
        super().__init__(parent)
        self._store = store
        self._look = look
        self._clock = clock

    def refresh(self) -> None:
        """Show what is known now."""
        now = self._clock()
        rows: list[DeviceRow] = []
        for gateway in self._store.fleet.shown():
            for device in gateway.devices.values():
                name = words.plain(device.name or device.id, 120)
                cells = (
                    name,
                    "online" if device.online else "gone",
                    words.plain(device.platform, 60),
                    words.plain(device.mode, 40),
                    words.plain(gateway.name, 60),
                    words.device_since(device, gateway.clock_offset_ms, now),
                )
                order = (not device.online, name.casefold(), gateway.id, device.id)
                rows.append(DeviceRow((gateway.id, device.id), order, device.online, cells))
        self.sync(rows)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """The name of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _HEADINGS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        row = self.row(index)
        if row is None:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return row.cells[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return words.tooltip(row.cells[column])
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.cells[0]}: {', '.join(cell for cell in row.cells[1:] if cell)}"
        if role == Qt.ItemDataRole.DecorationRole and column == 1:
            theme = self._look.theme
            mark = (
                (ConnectionMark.LIVE, theme.live)
                if row.online
                else (ConnectionMark.OFF, theme.muted)
            )
            return dot_pixmap(*mark, self._look.metrics.px(13))
        if role == Qt.ItemDataRole.ForegroundRole:
            quiet = not row.online or column > 1
            return QColor(self._look.theme.muted if quiet else self._look.theme.text)
        return None


class DeviceTable(QTableView):
    """The devices in rows."""

    def __init__(self, look: ThemeManager, model: DeviceModel) -> None:
        super().__init__()
        px = look.metrics.px
        self.setModel(model)
        self.setAccessibleName("Devices")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setIconSize(QSize(px(14), px(14)))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(px(36))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in enumerate((200, 90, 110, 90, 110, 150)):
            self.setColumnWidth(column, px(width))
