"""`health`, an event and a part of hello-ok: the channels, and faults of the gateway itself.

What counts as a fault of a channel is what the Control UI itself calls out
(`docs/web/control-ui/panels.md` of 2026.9.6). `eventLoop.degraded` never counts: 2026.5.7 is wrong
about it, and 2026.9.6 says it of every busy host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.facts import Channel, ChannelState, Condition, ConditionKind
from cc_desktop.gateway.decoders import values
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CHANNELS = 500  # accounts of one gateway
MAX_PLUGINS = 100
GIVES_UP_AFTER = 10  # failed starts of a channel; one that stops before is stopped on purpose
_CREDENTIALS = (
    "tokenStatus",
    "botTokenStatus",
    "appTokenStatus",
    "signingSecretStatus",
    "userTokenStatus",
)
_FAULTY = {
    "disconnected": ChannelState.DISCONNECTED,
    "terminal-disconnect": ChannelState.DISCONNECTED,
    "stale-socket": ChannelState.DEGRADED,
    "stuck": ChannelState.DEGRADED,
}


def channels(health: dict[str, Any]) -> tuple[Channel, ...] | None:
    """The channels that are configured and switched on; None if it does not speak of channels."""
    told = health.get("channels")
    if not isinstance(told, dict):
        return None
    labels = fields.as_object(health.get("channelLabels"))
    found: dict[str, Channel] = {}
    for ident, row in told.items():
        if not isinstance(row, dict) or not fields.identifier(ident):
            continue
        label = values.name(labels.get(ident)) or values.name(ident)
        accounts = {
            name: account
            for name, account in fields.as_object(row.get("accounts")).items()
            if isinstance(account, dict) and fields.identifier(name)
        }
        if len(accounts) > 1:
            for name, account in accounts.items():
                shown = values.name(account.get("name")) or values.name(name)
                _add(found, f"{ident}/{name}", f"{label} · {shown}", account)
        else:
            _add(found, ident, label, next(iter(accounts.values()), row))
    return tuple(found.values())


def _add(found: dict[str, Channel], ident: str, label: str, account: dict[str, Any]) -> None:
    is_used = account.get("configured") is not False and account.get("enabled") is not False
    if is_used and len(found) < MAX_CHANNELS:
        state = _state(account)
        found[ident] = Channel(
            ident,
            label,
            state,
            _detail(account) if state is not ChannelState.OK else "",
            fields.integer(account.get("lastInboundAt")),
        )


def _state(account: dict[str, Any]) -> ChannelState:
    if any(account.get(name) == "configured_unavailable" for name in _CREDENTIALS):
        return ChannelState.NO_CREDENTIALS
    if fields.as_object(account.get("probe")).get("ok") is False:
        return ChannelState.PROBE_FAILED
    health = values.name(account.get("healthState")).lower()
    if health == "terminal-disconnect":
        return ChannelState.DISCONNECTED
    if health == "not-running" and _is_stopped(account):
        return ChannelState.OK
    connected = account.get("connected")
    if connected is not True and health != "healthy" and fields.text(account.get("lastError")):
        return ChannelState.DEGRADED
    if connected is False and account.get("running") is True:
        return ChannelState.DISCONNECTED
    return _FAULTY.get(health, ChannelState.OK)


def _is_stopped(account: dict[str, Any]) -> bool:
    """Whether somebody stopped it, and it is not about to start again."""
    stopped, started = account.get("lastStopAt"), account.get("lastStartAt")
    return (
        account.get("running") is False
        and account.get("restartPending") is False
        and fields.integer(account.get("reconnectAttempts")) < GIVES_UP_AFTER
        and fields.integer(stopped) > 0
        and fields.integer(stopped) >= fields.integer(started)
    )


def _detail(account: dict[str, Any]) -> str:
    return values.error_text(account.get("lastError")) or values.error_text(
        fields.as_object(account.get("probe")).get("error")
    )


def conditions(health: dict[str, Any]) -> dict[ConditionKind, tuple[Condition, ...]]:
    """The faults of each kind that it speaks of; none of a kind means that all is well."""
    found: dict[ConditionKind, tuple[Condition, ...]] = {}
    reload = health.get("configReload")
    if isinstance(reload, dict):
        found[ConditionKind.CONFIG_IGNORED] = _if(
            reload.get("hotReloadStatus") == "disabled", ConditionKind.CONFIG_IGNORED
        )
    runtime = health.get("modelRuntime")
    if isinstance(runtime, dict):
        waiting = fields.identifiers(runtime.get("pendingAgents"), most=20)
        found[ConditionKind.RUNTIME] = _if(
            runtime.get("degraded") is True, ConditionKind.RUNTIME, fields.text(", ".join(waiting))
        )
    if isinstance(plugins := health.get("plugins"), dict):
        faults = {fault.id: fault for fault in _plugins(plugins)}
        found[ConditionKind.PLUGIN] = tuple(faults.values())[:MAX_PLUGINS]
    elif "channels" in health:  # 2026.5.7 and 2026.9.6 leave it out when no plugin is loaded
        found[ConditionKind.PLUGIN] = ()
    return found


def _if(is_true: bool, kind: ConditionKind, detail: str = "") -> tuple[Condition, ...]:
    return (Condition(kind.value, kind, detail=detail),) if is_true else ()


def _plugins(plugins: dict[str, Any]) -> Iterator[Condition]:
    for row in fields.as_objects(plugins.get("errors")):
        yield from _plugin(row, values.error_text(row.get("error")))
    for row in fields.as_objects(plugins.get("unavailable")):
        diagnostic = fields.as_object(row.get("diagnostic"))
        why = fields.text(diagnostic.get("detail")) or fields.text(diagnostic.get("reason"))
        yield from _plugin(row, why)


def _plugin(row: dict[str, Any], detail: str) -> Iterator[Condition]:
    ident = fields.identifier(row.get("id"))
    if ident:
        kind = ConditionKind.PLUGIN
        yield Condition(f"{kind.value}:{ident}", kind, values.name(ident), detail)
