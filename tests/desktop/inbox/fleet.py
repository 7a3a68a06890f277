"""A fleet with something of every kind in its inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import (
    Channel,
    ChannelState,
    Condition,
    ConditionKind,
    CronJob,
    JoinRequest,
    Quota,
    ReadAccess,
    SignIn,
    Subject,
    Task,
)
from cc_desktop.fleet.inbox.open_items import open_items
from cc_desktop.fleet.model import Approval, ConnectionInfo, ConnectionState
from cc_desktop.fleet.requests import Choice, Question, QuestionPart
from tests.desktop import sample
from tests.desktop.sample import HOUR, MIN, NOW

if TYPE_CHECKING:
    from cc_desktop.fleet.inbox import InboxItem
    from cc_desktop.fleet.store import Store

READ = ("operator.read",)
ALL = ("operator.read", "operator.write", "operator.approvals", "operator.questions")
COMMAND = "uname -a && make deploy"


def live(*scopes: str) -> ConnectionInfo:
    return ConnectionInfo(
        ConnectionState.LIVE, protocol=4, server_version="2026.9.6", scopes=scopes
    )


def approval(ident: str = "a1", agent: str = "dex", **fields: Any) -> Approval:
    known: dict[str, Any] = {
        "session_key": f"agent:{agent}:main",
        "title": COMMAND,
        "opened_at": NOW - MIN,
        "expires_at": NOW + 29 * MIN,
        "family": "exec",
        "command": COMMAND,
        "cwd": "~/work/site",
        "host": "vm-studio",
        "decisions": ("allow-once", "allow-always", "deny"),
    }
    return Approval(ident, agent, **(known | fields))


def question(ident: str = "q1", agent: str = "nano", **fields: Any) -> Question:
    parts = (
        QuestionPart(
            "which",
            "Which database should I migrate first?",
            "Order",
            (
                Choice("tenants", "4 tables, 20 min, no downtime"),
                Choice("users", "needs tenants first"),
                Choice("both in one go", "8 min downtime"),
            ),
        ),
    )
    known: dict[str, Any] = {
        "parts": parts,
        "session_key": f"agent:{agent}:main",
        "opened_at": NOW - 3 * MIN,
        "expires_at": NOW + 12 * MIN + 4_000,
        "can_answer": True,
    }
    return Question(ident, agent, **(known | fields))


def store(
    clock: sample.Clock | None = None, *, scopes: tuple[str, ...] = ALL, gateways: bool = True
) -> Store:
    """Both gateways live: approvals, a question, a failure, a stuck run, troubles of gateways."""
    made = sample.live_store(clock)
    for gateway in ("studio", "home-lab"):
        made.apply(ev.ConnectionChanged(gateway, live(*scopes)))
    made.apply(ev.ApprovalClosed("studio", "dex", "a1"))  # which tells less
    made.apply(ev.ApprovalOpened("studio", approval("a2")))
    made.apply(ev.QuestionOpened("home-lab", question()))
    if gateways:
        troubles(made)
    return made


def troubles(made: Store) -> None:
    """What gateways tell of themselves."""
    for record in (
        CronJob(
            "c1",
            "nightly backup",
            last_status="error",
            last_error="disk full",
            last_run_at=NOW - 2 * HOUR,
        ),
        Channel("telegram", "Telegram", ChannelState.DISCONNECTED),
        SignIn("anthropic", "Anthropic", "expired"),
        Task("t1", "otto", title="Index the docs", status="failed", error="out of memory",
             ended_at=NOW - 5 * MIN),
        Condition("restart-needed", ConditionKind.RESTART_NEEDED),
        Condition("update", ConditionKind.UPDATE, detail="2026.10.1"),
        JoinRequest("j1", "device", "Pixel 9", NOW - MIN, NOW + 4 * MIN,
                    platform="Pixel 9 · Android 16", client="openclaw-android · ui",
                    address="192.168.1.20", device="0f" * 32, scopes=("operator.read",)),
    ):  # fmt: skip
        made.apply(ev.FactTold("studio", record))
    made.apply(ev.FactTold("home-lab", Quota("q", "OpenAI", "week", 96.0, NOW + HOUR)))
    made.apply(ev.FactTold("home-lab", Subject("joins", ReadAccess.REFUSED)))


def many(count: int, clock: sample.Clock | None = None) -> Store:
    """So many open approvals."""
    made = sample.big_store(count, clock)
    made.apply(ev.ConnectionChanged("big", live(*ALL)))
    for number in range(count):
        name = f"agent{number:04}"
        one = approval(f"a{number}", name, opened_at=NOW - number * 1000, title=f"make {number}")
        made.apply(ev.ApprovalOpened("big", replace(one, command=f"make {number}")))
    return made


def item(made: Store, kind: str, agent: str = "") -> InboxItem:
    """The first open item of a kind."""
    found = (
        one for one in open_items(made.fleet) if one.kind.value == kind and agent in ("", one.agent)
    )
    return next(found)
