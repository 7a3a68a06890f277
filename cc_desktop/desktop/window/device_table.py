"""The devices that presence lists: nodes, clients and gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from PySide6.QtGui import QColor

from cc_desktop.desktop.widgets.rows.record_table import ICON, Column, RecordModel, RecordTable
from cc_desktop.desktop.widgets.status_mark import ConnectionMark, connection_pixmap
from cc_desktop.text.format import plain
from cc_desktop.text.gateways import GONE, ONLINE, device_since, device_state
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QPixmap

    from cc_desktop.desktop.widgets.view_context import ViewContext

_NAME, _STATE = range(2)


class DeviceRow(Struct, frozen=True):
    """One device as it is shown."""

    key: tuple[str, str]
    order: tuple[Any, ...]
    online: bool
    cells: tuple[str, ...]


class DeviceModel(RecordModel[DeviceRow]):
    """All devices on the screen: those online first, then by name."""

    COLUMNS = (
        Column(mark("Device")),
        Column(mark("State"), 90, words=(ONLINE, GONE)),
        Column(mark("Platform"), 110, needs=560),
        Column(mark("Mode"), 90, needs=640),
        Column(mark("Gateway"), 110, needs=430),
        Column(mark("Since"), 140),
    )

    def __init__(self, context: ViewContext, parent: QObject | None = None) -> None:
        super().__init__(context.look, parent)
        self._context = context

    def refresh(self) -> None:
        """Show what is known now."""
        now = self._context.clock()
        rows: list[DeviceRow] = []
        for gateway in self._context.store.fleet.shown():
            for device in gateway.devices.values():
                name = plain(device.name or device.id, 120)
                cells = (
                    name,
                    device_state(device),
                    plain(device.platform, 60),
                    plain(device.mode, 40),
                    plain(gateway.name, 60),
                    device_since(device, now, gateway.clock_offset_ms),
                )
                order = (not device.online, name.casefold(), gateway.id, device.id)
                rows.append(DeviceRow((gateway.id, device.id), order, device.online, cells))
        self.sync(rows)

    def spoken(self, row: DeviceRow, column: int) -> str:
        """All that is known of the device, in each of its cells."""
        facts = ", ".join(cell for cell in row.cells[1:] if cell)
        return tr("{name}: {facts}", name=row.cells[_NAME], facts=facts)

    def icon(self, row: DeviceRow, column: int) -> QPixmap | None:
        """The mark of its state."""
        if column != _STATE:
            return None
        theme, size = self._look.theme, self._look.metrics.px(ICON - 1)
        if row.online:
            return connection_pixmap(ConnectionMark.LIVE, theme.live, size)
        return connection_pixmap(ConnectionMark.OFF, theme.muted, size)

    def colour(self, row: DeviceRow, column: int) -> QColor:
        """Quiet for what is gone, and for details."""
        theme = self._look.theme
        return QColor(theme.muted if not row.online or column > _STATE else theme.text)


def device_table(context: ViewContext, model: DeviceModel) -> RecordTable:
    """The devices in rows."""
    return RecordTable(context.look, model, tr("Devices"), 36)
