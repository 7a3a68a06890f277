"""What shows that a run runs away, or that failures have one cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.inbox.runaway import CALLS
from cc_desktop.text.format import capitalized, plain, span, tokens
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from cc_desktop.fleet.inbox import InboxItem

_WHAT = 120  # characters of a call: the numbers after it matter more
_PROVIDERS = {"openai": "OpenAI", "openai-codex": "OpenAI Codex", "openrouter": "OpenRouter"}
_REASONS = {
    "overloaded": mark("overloaded"),
    "rate_limit": mark("rate limit reached"),
    "billing": mark("no credit left"),
    "auth": mark("sign-in refused"),
    "timeout": mark("no answer in time"),
    "model_not_found": mark("unknown model"),
}


def runaway_evidence(item: InboxItem) -> str:
    """What there is too much of: "exec curl … 14 times in 3 min"."""
    if item.code == CALLS:
        what = plain(item.detail, _WHAT)
        if not what:
            return tr(
                mark("The same call {count} times in {span}"),
                count=item.count,
                span=span(item.span_ms),
            )
        return tr(
            mark("{what} {count} times in {span}"),
            what=what,
            count=item.count,
            span=span(item.span_ms),
        )
    return tr(
        mark("{count} tokens in one run, usually at most {usual}"),
        count=tokens(item.count),
        usual=tokens(item.usual),
    )


def common_reason(item: InboxItem) -> str:
    """What several failures have in common: "Anthropic 529", "Anthropic: no credit left"."""
    provider = provider_name(item.provider)
    if item.code.isdigit():
        return f"{provider} {item.code}".strip()
    if item.code in _REASONS:
        words = tr(_REASONS[item.code])
        if not provider:
            return capitalized(words)
        return tr(mark("{provider}: {reason}"), provider=provider, reason=words)
    return item.detail


def provider_name(ident: str) -> str:
    """A provider as people know it: its id with a capital."""
    return _PROVIDERS.get(ident.lower(), capitalized(plain(ident, 40)))
