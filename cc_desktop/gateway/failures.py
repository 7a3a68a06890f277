"""Classifies what went wrong with a gateway: which kind it is, and how to go on.

No words for people here: `text/failures.py` has them, by kind. The table is data. It was measured
on OpenClaw 2026.5.7 (protocol 3) and 2026.9.6 (protocol 4); the codes are those of `error.code` and
`error.details.code` in their frames.
"""

from __future__ import annotations

import re
from enum import Enum, StrEnum

from msgspec import Struct

from cc_desktop.fleet.model import Problem
from cc_desktop.protocol.frames import GatewayError
from cc_desktop.system.redaction import redact_known


class RetryPolicy(Enum):
    """How a client goes on after a failure. `gateway/backoff.py` has the waits."""

    RETRY = "retry"  # with exponential backoff
    SLOWLY = "slowly"  # somebody on the other side has to act: every 30 s
    RARELY = "rarely"  # hardly mends itself: 30 s, doubled up to 5 min
    STOP = "stop"  # only the operator can mend it


class FailureKind(StrEnum):
    """What a failure means. The values are stored in `Problem.kind`, and keys of the texts."""

    # The gateway refuses
    TOKEN_MISMATCH = "token-mismatch"  # noqa: S105 - no token
    TOKEN_MISSING = "token-missing"  # noqa: S105 - no token
    SCOPE_MISMATCH = "scope-mismatch"
    PAIRING = "pairing"
    PROTOCOL = "protocol"
    RATE_LIMITED = "rate-limited"
    DEVICE_EXPIRED = "device-expired"
    DEVICE_REFUSED = "device-refused"
    NO_PERMISSION = "no-permission"
    REJECTED = "rejected"
    REFUSED = "refused"
    # It is there, but not yet, or not any more
    STARTING = "starting"
    RESTARTING = "restarting"
    LOST = "lost"
    SILENT = "silent"
    # Something else answers
    TOO_MANY_REQUESTS = "too-many-requests"
    FORBIDDEN = "forbidden"
    NOT_A_GATEWAY = "not-a-gateway"
    UNAVAILABLE = "unavailable"  # the same, where a gateway was before
    HUNG_UP = "hung-up"
    BEHIND_PROXY = "behind-proxy"
    # The way there
    UNREACHABLE = "unreachable"
    DNS = "dns"
    TLS = "tls"
    CERTIFICATE = "certificate"
    CERTIFICATE_CHANGED = "certificate-changed"  # not the one that the operator pinned
    PROXY = "proxy"  # the proxy's address or kind cannot be used
    PROXY_FAILED = "proxy-failed"  # the proxy does not let us through
    # On this side
    BAD_URL = "bad-url"
    INSECURE = "insecure"
    IDENTITY = "identity"
    SETTINGS = "settings"  # its settings cannot be used: it is not even tried
    INTERNAL = "internal"


_K = FailureKind
POLICIES: dict[FailureKind, RetryPolicy] = {
    **dict.fromkeys(FailureKind, RetryPolicy.RETRY),
    **dict.fromkeys((_K.PAIRING, _K.NOT_A_GATEWAY, _K.REFUSED, _K.IDENTITY), RetryPolicy.SLOWLY),
    **dict.fromkeys((_K.CERTIFICATE, _K.PROXY, _K.INTERNAL), RetryPolicy.RARELY),
    **dict.fromkeys(
        (
            *(_K.TOKEN_MISMATCH, _K.TOKEN_MISSING, _K.SCOPE_MISMATCH, _K.PROTOCOL, _K.BAD_URL),
            *(_K.DEVICE_EXPIRED, _K.DEVICE_REFUSED, _K.NO_PERMISSION, _K.REJECTED),
            *(_K.FORBIDDEN, _K.INSECURE, _K.SETTINGS, _K.CERTIFICATE_CHANGED),
        ),
        RetryPolicy.STOP,
    ),
}


