"""Releases, restarts and suspension: what a gateway says about its own running."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cc_desktop.fleet.facts import Condition, ConditionKind
from cc_desktop.gateway.decoders import values
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from typing import Any


def update(data: dict[str, Any]) -> tuple[Condition, ...]:
    """The payload of `update.available`, or the same object of hello-ok's snapshot."""
    told = fields.as_object(data.get("updateAvailable"))
    latest = values.name(told.get("latestVersion"))
    if not latest or latest == values.name(told.get("currentVersion")):
        return ()
    return (Condition(ConditionKind.UPDATE.value, ConditionKind.UPDATE, detail=latest),)


def suspension(data: object) -> tuple[Condition, ...]:
    """The payload of `gateway.suspension`, or `suspension` of hello-ok's snapshot."""
    phase = values.name(fields.as_object(data).get("phase"))
    if phase in ("", "accepting"):
        return ()
    return (Condition(ConditionKind.SUSPENDED.value, ConditionKind.SUSPENDED, detail=phase),)


class _Hashes(msgspec.Struct, frozen=True, rename="camel"):
    """All that is ever taken of an answer to `config.get`. The rest of it holds secrets."""

    config_revision_hash: str | None = None
    applied_config_hash: str | None = None


_decode = msgspec.json.Decoder(_Hashes).decode


def restart_needed(payload: object, applied: str) -> tuple[Condition, ...] | None:
    """Whether edits of the configuration are saved, and not applied.

    Args:
        payload: The answer to `config.get`, encoded (`msgspec.Raw`) or not.
        applied: `appliedConfigHash` of hello-ok, for an answer that does not have it.

    Returns:
        None if the gateway does not tell.
    """
    try:
        if isinstance(payload, msgspec.Raw):
            hashes = _decode(payload)
        else:
            hashes = msgspec.convert(payload, _Hashes)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeError, RecursionError):
        return None  # and no word of it: an error message may quote the answer
    saved, active = hashes.config_revision_hash, hashes.applied_config_hash or applied
    if not saved or not active:
        return None
    if saved == active:
        return ()
    return (Condition(ConditionKind.RESTART_NEEDED.value, ConditionKind.RESTART_NEEDED),)
