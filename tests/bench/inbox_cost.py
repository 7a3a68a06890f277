"""What one event costs the model beside a full inbox, many gateways, and long lists of what waits.

`python -m tests.bench.inbox_cost` prints all figures; every ratio is to the first of its line.
"""

from __future__ import annotations

import sys
import time
from statistics import median
from typing import TYPE_CHECKING

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import CronJob
from cc_desktop.fleet.model import Approval, ConnectionInfo, ConnectionState
from cc_desktop.fleet.requests import Question, QuestionPart
from cc_desktop.fleet.summary import summarize
from tests.bench import reduce_cost, traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cc_desktop.fleet.store import Store

AGENT = reduce_cost.OPEN_AGENT
OPEN = (0, 100, 1_000)
GATEWAYS = (1, 10, 50)
ROUNDS = 7


def with_approvals(store: Store, count: int) -> None:
    """That the gateway lists; spread over agents, since one has no more than 200."""
    for number in range(count):
        agent = traffic.agent_id(number % 10)
        one = Approval(
            f"a{number}", agent, f"agent:{agent}:main", "rm", traffic.START_MS, family="exec"
        )
        store.apply(ev.ApprovalOpened("gw", one))


def with_questions(store: Store, count: int) -> None:
    """Likewise; one has no more than 50, so the oldest are gone beyond 500."""
    for number in range(count):
        agent = traffic.agent_id(number % 10)
        part = QuestionPart("p", f"Which {number}?")
        one = Question(f"q{number}", agent, (part,), f"agent:{agent}:main", can_answer=True)
        store.apply(ev.QuestionOpened("gw", one))


def with_jobs(store: Store, count: int) -> None:
    """Jobs that failed: as many items of the gateway itself."""
    jobs = tuple(
        CronJob(f"j{number}", last_status="error", last_run_at=traffic.START_MS)
        for number in range(count)
    )
    store.apply(ev.FactsListed("gw", CronJob, jobs))


def with_failures(store: Store, count: int) -> None:
    """Agents that failed, each for a reason of its own."""
    words = ("".join(chr(97 + int(digit)) for digit in str(number)) for number in range(count))
    for number, word in enumerate(words):
        agent = f"f{number}"
        store.apply(ev.AgentConfigured("gw", agent))
        fields = {
            "status": "failed",
            "active": False,
            "updated_at": traffic.START_MS,
            "ended_at": traffic.START_MS,
            "error": f"it was {word}",
        }
        store.apply(ev.SessionChanged("gw", f"agent:{agent}:main", agent, fields))


def row_events(count: int, first: int) -> list[ev.Event]:
    """Rows of ten sessions in ten agents that are idle."""
    return reduce_cost.changes(count, 10, 10, first)


def run_events(count: int, first: int) -> list[ev.Event]:
    """Steps of runs in these agents."""
    return reduce_cost.progress(count, 10, 10, first)


def job_events(count: int, first: int) -> list[ev.Event]:
    """One job that fails and runs well in turn: an item that begins and ends each time."""
    return [
        ev.FactTold(
            "gw",
            CronJob(
                "turn",
                last_status="error" if number % 2 else "ok",
                last_run_at=traffic.START_MS + number,
            ),
        )
        for number in range(first, first + count)
    ]


def failure_events(count: int, first: int) -> list[ev.Event]:
    """An agent that fails and works in turn."""
    found: list[ev.Event] = []
    for number in range(first, first + count):
        fields = {
            "status": "failed" if number % 2 else "done",
            "active": False,
            "updated_at": traffic.START_MS + 9_000 + number,
            "ended_at": traffic.START_MS + 9_000 + number,
            "error": "a thing of its own" if number % 2 else "",
        }
        key = f"agent:{AGENT}:session-0"
        found.append(ev.SessionChanged("gw", key, AGENT, fields))
    return found


KINDS: dict[str, Callable[[int, int], list[ev.Event]]] = {
    "row": row_events,
    "step of a run": run_events,
    "job fails or runs": job_events,
    "agent fails or works": failure_events,
}
FILLED: dict[str, Callable[[Store, int], None]] = {
    "approvals": with_approvals,
    "questions": with_questions,
    "jobs that failed": with_jobs,
    "agents that failed": with_failures,
}


def with_gateways(count: int) -> Store:
    """So many gateways alike, each with ten agents and a hundred sessions; all are live."""
    store = reduce_cost.filled(100, 10)
    for number in range(1, count):
        name = f"gw{number}"
        store.apply(ev.GatewayAdded(name, name))
        one = store.fleet.gateways["gw"]
        infos = tuple(ev.AgentInfo(agent) for agent in one.agents)
        rows = tuple(row for agent in one.agents.values() for row in agent.sessions.values())
        store.apply(ev.Snapshot(name, infos, rows, taken_at=traffic.START_MS))
    for name in list(store.fleet.gateways):
        live = ConnectionInfo(ConnectionState.LIVE, server_version="2026.9.6")
        store.apply(ev.ConnectionChanged(name, live))
    return store


def costs_us(
    stores: dict[int, Store], events: Callable[[int, int], list[ev.Event]], count: int
) -> dict[int, list[float]]:
    """µs an event, by size; rounds go through all sizes."""
    found: dict[int, list[float]] = {size: [] for size in stores}
    for turn in range(ROUNDS + 1):
        for size, store in stores.items():
            batch = events(count, turn * count)
            start = time.perf_counter()
            for event in batch:
                store.apply(event)
            if turn:  # the first one warms up
                found[size].append((time.perf_counter() - start) / count * 1e6)
    return found


def open_stores(what: str, sizes: Sequence[int]) -> dict[int, Store]:
    """A fleet of ten agents for each number of open things."""
    stores = {size: reduce_cost.filled(100, 10) for size in sizes}
    for size, store in stores.items():
        FILLED[what](store, size)
    return stores


def summary_us(agents: int, rounds: int = 20) -> float:
    """µs for one `summarize` of a fleet."""
    store = reduce_cost.filled(agents, agents)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        summarize(store.fleet)
        times.append((time.perf_counter() - start) * 1e6)
    return median(times)


def figures(costs: dict[int, list[float]]) -> str:
    """Such as "0: 9.1 µs, 100: 9.4 µs (1.03)"."""
    best = {size: min(times) for size, times in costs.items()}
    first = next(iter(best.values()))
    return ", ".join(f"{size:,}: {us:.1f} µs ({us / first:.2f})" for size, us in best.items())


def main(count: int) -> None:
    """Print all figures."""
    for what in FILLED:
        for name, events in KINDS.items():
            print(f"{name}, by {what}:", figures(costs_us(open_stores(what, OPEN), events, count)))
    for name, events in KINDS.items():
        stores = {size: with_gateways(size) for size in GATEWAYS}
        print(f"{name}, by gateways:", figures(costs_us(stores, events, count)))
    small, large = summary_us(10), summary_us(1_000)
    print(f"summarize: 10 agents {small:.0f} µs, 1,000 agents {large:.0f} µs")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
