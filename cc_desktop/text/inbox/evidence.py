"""What shows that a run runs away, or that failures have one cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.guard.causes import reason_of
from cc_desktop.fleet.inbox.runaway import CALLS
from cc_desktop.fleet.runs import Cause
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
    """What several failures have in common: "Overloaded (529) at Anthropic"."""
    provider = provider_name(item.provider)
    status = int(item.code) if item.code.isdigit() else 0
    known = _REASONS.get(reason_of(Cause(status=status), "") if status else item.code)
    if known is None:
        return f"{provider or 'HTTP'} {status}" if status else item.detail
    words = tr(known)
    if status:
        words = tr(mark("{reason} ({code})"), reason=words, code=status)
    if provider:
        words = tr(mark("{reason} at {provider}"), reason=words, provider=provider)
    return capitalized(words)


def provider_name(ident: str) -> str:
    """A provider as people know it: its id with a capital."""
    return _PROVIDERS.get(ident.lower(), capitalized(plain(ident, 40)))