class Failure(Struct, frozen=True):
    """What happened, as far as it is known. Every field is optional."""

    error: GatewayError | None = None  # the gateway's answer
    close_code: int = 0
    close_reason: str = ""
    http_status: int = 0  # of a refused upgrade
    http_message: str = ""
    retry_after_ms: int = 0  # of an HTTP Retry-After
    kind: FailureKind | None = None  # what this side found out itself
    detail: str = ""  # address, system error or the like; depends on the kind
    fingerprint: str = ""  # of the certificate that was shown
    pinned: str = ""  # the fingerprint that the operator trusts


class Rule(Struct, frozen=True):
    """A row of the table. The first row whose given fields all match decides."""

    kind: FailureKind
    details: frozenset[str] = frozenset()  # of error.details.code
    codes: frozenset[str] = frozenset()  # of error.code
    detail_key: str = ""
    message_has: str = ""
    closes: frozenset[int] = frozenset()
    https: frozenset[int] = frozenset()

    def matches(self, failure: Failure) -> bool:
        """Tell whether the row speaks of this failure."""
        error = failure.error or GatewayError()
        words = (error.message or failure.close_reason).lower()
        return (
            (not self.details or error.detail_code in self.details)
            and (not self.codes or error.code in self.codes)
            and (not self.detail_key or self.detail_key in error.details)
            and (not self.message_has or self.message_has in words)
            and (not self.closes or failure.close_code in self.closes)
            and (not self.https or failure.http_status in self.https)
        )


class FailureAdvice(Struct, frozen=True):
    """What a failure means, and how to go on."""

    kind: FailureKind
    policy: RetryPolicy
    code: str  # the gateway's own code, else the kind
    said: str = ""  # the gateway's own words, cleaned
    detail: str = ""
    wait_ms: int = 0  # wait at least this long; 0: the gateway named no time
    fingerprint: str = ""
    pinned: str = ""
    upgrade: bool = False  # a pairing that is refused for its scopes alone: fewer would do

    @property
    def problem(self) -> Problem:
        """What the model keeps of it."""
        kind = self.kind.value
        return Problem(kind, self.code, self.said, self.detail, self.fingerprint, self.pinned)


def _set(*values: str) -> frozenset[str]:
    return frozenset(values)


TABLE: tuple[Rule, ...] = (
    Rule(
        _K.TOKEN_MISMATCH,
        details=_set("AUTH_TOKEN_MISMATCH", "AUTH_PASSWORD_MISMATCH", "AUTH_DEVICE_TOKEN_MISMATCH"),
    ),
    Rule(
        _K.TOKEN_MISSING,
        details=_set("AUTH_TOKEN_MISSING", "AUTH_PASSWORD_MISSING", "AUTH_REQUIRED"),
    ),
    Rule(_K.SCOPE_MISMATCH, details=_set("AUTH_SCOPE_MISMATCH")),
    Rule(_K.PAIRING, details=_set("PAIRING_REQUIRED")),
    Rule(_K.PAIRING, codes=_set("NOT_PAIRED")),
    Rule(_K.PROTOCOL, details=_set("PROTOCOL_MISMATCH")),
    # 2026.5.7 sends no code, only the version that it expects.
    Rule(_K.PROTOCOL, detail_key="expectedProtocol"),
    Rule(_K.RATE_LIMITED, details=_set("AUTH_RATE_LIMITED")),
    Rule(_K.DEVICE_EXPIRED, details=_set("DEVICE_AUTH_SIGNATURE_EXPIRED")),
    Rule(
        _K.DEVICE_REFUSED,
        details=_set(
            "DEVICE_AUTH_SIGNATURE_INVALID",
            "DEVICE_AUTH_NONCE_MISMATCH",
            "DEVICE_AUTH_NONCE_REQUIRED",
            "DEVICE_AUTH_DEVICE_ID_MISMATCH",
            "DEVICE_AUTH_PUBLIC_KEY_INVALID",
            "DEVICE_IDENTITY_REQUIRED",
        ),
    ),
    Rule(_K.STARTING, codes=_set("UNAVAILABLE")),
    Rule(_K.NO_PERMISSION, details=_set("MISSING_SCOPE")),
    Rule(_K.NO_PERMISSION, message_has="missing scope"),
    Rule(
        _K.REJECTED, codes=_set("INVALID_REQUEST", "FORBIDDEN", "UNAUTHORIZED", "401", "403", "400")
    ),
    Rule(_K.TOO_MANY_REQUESTS, https=frozenset({429})),
    Rule(_K.FORBIDDEN, https=frozenset({401, 403})),
    Rule(_K.NOT_A_GATEWAY, https=frozenset(range(200, 500)) - {401, 403, 429}),
    Rule(_K.BEHIND_PROXY, https=frozenset(range(500, 600))),
    Rule(_K.RESTARTING, closes=frozenset({1012})),
    # Closed without an error before it. Releases do so for passing reasons too: 1008 "slow
    # consumer", 1008 "gateway message handler loading".
    Rule(_K.REFUSED, closes=frozenset({1008})),
    Rule(_K.PROTOCOL, closes=frozenset({1002})),
)

