"""What each failure means: retry or stop, how long to wait, and the words for the operator.

The table is data. It was measured on OpenClaw 2026.5.7 (protocol 3) and 2026.9.6 (protocol 4);
the codes are those of `error.code` and `error.details.code`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from cc_desktop.protocol.frames import GatewayError


class RetryPolicy(Enum):
    """What a client does after a failure."""

    RETRY = "retry"  # with the usual waits
    SLOWLY = "slowly"  # only a person on the other side can mend it: look again every 30 s
    STOP = "stop"  # only the operator can mend it


@dataclass(frozen=True, slots=True)
class Failure:
    """What happened, as far as it is known. All fields are optional."""

    error: GatewayError | None = None
    close_code: int = 0
    close_reason: str = ""
    http_status: int = 0
    http_message: str = ""
    retry_after_ms: int = 0  # of an HTTP Retry-After
    kind: str = ""  # ours: refused, dns, tls, timeout, silent, lost, url, scope, insecure, token


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table. The first whose given fields all match is taken."""

    id: str
    then: RetryPolicy
    title: str
    message: str
    next_step: str
    details: frozenset[str] = field(default_factory=frozenset)
    codes: frozenset[str] = field(default_factory=frozenset)
    detail_key: str = ""
    message_has: str = ""
    closes: frozenset[int] = field(default_factory=frozenset)
    https: frozenset[int] = field(default_factory=frozenset)
    kinds: frozenset[str] = field(default_factory=frozenset)

    def matches(self, failure: Failure) -> bool:
        """Whether the row speaks of this failure."""
        error = failure.error or GatewayError()
        return (
            (not self.details or error.detail_code in self.details)
            and (not self.codes or error.code in self.codes)
            and (not self.detail_key or self.detail_key in error.details)
            and (
                not self.message_has
                or self.message_has in (error.message or failure.close_reason).lower()
            )
            and (not self.closes or failure.close_code in self.closes)
            and (not self.https or failure.http_status in self.https)
            and (not self.kinds or failure.kind in self.kinds)
        )


@dataclass(frozen=True, slots=True)
class FailureAdvice:
    """What to do about a failure, and what to say."""

    id: str
    then: RetryPolicy
    code: str
    title: str
    message: str
    next_step: str
    wait_ms: int = 0  # at least; 0: the usual wait


def _set(*values: str) -> frozenset[str]:
    return frozenset(values)


TOKEN_PLACES = "OPENCLAW_GATEWAY_TOKEN, --token-file, or token_file in the settings file"  # noqa: S105 - names of places
_PAIR = "On the gateway's host run: openclaw devices approve {request_id}"

