from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cc_desktop.gateway.failures import TABLE, Failure, RetryPolicy, Rule, classify
from cc_desktop.protocol.frames import GatewayError, read_error

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
    ("wire version, only a close", Failure(close_code=1002), "protocol", RetryPolicy.STOP),
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
    ("no scope granted", Failure(kind="scope"), "no-permission", RetryPolicy.STOP),
    ("the seed's dialect", refused(401, close=0), "rejected", RetryPolicy.STOP),
    ("closed without a word", Failure(close_code=1008), "refused", RetryPolicy.STOP),
    ("a web server", Failure(http_status=404), "not-a-gateway", RetryPolicy.SLOWLY),
    ("no such host", Failure(kind="dns"), "dns", RetryPolicy.RETRY),
    ("nobody listens", Failure(kind="refused"), "unreachable", RetryPolicy.RETRY),
    ("certificate", Failure(kind="tls"), "tls", RetryPolicy.STOP),
    ("no answer", Failure(kind="timeout"), "silent", RetryPolicy.RETRY),
    ("silent for too long", Failure(kind="silent"), "silent", RetryPolicy.RETRY),
    ("killed, no close frame", Failure(close_code=1006, kind="lost"), "lost", RetryPolicy.RETRY),
    ("a proxy whose gateway is away", Failure(http_status=502), "behind-proxy", RetryPolicy.RETRY),
    ("nothing known", Failure(), "lost", RetryPolicy.RETRY),
]


@pytest.mark.parametrize(
    ("failure", "rule", "then"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_each_failure_has_its_verdict(failure: Failure, rule: str, then: RetryPolicy) -> None:
    verdict = classify(failure)
    assert (verdict.id, verdict.then) == (rule, then)
    assert verdict.title
    assert verdict.message
    assert verdict.next_step
    assert verdict.code


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
        kind=next(iter(sorted(rule.kinds)), ""),
    )


def first(failure: Failure) -> Rule:
    return next(rule for rule in TABLE if rule.matches(failure))


NUMBERED = [pytest.param(rule, id=f"{index}-{rule.id}") for index, rule in enumerate(TABLE)]


@pytest.mark.parametrize("rule", NUMBERED)
def test_every_row_is_reachable(rule: Rule) -> None:
    assert first(example(rule)) is rule


@pytest.mark.parametrize("rule", NUMBERED)
def test_every_value_of_a_row_reaches_it(rule: Rule) -> None:
    base = example(rule)
    error = base.error or GatewayError()
    found = [
        *(replace(base, error=replace(error, details={"code": code})) for code in rule.details),
        *(replace(base, error=replace(error, code=code)) for code in rule.codes),
        *(replace(base, close_code=code) for code in rule.closes),
        *(replace(base, http_status=status) for status in rule.https),
        *(replace(base, kind=kind) for kind in rule.kinds),
    ]
    assert [first(failure).id for failure in found] == [rule.id] * len(found)


@pytest.mark.parametrize("rule", NUMBERED)
def test_no_words_for_the_operator_are_missing(rule: Rule) -> None:
    for text in (rule.id, rule.title, rule.message, rule.next_step):
        assert text.strip() == text != ""
    assert rule.message.endswith(".")
    assert len(rule.title) <= 40


def test_rows_of_one_id_agree_on_what_to_do() -> None:
    assert len({rule.id for rule in TABLE}) == len({(rule.id, rule.then) for rule in TABLE})


def test_the_last_row_speaks_of_everything() -> None:
    assert TABLE[-1].matches(Failure())
    assert TABLE[-1].matches(Failure(error=GatewayError("X", "y"), close_code=1, http_status=1))
    assert not any(rule.matches(Failure()) for rule in TABLE[:-1])


# What the words say


def test_the_gateway_s_own_words_are_passed_on() -> None:
    assert classify(refused(BAD)).message.endswith("It says: words")
    assert classify(Failure(http_status=403, http_message="by proxy")).message.endswith("by proxy")
    assert "It says" not in classify(Failure(kind="dns")).message


def test_pairing_names_the_command_with_the_request() -> None:
    verdict = classify(
        refused("NOT_PAIRED", details=with_code("PAIRING_REQUIRED", requestId="6f0c-11"))
    )
    assert verdict.next_step.endswith("openclaw devices approve 6f0c-11")
    assert verdict.code == "PAIRING_REQUIRED"


@pytest.mark.parametrize("request_id", [None, "", 5, ["x"], "x" * 100])
def test_pairing_without_a_usable_request_says_where_to_find_it(request_id: object) -> None:
    verdict = classify(
        refused("NOT_PAIRED", details=with_code("PAIRING_REQUIRED", requestId=request_id))
    )
    assert "openclaw devices list" in verdict.next_step
    assert "{" not in verdict.next_step


def test_a_request_id_cannot_break_the_line() -> None:
    verdict = classify(
        refused("NOT_PAIRED", details=with_code("PAIRING_REQUIRED", requestId="a\nb"))
    )
    assert "\n" not in verdict.next_step


@pytest.mark.parametrize(
    ("expected", "side"), [(5, "this app"), (4, "the gateway"), (2, "the gateway")]
)
def test_another_protocol_says_which_side_to_update(expected: int, side: str) -> None:
    verdict = classify(refused(BAD, close=1002, details={"expectedProtocol": expected}))
    assert verdict.next_step.endswith(f"update {side}.")
    assert f"protocol {expected}" in verdict.next_step


@pytest.mark.parametrize(
    ("failure", "wait_ms"),
    [
        (refused(BAD, details=with_code("AUTH_RATE_LIMITED"), retryAfterMs=60_000), 60_000),
        (refused("UNAVAILABLE", retryAfterMs=500), 500),
        (Failure(http_status=429, retry_after_ms=30_000), 30_000),
        (Failure(kind="dns"), 0),
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
    assert classify(failure).then is then


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
    kind=st.sampled_from(["", "dns", "tls", "refused", "timeout", "lost", "scope", "new"]),
)


@given(failures)
@hostile
def test_every_failure_gets_words(failure: Failure) -> None:
    verdict = classify(failure)
    assert verdict.id in {rule.id for rule in TABLE}
    assert verdict.title
    assert verdict.message
    assert verdict.next_step
    assert "{request_id}" not in verdict.next_step
    assert verdict.wait_ms >= 0
