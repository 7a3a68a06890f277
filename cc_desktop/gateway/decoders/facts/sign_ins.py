"""Sign-ins and quotas at model providers, and which failures of a run concern them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.facts import Quota, SignIn
from cc_desktop.gateway.decoders import values
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PROVIDERS = 200
# Reasons of a failed run after which a sign-in or a quota may be another than it was.
PROVIDER_TROUBLE = frozenset({"auth", "auth_permanent", "billing", "rate_limit"})
AUTH_TROUBLE = frozenset({"auth", "auth_permanent"})


def sign_ins(payload: object, *, is_refused: bool = False) -> Iterator[SignIn]:
    """The providers of `models.authStatus`.

    Args:
        payload: The answer.
        is_refused: A run failed lately because its sign-in was refused. Without such a sign, an
            OAuth sign-in whose access token is over is well: the gateway gets a new one when a run
            needs it (`docs/concepts/oauth.md` of 2026.9.6).
    """
    rows = fields.as_objects(fields.as_object(payload).get("providers"))
    for row in rows[:MAX_PROVIDERS]:
        ident = fields.identifier(row.get("provider"))
        if ident:
            yield SignIn(
                id=ident,
                provider=values.name(row.get("displayName")) or values.name(ident),
                status=_status(row, is_refused=is_refused),
                expires_at=values.moment(fields.as_object(row.get("expiry")).get("at")),
            )


def _status(row: dict[str, Any], *, is_refused: bool) -> str:
    status = values.name(row.get("status"))
    profiles = fields.as_objects(row.get("profiles"))
    if status not in ("expired", "expiring") or not profiles:
        return status
    concerned = [profile for profile in profiles if profile.get("status") == status]
    renewable = all(
        profile.get("type") == "oauth" and profile.get("reasonCode") in (None, "ok")
        for profile in concerned
    )
    if renewable and not (is_refused and status == "expired"):
        return "ok"
    return status


def quotas(payload: object) -> Iterator[Quota]:
    """The windows of `usage.status`, which reports per provider."""
    rows = fields.as_objects(fields.as_object(payload).get("providers"))
    for row in rows[:MAX_PROVIDERS]:
        ident = fields.identifier(row.get("provider"))
        for window in fields.as_objects(row.get("windows"))[:20]:
            label = values.name(window.get("label"))
            if ident:
                yield Quota(
                    id=f"{ident}:{label}",
                    provider=values.name(row.get("displayName")) or values.name(ident),
                    label=label,
                    used_percent=fields.number(window.get("usedPercent")),
                    resets_at=values.moment(window.get("resetAt")),
                )


def trouble(event: str, data: dict[str, Any]) -> str:
    """Why a run failed, if that concerns its provider: "auth", "billing", …; else ""."""
    places: tuple[object, ...] = ()
    if event == "chat" and data.get("state") == "error":
        detail = fields.as_object(data.get("errorDetail"))
        places = (detail.get("failoverReason"), data.get("errorKind"))
    elif event == "cron" and data.get("action") == "finished":
        state = fields.as_object(fields.as_object(data.get("job")).get("state"))
        places = (state.get("lastErrorReason"),)
    elif event == "agent" and data.get("stream") == "lifecycle":
        detail = fields.as_object(data.get("data"))
        if detail.get("phase") == "error":
            more = fields.as_object(detail.get("errorDetail"))
            places = (more.get("failoverReason"), detail.get("errorKind"))
    reasons = (fields.identifier(place) for place in places)
    return next((reason for reason in reasons if reason in PROVIDER_TROUBLE), "")
