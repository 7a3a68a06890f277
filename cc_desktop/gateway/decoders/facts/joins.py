"""Who asks to be let in: devices, nodes, and senders that a channel does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.facts import JoinRequest
from cc_desktop.gateway.decoders import values
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

DEVICE_LIFE_MS = 300_000  # measured on 2026.5.7 and 2026.9.6; requests of nodes do not expire
MAX_REQUESTS = 200
MAX_SCOPES = 20
# Of the schema of 2026.9.1; the first four and `remoteIp` on 2026.5.7, too. Nodes tell more.
_WORDS = (
    *("displayName", "platform", "deviceFamily", "clientId", "clientMode", "remoteIp"),
    *("browserOrigin", "modelIdentifier", "version"),
)


def join_id(what: str, request_id: str) -> str:
    """The id of a request among all sorts of them."""
    return f"{what}:{request_id}"


def device(row: dict[str, Any], what: str = "device") -> JoinRequest | None:
    """A row of `pending` of `device.pair.list` or `node.pair.list`; None without an id."""
    ident = fields.identifier(row.get("requestId"))
    if not ident:
        return None
    known_as = fields.identifier(row.get("deviceId")) or fields.identifier(row.get("nodeId"))
    since = fields.integer(row.get("ts")) or fields.integer(row.get("createdAtMs"))
    told = {key: values.name(row.get(key)) for key in _WORDS}
    scopes = fields.identifiers(row.get("scopes"), MAX_SCOPES)
    return JoinRequest(
        id=join_id(what, ident),
        what=what,
        name=told["displayName"] or told["clientId"] or values.name(known_as)[:12],
        since=since,
        expires_at=since + DEVICE_LIFE_MS if since and what == "device" else 0,
        platform=_joined(told["deviceFamily"] or told["modelIdentifier"], told["platform"]),
        client=_joined(told["clientId"], told["clientMode"], told["version"]),
        address=_joined(told["remoteIp"], told["browserOrigin"]),
        device=known_as,
        scopes=tuple(sorted(scopes)),
        is_repair=row.get("isRepair") is True,
    )


def _joined(*parts: str) -> str:
    return " · ".join(dict.fromkeys(part for part in parts if part))


def pending(payload: object, what: str, own_device: str) -> Iterator[JoinRequest]:
    """The requests of `device.pair.list` or `node.pair.list`, without this device's own."""
    rows = fields.as_objects(fields.as_object(payload).get("pending"))
    for row in rows[:MAX_REQUESTS]:
        found = device(row, what)
        if found is not None and row.get("deviceId") != own_device:
            yield found


def senders(payload: object) -> Iterator[JoinRequest]:
    """The requests of `channels.pairing.list` (after 2026.7.1)."""
    rows = fields.as_objects(fields.as_object(payload).get("requests"))
    for row in rows[:MAX_REQUESTS]:
        ident = fields.identifier(row.get("requestId"))
        if ident:
            sender = values.name(row.get("senderLabel")) or values.name(row.get("senderId"))
            channel = values.name(row.get("channelLabel"))
            yield JoinRequest(
                id=join_id("sender", ident),
                what="sender",
                name=f"{sender} ({channel})" if channel else sender,
                since=values.moment(row.get("createdAt")),
                expires_at=values.moment(row.get("expiresAt")),
            )
