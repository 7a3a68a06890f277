"""The words for runs that run away, full contexts and failures with one cause."""

from __future__ import annotations

import pytest

from cc_desktop.fleet.inbox import InboxItem, InboxKind
from cc_desktop.text.inbox import reason, title
from cc_desktop.text.inbox.evidence import provider_name

NOW = 1_764_000_000_000
MINUTE = 60_000


def item(kind: InboxKind, **values: object) -> InboxItem:
    fields: dict[str, object] = {"name": "Rex", **values}
    return InboxItem("i", kind, "g", "s", **fields)  # type: ignore[arg-type]


def test_a_circle_is_told_with_its_numbers() -> None:
    found = item(
        InboxKind.RUNAWAY, code="calls", detail="exec curl x", count=14, span_ms=3 * MINUTE
    )
    assert title(found) == "Rex goes in circles"
    assert reason(found, NOW) == "exec curl x 14 times in 3 min"
    nameless = item(InboxKind.RUNAWAY, code="calls", count=14, span_ms=3 * MINUTE)
    assert reason(nameless, NOW) == "The same call 14 times in 3 min"


def test_a_long_call_does_not_hide_its_numbers() -> None:
    found = item(InboxKind.RUNAWAY, code="calls", detail="x" * 900, count=14, span_ms=MINUTE)
    assert len(reason(found, NOW)) < 160
    assert reason(found, NOW).endswith("14 times in 1 min")


def test_tokens_are_told_beside_what_is_usual() -> None:
    found = item(InboxKind.RUNAWAY, code="tokens", count=212_000, usual=30_000)
    assert reason(found, NOW) == "212k tokens in one run, usually at most 30k"


@pytest.mark.parametrize(
    ("provider", "code", "words"),
    [
        ("anthropic", "529", "Overloaded (529) at Anthropic"),
        ("openai", "rate_limit", "Rate limit reached at OpenAI"),
        ("", "billing", "No credit left"),
        ("", "529", "Overloaded (529)"),
        ("mock", "418", "Mock 418"),
        ("", "418", "HTTP 418"),
        ("mock", "failed", "it broke"),
    ],
)
def test_what_several_failures_have_in_common(provider: str, code: str, words: str) -> None:
    found = item(
        InboxKind.FAILED, members=("a", "b", "c"), provider=provider, code=code, detail="it broke"
    )
    assert title(found) == "3 agents failed"
    assert reason(found, NOW) == words


def test_a_full_context_says_what_helps_or_what_the_gateway_says() -> None:
    assert "compact" in reason(item(InboxKind.CONTEXT_FULL, code="failed"), NOW)
    assert reason(item(InboxKind.CONTEXT_FULL, code="failed", detail="too long"), NOW) == "too long"
    stuck = item(InboxKind.CONTEXT_FULL, code="stuck", detail="exec ls")
    assert reason(stuck, NOW) == "No sign of life, and no room left in its context"


def test_providers_by_the_names_that_people_know() -> None:
    assert [provider_name(one) for one in ("openai", "google", "")] == ["OpenAI", "Google", ""]
