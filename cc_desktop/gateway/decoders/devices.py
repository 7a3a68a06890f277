"""Devices and clients that are connected to a gateway."""

from __future__ import annotations

from cc_desktop.fleet.model import Device
from cc_desktop.gateway.decoders.values import name
from cc_desktop.protocol import fields

MAX_DEVICES = 1_000  # of one gateway; the rest is not shown


def devices(gateway: str, payload: object, own: str = "") -> tuple[Device, ...]:
    """The devices of a presence list. One without an id is known by its host's name.

    Args:
        gateway: The id of the gateway.
        payload: The list.
        own: The id of this app among them, "" where it is not known.
    """
    found: dict[str, Device] = {}
    for row in fields.as_objects(payload):
        host = name(row.get("host"))
        ident = (
            fields.identifier(row.get("deviceId"))
            or fields.identifier(row.get("instanceId"))
            or host
        )
        if not ident or (len(found) >= MAX_DEVICES and ident not in found):
            continue
        device = Device(
            gateway=gateway,
            id=ident,
            name=host or name(row.get("text")) or ident[:12],
            platform=name(row.get("deviceFamily")) or name(row.get("platform")),
            mode=name(row.get("mode")),
            is_own=bool(own) and ident == own,
            online=row.get("reason") != "disconnect",
            since=fields.integer(row.get("onlineSince")) or fields.integer(row.get("ts")),
        )
        known = found.get(ident)
        if known is None or device.online or not known.online:
            found[ident] = device
    return tuple(found.values())