# What these mean where a gateway was live before: it stumbles, or its proxy does.
_AFTER_LIVE = {
    _K.NOT_A_GATEWAY: (_K.UNAVAILABLE, RetryPolicy.RETRY),
    _K.FORBIDDEN: (_K.FORBIDDEN, RetryPolicy.SLOWLY),
    _K.REFUSED: (_K.REFUSED, RetryPolicy.RETRY),
    _K.PROTOCOL: (_K.LOST, RetryPolicy.RETRY),
}

# A request id becomes part of a command that people paste into a shell, and it comes from whoever
# answers, before any login. It never starts like an option.
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", re.ASCII)


def classify(failure: Failure, *, was_live: bool = False) -> FailureAdvice:
    """Decide what a failure means.

    Args:
        failure: What is known of it.
        was_live: This gateway was live since the app started. What then looks like a wrong address
            or a refusal without a word is taken for a stumble, and retried.
    """
    error = failure.error or GatewayError()
    rule = next((rule for rule in TABLE if rule.matches(failure)), None)
    kind = rule.kind if rule else failure.kind or FailureKind.LOST
    policy = POLICIES[kind]
    if failure.error is None:
        if was_live:
            kind, policy = _AFTER_LIVE.get(kind, (kind, policy))
        elif kind is FailureKind.PROTOCOL:
            policy = RetryPolicy.SLOWLY  # a close code alone proves little
    if error.retryable and policy is RetryPolicy.STOP and not (rule and rule.details):
        policy = RetryPolicy.RETRY
    if error.details.get("pauseReconnect") is True and error.retryable is False:
        policy = RetryPolicy.STOP
    return FailureAdvice(
        kind=kind,
        policy=policy,
        code=redact_known(error.detail_code or error.code or kind.value),
        said=redact_known(error.message or failure.http_message or failure.close_reason),
        detail=redact_known(_detail(kind, error) or failure.detail),
        wait_ms=error.retry_after_ms or failure.retry_after_ms,
        fingerprint=failure.fingerprint,
        pinned=failure.pinned,
        upgrade=kind is FailureKind.PAIRING and error.details.get("reason") == "scope-upgrade",
    )


def request_id(value: object) -> str:
    """Return the id of a pairing request, if it is safe to paste into a shell; else ""."""
    return value if isinstance(value, str) and _REQUEST_ID.fullmatch(value) else ""


def _detail(kind: FailureKind, error: GatewayError) -> str:
    if kind is FailureKind.PAIRING:
        return request_id(error.details.get("requestId"))
    if kind is FailureKind.PROTOCOL:
        expected = error.details.get("expectedProtocol")
        if isinstance(expected, int) and not isinstance(expected, bool) and 0 <= expected < 10_000:
            return str(expected)
    return ""


class GatewayFailureError(Exception):
    """The base of what can go wrong with a gateway; carries what `classify` needs."""

    def __init__(self, failure: Failure) -> None:
        error = failure.error
        super().__init__(failure.kind or (error.code if error else "failure"))
        self.failure = failure


class CannotConnectError(GatewayFailureError):
    """No connection, or no hello-ok."""


class NotConnectedError(GatewayFailureError):
    """There is no live connection to send a request on."""


class ConnectionLostError(GatewayFailureError):
    """The connection is gone; requests under way were not answered."""


class RequestFailedError(GatewayFailureError):
    """The gateway answered with an error."""


class RequestTimeoutError(GatewayFailureError):
    """No answer within the deadline."""
