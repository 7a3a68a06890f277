"""What is asked of a gateway, how often, and what the answer means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import CronJob, Fact, JoinRequest, Quota, SignIn, Task
from cc_desktop.gateway.decoders.facts import cron, joins, sign_ins, tasks
from cc_desktop.gateway.failures import RequestFailedError
from cc_desktop.gateway.sources.access import is_absent
from cc_desktop.protocol import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 200  # rows; the most that `cron.list` gives
MOST_PAGES = 5
POLL_S = 1_800.0  # nothing is read again sooner, if nothing happens
PAIRING_SCOPES = frozenset({"operator.pairing", "operator.admin"})

Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]
Answer = Callable[[str, Ask], Awaitable[tuple[ev.Event, ...]]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One subject of a gateway.

    Attributes:
        subject: The id of its `Subject`.
        method: What has to be there for it; other methods may be asked as well.
        read: Asks, and returns what the answers say.
        kinds: The records that it is all of: without access, none are known.
        least_s: Seconds between two times, over all connections.
        every_s: Seconds after which it is read again whatever happens; 0: never.
        scopes: One of these is needed; empty: the right to read is enough.
    """

    subject: str
    method: str
    read: Answer
    kinds: tuple[type[Fact], ...] = ()
    least_s: float = 30.0
    every_s: float = 0.0
    scopes: frozenset[str] = frozenset()


async def _cron(gateway: str, ask: Ask) -> tuple[ev.Event, ...]:
    found: list[CronJob] = []
    offset = 0
    for _ in range(MOST_PAGES):
        # With those that are off: the gateway switches off what failed again and again.
        params: dict[str, Any] = {"includeDisabled": True, "limit": PAGE}
        answer = fields.as_object(
            await ask("cron.list", {**params, "offset": offset} if offset else params)
        )
        found += cron.jobs(answer)
        following = fields.integer(answer.get("nextOffset"))
        if answer.get("hasMore") is not True or following <= offset:
            break
        offset = following
    return (ev.FactsListed(gateway, CronJob, tuple(found)),)


async def _tasks(gateway: str, ask: Ask) -> tuple[ev.Event, ...]:
    answer = fields.as_object(await ask("tasks.list", {"limit": PAGE}))
    rows = fields.as_objects(answer.get("tasks"))
    return (ev.FactsListed(gateway, Task, tasks.worth_telling(rows)),)


async def _quotas(gateway: str, ask: Ask) -> tuple[ev.Event, ...]:
    answer = await ask("usage.status", {})
    return (ev.FactsListed(gateway, Quota, tuple(sign_ins.quotas(answer))),)


def _sign_ins(is_refused: Callable[[], bool]) -> Answer:
    async def read(gateway: str, ask: Ask) -> tuple[ev.Event, ...]:
        answer = await ask("models.authStatus", {})
        found = tuple(sign_ins.sign_ins(answer, is_refused=is_refused()))
        return (ev.FactsListed(gateway, SignIn, found),)

    return read


def _joins(own_device: Callable[[], str]) -> Answer:
    async def read(gateway: str, ask: Ask) -> tuple[ev.Event, ...]:
        found = [*joins.pending(await ask("device.pair.list", {}), "device", own_device())]
        for method, decode in (
            ("node.pair.list", lambda answer: joins.pending(answer, "node", own_device())),
            ("channels.pairing.list", joins.senders),
        ):
            found += await _more(ask, method, decode)
        return (ev.FactsListed(gateway, JoinRequest, tuple(found)),)

    return read


async def _more(
    ask: Ask, method: str, decode: Callable[[object], Iterator[JoinRequest]]
) -> list[JoinRequest]:
    """The requests of one sort; none where this release or a role of its own does not tell."""
    try:
        return [*decode(await ask(method, {}))]
    except RequestFailedError as error:
        if not is_absent(error, advertised=False):
            raise
        return []


def readings(
    is_refused: Callable[[], bool], own_device: Callable[[], str], config: Answer
) -> tuple[Reading, ...]:
    """All there are, in the order in which they are asked for after a connection is live.

    Args:
        is_refused: Whether a run failed lately because its sign-in was refused.
        own_device: This device's id; "" if it has none.
        config: Reads whether edits of the configuration wait for a restart.
    """
    return (
        Reading("cron", "cron.list", _cron, (CronJob,)),
        Reading("tasks", "tasks.list", _tasks, (Task,)),
        Reading("config", "config.get", config, least_s=10.0),
        Reading(
            "joins",
            "device.pair.list",
            _joins(own_device),
            (JoinRequest,),
            scopes=PAIRING_SCOPES,
        ),
        # Each of these may ask the providers: never polled faster.
        Reading(
            "sign-ins",
            "models.authStatus",
            _sign_ins(is_refused),
            (SignIn,),
            least_s=300.0,
            every_s=POLL_S,
        ),
        Reading("quotas", "usage.status", _quotas, (Quota,), least_s=300.0, every_s=POLL_S),
    )