TABLE: tuple[Rule, ...] = (
    Rule(
        "token-mismatch",
        RetryPolicy.STOP,
        "The token is wrong",
        "The gateway does not accept the token.",
        f"Put the gateway's token into {TOKEN_PLACES}, then reconnect.",
        details=_set("AUTH_TOKEN_MISMATCH", "AUTH_PASSWORD_MISMATCH", "AUTH_DEVICE_TOKEN_MISMATCH"),
    ),
    Rule(
        "token-missing",
        RetryPolicy.STOP,
        "A token is needed",
        "The gateway lets nobody in without its token.",
        f"Put the gateway's token into {TOKEN_PLACES}, then reconnect.",
        details=_set("AUTH_TOKEN_MISSING", "AUTH_PASSWORD_MISSING", "AUTH_REQUIRED"),
    ),
    Rule(
        "scope-mismatch",
        RetryPolicy.STOP,
        "This device may not read",
        "The gateway knows this device, but not with the right to read.",
        "On the gateway's host, remove this device (openclaw devices list) and pair it again.",
        details=_set("AUTH_SCOPE_MISMATCH"),
    ),
    Rule(
        "pairing",
        RetryPolicy.SLOWLY,
        "Wants pairing",
        "The gateway does not know this device yet.",
        _PAIR,
        details=_set("PAIRING_REQUIRED"),
    ),
    Rule(
        "pairing",
        RetryPolicy.SLOWLY,
        "Wants pairing",
        "The gateway does not know this device yet.",
        _PAIR,
        codes=_set("NOT_PAIRED"),
    ),
    Rule(
        "protocol",
        RetryPolicy.STOP,
        "Another protocol",
        "The gateway and this app speak different versions of the protocol.",
        "Update whichever is older: this app speaks protocol 3 and 4.",
        details=_set("PROTOCOL_MISMATCH"),
    ),
    Rule(  # 2026.5.7 names no code, only the version that it expects
        "protocol",
        RetryPolicy.STOP,
        "Another protocol",
        "The gateway and this app speak different versions of the protocol.",
        "Update whichever is older: this app speaks protocol 3 and 4.",
        detail_key="expectedProtocol",
    ),
    Rule(
        "rate-limited",
        RetryPolicy.RETRY,
        "Too many tries",
        "The gateway asks to wait after too many failed logins.",
        "Wait; it is tried again by itself. Check the token meanwhile.",
        details=_set("AUTH_RATE_LIMITED"),
    ),
    Rule(
        "device-expired",
        RetryPolicy.STOP,
        "The clocks differ",
        "The gateway finds this device's signature too old or too new.",
        "Set the clock of this computer and of the gateway's host, then reconnect.",
        details=_set("DEVICE_AUTH_SIGNATURE_EXPIRED"),
    ),
    Rule(
        "device-refused",
        RetryPolicy.STOP,
        "The device's signature is refused",
        "The gateway does not accept this device's identity.",
        "On the gateway's host, remove this device (openclaw devices list), then reconnect.",
        details=_set(
            "DEVICE_AUTH_SIGNATURE_INVALID",
            "DEVICE_AUTH_NONCE_MISMATCH",
            "DEVICE_AUTH_NONCE_REQUIRED",
            "DEVICE_AUTH_DEVICE_ID_MISMATCH",
            "DEVICE_AUTH_PUBLIC_KEY_INVALID",
            "DEVICE_IDENTITY_REQUIRED",
        ),
    ),
    Rule(
        "starting",
        RetryPolicy.RETRY,
        "Starting",
        "The gateway is still starting.",
        "Wait; it is tried again by itself.",
        codes=_set("UNAVAILABLE"),
    ),
    Rule(
        "no-permission",
        RetryPolicy.STOP,
        "No permission to read",
        "The gateway let this app in but does not let it read.",
        "On the gateway's host, give this device the scope operator.read.",
        details=_set("MISSING_SCOPE"),
    ),
    Rule(
        "no-permission",
        RetryPolicy.STOP,
        "No permission to read",
        "The gateway let this app in but does not let it read.",
        "On the gateway's host, give this device the scope operator.read.",
        message_has="missing scope",
    ),
    Rule(
        "no-permission",
        RetryPolicy.STOP,
        "No permission to read",
        "The gateway let this app in but does not let it read.",
        "On the gateway's host, give this device the scope operator.read.",
        kinds=_set("scope"),
    ),
    Rule(
        "rejected",
        RetryPolicy.STOP,
        "The gateway refused",
        "The gateway refuses how this app introduces itself.",
        "Update the gateway or this app; client_id and client_mode can be set per gateway.",
        codes=_set("INVALID_REQUEST", "FORBIDDEN", "UNAUTHORIZED", "401", "403", "400"),
    ),
    Rule(
        "protocol",
        RetryPolicy.STOP,
        "Another protocol",
        "The gateway closed the connection: it does not speak this app's protocol.",
        "Update whichever is older: this app speaks protocol 3 and 4.",
        closes=frozenset({1002}),
    ),
    Rule(
        "too-many-requests",
        RetryPolicy.RETRY,
        "Too many tries",
        "The gateway, or a proxy before it, asks to wait.",
        "Wait; it is tried again by itself.",
        https=frozenset({429}),
    ),
    Rule(
        "forbidden",
        RetryPolicy.STOP,
        "Refused by a proxy",
        "The connection is refused before it reaches the gateway.",
        "Check the address, and the proxy's rules; gateway.trustedProxies may have to name it.",
        https=frozenset({401, 403}),
    ),
    Rule(
        "not-a-gateway",
        RetryPolicy.SLOWLY,
        "No gateway there",
        "Something answers at this address, but it is no gateway.",
        "Check the address and the port.",
        https=frozenset({200, 301, 302, 307, 308, 400, 404, 405, 426}),
    ),
    Rule(
        "not-a-gateway",
        RetryPolicy.SLOWLY,
        "No gateway there",
        "Something answers at this address, but it is no gateway.",
        "Check the address and the port.",
        kinds=_set("not-a-gateway"),
    ),
    Rule(
        "behind-proxy",
        RetryPolicy.RETRY,
        "Down behind a proxy",
        "A proxy answers, but it cannot reach the gateway.",
        "Start the gateway, or check where the proxy looks for it.",
        https=frozenset({500, 502, 503, 504}),
    ),
    Rule(
        "restarting",
        RetryPolicy.RETRY,
        "Restarting",
        "The gateway restarts.",
        "Wait; it is tried again by itself.",
        closes=frozenset({1012}),
    ),
    Rule(
        "refused",
        RetryPolicy.STOP,
        "The gateway refused",
        "The gateway closed the connection without saying why.",
        f"Check the token ({TOKEN_PLACES}), then reconnect.",
        closes=frozenset({1008}),
    ),
    Rule(
        "bad-url",
        RetryPolicy.STOP,
        "The address is wrong",
        "The gateway's address cannot be used.",
        "Write it as ws://host:18789/ or wss://host/.",
        kinds=_set("url"),
    ),
    Rule(
        "bad-token",
        RetryPolicy.STOP,
        "The token cannot be used",
        "The token has a line break or another character that no token has.",
        f"Put the gateway's token into {TOKEN_PLACES}, without line breaks.",
        kinds=_set("token"),
    ),
    Rule(
        "insecure",
        RetryPolicy.STOP,
        "Not encrypted",
        "The token would go over the network in the clear.",
        "Use wss://, an SSH tunnel to localhost, or set insecure = true for this gateway.",
        kinds=_set("insecure"),
    ),
    Rule(
        "identity",
        RetryPolicy.STOP,
        "No identity",
        "This device's key cannot be read or written.",
        "Check the rights of the app's data directory, then reconnect.",
        kinds=_set("identity"),
    ),
    Rule(
        "tls",
        RetryPolicy.STOP,
        "The certificate is not trusted",
        "The gateway's TLS certificate cannot be verified.",
        "Check the address; let this computer trust the certificate's issuer.",
        kinds=_set("tls"),
    ),
    Rule(
        "dns",
        RetryPolicy.RETRY,
        "Unknown host",
        "The name of the gateway's host cannot be found.",
        "Check the address and this computer's network.",
        kinds=_set("dns"),
    ),
    Rule(
        "silent",
        RetryPolicy.RETRY,
        "No answer",
        "The gateway does not answer.",
        "Check that it runs, and the network between.",
        kinds=_set("timeout", "silent"),
    ),
    Rule(
        "unreachable",
        RetryPolicy.RETRY,
        "Not reachable",
        "The gateway cannot be reached.",
        "Start it (openclaw gateway run), or check the address.",
        kinds=_set("refused"),
    ),
    Rule(
        "lost",
        RetryPolicy.RETRY,
        "Connection lost",
        "The connection to the gateway was lost.",
        "It is tried again by itself.",
    ),
)


