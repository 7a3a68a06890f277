"""The devices that presence lists: nodes, clients and gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from PySide6.QtGui import QColor

from cc_desktop.desktop.widgets.rows.record_table import ICON, Column, RecordModel, RecordTable
from cc_desktop.desktop.widgets.status_mark import ConnectionMark, connection_pixmap
from cc_desktop.text.format import natural, plain
from cc_desktop.text.gateways import GONE, ONLINE, device_since, device_state
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtCore import QObject
    from PySide6.QtGui import QPixmap

    from cc_desktop.desktop.widgets.view_context import ViewContext
    from cc_desktop.fleet.model import Device, Gateway

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
        self.sync(
            _row(gateway, alike, now)
            for gateway in self._context.store.fleet.shown()
            for alike in _alike(gateway.devices.values())
        )

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


def _alike(devices: Iterable[Device]) -> list[list[Device]]:
    """Devices that nothing tells apart, such as earlier starts of one app; this app stays alone."""
    groups: dict[tuple[object, ...], list[Device]] = {}
    for device in devices:
        name = device.name or device.id
        alone = device.id if device.is_own else ""
        key = (name, device.platform, device.mode, device.online, alone)
        groups.setdefault(key, []).append(device)
    return list(groups.values())


def _row(gateway: Gateway, alike: list[Device], now: int) -> DeviceRow:
    newest = max(alike, key=lambda device: (device.since, device.id))
    name = plain(newest.name or newest.id, 120)
    shown = tr("{name} (this app)", name=name) if newest.is_own else name
    if len(alike) > 1:
        shown = tr("{name} ({n} times)", name=name, n=len(alike))
    cells = (
        shown,
        device_state(newest),
        plain(newest.platform, 60),
        plain(newest.mode, 40),
        plain(gateway.name, 60),
        device_since(newest, now, gateway.clock_offset_ms),
    )
    first = min(alike, key=lambda device: device.id)
    order = (not newest.online, not newest.is_own, natural(name), gateway.id, first.id)
    return DeviceRow((gateway.id, first.id), order, newest.online, cells)


def device_table(context: ViewContext, model: DeviceModel) -> RecordTable:
    """The devices in rows."""
    return RecordTable(context.look, model, tr("Devices"), 36)
