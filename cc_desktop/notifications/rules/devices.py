"""Alerts about devices: gone, back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.notifications.alerts import Alert, AlertEvent, AlertResolved
from cc_desktop.notifications.kinds import AlertKind, tag_of
from cc_desktop.notifications.message import Target
from cc_desktop.notifications.rules.common import forget_gateway, remember, where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cc_desktop.fleet.model import Device, Fleet

GONE_AFTER_MS = 30_000  # for a device that changes its network
MAX_GONE = 1_000  # devices that are remembered as gone
# Programs that come and go with every command, open page or start of a monitor such as this one.
PASSING_MODES = frozenset({"cli", "probe", "test", "webchat", "backend", "gateway", "ui"})


class DeviceRules:
    """Watches the devices that `presence` lists."""

    def __init__(self) -> None:
        self._leaving: dict[tuple[str, str], tuple[int, Device]] = {}  # → when it counts, local ms
        self._gone: dict[tuple[str, str], None] = {}  # (gateway, device id), oldest first

    def compare(
        self,
        fleet: Fleet,
        gateway: str,
        before: Mapping[str, Device],
        after: Mapping[str, Device],
        now: int,
    ) -> list[AlertEvent]:
        """Return who is back, and note who left. Devices are given by id; `now` is local ms."""
        found: list[AlertEvent] = []
        for ident in [*before, *(ident for ident in after if ident not in before)]:
            old, new = before.get(ident), after.get(ident)
            device = new or old
            if device is None or device.mode in PASSING_MODES:
                continue
            key = (gateway, ident)
            was_on, is_on = old is not None and old.online, new is not None and new.online
            if was_on and not is_on:
                self._leaving.setdefault(key, (now + GONE_AFTER_MS, device))
            elif is_on and not was_on:
                left = self._leaving.pop(key, None) is not None
                if not left and (old is not None or key in self._gone):
                    found.append(AlertResolved(tag_of(AlertKind.DEVICE_GONE, gateway, "", ident)))
                    found.append(self._alert(fleet, AlertKind.DEVICE_BACK, device))
                self._gone.pop(key, None)
        return found

    def tick(self, fleet: Fleet, now: int) -> list[AlertEvent]:
        """Return who has been away for too long."""
        found: list[AlertEvent] = []
        for key in [key for key, (due, _) in self._leaving.items() if due <= now]:
            _, device = self._leaving.pop(key)
            remember(self._gone, key, None, MAX_GONE)
            found.append(self._alert(fleet, AlertKind.DEVICE_GONE, device))
        return found

    def due(self) -> int | None:
        """Return when `tick` has something to do: local ms, or None."""
        return min((due for due, _ in self._leaving.values()), default=None)

    def pause(self, gateway: str) -> None:
        """The gateway is away: what its devices do is not known."""
        forget_gateway(self._leaving, gateway)

    def forget(self, gateway: str) -> None:
        """Drop the marks of a gateway that was removed."""
        forget_gateway(self._leaving, gateway)
        forget_gateway(self._gone, gateway)

    @property
    def marks(self) -> int:
        """How much is remembered, for tests of its bounds."""
        return len(self._leaving) + len(self._gone)

    def _alert(self, fleet: Fleet, kind: AlertKind, device: Device) -> Alert:
        return Alert(
            kind,
            tag_of(kind, device.gateway, "", device.id),
            device.name or device.id,
            Target(gateway=device.gateway, devices=True),
            device.gateway,
            detail=device.platform,
            where=where(fleet, device.gateway),
        )