def classify(failure: Failure) -> FailureAdvice:
    """Look the failure up. There is always a row."""
    rule = next(rule for rule in TABLE if rule.matches(failure))
    error = failure.error or GatewayError()
    then = rule.then
    if error.retryable and then is RetryPolicy.STOP and not rule.details:
        then = RetryPolicy.RETRY
    if error.details.get("pauseReconnect") is True and error.retryable is False:
        then = RetryPolicy.STOP
    said = error.message or failure.http_message
    message = f"{rule.message} It says: {said}" if said else rule.message
    request = error.details.get("requestId")
    request_id = request if isinstance(request, str) and len(request) < 100 else ""
    next_step = rule.next_step.replace("{request_id}", request_id or "(openclaw devices list)")
    expected = error.details.get("expectedProtocol")
    if rule.id == "protocol" and isinstance(expected, int):
        side = "this app" if expected > 4 else "the gateway"
        next_step = (
            f"The gateway wants protocol {expected}; this app speaks 3 and 4: update {side}."
        )
    return FailureAdvice(
        id=rule.id,
        then=then,
        code=error.detail_code or error.code or rule.id,
        title=rule.title,
        message=message,
        next_step=" ".join(next_step.split()),
        wait_ms=error.retry_after_ms or failure.retry_after_ms,
    )
